"""The training form: a network that trains better and folds into the plain one exactly.

Taught in notebook 03. While training, each weighted layer but the last one gets

* batch normalisation behind it (Ioffe and Szegedy, 2015), and
* in long runs, its weight as a product of two matrices (Arora, Cohen and Hazan, 2018, "On
  the optimization of deep networks: implicit acceleration by overparameterization").

The first convolution sees the images themselves, which don't change. So the mean and the
variance of its outputs follow from those of the images' patches, measured once: it is
normalised without looking at a batch, and costs no more than the plain layer.

All this is linear once training is over: the product is one matrix, and the normalisation
with its running mean and variance is one factor and one offset for each channel. Folded
together they give back a layer of the plain network, which computes the same function.
So the network that is saved has its 15,626 parameters and nothing else.
"""

import copy
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights, fuse_linear_bn_weights


class TrainingForm(nn.Sequential):
    """A plain network in its training form.

    It takes and gives the same shapes as the plain network. Its weights start from the
    plain ones; normalisation changes their scale, so the outputs differ at first.

    Parameters
    ----------
    model : nn.Sequential
        `LeNet`, or any network of layers in a row whose last one is linear. It is left
        as it is until `fold_into`.
    seed : int
        Of the factors' random directions. The global random state is left as it was.
    expansion : int
        Inner size of a factored weight, as a multiple of its larger side; 0 leaves the
        weights whole.
    inputs : Tensor of float32, shape (N, C, H, W), optional
        The training images, for a first layer that is a convolution: it is then normalised
        by their patches instead of batch by batch.
    """

    def __init__(self, model, seed, expansion=0, inputs=None):
        generator = torch.Generator().manual_seed(seed)
        *layers, (last_name, last) = model.named_children()
        form = OrderedDict()
        for name, layer in layers:
            if inputs is not None and not form and isinstance(layer, nn.Conv2d):
                form[name] = NormalisedInputLayer(layer, inputs)
            elif isinstance(layer, nn.Conv2d | nn.Linear):
                form[name] = NormalisedLayer(layer, expansion, generator)
            else:
                form[name] = layer
        form[last_name] = copy.deepcopy(last)  # a new nn.Linear would draw from the global random state
        super().__init__(form)

    @torch.no_grad()
    def fold_into(self, model):
        """Write the plain weights that compute this form's function into `model`."""
        for name, layer in self.named_children():
            if isinstance(layer, NormalisedLayer | NormalisedInputLayer):
                weight, bias = layer.folded()
                model.get_submodule(name).weight.copy_(weight)
                model.get_submodule(name).bias.copy_(bias)
            elif isinstance(layer, nn.Linear):
                model.get_submodule(name).load_state_dict(layer.state_dict())


class NormalisedLayer(nn.Module):
    """A convolution or linear layer, its weight perhaps factored (see `TrainingForm`), then batch normalisation."""

    def __init__(self, layer, expansion, generator):
        super().__init__()
        plain = layer.weight.detach()
        self.shape = plain.shape
        matrix = plain.flatten(1)  # (outputs, inputs), a convolution's kernel as one row
        outputs, inputs = matrix.shape
        if expansion:
            # With orthonormal columns, outer @ inner is the plain weight itself at the start.
            inner = torch.empty(expansion * max(outputs, inputs), inputs)
            inner = nn.init.orthogonal_(inner, generator=generator).to(matrix.device)
            self.inner = nn.Parameter(inner)
            self.outer = nn.Parameter(matrix @ inner.T)
        else:
            self.whole = nn.Parameter(matrix.clone())
        self.factored = expansion > 0
        self.padding = layer.padding if isinstance(layer, nn.Conv2d) else None
        self.convolve = F.conv2d  # or what computes it faster
        norm = nn.BatchNorm1d if self.padding is None else nn.BatchNorm2d
        self.norm = norm(outputs, device=matrix.device)

    def weight(self):
        """Return the weight without the normalisation, in the plain layer's shape."""
        return (self.outer @ self.inner if self.factored else self.whole).view(self.shape)

    def forward(self, x):
        weight = self.weight()
        x = F.linear(x, weight) if self.padding is None else self.convolve(x, weight, padding=self.padding)
        return self.norm(x)

    def folded(self):
        """Return weight and bias of the plain layer that does the same in evaluation mode."""
        fuse = fuse_linear_bn_weights if self.padding is None else fuse_conv_bn_weights
        norm = self.norm
        return fuse(self.weight(), None, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias)


_IMAGES_TO_MEASURE = 500  # some 400,000 patches, for the 25 × 25 numbers of their covariance


class NormalisedInputLayer(nn.Module):
    """A first convolution whose outputs are normalised over the training images.

    For a patch p with mean m and covariance C over all images, the output w · p has the
    mean w · m and the variance w · C w. Stride and dilation are 1.
    """

    def __init__(self, layer, inputs):
        super().__init__()
        self.shape, self.padding, self.convolve = layer.weight.shape, layer.padding, F.conv2d
        self.weight = nn.Parameter(layer.weight.detach().flatten(1).clone())
        self.gain = nn.Parameter(torch.ones_like(self.weight[:, 0]))
        self.offset = nn.Parameter(torch.zeros_like(self.gain))
        chosen = inputs[:: -(-len(inputs) // _IMAGES_TO_MEASURE)]
        patches = F.unfold(chosen, layer.kernel_size, padding=layer.padding).transpose(1, 2).flatten(0, 1)
        self.register_buffer("mean", patches.mean(0))
        self.register_buffer("covariance", (patches - self.mean).T @ (patches - self.mean) / len(patches))

    def forward(self, x):
        weight, bias = self.folded()
        return self.convolve(x, weight, bias, padding=self.padding)

    def folded(self):
        """Return weight and bias of the plain layer that does the same."""
        variance = (self.weight @ self.covariance * self.weight).sum(1)
        weight = self.weight * (self.gain * (variance + 1e-5).rsqrt())[:, None]
        return weight.view(self.shape), self.offset - weight @ self.mean
