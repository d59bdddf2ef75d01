"""Marks as a table, in a gradebook, and in words."""

import itertools
import shutil

from lenet_helpers.grading import with_nbgrader
from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.records import FAILED, GRADED, MISSING, in_words
from lenet_helpers.grading.tables import Table, write_table
from lenet_helpers.system.whole_files import written_whole

COLUMNS = ("student", "notebook", "exercise", "mark", "points", "remark")


def table(records):
    """Return the rows of the table of marks, for each student, notebook and exercise, and each change by hand."""
    rows = []
    for record in records:
        remark = "" if record["status"] == GRADED else record["status"]
        for exercise in record["exercises"]:
            row = (record["student"], record["notebook"], exercise["exercise"])
            words = "; ".join(filter(None, (remark, *exercise.get("by_hand", ()))))
            rows.append([*row, f"{exercise['mark']:g}", f"{exercise['points']:g}", words])
        for change in record.get("adjustments", ()):
            rows.append([record["student"], record["notebook"], "", f"{change['points']:g}", "0", change["words"]])
        if record["status"] == FAILED:
            rows.append([record["student"], record["notebook"], "", "", "", remark])
    return rows


def write_csv(records, path):
    """Write the table of marks, whole or not at all."""
    write_table(path, Table(list(COLUMNS), table(records)))


def entered_by_hand(folder):
    """Return what the instructor has entered in the gradebook of an earlier run; nothing where there was none."""
    if not with_nbgrader.gradebook_file(folder).exists():
        return {}
    try:
        return with_nbgrader.entered_by_hand(folder)
    except Exception as error:  # of SQLite, SQLAlchemy or nbgrader: what they can't read, nothing must replace
        file, reason = with_nbgrader.gradebook_file(folder), (str(error).splitlines() or [type(error).__name__])[0]
        raise GradingError(
            f"{file} can't be read ({reason[:200]}), and may hold marks by hand. "
            "Close what has it open, or move it away."
        ) from error


def write_gradebook(records, kit, folder, entered):
    """Merge all scores, and what was entered by hand, into one gradebook of nbgrader's, by this process alone.

    Returns a line for each entry for which the course has no cell any more; the gradebook that holds it is kept then.
    """
    new = folder / "gradebook-new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    shutil.copy(with_nbgrader.gradebook_file(kit.folder), with_nbgrader.gradebook_file(new))
    graded = [record for record in records if record["status"] != FAILED]
    homeless = with_nbgrader.enter_scores(new, graded, entered)
    place = with_nbgrader.gradebook_file(folder)
    if homeless:
        earlier = next(path for n in itertools.count(1) if not (path := folder / f"gradebook-earlier-{n}.db").exists())
        place.rename(earlier)
    with_nbgrader.gradebook_file(new).replace(place)
    new.rmdir()
    return [
        f"{student}/{name}: {cell} was marked by hand and is no cell any more; see {earlier}"
        for student, name, cell in homeless
    ]


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
