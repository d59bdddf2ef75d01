"""The lenet command: results on stdout, everything else on stderr, and an honest exit status."""

import json
import math
import os
import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from lenet_helpers import (
    ImageClassifier,
    LeNet,
    Split,
    TrainingRun,
    __version__,
    count_parameters,
    load_model,
    probabilities_over_slants,
    save_model,
)
from lenet_helpers.cli import main as cli
from lenet_helpers.system.paths import COURSE


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    """A LeNet that reads nearly every digit as the same class: what it says does not matter here."""
    path = tmp_path_factory.mktemp("model") / "small.pth"
    save_model(LeNet(seed=0), path)
    return path


@pytest.fixture
def digit_file(tmp_path, sample):
    path = tmp_path / "digit.png"
    Image.fromarray(sample.test.pixels[0]).save(path)
    return path


@pytest.fixture
def lenet(capsys, monkeypatch):
    """Run the command in this process: (status, stdout, stderr)."""
    monkeypatch.setenv("LENET_DATA", "sample")

    def run(*arguments):
        with warnings.catch_warnings(), pytest.raises(SystemExit) as stop:
            warnings.simplefilter("default")
            cli.main([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return stop.value.code, output.out, output.err

    return run


def start(*arguments, program=("-m", "lenet_helpers"), **options):
    """Start the command as a process of its own."""
    return subprocess.Popen(
        [sys.executable, *program, *map(str, arguments)],
        env={**os.environ, "LENET_DATA": "sample", "PYTHONPATH": str(COURSE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


# Windows has no SIGINT that reaches one other process, so the command gets it from a thread of its own.
CTRL_C_ON_A_LETTER = """
import os, runpy, signal, threading

def wait():
    if os.read(0, 1):
        signal.raise_signal(signal.SIGINT)

threading.Thread(target=wait, daemon=True).start()
runpy.run_module("lenet_helpers", run_name="__main__")
"""


def start_interruptible(*arguments):
    """Start the command as a process of its own that takes a letter on standard input for a Ctrl-C."""
    return start(*arguments, program=("-c", CTRL_C_ON_A_LETTER), stdin=subprocess.PIPE)


def lines_of(text):
    return text.strip().splitlines()


# --- in general -------------------------------------------------------------------------


def test_version(lenet):
    assert lenet("--version") == (0, f"lenet {__version__}\n", "")


def test_python_m_is_the_same_as_the_command():
    process = start("--version")
    assert process.communicate() == (f"lenet {__version__}\n", "")
    assert process.returncode == 0


def test_help_names_the_three_commands(lenet):
    status, out, _ = lenet("--help")
    assert status == 0
    for command in ("predict", "read", "train", "evaluate"):
        assert command in out
        assert lenet(command, "-h")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["predict"], "Missing argument 'FILE...'"),
        (["train", "--recipe", "slow"], "'slow' is not one of 'fast', 'best', 'reference'"),
        (["train", "--epochs", "0"], "0 is not in the range x>=1"),
        (["train", "--threads", "0"], "0 is not in the range x>=1"),
        (["evaluate", "--split", "all"], "'all' is not one of"),
        (["evaluate", "--images", ".", "--split", "test"], "--images takes the place of"),
        (["evaluate", "--errors", "x"], "--errors belongs to --images"),
        (["evaluate", "--images", "nowhere"], "'nowhere' does not exist"),
        (["guess"], "No such command 'guess'"),
    ],
)
def test_wrong_usage_is_status_2_and_explained_on_stderr(lenet, arguments, says):
    status, out, err = lenet(*arguments)
    assert (status, out) == (2, "")
    assert says in err


def test_a_mistake_in_the_program_is_not_hidden(model_file, digit_file, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("lenet_helpers.inference.ImageClassifier.classify", broken)
    with pytest.raises(ZeroDivisionError):
        cli.main(["predict", str(digit_file), "--model", str(model_file)])


@pytest.mark.filterwarnings("ignore::lenet_helpers.SampleNotice")
def test_a_mistake_in_the_training_is_not_hidden_either(monkeypatch, tmp_path):
    def broken(*_):
        raise ValueError("a bug")

    monkeypatch.setattr("lenet_helpers.training.training_step", broken)
    with pytest.raises(ValueError, match="a bug"):
        cli.main(["train", "--data", "sample", "--out", str(tmp_path / "m.pth")])


# --- predict ----------------------------------------------------------------------------


def test_predict_prints_a_line_for_each_file(lenet, model_file, digit_file):
    status, out, _ = lenet("predict", digit_file, digit_file, "--model", model_file)
    assert status == 0
    first, second = lines_of(out)
    assert first == second
    name, answer = first.rsplit(": ", 1)
    assert name == str(digit_file)
    assert answer.split()[0] in "0123456789"


def test_predict_json_is_one_document(lenet, model_file, digit_file):
    status, out, _ = lenet("predict", digit_file, "--model", model_file, "--json")
    assert status == 0
    (answer,) = json.loads(out)
    assert answer["file"] == str(digit_file)
    assert len(answer["probabilities"]) == 10
    assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-5)
    assert answer["digit"] == int(np.argmax(answer["probabilities"]))
    assert answer["confidence"] == pytest.approx(max(answer["probabilities"]))


@pytest.mark.parametrize("as_json", [False, True])
def test_one_bad_file_does_not_stop_the_others(lenet, model_file, digit_file, tmp_path, as_json):
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    nowhere = tmp_path / "nowhere.png"
    flags = ["--json"] if as_json else []
    status, out, err = lenet("predict", bad, nowhere, digit_file, "--model", model_file, *flags)
    assert status == 1
    if as_json:
        answers = json.loads(out)
        assert ["error" in answer for answer in answers] == [True, True, False]
    else:
        assert len(lines_of(out)) == 1 and out.startswith(f"{digit_file}: ")
    complaints = [line for line in lines_of(err) if str(bad) in line or str(nowhere) in line]
    assert len(complaints) == 2
    assert all(line.startswith("lenet: ") for line in complaints)
    assert "Traceback" not in err


def test_a_blank_picture_is_named(lenet, model_file, tmp_path):
    Image.new("L", (50, 50), 255).save(tmp_path / "blank.png")
    status, out, err = lenet("predict", tmp_path / "blank.png", "--model", model_file)
    assert (status, out) == (1, "")
    assert len(lines_of(err)) == 1 and str(tmp_path / "blank.png") in err


def test_doubts_go_to_stderr(lenet, model_file, digit_file, monkeypatch):
    from lenet_helpers import ImageClassifier, Prediction

    doubtful = Prediction(3, np.full(10, 0.1, np.float32), np.zeros((28, 28), np.uint8), "It may also be an 8")
    monkeypatch.setattr(ImageClassifier, "classify", lambda *_: doubtful)
    status, out, err = lenet("predict", digit_file, "--model", model_file)
    assert status == 0
    assert out == f"{digit_file}: 3 (confidence 10.0%)\n"
    assert err == f"lenet: {digit_file}: It may also be an 8\n"


def test_read_shows_the_number_and_where_each_digit_is(lenet, tmp_path, sample):
    from benchmarks.accuracy.numbers import draw_number

    pixels = np.stack([sample.test.pixels[sample.test.labels == digit][0] for digit in (4, 7, 1)])
    file, blank = tmp_path / "471.png", tmp_path / "blank.png"
    draw_number(pixels, "spaced", np.random.default_rng(0)).save(file)
    Image.new("L", (60, 60), 200).save(blank)
    status, out, err = lenet("read", file, blank)
    assert status == 1 and out.startswith(f"{file}: 471 (confidence ") and f"{blank} is blank" in err
    status, out, _ = lenet("read", file, "--json")
    (answer,) = json.loads(out)
    assert status == 0 and (answer["text"], answer["warning"]) == ("471", None)
    assert [digit["digit"] for digit in answer["digits"]] == [4, 7, 1] and 0 < answer["confidence"] <= 1
    assert all(len(digit["box"]) == 4 and len(digit["probabilities"]) == 10 for digit in answer["digits"])


@pytest.mark.parametrize("command", [["predict", "x.png"], ["evaluate"]])
def test_a_missing_or_foreign_model_is_one_line_that_names_it(lenet, tmp_path, command):
    foreign = tmp_path / "foreign.pth"
    foreign.write_text("no weights")
    for path in (foreign, tmp_path / "nowhere.pth"):
        status, out, err = lenet(*command, "--model", path)
        assert (status, out) == (1, "")
        assert len(lines_of(err)) == 1 and str(path) in err and err.startswith("lenet: ")


# --- train ------------------------------------------------------------------------------


def test_train_writes_a_model_and_prints_a_line_an_epoch(lenet, tmp_path):
    out_file = tmp_path / "mine.pth"
    status, out, err = lenet("train", "--epochs", 2, "--out", out_file)
    assert status == 0
    heading, *records, last = lines_of(out)
    assert heading.split()[0] == "epoch"
    assert [record.split()[0] for record in records] == ["1", "2"]
    assert last.startswith(f"{out_file}: validation accuracy")
    assert count_parameters(load_model(out_file)) == 15_626
    assert "bundled sample" in err  # which data it was, and the notice
    assert os.listdir(tmp_path) == ["mine.pth"]


def test_train_json_is_a_line_an_epoch_and_a_summary(lenet, tmp_path):
    status, out, _ = lenet("train", "--epochs", 1, "--seed", 5, "--out", tmp_path / "m.pth", "--json")
    assert status == 0
    record, summary = map(json.loads, lines_of(out))
    assert record["epoch"] == 1 and "step_losses" not in record
    assert 0 < record["validation_accuracy"] <= 1
    assert summary["recipe"]["name"] == "fast"
    assert (summary["recipe"]["epochs"], summary["recipe"]["seed"]) == (1, 5)
    assert summary["model"] == str(tmp_path / "m.pth")
    assert "bundled sample" in summary["data"]
    assert summary["environment"]["torch"] == torch.__version__


def test_threads_are_what_was_asked_for(lenet, tmp_path, monkeypatch):
    asked = []

    class Run(TrainingRun):
        def __init__(self, *arguments, threads, **options):  # two threads beside a busy process can take minutes
            asked.append(threads)
            super().__init__(*arguments, threads=1, **options)

    monkeypatch.setattr("lenet_helpers.TrainingRun", Run, raising=False)
    _, out, _ = lenet("train", "--epochs", 1, "--threads", 2, "--out", tmp_path / "m.pth", "--json")
    assert asked == [2]
    assert json.loads(lines_of(out)[-1])["environment"]["threads"] == 2


def test_the_seed_decides_what_is_learned(lenet, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert lenet("train", "--epochs", 1, "--seed", seed, "--out", tmp_path / f"{name}.pth")[0] == 0
    a, b, c = (load_model(tmp_path / f"{name}.pth").fc3.weight for name in "abc")
    assert torch.equal(a, b) and not torch.equal(a, c)


def test_without_out_a_new_file_is_written_and_none_replaced(lenet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert lenet("train", "--epochs", 1)[0] == 0
    assert os.listdir(tmp_path) == ["lenet.pth"]
    before = (tmp_path / "lenet.pth").read_bytes()
    status, out, err = lenet("train", "--epochs", 1)
    assert (status, out) == (1, "")
    assert "lenet.pth is already there" in err and "--out" in err
    assert (tmp_path / "lenet.pth").read_bytes() == before


@pytest.mark.parametrize(("out", "says"), [("no/such/folder/m.pth", "there is no folder"), (".", "is a folder")])
def test_a_place_that_cannot_be_written_is_told_before_training(lenet, tmp_path, monkeypatch, out, says):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lenet_helpers.training.training_step", lambda *_: pytest.fail("trained before looking"))
    status, stdout, err = lenet("train", "--out", out)
    assert (status, stdout) == (1, "")
    assert says in err and len(lines_of(err)) == 1


def test_a_training_that_diverges_is_one_line_and_writes_nothing(lenet, tmp_path, monkeypatch):
    monkeypatch.setattr("lenet_helpers.training.training_step", lambda *_: torch.tensor(math.nan))
    status, _, err = lenet("train", "--out", tmp_path / "m.pth")
    assert status == 1
    assert lines_of(err)[-1] == "lenet: the training loss is nan in epoch 1: try a lower learning rate"
    assert os.listdir(tmp_path) == []


def test_ctrl_c_is_one_line_and_status_130(tmp_path):
    process = start_interruptible("train", "--epochs", 1000, "--out", tmp_path / "m.pth")
    assert process.stdout.readline() and process.stdout.readline()  # heading and first epoch
    _, err = process.communicate("c", timeout=60)
    assert process.returncode == 130
    assert lines_of(err)[-1] == f"lenet: interrupted; {tmp_path / 'm.pth'} was not written"
    assert "Traceback" not in err
    assert os.listdir(tmp_path) == []


def test_ctrl_c_with_a_checkpoint_loses_nothing(lenet, tmp_path):
    arguments = "--epochs", 3, "--seed", 4, "--out", tmp_path / "m.pth", "--json"
    checkpoint = tmp_path / "run.ckpt"
    process = start_interruptible("train", *arguments, "--checkpoint", checkpoint)
    process.stdout.readline()  # the first epoch
    _, err = process.communicate("c", timeout=60)
    assert process.returncode == 130
    assert f"{checkpoint} goes on from here" in err
    assert not (tmp_path / "m.pth").exists()

    status, out, err = lenet("train", *arguments, "--checkpoint", checkpoint)
    assert status == 0
    assert "going on after step" in err
    assert [json.loads(line)["epoch"] for line in lines_of(out)[:-1]] == [1, 2, 3]
    resumed = (tmp_path / "m.pth").read_bytes()
    assert lenet("train", *arguments)[0] == 0
    assert (tmp_path / "m.pth").read_bytes() == resumed


def test_a_checkpoint_of_another_run_is_one_line_and_stays(lenet, tmp_path):
    checkpoint = tmp_path / "run.ckpt"
    assert lenet("train", "--epochs", 1, "--out", tmp_path / "m.pth", "--checkpoint", checkpoint)[0] == 0
    before = checkpoint.read_bytes()
    status, out, err = lenet("train", "--epochs", 2, "--out", tmp_path / "n.pth", "--checkpoint", checkpoint)
    assert (status, out) == (1, "")
    assert "another recipe" in err and str(checkpoint) in err and "delete it or name another" in err
    assert checkpoint.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["m.pth", "run.ckpt"]


@pytest.mark.skipif(os.name == "nt", reason="a write that nobody reads is another error on Windows than EPIPE")
def test_a_reader_that_goes_away_is_no_traceback(tmp_path):
    process = start("train", "--epochs", 1000, "--out", tmp_path / "m.pth")
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait(timeout=60) != 0  # it noticed, or it would train for an hour
    assert "Traceback" not in err and "BrokenPipe" not in err


# --- evaluate ---------------------------------------------------------------------------


def test_evaluate_prints_what_it_measured(lenet, model_file, sample):
    status, out, err = lenet("evaluate", "--model", model_file)
    assert status == 0
    facts = dict(line.split(None, 1) for line in lines_of(out))
    assert facts["parameters"] == "15,626"
    assert facts["data"] == sample.source
    assert facts["images"] == "1,000"
    assert facts["accuracy"].endswith("%") and "at slants   " in out
    assert err.count("\n") == 1 and "as asked for" in err  # the notice, as one clean line
    assert ".py" not in err


@pytest.mark.parametrize("split", ["test", "validation", "train"])
def test_evaluate_json_equals_counting_by_hand(lenet, model_file, sample, split, monkeypatch):
    parts = {name: getattr(sample, name) for name in ("train", "validation", "test")}
    few = {name: Split(name, part.pixels[::9], part.labels[::9]) for name, part in parts.items()}
    monkeypatch.setattr("lenet_helpers.load_mnist", lambda *_: replace(sample, **few))
    status, out, _ = lenet("evaluate", "--model", model_file, "--split", split, "--json")
    assert status == 0
    facts = json.loads(out)
    inputs, labels = few[split].tensors()
    with torch.no_grad():
        logits = load_model(model_file)(inputs)
    assert facts["split"] == split and facts["images"] == len(labels)
    assert facts["accuracy"] == pytest.approx((logits.argmax(1) == labels).double().mean().item())
    assert facts["error"] == pytest.approx(1 - facts["accuracy"])
    assert facts["loss"] == pytest.approx(torch.nn.functional.cross_entropy(logits, labels).item(), rel=1e-4)
    right = probabilities_over_slants(load_model(model_file), inputs).argmax(1) == labels
    assert facts["accuracy_at_slants"] == pytest.approx(right.double().mean().item())


def test_evaluate_names_data_that_cannot_be_read(lenet, model_file, tmp_path):
    (tmp_path / "file").write_text("")
    status, out, err = lenet("evaluate", "--model", model_file, "--data", tmp_path / "file")
    assert (status, out) == (1, "")
    assert str(tmp_path / "file") in err and len(lines_of(err)) == 1


@pytest.fixture
def own_images(tmp_path, sample):
    folder = tmp_path / "own"
    lines = ["path,label"]
    for part, indices in (("anna", (0, 150)), ("ben", (250, 999))):
        (folder / part).mkdir(parents=True)
        for index in indices:
            Image.fromarray(sample.test.pixels[index]).save(folder / part / f"{index}.png")
            lines.append(f"{part}/{index}.png,{sample.test.labels[index]}")
    (folder / "labels.csv").write_text("\n".join(lines))
    return folder


def test_evaluate_images_measures_a_folder(lenet, model_file, own_images, tmp_path):
    status, out, err = lenet("evaluate", "--model", model_file, "--images", own_images, "--errors", tmp_path / "errors")
    assert status == 0
    assert lines_of(out)[-1].split()[:3] == ["all", "images", "4"]
    assert {"anna", "ben", "mean"} <= {line.split()[0] for line in lines_of(out)}
    with Image.open(tmp_path / "errors" / "errors.png") as sheet:
        assert sheet.width > 28
    assert str(tmp_path / "errors" / "errors.png") in err


def test_evaluate_images_json(lenet, model_file, own_images):
    (own_images / "anna" / "0.png").write_text("no picture any more")
    status, out, _ = lenet("evaluate", "--model", model_file, "--images", own_images, "--json")
    assert status == 0
    facts = json.loads(out)
    assert facts["images"] == 4 and facts["counts"] == {"anna": 2, "ben": 2}
    assert facts["accuracy"] == pytest.approx(1 - len(facts["errors"]) / 4)
    assert facts["mean_over_folders"] == pytest.approx(np.mean(list(facts["by_folder"].values())))
    assert facts["errors"][0]["prediction"] is None and "0.png" in facts["errors"][0]["message"]


def test_predict_reads_each_picture_of_a_folder(lenet, model_file, own_images, tmp_path):
    (tmp_path / "empty").mkdir()
    status, out, err = lenet("predict", own_images, "--json", "--model", model_file)
    answers = json.loads(out)
    pictures = sorted(map(str, own_images.rglob("*.png")))
    assert status == 0 and [answer["file"] for answer in answers] == pictures and len(pictures) > 1
    assert [answer["digit"] for answer in answers] == ImageClassifier(model_file).predict(pictures)
    status, out, err = lenet("predict", tmp_path / "empty", pictures[0], "--model", model_file)
    assert status == 1 and "empty is a folder; name one picture inside it" in err and pictures[0] in out


def test_a_folder_without_labels_is_one_line(lenet, model_file, tmp_path):
    status, out, err = lenet("evaluate", "--model", model_file, "--images", tmp_path)
    assert (status, out) == (1, "")
    assert "labels.csv" in err and len(lines_of(err)) == 1
