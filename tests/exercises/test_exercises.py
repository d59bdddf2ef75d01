"""The exercises: right answers in any style pass, wrong ones get the hint written for them, nothing fools a check."""

import _thread
import ast
import functools
import html
import json
import math
import pickle
import random
import re
import subprocess
import sys
import textwrap
import threading
import time
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from answers import RIGHT, WRONG
from torch import nn

from lenet_helpers import COURSE, FAST, LeNet, fit, save_model
from lenet_helpers.exercises import NAMES, Verdict, check, exercise, hint, hints, running
from lenet_helpers.exercises.asked import inference as asked
from lenet_helpers.exercises.running import everything_put_back
from lenet_helpers.exercises.verdicts import problem_of, verdict_on_outcomes

SLOW = {"03-step", "02-network", "05-reader"}


@pytest.fixture(scope="session")
def model_file(sample, tmp_path_factory):
    """The course's model.pth; a quickly trained one where there is none yet."""
    if asked.MODEL.exists():
        return asked.MODEL
    path = tmp_path_factory.mktemp("model") / "model.pth"
    model = LeNet(seed=0)
    list(fit(model, sample.train, sample.validation, FAST, device="cpu"))
    save_model(model, path)
    return path


@pytest.fixture(autouse=True)
def a_model_for_the_reader(request, monkeypatch):
    if "05-reader" in request.node.name:
        monkeypatch.setattr(asked, "MODEL", request.getfixturevalue("model_file"))


@pytest.mark.parametrize("name", NAMES)
def test_right_answers_pass_in_every_style(name):
    styles = RIGHT[name]
    assert len(styles) >= 2
    texts = set()
    if name == "05-reader":
        runs = [(style, seed) for seed, style in enumerate(3 * styles)]
    elif name in SLOW:
        runs = [(styles[seed % len(styles)], seed) for seed in range(20)]
    else:
        runs = [(style, seed) for style in styles for seed in range(20)]
    for style, seed in runs:
        verdict = check(name, style, seed=seed)
        assert verdict, f"style {styles.index(style)}, seed {seed}: {verdict}"
        texts.add(repr(verdict))
    assert len(texts) == 1  # the same text each time, so that a notebook's output can be compared


@pytest.mark.parametrize("name", NAMES)
def test_wrong_answers_get_the_hint_written_for_them(name):
    answers = WRONG[name]
    known = {mistake.name: mistake.hint for mistake in exercise(name).mistakes}
    assert len(answers) >= 4
    for number, (mistake, function) in enumerate(answers):
        verdict = check(name, function, seed=number)
        assert not verdict
        assert verdict.hint and verdict.failed, verdict
        assert verdict.mistake == mistake, f"answer {number} of {name}: {verdict}"
        if mistake:
            assert verdict.hint.startswith(known[mistake])


def test_nearly_every_planted_mistake_has_a_hint_of_its_own():
    planted = [mistake for answers in WRONG.values() for mistake, _ in answers]
    assert len(planted) >= 80
    assert sum(mistake is not None for mistake in planted) / len(planted) >= 0.9


@pytest.mark.parametrize("name", NAMES)
def test_no_known_mistake_passes_or_looks_like_another(name):
    ours = exercise(name)
    assert len(ours.mistakes) >= 4
    assert len({mistake.name for mistake in ours.mistakes}) == len(ours.mistakes)
    with everything_put_back():
        for seed in range(1 if name in SLOW else 10):
            cases = ours.cases(np.random.default_rng(seed))
            expected = [ours.outcome(ours.oracle, case) for case in cases]
            assert verdict_on_outcomes(ours, cases, expected)
            for mistake in ours.mistakes:
                outcomes = [ours.outcome(mistake.function, case) for case in cases]
                problems = [problem_of(ours, *pair) for pair in zip(outcomes, expected, strict=True)]
                assert any(problems), f"{mistake.name} passes"
                if name not in SLOW and seed < 3:
                    hint = verdict_on_outcomes(ours, cases, outcomes).hint
                    assert hint == mistake.hint or "nothing (None)" in str(problems), mistake.name


# What must not fool a check


