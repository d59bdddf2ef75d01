"""Marks on their way back: one row a student, and one column of a learning platform's own gradebook filled."""

import re
import unicodedata

from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.gradebook import COLUMNS
from lenet_helpers.grading.tables import Table, read_table

MOST_NAMED = 12


def marks_in(path):
    """Return {student: {(notebook, exercise): (mark, points)}} of a table of marks that `grade` has written.

    Changes of a whole notebook's marks have an empty exercise.
    """
    table = read_table(path)
    if tuple(table.header) != COLUMNS:
        raise GradingError(f"{path} is no table of marks: its columns are not {', '.join(COLUMNS)}.")
    marks = {}
    for student, notebook, exercise, mark, points, _ in table.rows:
        theirs = marks.setdefault(student, {})
        mark, points = (float(one) if one else 0.0 for one in (mark, points))
        before = theirs.get((notebook, exercise), (0.0, 0.0))
        theirs[notebook, exercise] = (before[0] + mark, before[1] + points)
    return marks


def total_of(theirs, notebooks=()):
    """Return the marks of one student, of all notebooks or of these."""
    return sum(mark for (notebook, _), (mark, _) in theirs.items() if notebook in (notebooks or [notebook]))


def wide(marks):
    """Return the table with one row a student: the total, each notebook's, each exercise's."""
    exercises = sorted({key for theirs in marks.values() for key in theirs if key[1]})
    notebooks = sorted({notebook for theirs in marks.values() for notebook, _ in theirs})
    header = ["student", "total", "points", *notebooks, *(exercise for _, exercise in exercises)]
    rows = []
    for student, theirs in marks.items():
        single = [theirs[key][0] if key in theirs else None for key in exercises]
        sums = [total_of(theirs), sum(points for _, points in theirs.values())]
        sums += [total_of(theirs, [notebook]) for notebook in notebooks]
        rows.append([student, *("" if one is None else f"{one:g}" for one in (*sums, *single))])
    return Table(header, rows)


def fill(table, marks, column, notebooks=()):
    """Write the marks of `marks_in` into one column of a platform's gradebook, and say what does not match.

    A student is recognised by the number that the platform has put into the exported files' names, by
    e-mail address or login, or by name; two rows, or two students, that would match get nothing. Without
    a title, it is the column whose title holds the name of a chosen notebook; without any chosen, all count.
    Returns the title, how many students were filled in, and a line for each who was not.
    """
    at = _column(table, column, notebooks)
    rows = [_names_in([cell for place, cell in enumerate(row) if place != at]) for row in table.rows]
    found = {student: _rows_of(student, rows) for student in marks}
    taken = [row for matching in found.values() if len(matching) == 1 for row in matching]
    filled, problems = 0, []
    for student, matching in found.items():
        if len(matching) == 1 and taken.count(matching[0]) == 1:
            table.rows[matching[0]][at] = f"{total_of(marks[student], notebooks):g}"
            filled += 1
        elif not matching:
            problems.append(f"{student}: has no row in the gradebook")
        else:
            why = "several rows of the gradebook match" if len(matching) > 1 else "another student matches the same row"
            problems.append(f"{student}: {why}; fill it in by hand")
    return table.header[at], filled, problems


def _column(table, title, notebooks):
    if title is not None:
        found = [at for at, one in enumerate(table.header) if one.strip().lower() == title.strip().lower()]
    else:
        found = [at for at, one in enumerate(table.header) if any(name.lower() in one.lower() for name in notebooks)]
    if len(found) != 1:
        named = ", ".join(f'"{one}"' for one in table.header[:MOST_NAMED]) + (
            ", …" if table.header[MOST_NAMED:] else ""
        )
        what = f"the gradebook has no single column {title!r}" if title else "name the column to fill with --column"
        raise GradingError(f"{what}. Its columns are {named}.")
    return found[0]


def _rows_of(student, rows):
    """Return the positions of the rows that are a student's; more than one where what is known contradicts itself."""
    name, _, number = student.rpartition("_") if re.fullmatch(r".+_\d+", student) else (student, "", "")

    def matching(*wanted):
        return {at for at, names in enumerate(rows) if names & set(wanted) - {""}}

    by_name = matching(_words(name), _squeezed(name)) if _words(name) else set()
    by_number = matching(number)
    if by_number & by_name or not (by_number and by_name):
        by_number = by_number & by_name or by_number
        return sorted(matching(student.lower()) or by_number or by_name)
    return sorted(by_number | by_name)


def _names_in(cells):
    """Return all by which a row of the gradebook may be known: its cells, numbers and logins in them, its names."""
    names = set()
    for cell, following in zip(cells, [*cells[1:], ""], strict=True):
        cell = cell.strip()
        names |= {
            cell.lower(),
            cell.lower().partition("@")[0] if "@" in cell else "",
            *re.findall(r"(?<!\S)\d{2,}$", cell),
        }
        if words := _words(cell):
            names |= {words, _squeezed(cell)}
            if following and not re.search(r"\d|@", cell + following):  # first and last name in columns of their own
                names |= {_words(f"{cell} {following}"), _squeezed(cell, following), _squeezed(following, cell)}
    return names - {""}


def _squeezed(*texts):
    """Return a name as Canvas writes it into file names, last name first."""
    return "".join(re.findall(r"\w+", _plain(" ".join(texts))))


def _words(text):
    """Return the words of a name, sorted: whichever comes first."""
    return tuple(sorted(re.findall(r"[^\W\d_]+", _plain(text))))


def _plain(text):
    return unicodedata.normalize("NFC", text).casefold()
