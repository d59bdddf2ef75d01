"""The benchmarks: their arithmetic and their report, and that each section runs. No time is judged here."""

import inspect
import json
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks import machine, report, timing
from benchmarks.__main__ import main, run
from benchmarks.accuracy import ablation, original, pictures, rendered
from benchmarks.settings import SECTIONS, Settings, module_of
from benchmarks.speed import busy, demos, epoch, peer, race
from lenet_helpers import ImageClassifier, LeNet, Split, count_parameters, original_transform, save_model, to_input

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


# --- the report


def result_of(section, quick=False):
    return {"section": section, "quick": quick, "machine": machine.describe(), **RESULTS[section]}


EVALUATED = {"accuracy": 0.995, "accuracy_at_slants": 0.996, "loss": 0.02, "images": 10}
RESULTS = {
    "accuracy": {
        "rows": [
            {"name": "model.pth", "parameters": 15626, "data": "MNIST", "validation": EVALUATED, "test": EVALUATED},
        ]
    },
    "course": {"seconds": {"run": 100.0}, "import_torch": 2.0},
}


def test_a_section_run_alone_leaves_the_others_in_the_report(tmp_path):
    first = report.Store(build=tmp_path / "build", results=tmp_path)
    first.save("accuracy", result_of("accuracy"))
    before = first.write().read_text(encoding="utf-8")
    assert "99.50%" in before and "99.60%" in before and "`make run`" not in before

    cleaned = report.Store(build=tmp_path / "another", results=tmp_path)
    cleaned.save("course", result_of("course"))
    after = cleaned.write().read_text(encoding="utf-8")
    assert "`make run`" in after
    assert report.sections_of(after)["accuracy"] == report.sections_of(before)["accuracy"]
    assert cleaned.write().read_text(encoding="utf-8") == after


def test_a_quick_run_has_its_own_place_and_says_so(tmp_path):
    store = report.Store(quick=True, build=tmp_path / "build", results=tmp_path / "results")
    store.save("course", result_of("course", quick=True))
    assert store.write() == tmp_path / "build" / "quick" / "RESULTS.md"
    assert report.QUICK in store.write().read_text(encoding="utf-8")
    assert not (tmp_path / "results").exists()


def test_each_part_tells_command_machine_versions_and_date(tmp_path):
    store = report.Store(build=tmp_path, results=tmp_path)
    result = result_of("course")
    store.save("course", result)
    text = store.write().read_text(encoding="utf-8")
    for fact in (
        "python -m benchmarks course",
        *map(str, (result["machine"][name] for name in ("torch", "date", "cores"))),
    ):
        assert fact in text


def test_a_section_that_fails_leaves_the_others_their_turn(tmp_path, monkeypatch, capsys):
    def measure(settings):
        raise RuntimeError("no luck")

    monkeypatch.setattr("benchmarks.accuracy.accuracy.measure", measure)
    monkeypatch.setattr("benchmarks.speed.course.measure", lambda settings: RESULTS["course"])
    store = report.Store(build=tmp_path, results=tmp_path)
    assert main(["accuracy", "course"], store) == 1
    assert "no luck" in capsys.readouterr().err
    assert store.load("accuracy") is None and store.load("course")


def test_help_names_every_section_and_nonsense_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert all(f"  {section} " in shown for section in SECTIONS)
    with pytest.raises(SystemExit) as stop:
        main(["nonsense"])
    assert stop.value.code == 2


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


def test_the_peer_has_the_size_of_pytorchs_example():
    assert count_parameters(peer.example_network()) == 1_199_882


def test_busy_processes_are_busy_and_end():
    with busy.busy_processes(1) as started:
        assert len(started) == 1 and started[0].poll() is None
    assert started[0].poll() is not None


