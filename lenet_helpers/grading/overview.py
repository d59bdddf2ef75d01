"""The class at a glance, for the instructor: who handed in what, what most got wrong, what could not be graded."""

import re

from lenet_helpers import __version__
from lenet_helpers.exercises import NAMES, exercise
from lenet_helpers.exercises.solution_regions import SOLUTION, regions
from lenet_helpers.grading.alike import pairs_alike
from lenet_helpers.grading.feedback import environment
from lenet_helpers.grading.records import FAILED, GRADED, MISSING, UNREADABLE, possible, total
from lenet_helpers.grading.solved import exercise_of, flag, id_of
from lenet_helpers.system.whole_files import written_whole

MOST_MISTAKES, MOST_PAIRS = 12, 30
KINDS = (
    ("full", "all points"),
    ("some", "a part"),
    ("wrong", "not right"),
    ("unwritten", "not written"),
    ("ungraded", "could not be graded"),
)

# What helps with a file that could not be graded: the first whose words are in the reason.
_MENDS = (
    ("empty", "Nothing arrived: ask for the file again."),
    ("merge", "Ask for it again, with one of the two versions taken out between <<<<<<< and >>>>>>>."),
    ("UTF-", "Save it as UTF-8 in an editor, or ask for it again."),
    ("JSON, but not|list of cells", "Ask for the notebook itself, the file that ends in .ipynb."),
    ("JSON", "It was cut off, or is no notebook: ask for one that opens in Jupyter."),
    ("format", "Ask for it saved again by Jupyter."),
    (" MB", "Ask for it without its outputs: in Jupyter, Kernel, Restart and Clear Outputs."),
    ("password|damaged", "Ask for the files without the archive."),
)
_ON_FAILURE = "No fault of the student's: say the same command again; lenet doctor tells what this computer lacks."


def write_overview(summary, kit, solved, table, path):
    """Write the page; `table` is the name of the table of marks, `solved` the solved notebooks."""
    released = {cell.exercise: cell.released for cells in kit.lessons.values() for cell in cells if not cell.grades}
    alike = pairs_alike(summary.records, released, _solutions(solved))[:MOST_PAIRS]
    with written_whole(path) as file:
        file.write(page(summary, alike, table).encode("utf-8", "replace"))


def _solutions(solved):
    return {
        exercise_of(id_of(cell)): "\n".join(line for lines in regions(cell.source, SOLUTION) for line in lines)
        for notebook in solved.values()
        for cell in notebook.cells
        if flag(cell, "solution")
    }


def page(summary, alike, table):
    """Return the page as HTML."""
    records = summary.records
    notebooks = list(dict.fromkeys(record["notebook"] for record in sorted(records, key=lambda one: one["notebook"])))
    came = [record for record in records if record["status"] != MISSING]
    by_notebook = {name: [record for record in came if record["notebook"] == name] for name in notebooks}
    of_all = sum(map(possible, came))
    return (
        environment()
        .get_template("class.html")
        .render(
            version=__version__,
            table=table,
            notebooks=notebooks,
            points={name: max(possible(one) for one in records if one["notebook"] == name) for name in notebooks},
            students=_students(records, notebooks),
            share=sum(map(total, came)) / of_all if of_all else 0.0,
            kinds=KINDS,
            bars=[_bars(name, theirs) for name, theirs in by_notebook.items() if theirs],
            unseen=[name for name, theirs in by_notebook.items() if not theirs],
            mistakes=_mistakes(by_notebook),
            ungraded=[
                {**record, "mend": _mend(record)} for record in records if record["status"] in (UNREADABLE, FAILED)
            ],
            problems=summary.problems,
            alike=alike,
        )
    )


def _students(records, notebooks):
    rows = []
    for name in dict.fromkeys(record["student"] for record in records):
        theirs = {record["notebook"]: record for record in records if record["student"] == name}
        cells = [_cell(notebook, theirs.get(notebook)) for notebook in notebooks]
        rows.append({"name": name, "cells": cells, "mark": sum(map(total, theirs.values()))})
    return rows


def _cell(notebook, record):
    noted = "" if record is None else " ".join(record["remarks"])
    if record is None or (record["status"] == MISSING and not total(record)):
        text, share = "–", None
    else:
        text = f"{total(record):g}" if record["status"] in (GRADED, MISSING) or total(record) else "!"
        share = min(1.0, total(record) / possible(record)) if possible(record) else 0.0
    return {"notebook": notebook, "text": text, "share": share, "noted": noted}


def _bars(notebook, records):
    rows = []
    for name in dict.fromkeys(one["exercise"] for record in records for one in record["exercises"]):
        kinds = [_kind(record, one) for record in records for one in record["exercises"] if one["exercise"] == name]
        counts = [(kind, kinds.count(kind)) for kind, _ in KINDS]
        words = ", ".join(f"{count} {dict(KINDS)[kind]}" for kind, count in counts if count)
        rows.append({"exercise": name, "counts": counts, "words": f"{name}: {words}", "right": kinds.count("full")})
    return {"notebook": notebook, "handed_in": len(records), "rows": rows}


def _kind(record, one):
    if one["mark"] >= one["points"]:
        return "full"
    if one["mark"] > 0:
        return "some"
    if record["status"] != GRADED:
        return "ungraded"
    return "unwritten" if "not written yet" in one["verdict"] or not one["code"] else "wrong"


def _mistakes(by_notebook):
    """Return the known mistakes of at least one, the most frequent first."""
    whose = {}
    for notebook, records in by_notebook.items():
        for record in records:
            for one in record["exercises"]:
                if one["mistake"]:
                    whose.setdefault((notebook, one["exercise"], one["mistake"]), []).append(record["student"])
    found = []
    for (notebook, name, mistake), students in sorted(whose.items(), key=lambda item: (-len(item[1]), item[0])):
        known = exercise(name).mistakes if name in NAMES else []
        hint = next((one.hint for one in known if one.name == mistake), "")
        found.append({
            "notebook": notebook, "exercise": name, "words": mistake.replace("_", " "), "hint": hint,
            "count": len(students), "handed_in": len(by_notebook[notebook]), "students": students,
        })  # fmt: skip
    return found[:MOST_MISTAKES]


def _mend(record):
    if record["status"] == FAILED:
        return _ON_FAILURE
    return next((mend for words, mend in _MENDS if re.search(words, record["reason"])), "Ask for it again.")
