"""The same layers, computed faster: what `fit` trains with on a CPU.

In two places of this network, torch's own layers are slow:

* The gradient of the first convolution's weights takes several times as long as the
  convolution. It is a convolution itself, and computed as one it does not.
* Average pooling visits the four pixels of every window by themselves. Adding whole rows,
  then columns, or whole planes, is a few long vector operations.

The first layer goes one step further. Its outputs are only ever looked at in windows of
2×2, so it computes the four pixels of a window as four channels, of a convolution with a
3×3 kernel over the 2×2 blocks of the image ("space to depth"). More channels and smaller
planes suit the processor's vectors, and the pooling that follows is a mean over planes.

Results and gradients are those of torch's own layers but for the rounding.
"""

import copy
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn


def convolve_in_quarters(images, weight, bias=None, padding=0):
    """Return ``F.conv2d(images, weight, bias, padding=padding)``, its pixels in another order.

    Images have even sides, kernels odd ones. For F.conv2d's shape (N, outputs, H', W') the
    result's is (N, outputs, 2 H', W'/2): first the pixels in even rows and even columns, below
    them those in even rows and odd columns, and so on. So each pooling window has one pixel in
    each quarter, at the same place.
    """
    down, across = (padding, padding) if isinstance(padding, int) else padding
    blocks = F.pixel_unshuffle(F.pad(images, (across, across, down, down)), 2)
    # The kernel at each of its four places within a kernel one larger, which moves in steps of two.
    shifted = [F.pad(weight, (column, 1 - column, row, 1 - row)) for row in (0, 1) for column in (0, 1)]
    weight = F.pixel_unshuffle(torch.stack(shifted, dim=1), 2)  # (outputs, 4, 4 C, (k+1)/2, (l+1)/2)
    bias = None if bias is None else bias.repeat_interleave(4)
    x = _convolve(blocks, weight.flatten(0, 1), bias)
    return x.view(len(x), len(weight), 4 * x.shape[2], x.shape[3])


def _convolve(inputs, weight, bias):
    return (F.conv2d if inputs.requires_grad else _ConvolveData.apply)(inputs, weight, bias)


class _ConvolveData(torch.autograd.Function):
    """A convolution of data, which need no gradient."""

    @staticmethod
    def forward(ctx, inputs, weight, bias):
        ctx.save_for_backward(inputs)
        ctx.has_bias = bias is not None
        return F.conv2d(inputs, weight, bias)

    @staticmethod
    def backward(ctx, gradient):
        (inputs,) = ctx.saved_tensors
        # A weight multiplies the input at one offset, at all places of all images. So its
        # gradient is the sum of input times gradient over all of them, at that offset: a
        # convolution in which the images of the batch stand where channels usually do.
        weight = F.conv2d(inputs.transpose(0, 1), gradient.transpose(0, 1)).transpose(0, 1)
        return None, weight, gradient.sum((0, 2, 3)) if ctx.has_bias else None


class QuarteredConvolution(nn.Module):
    """An nn.Conv2d of stride 1 in one group, computed by `convolve_in_quarters`, sharing its parameters."""

    def __init__(self, layer):
        super().__init__()
        self.weight, self.bias, self.padding = layer.weight, layer.bias, layer.padding

    def forward(self, x):
        return convolve_in_quarters(x, self.weight, self.bias, self.padding)


class QuarteredReluPool(nn.Module):
    """ReLU, then the mean of each 2×2 window, of what is laid out in quarters."""

    def forward(self, x):
        return _ReluPool.apply(x)


class _ReluPool(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        count, channels, height, width = x.shape
        positive = x.relu().view(count, channels, 4, height // 4 * width)
        ctx.save_for_backward(positive)
        return positive.mean(dim=2).view(count, channels, height // 4, width)

    @staticmethod
    def backward(ctx, gradient):
        (positive,) = ctx.saved_tensors
        quarter = (gradient * 0.25).flatten(2).unsqueeze(2)  # each of the four pixels has a quarter of the mean
        result = positive.sign().mul_(quarter)  # a pixel that ReLU set to zero has no share
        return result.view(*gradient.shape[:2], -1, gradient.shape[3])


class HalvingPool(nn.Module):
    """The mean of each 2×2 window, as nn.AvgPool2d(2) gives it where height and width are even."""

    def forward(self, x):
        return _Halve.apply(x)


class _Halve(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        rows = x[:, :, ::2] + x[:, :, 1::2]
        return (rows[..., ::2] + rows[..., 1::2]) * 0.25

    @staticmethod
    def backward(ctx, gradient):
        count, channels, height, width = gradient.shape
        quarter = gradient * 0.25
        result = gradient.new_empty(count, channels, 2 * height, 2 * width)
        for row in (0, 1):
            for column in (0, 1):
                result[:, :, row::2, column::2] = quarter
        return result


def with_quick_layers(network):
    """Return a network of the same layers and names, sharing their parameters, that trains faster.

    A first convolution that is followed by ReLU and nn.AvgPool2d(2) is computed in quarters;
    every other nn.AvgPool2d(2) is a `HalvingPool`. Its inputs are images of even height and width.
    """
    layers = OrderedDict(network.named_children())
    names = list(layers)
    if len(names) >= 3:
        first, relu, pool = (layers[name] for name in names[:3])
        quartered = _in_quarters(first)
        if quartered is not None and isinstance(relu, nn.ReLU) and _halves(pool):
            layers.update(zip(names[:3], (quartered, QuarteredReluPool(), nn.Identity()), strict=True))
    return nn.Sequential(
        OrderedDict((name, HalvingPool() if _halves(layer) else layer) for name, layer in layers.items())
    )


def _halves(layer):
    return isinstance(layer, nn.AvgPool2d) and layer.kernel_size == 2


def _in_quarters(layer):
    """Return what computes a first layer in quarters, or None where that can't be done."""
    kernel = layer.shape[2:] if hasattr(layer, "convolve") else getattr(layer, "kernel_size", ())
    if len(kernel) != 2 or not all(side % 2 for side in kernel) or isinstance(layer.padding, str):
        return None
    if hasattr(layer, "convolve"):  # a layer of the training form
        layer = copy.copy(layer)  # a shallow copy: it shares parameters and running averages
        layer.convolve = convolve_in_quarters
        return layer
    plain = (layer.stride, layer.dilation, layer.groups, layer.padding_mode) == ((1, 1), (1, 1), 1, "zeros")
    return QuarteredConvolution(layer) if plain else None
