"""Attempts at the exercises, as students make them; `tools/mutants.py` judges the hints by them.

Only hand three knew neither hints nor known mistakes, so its figure is the one that counts; one and two were written
while the hints were, and by the same hand.

A hand is a file. Each attempt notes its exercise and a pattern for the words that a hint naming its mistake must hold;
a right one notes none. Attempts are run among the names of the solved notebook, as they would be in a cell.
"""

from importlib import import_module

HANDS = ("one", "two", "three")


def attempts_of(hand):
    """Return what a hand wrote: tuples of the exercise, the pattern (None for a right answer) and the function."""
    return import_module(f"answers.fresh.{hand}").ATTEMPTS


def notebook():
    """Return an empty list of attempts and the decorator that notes them there."""
    attempts = []

    def attempt(name, naming=None):
        def note(function):
            attempts.append((name, naming, function))
            return function

        return note

    return attempts, attempt
