"""One submission, from the file's bytes to its marks."""

import base64
import copy
import hashlib
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from nbformat.v4 import new_code_cell

from lenet_helpers.grading.box.limits import Limits
from lenet_helpers.grading.box.warm import room
from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.intake.mending import Unreadable, cell_in_words, mend, read, release_in
from lenet_helpers.grading.intake.needed import cells_that_give, effects, free_names, needed_cells
from lenet_helpers.grading.judge import Judge
from lenet_helpers.grading.kit import helpers_here, open_kit, unpack_kit
from lenet_helpers.grading.records import FAILED, GRADED, MISSING, UNREADABLE
from lenet_helpers.grading.solved import HIDDEN, id_of, regions

PIECE = 20  # letters without spaces: so long a piece is no coincidence
OUT_OF_TIME = "CellTimeoutError"  # what the runner calls a cell that it had to interrupt
MOST_LEFT_OUT = 5  # cells that end Python, before the rest is not tried any more
MOST_NAMED = 5
LONGEST_MESSAGE = 200
NO_HIDDEN_TESTS = "(left out, because it shows a hidden test)"


@dataclass(frozen=True)
class Task:
    """What is to be marked."""

    student: str
    notebook: str
    content: bytes | None  # of the file; None when it was not handed in
    remarks: tuple = ()  # on the file
    modules: tuple = ()  # the student's own Python files beside it: pairs of path and bytes

    def digest(self, job):
        """Return a name for the submission together with all that decides its marks."""
        conditions = [job.fingerprint, repr(job.limits), job.sandbox.name, repr(job.data), repr(job.whole)]
        what = "\n".join([*conditions, self.notebook, *self.remarks])
        digest = hashlib.sha256(what.encode() + b"\n" + (self.content or b"-"))
        for path, content in self.modules:
            digest.update(f"\n{path} {len(content)}\n".encode() + content)
        return digest.hexdigest()

    def record(self, job, status, reason="", exercises=()):
        """Return what is kept of the task in a file, before anything of it has run: plain data."""
        return {
            "student": self.student,
            "notebook": self.notebook,
            "digest": self.digest(job),
            "status": status,
            "reason": reason,
            "remarks": list(self.remarks),
            "exercises": list(exercises),
            "seconds": 0.0,
        }


@dataclass(frozen=True)
class Job:
    """How tasks are marked; travels to other processes and computers."""

    kit: str | bytes  # its folder, or the packed kit itself
    fingerprint: str  # the kit's
    sandbox: object
    limits: Limits = field(default_factory=Limits)
    data: str | None = None  # folder that holds MNIST/raw; None for the bundled sample
    whole: bool = False  # run every cell, also those that no graded cell builds on
    warm: bool = True  # fork submissions from a template, where the computer can

    def __call__(self, task):
        """Mark a task and return its record."""
        kit = unpack_kit(self.kit) if isinstance(self.kit, bytes) else open_kit(Path(self.kit))
        if kit.helpers != helpers_here():  # submissions and judge would draw different inputs
            raise GradingError(
                "this worker has another version of the course than the run began with: use the same on all "
                "computers, and grade again where the course was changed meanwhile"
            )
        return mark(task, kit, self)


def mark(task, kit, job):
    """Return the record of a task. Nothing that a submission does makes this raise."""
    started = time.perf_counter()
    graded = kit.lessons[task.notebook]
    record = task.record(job, GRADED, exercises=[_exercise(cell) for cell in graded if cell.grades])
    if task.content is None:
        return {**record, "status": MISSING}
    try:
        submitted, remarks = read(task.content)
        notebook, more = mend(submitted, graded)
    except Unreadable as error:
        return {**record, "status": UNREADABLE, "reason": str(error)}
    record["remarks"] += [*remarks, *more, *_release_remarks(submitted, kit)]
    if task.modules:
        notebook.cells.insert(0, _carrying(task.modules))
    outcome, said = _executed(notebook, task, kit, job)
    record["remarks"] += said
    if outcome.run.ended:
        record["remarks"].append(f"was stopped: {outcome.run.ended}")
    elif not outcome.started:
        reason = (outcome.run.stderr.strip().splitlines() or ["it said nothing"])[-1][:300]
        return {**record, "status": FAILED, "reason": f"the run did not start: {reason}"}
    elif not outcome.finished:
        record["remarks"].append("broke off: its process died")
    for cell in graded:
        if outcome.error_in(cell.grade_id) == OUT_OF_TIME:
            record["remarks"].append(f"cell {cell.grade_id} took more than {job.limits.cell_seconds} s")
    record["exercises"] = [_marked(cell, outcome, graded) for cell in graded if cell.grades]
    record["seconds"] = time.perf_counter() - started
    return record


