import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lenet_helpers.architecture import LeNet
from lenet_helpers.fitting.folding import TrainingForm
from lenet_helpers.fitting.quick_layers import (
    HalvingPool,
    QuarteredConvolution,
    QuarteredReluPool,
    convolve_in_quarters,
    with_quick_layers,
)


def random(*shape, requires_grad=False):
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_(requires_grad)


def to_rows(x):
    """Undo the quarters: (N, C, 2 H, W/2) to (N, C, H, W)."""
    count, channels, height, width = x.shape
    corners = x.view(count, channels, 2, 2, height // 4, width)  # row and column within the window first
    return corners.permute(0, 1, 4, 2, 5, 3).reshape(count, channels, height // 2, 2 * width)


@pytest.mark.parametrize("padding", [0, 2, (1, 3)])
@pytest.mark.parametrize("kernel", [(5, 3), (1, 1)])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("with_bias", [True, False])
def test_same_convolution_and_same_gradients_as_torchs(padding, kernel, channels, with_bias):
    images, weight = random(3, channels, 10, 8), random(4, channels, *kernel, requires_grad=True)
    bias = random(4, requires_grad=True) if with_bias else None
    parameters = (weight, bias) if with_bias else (weight,)
    ours = to_rows(convolve_in_quarters(images, weight, bias, padding))
    torchs = F.conv2d(images, weight, bias, padding=padding)
    torch.testing.assert_close(ours, torchs)
    wanted = random(*torchs.shape)
    torch.testing.assert_close(
        torch.autograd.grad(ours, parameters, wanted), torch.autograd.grad(torchs, parameters, wanted)
    )


def test_images_that_need_a_gradient_get_it():
    images, weight = random(2, 1, 6, 6, requires_grad=True), random(3, 1, 3, 3, requires_grad=True)
    assert torch.autograd.gradcheck(convolve_in_quarters, (images, weight))
    convolve_in_quarters(images, weight).sum().backward()
    assert images.grad is not None


def test_relu_and_pooling_of_quarters():
    x = random(3, 5, 16, 4, requires_grad=True)
    torchs = nn.AvgPool2d(2)(F.relu(to_rows(x)))
    torch.testing.assert_close(QuarteredReluPool()(x), torchs)
    assert torch.autograd.gradcheck(QuarteredReluPool(), x)


@pytest.mark.parametrize("shape", [(3, 6, 28, 28), (2, 16, 10, 10), (1, 1, 2, 4)])
def test_same_mean_and_same_gradient_as_torchs_pooling(shape):
    x = random(*shape, requires_grad=True)
    torch.testing.assert_close(HalvingPool()(x), nn.AvgPool2d(2)(x))
    wanted = random(*shape[:2], shape[2] // 2, shape[3] // 2)
    ours, torchs = (torch.autograd.grad(pool(x), x, wanted) for pool in (HalvingPool(), nn.AvgPool2d(2)))
    torch.testing.assert_close(ours, torchs)
    assert torch.autograd.gradcheck(HalvingPool(), x, fast_mode=True)


def test_network_shares_its_parameters_and_computes_the_same():
    model = LeNet(seed=0)
    quick = with_quick_layers(model)
    inputs = torch.randn(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(quick(inputs), model(inputs))
    assert {id(p) for p in quick.parameters()} == {id(p) for p in model.parameters()}
    assert isinstance(model.pool1, nn.AvgPool2d)
    assert isinstance(model.conv1, nn.Conv2d)
    assert isinstance(quick.conv1, QuarteredConvolution)
    assert isinstance(quick.pool2, HalvingPool)


@pytest.mark.parametrize("form", ["plain", "whole", "factored", "measured"])
def test_a_step_has_the_gradients_of_the_usual_layers(form):
    inputs, model = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 2 - 1, LeNet(seed=0)
    if form != "plain":
        measured = inputs if form == "measured" else None
        model = TrainingForm(model, seed=0, expansion=2 if form == "factored" else 0, inputs=measured)
    quick = with_quick_layers(model)
    assert isinstance(quick[1], QuarteredReluPool)

    def step(network):
        model.zero_grad()
        F.cross_entropy(network(inputs), torch.arange(8)).backward()
        return [parameter.grad.clone() for parameter in model.parameters()]

    torch.testing.assert_close(step(quick), step(model), rtol=1e-3, atol=1e-6)


def test_training_forms_share_their_running_averages():
    form = TrainingForm(LeNet(seed=0), seed=0)
    before = form.conv1.norm.running_mean.clone()
    with_quick_layers(form)(torch.rand(8, 1, 28, 28))
    assert not torch.equal(form.conv1.norm.running_mean, before)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(2, 2, 3, stride=2),
        nn.Conv2d(2, 2, 3, dilation=2),
        nn.Conv2d(2, 2, 3, groups=2),
        nn.Conv2d(2, 2, 4),
        nn.Conv2d(2, 2, 3, padding=1, padding_mode="reflect"),
        nn.Conv2d(2, 2, 3, padding="same"),
        nn.Linear(2, 2),
    ],
)
def test_other_first_layers_stay_as_they_are(layer):
    relu = nn.ReLU()
    kept = with_quick_layers(nn.Sequential(layer, relu, nn.AvgPool2d(2)))
    assert kept[0] is layer
    assert kept[1] is relu
    assert isinstance(kept[2], HalvingPool)


@pytest.mark.parametrize("layers", [[nn.AvgPool2d(3), nn.AdaptiveAvgPool2d(1)], [nn.Conv2d(1, 2, 3), nn.ReLU()]])
def test_other_layers_stay_as_they_are(layers):
    assert list(with_quick_layers(nn.Sequential(*layers))) == layers
