"""Answers to the exercises of notebook 02: output size, parameters, convolution, the network."""

import dataclasses
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from lenet_helpers.architecture import LeNet
from lenet_helpers.exercises.answers.returns import Array, Number, values_problem
from lenet_helpers.exercises.asked import architecture as asked
from lenet_helpers.exercises.definition import Exercise, known
from lenet_helpers.exercises.results import Problem

# 02-output-size ---------------------------------------------------------------------------


def _output_size(size, kernel_size, stride, padding):
    return len(range(0, size + 2 * padding - kernel_size + 1, stride))  # count the places where the kernel fits


def _steps(division):
    """Return a function that counts the steps of the kernel, divided in some way, and adds 1."""
    return lambda size, kernel, stride, padding: division(size + 2 * padding - kernel, stride) + 1


output_size = Exercise(
    **vars(asked.output_size),
    oracle=_output_size,
    returns=Number("int"),
    verified="The size is that of a real convolution for the course's layers and for fresh combinations of all four "
    "numbers.",
    hints=(
        "How many steps can the kernel take inside the padded image? It stands at one place more than it takes steps.",
        "The padded image has size + 2 * padding pixels; the kernel can move by that minus kernel_size, "
        "in whole strides (//), and then add 1.",
    ),
    mistakes=known(
        ("without_plus_one", lambda size, kernel, stride, padding: (size + 2 * padding - kernel) // stride,
         "Add 1: a kernel that takes no step at all already stands at one place."),
        ("padded_on_one_side", lambda size, kernel, stride, padding: (size + padding - kernel) // stride + 1,
         "The padding lies on both sides: add 2 * padding."),
        ("without_padding", lambda size, kernel, stride, padding: (size - kernel) // stride + 1,
         "The padding is missing: the image is size + 2 * padding pixels wide."),
        ("without_stride_and_padding", lambda size, kernel, stride, padding: size - kernel + 1,
         "That holds for stride 1 without padding: add 2 * padding to the size, and divide by the stride."),
        ("without_stride", lambda size, kernel, stride, padding: size + 2 * padding - kernel + 1,
         "The stride is missing: the kernel moves by `stride` pixels at once, so divide by it."),
        ("float_division", _steps(lambda room, stride: room / stride),
         "/ gives a float. A size is a whole number: divide with //, which rounds down."),
        ("rounded_up", _steps(lambda room, stride: math.ceil(room / stride)),
         "Round down, not up: a last step for which there is no room is not taken."),
        ("rounded", _steps(lambda room, stride: round(room / stride)),
         "Round down with //, not to the nearest: a step for which there is no room is not taken."),
        ("rounded_at_the_end", lambda *sizes: round(_steps(lambda room, stride: room / stride)(*sizes)),
         "Round down with //, not to the nearest: a step for which there is no room is not taken."),
        ("plus_one_divided", lambda size, kernel, stride, padding: (size + 2 * padding - kernel + 1) // stride,
         "The 1 is added after the division: only the steps are divided by the stride."),
        ("brackets_missing", lambda size, kernel, stride, padding: size + 2 * padding - kernel // stride + 1,
         "Put brackets around the sum: as it stands, only kernel_size is divided by the stride."),
        ("padding_subtracted", lambda size, kernel, stride, padding: (size - 2 * padding - kernel) // stride + 1,
         "The padding makes the image larger: add it, do not subtract it."),
        ("last_place_left_out",
         lambda size, kernel, stride, padding: len(range(0, size + 2 * padding - kernel, stride)),
         "The last place is left out: range ends before its second number, so add 1 to that."),
        ("padded_four_times", lambda size, kernel, stride, padding: (size + 4 * padding - kernel) // stride + 1,
         "The padding lies at four sides, but a side of the image grows at two ends only: add 2 * padding."),
    ),
    clues=(
        (r" % stride", "% gives what is left over. How often the stride fits says //."),
    ),
)  # fmt: skip


# 02-parameters ----------------------------------------------------------------------------


def _conv_parameters(in_channels, out_channels, kernel_size):
    with torch.device("meta"):  # counts without memory or random numbers
        layer = nn.Conv2d(in_channels, out_channels, kernel_size)
    return sum(parameter.numel() for parameter in layer.parameters())


