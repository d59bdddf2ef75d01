"""What grading needs of the course, made once: cells, a gradebook, and the course that a submission sees."""

import atexit
import hashlib
import io
import json
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lenet_helpers.exercises.catalogue import NAMES, exercise
from lenet_helpers.grading.solved import exercise_of, fingerprint, flag, id_of, solved_notebooks
from lenet_helpers.system.paths import COURSE

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Graded:
    """A solution or grade cell as the solved notebook has it."""

    grade_id: str
    exercise: str
    cell_type: str
    grades: bool  # otherwise it is a solution cell
    points: float
    source: str  # of a grade cell, with its hidden tests; of a solution cell, as released
    released: str
    metadata: dict


@dataclass(frozen=True)
class Kit:
    """A folder with everything that grading needs."""

    folder: Path
    release: str  # that students should have worked on
    fingerprint: str  # changes when anything does that can change a mark
    helpers: str  # changes when the helper package does
    lessons: dict  # of str to tuple of Graded
    released: dict  # of str to keys in order: the sources of the other code cells, as students got them

    @property
    def course(self):
        """The course folder for the sandbox."""
        return self.folder / "course"

    @property
    def runner(self):
        """What executes a submission's cells in the sandbox."""
        return self.folder / "box" / "runner.py"

    @property
    def template(self):
        """What does so in forks of itself."""
        return self.folder / "box" / "template.py"

    def packed(self):
        """Return the whole kit as bytes, for another computer."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
            for path in self.folder.rglob("*"):
                archive.write(path, path.relative_to(self.folder))
        return buffer.getvalue()


def make_kit(folder, course=COURSE):
    """Make the kit of the course in an empty folder and return it."""
    from lenet_helpers.grading import with_nbgrader  # half a second to import, which who only marks need not wait for

    notebooks = solved_notebooks(course)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lenet-kit-") as temporary:
        copies = with_nbgrader.generate(notebooks, Path(temporary))
        shutil.copy(with_nbgrader.gradebook_file(Path(temporary)), with_nbgrader.gradebook_file(folder))
    lessons = {name: _graded_cells(notebooks[name], copies[name]) for name in notebooks}
    _bare_course(course, folder / "course")
    (folder / "box").mkdir()
    for name in ("runner.py", "template.py", "confining.py"):
        shutil.copy(HERE / "box" / name, folder / "box" / name)
    facts = {
        "release": fingerprint(notebooks),
        "fingerprint": fingerprint(notebooks, course / "lenet_helpers", course / "model.pth"),
        "helpers": fingerprint({}, course / "lenet_helpers"),
        "released": {name: _other_code(copy) for name, copy in copies.items()},
        "lessons": {name: [vars(cell) for cell in cells] for name, cells in lessons.items()},
    }
    (folder / "kit.json").write_text(json.dumps(facts), encoding="utf-8")
    return open_kit(folder)


def open_kit(folder):
    """Return the kit that lies in a folder."""
    facts = json.loads((folder / "kit.json").read_text(encoding="utf-8"))
    lessons = {name: tuple(Graded(**cell) for cell in cells) for name, cells in facts["lessons"].items()}
    released = {name: dict.fromkeys(sources) for name, sources in facts["released"].items()}
    return Kit(folder, facts["release"], facts["fingerprint"], facts["helpers"], lessons, released)


@lru_cache(maxsize=1)
def helpers_here():
    """Return what `Kit.helpers` is for the helper package that this process has, and loads now where it had not yet."""
    for name in NAMES:
        exercise(name)
    return fingerprint({}, HERE.parent)


@lru_cache(maxsize=4)
def unpack_kit(packed):
    """Unpack a kit that came as bytes, once in a process, and return it."""
    folder = Path(tempfile.mkdtemp(prefix=f"lenet-kit-{hashlib.sha256(packed).hexdigest()[:8]}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(folder)
    return open_kit(folder)


def _graded_cells(solved, copy):
    """Solution and grade cells in order; nbgrader has put its checksums into the copy."""
    cells = []
    for ours, theirs in zip(solved.cells, copy.cells, strict=True):
        if not (flag(ours, "grade") or flag(ours, "solution")):
            continue
        cells.append(
            Graded(
                grade_id=id_of(ours),
                exercise=exercise_of(id_of(ours)),
                cell_type=ours.cell_type,
                grades=flag(ours, "grade"),
                points=float(theirs.metadata.nbgrader.get("points", 0)),
                source=ours.source if flag(ours, "grade") else theirs.source,
                released=theirs.source,
                metadata=dict(theirs.metadata),
            )
        )
    return tuple(cells)


def _other_code(copy):
    return [cell.source for cell in copy.cells if cell.cell_type == "code" and "nbgrader" not in cell.metadata]


def _bare_course(course, folder):
    """Copy what a submission needs: the helper package without answers, the model and the picture."""
    package = folder / "lenet_helpers"
    without = ("__pycache__", "*.pyc", "grading", "cli", "__main__.py", "answers", "hints.py", "keeping.py")
    shutil.copytree(course / "lenet_helpers", package, ignore=shutil.ignore_patterns(*without))
    shutil.copy(HERE / "box" / "asking.py", package / "exercises" / "__init__.py")
    for name in ("model.pth", "test.png"):
        shutil.copy(course / name, folder / name)
    (folder / "notebooks").mkdir()