class _Outcome:
    """What is known after the run: of each cell, from the runner, and of each exercise, from the judge."""

    def __init__(self, notebook, run, verdicts, ran):
        self.notebook, self.run, self.verdicts, self.ran = notebook, run, verdicts, ran
        self.started = any("started" in report for report in run.reports)
        self.finished = any("finished" in report for report in run.reports)
        self.cells = {report["cell"]: report for report in run.reports if type(report.get("cell")) is int}
        self.position = {id_of(cell): at for at, cell in enumerate(notebook.cells) if id_of(cell)}

    def report_on(self, grade_id):
        at = self.position.get(grade_id)
        return self.cells.get(at) if at in self.ran else None

    def error_in(self, grade_id):
        """Return the name of the error that a cell ended in, or an empty string."""
        return str((self.report_on(grade_id) or {}).get("error", ""))[:60]

    def ended_in(self):
        """Return the cell in which the notebook's process ended by itself, or None."""
        if self.run.ended or not any("died" in report for report in self.run.reports):
            return None
        return min(self.ran - self.cells.keys(), default=None)


def _carrying(modules):
    """Return a cell that puts the student's own Python files beside the notebook."""
    files = {path: base64.b64encode(content).decode() for path, content in modules}
    source = f"""[
    (
        __import__("os").makedirs(__import__("os").path.dirname(path) or ".", exist_ok=True),
        open(path, "wb").write(__import__("base64").b64decode(content)),
    )
    for path, content in {files!r}.items()
] and __import__("importlib").invalidate_caches()"""
    return new_code_cell(source, metadata={"carries": True})


def _executed(notebook, task, kit, job):
    """Run what has to run of a notebook, and again where what went wrong is no fault of the answers.

    Returns the outcome, and remarks on what went wrong.
    """
    code = {at for at, cell in enumerate(notebook.cells) if cell.cell_type == "code"}
    needed = code if job.whole else needed_cells(notebook.cells, kit.released[task.notebook])
    outcome, graded, remarks = _run(notebook, needed, task, kit, job), kit.lessons[task.notebook], []
    if needed < code and any(report.get("error") == "NameError" for report in outcome.cells.values()):
        outcome, needed = _run(notebook, code, task, kit, job), code
    for _ in range(MOST_LEFT_OUT):
        fatal = outcome.ended_in()
        if fatal is None:
            break
        remarks.append(f"{_cell_in_words(notebook, fatal, graded)}, ends Python; run again without it")
        needed = needed - {fatal}
        outcome = _run(notebook, needed, task, kit, job)
    if any(_held_up(cell, outcome) for cell in graded):
        outcome = _run(notebook, needed, task, kit, job)
    remarks += _first_failure(outcome, graded)
    missing = _missing_names(outcome)
    free = set().union(*(free_names(notebook.cells[at].source) for at in needed))
    given = cells_that_give(free | missing, kit.released[task.notebook])
    missing &= _names_given(given)
    if missing and any(_why_none(cell, outcome) for cell in graded if cell.grades):
        with_given = copy.deepcopy(notebook)
        with_given.cells[:0] = map(new_code_cell, given)
        shifted = set(range(len(given))) | {at + len(given) for at in needed}
        again = _run(with_given, shifted, task, kit, job)
        if _right(again, graded) > _right(outcome, graded):
            outcome = again
            own = {cell.source for cell in notebook.cells}
            named = missing & _names_given(source for source in given if source not in own) or missing
            named = ", ".join(sorted(named)[:MOST_NAMED])
            remarks.append(f"lacks {named}; run again with the cells, as they were released, that give them")
    return outcome, remarks


def _names_given(sources):
    return set().union(*(effects(source)[0] for source in sources))


def _right(outcome, graded):
    return sum(not _why_none(cell, outcome) for cell in graded if cell.grades)


