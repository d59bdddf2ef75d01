"""Which files came back, from whom, and which notebook each one is."""

import functools
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.intake.handed_in import File, tree_of
from lenet_helpers.grading.intake.mending import Unreadable, bare, id_in, read, source_of
from lenet_helpers.grading.intake.people import people_in, two_people

MOST_NAMED = 5
MOST_MODULES, MOST_MODULE_BYTES = 30, 2**20
LATE = "was handed in late, says the learning platform"
_ATTEMPT = re.compile(r"copy|kopie|final|new|old|neu|alt|attempt|versuch|version|abgabe|solved|my|v(?=\d)", re.I)


@dataclass(frozen=True)
class Submission:
    """One notebook of one student; its file is None when it was not handed in."""

    student: str
    notebook: str
    file: File | None = None
    remarks: tuple = ()  # on the file: its name, its place
    modules: tuple = ()  # pairs: the path of a Python file from the notebook's folder, and the file


@dataclass
class Found:
    """What lies in the folder of submissions."""

    submissions: list = field(default_factory=list)  # each student with each notebook, whether it came or not
    strays: list = field(default_factory=list)  # files that are nobody's or nothing, each with the reason


@dataclass
class _Candidate:
    """A file that claims to be a notebook of the course."""

    item: object
    place: str
    remarks: tuple
    digest: bytes
    notebook: dict | None  # None where it can't be read
    worked_on: bool
    newest: tuple


def find(submissions, lessons):
    """Return what is to be graded of ``submissions/<student>/<notebook>.ipynb``, or of a learning platform's export.

    `submissions` is a folder or a zip archive. A notebook under another name is recognised by its
    cells, or by the name in its name.
    """
    try:
        tree = tree_of(submissions)
    except (Unreadable, OSError) as error:
        reason = f" ({getattr(error, 'strerror', None) or error})" if submissions.is_file() else ""
        raise GradingError(
            f"{submissions} is not a folder and no zip archive{reason}. It should hold a folder for each student."
        ) from None
    lesson_of = functools.lru_cache(maxsize=None)(lambda file: _lesson_or_none(file, lessons))
    people, strays = people_in(tree, lesson_of)
    if not people:
        raise GradingError(f"{submissions} holds no folders. It should hold SUBMISSIONS/<student>/<notebook>.ipynb.")
    found, clashes = Found(strays=strays), []
    for student in sorted(people):
        _find_of(student, people[student], lessons, found, clashes)
    if clashes:
        raise two_people(clashes)
    return found


def _find_of(student, person, lessons, found, clashes):
    candidates, reasons, others = {}, list(person.problems), []
    for item in person.items:
        place, name = "/".join(item.label), item.label[-1]
        if not _could_be_notebook(item.file, name):
            others.append(place)
            continue
        try:
            lesson, why = _recognise(item.file, name, lessons)
        except Unreadable as error:
            reasons.append(f"{student}/{place}: {error}")
            continue
        remarks = [f"is named {name}; {why}"] if name != f"{lesson}.ipynb" else []
        remarks += _place_remarks(item) + ([LATE] if item.late else [])
        candidates.setdefault(lesson, []).append(_candidate(item, place, tuple(remarks), lesson, lessons[lesson]))
    for lesson in lessons:
        theirs = _best_first(candidates.get(lesson, []))
        if not theirs:
            found.submissions.append(Submission(student, lesson))
            continue
        if several := _several_people(theirs, lesson):
            clashes.append(f"{student} holds {' and '.join(several)}")
        best, *rest = theirs
        modules = tuple(_modules(best, person.items))
        found.submissions.append(Submission(student, lesson, best.item.file, best.remarks, modules))
        for one in rest:
            same = " and holds the same" if one.digest == best.digest else ""
            choose = "" if same else "; to have this one graded, take the other away"
            reasons.append(f"{student}/{one.place}: not graded, because {best.place} is{same}{choose}")
    if not candidates and not reasons:
        named = ", ".join(others[:MOST_NAMED]) + (", …" if len(others) > MOST_NAMED else "")
        reasons.append(f"{student}: handed in no notebook" + (f", only {named}" if named else ""))
    found.strays += reasons


def _candidate(item, place, remarks, lesson, graded):
    content = _content_or_none(item.file)
    notebook = _notebook_or_none(content)
    released = {cell.grade_id: bare(cell.released) for cell in graded if not cell.grades}
    sources = [] if notebook is None else _sources(notebook)
    worked_on = any(bare(source) != released.get(grade_id, bare(source)) for grade_id, source in sources)
    numbers = [int(number) for number in re.findall(r"\d+", place.replace(lesson, "")) if len(number) < 3]
    newest = (item.when, round(item.file.modified / 2), numbers[-1] if numbers else 0)
    return _Candidate(item, place, remarks, hashlib.sha256(content or b"").digest(), notebook, worked_on, newest)


