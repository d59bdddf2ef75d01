"""Which files came back, from whom, and which notebook each one is."""

import re
from dataclasses import dataclass, field

from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.intake.handed_in import File, files_in
from lenet_helpers.grading.intake.mending import Unreadable, read

MOST_NAMED = 5
LATE = "was handed in late, says the learning platform"


@dataclass(frozen=True)
class Submission:
    """One notebook of one student; its file is None when it was not handed in."""

    student: str
    notebook: str
    file: File | None = None
    remarks: tuple = ()  # on the file: its name, its place


@dataclass
class Found:
    """What lies in the folder of submissions."""

    submissions: list = field(default_factory=list)  # each student with each notebook, whether it came or not
    strays: list = field(default_factory=list)  # files that are nobody's or nothing, each with the reason


def find(folder, lessons):
    """Return what is to be graded in ``folder/<student>/<notebook>.ipynb``.

    A notebook under another name is recognised by its cells, or by the name in its name.
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
    candidates, reasons, others = {}, [], []
    for file in files_in(student, lambda place, why: reasons.append(f"{student.name}/{place}: {why}")):
        place = file.place_in(student)
        if not _could_be_notebook(file.name):
            others.append(place)
            continue
        try:
            name, why = _recognise(file, lessons)
        except Unreadable as error:
            reasons.append(f"{student.name}/{place}: {error}")
            continue
        remarks = [f"is named {file.name}; {why}"] if file.name != f"{name}.ipynb" else []
        remarks += _place_remarks(file, student)
        candidates.setdefault(name, []).append((len(remarks), place, file, tuple(remarks)))
    for name in lessons:
        best, *rest = _best_first(candidates.get(name, [(0, "", None, ())]))
        found.submissions.append(Submission(student.name, name, best[2], best[3]))
        for _, place, file, _ in rest:
            same = " and holds the same" if _content_or_none(file) == _content_or_none(best[2]) else ""
            choose = "" if same else "; to have this one graded, take the other away"
            reasons.append(f"{student.name}/{place}: not graded, because {best[1]} is{same}{choose}")
    if not candidates and not reasons:
        named = ", ".join(others[:MOST_NAMED]) + (", …" if len(others) > MOST_NAMED else "")
        reasons.append(f"{student.name}: handed in no notebook" + (f", only {named}" if named else ""))
    found.strays += reasons


def _best_first(candidates):
    """Sort files that claim to be the same notebook: first what can be read, then what has the right name and place."""
    if len(candidates) == 1:
        return candidates
    return sorted(candidates, key=lambda one: (_notebook_or_none(one[2]) is None, *one))


def _could_be_notebook(name):
    return ".ipynb" in name.lower() or name.lower().endswith(".json")


def _place_remarks(file, student):
    if file.member:
        return [f"lies in the archive {file.path.name}"]
    return [f"lies in the folder {file.path.parent.name}"] if file.path.parent != student else []


def _recognise(file, lessons):
    """Return which notebook a file is, and how that was found out."""
    if kind := file.odd_kind():
        raise Unreadable(f"not graded, because it is {kind}")
    by_cells, certain = _lesson_of_cells(file, lessons)
    exact = file.name.removesuffix(".ipynb")
    if exact in lessons and exact != file.name and (by_cells in (exact, None) or not certain):
        return exact, "by its name"
    if certain:
        return by_cells, f"graded as {by_cells}, whose cells it has"
    named = [name for name in lessons if name.lower() in file.name.lower()]
    if len(named) == 1:
        return named[0], f"graded as {named[0]}, which is in its name"
    if by_cells:
        return by_cells, f"graded as {by_cells}, whose cells it has"
    numbered = [name for name in lessons if re.match(rf"\D*{name[:2]}(?!\d)", file.name)]
    if len(numbered) == 1:
        return numbered[0], f"graded as {numbered[0]}, for its number"
    raise Unreadable("not graded, because neither its name nor its cells say which notebook it is")


def _lesson_of_cells(file, lessons):
    """Return the lesson whose cells a file holds most of, or None, and whether it holds those of no other."""
    notebook = _notebook_or_none(file)
    if notebook is None:
        return None, False
    ids = set()
    for cell in notebook["cells"]:
        metadata = cell.get("metadata") if isinstance(cell, dict) else None
        own = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        if isinstance(own, dict) and isinstance(own.get("grade_id"), str):
            ids.add(own["grade_id"])
    counts = {name: len(ids & {cell.grade_id for cell in cells}) for name, cells in lessons.items()}
    best = max(counts, key=counts.get)
    return (best, sum(map(bool, counts.values())) == 1) if counts[best] else (None, False)


def _notebook_or_none(file):
    content = _content_or_none(file)
    try:
        return None if content is None else read(content)[0]
    except Unreadable:
        return None


def _content_or_none(file):
    try:
        return file.content()
    except (Unreadable, OSError):
        return None
