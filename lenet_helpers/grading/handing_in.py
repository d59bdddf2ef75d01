"""What `lenet hand-in` does: runs a student's notebooks from a fresh start, says what is right, packs them.

It is as strict as a marker: an exercise is right only where its cells are as they were released and in
their order, `check` itself was asked and said so, and the grade cell ended without error. Needs
nothing of nbgrader, which students don't have.
"""

import hashlib
import json
import os
import re
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL

from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lenet_helpers import __version__
from lenet_helpers.exercises.catalogue import NAMES
from lenet_helpers.exercises.keeping import CLEAN_RUNS, SWITCH, note
from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.intake.mending import KERNEL, Unreadable, cell_in_words, id_in, read, release_in, source_of
from lenet_helpers.system.paths import COURSE
from lenet_helpers.system.whole_files import written_whole

STAMP = "RELEASE.json"
REPORT = "hand-in.txt"
NOTEBOOKS = "[0-9][0-9]_*.ipynb"
RIGHT, NOT_YET = "right", "not yet"
FAILED = "ended in "
MOST_MODULE_BYTES = 2**20
OF_THE_COURSE = {"lenet_helpers", "torch", "torchvision", "numpy", "PIL", "scipy", "cv2", "matplotlib", "tqdm",
                 "IPython", "ipywidgets", "traitlets"}  # fmt: skip


@dataclass
class Ran:
    """How a notebook ran."""

    path: Path
    content: bytes = b""
    exercises: dict = field(default_factory=dict)  # by name: right, not yet, or what is wrong with its cells
    broken: str = ""  # which cell breaks a clean run, and how; or why there was none
    seconds: float = 0.0
    release: str = ""
    foreign: tuple = ()  # packages that it imports and the course does not install

    @property
    def complete(self):
        return not self.broken and all(state == RIGHT for state in self.exercises.values())


def notebooks_here(place=None):
    """Return the course's notebooks in a folder, in its folder notebooks/, or else in the course folder."""
    place = Path(place or ".").absolute()
    for folder in (place / "notebooks", place, COURSE / "notebooks"):
        if found := sorted(folder.glob(NOTEBOOKS)):
            return found
    raise GradingError(f"there are no notebooks such as 01_data.ipynb in {place}. Name those that you hand in.")


def run_notebook(path, seconds):
    """Run a notebook from its file in a fresh Python, each cell for so many seconds at most; return `Ran`."""
    started, path = time.perf_counter(), Path(path)
    try:
        ran = Ran(path, path.read_bytes())
        notebook, _ = read(ran.content)
    except Unreadable as error:
        return Ran(path, ran.content, broken=str(error))
    except OSError as error:
        raise GradingError(f"{path} can't be read: {error.strerror}.") from error
    cells = [cell for cell in notebook["cells"] if isinstance(cell, dict)]
    ran.release = release_in(notebook) or ""
    errors, verdicts = _executed(cells, path.absolute().parent, seconds)
    ids = [id_in(cell) for cell in cells]
    for name in _exercises_of(path):
        ran.exercises[name] = _state(name, cells, ids, errors, verdicts)
    ran.foreign = tuple(sorted(_imported(cells) - OF_THE_COURSE - {one.stem for one in path.parent.glob("*.py")}))
    grades = {f"{name}-grade" for name in ran.exercises}
    broken = [at for at in sorted(errors) if ids[at] not in grades or not errors[at].startswith(FAILED)]
    ran.broken = f"{cell_in_words(cells, broken[0])}, {errors[broken[0]]}" if broken else ""
    ran.seconds = time.perf_counter() - started
    return ran


def _executed(cells, folder, seconds):
    """Run cells; return {cell: its error} and {exercise: what `check` said last}."""
    errors, done = {}, set()

    class Client(NotebookClient):
        """Keeps nothing of what cells print or show."""

        def output(self, outs, msg, display_id, cell_index):
            if msg["msg_type"] == "error":
                content = msg["content"]
                said = (content["ename"], content["evalue"].partition("\n")[0])
                errors[cell_index - 1] = FAILED + ": ".join(filter(None, said))

    with tempfile.TemporaryDirectory(prefix="lenet-hand-in-") as temporary:
        noted = Path(temporary) / "verdicts"
        first = f"__import__('lenet_helpers.grading.noting', fromlist=['x']).note_verdicts({str(noted)!r})"
        clean = [_as_code(cell) for cell in cells]
        client = Client(
            new_notebook(cells=[new_code_cell(first), *clean], metadata={"kernelspec": KERNEL}),
            timeout=seconds,
            allow_errors=True,
            record_timing=False,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
            extra_arguments=["--HistoryManager.enabled=False", "--log-level=50"],
            on_cell_executed=lambda cell, cell_index, execute_reply: done.add(cell_index - 1),
        )
        # Where the course is not installed, the notebook's Python finds it as this one did.
        path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(Path(__file__).parents[2]))))
        code = [at for at, cell in enumerate(clean) if cell.cell_type == "code" and cell.source.strip()]
        try:
            client.execute(env={**os.environ, "PYTHONPATH": path, SWITCH: "off"}, stdout=DEVNULL, stderr=DEVNULL)
        except (DeadKernelError, CellTimeoutError) as error:
            why = "ends Python" if isinstance(error, DeadKernelError) else f"takes more than {seconds} s"
            waiting = [at for at in code if at not in done]
            errors |= dict.fromkeys(waiting, "was not reached") | dict.fromkeys(waiting[:1], why)
        lines = noted.read_text(encoding="utf-8").splitlines() if noted.exists() else []
    if -1 in errors:
        raise GradingError(f"the notebooks' Python does not find the course ({errors[-1]}): see lenet doctor.")
    return errors, dict(map(json.loads, lines))


