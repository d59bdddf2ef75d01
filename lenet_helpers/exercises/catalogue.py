"""Which file holds which exercise; what it asks and its answers stand in two files of the same name."""

from importlib import import_module

_HOMES = {
    "data": ("01-normalise", "01-split", "01-mean-digit"),
    "architecture": ("02-output-size", "02-parameters", "02-convolution", "02-network"),
    "training": ("03-step", "03-learning-rate", "03-early-stopping"),
    "evaluation": ("04-confusion", "04-precision-recall", "04-most-confused", "04-calibration"),
    "inference": ("05-polarity", "05-centre", "05-reader", "05-path"),
}

NAMES = tuple(name for names in _HOMES.values() for name in names)
"""All exercises, in the order of the lessons."""

LESSONS = {f"{names[0][:2]}_{home}": names for home, names in _HOMES.items()}
"""The exercises of each notebook."""

POINTS = 2
"""What each exercise gives."""


def number_of(name):
    """Return the number of an exercise in its notebook, such as "1.2"."""
    (names,) = (names for names in _HOMES.values() if name in names)
    return f"{int(name[:2])}.{names.index(name) + 1}"


def asked_by(name):
    """Return what the exercise of that name asks, as `Asked`: all that is there while a submission is graded."""
    return _find(name, "asked")


def exercise(name):
    """Return the `Exercise` of that name, with its answers. Raises ValueError where there is none of that name."""
    return _find(name, "answers")


def _find(name, folder):
    for home, names in _HOMES.items():
        if name in names:  # "01-mean-digit" is called mean_digit there
            return getattr(import_module(f"lenet_helpers.exercises.{folder}.{home}"), name[3:].replace("-", "_"))
    raise ValueError(f"there is no exercise {name!r}; the exercises are {', '.join(NAMES)}")
