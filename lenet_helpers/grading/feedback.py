"""A page for each student: marks, what the check said, and their own code. Needs no network, shows no tests."""

import jinja2

from lenet_helpers import __version__
from lenet_helpers.grading.records import GRADED, MISSING, possible, total
from lenet_helpers.system.paths import ASSETS
from lenet_helpers.system.whole_files import written_whole

TEMPLATE = "feedback.html"


def write_pages(records, folder):
    """Write FOLDER/<student>.html for every student."""
    folder.mkdir(exist_ok=True)
    students = {}
    for record in records:
        students.setdefault(record["student"], []).append(record)
    for student, theirs in students.items():
        with written_whole(folder / f"{student}.html") as file:
            file.write(page(student, theirs).encode("utf-8", "replace"))


def environment():
    """Return what makes pages of the templates in assets/."""
    loader = jinja2.FileSystemLoader(ASSETS)
    return jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)


def page(student, records):
    """Return a student's page as HTML."""
    return (
        environment()
        .get_template(TEMPLATE)
        .render(
            student=student,
            version=__version__,
            lessons=[_lesson(record) for record in records],
            mark=sum(total(record) for record in records),
            points=sum(possible(record) for record in records),
        )
    )


def _lesson(record):
    by_hand = bool(record.get("adjustments")) or any(exercise.get("by_hand") for exercise in record["exercises"])
    return {
        **record,
        "mark": total(record),
        "points": possible(record),
        "words": _words(record),
        "remarks": [_sentence(remark) for remark in record["remarks"]],
        "by_hand": by_hand,
        "details": record["status"] == GRADED or bool(record["remarks"]) or by_hand,
    }


def _sentence(remark):
    """Turn a remark, such as "is named 1.ipynb" or "cell 01-split-grade is missing", into a sentence."""
    about_cells = remark.startswith(("cell ", "graded cells "))
    return f"{remark[0].upper()}{remark[1:]}." if about_cells else f"This notebook {remark}."


def _words(record):
    if record["status"] == MISSING:
        return "Not handed in."
    if record["status"] != GRADED:
        return f"Could not be graded: {record['reason']}."
    return ""