parameters = Exercise(
    **vars(asked.parameters),
    oracle=_conv_parameters,
    returns=Number("int"),
    verified="The count is that of a real nn.Conv2d for the course's two layers and for fresh sizes, biases included.",
    hints=(
        "Each output channel has one kernel for each input channel, and one bias.",
        "One kernel has kernel_size * kernel_size weights; one output channel has in_channels of them, plus 1.",
    ),
    mistakes=known(
        ("without_biases", lambda inputs, outputs, side: inputs * outputs * side**2,
         "The biases are missing: add one for each output channel."),
        ("one_bias", lambda inputs, outputs, side: inputs * outputs * side**2 + 1,
         "There is one bias for each output channel, not one in all."),
        ("biases_of_inputs", lambda inputs, outputs, side: inputs * outputs * side**2 + inputs,
         "The biases belong to the output channels, not to the input channels."),
        ("kernel_not_squared", lambda inputs, outputs, side: inputs * outputs * side + outputs,
         "A kernel is a square: it has kernel_size * kernel_size weights."),
        ("bias_for_each_kernel", lambda inputs, outputs, side: inputs * outputs * (side**2 + 1),
         "One bias for each output channel, not one for each kernel."),
        ("without_input_channels", lambda inputs, outputs, side: outputs * side**2 + outputs,
         "in_channels is missing: each output channel has one kernel for each input channel."),
        ("without_output_channels", lambda inputs, outputs, side: inputs * side**2 + outputs,
         "Each output channel has kernels of its own: multiply the weights by out_channels."),
        ("channels_added", lambda inputs, outputs, side: (inputs + outputs) * side**2 + outputs,
         "The two channel numbers are multiplied, not added: a kernel for each pair of input and output channel."),
        ("as_float", lambda *sizes: float(_conv_parameters(*sizes)),
         "A count is an int: use whole numbers and ** 2, not / or math.pow."),
        ("kernel_doubled", lambda inputs, outputs, side: outputs * (inputs * side * 2 + 1),
         "kernel_size * 2 doubles. A kernel is a square: kernel_size * kernel_size, or kernel_size ** 2."),
    ),
    clues=(
        (r"\.shape", ".shape gives the sides of the weights. Count them with .numel(), and add the biases."),
    ),
)  # fmt: skip


# 02-convolution ---------------------------------------------------------------------------


def _convolve(image, kernel):
    image, kernel = torch.from_numpy(image), torch.from_numpy(kernel)
    return F.conv2d(image[None, None], kernel[None, None])[0, 0].numpy()