class AlwaysEqual:
    """Says yes to everything, and answers every question about itself as an array would."""

    shape, dtype, ndim, size = (28, 28), np.dtype(np.float32), 2, 784

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __getattr__(self, name):
        return self

    def __call__(self, *arguments, **options):
        return self

    def __len__(self):
        return 2

    def __iter__(self):
        return iter((self, self))

    def __array__(self, *arguments, **options):
        raise RuntimeError("asked for numbers")

    def __sub__(self, other):
        return 0.0

    __rsub__ = __abs__ = __le__ = __ge__ = __lt__ = __gt__ = __eq__


class EqualInt(int):
    __eq__ = AlwaysEqual.__eq__
    __hash__ = int.__hash__


class EqualFloat(float):
    __eq__ = AlwaysEqual.__eq__
    __hash__ = float.__hash__


class EqualArray(np.ndarray):
    def __eq__(self, other):
        return True

    def __array_ufunc__(self, *arguments, **options):
        return np.True_

    def __array_function__(self, *arguments, **options):
        return True


class EqualMeta(type):
    def __eq__(cls, other):
        return True

    def __hash__(cls):
        return hash(int)


class PretendsToBeInt(metaclass=EqualMeta):
    __class__ = int


def constants():
    shaped = np.zeros((28, 28), np.float32)
    numbers = [0, 1, 15626, 0.0, 0.5, float("nan"), True, "right", b"", {}, [], (), object(), (0, 1), (0.5, 0.5)]
    arrays = [np.zeros((10, 10), int), shaped, np.full((28, 28), np.nan), np.array(5), torch.tensor(3), torch.zeros(3)]
    odd = [AlwaysEqual(), EqualInt(3), EqualFloat(0.5), PretendsToBeInt(), (AlwaysEqual(), AlwaysEqual())]
    odd += [(EqualFloat(0.5), EqualFloat(0.5)), shaped.view(EqualArray), np.array([None]), np.ma.masked_all((28, 28))]
    return numbers + arrays + odd + [10**400, iter([1, 2]), lambda: 1, nn.Linear(1, 1), nn.Sequential(), int, range(3)]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in SLOW])
def test_no_constant_and_no_object_passes(name):
    for value in constants():
        verdict = check(name, lambda *arguments, value=value: value)
        assert verdict.right is False, f"{type(value)} passes"
        assert verdict.failed


@pytest.mark.parametrize("value", [0, 0.5, AlwaysEqual(), EqualFloat(1.0), torch.tensor(1.0), nn.Sequential()])
def test_no_constant_passes_as_step_or_network(value):
    assert not check("03-step", lambda *arguments: value)
    assert not check("02-network", lambda: value)


def test_no_constant_passes_as_05_reader_either(model_file):
    assert not check("05-reader", lambda path: 5)
    assert not check("05-reader", lambda path: AlwaysEqual())


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("01-normalise", lambda pixels: np.zeros(pixels.shape, np.float32)),
        ("01-split", lambda labels, count: np.ones(len(labels), bool)),
        ("01-mean-digit", lambda pixels, labels, digit: np.full((28, 28), 128.0)),
        ("02-convolution", lambda image, kernel: np.zeros(np.subtract(image.shape, len(kernel) - 1))),
        ("04-confusion", lambda labels, predictions: np.zeros((10, 10), int)),
        ("05-polarity", lambda pixels: np.zeros_like(pixels)),
        ("01-normalise", lambda pixels: np.full(pixels.shape, np.nan, np.float32)),
        ("04-precision-recall", lambda matrix, digit: (math.nan, math.nan)),
        ("05-centre", lambda pixels: (math.nan, math.nan)),
        ("05-centre", lambda pixels: (math.inf, math.inf)),
    ],
)
def test_the_right_shape_alone_does_not_pass(name, answer):
    verdict = check(name, answer)
    assert not verdict
    assert verdict.failed in ("the values", "the value of precision", "the value of row"), verdict


