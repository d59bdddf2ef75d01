"""lenet doctor: one line for each thing, the mend where it fails, and the exit status."""

import json
import shlex
import subprocess

import pytest

from lenet_helpers.cli import doctor
from lenet_helpers.cli import main as cli
from lenet_helpers.system.paths import COURSE


@pytest.fixture
def quick(monkeypatch):
    """Without the examination of torch, which starts a process, unless a test asks for it."""
    monkeypatch.setenv("LENET_DATA", "sample")
    monkeypatch.setitem(doctor.EXAMINATIONS, "torch", lambda: "not examined")


def findings():
    return {finding.name: finding for finding in doctor.examine()}


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as stop:
        cli.main(["doctor", *arguments])
    return stop.value.code, capsys.readouterr().out


def test_all_is_well_here(quick, capsys):
    status, out = run(capsys)
    lines = out.splitlines()
    assert status == 0, out
    assert len(lines) == len(doctor.EXAMINATIONS)
    assert all(line.startswith(("ok ", "note ")) for line in lines)
    status, out = run(capsys, "--json")
    assert [finding["name"] for finding in json.loads(out)] == list(doctor.EXAMINATIONS)


def test_torch_and_torchvision_are_tried_together():
    assert doctor.torch().startswith("torch ")


def test_one_failure_is_a_line_with_its_mend_and_the_status(quick, capsys, monkeypatch):
    def broken():
        raise doctor.Trouble("it is broken", "Mend it so.")

    def unexpected():
        raise RuntimeError("odd")

    monkeypatch.setitem(doctor.EXAMINATIONS, "model", broken)
    monkeypatch.setitem(doctor.EXAMINATIONS, "disk", unexpected)
    status, out = run(capsys)
    assert status == 1
    assert "fail model:        it is broken. Mend it so.\n" in out
    assert "fail disk:         RuntimeError: odd. " in out
    assert len(out.splitlines()) == len(doctor.EXAMINATIONS)  # the others are examined all the same


def done(returncode=0, stdout="", stderr=""):
    return lambda *_, **__: subprocess.CompletedProcess([], returncode, stdout, stderr)


def _raise(error):
    def function(*_, **__):
        raise error

    return function


@pytest.mark.parametrize(
    ("name", "target", "replacement", "state", "found", "mend"),
    [
        ("torch", "subprocess.run", done(1, stderr="x\nRuntimeError: operator torchvision::nms does not exist"),
         "fail", "nms does not exist", "one command: pip install"),
        ("Python", "sys.version_info", (3, 9, 1), "fail", "3.9.1", "3.11 or newer"),
        ("model", "MODEL", COURSE / "nowhere.pth", "fail", "model.pth is missing", "lenet train"),
        ("writing", "tempfile.TemporaryFile", _raise(PermissionError(13, "Permission denied")), "fail",
         "can't be written (Permission denied)", "Copy the course"),
        ("disk", "shutil.disk_usage", lambda _: type("Usage", (), {"free": 3 * 2**20}), "fail", "3 MB", "Make room"),
        ("widgets", "importlib.util.find_spec", lambda name: None, "fail", "missing: ipywidgets", "pip install"),
        ("Jupyter", "importlib.util.find_spec", lambda name: None, "fail", "missing: jupyterlab", "pip install"),
        ("sandbox", "importlib.util.find_spec", lambda name: None, "note", "nbgrader is not installed", "instructor"),
        ("packages", "importlib.metadata.version", _raise(doctor.importlib.metadata.PackageNotFoundError("x")), "fail",
         "missing: torch>=", "pip install --editable"),
    ],
)  # fmt: skip
def test_each_failure_is_recognised(monkeypatch, name, target, replacement, state, found, mend):
    examination = doctor.EXAMINATIONS[name]
    with monkeypatch.context() as patch:
        patch.setattr(f"lenet_helpers.cli.doctor.{target}", replacement)
        try:
            with pytest.raises(doctor.Trouble) as trouble:
                examination()
        finally:
            patch.undo()
    assert trouble.value.state == state
    assert found in trouble.value.found and mend in trouble.value.mend


def test_missing_data_is_a_note_and_damaged_data_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    with pytest.raises(doctor.Trouble) as trouble:
        doctor.data()
    assert trouble.value.state == "note" and "not there yet" in trouble.value.found
    monkeypatch.setenv("LENET_DATA", "sample")
    assert "sample" in doctor.data()


def test_a_model_that_is_none_is_said(tmp_path, monkeypatch):
    (tmp_path / "model.pth").write_bytes(b"no model")
    monkeypatch.setattr(doctor, "MODEL", tmp_path / "model.pth")
    with pytest.raises(doctor.Trouble, match=r"model\.pth"):
        doctor.model()


def test_the_kernel_of_another_python_is_found(tmp_path, monkeypatch):
    kernel = tmp_path / "kernels" / "python3"
    kernel.mkdir(parents=True)
    kernel.joinpath("kernel.json").write_text(
        json.dumps({"argv": ["/other/python", "-m", "x"], "display_name": "x", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    with pytest.raises(doctor.Trouble, match=r"another Python, /other/python") as trouble:
        doctor.jupyter()
    assert str(kernel) in trouble.value.found
    # The mend mends it: the command takes that kernel away, and this Python's own shows again.
    subprocess.run(shlex.split(trouble.value.mend), check=True, capture_output=True)
    assert not kernel.exists()
    assert "kernel python3" in doctor.jupyter()


def test_students_hear_nothing_of_grading(quick, tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "01_data.ipynb").write_text('{"source": "raise NotImplementedError()"}')
    monkeypatch.setattr(doctor, "COURSE", tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "sandbox" not in findings()
    (tmp_path / "notebooks" / "02_other.ipynb").write_text('{"source": "### BEGIN SOLUTION"}')
    assert "nbgrader" in findings()["sandbox"].found
