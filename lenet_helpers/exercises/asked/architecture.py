"""What the exercises of notebook 02 ask: output size, parameters, convolution, the network."""

import copy

import numpy as np
import torch
from torch import nn

from lenet_helpers.architecture import LeNet
from lenet_helpers.exercises.definition import Asked, Case
from lenet_helpers.exercises.results import Outcome, Result, freeze, type_name

# 02-output-size -----------------------------------------------------------------------------


def _output_size_cases(rng):
    """The course's own layers, then sizes that the stride does not divide, with a remainder on both sides of a half."""
    cases = [(28, 5, 1, 2), (28, 2, 2, 0), (14, 5, 1, 0), (7, 3, 2, 1), (8, 3, 2, 0), (9, 2, 4, 0), (14, 5, 4, 0)]
    for _ in range(6):
        kernel, stride, padding = (int(n) for n in rng.integers((2, 2, 1), (7, 5, 4)))
        cases.append((int(rng.integers(kernel + stride, 40)), kernel, stride, padding))
    return [Case(case) for case in cases]


output_size = Asked("02-output-size", "output_size(size, kernel_size, stride, padding)", _output_size_cases)


# 02-parameters ------------------------------------------------------------------------------


def _parameters_cases(rng):
    """All three numbers differ from one another, so that none can stand for another."""
    cases = [(1, 6, 5), (6, 16, 5), (3, 8, 1)]
    for _ in range(4):
        cases.append(tuple(int(n) for n in rng.choice(np.arange(2, 12), 3, replace=False)))
    return [Case(case) for case in cases]


parameters = Asked("02-parameters", "conv_parameters(in_channels, out_channels, kernel_size)", _parameters_cases)


# 02-convolution -----------------------------------------------------------------------------


def _convolution_cases(rng):
    """Small, not square, of quarters: exact in float, easy to read, and cut by whole numbers."""
    cases = []
    for (height, width), side in (((4, 5), 2), ((5, 4), 3), ((3, 6), 3), ((6, 5), 2), ((7, 9), 4)):
        image = rng.integers(-8, 9, (height, width)) / 2
        kernel = rng.integers(1, 9, (side, side)) / 4
        kernel[0, :2] = -0.75, 2.75  # neither symmetric nor the same from behind
        cases.append(Case((image, kernel)))
    return cases


convolution = Asked("02-convolution", "convolve(image, kernel)", _convolution_cases)


# 02-network ---------------------------------------------------------------------------------


class _Inputs:
    """What the network is tried with: weights for all its layers and a batch, from a seed."""

    def __init__(self, seed):
        # Larger weights than at the start of training, so that every layer shows in the logits.
        self.weights = [3 * parameter.detach().double() for parameter in LeNet(seed).parameters()]
        generator = torch.Generator().manual_seed(seed)
        self.batch = torch.rand(3, 1, 28, 28, generator=generator, dtype=torch.float64) * 2 - 1


def _network_cases(rng):
    words = "your network with the weights of a fresh LeNet, on a batch of shape (3, 1, 28, 28)"
    return [Case((_Inputs(int(rng.integers(2**31))),), words) for _ in range(2)]


def _observe_network(build, inputs):
    network = build()
    if type(network) is not nn.Sequential:
        return Outcome({"network": freeze(network), "result": freeze(network)})
    strangers = sorted({type_name(layer) for layer in network.modules() if _is_strange(layer)})
    parts = {
        "network": Result("other", "Sequential"),
        "strangers": Result("other", ", ".join(strangers)),
        "layers": Result("other", "; ".join(_shape_words(network))),
    }
    if strangers:
        return Outcome(parts)
    network = copy.deepcopy(network).double()  # its layers may be another network's as well, such as the notebook's
    ours = list(network.parameters())
    if [parameter.shape for parameter in ours] == [weight.shape for weight in inputs.weights]:
        weights = inputs.weights
    else:  # only to recognise a mistake: any weights that depend on nothing but the shape
        weights = [torch.linspace(-0.5, 0.7, parameter.numel()).reshape(parameter.shape) for parameter in ours]
    with torch.no_grad():
        for parameter, weight in zip(ours, weights, strict=True):
            parameter.copy_(weight)
    try:
        with torch.no_grad():
            parts["logits"] = freeze(network.eval()(inputs.batch.clone()))
            parts["logits in training mode"] = freeze(network.train()(inputs.batch.clone()))
    except RuntimeError as error:
        parts["failure"] = Result("other", " ".join(str(error).split())[:200])
    return Outcome(parts)


def _is_strange(layer):
    return getattr(nn, type_name(layer), None) is not type(layer) or {"forward", "__deepcopy__"} & vars(layer).keys()


def _shape_words(network):
    """Words for each layer that learns: its kind and the shapes of its weights."""
    return [
        f"{type_name(layer)} with {' and '.join(str(tuple(p.shape)) for p in layer.parameters(recurse=False))}"
        for layer in network.modules()
        if next(layer.parameters(recurse=False), None) is not None
    ]


network = Asked("02-network", "build_network()", _network_cases, observe=_observe_network)
