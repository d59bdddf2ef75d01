"""Whose is what: from what lies among the submissions to a list of files for each student."""

import re
import unicodedata
from dataclasses import dataclass, field

from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.intake.handed_in import Folder
from lenet_helpers.grading.intake.platforms import owned

_GROUP = re.compile(
    r"group|gruppe|team|section|tutori|class|klasse|kurs|course|export|download|submission|abgaben", re.I
)
# What people call folders in which they keep their own work.
_NO_PERSON = re.compile(
    r"(?<![^\W\d_])(attempts?|abgabe|versuch|version|try|final|new|old|alt|neu|backup|sicherung|copy|kopie|draft|"
    r"entwurf|notebooks?|solutions?|lösung|build|data|week|woche|lesson|lektion|übung|exercise|homework|hw|my|mine|"
    r"work|src|desktop|downloads?|documents?|v?\d+)(?![^\W\d_])",
    re.I,
)


@dataclass(frozen=True)
class Item:
    """A file of a student's."""

    file: object
    label: tuple  # its path among the student's files, as the student named it
    archive: str = ""  # the student's archive that it lies in
    when: str = ""  # of the attempt, where the platform says it
    late: bool = False
    head: str = ""


@dataclass
class Person:
    """A student's files, and what is wrong with them."""

    items: list = field(default_factory=list)
    problems: list = field(default_factory=list)
    sources: set = field(default_factory=set)  # the folders, where a folder's name is all that tells whose it is


def people_in(tree, lesson_of):
    """Return {student: `Person`}, and a line for each file that is nobody's.

    `lesson_of` tells of a file which lesson's notebook it is, or None.
    """
    inner = tree
    while not inner.files and len(inner.folders) == 1 and not _whose(inner.folders[0]):
        inner = inner.folders[0]
    top = inner if _holds_people(inner, lesson_of) else tree
    people, strays = {}, list(top.problems)
    _sort(top, people, strays, lesson_of)
    clashes = [
        f"{name} is the name of {len(person.sources)} folders, {' and '.join(sorted(person.sources))}"
        for name, person in people.items()
        if len(person.sources) > 1
    ]
    if clashes:
        raise two_people(clashes)
    return people, strays


def two_people(clashes):
    """Return the error for files of several people that would become one student."""
    return GradingError(
        f"two people's files under one name: {'; '.join(clashes)}. Put each person's files into a folder of their "
        'own, with a name of its own, and attempts of one person into folders such as "attempt 1".'
    )


def _sort(top, people, strays, lesson_of, within=""):
    """Give what lies in a folder of several people to each of them."""
    plain = [folder for folder in top.folders if not _whose(folder)]
    groups = [folder for folder in plain if _holds_people(folder, lesson_of)]
    certain = [folder for folder in groups if _GROUP.search(folder.name) or len(_owners(folder)) > 1]
    if len(groups) == len(top.folders) and any(_same_lesson_twice(folder, lesson_of) for folder in groups):
        certain = groups
    for folder in top.folders:
        whose = _whose(folder)
        if any(folder is one for one in certain):
            strays += folder.problems
            _sort(folder, people, strays, lesson_of, f"{within}{folder.name}/")
            continue
        if folder in groups and _same_lesson_twice(folder, lesson_of):
            inside = " and ".join(f"{within}{folder.name}/{one.name}" for one in _persons_folders(folder, lesson_of))
            raise two_people([f"{folder.name} holds {inside}"])
        person = people.setdefault(_name(whose.student if whose else _bare_name(folder)), Person())
        person.problems += folder.all_problems()
        if not whose:
            person.sources.add(within + folder.name)
        for above, file in folder.everything():
            archives = [one.name for one in (folder, *above) if one.is_archive]
            parts = (*([whose.file] if whose and whose.file else []), *(one.name for one in above), file.name)
            _give(person, file, parts, whose, archives[-1] if archives else "")
    for file in top.files:
        whose = _whose(file)
        if whose:
            _give(people.setdefault(_name(whose.student), Person()), file, (whose.file or file.name,), whose)
        elif file.name.lower().endswith((".ipynb", ".json", ".zip")) or not within:
            strays.append(f"{file.place}: lies beside the students' folders; put it into one")


def _whose(one):
    return owned(one.name, not isinstance(one, Folder) or one.is_archive)


def _bare_name(folder):
    """Return the name of a student's folder, or of the archive that a student sent: hand-in-anna.zip is anna's."""
    return re.sub(r"^hand-in-(?=.)|\.zip$", "", folder.name, flags=re.I) if folder.is_archive else folder.name


def _name(text):
    """Return a name as keyboards write it; some systems take its accents apart."""
    return unicodedata.normalize("NFC", text)


def _give(person, file, label, whose, archive=""):
    extra = (whose.when, whose.late, whose.head) if whose else ()
    person.items.append(Item(file, label, archive, *extra))


def _owners(folder):
    return {whose.student for whose in map(_whose, (*folder.folders, *folder.files)) if whose}


def _holds_people(folder, lesson_of):
    """Whether a folder may hold the files of several people, by the names of what lies in it."""
    return bool(_owners(folder)) or len(_persons_folders(folder, lesson_of)) > 1


def _persons_folders(folder, lesson_of):
    names = {file.name for file in folder.files} | {one.name for one in folder.folders}
    if "RELEASE.json" in names or any(map(lesson_of, folder.files)):
        return []
    return [
        one for one in folder.folders if not _NO_PERSON.search(one.name.replace("_", " ")) and _lessons(one, lesson_of)
    ]


def _lessons(folder, lesson_of):
    return {lesson_of(file) for _, file in folder.everything()} - {None}


def _same_lesson_twice(folder, lesson_of):
    each = [_lessons(one, lesson_of) for one in _persons_folders(folder, lesson_of)]
    return sum(map(len, each)) > len(set().union(*each))