def _missing_names(outcome):
    """Return the names that cells, or the answers when they were checked, asked for in vain."""
    said = [str(report.get("message")) for report in outcome.cells.values() if report.get("error") == "NameError"]
    said += [verdict.text for verdict in outcome.verdicts.values() if "NameError" in verdict.text]
    return {name for text in said for name in re.findall(r"name '(\w{1,40})' is not defined", text)}


def _first_failure(outcome, graded):
    """Say which cell failed first, and how, unless it is a grade cell, or an answer that was not begun."""
    ids = {at: grade_id for grade_id, at in outcome.position.items()}
    grades = {cell.grade_id for cell in graded if cell.grades}
    first_grade = min((at for at, grade_id in ids.items() if grade_id in grades), default=0)
    for at in sorted(outcome.cells.keys() & outcome.ran):
        error = str(outcome.cells[at].get("error", ""))[:60]
        if not error or ids.get(at) in grades or (at in ids and error == "NotImplementedError"):
            continue
        lines = str(outcome.cells[at].get("message", "")).strip().splitlines()
        if lines and at < first_grade:  # later, it could tell of hidden tests, in other words
            error = f"{error}: {lines[0][:LONGEST_MESSAGE]}"
        return [f"{_cell_in_words(outcome.notebook, at, graded)}, ended in {without_hidden_tests(error, graded)}"]
    return []


def _cell_in_words(notebook, at, graded):
    carries = notebook.cells[0].metadata.get("carries", False)
    return without_hidden_tests(cell_in_words(notebook.cells[carries:], at - carries), graded)


def _held_up(cell, outcome):
    """Whether a grade cell ran out of time although its answer is right: the computer was too busy, as a rule."""
    return cell.grades and bool(outcome.verdicts.get(cell.exercise)) and outcome.error_in(cell.grade_id) == OUT_OF_TIME


def _run(notebook, needed, task, kit, job):
    """Run cells in the sandbox; once more where not even the first was reached."""
    limits = {**vars(job.limits), "count_processes": job.sandbox.isolates}
    chosen = copy.deepcopy(notebook)
    for at, cell in enumerate(chosen.cells):
        if at not in needed:
            cell.source = ""
    key, data = hashlib.sha256(task.content).digest(), Path(job.data) if job.data else None
    for _ in range(2):
        with (
            room(job.sandbox, kit, data, job.limits, warm=job.warm) as place,
            Judge(key, job.limits.check_seconds, place.judge) as judge,
        ):
            done = place.run({"notebook": chosen, "limits": limits}, job.limits)
        outcome = _Outcome(notebook, done, judge.verdicts, needed)
        if outcome.cells or done.ended:
            break
    return outcome


def _why_none(cell, outcome):
    """Return why a grade cell gives no marks, in words that show no hidden test, or an empty string."""
    verdict = outcome.verdicts.get(cell.exercise)
    if verdict is not None and not verdict:
        return "the check says that it is not right"
    if outcome.report_on(cell.grade_id) is None:
        return "the run ended before this cell was through"
    if "error" in outcome.report_on(cell.grade_id):
        error = outcome.error_in(cell.grade_id)
        if verdict is None:
            return f"ended in {error} before the check could answer"
        return f"right by the check, but a test of the grade cell failed ({error})"
    return "the check was never asked" if verdict is None else ""


def _marked(cell, outcome, graded):
    """Return what a grade cell gives: all its points, or none and the reason."""
    reason, verdict = _why_none(cell, outcome), outcome.verdicts.get(cell.exercise)
    solution = f"{cell.exercise}-solution"
    return _exercise(
        cell,
        mark=0.0 if reason else cell.points,
        reason=reason,
        verdict=without_hidden_tests(str(verdict), graded) if verdict is not None else "",
        mistake=verdict.mistake if verdict is not None else None,
        error=outcome.error_in(solution),
        code=outcome.notebook.cells[outcome.position[solution]].source if solution in outcome.position else "",
    )


def _exercise(cell, mark=0.0, reason="", verdict="", mistake=None, error="", code=""):
    return {
        "exercise": cell.exercise,
        "mark": mark,
        "points": cell.points,
        "reason": reason,
        "verdict": verdict,
        "mistake": mistake,
        "error": error,
        "code": code,
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
    release = release_in(submitted)
    return [] if release in (None, kit.release) else [f"is of release {release[:16]}, not {kit.release}"]
