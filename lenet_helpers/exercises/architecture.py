"""Exercises of notebook 02: output size, parameters, convolution, the network."""

import dataclasses
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from lenet_helpers.architecture import LeNet
from lenet_helpers.exercises.checking import Case, Exercise
from lenet_helpers.exercises.results import Array, Number, Problem, Result, freeze, type_name, values_problem
from lenet_helpers.exercises.running import Outcome

# 02-output-size ---------------------------------------------------------------------------


def _output_size_cases(rng):
    """The course's own layers, then sizes that the stride does not divide, with a remainder on both sides of a half."""
    cases = [(28, 5, 1, 2), (28, 2, 2, 0), (14, 5, 1, 0), (7, 3, 2, 1), (8, 3, 2, 0), (9, 2, 4, 0), (14, 5, 4, 0)]
    for _ in range(6):
        kernel, stride, padding = (int(n) for n in rng.integers((2, 2, 1), (7, 5, 4)))
        cases.append((int(rng.integers(kernel + stride, 40)), kernel, stride, padding))
    return [Case(case) for case in cases]


def _output_size(size, kernel_size, stride, padding):
    return len(range(0, size + 2 * padding - kernel_size + 1, stride))  # count the places where the kernel fits


output_size = Exercise(
    "02-output-size",
    "output_size(size, kernel_size, stride, padding)",
    _output_size_cases,
    _output_size,
    Number("int"),
    "The size is that of a real convolution for the course's layers and for fresh combinations of all four numbers.",
    (
        "How many steps can the kernel take inside the padded image? It stands at one place more than it takes steps.",
        "The padded image has size + 2 * padding pixels; the kernel can move by that minus kernel_size, "
        "in whole strides (//), and then add 1.",
    ),
)


@output_size.mistake("Add 1: a kernel that takes no step at all already stands at one place.")
def without_plus_one(size, kernel_size, stride, padding):
    return (size + 2 * padding - kernel_size) // stride


@output_size.mistake("The padding lies on both sides: add 2 * padding.")
def padded_on_one_side(size, kernel_size, stride, padding):
    return (size + padding - kernel_size) // stride + 1


@output_size.mistake("The padding is missing: the image is size + 2 * padding pixels wide.")
def without_padding(size, kernel_size, stride, padding):
    return (size - kernel_size) // stride + 1


@output_size.mistake("That holds for stride 1 without padding: add 2 * padding to the size, and divide by the stride.")
def without_stride_and_padding(size, kernel_size, stride, padding):
    return size - kernel_size + 1


@output_size.mistake("The stride is missing: the kernel moves by `stride` pixels at once, so divide by it.")
def without_stride(size, kernel_size, stride, padding):
    return size + 2 * padding - kernel_size + 1


@output_size.mistake("/ gives a float. A size is a whole number: divide with //, which rounds down.")
def float_division(size, kernel_size, stride, padding):
    return (size + 2 * padding - kernel_size) / stride + 1


@output_size.mistake("Round down, not up: a last step for which there is no room is not taken.")
def rounded_up(size, kernel_size, stride, padding):
    return math.ceil((size + 2 * padding - kernel_size) / stride) + 1


@output_size.mistake("Round down with //, not to the nearest: a step for which there is no room is not taken.")
def rounded(size, kernel_size, stride, padding):
    return round((size + 2 * padding - kernel_size) / stride) + 1


@output_size.mistake("Round down with //, not to the nearest: a step for which there is no room is not taken.")
def rounded_at_the_end(size, kernel_size, stride, padding):
    return round((size + 2 * padding - kernel_size) / stride + 1)


@output_size.mistake("The 1 is added after the division: only the steps are divided by the stride.")
def plus_one_divided(size, kernel_size, stride, padding):
    return (size + 2 * padding - kernel_size + 1) // stride


@output_size.mistake("Put brackets around the sum: as it stands, only kernel_size is divided by the stride.")
def brackets_missing(size, kernel_size, stride, padding):
    return size + 2 * padding - kernel_size // stride + 1


@output_size.mistake("The padding makes the image larger: add it, do not subtract it.")
def padding_subtracted(size, kernel_size, stride, padding):
    return (size - 2 * padding - kernel_size) // stride + 1


# 02-parameters ----------------------------------------------------------------------------


