"""Where the course lies: a course folder, or a package that pip has installed by itself."""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from lenet_helpers.system import paths
from lenet_helpers.system.paths import ASSETS, COURSE, MODEL, PICTURE, data_folder


def paths_of(folder):
    """What `paths` says in a package at `folder`/lenet_helpers."""
    file = folder / "lenet_helpers" / "system" / "paths.py"
    file.parent.mkdir(parents=True)
    file.write_bytes(Path(paths.__file__).read_bytes())
    spec = importlib.util.spec_from_file_location("elsewhere_paths", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["model.pth", "test.png"])
def test_the_package_holds_the_same_bytes_as_the_course_folder(name):
    assert (ASSETS / name).read_bytes() == (COURSE / name).read_bytes()


def test_the_course_folder_is_around_the_package():
    assert (COURSE / "notebooks").is_dir() and (MODEL, PICTURE) == (COURSE / "model.pth", COURSE / "test.png")
    assert not paths.INSTALLED


@pytest.mark.parametrize("folder", ["site-packages", "dist-packages", "target"])
def test_an_installed_package_is_its_own_course_and_keeps_data_in_the_users_cache(tmp_path, monkeypatch, folder):
    monkeypatch.delenv("LENET_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if folder == "site-packages":
        (tmp_path / folder / "notebooks").mkdir(parents=True)  # of some other package
    installed = paths_of(tmp_path / folder)
    assert installed.INSTALLED
    assert installed.COURSE == installed.ASSETS == tmp_path / folder / "lenet_helpers" / "assets"
    assert not installed.data_folder().is_relative_to(tmp_path / folder)
    if sys.platform == "linux":
        assert installed.data_folder() == tmp_path / "cache" / "lenet-mnist"


def test_data_belong_where_the_environment_says_else_into_the_course_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    monkeypatch.delenv("LENET_DATA")
    assert data_folder() == COURSE / "data"


WITHOUT_A_COURSE_FOLDER = """
import warnings
from lenet_helpers import COURSE, ImageClassifier, check, demos, load_mnist
print(*(ImageClassifier(*name).predict(COURSE / "test.png") for name in ((), ("model.pth",))))
print(bool(check("02-parameters", lambda i, o, k: o * (i * k * k + 1))))
print(type(demos.fool_it_figure()).__name__)
warnings.simplefilter("ignore")
print(load_mnist(download=False).is_sample)
"""


@pytest.mark.slow  # builds the wheel, and starts two Pythons
def test_the_wheel_works_in_an_empty_folder(tmp_path):
    """Built as pip builds it, unpacked as pip unpacks it; all else comes from this environment."""
    pytest.importorskip("setuptools", "77")  # without a build in isolation, which needs an index
    source = tmp_path / "source"
    source.mkdir()
    copied = ["lenet_helpers", "pyproject.toml", "README.md", "LICENSE"]
    for name in copied:
        path = COURSE / name
        (shutil.copytree if path.is_dir() else shutil.copy)(path, source / name)
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, source]
    subprocess.run(build, check=True)
    [wheel] = tmp_path.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / Path(sys.executable).name
    asked = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    subprocess.run([sys.executable, "-m", "zipfile", "-e", wheel, site], check=True)
    (tmp_path / "empty").mkdir()
    environment = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment.pop("LENET_DATA", None)
    place = {"cwd": tmp_path / "empty", "env": environment, "capture_output": True, "text": True}
    done = subprocess.run([python, "-c", WITHOUT_A_COURSE_FOLDER], **place)
    assert done.stdout.splitlines() == ["5 5", "True", "Figure", "True"], done.stderr
    predict = [python, "-m", "lenet_helpers", "predict", site / "lenet_helpers" / "assets" / "test.png"]
    done = subprocess.run(predict, **place)
    assert ": 5 (confidence" in done.stdout, done.stderr
    assert not list((tmp_path / "empty").iterdir())