@pytest.mark.parametrize(
    ("name", "convert", "got"),
    [
        ("01-normalise", lambda right: right.tolist(), "list"),
        ("01-normalise", torch.from_numpy, "Tensor"),
        ("01-normalise", lambda right: right.astype(np.float64), "float64"),
        ("01-normalise", lambda right: right.astype(object), "object"),
        ("01-normalise", lambda right: right.view(EqualArray), "EqualArray"),
        ("01-normalise", lambda right: np.ma.masked_array(right), "MaskedArray"),
        ("01-normalise", lambda right: right[..., None], "(2, 28, 28, 1)"),
        ("02-output-size", float, "float"),
        ("02-output-size", str, "str"),
        ("02-output-size", lambda right: np.array(right), "int64 array of shape ()"),
        ("02-output-size", EqualInt, "EqualInt"),
        ("04-confusion", lambda right: right.astype(float), "float64"),
        ("04-precision-recall", list, "list"),
        ("04-precision-recall", np.array, "array"),
        ("04-precision-recall", lambda right: (*right, 1.0), "tuple"),
        ("04-precision-recall", lambda right: tuple(map(EqualFloat, right)), "EqualFloat"),
        ("04-precision-recall", lambda right: tuple(map(str, right)), "str"),
        ("04-most-confused", lambda right: tuple(map(float, right)), "float"),
        ("04-most-confused", lambda right: tuple(map(bool, right)), "bool"),
        ("05-polarity", lambda right: right.astype(np.int64), "int64"),
    ],
)
def test_the_right_values_in_a_wrong_type_do_not_pass(name, convert, got):
    oracle = exercise(name).oracle
    verdict = check(name, lambda *arguments: convert(oracle(*arguments)), seed=0)
    assert not verdict
    assert got in verdict.got, verdict


def test_numpy_numbers_are_numbers():
    assert check("02-output-size", lambda *four: np.int64(exercise("02-output-size").oracle(*four)))
    assert check("05-centre", lambda pixels: tuple(map(np.float64, exercise("05-centre").oracle(pixels))))


def test_counts_must_be_exact_however_large():
    right = exercise("02-parameters").oracle
    assert not check("02-parameters", lambda i, o, k: right(i, o, k) + (right(i, o, k) > 900))


@pytest.mark.parametrize("name", ["01-split", "02-convolution", "04-confusion", "03-early-stopping"])
def test_damage_to_an_input_is_found_and_named(name):
    oracle = exercise(name).oracle

    def damaging(first, second):
        result = oracle(first, second)
        first[0] += 1
        return result

    verdict = check(name, damaging)
    assert not verdict
    assert verdict.failed == "the input is damaged"
    assert exercise(name).parameters[0] in verdict.got
    assert "copy" in verdict.hint


def test_damage_is_named_before_what_the_loops_suggest():
    def damaging(image, kernel):
        side = len(kernel)
        height, width = image.shape[0] - side + 1, image.shape[1] - side + 1
        for row in range(height):
            for column in range(width):
                image[row, column] = (image[row : row + side, column : column + side] * kernel).sum()
        return image[:height, :width]

    assert "image.copy()" in check("02-convolution", damaging).hint


def test_damage_by_reshaping_is_found():
    def reshaping(pixels):
        result = exercise("01-normalise").oracle(pixels)
        pixels.shape = (-1,)
        return result

    assert check("01-normalise", reshaping).failed == "the input is damaged"


def test_a_result_kept_and_changed_later_is_read_at_once():
    kept = np.zeros((10, 10), int)

    def reusing(labels, predictions):
        kept[:] = exercise("04-confusion").oracle(labels, predictions)
        return kept

    assert check("04-confusion", reusing)


# Answers in words