def _parameters_cases(rng):
    """All three numbers differ from one another, so that none can stand for another."""
    cases = [(1, 6, 5), (6, 16, 5), (3, 8, 1)]
    for _ in range(4):
        cases.append(tuple(int(n) for n in rng.choice(np.arange(2, 12), 3, replace=False)))
    return [Case(case) for case in cases]


def _conv_parameters(in_channels, out_channels, kernel_size):
    with torch.device("meta"):  # counts without memory or random numbers
        layer = nn.Conv2d(in_channels, out_channels, kernel_size)
    return sum(parameter.numel() for parameter in layer.parameters())


parameters = Exercise(
    "02-parameters",
    "conv_parameters(in_channels, out_channels, kernel_size)",
    _parameters_cases,
    _conv_parameters,
    Number("int"),
    "The count is that of a real nn.Conv2d for the course's two layers and for fresh sizes, biases included.",
    (
        "Each output channel has one kernel for each input channel, and one bias.",
        "One kernel has kernel_size * kernel_size weights; one output channel has in_channels of them, plus 1.",
    ),
)


@parameters.mistake("The biases are missing: add one for each output channel.")
def without_biases(in_channels, out_channels, kernel_size):
    return in_channels * out_channels * kernel_size**2


@parameters.mistake("There is one bias for each output channel, not one in all.")
def one_bias(in_channels, out_channels, kernel_size):
    return in_channels * out_channels * kernel_size**2 + 1


@parameters.mistake("The biases belong to the output channels, not to the input channels.")
def biases_of_inputs(in_channels, out_channels, kernel_size):
    return in_channels * out_channels * kernel_size**2 + in_channels


@parameters.mistake("A kernel is a square: it has kernel_size * kernel_size weights.")
def kernel_not_squared(in_channels, out_channels, kernel_size):
    return in_channels * out_channels * kernel_size + out_channels


@parameters.mistake("One bias for each output channel, not one for each kernel.")
def bias_for_each_kernel(in_channels, out_channels, kernel_size):
    return in_channels * out_channels * (kernel_size**2 + 1)


@parameters.mistake("in_channels is missing: each output channel has one kernel for each input channel.")
def without_input_channels(in_channels, out_channels, kernel_size):
    return out_channels * kernel_size**2 + out_channels


@parameters.mistake("Each output channel has kernels of its own: multiply the weights by out_channels.")
def without_output_channels(in_channels, out_channels, kernel_size):
    return in_channels * kernel_size**2 + out_channels


@parameters.mistake(
    "The two channel numbers are multiplied, not added: a kernel for each pair of input and output channel."
)
def channels_added(in_channels, out_channels, kernel_size):
    return (in_channels + out_channels) * kernel_size**2 + out_channels


@parameters.mistake("A count is an int: use whole numbers and ** 2, not / or math.pow.")
def as_float(in_channels, out_channels, kernel_size):
    return float(in_channels * out_channels * kernel_size**2 + out_channels)


# 02-convolution ---------------------------------------------------------------------------


def _convolution_cases(rng):
    """Small, not square, of quarters: exact in float, easy to read, and cut by whole numbers."""
    cases = []
    for (height, width), side in (((4, 5), 2), ((5, 4), 3), ((3, 6), 3), ((6, 5), 2), ((7, 9), 4)):
        image = rng.integers(-8, 9, (height, width)) / 2
        kernel = rng.integers(1, 9, (side, side)) / 4
        kernel[0, :2] = -0.75, 2.75  # neither symmetric nor the same from behind
        cases.append(Case((image, kernel)))
    return cases


def _convolve(image, kernel):
    image, kernel = torch.from_numpy(image), torch.from_numpy(kernel)
    return F.conv2d(image[None, None], kernel[None, None])[0, 0].numpy()


convolution = Exercise(
    "02-convolution",
    "convolve(image, kernel)",
    _convolution_cases,
    _convolve,
    Array("float"),
    "It equals torch's conv2d on fresh images that are not square, with kernels of three sizes.",
    (
        "Lay the kernel on the image at each place where it fits; multiply entry by entry and add up.",
        "At row i and column j the window is image[i:i + K, j:j + K]; the result there is (window * kernel).sum().",
    ),
)


@convolution.mistake("You turn the kernel by 180 degrees, as in mathematics. Networks use it as it is: no [::-1].")
def turned_kernel(image, kernel):
    return _convolve(image, kernel[::-1, ::-1].copy())