def test_demos_show_what_was_measured_in_a_browser():
    result = {
        "kernel": {"pad": [0.004] * 100, "layers": [0.06] * 10},
        "browser": {"ready": 4.0, "times": [0.05] * 10, "bytes": [700, 900]},
        "bytes": [500] * 10,
    }
    text = demos.show(result)
    assert "p50 10 ms, reached; p99 30 ms, reached" in text and "p50 50 ms, missed" in text
    assert "p50 10 s, reached" in text
    assert "p50 100 ms, reached" in text and "800 bytes (at most 900)" in text
    assert "There was no Chromium" in demos.show({**result, "browser": None})


def test_only_a_finished_stroke_counts_as_one():
    line = '{"width":65,"points":[1,2,3,4]}'
    assert demos._is_stroke(f'{{"state":{{"strokes":[{line}],"live":[]}}}}')
    assert demos._is_stroke(f'{{"strokes": [{line}], "live": []}}'.encode())
    assert not demos._is_stroke(f'{{"live":[{line}]}}')
    assert not demos._is_stroke('{"strokes":[],"live":[]}')


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
    pixels = np.stack([pictures.to_mnist(pictures.open_picture(*page)) for page in pages])
    assert (upright == reader.reads(pixels, digits)).all() and not upright.all()


@pytest.mark.parametrize("step", ablation.STEPS)
def test_a_step_is_off_only_inside_the_block(step):
    homes = [(home, name) for home, name, _ in ablation.STEPS[step][1]]
    modules = [module for name, module in sys.modules.items() if name.startswith("lenet_helpers.")]
    homes += [
        (module, name)
        for home, name in homes
        for module in modules
        if module is not home and vars(module).get(name) is getattr(home, name)
    ]
    before = [getattr(home, name) for home, name in homes]
    with ablation.without(step):
        inside = [getattr(home, name) for home, name in homes]
    assert all(a is not b for a, b in zip(before, inside, strict=True))
    assert [getattr(home, name) for home, name in homes] == before


@pytest.mark.parametrize("step", ablation.STEPS)
def test_what_stands_in_for_a_step_takes_and_gives_the_same(step, sample):
    digit = sample.test.pixels[0]
    for home, name, stand_in in ablation.STEPS[step][1]:
        real = getattr(home, name)
        if callable(real) and home is not ablation.pictures.ImageOps:
            assert len(inspect.signature(stand_in).parameters) == len(inspect.signature(real).parameters)
    page = rendered.ruled(digit, np.random.default_rng(0)).convert("RGBA")
    with ablation.without(step):
        pixels = pictures.to_mnist(page)
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
    monkeypatch.setattr("torch.set_num_threads", lambda count: None)  # on a busy machine, two would take seconds
    monkeypatch.setattr(
        "benchmarks.speed.demos.in_browser", lambda settings: None
    )  # tests/browser starts enough of them

    def run_lenet(*arguments):
        from click.testing import CliRunner

        done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
        assert done.exit_code == 0, done.output
        return 1.5, done.stdout

    def graded_class(size):
        ways = {"serial": 2.0 * size, "workers": 1.1 * size, "dask": 1.2 * size}
        return {"ways": ways, "alone": {"submissions": 4, "seconds": 14.0}}

    for section in SECTIONS:
        module = module_of(section)
        for name, stand_in in (
            ("run_lenet", run_lenet),
            ("run_apart", lambda function, **arguments: json.loads(json.dumps(function(**arguments)))),
            ("run_python", lambda *_: (0.5, "0.01")),
            ("run_command", lambda *_: (60.0, "")),
            ("seconds_of_class", graded_class),
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
    return Settings(
        quick=True, model=model, more_models=(another,), images=folder, reference=True, tests=True, workers=0
    )


@pytest.mark.parametrize("section", SECTIONS)
def test_section_runs_and_shows_what_it_found(section, tiny, tmp_path):
    store = report.Store(quick=True, build=tmp_path / "build")
    store.save(section, run(section, tiny))
    text = store.write().read_text(encoding="utf-8")
    assert f"## {SECTIONS[section]}" in text
    assert text.count("\n| -") >= 1
    assert str(tmp_path) not in text and "nan" not in text.split()
    module = module_of(section)
    assert (tmp_path / "build" / "quick" / f"{section}.png").exists() == hasattr(module, "draw")
