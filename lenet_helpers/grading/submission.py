"""One submission, from the file's bytes to its marks."""

import atexit
import copy
import hashlib
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from lenet_helpers.grading import with_nbgrader
from lenet_helpers.grading.box.limits import Limits
from lenet_helpers.grading.box.sandbox import Inside
from lenet_helpers.grading.box.supervising import run
from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.intake.mending import Unreadable, mend, read
from lenet_helpers.grading.intake.needed import needed_cells
from lenet_helpers.grading.judge import Marker
from lenet_helpers.grading.kit import Kit, helpers_here, open_kit, unpack_kit
from lenet_helpers.grading.release import release_of
from lenet_helpers.grading.solved import HIDDEN, regions

GRADED, MISSING, UNREADABLE, FAILED = "graded", "not handed in", "not graded", "failed"
PIECE = 20  # letters without spaces: so long a piece is no coincidence
OUT_OF_TIME = "CellTimeoutError"  # what the runner calls a cell that it had to interrupt
NO_HIDDEN_TESTS = "(left out, because it shows a hidden test)"


@dataclass(frozen=True)
class Task:
    """What is to be marked.

    Attributes
    ----------
    student, notebook : str
    content : bytes or None
        Of the file; None when it was not handed in.
    remarks : tuple of str
        On the file.
    """

    student: str
    notebook: str
    content: bytes | None
    remarks: tuple = ()

    def digest(self, job):
        """Return a name for the submission together with all that decides its marks."""
        what = [
            job.fingerprint,
            repr(job.limits),
            job.sandbox.name,
            repr(job.data),
            repr(job.whole),
            self.notebook,
            *self.remarks,
        ]
        return hashlib.sha256("\n".join(what).encode() + b"\n" + (self.content or b"-")).hexdigest()


@dataclass(frozen=True)
class Job:
    """How tasks are marked; travels to other processes and computers.

    Attributes
    ----------
    kit : str or bytes
        Folder of the kit, or the packed kit itself.
    fingerprint : str
        The kit's.
    sandbox : Bubblewrap, Unshare or NoSandbox
    limits : Limits
    data : str or None
        Folder that holds MNIST/raw; None for the bundled sample.
    whole : bool
        Run every cell, also those that no graded cell builds on.
    """

    kit: object
    fingerprint: str
    sandbox: object
    limits: Limits = field(default_factory=Limits)
    data: str | None = None
    whole: bool = False

    def __call__(self, task):
        """Mark a task and return its record."""
        kit = unpack_kit(self.kit) if isinstance(self.kit, bytes) else open_kit(Path(self.kit))
        if kit.helpers != helpers_here():  # submissions and marker would draw different inputs
            raise GradingError(
                "this worker has another version of the course than the run began with: use the same on all "
                "computers, and grade again where the course was changed meanwhile"
            )
        return mark(task, kit, self)


def mark(task, kit: Kit, job):
    """Return the record of a task: plain data, as it is kept in a file.

    Nothing that a submission does makes this raise.
    """
    started = time.perf_counter()
    graded = kit.lessons[task.notebook]
    record = {
        "student": task.student,
        "notebook": task.notebook,
        "digest": task.digest(job),
        "status": GRADED,
        "reason": "",
        "remarks": list(task.remarks),
        "exercises": [_nothing(cell) for cell in graded if cell.grades],
        "seconds": 0.0,
    }
    if task.content is None:
        return {**record, "status": MISSING}
    try:
        submitted, remarks = read(task.content)
        notebook, more = mend(submitted, graded)
    except Unreadable as error:
        return {**record, "status": UNREADABLE, "reason": str(error)}
    record["remarks"] += [*remarks, *more, *_release_remarks(submitted, kit)]
    outcome = _executed(notebook, task, kit, job)
    if outcome.run.ended:
        record["remarks"].append(f"was stopped: {outcome.run.ended}")
    elif not outcome.started:
        reason = (outcome.run.stderr.strip().splitlines() or ["it said nothing"])[-1][:300]
        return {**record, "status": FAILED, "reason": f"the run did not start: {reason}"}
    elif not outcome.finished:
        record["remarks"].append("broke off: its process died")
    for cell in graded:
        if (outcome.report_on(cell.grade_id) or {}).get("error") == OUT_OF_TIME:
            record["remarks"].append(f"cell {cell.grade_id} took more than {job.limits.cell_seconds} s")
    failures = {cell.grade_id: _failure(cell, outcome) for cell in graded if cell.grades}
    scores = with_nbgrader.autograde(
        _gradebook_folder(kit),
        task.notebook,
        "s" + hashlib.sha256(task.student.encode()).hexdigest()[:16],
        notebook,
        {grade_id: reason for grade_id, reason in failures.items() if reason},
    )
    record["exercises"] = [_marks(cell, scores, failures, outcome, graded) for cell in graded if cell.grades]
    record["seconds"] = time.perf_counter() - started
    return record