def test_the_text_names_property_input_expected_got_and_hint():
    verdict = check("02-output-size", lambda size, kernel_size, stride, padding: size)
    lines = verdict.text.splitlines()
    assert isinstance(verdict, Verdict) and str(verdict) == repr(verdict)
    assert max(map(len, repr(verdict).splitlines())) <= 88  # pages break longer lines inside words
    assert repr(verdict).split() == verdict.text.split()
    table = repr(check("04-calibration", lambda *three: (0.0, 0.0))).splitlines()
    assert all(line.startswith("  ") for line in table[1:])
    rows = [line.strip(" ,") for line in table if line.strip().startswith("[")]
    assert rows and all(row.count(",") == 9 and row.endswith("]") for row in rows), "a row of an array stays whole"
    assert lines[0] == "02-output-size: not right yet."
    labels = [line.split(":")[0].strip() for line in lines[1:]]
    assert labels == ["failed", "input", "expected", "got", "hint"]
    assert "size = 28, kernel_size = 5, stride = 1, padding = 2" not in lines[2]  # that one happens to be right
    assert "size = 28, kernel_size = 2, stride = 2, padding = 0" in lines[2]
    assert lines[3].split() == ["expected:", "14"] and lines[4].split() == ["got:", "28"]


def test_a_notebook_shows_a_sign_and_a_colour_and_the_same_text():
    for answer, sign in ((lambda pixels: pixels, "✗"), (exercise("01-normalise").oracle, "✓")):
        verdict = check("01-normalise", answer, seed=0)
        page = verdict._repr_html_()
        assert re.sub("<[^>]*>", "", page) == f"{sign} {html.escape(repr(verdict))}" and page.count("<pre") == 1
    assert "<script>" not in Verdict("x", False, "it returns <script>")._repr_html_()


def test_a_constant_is_called_one():
    assert "same for every input" in check("02-output-size", lambda *four: 12).hint


def test_exceptions_are_reported_with_type_message_and_line():
    def failing(pixels):
        nothing = {}
        return nothing["ink"]

    verdict = check("01-normalise", failing)
    assert verdict.failed == "it raises an error"
    line = failing.__code__.co_firstlineno + 2
    assert f"KeyError: 'ink', raised in line {line} of your cell: return nothing[\"ink\"]" == verdict.got


def test_every_kind_of_exception_is_reported():
    class Unprintable(Exception):
        def __str__(self):
            raise ValueError

    def raising(error):
        def function(pixels):
            raise error

        return function

    def endless_recursion(pixels):
        return endless_recursion(pixels)

    for error in (Unprintable(), SystemExit(0), GeneratorExit(), KeyboardInterrupt(), StopIteration()):
        assert type(error).__name__ in check("01-normalise", raising(error)).got
    assert "RecursionError" in check("01-normalise", endless_recursion).got
    verdict = check("01-normalise", lambda: None)
    assert "TypeError" in verdict.got and "normalise(pixels)" in verdict.hint


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_written_yet_is_called_so(name, model_file):
    def not_implemented(*arguments):
        raise NotImplementedError()

    for candidate in (None, ..., not_implemented, lambda *arguments: None, lambda *arguments: ...):
        verdict = check(name, candidate)
        assert not verdict
        assert "not written yet" in repr(verdict)
    function = exercise(name).signature.partition("(")[0]
    assert f'check("{name}", {function}), not {function}(...)' in check(name, None).hint
    assert "the place of that line" in check(name, not_implemented).hint
    assert "return hands it over" in check(name, lambda *arguments: None).hint


def test_what_torch_has_not_implemented_is_an_error_like_others():
    def swapped(model, inputs, labels, optimiser):
        return F.cross_entropy(labels, model(inputs))

    verdict = check("03-step", swapped)
    assert verdict.failed == "it raises an error" and "NotImplementedError: " in verdict.got
    assert "logits come first" in verdict.hint


def test_an_error_of_the_same_type_is_not_taken_for_a_known_mistake():
    def another(model, inputs, labels, optimiser):
        raise RuntimeError("of quite another kind")

    verdict = check("03-step", another)
    assert verdict.mistake is None and verdict.hint == hint("03-step")


def test_frequent_errors_get_advice_of_their_own():
    def misspelt(pixels):
        return (pixels / 255).astype(float32)  # noqa: F821

    def asked_as_a_whole(pixels, labels, digit):
        return [image for image in pixels if labels == digit]

    def too_early(labels, count):
        mask = mask_so_far  # noqa: F821, F841
        mask_so_far = None  # noqa: F841

    assert "np. or torch. in front" in check("01-normalise", misspelt).hint
    assert "values[mask]" in check("01-mean-digit", asked_as_a_whole).hint
    assert "before it has a value" in check("01-split", too_early).hint