def _best_first(candidates):
    """Sort files that claim to be the same notebook: what can be read and was worked on; of these the newest.

    Of those that hold the same, the one with the right name and place stands for all.
    """
    candidates = sorted(candidates, key=lambda one: (len(one.remarks), one.place))
    newest = {}
    for one in candidates:
        newest[one.digest] = max(one.newest, newest.get(one.digest, one.newest))
    candidates.sort(key=lambda one: newest[one.digest], reverse=True)
    return sorted(candidates, key=lambda one: (one.notebook is None, not one.worked_on))


def _several_people(candidates, lesson):
    """Return the places of files that seem to be different people's: their names have a word more, each another."""
    worked_on = [one for one in candidates if one.worked_on]
    heads = {one.item.head: one.place for one in worked_on if one.item.head}
    if len(heads) > 1:
        return sorted(heads)
    words = {}
    for one in worked_on:
        folder, _, name = one.place.rpartition("/")
        rest = re.sub(f"{lesson}|{lesson[3:]}", "", PurePosixPath(name).stem, flags=re.I)
        own = "".join(re.findall(r"[^\W\d_]+", _ATTEMPT.sub("", rest)))
        if own:
            words.setdefault(folder, {}).setdefault(own, one.place)
    return next((sorted(places.values()) for places in words.values() if len(places) > 1), [])


def _modules(best, items):
    """Yield the Python files beside a notebook that it names, with their paths from there."""
    sources = _sources(best.notebook) if best.notebook else ()
    words = {word for _, source in sources for word in re.findall(r"\w+", source)}
    folder, seen, size = best.item.label[:-1], set(), 0
    for item in sorted(items, key=lambda item: item.when, reverse=True):
        path = item.label[len(folder) :]
        names = [*path[:-1], path[-1].removesuffix(".py")] if path else []
        if item.label[: len(folder)] != folder or not item.label[-1].endswith(".py") or path in seen:
            continue
        if not all(name.isidentifier() for name in names) or names[0] not in words or names[0] == "lenet_helpers":
            continue
        content = _content_or_none(item.file)
        size += len(content or b"")
        if content is None or item.file.odd_kind() or size > MOST_MODULE_BYTES or len(seen) >= MOST_MODULES:
            continue
        seen.add(path)
        yield "/".join(path), item.file


def _could_be_notebook(file, name):
    if not name.lower().endswith(".json"):
        return ".ipynb" in name.lower()
    content = _content_or_none(file)
    return content is not None and b'"nbformat"' in content


def _place_remarks(item):
    if item.archive:
        return [f"lies in the archive {item.archive}"]
    return [f"lies in the folder {item.label[-2]}"] if len(item.label) > 1 else []


def _lesson_or_none(file, lessons):
    try:
        return _recognise(file, file.name, lessons)[0] if _could_be_notebook(file, file.name) else None
    except (Unreadable, OSError):
        return None


def _recognise(file, name, lessons):
    """Return which notebook a file is, and how that was found out."""
    if kind := file.odd_kind():
        raise Unreadable(f"not graded, because it is {kind}")
    by_cells, certain = _lesson_of_cells(file, lessons)
    exact = name.removesuffix(".ipynb")
    if exact in lessons and exact != name and (by_cells in (exact, None) or not certain):
        return exact, "by its name"
    if certain:
        return by_cells, f"graded as {by_cells}, whose cells it has"
    named = [lesson for lesson in lessons if lesson.lower() in name.lower()]
    if len(named) == 1:
        return named[0], f"graded as {named[0]}, which is in its name"
    if by_cells:
        return by_cells, f"graded as {by_cells}, whose cells it has"
    numbered = [lesson for lesson in lessons if re.match(rf"\D*{lesson[:2]}(?!\d)", name)]
    if len(numbered) == 1:
        return numbered[0], f"graded as {numbered[0]}, for its number"
    raise Unreadable("not graded, because neither its name nor its cells say which notebook it is")


def _lesson_of_cells(file, lessons):
    """Return the lesson whose cells a file holds most of, or None, and whether it holds those of no other."""
    notebook = _notebook_or_none(_content_or_none(file))
    if notebook is None:
        return None, False
    ids = {grade_id for grade_id, _ in _sources(notebook)}
    counts = {name: len(ids & {cell.grade_id for cell in cells}) for name, cells in lessons.items()}
    best = max(counts, key=counts.get)
    return (best, sum(map(bool, counts.values())) == 1) if counts[best] else (None, False)


def _sources(notebook):
    """Yield nbgrader's id, or None, and the source of each code cell, and of each other cell with an id."""
    for cell in notebook["cells"]:
        if isinstance(cell, dict) and (id_in(cell) is not None or cell.get("cell_type") == "code"):
            yield id_in(cell), source_of(cell)


def _notebook_or_none(content):
    try:
        return None if content is None else read(content)[0]
    except Unreadable:
        return None


def _content_or_none(file):
    try:
        return file.content()
    except (Unreadable, OSError):
        return None
