"""The training form: a network that trains better and folds into the plain one exactly.

Taught in notebook 03. While training, each weighted layer but the last one gets

* batch normalisation behind it (Ioffe and Szegedy, 2015), and
* its weight as a product of two matrices (Arora, Cohen and Hazan, 2018, "On the
  optimization of deep networks: implicit acceleration by overparameterization").

Both are linear once training is over: the product is one matrix, and the normalisation
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

EXPANSION = 2
"""Inner size of a factored weight, as a multiple of its larger side."""


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
    """

    def __init__(self, model, seed):
        generator = torch.Generator().manual_seed(seed)
        *layers, (last_name, last) = model.named_children()
        form = OrderedDict()
        for name, layer in layers:
            weighted = isinstance(layer, nn.Conv2d | nn.Linear)
            form[name] = NormalisedLayer(layer, generator) if weighted else layer
        form[last_name] = copy.deepcopy(last)  # a new nn.Linear would draw from the global random state
        super().__init__(form)

    @torch.no_grad()
    def fold_into(self, model):
        """Write the plain weights that compute this form's function into `model`."""
        for name, layer in self.named_children():
            if isinstance(layer, NormalisedLayer):
                weight, bias = layer.folded()
                model.get_submodule(name).weight.copy_(weight)
                model.get_submodule(name).bias.copy_(bias)
            elif isinstance(layer, nn.Linear):
                model.get_submodule(name).load_state_dict(layer.state_dict())


class NormalisedLayer(nn.Module):
    """A convolution or linear layer with a factored weight, then batch normalisation.

    Parameters
    ----------
    layer : nn.Conv2d or nn.Linear
        Gives the shape and the first weight.
    generator : torch.Generator
        For the random directions of the inner factor.
    """

    def __init__(self, layer, generator):
        super().__init__()
        plain = layer.weight.detach()
        self.shape = plain.shape
        matrix = plain.flatten(1)  # (outputs, inputs), a convolution's kernel as one row
        outputs, inputs = matrix.shape
        # With orthonormal columns, outer @ inner is the plain weight itself at the start.
        inner = torch.empty(EXPANSION * max(outputs, inputs), inputs)
        inner = nn.init.orthogonal_(inner, generator=generator).to(matrix.device)
        self.inner = nn.Parameter(inner)
        self.outer = nn.Parameter(matrix @ inner.T)
        self.padding = layer.padding if isinstance(layer, nn.Conv2d) else None
        norm = nn.BatchNorm1d if self.padding is None else nn.BatchNorm2d
        self.norm = norm(outputs, device=matrix.device)

    def forward(self, x):
        weight = (self.outer @ self.inner).view(self.shape)
        x = F.linear(x, weight) if self.padding is None else F.conv2d(x, weight, padding=self.padding)
        return self.norm(x)

    def folded(self):
        """Return weight and bias of the plain layer that does the same in evaluation mode."""
        weight = (self.outer @ self.inner).view(self.shape)
        fuse = fuse_linear_bn_weights if self.padding is None else fuse_conv_bn_weights
        norm = self.norm
        return fuse(weight, None, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias)
