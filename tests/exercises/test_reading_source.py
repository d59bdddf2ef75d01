"""What the source of an answer shows: each slip leads to its hint, right answers to none, and behaviour decides."""

import numpy as np
import pytest
from answers import RIGHT
from answers.fresh import HANDS, attempts_of

from lenet_helpers.exercises import NAMES, check, exercise, hint
from lenet_helpers.exercises.reading_source import slip, source_of, unused
from lenet_helpers.exercises.results import Answer
from lenet_helpers.exercises.wire import pack_answer, unpack_answer


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("for x in a:\n        total = x\n        return total", "return to the left"),
        ("for x in a:\n        out = np.zeros(3)\n        out[x] = 1\n    return out", "out is made anew"),
        ("total = 0\n    for x in a:\n        total = x\n    return total", "with +="),
        ("for i in a:\n        for j in b:\n            c[i] = a[j]\n    return c", "c[i] = … in the inner loop"),
        ("return a ^ 2", "a ** 2"),
        ("b.backward\n    return a", "b.backward()"),
        ("return nn.Sequential(a, nn.ReLU)", "nn.ReLU()"),
        ("width, height = a.shape\n    return height", "height first"),
    ],
)
def test_each_slip_is_seen(source, words):
    assert words in slip(f"def f(a, b):\n    {source}", (), ["a", "b"])


def test_right_answers_show_no_slip():
    for name in NAMES:
        for function in RIGHT[name]:
            text = source_of(function)[0]
            assert text and not slip(text, (), exercise(name).parameters), text
            assert not unused(text, exercise(name).parameters), text


def test_what_has_no_source_is_not_read():
    assert source_of(lambda a: a) == source_of(np.zeros) == source_of(None) == ("", ())


somebody_elses = np.zeros((2, 28, 28), np.uint8)


def test_a_variable_of_the_notebook_is_named():
    def normalise(pixels):
        return ((somebody_elses / 255 - 0.5) / 0.5).astype(np.float32)

    assert "somebody_elses is a variable of the notebook" in check("01-normalise", normalise).hint


def test_behaviour_decides():
    def normalise(pixels):
        for _ in range(1):
            return ((pixels / 255 - 0.5) / 0.5).astype(np.float32)

    assert check("01-normalise", normalise)


def with_a_loop(labels, predictions):
    matrix = np.zeros((10, 10), dtype=int)
    for label, prediction in zip(labels, predictions, strict=True):
        matrix[label, prediction] += 1
    return matrix


def test_what_an_exercise_forbids_is_refused():
    verdict = check("04-confusion", with_a_loop)
    assert not verdict and "Python loop" in verdict.hint


def test_the_source_goes_over_the_wire():
    text, borrowed = source_of(with_a_loop)
    answer = unpack_answer(pack_answer(Answer(source=text, borrowed=("matrix",))))
    assert answer.source == text and "for label" in text and answer.borrowed == ("matrix",) and not borrowed


def test_no_hint_leads_into_what_is_refused():
    assert "for " not in hint("04-confusion") + hint("04-confusion", 2)
    assert "[1:-1, 1:-1] = False" in hint("05-polarity", 2)  # each pixel of the ring once


def test_fresh_attempts_are_there_from_each_hand():
    for hand in HANDS:
        attempts = attempts_of(hand)
        assert {name for name, _, _ in attempts} <= set(NAMES) and len(attempts) >= 90


@pytest.mark.parametrize("hand", HANDS)
def test_no_fresh_attempt_is_met_wrongly(hand):
    for name, pattern, function in attempts_of(hand):
        if name[:2] in ("01", "04"):
            function.__globals__.update(np=np, math=__import__("math"))
            assert check(name, function, seed=0).right == (pattern is None), function.__code__.co_firstlineno
