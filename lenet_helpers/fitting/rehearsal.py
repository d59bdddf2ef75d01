"""Rehearsal: who learns from new images goes through old ones as well, and so forgets less."""

import numpy as np

from lenet_helpers.data import Split

OLD, OWN_SHARE = 3000, 0.1
"""How many old images are mixed in, and the least share of all that are one's own."""


def with_old(own, old, seed):
    """Join images of one's own, each as often as their share asks for, to old ones that are drawn: a Split."""
    chosen = np.random.default_rng(seed).permutation(len(old))[:OLD]
    times = max(1, round(OWN_SHARE / (1 - OWN_SHARE) * len(chosen) / len(own)))
    pixels = np.concatenate([old.pixels[chosen], *[own.pixels] * times])
    return Split(own.name, pixels, np.concatenate([old.labels[chosen], *[own.labels] * times]))
