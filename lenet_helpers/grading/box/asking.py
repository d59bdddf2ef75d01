"""`check`, `hint` and `progress` while a submission is graded.

This file takes the place of ``lenet_helpers/exercises/__init__.py`` in the course folder
that a submission sees. Its `check` judges nothing: it notes what the function did with
inputs that the judge chose, and sends that to the judge, a process outside of the
sandbox, which alone has the right answers. Whoever changes something here can only
change what is sent; the judge compares it with what is right.
"""

import contextlib
import os
import socket
import sys

import numpy as np

from lenet_helpers.exercises.catalogue import NAMES, asked_by
from lenet_helpers.exercises.checking import answer_of
from lenet_helpers.exercises.running import everything_put_back
from lenet_helpers.exercises.verdicts import Verdict
from lenet_helpers.exercises.wire import pack_answer

__all__ = ["NAMES", "TIME_LIMIT_SECONDS", "Verdict", "check", "hint", "progress"]

TIME_LIMIT_SECONDS = 10.0


def check(name, candidate, *, time_limit=TIME_LIMIT_SECONDS, seed=None):
    """Ask the judge whether the answer to an exercise is right. It says yes or no, without reasons."""
    exercise = asked_by(name)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(os.environ["LENET_JUDGE"])
        with connection.makefile("rwb") as lines:
            lines.write(f"{name}\n".encode())
            lines.flush()
            seed, seconds = map(int, lines.readline().split())
            # Importing torch takes longer than all the rest; a lesson without it has nothing of it to be put back.
            with everything_put_back() if "torch" in sys.modules else contextlib.nullcontext():
                cases = exercise.cases(np.random.default_rng(seed))
                exercise.outcome(lambda *_: None, cases[0])  # what it imports must not count as the candidate's time
                answer = answer_of(exercise, candidate, cases, seconds)
            lines.write(pack_answer(answer))
            lines.flush()
            right = lines.readline() == b"right\n"
    return Verdict(name, right, f"{name}: {'right' if right else 'not right yet'}.")


def hint(name, stage=1):
    """Hints are for writing, not for grading."""
    return f"{asked_by(name).name}: no hints while this is graded"


def progress(lesson=None):
    """Nothing is kept while this is graded."""
    return "no progress while this is graded"
