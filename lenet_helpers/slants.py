"""Reading an image at several slants, and averaging what the network answers.

Taught in notebook 05. A label does not depend on the slant of the hand, but the network's
mistakes do: it may take an upright digit wrongly and the slanted one rightly. Averaged over
copies at several slants, such chance mistakes lose their weight ("test-time augmentation").
"""

from functools import lru_cache

import torch
import torch.nn.functional as F

from lenet_helpers.architecture import forward_in_batches

SLANTS = (-0.4, -0.2, 0.0, 0.2, 0.4)
"""How far the top row moves against the middle one, as a fraction of half the image."""


_AT_ONCE = 1000  # bounds the memory


def at_slants(inputs, slants=SLANTS):
    """Return each image at each slant. Taught in notebook 05.

    Parameters
    ----------
    inputs : Tensor of float32, shape (N, 1, 28, 28), range [-1, 1]
    slants : sequence of S floats
        0 leaves an image as it is; above 0, the top leans to the right.

    Returns
    -------
    Tensor of float32, shape (S, N, 1, 28, 28), range [-1, 1]
    """
    return torch.stack([_slanted(inputs, slant) if slant else inputs for slant in slants])


def _slanted(inputs, slant):
    grid = _grid(slant, *inputs.shape[2:], inputs.device).expand(len(inputs), -1, -1, -1)
    return F.grid_sample(inputs + 1, grid, align_corners=False) - 1  # outside is background, -1


@lru_cache(32)
def _grid(slant, height, width, device):
    """Where each pixel of a slanted image is looked up: (1, H, W, 2), the same for all images."""
    # Each row of the result is looked up so far to the side; y runs downwards from -1 to 1.
    matrix = torch.tensor([[[1.0, slant, 0.0], [0.0, 1.0, 0.0]]], device=device)
    return F.affine_grid(matrix, (1, 1, height, width), align_corners=False)


def probabilities_over_slants(model, inputs, slants=SLANTS):
    """Return the mean of the probabilities that `model` gives each image at each slant.

    Parameters
    ----------
    model : nn.Module
    inputs : Tensor of float32, shape (N, 1, 28, 28), range [-1, 1]
    slants : sequence of float

    Returns
    -------
    Tensor of float64, shape (N, 10), on the model's device
        Each row sums to 1.
    """
    means = []
    for chunk in inputs.split(_AT_ONCE):
        logits = forward_in_batches(model, at_slants(chunk, slants).flatten(0, 1))
        # In double precision, so that the ten numbers add up to 1 as well as float32 can tell.
        means.append(logits.double().softmax(dim=1).view(len(slants), len(chunk), -1).mean(dim=0))
    return torch.cat(means)