@convolution.mistake("You pad the image, so the result is too large. Only places where the whole kernel fits count.")
def padded_to_same_size(image, kernel):
    side = len(kernel)
    padded = np.pad(image, ((side // 2, (side - 1) // 2), (side // 2, (side - 1) // 2)))
    return _convolve(padded, kernel)


@convolution.mistake("You pad the image, so the result is too large. Only places where the whole kernel fits count.")
def padded_to_full_size(image, kernel):
    return _convolve(np.pad(image, len(kernel) - 1), kernel)


@convolution.mistake("The last row and column are missing: the kernel fits at H - K + 1 places, not H - K.")
def last_place_missing(image, kernel):
    return _convolve(image, kernel)[:-1, :-1]


@convolution.mistake("The kernel is transposed: its rows belong to the rows of the image.")
def transposed_kernel(image, kernel):
    return _convolve(image, kernel.T.copy())


@convolution.mistake("The result is transposed: i counts rows (H), j counts columns (W).")
def transposed_result(image, kernel):
    return _convolve(image, kernel).T.copy()


@convolution.mistake("@ is the matrix product. Multiply entry by entry with *.")
def matrix_product(image, kernel):
    side = len(kernel)
    rows, columns = image.shape[0] - side + 1, image.shape[1] - side + 1
    return np.array([[(image[i : i + side, j : j + side] @ kernel).sum() for j in range(columns)] for i in range(rows)])


@convolution.mistake("@ is the matrix product, which is a matrix again. Multiply entry by entry with *, then .sum().")
def matrix_in_one_entry(image, kernel):
    side = len(kernel)
    result = np.zeros((image.shape[0] - side + 1, image.shape[1] - side + 1))
    result[0, 0] = image[:side, :side] @ kernel
    return result


_TOO_LARGE = "The result is as large as the image, with zeros left over. Create it with shape (H - K + 1, W - K + 1)."


@convolution.mistake(_TOO_LARGE)
def as_large_as_the_image(image, kernel):
    result = np.zeros(image.shape)
    small = _convolve(image, kernel)
    result[: small.shape[0], : small.shape[1]] = small
    return result


@convolution.mistake(f"{_TOO_LARGE} And range(H - K) ends one place too early.")
def as_large_as_the_image_and_last_place_missing(image, kernel):
    result = np.zeros(image.shape)
    small = _convolve(image, kernel)[:-1, :-1]
    result[: small.shape[0], : small.shape[1]] = small
    return result


@convolution.mistake("Height and width of the output are swapped: (H - K + 1, W - K + 1), and H is image.shape[0].")
def output_turned(image, kernel):
    small = _convolve(image, kernel)
    result = np.zeros(small.shape[::-1])
    for row, column in np.ndindex(small.shape):
        result[row, column] = small[row, column]
    return result


@convolution.mistake("This is the mean of the products. Add them up with .sum().")
def mean_of_products(image, kernel):
    return _convolve(image, kernel) / kernel.size


@convolution.mistake(
    "You add up the image under the kernel and leave the kernel's weights out. Multiply by them first."
)
def kernel_left_out(image, kernel):
    return _convolve(image, np.ones_like(kernel))


@convolution.mistake("The results are cut to whole numbers: create the output with np.zeros(shape), which is float.")
def cut_to_whole(image, kernel):
    return _convolve(image, kernel).astype(np.int64)


@convolution.mistake("The image is not square: use its height for the rows and its width for the columns.")
def taken_for_square(image, kernel):
    side = image.shape[0] - len(kernel) + 1
    result = np.zeros((side, side))
    for i in range(side):
        for j in range(side):
            window = image[i : i + len(kernel), j : j + len(kernel)]
            result[i, j] = (window * kernel[: window.shape[0], : window.shape[1]]).sum()
    return result


@convolution.mistake("The windows overlap: move on by one pixel, not by the size of the kernel.")
def windows_side_by_side(image, kernel):
    return _convolve(image, kernel)[:: len(kernel), :: len(kernel)].copy()


# 02-network -------------------------------------------------------------------------------


class _Inputs:
    """What the network is tried with: weights for all its layers and a batch, from a seed."""

    def __init__(self, seed):
        self.weights = [parameter.detach().double() for parameter in LeNet(seed).parameters()]
        generator = torch.Generator().manual_seed(seed)
        self.batch = torch.rand(3, 1, 28, 28, generator=generator, dtype=torch.float64) * 2 - 1
        # Larger weights than at the start of training, so that every layer shows in the logits.
        self.weights = [weight * 3 for weight in self.weights]


def _network_cases(rng):
    words = "your network with the weights of a fresh LeNet, on a batch of shape (3, 1, 28, 28)"
    return [Case((_Inputs(int(rng.integers(2**31))),), words) for _ in range(2)]


def _observe_network(build, inputs):
    network = build()
    if type(network) is not nn.Sequential:
        return Outcome({"network": freeze(network), "result": freeze(network)})
    strangers = sorted({type_name(layer) for layer in network.modules() if _is_strange(layer)})
    ours = list(network.parameters())
    parts = {
        "network": Result("other", "Sequential"),
        "strangers": Result("other", ", ".join(strangers)),
        "layers": Result("other", "; ".join(_shape_words(network))),
    }
    fits = [parameter.shape for parameter in ours] == [weight.shape for weight in inputs.weights]
    if strangers:
        return Outcome(parts)
    network.double()
    if fits:
        with torch.no_grad():
            for parameter, weight in zip(ours, inputs.weights, strict=True):
                parameter.copy_(weight)
    else:  # only to recognise a mistake: any weights that depend on nothing but the shape
        with torch.no_grad():
            for parameter in ours:
                parameter.copy_(torch.linspace(-0.5, 0.7, parameter.numel()).reshape(parameter.shape))
    try:
        with torch.no_grad():
            parts["logits"] = freeze(network.eval()(inputs.batch.clone()))
            parts["logits in training mode"] = freeze(network.train()(inputs.batch.clone()))
    except RuntimeError as error:
        parts["failure"] = Result("other", " ".join(str(error).split())[:200])
    return Outcome(parts)


def _is_strange(layer):
    return getattr(nn, type_name(layer), None) is not type(layer) or "forward" in vars(layer)


def _shape_words(network):
    """Words for each layer that learns: its kind and the shapes of its weights."""
    return [
        f"{type_name(layer)} with {' and '.join(str(tuple(p.shape)) for p in layer.parameters(recurse=False))}"
        for layer in network.modules()
        if next(layer.parameters(recurse=False), None) is not None
    ]


def _judge_network(outcome, expected):
    """Ask for an nn.Sequential of torch's own layers that learns and answers as LeNet does."""
    parts = outcome.parts
    if parts["network"].type_name != "Sequential":
        advice = "Build it from torch's own layers: return nn.Sequential(nn.Conv2d(...), nn.ReLU(), ...)."
        return Problem("the type", "an nn.Sequential", parts["network"].type_name, advice)
    strangers = parts["strangers"].type_name
    if strangers:
        return Problem("the layers", "only layers of torch.nn", strangers, "Build it from torch's own layers.")
    ours, theirs = (one.parts["layers"].type_name.split("; ") for one in (outcome, expected))
    for number, (one, other) in enumerate(zip(ours, theirs, strict=False), start=1):
        if one != other:
            return Problem(f"layer {number} of those that learn", other, one or "none")
    if len(ours) != len(theirs):
        return Problem("the number of layers that learn", str(len(theirs)), str(len(ours)))
    if "failure" in parts:
        return Problem("the network can't be run", "logits of shape (3, 10)", parts["failure"].type_name)
    for part in ("logits", "logits in training mode"):
        got, wanted = parts[part], expected.parts[part]
        if got.kind != "tensor" or got.data.shape != wanted.data.shape:
            shape = str(got.data.shape) if got.kind == "tensor" else got.type_name
            return Problem("the shape of the output", str(wanted.data.shape), shape)
        problem = values_problem(got, wanted, f"the {part}")
        if problem and part == "logits":
            return problem
        if problem:  # right in evaluation mode, so something in it is there for training only
            advice = "There is dropout in it. The course's network has none: it answers the same in both modes."
            return dataclasses.replace(problem, advice=advice, mistake="with_dropout")
    return None


def _built(**changes):
    """Return a network like LeNet, with the layers in `changes` replaced, or left out where they are None."""
    layers = dict(LeNet(seed=0).named_children())
    layers.update(changes)
    return nn.Sequential(*[layer for layer in layers.values() if layer is not None])


network = Exercise(
    "02-network",
    "build_network()",
    _network_cases,
    _built,
    None,
    "15,626 parameters, layer by layer those of LeNet, and with equal weights the same logits on fresh inputs.",
    (
        "Write the layers in reading order, each with its input and output size; print the shape after each to "
        "see where you are.",
        "nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2) is the first third; before the first "
        "nn.Linear(16, 120) "
        "come nn.AdaptiveAvgPool2d(1) and nn.Flatten().",
    ),
    observe=_observe_network,
    judge=_judge_network,
)


@network.mistake("The first convolution needs padding=2, which keeps 28×28. The parameter count can't show that.")
def without_padding_in_conv1():
    return _built(conv1=nn.Conv2d(1, 6, 5))


@network.mistake("The second convolution has no padding: 14×14 becomes 10×10.")
def padding_in_conv2():
    return _built(conv2=nn.Conv2d(6, 16, 5, padding=2))


@network.mistake("You take the maximum of each 2×2 block. The course's network takes the average: nn.AvgPool2d(2).")
def max_pooling():
    return _built(pool1=nn.MaxPool2d(2), pool2=nn.MaxPool2d(2))


@network.mistake("The global pooling takes the average: nn.AdaptiveAvgPool2d(1), not the maximum.")
def global_max_pooling():
    return _built(average=nn.AdaptiveMaxPool2d(1))


@network.mistake("A ReLU is missing after a convolution; without it, two convolutions are no more than one.")
def no_relu_after_convolutions():
    return _built(relu1=None, relu2=None)


@network.mistake("A ReLU is missing between the linear layers; without it, three of them are no more than one.")
def no_relu_between_linear_layers():
    return _built(relu3=None, relu4=None)


@network.mistake("The first ReLU is missing: it follows the first convolution.")
def no_first_relu():
    return _built(relu1=None)


@network.mistake("The ReLU after the second convolution is missing.")
def no_second_relu():
    return _built(relu2=None)


@network.mistake("The ReLU between the linear layers 16 → 120 and 120 → 84 is missing.")
def no_third_relu():
    return _built(relu3=None)


@network.mistake("The ReLU between the linear layers 120 → 84 and 84 → 10 is missing.")
def no_fourth_relu():
    return _built(relu4=None)


@network.mistake("There is a softmax at the end. The network gives logits; the loss takes the softmax itself.")
def softmax_at_the_end():
    return _built(softmax=nn.Softmax(dim=1))


@network.mistake("There is a log-softmax at the end. The network gives logits; cross_entropy does the rest.")
def log_softmax_at_the_end():
    return _built(softmax=nn.LogSoftmax(dim=1))


@network.mistake("There is a ReLU after the last layer. Logits may be negative: end with nn.Linear(84, 10).")
def relu_at_the_end():
    return _built(relu5=nn.ReLU())


@network.mistake("The activation is ReLU here, not tanh as in the LeNet-5 of 1998.")
def tanh_instead():
    return _built(relu1=nn.Tanh(), relu2=nn.Tanh(), relu3=nn.Tanh(), relu4=nn.Tanh())


@network.mistake("The activation is ReLU here, not the sigmoid.")
def sigmoid_instead():
    return _built(relu1=nn.Sigmoid(), relu2=nn.Sigmoid(), relu3=nn.Sigmoid(), relu4=nn.Sigmoid())


@network.mistake("The global average pooling is missing: nn.AdaptiveAvgPool2d(1) leaves 16 numbers, not 16×5×5 = 400.")
def without_global_pooling():
    return _built(average=None, fc1=nn.Linear(400, 120))


@network.mistake("nn.Flatten() is missing: the pooling leaves (N, 16, 1, 1), and the linear layer takes (N, 16).")
def without_flatten():
    return _built(flatten=None)


@network.mistake("The kernels are 5×5 in both convolutions, not 3×3.")
def kernels_of_three():
    return _built(conv1=nn.Conv2d(1, 6, 3, padding=1), conv2=nn.Conv2d(6, 16, 3))


@network.mistake("The convolutions have biases: leave bias=False out.")
def without_biases_in_convolutions():
    return _built(conv1=nn.Conv2d(1, 6, 5, padding=2, bias=False), conv2=nn.Conv2d(6, 16, 5, bias=False))


@network.mistake("The layer 120 → 84 is missing: three linear layers, 16 → 120 → 84 → 10.")
def one_linear_layer_too_few():
    return _built(fc2=None, relu4=None, fc3=nn.Linear(120, 10))


@network.mistake("There is dropout in it. The course's network has none: it answers the same in both modes.")
def with_dropout():
    return _built(relu4=nn.Sequential(nn.ReLU(), nn.Dropout(0.5)))


EXERCISES = (output_size, parameters, convolution, network)