def test_a_branch_without_return_is_told_apart_from_an_empty_body():
    def halfway(pixels):
        if pixels[0, 0] > 127:
            return 255 - pixels

    verdict = check("05-polarity", halfway)
    assert verdict.got == "nothing (None)" and "every way through" in verdict.hint


@pytest.mark.parametrize("candidate", [3, "normalise", np.zeros((2, 28, 28), np.float32)])
def test_what_is_no_function_is_called_so(candidate):
    verdict = check("01-normalise", candidate)
    assert verdict.failed == "it is not a function" and "without calling it" in verdict.hint


def test_unusual_callables_are_fine():
    class Answer:
        def __call__(self, *four):
            return exercise("02-output-size").oracle(*four)

    assert check("02-output-size", Answer())
    assert check("02-output-size", functools.partial(exercise("02-output-size").oracle))
    assert "not right" in repr(check("01-normalise", np.zeros_like))


@pytest.mark.parametrize("call", [lambda name: check(name, abs), hint])
def test_an_unknown_exercise_lists_the_known_ones(call):
    with pytest.raises(ValueError, match=r"no exercise '01-normalize'.*01-normalise.*05-reader"):
        call("01-normalize")


def test_what_the_course_lacks_is_not_called_a_mistake(tmp_path, monkeypatch):
    monkeypatch.setattr(asked, "MODEL", tmp_path / "model.pth")
    verdict = check("05-reader", lambda path: 5)
    assert not verdict
    assert "model.pth does not exist" in verdict.got and "no mistake of yours" in verdict.hint


def test_what_the_course_imports_does_not_count_as_the_answers_time(monkeypatch):
    order, ours = [], exercise("02-output-size")
    monkeypatch.setattr(ours, "oracle", lambda *four: order.append("oracle") or 1)
    check("02-output-size", lambda *four: order.append("answer") or 1)
    cases = order.count("answer")
    assert order == ["oracle"] + ["answer"] * cases + ["oracle"] * cases


# Endless loops


def test_an_endless_loop_is_stopped():
    before = set(threading.enumerate())

    def endless(pixels):
        try:
            while True:
                pass
        except Exception:  # must not be able to catch what stops it
            return pixels

    started = time.monotonic()
    verdict = check("01-normalise", endless, time_limit=0.3)
    assert time.monotonic() - started < 3
    assert verdict.failed == "it does not end" and "0.3 seconds" in verdict.expected
    time.sleep(0.2)
    assert set(threading.enumerate()) <= before  # it is gone, not only left behind


def test_an_endless_loop_that_comes_late_names_its_input():
    calls = []

    def endless(size, kernel_size, stride, padding):
        calls.append(size)
        while len(calls) > 1:
            time.sleep(0.001)
        return exercise("02-output-size").oracle(size, kernel_size, stride, padding)

    verdict = check("02-output-size", endless, time_limit=0.3)
    assert "kernel_size = 2, stride = 2" in repr(verdict)


def test_a_call_that_cannot_be_stopped_is_left_alone(monkeypatch):
    monkeypatch.setattr(running, "PATIENCE_SECONDS", 0.5)
    wait = threading.Event()

    def waiting(pixels):
        wait.wait(20)  # outside Python, where no exception arrives

    started = time.monotonic()
    verdict = check("01-normalise", waiting, time_limit=0.2)
    wait.set()
    assert time.monotonic() - started < 8
    assert verdict.failed == "it does not end" and "restart the kernel" in verdict.got


def test_an_endless_step_leaves_torch_as_it_was():
    def endless(model, inputs, labels, optimiser):
        torch.set_grad_enabled(False)
        model.eval()
        while True:
            model(inputs)

    verdict = check("03-step", endless, time_limit=0.3)
    assert verdict.failed == "it does not end"
    assert torch.is_grad_enabled()


