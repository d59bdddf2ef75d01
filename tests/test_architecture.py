"""Notebook 02: the network, its parameters and its arithmetic."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from lenet_helpers import (
    LeNet,
    conv_output_size,
    count_parameters,
    forward_in_batches,
    to_input,
    trace,
)

# Every layer by hand: output shape for one image, parameters, multiply-adds.
BY_HAND = [
    ("conv1", (6, 28, 28), 6 * (1 * 5 * 5) + 6, 6 * 28 * 28 * (1 * 5 * 5)),
    ("relu1", (6, 28, 28), 0, 0),
    ("pool1", (6, 14, 14), 0, 0),
    ("conv2", (16, 10, 10), 16 * (6 * 5 * 5) + 16, 16 * 10 * 10 * (6 * 5 * 5)),
    ("relu2", (16, 10, 10), 0, 0),
    ("pool2", (16, 5, 5), 0, 0),
    ("average", (16, 1, 1), 0, 0),
    ("flatten", (16,), 0, 0),
    ("fc1", (120,), 16 * 120 + 120, 16 * 120),
    ("relu3", (120,), 0, 0),
    ("fc2", (84,), 120 * 84 + 84, 120 * 84),
    ("relu4", (84,), 0, 0),
    ("fc3", (10,), 84 * 10 + 10, 84 * 10),
]


def test_lenet_has_exactly_15626_parameters():
    assert count_parameters(LeNet(seed=0)) == 15_626 == sum(parameters for _, _, parameters, _ in BY_HAND)


def test_state_dict_reads_like_the_network():
    shapes = {name: tuple(tensor.shape) for name, tensor in LeNet(seed=0).state_dict().items()}
    assert shapes == {
        "conv1.weight": (6, 1, 5, 5),
        "conv1.bias": (6,),
        "conv2.weight": (16, 6, 5, 5),
        "conv2.bias": (16,),
        "fc1.weight": (120, 16),
        "fc1.bias": (120,),
        "fc2.weight": (84, 120),
        "fc2.bias": (84,),
        "fc3.weight": (10, 84),
        "fc3.bias": (10,),
    }


def test_forward_equals_the_same_layers_written_out():
    model, inputs = LeNet(seed=1), torch.randn(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    weights = model.state_dict()
    x = nn.functional.conv2d(inputs, weights["conv1.weight"], weights["conv1.bias"], padding=2).clamp(min=0)
    x = (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4
    x = nn.functional.conv2d(x, weights["conv2.weight"], weights["conv2.bias"]).clamp(min=0)
    x = x.mean(dim=(2, 3))  # pooling by two, then over everything, is the mean over everything
    x = (x @ weights["fc1.weight"].T + weights["fc1.bias"]).clamp(min=0)
    x = (x @ weights["fc2.weight"].T + weights["fc2.bias"]).clamp(min=0)
    x = x @ weights["fc3.weight"].T + weights["fc3.bias"]
    assert torch.allclose(model(inputs), x, atol=1e-5)
    assert model(inputs).shape == (3, 10) and model(inputs).dtype == torch.float32


def test_first_convolution_equals_loops():
    model = LeNet(seed=2).double()
    image = torch.randn(28, 28, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    padded = np.pad(image.numpy(), 2)
    kernels = model.conv1.weight.detach().numpy()[:, 0]
    expected = np.empty((6, 28, 28))
    for k, row, column in np.ndindex(expected.shape):
        expected[k, row, column] = (padded[row : row + 5, column : column + 5] * kernels[k]).sum()
    expected += model.conv1.bias.detach().numpy()[:, None, None]
    assert np.allclose(model.conv1(image[None, None])[0].detach().numpy(), expected)


def test_a_seed_decides_the_weights():
    def weights(seed):
        return torch.cat([parameter.flatten() for parameter in LeNet(seed=seed).parameters()])

    assert torch.equal(weights(0), weights(0))
    assert not torch.equal(weights(0), weights(1))


def test_a_seed_leaves_the_global_random_state_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    LeNet(seed=0)
    assert torch.equal(torch.rand(3), expected)


def test_without_a_seed_the_weights_are_torchs_next_ones():
    torch.manual_seed(3)
    first, second = LeNet(), LeNet()
    torch.manual_seed(3)
    assert torch.equal(LeNet().fc3.weight, first.fc3.weight)
    assert not torch.equal(first.fc3.weight, second.fc3.weight)
    assert torch.equal(LeNet(seed=3).fc3.weight, first.fc3.weight)


@pytest.mark.parametrize("batch", [1, 7])
def test_trace_equals_hand_arithmetic(batch):
    rows = trace(LeNet(seed=0), torch.zeros(batch, 1, 28, 28))
    assert [(row.name, row.output_shape, row.parameters, row.multiply_adds) for row in rows] == [
        (name, (batch, *shape), parameters, multiply_adds) for name, shape, parameters, multiply_adds in BY_HAND
    ]
    assert [row.kind for row in rows[:4]] == ["Conv2d", "ReLU", "AvgPool2d", "Conv2d"]


def test_trace_equals_torchs_flop_counter():
    model, inputs = LeNet(seed=0), torch.zeros(4, 1, 28, 28)
    with FlopCounterMode(display=False) as counter:
        model(inputs)
    # torch counts a multiplication and its addition as two, and counts the whole batch
    assert counter.get_total_flops() == 2 * 4 * sum(row.multiply_adds for row in trace(model, inputs))


def test_trace_ends_in_the_logits_and_carries_no_gradient():
    model, inputs = LeNet(seed=0), torch.randn(2, 1, 28, 28)
    rows = trace(model, inputs)
    assert torch.equal(rows[-1].output, model(inputs))
    assert all(tuple(row.output.shape) == row.output_shape and not row.output.requires_grad for row in rows)


def test_trace_takes_any_layers_in_a_row():
    flattened = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2), nn.Flatten(), nn.Linear(2 * 13 * 13, 5, bias=False))
    rows = trace(flattened, torch.zeros(1, 1, 28, 28))
    assert [row.multiply_adds for row in rows] == [2 * 13 * 13 * 9, 0, 2 * 13 * 13 * 5]
    assert [row.parameters for row in rows] == [20, 0, 2 * 13 * 13 * 5]


def test_conv_output_size_equals_torch():
    for size, kernel, stride, padding in [(28, 5, 1, 2), (14, 5, 1, 0), (28, 2, 2, 0), (7, 3, 2, 1), (5, 5, 3, 0)]:
        made = nn.Conv2d(1, 1, kernel, stride, padding)(torch.zeros(1, 1, size, size)).shape[-1]
        assert conv_output_size(size, kernel, stride, padding) == made
    assert conv_output_size(28, kernel_size=5) == 24


def test_conv_output_size_refuses_a_kernel_that_does_not_fit():
    assert conv_output_size(3, 5, padding=1) == 1
    with pytest.raises(ValueError, match="a kernel of 6 does not fit into 3"):
        conv_output_size(3, 6, padding=1)


@pytest.mark.parametrize("batch_size", [1, 64, 100, 1000])
def test_forward_in_batches_equals_one_forward(sample, batch_size):
    model, inputs = LeNet(seed=0), to_input(sample.test.pixels[::10])
    logits = forward_in_batches(model, inputs, batch_size)
    assert logits.shape == (100, 10) and not logits.requires_grad
    assert torch.allclose(logits, model(inputs), atol=1e-5)


def test_forward_in_batches_leaves_the_mode_as_it_was():
    model = nn.Sequential(nn.Flatten(), nn.Dropout(0.9), nn.Linear(784, 10))
    inputs = torch.ones(20, 1, 28, 28)
    model.train()
    logits = forward_in_batches(model, inputs, batch_size=8)
    assert torch.equal(logits[0], logits[-1])  # no dropout: the model was in evaluation mode
    assert model.training
    forward_in_batches(model.eval(), inputs)
    assert not model.training


def test_forward_in_batches_leaves_the_mode_also_after_an_error():
    model = LeNet(seed=0).train()
    with pytest.raises(RuntimeError):
        forward_in_batches(model, torch.zeros(2, 3, 28, 28))
    assert model.training
