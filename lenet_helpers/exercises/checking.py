"""How an exercise is checked: fresh inputs, an oracle, and a hint for each likely mistake."""

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from textwrap import fill

import numpy as np

from lenet_helpers.exercises.results import Problem, freeze, same, same_values, show, show_array, type_name
from lenet_helpers.exercises.running import RAISED, Endless, Outcome, everything_put_back, guarded, run_each


@dataclass(frozen=True)
class Case:
    """One input: the arguments, and words for them where showing them would not help."""

    arguments: tuple
    words: str = ""


@dataclass(frozen=True)
class Mistake:
    """A wrong implementation and the hint written for it."""

    name: str
    function: Callable
    hint: str


@dataclass
class Exercise:
    """One exercise, as data.

    Attributes
    ----------
    name, signature : str
        Such as "01-normalise" and "normalise(pixels)".
    cases : callable
        Takes a random generator and returns a list of `Case`, in which every mistake shows.
    oracle : callable
        A right implementation.
    returns : Number, Pair, Array or None
        What is asked of the result.
    verified : str
        One sentence: what a right answer has shown.
    hints : tuple of str
        The hint and the worked step.
    observe : callable, optional
        Takes a function and the arguments; returns the `Outcome`. Needed where more than the
        returned value counts.
    fresh : bool
        The result must not lie in the memory of an argument.
    mistakes : list of Mistake
    """

    name: str
    signature: str
    cases: Callable
    oracle: Callable
    returns: object
    verified: str
    hints: tuple
    observe: Callable | None = None
    judge: Callable | None = None
    fresh: bool = False
    mistakes: list = field(default_factory=list)

    def mistake(self, hint):
        """Decorate a wrong implementation with the hint for those who wrote it."""

        def add(function):
            self.mistakes.append(Mistake(function.__name__, function, hint))
            return function

        return add

    def _advice_on(self, outcome):
        """Return what helps with an exception in any exercise, or an empty string."""
        if RAISED not in outcome.report:
            return f"The check calls {self.signature}."
        if "is ambiguous" in outcome.report:
            return _NOT_ONE_TRUTH
        return _ERROR_ADVICE.get(outcome.error, "")

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

    def problem(self, outcome, expected):
        """Return the first thing that is wrong with an outcome, or None."""
        if outcome.error:
            return Problem("it raises an error", "a result", outcome.report, self._advice_on(outcome))
        if not outcome.damaged:
            if self.judge:
                problem = self.judge(outcome, expected)
            else:
                problem = self.returns.problem(outcome.parts["result"], expected.parts["result"])
            if problem:
                return problem
        else:
            names = " and ".join(outcome.damaged)
            return Problem(
                "the input is damaged",
                f"{names} unchanged after the call",
                f"{names} changed in place",
                f"Others still need {names}: make a new array, or start with {outcome.damaged[0]}.copy().",
            )
        if self.fresh and outcome.shared:
            return Problem(
                "the result is not a copy",
                "an array of its own",
                "the input itself, or a view into it",
                "Whoever changes the result would change the input: return pixels.copy().",
            )
        return None


@dataclass(frozen=True, repr=False)
class Verdict:
    """What `check` answers. True when right; its text says why.

    Attributes
    ----------
    name : str
        Of the exercise.
    right : bool
    text : str
    failed, expected, got, hint : str
        What the text is made of; empty when right.
    mistake : str or None
        The known mistake that behaves the same, if there is one.
    """

    name: str
    right: bool
    text: str
    failed: str = ""
    expected: str = ""
    got: str = ""
    hint: str = ""
    mistake: str | None = None

    def __bool__(self):
        return self.right

    def __repr__(self):
        # Pages break long lines wherever they end, also inside a word.
        return "\n".join(_wrapped(line) for line in self.text.split("\n"))

    __str__ = __repr__


