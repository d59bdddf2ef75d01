"""Answers for the tests and for tools/mutants.py, a file a lesson: right ones in many styles, and wrong ones."""

from answers import architecture, data, evaluation, inference, training  # noqa: F401 - each notes its own
from answers.planting import RIGHT, WRONG

__all__ = ["RIGHT", "WRONG"]
