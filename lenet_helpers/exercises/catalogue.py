"""Which file holds which exercise."""

import importlib

_HOMES = {
    "data": ("01-normalise", "01-split", "01-mean-digit"),
    "architecture": ("02-output-size", "02-parameters", "02-convolution", "02-network"),
    "training": ("03-step", "03-learning-rate", "03-early-stopping"),
    "evaluation": ("04-confusion", "04-precision-recall", "04-most-confused", "04-calibration"),
    "inference": ("05-polarity", "05-centre", "05-reader"),
}

NAMES = tuple(name for names in _HOMES.values() for name in names)
"""All exercises, in the order of the lessons."""


def exercise(name):
    """Return the `Exercise` of that name, with its oracle and its list of mistakes.

    Raises
    ------
    ValueError
        There is no exercise of that name.
    """
    for home, names in _HOMES.items():
        if name in names:
            module = importlib.import_module(f"lenet_helpers.exercises.{home}")
            return next(one for one in module.EXERCISES if one.name == name)
    raise ValueError(f"there is no exercise {name!r}; the exercises are {', '.join(NAMES)}")
