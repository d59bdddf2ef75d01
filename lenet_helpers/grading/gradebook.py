"""Marks as a table, in a gradebook, and in words."""

import csv
import io
import shutil

from lenet_helpers.grading import with_nbgrader
from lenet_helpers.grading.submission import FAILED, GRADED, MISSING
from lenet_helpers.system.whole_files import written_whole

COLUMNS = ("student", "notebook", "exercise", "mark", "points", "remark")


def in_words(record):
    """Return the marks of one record as a short text."""
    if record["status"] != GRADED:
        return f"{record['status']}{': ' + record['reason'] if record['reason'] else ''}"
    return f"{total(record):g} of {possible(record):g}"


def total(record):
    return sum(exercise["mark"] for exercise in record["exercises"])


def possible(record):
    return sum(exercise["points"] for exercise in record["exercises"])


def table(records):
    """Return the rows of the table of marks, one for each student, notebook and exercise."""
    rows = []
    for record in records:
        remark = "" if record["status"] == GRADED else record["status"]
        for exercise in record["exercises"]:
            row = (record["student"], record["notebook"], exercise["exercise"])
            rows.append((*row, f"{exercise['mark']:g}", f"{exercise['points']:g}", remark))
        if record["status"] == FAILED:
            rows.append((record["student"], record["notebook"], "", "", "", remark))
    return rows


def write_csv(records, path):
    """Write the table of marks, whole or not at all."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(table(records))
    with written_whole(path) as file:
        file.write(text.getvalue().encode())


def write_gradebook(records, kit, folder):
    """Merge all scores into one gradebook of nbgrader's, by this process alone."""
    new = folder / "gradebook-new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    shutil.copy(with_nbgrader.gradebook_file(kit.folder), with_nbgrader.gradebook_file(new))
    with_nbgrader.enter_scores(new, [record for record in records if record["status"] != FAILED])
    with_nbgrader.gradebook_file(new).replace(folder / "gradebook.db")
    new.rmdir()


def problems(records):
    """Return a line for each thing about a submission that the instructor should know."""
    lines = []
    for record in records:
        name = f"{record['student']}/{record['notebook']}"
        if record["status"] not in (GRADED, MISSING):
            lines.append(f"{name}: {record['status']}: {record['reason']}")
        lines += [f"{name}: {remark}" for remark in record["remarks"]]
    return lines


def write_report(summary, path):
    """Write marks by student and notebook, and all problems, as text."""
    lines = ["Marks", ""]
    width = max((len(record["student"]) for record in summary.records), default=0)
    for record in summary.records:
        lines.append(f"{record['student']:<{width}}  {record['notebook']:<18}{in_words(record)}")
    lines += ["", "Problems", "", *(summary.problems or ["none"])]
    with written_whole(path) as file:
        file.write(("\n".join(lines) + "\n").encode())
