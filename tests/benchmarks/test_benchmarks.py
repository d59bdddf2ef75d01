"""The benchmarks: their arithmetic and their report, and that each section runs. No time is judged here."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks import machine, report, timing
from benchmarks.__main__ import main, run
from benchmarks.accuracy import ablation, original, pictures, rendered
from benchmarks.settings import SECTIONS, TITLES, Settings, module_of
from benchmarks.speed import card, demos, epoch, growth, race
from lenet_helpers import MNIST, ImageClassifier, LeNet, Split, original_transform, save_model, to_input, to_mnist
from lenet_helpers.preparation import steps

# --- clocks and numbers


def test_runs_take_turns_and_every_other_round_goes_backwards():
    calls = []
    results = timing.alternate({"a": lambda: calls.append("a") or 1, "b": lambda: calls.append("b") or 2}, rounds=3)
    assert calls == ["a", "b", "b", "a", "a", "b"]
    assert results == {"a": [1, 1, 1], "b": [2, 2, 2]}


@pytest.mark.parametrize(("percent", "expected"), [(1, 1), (50, 50), (99, 99), (100, 100)])
def test_percentile_of_one_to_a_hundred(percent, expected):
    assert timing.percentile(range(100, 0, -1), percent) == expected


def test_percentile_of_a_single_value():
    assert timing.percentile([7], 99) == 7


def test_a_failing_command_says_why():
    with pytest.raises(RuntimeError, match="for this reason"):
        timing.run_python("-c", "import sys; sys.exit('for this reason')")


def test_apart_is_another_process_that_returns_plain_values():
    assert timing.run_apart(machine.describe)["python"] == machine.describe()["python"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(360, "360 s"), (12.34, "12.3 s"), (1, "1 s"), (0.25, "250 ms"), (0.00123, "1.23 ms"), (2e-5, "20 µs")],
)
def test_duration(seconds, text):
    assert report.duration(seconds) == text


def test_spread_shows_the_median_and_between_what_it_lies():
    assert report.spread([3, 1, 2]) == "2 s (1 s to 3 s)"
    assert report.spread([3]) == "3 s"


def test_table_puts_numbers_to_the_right():
    lines = report.table(["way", "seconds"], [["ours", 1], ["theirs", 20]]).splitlines()
    assert lines[1] == "| ------ | ------: |"
    assert len({len(line) for line in lines}) == 1


def test_the_machine_is_described():
    about = machine.describe()
    assert about["processor"] and about["cores"] >= 1 and about["torch"] != "missing"
    memory = machine.peak_memory()
    assert memory is None or 10 < memory < 1e6  # MiB


def test_a_goal_is_reached_or_missed():
    assert report.verdict(0.009, 0.01) == "10 ms, reached" and report.verdict(2, 1) == "1 s, missed"
    assert report.verdict(2, None) == "–"


def test_a_pivot_has_a_line_for_each_row_and_sums():
    lines = report.pivot("what", [["b_c", "x", 1000], ["a", "y", 2]], {"x": "ex", "y": "why"}).splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert cells[0] == ["what", "ex", "why"]
    assert cells[2:] == [["a", "0", "2"], ["b c", "1,000", "0"], ["all", "1,000", "2"]]


# --- the reports


def result_of(name, quick=False):
    return {"quick": quick, "machine": machine.describe(), "took": 12.3, **RESULTS[name]}


EVALUATED = {"accuracy": 0.995, "accuracy_at_slants": 0.996, "loss": 0.02, "images": 10}
SOLVED = [{"notebook": "01_data", "seconds": {"warm": [0.5], "cold": [6.0]}, "megabytes": 40.0}]
RESULTS = {
    "accuracy": {
        "rows": [
            {"name": "model.pth", "parameters": 15626, "data": "MNIST", "validation": EVALUATED, "test": EVALUATED},
        ]
    },
    "grading": {
        "size": 3,
        "ways": {"serial": 9.0, "workers": 6.0, "dask": 5.0},
        "alone": {"submissions": 2, "seconds": 14.0},
        "students": 4,
        "everything": {"serial": 10.0, "workers": 5.0},
        "solved": SOLVED,
    },
    "disks": {"rows": [["a full disk", "model.pth", "was accepted"]], "failures": ["a full disk took model.pth"]},
}


@pytest.fixture
def store(tmp_path):
    return report.Store(build=tmp_path / "build", course=tmp_path / "course")


def test_a_section_run_alone_leaves_the_others_in_the_report(store, tmp_path):
    store.save("accuracy", result_of("accuracy"))
    before = store.write()[0].read_text(encoding="utf-8")
    assert "99.50%" in before and "99.60%" in before and "nbgrader alone" not in before

    cleaned = report.Store(build=tmp_path / "another", course=tmp_path / "course")
    cleaned.save("grading", result_of("grading"))
    after = cleaned.write()[0].read_text(encoding="utf-8")
    assert "nbgrader alone" in after
    assert report.parts_of(after)["accuracy"] == report.parts_of(before)["accuracy"]
    assert cleaned.write()[0].read_text(encoding="utf-8") == after


def test_a_section_that_is_no_more_leaves_the_report(store, monkeypatch):
    store.save("accuracy", result_of("accuracy"))
    path = store.write()[0]
    path.write_text(f"{path.read_text(encoding='utf-8')}\n<!-- section peer -->\n## Of old\n", encoding="utf-8")
    assert "Of old" not in store.write()[0].read_text(encoding="utf-8")


def test_a_campaign_has_a_report_of_its_own_and_says_what_was_lost(store, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.reliability.disks.measure", lambda settings: RESULTS["disks"])
    assert main(["disks"], store) == 1
    captured = capsys.readouterr()
    path = tmp_path / "course" / "docs" / "RELIABILITY.md"
    assert captured.out.splitlines() == [str(path)] and "lost: a full disk took model.pth" in captured.err
    text = path.read_text(encoding="utf-8")
    assert f"## {TITLES['disks']}" in text and "- a full disk took model.pth" in text
    assert "Lost: nothing" not in text
    # What is not run again keeps its text.
    (tmp_path / "build" / "disks.json").unlink()
    assert main(["--report"], store) == 0
    assert path.read_text(encoding="utf-8") == text


def test_a_campaign_that_lost_nothing_says_so_and_of_many_failures_a_few_are_shown(store):
    store.save("disks", {**result_of("disks"), "failures": []})
    assert "Lost: nothing." in store.write()[0].read_text(encoding="utf-8")
    store.save("disks", {**result_of("disks"), "failures": [f"number {number}" for number in range(25)]})
    text = store.write()[0].read_text(encoding="utf-8")
    assert "**25 failed:**" in text and "- number 19\n- … and 5 more" in text


def test_a_quick_run_has_its_own_place_and_says_so(tmp_path):
    store = report.Store(quick=True, build=tmp_path / "build", course=tmp_path / "course")
    store.save("grading", result_of("grading", quick=True))
    assert store.write() == [tmp_path / "build" / "quick" / "benchmarks" / "RESULTS.md"]
    assert report.QUICK in store.write()[0].read_text(encoding="utf-8")
    assert not (tmp_path / "course").exists()


def test_each_part_tells_command_machine_versions_and_date(store):
    result = result_of("grading")
    store.save("grading", result)
    text = store.write()[0].read_text(encoding="utf-8")
    facts = map(str, (result["machine"][name] for name in ("torch", "date", "cores", "python")))
    for fact in ("python -m benchmarks grading", "12 s", *facts):
        assert fact in text


def test_a_section_that_fails_leaves_the_others_their_turn(store, monkeypatch, capsys):
    def measure(settings):
        raise RuntimeError("no luck")

    monkeypatch.setattr("benchmarks.accuracy.accuracy.measure", measure)
    monkeypatch.setattr("benchmarks.speed.grading.measure", lambda settings: RESULTS["grading"])
    assert main(["accuracy", "grading"], store) == 1
    assert "no luck" in capsys.readouterr().err
    assert store.load("accuracy") is None and store.load("grading")


def test_help_names_everything_and_nonsense_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in TITLES)
    with pytest.raises(SystemExit) as stop:
        main(["crowds"])
    assert stop.value.code == 2
    assert "there is no crowds; choose from race, epoch" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--images", "/nowhere"])
    assert "there is no /nowhere" in capsys.readouterr().err


def test_without_a_name_the_sections_run_or_the_campaigns_but_those_on_request(store, monkeypatch):
    asked = []

    def run_nothing(name, settings):
        asked.append(name)
        raise RuntimeError("not now")

    monkeypatch.setattr("benchmarks.__main__.run", run_nothing)
    assert main([], store) == 1
    assert asked == [name for name in SECTIONS if name not in ("others", "card")]
    asked.clear()
    main(["--campaigns"], store)
    assert asked == [name for name in TITLES if name not in SECTIONS and name != "matrix"]


# --- what is compared


def test_the_original_way_equals_the_original_transform():
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 61, 3), dtype=np.uint8))
    expected = original_transform()(picture.convert("L"))
    assert np.array_equal(to_input(original.to_pixels(picture))[0], expected)


def test_the_target_counts_when_it_is_first_reached():
    history = [{"seconds": s, "accuracy": a} for s, a in ((1, 0.9), (2, 0.99), (3, 0.98), (4, 0.995))]
    assert race.first_reached(history, 0.985) == 2
    assert race.first_reached(history, 0.999) is None


def test_the_limit_is_operations_over_their_rate():
    assert epoch.multiply_adds() == 28 * 28 * 6 * 25 + 10 * 10 * 16 * 6 * 25 + 16 * 120 + 120 * 84 + 84 * 10
    result = {"images": 1000, "multiply_adds": 5000, "rates": {"1": 6e6}}
    assert epoch.limit(result, 1) == pytest.approx(1000 * 5000 * 2 * 3 / 6e6)


def test_busy_processes_are_busy_and_end():
    with growth.busy_processes(1) as started:
        assert len(started) == 1 and started[0].poll() is None
    assert started[0].poll() is not None


def test_demos_show_what_was_measured_in_a_browser():
    result = {
        "kernel": {"pad": [0.004] * 100, "layers": [0.06] * 10},
        "browser": {"ready": 4.0, "times": [0.05] * 10, "bytes": [700, 900]},
        "page": [[1, [0.012] * 10], [6, [0.06] * 10]],
        "bytes": [500] * 10,
    }
    text = demos.show(result)
    assert "p50 10 ms, reached; p99 30 ms, reached" in text and "p50 50 ms, missed" in text
    assert "p50 10 s, reached" in text
    assert "p50 100 ms, reached" in text and "800 bytes (at most 900)" in text
    assert "p50 16 ms, reached" in text and "slowed down to 1/6" in text
    assert "There was no Chromium" in demos.show({**result, "browser": None})


def test_only_a_finished_stroke_counts_as_one():
    line = '{"width":65,"points":[1,2,3,4]}'
    assert demos._is_stroke(f'{{"state":{{"strokes":[{line}],"live":[]}}}}')
    assert demos._is_stroke(f'{{"strokes": [{line}], "live": []}}'.encode())
    assert not demos._is_stroke(f'{{"live":[{line}]}}')
    assert not demos._is_stroke('{"strokes":[],"live":[]}')


def test_without_a_graphics_card_nothing_is_measured_and_that_is_said():
    text = card.show({"card": None})
    assert "There is no CUDA graphics card" in text and text.count("not measured") == len(card.GOALS)
    assert "reached" not in text and "missed" not in text


def test_a_graphics_card_is_measured_against_what_is_asked(tiny, few, monkeypatch):
    train, validation = few
    mnist = MNIST(train, validation, validation, "a few images", is_sample=True)
    for module in ("benchmarks.settings", "benchmarks.speed.card"):
        monkeypatch.setattr(f"{module}.load_quietly", lambda data: mnist)
    monkeypatch.setattr(card, "card_name", lambda: "card of the test")
    monkeypatch.setattr(card, "DEVICE", "cpu")
    result = card.measure(tiny)
    assert result["same"] == [True] and len(result["race"]) == 5 and result["images"] == 250
    assert result["command"] == {"train": [1.5], "start": [0.5]}
    text = card.show({**result, "fast": [9.0, 0.3, 0.4, 0.34], "same": [True, False]})
    assert "On one card of the test, with a few images." in text and "captured: 9 s (`fast`)" in text
    cells = [[cell.strip() for cell in line.split("|")[2:4]] for line in text.splitlines()]
    assert ["340 ms", "at most 350 ms, reached"] in cells and ["3 ×", "at most 1.5 ×, missed"] in cells
    assert ["50.00%", "at least 100.00%, missed"] in cells


# --- pictures


def test_an_enlarged_image_keeps_shape_and_gets_a_margin():
    picture = np.asarray(pictures.enlarged(np.full((16, 8), 255, np.uint8), side=160))
    assert picture.shape == (220, 140)
    assert picture[0].max() == 0 and picture[110, 70] == 255


def test_the_same_page_is_drawn_each_time(sample):
    digit = sample.test.pixels[0]
    first, again, other = (np.asarray(pictures.open_picture("noise", digit, seed)) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_arrays_are_read_but_not_those_to_train_on(tmp_path):
    for name in ("some", "some_train"):
        np.savez(tmp_path / f"{name}.npz", images=np.zeros((2, 16, 16), np.uint8), labels=np.array([1, 2]))
    names = [name for name, _, _ in pictures.datasets(tmp_path)]
    assert "some" in names and "some_train" not in names


def test_accuracy_in_each_sub_folder():
    assert pictures.by_folder(["a/1.png", "b/2.png", "a/3.png"], [True, False, False]) == {"a": 0.5, "b": 0.0}


def test_the_reader_reads_as_predict_does(sample):
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10, bias=False))
    with torch.no_grad():  # blind to the background, so its answers change with the digit and with the slant
        model[1].weight.normal_(generator=torch.Generator().manual_seed(0))
        model[1].weight.sub_(model[1].weight.mean(dim=1, keepdim=True))
    classifier = ImageClassifier(model)
    pages = [("enlarged", digit) for digit in sample.test.pixels[:20]]
    digits = classifier.predict([pictures.open_picture(*page) for page in pages])
    reader = pictures.Reader(classifier.model, map)
    assert reader.correct(pages, digits)[1].all()
    upright = reader.correct(pages, digits, "slants")[1]
    with ablation.without("slants"):  # the judge reads upright, too
        pixels = np.stack([to_mnist(pictures.open_picture(*page), model) for page in pages])
    assert (upright == reader.reads(pixels, digits)).all() and not upright.all()


def test_the_ablation_knows_every_step():
    assert list(ablation.STEPS) == [step.__name__ for step in steps.STEPS]


@pytest.mark.parametrize("name", ablation.INSTEAD)
def test_a_step_is_off_only_inside_the_block(name):
    home, attribute = (steps, "STEPS") if name in ablation.STEPS else ablation.REST[name][1:3]
    before = getattr(home, attribute)
    with ablation.without(name):
        assert getattr(home, attribute) != before
        if name in ablation.STEPS:
            assert name not in [step.__name__ for step in steps.STEPS]
    assert getattr(home, attribute) == before


@pytest.mark.parametrize("name", ablation.INSTEAD)
def test_without_a_step_there_are_still_pixels(name, sample):
    page = rendered.ruled(sample.test.pixels[0], np.random.default_rng(0)).convert("RGBA")
    with ablation.without(name):
        pixels = to_mnist(page)
    assert pixels.shape == (28, 28) and pixels.dtype == np.uint8 and pixels.any()


# --- every section, at the smallest size


@pytest.fixture
def tiny(sample, tmp_path, monkeypatch):
    """A hundred images in place of MNIST, an untrained model, one thread, and hardly a process but this one."""
    from dataclasses import replace

    from lenet_helpers.cli.main import cli

    few = {
        name: Split(name, getattr(sample, name).pixels[:100], getattr(sample, name).labels[:100])
        for name in ("train", "validation", "test")
    }
    mnist = replace(sample, **few)
    monkeypatch.setattr("lenet_helpers.load_mnist", lambda *_, **__: mnist)
    for module in ("settings", "accuracy.original", "speed.card", "speed.growth"):
        monkeypatch.setattr(f"benchmarks.{module}.load_quietly", lambda data: mnist)
    monkeypatch.setattr("torch.set_num_threads", lambda count: None)  # on a busy machine, two would take seconds
    monkeypatch.setattr("benchmarks.speed.demos.chromium", lambda: None)  # tests/browser starts enough of them

    def run_lenet(*arguments):
        from click.testing import CliRunner

        done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
        assert done.exit_code == 0, done.output
        return 1.5, done.stdout

    def graded_class(size, option):
        ways = {"serial": 2.0 * size, "workers": 1.1 * size, "dask": 1.2 * size}
        return {"ways": ways, "alone": {"submissions": 4, "seconds": 14.0}}

    def solved(rounds):
        return SOLVED

    for section in SECTIONS:
        module = module_of(section)
        for name, stand_in in (
            ("run_lenet", run_lenet),
            ("run_apart", lambda function, **arguments: json.loads(json.dumps(function(**arguments)))),
            ("run_python", lambda *_: (0.5, "0.01")),
            ("seconds_of_class", graded_class),
            ("solved", solved),
        ):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, stand_in)
    model = tmp_path / "model.pth"
    save_model(LeNet(seed=0), model)
    folder = tmp_path / "own"
    (folder / "me").mkdir(parents=True)
    rendered.plain(sample.test.pixels[0], np.random.default_rng(0)).save(folder / "me" / "0.png")
    (folder / "labels.csv").write_text(f"path,label\nme/0.png,{sample.test.labels[0]}\n")
    another = tmp_path / "another.pth"
    save_model(LeNet(seed=1), another)
    return Settings(quick=True, model=model, more_models=(another,), images=folder, reference=True, workers=0)


@pytest.mark.parametrize("section", SECTIONS)
def test_section_runs_and_shows_what_it_found(section, tiny, tmp_path):
    store = report.Store(quick=True, build=tmp_path / "build")
    store.save(section, run(section, tiny))
    (path,) = store.write()
    text = path.read_text(encoding="utf-8")
    assert f"## {SECTIONS[section]}" in text
    assert text.count("\n| -") >= 1
    assert str(tmp_path) not in text and "nan" not in text.split()
    assert path.with_name(f"{section}.png").exists() == hasattr(module_of(section), "draw")