def test_an_interrupt_passes_through_and_stops_the_answer():
    before = set(threading.enumerate())

    def endless(*four):
        while True:
            time.sleep(0.001)

    check("02-output-size", lambda *four: 1)  # so that nothing has to be imported when the interrupt comes
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        threading.Timer(0.3, _thread.interrupt_main).start()
        check("02-output-size", endless)
    assert time.monotonic() - started < 5
    deadline = time.monotonic() + 5
    while (left := set(threading.enumerate()) - before) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left, "the endless answer goes on"


# What must stay as it was


def test_random_states_and_settings_stay_as_they_were(capfd):
    def careless(pixels):
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002
        torch.manual_seed(0)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        warnings.warn("careless", stacklevel=1)
        np.zeros(1) / np.zeros(1)
        return exercise("01-normalise").oracle(pixels)

    def state():
        numpy_state = np.random.get_state()  # noqa: NPY002
        return random.getstate(), numpy_state[1].tolist(), numpy_state[2], torch.get_rng_state().tolist()

    before, filters = state(), list(warnings.filters)
    with torch.no_grad():
        assert check("01-normalise", careless)
        assert not torch.is_grad_enabled()
    for name in ("02-network", "03-step"):
        check(name, RIGHT[name][0])
        check(name, WRONG[name][0][1])
    assert state() == before and warnings.filters == filters
    assert torch.get_default_dtype() is torch.float32 and torch.is_grad_enabled()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["01-normalise", "02-output-size"])
def test_what_an_answer_prints_is_kept_and_its_first_lines_are_shown(name, capsys):
    right = exercise(name).oracle

    def talkative(*arguments):
        for number in range(20):
            print("line", number, end="\n" if number % 2 else " and ")
        print("to the other one", file=sys.stderr)
        return right(*arguments)

    def wrong(*arguments):
        talkative(*arguments)
        return None

    verdict, plain = check(name, talkative, seed=0), check(name, right, seed=0)
    assert capsys.readouterr() == ("", "") and verdict
    rows = verdict.text.removeprefix(plain.text).strip("\n").splitlines()
    assert [row.strip() for row in rows] == [
        "printed:  line 0 and line 1",
        *(f"line {n} and line {n + 1}" for n in (2, 4, 6, 8)),
        f"… and {11 * len(exercise(name).cases(np.random.default_rng(0))) - 5} more lines",
    ]
    assert "not written yet" in check(name, wrong).text and "line 2 and line 3" in check(name, wrong).text
    print("afterwards")
    assert capsys.readouterr().out == "afterwards\n"


def test_endless_printing_fills_no_memory(capsys):
    def endless(pixels):
        while True:
            print("x" * 10_000)

    verdict = check("01-normalise", endless, time_limit=0.3)
    assert verdict.failed == "it does not end" and "more lines" in verdict.text and len(verdict.text) < 3000
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("mode", [True, False])
def test_layers_of_the_callers_own_model_stay_as_they_were(mode):
    model = nn.Sequential(*RIGHT["02-network"][0]()).train(mode)
    model[1].eval()
    before = [(name, value.clone()) for name, value in model.state_dict().items()]
    modes = [layer.training for layer in model.modules()]
    assert check("02-network", lambda: nn.Sequential(*model.children()))
    assert check("02-network", lambda: model)
    assert not check("02-network", lambda: model[:-1])
    after = model.state_dict()
    assert all(torch.equal(value, after[name]) and after[name].dtype is torch.float32 for name, value in before)
    assert [layer.training for layer in model.modules()] == modes
    assert all(parameter.grad is None and parameter.requires_grad for parameter in model.parameters())


def test_a_layer_that_is_copied_in_its_own_way_is_strange():
    def forging():
        network = RIGHT["02-network"][0]()
        network[1].__deepcopy__ = lambda memo: nn.ReLU()
        return network

    assert check("02-network", forging).failed == "the layers"


def test_inputs_are_new_each_time_unless_seeded():
    seen = []

    def recording(pixels):
        seen.append(pixels.tobytes())
        return None

    for seed in (None, None, 5, 5):
        check("01-normalise", recording, seed=seed)
    first, second, third, fourth = (seen[i : i + 3] for i in range(0, 12, 3))
    assert first != second and third == fourth