@dataclass
class _Outcome:
    """What is known after the run: of each cell, from the runner, and of each exercise, from the marker."""

    notebook: object
    run: object
    verdicts: dict

    def __post_init__(self):
        reports = self.run.reports
        self.started = any("started" in report for report in reports)
        self.finished = any("finished" in report for report in reports)
        self.cells = {report["cell"]: report for report in reports if type(report.get("cell")) is int}
        self.position = {}
        for at, cell in enumerate(self.notebook.cells):
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
            if grade_id:
                self.position[grade_id] = at

    def report_on(self, grade_id):
        return self.cells.get(self.position.get(grade_id))


def _executed(notebook, task, kit, job):
    """Run what has to run of a notebook, and all of it where a name was missing after all."""
    code = {at for at, cell in enumerate(notebook.cells) if cell.cell_type == "code"}
    needed = code if job.whole else needed_cells(notebook.cells, kit.released[task.notebook])
    outcome = _run(notebook, needed, task, kit, job)
    if needed < code and any(report.get("error") == "NameError" for report in outcome.cells.values()):
        outcome, needed = _run(notebook, code, task, kit, job), code
    if any(_held_up(cell, outcome) for cell in kit.lessons[task.notebook]):
        outcome = _run(notebook, needed, task, kit, job)
    return outcome


def _held_up(cell, outcome):
    """Whether a grade cell ran out of time although its answer is right: the computer was too busy, as a rule."""
    report = outcome.report_on(cell.grade_id) or {}
    return cell.grades and bool(outcome.verdicts.get(cell.exercise)) and report.get("error") == OUT_OF_TIME


def _run(notebook, needed, task, kit, job):
    """Run cells in the sandbox; once more where not even the first was reached."""
    limits = {**vars(job.limits), "count_processes": job.sandbox.isolates}
    chosen = copy.deepcopy(notebook)
    for at, cell in enumerate(chosen.cells):
        if at not in needed:
            cell.source = ""
    for _ in range(2):
        with Marker(hashlib.sha256(task.content).digest(), job.limits.check_seconds) as marker:
            data = Path(job.data) if job.data else None
            inside = Inside(kit.course, kit.runner, marker.address.parent, data)
            command = job.sandbox.command(inside, job.limits)
            done = run(command, {"notebook": chosen, "limits": limits}, job.limits)
        outcome = _Outcome(notebook, done, marker.verdicts)
        if outcome.cells or done.ended:
            break
    return outcome


def _failure(cell, outcome):
    """Return why a grade cell gives no marks, in words that show no hidden test, or an empty string."""
    report = outcome.report_on(cell.grade_id)
    verdict = outcome.verdicts.get(cell.exercise)
    if verdict is not None and not verdict:
        return "the check says that it is not right"
    if report is None:
        return "the run ended before this cell"
    if "error" in report and verdict is None:
        return f"ended in {str(report['error'])[:60]} before the check could answer"
    if "error" in report:
        return f"right by the check, but a test of the grade cell failed ({str(report['error'])[:60]})"
    if verdict is None:
        return "the marker was never asked"
    return ""


def _marks(cell, scores, failures, outcome, graded):
    score, points = scores[cell.grade_id]
    verdict = outcome.verdicts.get(cell.exercise)
    solution = f"{cell.exercise}-solution"
    code = [outcome.notebook.cells[at].source for grade_id, at in outcome.position.items() if grade_id == solution]
    own = outcome.report_on(solution) or {}
    return {
        "exercise": cell.exercise,
        "mark": score,
        "points": points,
        "reason": failures[cell.grade_id],
        "verdict": without_hidden_tests(str(verdict), graded) if verdict is not None else "",
        "mistake": verdict.mistake if verdict is not None else None,
        "error": str(own.get("error", ""))[:60],
        "code": "\n".join(code),
    }


def _nothing(cell):
    return {
        "exercise": cell.exercise,
        "mark": 0.0,
        "points": cell.points,
        "reason": "",
        "verdict": "",
        "mistake": None,
        "error": "",
        "code": "",
    }


def without_hidden_tests(text, graded):
    """Return a text for the student, unless a piece of a hidden test is in it.

    What a submission raises becomes part of its feedback, and it has run beside the tests.
    This finds what is shown as it is, and not what is told in other words.
    """
    bare = "".join(text.split())
    public = "".join("".join(cell.released.split()) for cell in graded)
    for cell in graded:
        for lines in regions(cell.source, HIDDEN):
            hidden = "".join("".join(lines).split())
            pieces = {hidden[at : at + PIECE] for at in range(max(1, len(hidden) - PIECE + 1))}
            if any(piece in bare and piece not in public for piece in pieces):
                return NO_HIDDEN_TESTS
    return text


def _release_remarks(submitted, kit):
    release = release_of(submitted)
    if isinstance(release, str) and release != kit.release:
        return [f"is of release {release[:16]}, not {kit.release}"]
    return []


_folders = {}
_FOLDERS_LOCK = threading.Lock()


def _gradebook_folder(kit):
    """Return this process's own folder with a gradebook, made on first use: SQLite is not made for many writers."""
    with _FOLDERS_LOCK:
        if kit.folder not in _folders:
            folder = Path(tempfile.mkdtemp(prefix="lenet-gradebook-"))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            shutil.copy(with_nbgrader.gradebook_file(kit.folder), with_nbgrader.gradebook_file(folder))
            _folders[kit.folder] = folder
        return _folders[kit.folder]
