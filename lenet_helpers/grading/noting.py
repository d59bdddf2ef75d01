"""In a notebook's own Python, while `lenet hand-in` runs it: notes what `check` says."""

import functools
import json

import lenet_helpers
from lenet_helpers import exercises


def note_verdicts(path):
    """Let `check` write a line of JSON into a file for each answer, besides giving it."""
    plain = exercises.check

    @functools.wraps(plain)
    def check(name, *given, **options):
        verdict = plain(name, *given, **options)
        with open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps([name, verdict.right]) + "\n")
        return verdict

    exercises.check = lenet_helpers.check = check