def _padded_to_same_size(image, kernel):
    side = len(kernel)
    return _convolve(np.pad(image, (side // 2, (side - 1) // 2)), kernel)


def _matrix_product(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return (windows @ kernel).sum(axis=(2, 3))


def _matrix_in_one_entry(image, kernel):
    side = len(kernel)
    result = np.zeros((image.shape[0] - side + 1, image.shape[1] - side + 1))
    result[0, 0] = image[:side, :side] @ kernel
    return result


def _laid_into(shape, small):
    """Write a result entry by entry into zeros of some shape."""
    result = np.zeros(shape)
    for row, column in np.ndindex(small.shape):
        result[row, column] = small[row, column]
    return result


def _output_turned(image, kernel):
    small = _convolve(image, kernel)
    return _laid_into(small.shape[::-1], small)


def _taken_for_square(image, kernel):
    side = image.shape[0] - len(kernel) + 1
    result = np.zeros((side, side))
    for i, j in np.ndindex(side, side):
        window = image[i : i + len(kernel), j : j + len(kernel)]
        result[i, j] = (window * kernel[: window.shape[0], : window.shape[1]]).sum()
    return result


_TOO_LARGE = "The result is as large as the image, with zeros left over. Create it with shape (H - K + 1, W - K + 1)."

convolution = Exercise(
    **vars(asked.convolution),
    oracle=_convolve,
    returns=Array("float"),
    verified="It equals torch's conv2d on fresh images that are not square, with kernels of three sizes.",
    hints=(
        "Lay the kernel on the image at each place where it fits; multiply entry by entry and add up.",
        "At row i and column j the window is image[i:i + K, j:j + K]; the result there is (window * kernel).sum().",
    ),
    mistakes=known(
        ("turned_kernel", lambda image, kernel: _convolve(image, kernel[::-1, ::-1].copy()),
         "You turn the kernel by 180 degrees, as in mathematics. Networks use it as it is: no [::-1]."),
        ("padded_to_same_size", _padded_to_same_size,
         "You pad the image, so the result is too large. Only places where the whole kernel fits count."),
        ("padded_to_full_size", lambda image, kernel: _convolve(np.pad(image, len(kernel) - 1), kernel),
         "You pad the image, so the result is too large. Only places where the whole kernel fits count."),
        ("last_place_missing", lambda image, kernel: _convolve(image, kernel)[:-1, :-1],
         "The last row and column are missing: the kernel fits at H - K + 1 places, not H - K."),
        ("transposed_kernel", lambda image, kernel: _convolve(image, kernel.T.copy()),
         "The kernel is transposed: its rows belong to the rows of the image."),
        ("transposed_result", lambda image, kernel: _convolve(image, kernel).T.copy(),
         "The result is transposed: i counts rows (H), j counts columns (W)."),
        ("matrix_product", _matrix_product,
         "@ is the matrix product. Multiply entry by entry with *."),
        ("matrix_in_one_entry", _matrix_in_one_entry,
         "@ is the matrix product, which is a matrix again. Multiply entry by entry with *, then .sum()."),
        ("as_large_as_the_image", lambda image, kernel: _laid_into(image.shape, _convolve(image, kernel)),
         _TOO_LARGE),
        ("as_large_as_the_image_and_last_place_missing",
         lambda image, kernel: _laid_into(image.shape, _convolve(image, kernel)[:-1, :-1]),
         f"{_TOO_LARGE} And range(H - K) ends one place too early."),
        ("output_turned", _output_turned,
         "Height and width of the output are swapped: (H - K + 1, W - K + 1), and H is image.shape[0]."),
        ("mean_of_products", lambda image, kernel: _convolve(image, kernel) / kernel.size,
         "This is the mean of the products. Add them up with .sum()."),
        ("kernel_left_out", lambda image, kernel: _convolve(image, np.ones_like(kernel)),
         "You add up the image under the kernel and leave the kernel's weights out. Multiply by them first."),
        ("cut_to_whole", lambda image, kernel: _convolve(image, kernel).astype(np.int64),
         "The results are cut to whole numbers: create the output with np.zeros(shape), which is float."),
        ("taken_for_square", _taken_for_square,
         "The image is not square: use its height for the rows and its width for the columns."),
        ("windows_side_by_side", lambda image, kernel: _convolve(image, kernel)[:: len(kernel), :: len(kernel)].copy(),
         "The windows overlap: move on by one pixel, not by the size of the kernel."),
    ),
    clues=(
        (r"len\(image\)\)|range\((H|h|height|rows|image\.shape\[0\])\)",
         "The loops run over the image and leave it at the end. The window fits at H - K + 1 by W - K + 1 places."),
        (r"\w+\[\w+:\w+ \+ [2-9], ", "The window has a fixed size. Kernels come in other sizes too: K = len(kernel)."),
        (r" @ |\.dot\(|matmul", "@ and dot are the matrix product. Multiply entry by entry with *, then .sum()."),
    ),
    forbids=(
        (r"conv2d\(|convolve2d\(|correlate", "A ready-made convolution does the exercise's work. Write it with loops."),
    ),
)  # fmt: skip


# 02-network -------------------------------------------------------------------------------


def _compare_networks(outcome, expected):
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
            return dataclasses.replace(problem, advice=_DROPOUT, mistake="with_dropout")
    return None


_DROPOUT = "There is dropout in it. The course's network has none: it answers the same in both modes."


def _built(**changes):
    """Return a function that builds LeNet with the layers in `changes` replaced, or left out where they are None.

    A change may be a class, of which a new layer is made, or a function that makes one.
    """

    def build():
        layers = dict(LeNet(seed=0).named_children()) | {name: make and make() for name, make in changes.items()}
        return nn.Sequential(*[layer for layer in layers.values() if layer is not None])

    return build


def _activated(by):
    """Return a function that builds LeNet with another activation."""
    return _built(relu1=by, relu2=by, relu3=by, relu4=by)


def _pool():
    return nn.AvgPool2d(2)


network = Exercise(
    **vars(asked.network),
    oracle=_built(),
    compare=_compare_networks,
    verified="15,626 parameters, layer by layer those of LeNet, and with equal weights the same logits on fresh "
    "inputs.",
    hints=(
        "Write the layers in reading order, each with its input and output size; print the shape after each to "
        "see where you are.",
        "nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.AvgPool2d(2) is the first third; before the first "
        "nn.Linear(16, 120) come nn.AdaptiveAvgPool2d(1) and nn.Flatten().",
    ),
    mistakes=known(
        ("without_padding_in_conv1", _built(conv1=lambda: nn.Conv2d(1, 6, 5)),
         "The first convolution needs padding=2, which keeps 28×28. The parameter count can't show that."),
        ("padding_in_conv2", _built(conv2=lambda: nn.Conv2d(6, 16, 5, padding=2)),
         "The second convolution has no padding: 14×14 becomes 10×10."),
        ("max_pooling", _built(pool1=lambda: nn.MaxPool2d(2), pool2=lambda: nn.MaxPool2d(2)),
         "You take the maximum of each 2×2 block. The course's network takes the average: nn.AvgPool2d(2)."),
        ("global_max_pooling", _built(average=lambda: nn.AdaptiveMaxPool2d(1)),
         "The global pooling takes the average: nn.AdaptiveAvgPool2d(1), not the maximum."),
        ("no_relu_after_convolutions", _built(relu1=None, relu2=None),
         "A ReLU is missing after a convolution; without it, two convolutions are no more than one."),
        ("no_relu_between_linear_layers", _built(relu3=None, relu4=None),
         "A ReLU is missing between the linear layers; without it, three of them are no more than one."),
        ("no_first_relu", _built(relu1=None), "The first ReLU is missing: it follows the first convolution."),
        ("no_second_relu", _built(relu2=None), "The ReLU after the second convolution is missing."),
        ("no_third_relu", _built(relu3=None), "The ReLU between the linear layers 16 → 120 and 120 → 84 is missing."),
        ("no_fourth_relu", _built(relu4=None), "The ReLU between the linear layers 120 → 84 and 84 → 10 is missing."),
        ("softmax_at_the_end", _built(softmax=lambda: nn.Softmax(dim=1)),
         "There is a softmax at the end. The network gives logits; the loss takes the softmax itself."),
        ("log_softmax_at_the_end", _built(softmax=lambda: nn.LogSoftmax(dim=1)),
         "There is a log-softmax at the end. The network gives logits; cross_entropy does the rest."),
        ("relu_at_the_end", _built(relu5=nn.ReLU),
         "There is a ReLU after the last layer. Logits may be negative: end with nn.Linear(84, 10)."),
        ("tanh_instead", _activated(nn.Tanh), "The activation is ReLU here, not tanh as in the LeNet-5 of 1998."),
        ("sigmoid_instead", _activated(nn.Sigmoid), "The activation is ReLU here, not the sigmoid."),
        ("without_global_pooling", _built(average=None, fc1=lambda: nn.Linear(400, 120)),
         "The global average pooling is missing: nn.AdaptiveAvgPool2d(1) leaves 16 numbers, not 16×5×5 = 400."),
        ("without_flatten", _built(flatten=None),
         "nn.Flatten() is missing: the pooling leaves (N, 16, 1, 1), and the linear layer takes (N, 16)."),
        ("kernels_of_three",
         _built(conv1=lambda: nn.Conv2d(1, 6, 3, padding=1), conv2=lambda: nn.Conv2d(6, 16, 3)),
         "The kernels are 5×5 in both convolutions, not 3×3."),
        ("without_biases_in_convolutions",
         _built(conv1=lambda: nn.Conv2d(1, 6, 5, padding=2, bias=False), conv2=lambda: nn.Conv2d(6, 16, 5, bias=False)),
         "The convolutions have biases: leave bias=False out."),
        ("one_linear_layer_too_few", _built(fc2=None, relu4=None, fc3=lambda: nn.Linear(120, 10)),
         "The layer 120 → 84 is missing: three linear layers, 16 → 120 → 84 → 10."),
        ("with_dropout", _built(relu4=lambda: nn.Sequential(nn.ReLU(), nn.Dropout(0.5))), _DROPOUT),
        ("no_relu_at_all", _built(relu1=None, relu2=None, relu3=None, relu4=None),
         "All ReLU layers are missing. One follows each convolution and each linear layer but the last."),
        ("pooled_before_relu", _built(relu1=_pool, pool1=nn.ReLU, relu2=_pool, pool2=nn.ReLU),
         "The order is convolution, ReLU, pooling: you pool before the ReLU."),
        ("first_pooled_before_relu", _built(relu1=_pool, pool1=nn.ReLU),
         "The order is convolution, ReLU, pooling: in the first block you pool before the ReLU."),
        ("second_pooled_before_relu", _built(relu2=_pool, pool2=nn.ReLU),
         "The order is convolution, ReLU, pooling: in the second block you pool before the ReLU."),
        ("global_pooling_left_out", _built(average=None),
         "The global average pooling is missing: nn.AdaptiveAvgPool2d(1) leaves the 16 numbers that fc1 takes."),
    ),
    clues=(
        (r"LeNet\(", "LeNet is the course's own class. Return an nn.Sequential of layers that you write down."),
    ),
    forbids=(
        (r"LeNet\(", "LeNet does the exercise's work. Write down the layers yourself."),
    ),
)  # fmt: skip
