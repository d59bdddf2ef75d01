"""A whole class: what is left to do, in how many processes, and what comes out."""

import contextlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from lenet_helpers.grading import feedback, gradebook
from lenet_helpers.grading.box.limits import Limits
from lenet_helpers.grading.box.sandbox import forbidden_paths
from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.intake.finding import find
from lenet_helpers.grading.intake.mending import Unreadable
from lenet_helpers.grading.kit import make_kit, open_kit
from lenet_helpers.grading.solved import fingerprint, solved_notebooks
from lenet_helpers.grading.submission import FAILED, MISSING, Job, Task
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
    out,
    *,
    sandbox,
    workers=1,
    scheduler=None,
    limits=None,
    data=None,
    whole=False,
    course=COURSE,
    say=lambda line: None,
):
    """Mark every submission and write marks, feedback, gradebook and report.

    Parameters
    ----------
    submissions : path
        Holds ``<student>/<notebook>.ipynb``.
    out : path
        The CSV file to write. What else is made goes into the folder of the same name
        without the suffix, and is used again by the next run.
    sandbox : Bubblewrap, Unshare or NoSandbox
    workers : int
        Processes on this computer.
    scheduler : str, optional
        Address of a Dask scheduler, whose workers are used instead.
    limits : Limits, optional
    data : path, optional
        Folder that holds MNIST/raw; without it, submissions get the bundled sample.
    whole : bool
        Run every cell of a submission, also those that no graded cell builds on.
    course : Path
        The instructor's course folder.
    say : callable
        Gets a line of progress for each submission.

    Returns
    -------
    Summary

    Raises
    ------
    GradingError
        Grading can't begin: the message says why. What was marked before is kept.
    """
    submissions, out = Path(submissions).absolute(), Path(out).absolute()
    folder = out.with_suffix("")
    if folder == out:
        raise GradingError(f"{out} has no suffix. Name a file such as gradebook.csv.")
    _check_places(submissions, folder, course, sandbox)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder):
        kit = _kit_in(folder, course)
        found = find(submissions, kit.lessons)
        job = Job(
            kit=str(kit.folder),
            fingerprint=kit.fingerprint,
            sandbox=sandbox,
            limits=limits or Limits(),
            data=str(Path(data).absolute()) if data else None,
            whole=whole,
        )
        summary = Summary(folder)
        tasks = []
        for task in _tasks(found.submissions):
            record = _kept(folder, task, job)
            if record:
                summary.records.append(record)
            else:
                tasks.append(task)
        summary.kept = sum(record["status"] != MISSING for record in summary.records)
        run_all = runner(workers, scheduler, kit)
        for number, record in enumerate(run_all(tasks, job), start=1):
            _keep(folder, record)
            summary.records.append(record)
            say(f"{number}/{len(tasks)} {record['student']}/{record['notebook']}: {gradebook.in_words(record)}")
        summary.run = sum(task.content is not None for task in tasks)
        summary.records.sort(key=lambda record: (record["student"], record["notebook"]))
        summary.problems = gradebook.problems(summary.records) + found.strays
        summary.failed = sum(record["status"] == FAILED for record in summary.records)
        gradebook.write_csv(summary.records, out)
        gradebook.write_gradebook(summary.records, kit, folder)
        gradebook.write_report(summary, folder / "report.txt")
        feedback.write_pages(summary.records, folder / "feedback")
    return summary


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
    import fcntl

    with open(folder / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise GradingError(f"another run is grading into {folder}. Wait for it, or choose another --out.") from None
        yield


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
        content, remarks = None, one.remarks
        if one.file is not None:
            try:
                content = one.file.content()
            except (OSError, Unreadable) as error:
                content, remarks = b"", (*remarks, f"can't be read: {getattr(error, 'strerror', None) or error}")
        yield Task(one.student, one.notebook, content, remarks)


def _record_file(folder, student, notebook):
    return folder / "results" / student / f"{notebook}.json"


def _kept(folder, task, job):
    """Return the record of an earlier run, if nothing has changed since."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        record = json.loads(_record_file(folder, task.student, task.notebook).read_text(encoding="utf-8"))
        if record.get("digest") == task.digest(job) and record.get("status") != FAILED:
            return record
    return None


def _keep(folder, record):
    path = _record_file(folder, record["student"], record["notebook"])
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as file:
        file.write(json.dumps(record, indent=1).encode())
