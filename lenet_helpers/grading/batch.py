"""A whole class: what is left to do, in how many processes, and what comes out."""

import contextlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from lenet_helpers.grading import feedback, gradebook, overview
from lenet_helpers.grading.box.limits import Limits
from lenet_helpers.grading.box.sandbox import forbidden_paths
from lenet_helpers.grading.box.warm import why_cold
from lenet_helpers.grading.by_hand import read_adjustments, with_marks_by_hand
from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.intake.finding import find
from lenet_helpers.grading.intake.mending import Unreadable
from lenet_helpers.grading.kit import make_kit, open_kit
from lenet_helpers.grading.records import FAILED, MISSING, in_words
from lenet_helpers.grading.solved import fingerprint, solved_notebooks
from lenet_helpers.grading.submission import Job, Task
from lenet_helpers.grading.workers import runner
from lenet_helpers.system.paths import COURSE
from lenet_helpers.system.whole_files import written_whole


@dataclass
class Summary:
    """What a run of `grade` did."""

    folder: Path  # with the feedback, the gradebook and the report
    records: list = field(default_factory=list)  # one for each student and notebook, sorted
    run: int = 0  # submissions that were run
    kept: int = 0  # those whose marks were there already
    problems: list = field(default_factory=list)  # a line for each thing that the instructor should know
    failed: int = 0  # could not be run, for no fault of theirs; the next run tries again


def grade(
    submissions,
    out,  # a CSV file; what else is made goes into the folder of its name without the suffix, for the next run as well
    *,
    sandbox,
    workers=1,  # processes on this computer
    scheduler=None,  # address of a Dask scheduler, whose workers are used instead
    limits=None,
    data=None,  # folder that holds MNIST/raw; without it, submissions get the bundled sample
    whole=False,  # run every cell of a submission, also those that no graded cell builds on
    only=(),  # students to grade, while the marks of all others stay as they are
    notebooks=(),  # and notebooks
    again=False,  # run submissions that have not changed as well
    adjust=None,  # the file of marks by hand; adjust.csv beside `out`, where there is one, when not given
    warm=True,  # fork submissions from a process that has imported everything, where the computer can
    course=COURSE,
    say=lambda line: None,  # gets a line of progress for each submission
):
    """Mark every submission and write marks, feedback, gradebook and report; return a `Summary`.

    GradingError says why grading can't begin. What was marked before is kept.
    """
    submissions, out = Path(submissions).absolute(), Path(out).absolute()
    folder = out.with_suffix("")
    if folder == out:
        raise GradingError(f"{out} has no suffix. Name a file such as gradebook.csv.")
    _check_places(submissions, folder, course, sandbox)
    adjustments = read_adjustments(Path(adjust) if adjust else out.with_name("adjust.csv"))
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder):
        kit = _kit_in(folder, course)
        found = find(submissions, kit.lessons)
        _check_names(only, {one.student for one in found.submissions}, "student")
        _check_names(notebooks, kit.lessons, "notebook")
        job = Job(
            kit=str(kit.folder),
            fingerprint=kit.fingerprint,
            sandbox=sandbox,
            limits=limits or Limits(),
            data=str(Path(data).absolute()) if data else None,
            whole=whole,
            warm=warm,
        )
        summary = Summary(folder)
        tasks, left = [], []
        for task in _tasks(found.submissions):
            chosen = task.student in (only or [task.student]) and task.notebook in (notebooks or [task.notebook])
            record = _record_of(folder, task)
            current = record.get("digest") == task.digest(job) and record["status"] != FAILED
            if (record and not chosen) or (current and not again):
                summary.records.append(record)
            elif chosen or task.content is None:
                tasks.append(task)
            if not chosen and not current and task.content is not None:
                left.append(f"{task.student}/{task.notebook}: " + ("has changed since" if record else "not graded yet"))
        summary.kept = sum(record["status"] != MISSING for record in summary.records)
        if warm and sandbox.isolates and tasks and (reason := why_cold()):
            say(f"each submission starts Python anew, which takes longer, as no template works here: {reason}")
        run_all = runner(workers, scheduler, kit)
        for number, record in enumerate(run_all(tasks, job), start=1):
            _keep(folder, record)
            summary.records.append(record)
            say(f"{number}/{len(tasks)} {record['student']}/{record['notebook']}: {in_words(record)}")
        summary.run = sum(task.content is not None for task in tasks)
        summary.records.sort(key=lambda record: (record["student"], record["notebook"]))
        entered = gradebook.entered_by_hand(folder)
        homeless = gradebook.write_gradebook(summary.records, kit, folder, entered)
        summary.records, unused = with_marks_by_hand(summary.records, entered, adjustments)
        summary.problems = gradebook.problems(summary.records) + found.strays + left + unused + homeless
        summary.failed = sum(record["status"] == FAILED for record in summary.records)
        gradebook.write_csv(summary.records, out)
        gradebook.write_report(summary, folder / "report.txt")
        feedback.write_pages(summary.records, folder / "feedback")
        overview.write_overview(summary, kit, solved_notebooks(course), out.name, folder / "index.html")
    return summary


def _check_names(names, known, kind):
    for name in names:
        if name not in known:
            raise GradingError(f"there is no {kind} {name!r}. There are {', '.join(sorted(known)) or 'none'}.")


def _check_places(submissions, folder, course, sandbox):
    if folder == submissions or folder.is_relative_to(submissions):
        raise GradingError(f"{folder} lies among the submissions. Choose another place with --out.")
    if not folder.parent.is_dir():
        raise GradingError(f"there is no folder {folder.parent}. Make it, or choose another place with --out.")
    if sandbox.isolates:
        exposed = forbidden_paths([submissions, folder, course / "notebooks"])
        if exposed:
            raise GradingError(
                f"{exposed[0]} lies inside a folder of the system or of Python, which submissions can read. "
                "Move it elsewhere."
            )


@contextlib.contextmanager
def _alone_in(folder):
    """Keep a second run out of the same folder."""
    try:
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout:
        raise GradingError(f"another run is grading into {folder}. Wait for it, or choose another --out.") from None


def _kit_in(folder, course):
    """Return the kit of the course as it is now; made once, made anew when the course has changed."""
    now = fingerprint(solved_notebooks(course), course / "lenet_helpers", course / "model.pth")
    place = folder / "kit"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kit = open_kit(place)
        if kit.fingerprint == now:
            return kit
    shutil.rmtree(place, ignore_errors=True)
    shutil.rmtree(folder / "kit-new", ignore_errors=True)
    make_kit(folder / "kit-new", course)
    (folder / "kit-new").rename(place)
    return open_kit(place)


def _tasks(submissions):
    for one in submissions:
        content, remarks, modules = None, one.remarks, ()
        if one.file is not None:
            try:
                content = one.file.content()
                modules = tuple((path, file.content()) for path, file in one.modules)
            except (OSError, Unreadable) as error:
                content, remarks = b"", (*remarks, f"can't be read: {getattr(error, 'strerror', None) or error}")
        yield Task(one.student, one.notebook, content, remarks, modules)


def _record_file(folder, student, notebook):
    return folder / "results" / student / f"{notebook}.json"


def _record_of(folder, task):
    """Return the record of an earlier run, or nothing."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        record = json.loads(_record_file(folder, task.student, task.notebook).read_text(encoding="utf-8"))
        return record if record["status"] and record["exercises"] is not None else {}
    return {}


def _keep(folder, record):
    path = _record_file(folder, record["student"], record["notebook"])
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as file:
        file.write(json.dumps(record, indent=1).encode())
