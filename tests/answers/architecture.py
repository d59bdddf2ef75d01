"""Planted answers to the exercises of notebook 02."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from answers.planting import right, wrong
from lenet_helpers import LeNet

# 02-output-size


@right("02-output-size")
def _(size, kernel_size, stride, padding):
    return 1 + (size - kernel_size + 2 * padding) // stride


@right("02-output-size")
def _(size, kernel_size, stride, padding):
    return F.conv1d(torch.zeros(1, 1, size), torch.zeros(1, 1, kernel_size), stride=stride, padding=padding).shape[-1]


@right("02-output-size")
def _(size, kernel_size, stride, padding):
    places, start = 0, -padding
    while start + kernel_size <= size + padding:
        places, start = places + 1, start + stride
    return places


@right("02-output-size")
def _(size, kernel_size, stride, padding):
    return np.int64(math.floor((size + 2 * padding - kernel_size) / stride + 1))


@wrong("02-output-size", "without_stride_and_padding")
def _(size, kernel_size, stride=1, padding=0):
    return 1 + size - kernel_size


@wrong("02-output-size", "rounded_at_the_end")
def _(size, kernel_size, stride, padding):
    return round(1 + (size - kernel_size + 2 * padding) / stride)


@wrong("02-output-size", "without_plus_one")
def _(size, kernel_size, stride, padding):
    return int((size + 2 * padding - kernel_size) / stride)


@wrong("02-output-size", "padded_on_one_side")
def _(size, kernel_size, stride, padding):
    return 1 + (size - kernel_size + padding) // stride


@wrong("02-output-size", "float_division")
def _(size, kernel_size, stride, padding):
    return 1 + (size - kernel_size + padding + padding) / stride


@wrong("02-output-size", "rounded_up")
def _(size, kernel_size, stride, padding):
    return 1 - (kernel_size - size - 2 * padding) // stride


@wrong("02-output-size", "without_stride")
def _(size, kernel_size, stride, padding):
    return size - kernel_size + 1 + 2 * padding


# 02-parameters


@right("02-parameters")
def _(in_channels, out_channels, kernel_size):
    return out_channels * (in_channels * kernel_size * kernel_size + 1)


@right("02-parameters")
def _(in_channels, out_channels, kernel_size):
    return sum(p.numel() for p in nn.Conv2d(in_channels, out_channels, kernel_size).parameters())


@right("02-parameters")
def _(in_channels, out_channels, kernel_size):
    return np.prod([in_channels, out_channels, kernel_size, kernel_size]) + np.int64(out_channels)


@wrong("02-parameters", "without_biases")
def _(in_channels, out_channels, kernel_size):
    return nn.Conv2d(in_channels, out_channels, kernel_size).weight.numel()


@wrong("02-parameters", "one_bias")
def _(in_channels, out_channels, kernel_size):
    return 1 + in_channels * out_channels * kernel_size * kernel_size


@wrong("02-parameters", "kernel_not_squared")
def _(in_channels, out_channels, kernel_size):
    return out_channels * (in_channels * kernel_size + 1)


@wrong("02-parameters", "biases_of_inputs")
def _(in_channels, out_channels, kernel_size):
    return in_channels * (out_channels * kernel_size**2 + 1)


@wrong("02-parameters", "as_float")
def _(in_channels, out_channels, kernel_size):
    return out_channels * (in_channels * math.pow(kernel_size, 2) + 1)


# 02-convolution


@right("02-convolution")
def _(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijkl,kl->ij", windows, kernel)


@right("02-convolution")
def _(image, kernel):
    side = kernel.shape[0]
    result = np.zeros((image.shape[0] - side + 1, image.shape[1] - side + 1), dtype=np.float32)
    for i in range(result.shape[0]):
        for j in range(result.shape[1]):
            for k in range(side):
                for m in range(side):
                    result[i, j] += image[i + k, j + m] * kernel[k, m]
    return result


@right("02-convolution")
def _(image, kernel):
    windows = torch.tensor(image).unfold(0, len(kernel), 1).unfold(1, len(kernel), 1)
    return (windows * torch.tensor(kernel)).sum(dim=(2, 3)).numpy()


@wrong("02-convolution", "as_large_as_the_image")
def _(image, kernel):
    size, out = len(kernel), 0 * image
    for i in range(len(image) - size + 1):
        for j in range(len(image[0]) - size + 1):
            out[i, j] = np.sum(image[i : i + size, j : j + size] * kernel)
    return out


@wrong("02-convolution", "as_large_as_the_image_and_last_place_missing")
def _(image, kernel):
    size, out = len(kernel), np.zeros_like(image)
    for i in range(len(image) - size):
        for j in range(len(image[0]) - size):
            out[i, j] = np.sum(image[i : i + size, j : j + size] * kernel)
    return out


@wrong("02-convolution", "output_turned")
def _(image, kernel):
    (height, width), size = image.shape, len(kernel)
    out = np.zeros((width - size + 1, height - size + 1))
    for i in range(height - size + 1):
        for j in range(width - size + 1):
            out[i, j] = (image[i : i + size, j : j + size] * kernel).sum()
    return out


@wrong("02-convolution", "matrix_in_one_entry")
def _(image, kernel):
    size = len(kernel)
    out = np.zeros((len(image) - size + 1, len(image[0]) - size + 1))
    for i, j in np.ndindex(out.shape):
        out[i, j] = np.dot(image[i : i + size, j : j + size], kernel)
    return out


@wrong("02-convolution", "turned_kernel")
def _(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijkl,kl->ij", windows, np.rot90(kernel, 2))


@wrong("02-convolution", "last_place_missing")
def _(image, kernel):
    side = len(kernel)
    rows, columns = image.shape[0] - side, image.shape[1] - side
    return np.array(
        [[np.sum(image[i : i + side, j : j + side] * kernel) for j in range(columns)] for i in range(rows)]
    ).reshape(rows, columns)


@wrong("02-convolution", "cut_to_whole")
def _(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    result = np.zeros(windows.shape[:2], dtype=int)
    result[:] = np.einsum("ijkl,kl->ij", windows, kernel)
    return result


@wrong("02-convolution", "padded_to_full_size")
def _(image, kernel):
    side = len(kernel)
    x, k = torch.tensor(image)[None, None], torch.tensor(kernel)[None, None]
    return F.conv2d(x, k, padding=side - 1)[0, 0].numpy()


@wrong("02-convolution", "matrix_product")
def _(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.matmul(windows, kernel).sum(axis=(2, 3))


# 02-network


@right("02-network")
def _():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding="same"),
        nn.ReLU(),
        nn.AvgPool2d(2, stride=2),
        nn.Conv2d(6, 16, kernel_size=(5, 5)),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.AvgPool2d(5),
        nn.Flatten(),
        nn.Linear(16, 120),
        nn.ReLU(inplace=True),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


@right("02-network")
def _():
    def block(channels_in, channels_out, padding):
        return nn.Sequential(nn.Conv2d(channels_in, channels_out, 5, padding=padding), nn.ReLU(), nn.AvgPool2d(2))

    network = nn.Sequential()
    network.add_module("first", block(1, 6, 2))
    network.add_module("second", block(6, 16, 0))
    network.append(nn.AdaptiveAvgPool2d((1, 1)))
    network.append(nn.Flatten())
    for layer in (nn.Linear(16, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)):
        network.append(layer)
    return network


def layers(activation=nn.ReLU, pool=nn.AvgPool2d, padding=2, last=(), middle=()):
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=padding), activation(), pool(2), nn.Conv2d(6, 16, 5), activation(), pool(2)),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 120), activation(), *middle),
        *(nn.Linear(120, 84), activation(), nn.Linear(84, 10), *last),
    )


wrong("02-network", "without_padding_in_conv1")(lambda: layers(padding=0))
wrong("02-network", "max_pooling")(lambda: layers(pool=nn.MaxPool2d))
wrong("02-network", "tanh_instead")(lambda: layers(activation=nn.Tanh))
wrong("02-network", "softmax_at_the_end")(lambda: layers(last=[nn.Softmax(dim=-1)]))
wrong("02-network", "with_dropout")(lambda: layers(middle=[nn.Dropout(0.3)]))
wrong("02-network", "relu_at_the_end")(lambda: layers(last=[nn.ReLU()]))
wrong("02-network", None)(LeNet)
wrong("02-network", None)(lambda: nn.Sequential(LeNet()))