def _wrapped(line):
    """Break a long line between words; what follows a label such as "hint:", or a bracket, stays in its column."""
    start = re.match(r" +(\w+: +|\[+)?", line)
    indent = " " * start.end() if start else ""
    return fill(line, 88, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


@dataclass
class Answer:
    """What a candidate did with the cases; plain data, so that it can be judged in another process.

    Attributes
    ----------
    outcomes : list of Outcome
        One for each case that was reached.
    missing : str
        Why there is no function at all; empty when there is one.
    stranger : str
        What was handed over in place of a function; empty when it was one.
    endless : bool
        The call after the last outcome did not end in time.
    stopped : bool
        Whether an endless call could be ended.
    """

    outcomes: list = field(default_factory=list)
    missing: str = ""
    stranger: str = ""
    endless: bool = False
    stopped: bool = True


def check_exercise(exercise, candidate, time_limit, seed):
    """Return the verdict on `candidate`."""
    with everything_put_back():
        cases, failure = guarded(exercise.cases, np.random.default_rng(seed))
        # The oracle's first answer is thrown away: what it imports must not count as the candidate's
        # time, and stopping an import halfway would leave the module broken.
        failure = failure or exercise.outcome(exercise.oracle, cases[0])
        if failure.error:
            return _cannot_check(exercise.name, failure)
        return verdict_on(exercise, cases, answer_of(exercise, candidate, cases, time_limit), time_limit)


def answer_of(exercise, candidate, cases, time_limit):
    """Give the cases to `candidate` and return its `Answer`. Needs neither oracle nor known mistakes."""
    if candidate is None or candidate is Ellipsis:
        return Answer(missing=f"{candidate} was handed over in place of a function")
    if not callable(candidate):
        return Answer(stranger=type_name(candidate))
    try:
        return Answer(run_each(lambda case: exercise.outcome(candidate, case), cases, time_limit))
    except Endless as endless:
        return Answer(endless.finished, endless=True, stopped=endless.stopped)


def verdict_on(exercise, cases, answer, time_limit):
    """Judge an `Answer` to these cases."""
    if answer.missing:
        return _not_written(exercise, answer.missing)
    if answer.stranger:
        return _not_right(
            exercise.name,
            Problem(
                "it is not a function",
                exercise.signature,
                f"an object of type {answer.stranger}",
                _without_calling(exercise),
            ),
        )
    if answer.endless:
        case = cases[min(len(answer.outcomes), len(cases) - 1)]
        return _endless(exercise, case, time_limit, answer.stopped)
    return judge(exercise, cases, answer.outcomes)


def judge(exercise, cases, outcomes):
    """Compare outcomes with the oracle's."""
    if all(map(_left_as_released, outcomes)):
        return _not_written(exercise, "it raises NotImplementedError", _IN_ITS_PLACE)
    for words, kind in (("it returns nothing (None)", "None"), ("it returns ...", "ellipsis")):
        if all(_returns_only(outcome, kind) for outcome in outcomes):
            return _not_written(exercise, f"{words}, or the return is missing", _RETURN_MISSING)
    expected = [exercise.outcome(exercise.oracle, case) for case in cases]
    for case, outcome, right in zip(cases, outcomes, expected, strict=True):
        if right.error:
            return _cannot_check(exercise.name, right)
        problem = exercise.problem(outcome, right)
        if problem:
            mistake, exactly = recognise(exercise, cases, outcomes, expected)
            if mistake:
                hint, known = mistake.hint if exactly else f"{mistake.hint} {problem.advice}".strip(), mistake.name
            else:
                hint, known = problem.advice or _general_hint(exercise, outcomes), problem.mistake
            return _not_right(exercise.name, problem, describe(exercise, case), hint, known)
    return Verdict(exercise.name, True, f"{exercise.name}: right. {exercise.verified}")


def recognise(exercise, cases, outcomes, expected):
    """Return the mistake that does the same as the candidate on every case, and whether exactly so.

    First those that do exactly the same; then those with the same numbers in other types.
    Without either, the mistake is None.
    """
    known = {}

    def theirs(mistake):  # one after the other: the first that differs ends the comparison
        for number, case in enumerate(cases):
            if (mistake.name, number) not in known:
                known[mistake.name, number] = exercise.outcome(mistake.function, case)
            yield known[mistake.name, number]

    for mistake in exercise.mistakes:
        if all(map(_alike, outcomes, theirs(mistake))):
            return mistake, True
    for mistake in exercise.mistakes:
        if all(map(_loosely_alike, outcomes, theirs(mistake))) and not all(
            map(_loosely_alike, expected, theirs(mistake))
        ):
            return mistake, False
    return None, False


def describe(exercise, case):
    """Return the input of a case as text."""
    if case.words:
        return case.words
    texts = []
    for name, value in zip(exercise.parameters, case.arguments, strict=True):
        if isinstance(value, np.ndarray):
            text = show_array(value)
        elif isinstance(value, list):
            text = "[" + ", ".join(f"{item:.6g}" for item in value) + "]"
        else:
            text = show(freeze(value))
        texts.append(f"{name} = {text}")
    return ("\n" if any("\n" in text for text in texts) else ", ").join(texts)


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


def _alike(one, other):
    return (
        _kind_of_error(one) == _kind_of_error(other)
        and one.damaged == other.damaged
        and one.shared == other.shared
        and one.parts.keys() == other.parts.keys()
        and all(same(one.parts[part], other.parts[part]) for part in one.parts)
    )


def _loosely_alike(one, other):
    return (
        _kind_of_error(one) == _kind_of_error(other)
        and one.parts.keys() == other.parts.keys()
        and all(same_values(one.parts[part], other.parts[part]) for part in one.parts)
    )


def _kind_of_error(outcome):
    """Return the exception's type and message, without place, numbers and quoted names, which differ between styles."""
    if outcome.error in (None, "ZeroDivisionError"):
        return outcome.error
    return outcome.error, re.sub(r"'[^']*'|[\d.]+", "", outcome.report.partition(RAISED)[0])


def _left_as_released(outcome):
    """Whether the function is still the one that students are given: torch raises this kind of error as well."""
    if outcome.error != "NotImplementedError":
        return False
    words, _, place = outcome.report.partition(RAISED)
    return words == outcome.error or f"raise {outcome.error}" in place


def _returns_only(outcome, kind):
    result = outcome.parts.get("result")
    return result is not None and kind in (result.kind, result.type_name)


def _general_hint(exercise, outcomes):
    first = outcomes[0]
    constant = len(outcomes) > 2 and not first.error and all(_alike(first, outcome) for outcome in outcomes)
    if constant:
        return f"It gives the same for every input. Does it use {' and '.join(exercise.parameters)}?"
    return exercise.hints[0]


_NOT_ONE_TRUTH = (
    "if, while, and, or ask for one True or False, and an array holds many. Use it as a mask, values[mask], or ask "
    "for one entry at a time."
)
_ERROR_ADVICE = {
    "NameError": "Python does not know that name. Is it spelled right? Does it need np. or torch. in front? Has the "
    "cell that defines or imports it been run?",
    "UnboundLocalError": "The name is used before it has a value: give it one before the loop or the if.",
    "RecursionError": "The function calls itself without end.",
}
_IN_ITS_PLACE = "Put your code in the place of that line, and end with return."
_RETURN_MISSING = "End with return and the result: print only shows a value, return hands it over."


def _without_calling(exercise):
    name = exercise.function_name
    return f'Hand over the function itself, without calling it: check("{exercise.name}", {name}), not {name}(...).'


def _not_written(exercise, why, hint=None):
    hint = hint or _without_calling(exercise)
    text = f"{exercise.name}: not written yet: {why}. {hint}"
    return Verdict(exercise.name, False, text, failed="not written yet", got=why, hint=hint)


def _not_right(name, problem, described="", hint=None, mistake=None):
    hint = problem.advice if hint is None else hint
    rows = {"failed": problem.property, "input": described, "expected": problem.expected, "got": problem.got}
    lines = [f"{name}: not right yet."]
    for label, text in {**rows, "hint": hint}.items():
        if text:
            lines.append(f"  {label + ':':<10}" + text.replace("\n", "\n" + " " * 12))
    return Verdict(name, False, "\n".join(lines), problem.property, problem.expected, problem.got, hint, mistake)


def _cannot_check(name, outcome):
    """The course itself lacks something, such as model.pth."""
    reason = outcome.report.partition(RAISED)[0]
    hint = "This is no mistake of yours: the course's own answer fails here as well."
    return _not_right(name, Problem("it can't be checked here", "a right answer", reason, hint))


def _endless(exercise, case, time_limit, stopped):
    problem = Problem(
        "it does not end",
        f"a result within {time_limit:g} seconds",
        "none; it was stopped" if stopped else "none, and it can't be stopped: restart the kernel",
    )
    hint = "Look for a loop whose condition never becomes false, or for one that is far too long."
    return _not_right(exercise.name, problem, describe(exercise, case), hint)
