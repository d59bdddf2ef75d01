"""A digit changed by exactly so much: turned, scaled, leaning, moved, thicker, noisy."""

from dataclasses import dataclass, fields, replace

import numpy as np
import torch

from lenet_helpers.data import to_input
from lenet_helpers.fitting.augmentation import Changes, apply_changes


@dataclass(frozen=True)
class Change:
    """By how much a digit is changed; as it stands, by nothing."""

    rotation: float = 0.0  # degrees, counter-clockwise
    scale: float = 1.0  # factor of width and height, above 0
    shear: float = 0.0  # how far the top leans to the right, as a fraction of half the image
    right: float = 0.0  # pixels
    down: float = 0.0
    stroke: float = 0.0  # thicker by so many pixels on each side, thinner below 0; in [-1, 1]
    noise: float = 0.0  # standard deviation of normal noise, as a share of full ink; the same noise each time


def changed(pixels, changes):
    """Return one digit, uint8 (28, 28), changed in several ways: uint8, shape (N, 28, 28)."""
    inputs = to_input(pixels).expand(len(changes), -1, -1, -1)
    stroke = torch.tensor([change.stroke for change in changes])
    matrices = torch.from_numpy(np.stack([_where_from(change) for change in changes]))
    outputs = apply_changes(inputs, Changes(stroke if stroke.any() else None, matrices, None))
    noise = np.random.default_rng(0).normal(size=(28, 28))
    strength = np.array([change.noise for change in changes])[:, None, None]
    values = 255 * (outputs[:, 0].double().numpy() + 1) / 2 + 255 * strength * noise
    return np.rint(values.clip(0, 255)).astype(np.uint8)


def _where_from(change):
    """The 2×3 matrix that says where each pixel of the result comes from, in half images."""
    angle = np.radians(change.rotation)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])  # y points down
    lean = np.array([[1, -change.shear], [0, 1]])
    back = np.linalg.inv(turn @ lean * change.scale)
    move = np.array([change.right, change.down]) / 14
    return np.column_stack([back, -back @ move]).astype(np.float32)


NAMES = tuple(field.name for field in fields(Change))


def series(name, values):
    """Return a `Change` of one kind for each value: ``series("rotation", [0, 10, 20])``."""
    return [replace(Change(), **{name: float(value)}) for value in values]
