"""What is said about an answer: the first thing that is wrong with it, and a hint for each likely mistake."""

import re
from dataclasses import dataclass, replace
from textwrap import fill

import numpy as np

from lenet_helpers.exercises.results import RAISED, Problem, freeze, same, same_values, show, show_array


@dataclass(frozen=True, repr=False)
class Verdict:
    """What `check` answers: true when right, and a text that says why.

    Shown in a notebook or printed, it is its text, broken between words.

    Attributes
    ----------
    name : str
        Of the exercise, such as "01-normalise".
    right : bool
        What `bool` of the verdict gives, so that ``assert check(...)`` works.
    text : str
        All in words. When right, one sentence on what was verified; else, in rows, what failed, on
        which input, what was expected, what came, and a hint. A last row shows the first lines that
        the answer printed, if it printed any.
    failed, expected, got, hint : str
        The rows; empty when right.
    mistake : str or None
        Name of the known mistake that does the same, if there is one.
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
        return wrapped(self.text)

    __str__ = __repr__


def wrapped(text):
    """Break long lines between words: pages break them wherever they end, also inside a word."""
    return "\n".join(map(_wrapped, text.split("\n")))


def _wrapped(line):
    """Break one line; what follows a label such as "hint:", or a bracket, stays in its column."""
    start = re.match(r" +(\w+: +|\[+)?", line)
    indent = " " * start.end() if start else ""
    return fill(line, 88, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def verdict_on(exercise, cases, answer, time_limit):
    """Return the `Verdict` on an `Answer` to these cases."""
    if answer.missing:
        verdict = _not_written(exercise, answer.missing)
    elif answer.stranger:
        got = f"an object of type {answer.stranger}"
        problem = Problem("it is not a function", exercise.signature, got, _without_calling(exercise))
        verdict = _not_right(exercise.name, problem)
    elif answer.endless:
        case = cases[min(len(answer.outcomes), len(cases) - 1)]
        verdict = _endless(exercise, case, time_limit, answer.stopped)
    else:
        verdict = verdict_on_outcomes(exercise, cases, answer.outcomes)
    return replace(verdict, text=verdict.text + _row("printed", answer.printed))


def verdict_on_outcomes(exercise, cases, outcomes):
    """Compare what came of all cases with what comes of the oracle."""
    if all(map(_left_as_released, outcomes)):
        return _not_written(exercise, "it raises NotImplementedError", _IN_ITS_PLACE)
    for words, kind in (("it returns nothing (None)", "None"), ("it returns ...", "ellipsis")):
        if all(_returns_only(outcome, kind) for outcome in outcomes):
            return _not_written(exercise, f"{words}, or the return is missing", _RETURN_MISSING)
    expected = [exercise.outcome(exercise.oracle, case) for case in cases]
    for case, outcome, right in zip(cases, outcomes, expected, strict=True):
        if right.error:
            return cannot_check(exercise.name, right)
        problem = problem_of(exercise, outcome, right)
        if problem:
            mistake, exactly = recognise(exercise, cases, outcomes, expected)
            if mistake:
                hint, known = mistake.hint if exactly else f"{mistake.hint} {problem.advice}".strip(), mistake.name
            else:
                hint, known = problem.advice or _general_hint(exercise, outcomes), problem.mistake
            return _not_right(exercise.name, problem, describe(exercise, case), hint, known)
    return Verdict(exercise.name, True, f"{exercise.name}: right. {exercise.verified}")


def problem_of(exercise, outcome, expected):
    """Return the first thing that is wrong with one outcome, or None."""
    if outcome.error:
        return Problem("it raises an error", "a result", outcome.report, _advice_on_error(exercise, outcome))
    if outcome.damaged:
        names = " and ".join(outcome.damaged)
        return Problem(
            "the input is damaged",
            f"{names} unchanged after the call",
            f"{names} changed in place",
            f"Others still need {names}: make a new array, or start with {outcome.damaged[0]}.copy().",
        )
    if exercise.compare:
        problem = exercise.compare(outcome, expected)
    else:
        problem = exercise.returns.problem(outcome.parts["result"], expected.parts["result"])
    if problem or not (exercise.fresh and outcome.shared):
        return problem
    return Problem(
        "the result is not a copy",
        "an array of its own",
        "the input itself, or a view into it",
        "Whoever changes the result would change the input: return pixels.copy().",
    )


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


def _advice_on_error(exercise, outcome):
    """Return what helps with an exception in any exercise, or an empty string."""
    if RAISED not in outcome.report:
        return f"The check calls {exercise.signature}."
    return _NOT_ONE_TRUTH if "is ambiguous" in outcome.report else _ERROR_ADVICE.get(outcome.error, "")


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
    text = f"{name}: not right yet." + "".join(_row(label, words) for label, words in {**rows, "hint": hint}.items())
    return Verdict(name, False, text, problem.property, problem.expected, problem.got, hint, mistake)


def _row(label, words):
    return f"\n  {label + ':':<10}" + words.replace("\n", "\n" + " " * 12) if words else ""


def cannot_check(name, outcome):
    """Return what is said where the course itself lacks something, such as model.pth."""
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
