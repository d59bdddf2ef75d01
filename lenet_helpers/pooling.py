"""Average pooling in halves: what `fit` computes with in place of nn.AvgPool2d(2) on a CPU.

It adds the rows in pairs, then the columns in pairs, each as one long vector operation.
torch's own pooling visits the four pixels of every window by themselves: in a step of
this network it takes as long as a convolution, forward and backward.
"""

from collections import OrderedDict

import torch
from torch import nn


class HalvingPool(nn.Module):
    """The mean of each 2×2 window, as nn.AvgPool2d(2) gives it.

    Takes and gives float32 of shape (N, C, H, W) and (N, C, H/2, W/2). H and W are even.
    """

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
        quarter = gradient * 0.25  # each of the four pixels has a quarter of the mean
        result = gradient.new_empty(count, channels, 2 * height, 2 * width)
        for row in (0, 1):
            for column in (0, 1):
                result[:, :, row::2, column::2] = quarter
        return result


def with_halving_pools(network):
    """Return a network of the same layers, sharing their parameters, that pools faster.

    Parameters
    ----------
    network : nn.Sequential
        Left as it is.

    Returns
    -------
    nn.Sequential
        With `HalvingPool` wherever `network` has nn.AvgPool2d(2).
    """
    layers = OrderedDict(
        (name, HalvingPool() if isinstance(layer, nn.AvgPool2d) and layer.kernel_size == 2 else layer)
        for name, layer in network.named_children()
    )
    return nn.Sequential(layers)
