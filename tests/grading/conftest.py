"""What the tests of grading share, also between the processes of one test run: what nbgrader makes takes long."""

import os
import shutil

import nbformat
import pytest
from boxes import BOX, BOXES, EACH, WHY_COLD, WORKING
from filelock import FileLock
from small_course import make_course

from lenet_helpers.grading import release, with_nbgrader
from lenet_helpers.grading.kit import make_kit, open_kit
from lenet_helpers.grading.solved import fingerprint


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """A function of a name and of what fills an empty folder: only the first process that asks fills it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def folder(name, fill):
        place = shared / name
        with FileLock(f"{place}.lock"):
            if not place.exists():
                new = shared / f"{name}-new"
                new.mkdir()
                fill(new)
                new.rename(place)
        return place

    return folder


@pytest.fixture(scope="session", autouse=True)
def nbgrader_once(made_once):
    """Let nbgrader make the student copies of a state of the notebooks once; whoever wants them again gets the same."""
    generate = with_nbgrader.generate

    def generate_once(notebooks, folder):
        made = made_once(f"nbgrader-{fingerprint(notebooks)}", lambda new: generate(notebooks, new))
        shutil.copytree(made, folder, dirs_exist_ok=True)
        read = {name: nbformat.read(folder / "release" / name / f"{name}.ipynb", as_version=4) for name in notebooks}
        return read

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(with_nbgrader, "generate", generate_once)
        patch.setattr(release, "generate", generate_once)
        yield


@pytest.fixture(scope="session")
def course(made_once):
    """A course of one small lesson; none of the tests changes it."""
    return made_once("small course", lambda new: make_course(new / "course")) / "course"


@pytest.fixture(scope="session")
def kit(made_once, course):
    """The kit of the small course."""
    return open_kit(made_once("small kit", lambda new: make_kit(new / "kit", course)) / "kit")


@pytest.fixture(scope="session")
def released(made_once):
    """A release of the course itself; none of the tests changes it."""
    return made_once("a release", lambda new: release.release(new / "course")) / "course"


@pytest.fixture(scope="module", params=EACH)
def box(request):
    """Each sandbox that works here, and None for what is taken as a rule: forks of a template."""
    assert BOX, f"no sandbox works here: {WORKING}"
    assert request.param != "warm" or WHY_COLD is None, WHY_COLD
    return BOXES.get(request.param)
