"""What an exercise consists of: what it asks, and, apart from that, what its right and its wrong answers are."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lenet_helpers.exercises.results import Outcome, freeze, same
from lenet_helpers.exercises.running import guarded


@dataclass(frozen=True)
class Case:
    """One input: the arguments, and words for them where showing them would not help."""

    arguments: tuple
    words: str = ""


@dataclass
class Asked:
    """What an exercise asks: enough to try an answer, and nothing of how it is judged."""

    name: str  # such as "01-normalise"
    signature: str  # such as "normalise(pixels)"
    cases: Callable  # takes a random generator and returns a list of `Case`, in which every mistake shows
    observe: Callable | None = None  # takes a function and arguments, returns the `Outcome`: more than a result counts
    fresh: bool = False  # the result must not lie in the memory of an argument

    @property
    def function_name(self):
        return self.signature.partition("(")[0]

    @property
    def parameters(self):
        inside = self.signature.partition("(")[2].rstrip(")")
        return [name.strip() for name in inside.split(",") if name.strip()]

    def outcome(self, function, case):
        """Call `function` on copies of the case's arguments and note what it did."""
        if self.observe:
            outcome, failure = guarded(self.observe, function, *case.arguments, blame=function)
            return failure or outcome
        arguments = copy.deepcopy(case.arguments)
        value, failure = guarded(function, *arguments)
        outcome = failure or Outcome({"result": freeze(value)})
        outcome.damaged = changed(self.parameters, case.arguments, arguments)
        outcome.shared = type(value) is np.ndarray and any(
            isinstance(argument, np.ndarray) and np.shares_memory(value, argument) for argument in arguments
        )
        return outcome


@dataclass(frozen=True)
class KnownMistake:
    """A wrong answer, and the hint for those who gave it."""

    name: str
    function: Callable
    hint: str


@dataclass(kw_only=True)
class Exercise(Asked):
    """An exercise with its answers."""

    oracle: Callable  # a right answer
    returns: object = None  # what is asked of its result: a `Number`, a `Pair` or an `Array`
    compare: Callable | None = None  # in place of it: takes an outcome and the right one, returns a `Problem` or None
    verified: str  # one sentence: what a right answer has shown
    hints: tuple  # the hint and the worked step
    mistakes: list  # of `KnownMistake`; of two that do the same, the first one counts
    clues: tuple = ()  # pairs of a pattern in the source of a wrong answer and the hint for it
    forbids: tuple = ()  # pairs of a pattern that the source of a right answer must not hold and the reason


def known(*rows):
    """Return a table of rows (name, function, hint) as known mistakes."""
    return [KnownMistake(*row) for row in rows]


def changed(names, originals, copies):
    """Return the names of the arguments that no longer are what they were."""
    return tuple(name for name, one, other in zip(names, originals, copies, strict=True) if not _untouched(one, other))


def _untouched(original, now):
    if hasattr(original, "detach"):
        original, now = original.detach().numpy(), now.detach().numpy()
    if isinstance(original, np.ndarray):
        return (
            original.shape == now.shape
            and original.dtype == now.dtype
            and np.array_equal(original, now, equal_nan=original.dtype.kind == "f")
        )
    return same(freeze(original), freeze(now))
