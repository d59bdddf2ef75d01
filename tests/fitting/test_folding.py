import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lenet_helpers.architecture import LeNet, count_parameters
from lenet_helpers.data import to_input
from lenet_helpers.fitting.folding import NormalisedInputLayer, NormalisedLayer, TrainingForm
from lenet_helpers.training import training_step


@pytest.fixture(scope="module")
def batch(sample):
    return to_input(sample.train.pixels[::50]), torch.from_numpy(sample.train.labels[::50])


def trained_form(batch, seed=0, steps=12, expansion=2, inputs=None):
    form = TrainingForm(LeNet(seed=seed), seed, expansion, inputs)
    optimiser = torch.optim.Adam(form.parameters(), lr=0.01)
    for _ in range(steps):
        training_step(form, *batch, optimiser)
    return form


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("expansion", [0, 2])
@pytest.mark.parametrize("measured", [False, True])
def test_folded_network_computes_the_same_function(batch, seed, expansion, measured):
    form = trained_form(batch, seed, expansion=expansion, inputs=batch[0] if measured else None).eval()
    assert isinstance(form.conv1, NormalisedInputLayer) is measured
    plain = LeNet(seed=99)
    form.fold_into(plain)
    with torch.no_grad():
        expected = form(batch[0])
        assert (plain(batch[0]) - expected).abs().max() < 1e-5 * max(1, expected.abs().max())
    assert expected.std() > 0.1, "the outputs must say something"


def test_folded_layer_by_arithmetic():
    """Written out: weight · gain / sqrt(variance + eps), and offset - mean · gain / sqrt(variance + eps)."""
    layer = NormalisedLayer(nn.Linear(3, 2), 2, torch.Generator().manual_seed(0))
    layer.norm.running_mean.copy_(torch.tensor([1.0, -2.0]))
    layer.norm.running_var.copy_(torch.tensor([4.0, 0.25]))
    with torch.no_grad():
        layer.norm.weight.copy_(torch.tensor([3.0, 0.5]))
        layer.norm.bias.copy_(torch.tensor([-1.0, 7.0]))
        weight, bias = layer.folded()
    factor = torch.tensor([3 / (4 + 1e-5) ** 0.5, 0.5 / (0.25 + 1e-5) ** 0.5])
    assert torch.allclose(weight, (layer.outer @ layer.inner) * factor[:, None], atol=1e-6)
    assert torch.allclose(bias, torch.tensor([-1.0, 7.0]) - torch.tensor([1.0, -2.0]) * factor, atol=1e-5)


def test_product_of_the_factors_is_the_plain_weight_at_the_start():
    model = LeNet(seed=2)
    form = TrainingForm(model, 0, expansion=2)
    normalised = {name: layer for name, layer in form.named_children() if isinstance(layer, NormalisedLayer)}
    assert list(normalised) == ["conv1", "conv2", "fc1", "fc2"], "all that have weights but the last"
    for name, layer in normalised.items():
        weight = (layer.outer @ layer.inner).view(layer.shape)
        assert torch.allclose(weight, model.get_submodule(name).weight, atol=1e-5)
    assert torch.equal(form.fc3.weight, model.fc3.weight) and torch.equal(form.fc3.bias, model.fc3.bias)


def test_batch_is_normalised_while_training(batch):
    form = TrainingForm(LeNet(seed=0), 0).train()
    with torch.no_grad():
        channels = form.conv1(batch[0]).transpose(0, 1).flatten(1)
    assert channels.mean(dim=1).abs().max() < 1e-3
    assert torch.allclose(channels.var(dim=1), torch.ones(6), atol=0.02)


def test_measured_layer_is_what_batch_normalisation_over_all_images_gives(batch):
    layer = nn.Conv2d(1, 6, 5, padding=2)
    measured = NormalisedInputLayer(layer, batch[0][:80])
    with torch.no_grad():
        measured.gain.copy_(torch.linspace(0.5, 2, 6))
        measured.offset.copy_(torch.linspace(-1, 1, 6))
        channels = F.conv2d(batch[0][:80], layer.weight, padding=2)
        expected = F.batch_norm(channels, None, None, measured.gain, measured.offset, training=True)
        assert torch.allclose(measured(batch[0][:80]), expected, atol=1e-4)


def test_measured_layer_learns_through_its_normalisation(batch):
    """Scaling the weight changes nothing, so the gradient is at a right angle to it."""
    layer = NormalisedInputLayer(nn.Conv2d(1, 6, 5, padding=2), batch[0])
    F.relu(layer(batch[0])).square().mean().backward()
    along = (layer.weight.grad * layer.weight).sum(1).abs()
    assert (along < 1e-3 * layer.weight.grad.norm(dim=1) * layer.weight.norm(dim=1)).all()
    assert layer.weight.grad.norm() > 1e-6


def test_plain_network_keeps_its_size_and_its_weights_until_folding(batch):
    model = LeNet(seed=0)
    form = TrainingForm(model, 0)
    training_step(form, *batch, torch.optim.Adam(form.parameters(), lr=0.01))
    for name, weight in LeNet(seed=0).state_dict().items():
        assert torch.equal(model.state_dict()[name], weight)
    form.fold_into(model)
    assert count_parameters(model) == 15_626 < count_parameters(form)
    assert model.state_dict().keys() == LeNet(seed=0).state_dict().keys()
    assert not torch.equal(model.conv1.weight, LeNet(seed=0).conv1.weight)
    assert all(parameter.requires_grad and parameter.grad_fn is None for parameter in model.parameters())


def test_folding_copies_so_that_further_steps_leave_the_plain_network_alone(batch):
    form = trained_form(batch, steps=2)
    model = LeNet(seed=0)
    form.fold_into(model)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    training_step(form, *batch, torch.optim.Adam(form.parameters(), lr=0.01))
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_seed_decides_and_the_global_random_state_stays():
    before = torch.random.get_rng_state()
    first, again, other = (TrainingForm(LeNet(seed=0), seed, expansion=2) for seed in (1, 1, 2))
    assert torch.equal(first.conv1.inner, again.conv1.inner)
    assert not torch.equal(first.conv1.inner, other.conv1.inner)
    assert torch.equal(torch.random.get_rng_state(), before)