def test_importing_the_exercises_is_cheap():
    code = "import sys, lenet_helpers.exercises; print('torch' in sys.modules, 'scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=COURSE, timeout=60)
    assert done.stdout.split() == ["False", "False"], done.stderr


# Hints in stages


@pytest.mark.parametrize("name", NAMES)
def test_the_first_two_stages_are_short_and_differ(name):
    first, second = hint(name), hint(name, 2)
    assert first == hint(name, stage=1) and first != second
    assert 20 < len(first) < 250 and 20 < len(second) < 300


@pytest.mark.parametrize("name", NAMES)
def test_the_third_stage_is_what_the_solved_notebook_holds(name):
    solution = hint(name, 3)
    (path,) = (COURSE / "notebooks").glob(f"{name[:2]}_*.ipynb")
    sources = ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    (cell,) = (source for source in sources if f"def {exercise(name).signature}" in source)
    assert "return " in solution and textwrap.indent(solution, "    ") in cell
    assert "### " not in solution and solution not in (hint(name, 1), hint(name, 2))


def test_a_hint_is_shown_as_it_reads_and_is_a_string():
    for stage in (1, 2, 3):
        text = hint("05-polarity", stage)
        assert isinstance(text, str) and json.loads(json.dumps(text)) == text == pickle.loads(pickle.dumps(text))
        assert repr(text).split() == text.split()  # a notebook shows the repr of a class that has its own
        assert max(map(len, repr(text).splitlines())) <= 88
    assert max(map(len, repr(hint("02-network", 3)).splitlines())) > 88, "code is never broken"
    assert "\n" in repr(hint("05-polarity", 3)) and repr(hint("05-polarity", 3)) == hint("05-polarity", 3)


@pytest.mark.parametrize("path", sorted((COURSE / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_hint_is_imported_where_a_notebook_names_it_and_nothing_is_imported_for_nothing(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code, text = (["".join(c["source"]) for c in cells if c["cell_type"] == kind] for kind in ("code", "markdown"))
    imports = [
        node for source in code for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    names = {(alias.asname or alias.name).split(".")[0] for node in imports for alias in node.names}
    assert ("hint" in names) == any("hint(" in source for source in text)
    # Ruff lets names in notebooks be unused, for the sake of that one; so they are counted here.
    words = re.findall(r"\w+", "\n".join([*code, *text]))
    assert not [name for name in names if words.count(name) < 2]


@pytest.mark.parametrize("stage", [0, 4, "1", None])
def test_other_stages_are_refused(stage):
    with pytest.raises(ValueError, match="1 is a hint, 2 a worked step, 3 the full solution"):
        hint("01-normalise", stage)


def write_notebook(folder, source, grade_id="01-normalise-solution"):
    cell = {"cell_type": "code", "source": source, "metadata": {"nbgrader": {"grade_id": grade_id}}}
    (folder / "notebooks").mkdir(exist_ok=True)
    text = json.dumps({"cells": [{"cell_type": "markdown", "source": [], "metadata": {}}, cell]})
    (folder / "notebooks" / "01_data.ipynb").write_text(text, encoding="utf-8")


def test_the_solution_comes_from_the_solved_notebook(tmp_path, monkeypatch):
    monkeypatch.setattr(hints, "COURSE", tmp_path)
    lines = ["def f(x):\n", "    ### BEGIN SOLUTION\n", "    y = 2 * x\n", "    return y\n", "    ### END SOLUTION\n"]
    write_notebook(tmp_path, lines)
    assert hint("01-normalise", 3) == "y = 2 * x\nreturn y"


def test_a_students_copy_refers_to_the_instructor(tmp_path, monkeypatch):
    monkeypatch.setattr(hints, "COURSE", tmp_path)
    assert "instructor" in hint("01-normalise", 3)
    write_notebook(tmp_path, "def f(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()")
    assert "instructor" in hint("01-normalise", 3)
    (tmp_path / "notebooks" / "01_data.ipynb").write_text("{broken", encoding="utf-8")
    assert "instructor" in hint("01-normalise", 3)