def _imported(cells):
    """Return the packages that code cells import at the beginning of a line, without Python's own."""
    text = "\n".join(source_of(cell) for cell in cells if cell.get("cell_type") == "code")
    return set(re.findall(r"^\s*(?:import|from)\s+(\w+)", text, re.M)) - sys.stdlib_module_names


def _as_code(cell):
    return new_code_cell(source_of(cell)) if cell.get("cell_type") == "code" else new_markdown_cell("")


def _exercises_of(path):
    """Return the exercises of a notebook, by the release's stamp, or else by its number."""
    for folder in (path.absolute().parents[1], COURSE):
        try:
            names = json.loads((folder / STAMP).read_text(encoding="utf-8"))["notebooks"][path.stem]
            return [name.removesuffix("-grade") for name in names]
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return [name for name in NAMES if name.startswith(f"{path.stem[:2]}-")]


def _state(name, cells, ids, errors, verdicts):
    """Return whether an exercise is right, or what is wrong with its cells."""
    places = []
    for grade_id in (f"{name}-solution", f"{name}-grade"):
        if ids.count(grade_id) != 1:
            return f"cell {grade_id} is " + ("missing" if grade_id not in ids else "there more than once")
        places.append(ids.index(grade_id))
        if cells[places[-1]].get("cell_type") != "code":
            return f"cell {grade_id} is no code cell any more"
    solution, grade = places
    if grade < solution:
        return f"cell {name}-grade stands before {name}-solution"
    if _was_edited(cells[grade]):
        return f"cell {name}-grade was edited"
    return RIGHT if verdicts.get(name) is True and grade not in errors else NOT_YET


def _was_edited(cell):
    """Whether a grade cell is not what nbgrader has released, by the checksum that it has put there."""
    own = cell["metadata"]["nbgrader"]
    parts = [source_of(cell), "code", *(str(bool(own.get(flag))) for flag in ("grade", "solution", "locked"))]
    parts += [own["grade_id"], str(own.get("points"))]
    if isinstance(own.get("points"), int):
        parts[-1] += ".0"
    digest = hashlib.md5("".join(parts).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
    return own.get("checksum", digest) != digest


def note_for_progress(ran):
    """Keep what is said of a notebook, in short."""
    right = sum(state == RIGHT for state in ran.exercises.values())
    how = "does not run" if ran.broken else "runs"
    note(CLEAN_RUNS, ran.path.stem, ran.complete, f"{how}, {right} of {len(ran.exercises)} right")


def report(ran):
    """Return what is said of a notebook, as lines."""
    how = f"does not run from top to bottom: {ran.broken}" if ran.broken else "runs from top to bottom"
    width = max(map(len, ran.exercises), default=0)
    lines = [f"{ran.path.name}: {how} ({ran.seconds:.0f} s)"]
    for name, state in ran.exercises.items():
        lines.append(f"  {name:<{width}}  {state if state in (RIGHT, NOT_YET) else f'cell missing or edited: {state}'}")
    if ran.foreign:
        lines.append(f"  imports {', '.join(ran.foreign)}, not of the course: where this is graded, it may be missing")
    return lines


def pack(every, path):
    """Write the zip archive: the notebooks as they were run, the Python files that they name, and the report."""
    complete = all(ran.complete for ran in every)
    said = "complete: every notebook runs, every exercise is right" if complete else "UNFINISHED: see below"
    releases = ", ".join(sorted({ran.release for ran in every if ran.release})) or "unknown"
    lines = [said, f"course {__version__}, release {releases}", "", *(line for ran in every for line in report(ran))]
    with written_whole(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for ran in every:
            archive.writestr(ran.path.name, ran.content)
        for name, content in _beside(every).items():
            archive.writestr(name, content)
        archive.writestr(REPORT, "\n".join(lines) + "\n")


def _beside(every):
    """Return the student's own Python files that the notebooks name, and the release's stamp, by their names."""
    found = {}
    for ran in every:
        folder = ran.path.absolute().parent
        words = set(re.findall(r"\w+", ran.content.decode("utf-8", "replace")))
        for path in sorted(folder.glob("*.py")):
            if path.stem in words and path.is_file() and path.stat().st_size <= MOST_MODULE_BYTES:
                found[path.name] = path.read_bytes()
        if (folder.parent / STAMP).is_file():
            found[STAMP] = (folder.parent / STAMP).read_bytes()
    return found
