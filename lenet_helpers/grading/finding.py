"""Which files came back, from whom, and which notebook each one is."""

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.mending import MOST_MEGABYTES, Unreadable, read


@dataclass(frozen=True)
class Submission:
    """One notebook of one student.

    Attributes
    ----------
    student, notebook : str
    path : Path or None
        None when it was not handed in.
    remarks : tuple of str
        On the file: its name, its place.
    """

    student: str
    notebook: str
    path: Path | None = None
    remarks: tuple = ()


@dataclass
class Found:
    """What lies in the folder of submissions.

    Attributes
    ----------
    submissions : list of Submission
        Each student with each notebook, sorted, whether it came or not.
    strays : list of str
        Files that are nobody's or nothing, each with the reason.
    """

    submissions: list = field(default_factory=list)
    strays: list = field(default_factory=list)


def find(folder, lessons):
    """Return what is to be graded in ``folder/<student>/<notebook>.ipynb``.

    A notebook under another name is recognised by its cells, or by the name in its name.

    Parameters
    ----------
    folder : Path
    lessons : dict of str to tuple of Graded

    Raises
    ------
    GradingError
        There is no such folder, or nobody's folder is in it.
    """
    if not folder.is_dir():
        raise GradingError(f"{folder} is not a folder. It should hold a folder for each student.")
    found = Found()
    students = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir() and not path.is_symlink():
            students.append(path)
        else:
            found.strays.append(f"{path.name}: lies beside the students' folders; put it into one")
    if not students:
        raise GradingError(f"{folder} holds no folders. It should hold SUBMISSIONS/<student>/<notebook>.ipynb.")
    for student in students:
        _find_of(student, lessons, found)
    return found


def _find_of(student, lessons, found):
    candidates, reasons = {}, []
    for path in _notebook_files(student):
        inside = path.relative_to(student).as_posix()
        try:
            name, why = _recognise(path, lessons)
        except Unreadable as error:
            reasons.append(f"{student.name}/{inside}: {error}")
            continue
        remarks = [f"is named {path.name}; {why}"] if path.name != f"{name}.ipynb" else []
        remarks += [f"lies in the folder {path.parent.name}"] if path.parent != student else []
        candidates.setdefault(name, []).append((len(remarks), inside, path, tuple(remarks)))
    for name in lessons:
        best, *others = sorted(candidates.get(name, [(0, "", None, ())]))
        found.submissions.append(Submission(student.name, name, best[2], best[3]))
        for _, inside, _, _ in others:
            reasons.append(f"{student.name}/{inside}: not graded, because {best[1]} is")
    found.strays += reasons


def _notebook_files(student):
    """Files that could be notebooks; no hidden ones, no links."""
    for folder, names, files in os.walk(student):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for file in sorted(files):
            if not file.startswith(".") and (".ipynb" in file.lower() or file.lower().endswith(".json")):
                yield Path(folder) / file


def _recognise(path, lessons):
    """Return which notebook a file is, and how that was found out."""
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise Unreadable("not graded, because it is a link")
    if not stat.S_ISREG(status.st_mode):
        raise Unreadable("not graded, because it is not a file")
    if path.stem in lessons and path.suffix == ".ipynb":
        return path.stem, "by its name"
    named = [name for name in lessons if name.lower() in path.name.lower()]
    if len(named) == 1:
        return named[0], f"graded as {named[0]}, which is in its name"
    by_cells = _lesson_of_cells(path, lessons)
    if by_cells:
        return by_cells, f"graded as {by_cells}, whose cells it has"
    numbered = [name for name in lessons if re.match(rf"\D*{name[:2]}(?!\d)", path.name)]
    if len(numbered) == 1:
        return numbered[0], f"graded as {numbered[0]}, for its number"
    raise Unreadable("not graded, because neither its name nor its cells say which notebook it is")


def _lesson_of_cells(path, lessons):
    """Return the lesson with most of whose ids the file's cells are marked, or None."""
    try:
        notebook, _ = read(contents_of(path))
    except (Unreadable, OSError):
        return None
    ids = set()
    for cell in notebook["cells"]:
        metadata = cell.get("metadata") if isinstance(cell, dict) else None
        marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        if isinstance(marks, dict) and isinstance(marks.get("grade_id"), str):
            ids.add(marks["grade_id"])
    counts = {name: len(ids & {cell.grade_id for cell in cells}) for name, cells in lessons.items()}
    best = max(counts, key=counts.get)
    return best if counts[best] else None


def contents_of(path):
    """Return a file's bytes, without following a link, and no more of them than are ever graded."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:
        return file.read(MOST_MEGABYTES * 2**20 + 1)
