"""Augmentation: new training images from old ones, a whole batch at a time.

Taught in notebook 03. Geometry (shift, rotation, scale, shear, smooth distortion)
and stroke width are what handwriting varies and a label does not depend on. The
random numbers come from the generator that is handed in, so the course's training
neither reads nor moves torch's global random state.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass(frozen=True)
class Augmentation:
    """How far each property of a digit may be changed; 0 leaves it alone.

    Attributes
    ----------
    rotation : float
        Largest angle in degrees, either way.
    scale : float
        Largest change of width and of height, each on its own, as a natural
        logarithm: 0.1 is a factor between 0.90 and 1.11.
    shear : float
        Largest horizontal shift of the top row against the middle one, as a fraction
        of half the image: slant.
    shift : float
        Largest move in x and in y, in pixels.
    distortion : float
        Standard deviation, in pixels, of a smooth random displacement.
    stroke : float
        Largest change of stroke width: 1 is one pixel thicker or thinner on each side.
    stroke_share : float
        Share of the images whose stroke width is changed at all, 0 to 1.
    """

    rotation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    distortion: float = 0.0
    stroke: float = 0.0
    stroke_share: float = 0.6


def augment(inputs, augmentation, generator):
    """Return randomly changed copies of `inputs`. Taught in notebook 03.

    Every image gets its own random numbers, and all images are changed at once.

    Parameters
    ----------
    inputs : Tensor of float32, shape (N, 1, 28, 28), range [-1, 1]
        Left as they are.
    augmentation : Augmentation
    generator : torch.Generator
        On the CPU, so that every device sees the same changes.

    Returns
    -------
    Tensor of float32, shape (N, 1, 28, 28), range [-1, 1]
    """
    return apply_changes(inputs, draw_changes(len(inputs), augmentation, generator))


@dataclass(frozen=True)
class Changes:
    """What happens to each of N images; the random part of `augment`. Shapes (N,), (N, 2, 3) and (N, 2, 5, 5)."""

    stroke: torch.Tensor | None  # above 0 thicker, below 0 thinner; 1 is one pixel on each side
    matrices: torch.Tensor  # where each pixel comes from: rotation · shear · scale, and the shift in half images
    displacement: torch.Tensor | None  # further shifts, in half images; smooth between their places

    def part(self, images):
        """Return the changes of some images; `images` is a slice or a tensor of indices."""
        return Changes(*(None if value is None else value[images] for value in vars(self).values()))


def draw_changes(count, augmentation, generator):
    """Draw the `Changes` of `count` images; the random numbers come from `generator`."""
    stroke = _stroke_changes(count, augmentation, generator) if augmentation.stroke else None
    matrices = _affine_matrices(count, augmentation, generator)
    displacement = None
    if augmentation.distortion:
        displacement = torch.randn(count, 2, 5, 5, generator=generator) * (augmentation.distortion / 14)
    return Changes(stroke, matrices, displacement)


def apply_changes(inputs, changes):
    """Return copies of `inputs`, shape (N, 1, 28, 28), range [-1, 1], each changed as `changes` says."""
    device = inputs.device
    if changes.stroke is not None:
        inputs = _change_stroke_width(inputs, changes.stroke.to(device)[:, None, None, None])
    grid = F.affine_grid(changes.matrices.to(device), inputs.shape, align_corners=False)
    if changes.displacement is not None:
        smooth = F.interpolate(changes.displacement.to(device), size=28, mode="bicubic", align_corners=True)
        grid = grid + smooth.permute(0, 2, 3, 1)
    # grid_sample fills what comes from outside the image with 0; background is -1.
    return F.grid_sample(inputs + 1, grid, align_corners=False) - 1


def _affine_matrices(count, augmentation, generator):
    """One 2×3 matrix an image: rotation · shear · scale, then the shift (in half images)."""

    def uniform(limit):
        return (2 * torch.rand(count, generator=generator) - 1) * limit

    angle = uniform(math.radians(augmentation.rotation))
    scale_x, scale_y = uniform(augmentation.scale).exp(), uniform(augmentation.scale).exp()
    shear = uniform(augmentation.shear)
    shift_x, shift_y = uniform(augmentation.shift / 14), uniform(augmentation.shift / 14)
    cos, sin = angle.cos(), angle.sin()
    row_x = torch.stack([cos * scale_x, (cos * shear - sin) * scale_y, shift_x], dim=1)
    row_y = torch.stack([sin * scale_x, (sin * shear + cos) * scale_y, shift_y], dim=1)
    return torch.stack([row_x, row_y], dim=1)


def _stroke_changes(count, augmentation, generator):
    """The change of each stroke width, 0 for those that stay as they are."""
    amount = (2 * torch.rand(count, generator=generator) - 1) * augmentation.stroke
    return amount * (torch.rand(count, generator=generator) < augmentation.stroke_share)


def _change_stroke_width(inputs, amount):
    """Blend each image with its dilation (thicker) or its erosion (thinner), both 3×3."""
    sign = torch.where(amount < 0, -1.0, 1.0)  # an erosion is the dilation of the negative
    changed = sign * _dilation(sign * inputs)
    return inputs + amount.abs() * (changed - inputs)


def _dilation(inputs):
    """The greatest of each pixel and its neighbours, first up and down, then left and right.

    Whole rows at a time; F.max_pool2d visits the nine pixels of every window by themselves
    and takes several times as long.
    """
    for axis in (2, 3):
        last = inputs.shape[axis] - 1
        before, after = inputs.narrow(axis, 0, last), inputs.narrow(axis, 1, last)
        greatest = inputs.clone()
        torch.maximum(greatest.narrow(axis, 0, last), after, out=greatest.narrow(axis, 0, last))
        torch.maximum(greatest.narrow(axis, 1, last), before, out=greatest.narrow(axis, 1, last))
        inputs = greatest
    return inputs
