"""What is said about an answer: the first thing that is wrong with it, and a hint for each likely mistake."""

import html
import re
from dataclasses import dataclass, replace
from textwrap import fill

import numpy as np

from lenet_helpers.exercises.reading_source import clue, slip, unused
from lenet_helpers.exercises.results import RAISED, Problem, freeze, same, same_values, show, show_array

NOT_WRITTEN = "not written yet"


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

    def _repr_html_(self):
        """The same text with a sign and a colour, for notebooks; black or white on both stays readable."""
        sign, colour = ("✓", "#1a7f37") if self.right else ("✗", "#cf222e")
        style = f"border-left: 4px solid {colour}; padding-left: 0.8em; white-space: pre-wrap; word-break: normal"
        return f'<pre style="{style}"><b style="color: {colour}">{sign}</b> {html.escape(repr(self))}</pre>'


def wrapped(text):
    """Break long lines between words: pages break them wherever they end, also inside a word."""
    return "\n".join(map(_wrapped, text.split("\n")))


def _wrapped(line):
    """Break one line, unless it is an array's row; what follows a label such as "hint:" stays in its column."""
    if line.lstrip().startswith("["):
        return line
    start = re.match(r" +(\w+: +)?", line)
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
        verdict = verdict_on_outcomes(exercise, cases, answer.outcomes, answer.source, answer.borrowed)
    return replace(verdict, text=verdict.text + _row("printed", answer.printed))


def verdict_on_outcomes(exercise, cases, outcomes, source="", borrowed=()):
    """Compare what came of all cases with what comes of the oracle; the source only helps to find the hint."""
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
            found = slip(source, borrowed, exercise.parameters)
            read = found or clue(source, exercise.forbids)
            if not outcome.damaged:  # the damage is certain, what the source suggests is not
                read = read or clue(source, exercise.clues)
            if mistake and (exactly or not read):
                texts = (mistake.hint, "" if exactly else problem.advice, "" if found in mistake.hint else found)
                hint, known = " ".join(filter(None, texts)), mistake.name
            else:
                never = "" if outcome.error not in (None, "NameError") else unused(source, exercise.parameters)
                hint = read or (f"{problem.advice} {never}".strip() if outcome.error else never or problem.advice)
                hint, known = hint or _general_hint(exercise, outcomes, problem), problem.mistake
            return _not_right(exercise.name, problem, describe(exercise, case), hint, known)
    reason = clue(source, exercise.forbids)
    if reason:
        problem = Problem("the way it is done", "another way to the same result", "what the exercise rules out", reason)
        return _not_right(exercise.name, problem)
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
    words = outcome.report.partition(RAISED)[0]
    return next((advice for pattern, advice in _ERROR_ADVICE if re.search(pattern, words)), "")


def _general_hint(exercise, outcomes, problem):
    first = outcomes[0]
    constant = len(outcomes) > 2 and all(_alike(first, outcome) for outcome in outcomes)
    if constant and problem.property.startswith("the value"):
        return f"It gives the same for every input. Does it use {' and '.join(exercise.parameters)}?"
    return exercise.hints[0]


_ERROR_ADVICE = (
    ("is ambiguous", "if, while, and, or ask for one True or False, and an array holds many. Use it as a mask, "
     "values[mask], or ask for one entry at a time."),
    ("^NameError", "Python does not know that name. Is it spelled right? Does it need np. or torch. in front? Has the "
     "cell that defines or imports it been run?"),
    ("^UnboundLocalError", "The name is used before it has a value: give it one before the loop or the if."),
    ("^RecursionError", "The function calls itself without end."),
    ("^ModuleNotFoundError", "There is no module of that name here. Is it spelled right? What the notebook imports is "
     "all that is needed."),
    ("is not a Module subclass", "nn.Sequential takes layers one by one. A class needs brackets, nn.ReLU(), and a list "
     "of layers a star: nn.Sequential(*layers)."),
    ("boolean (index|dimension)|mask .* does not match", "The mask is not as long as the array that it picks from: "
     "leave nothing out of one that is still in the other."),
    ("could not be broadcast|cannot be multiplied|not aligned|must match|size mismatch|mismatch in its core",
     "Two shapes do not fit together. Print both .shape just before that line: which one is not what you expect?"),
    ("^IndexError: too many indices", "There are more indices than the array has axes: print its .shape before."),
    ("^IndexError", "An index goes beyond the end: n entries have the numbers 0 to n - 1. Does a range end too late?"),
    ("'NoneType'", "Something gave None: functions that change an array in place, such as np.fill_diagonal or .sort(), "
     "return nothing. Call them in a line of their own."),
    ("is not callable", "There are brackets, which call something, after what is no function."),
    ("^AttributeError: (module|type object) .* has no attribute", "There is no such name in it: is it spelt as the "
     "library spells it?"),
    ("has no attribute", "That object has no such attribute. Is it of the type that you expect: an array, a tensor, a "
     "list? Print its type before that line."),
    ("setting an array element|only .* can be converted|one element tensors", "Where one number belongs stands a whole "
     "array: add it up, or pick one entry of it."),
    ("cannot reshape", "reshape needs as many entries as the new shape has: print the size before."),
    ("same_kind|Cannot cast", "A float is written into an array of whole numbers: make a new array in place of += or "
     "/=."),
    ("^ZeroDivisionError", "Ask whether the number is 0 before you divide by it."),
)  # fmt: skip
_IN_ITS_PLACE = "Put your code in the place of that line, and end with return."
_RETURN_MISSING = "End with return and the result: print only shows a value, return hands it over."


def _without_calling(exercise):
    name = exercise.function_name
    return f'Hand over the function itself, without calling it: check("{exercise.name}", {name}), not {name}(...).'


def _not_written(exercise, why, hint=None):
    hint = hint or _without_calling(exercise)
    text = f"{exercise.name}: {NOT_WRITTEN}: {why}. {hint}"
    return Verdict(exercise.name, False, text, failed=NOT_WRITTEN, got=why, hint=hint)


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
