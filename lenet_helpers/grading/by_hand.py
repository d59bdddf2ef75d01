"""Marks by hand: scores in the gradebook stay, and adjust.csv is applied at every run.

Each row of adjust.csv adds points or takes some, which are negative then. Where it names an exercise,
that exercise's mark changes, between 0 and its points, and percent are of these points: partial
credit. Where it names a notebook alone, the notebook's marks change, percent are of what was reached,
and more than all points can be had: bonus, or a penalty. As student, * means everybody, and (late)
whose file the learning platform marked as late, but for those with a row of their own for that
notebook: so a row with 0 is an extension.
"""

from dataclasses import dataclass

from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.intake.finding import LATE
from lenet_helpers.grading.tables import read_table

COLUMNS = ("student", "notebook", "exercise", "points", "percent", "comment")
EVERYBODY, WHO_IS_LATE = "*", "(late)"


@dataclass(frozen=True)
class Adjustment:
    """A row of adjust.csv."""

    line: str  # where it stands, for the reader
    student: str
    notebook: str
    exercise: str
    points: float | None  # or percent, which is None then
    percent: float | None
    comment: str

    def change(self, whole):
        return self.points if self.percent is None else whole * self.percent / 100


def read_adjustments(path):
    """Return the rows of adjust.csv; none where there is no such file."""
    if not path.exists():
        return []
    table = read_table(path)
    places = {name: table.column(name) for name in COLUMNS}
    missing = [name for name in ("student", "notebook", "exercise", "comment") if places[name] is None]
    if missing or places["points"] is places["percent"] is None:
        raise GradingError(f"{path} has to have these columns: {', '.join(COLUMNS)}.")
    return [
        _adjustment(
            f"{path}, row {number}", {name: "" if at is None else row[at].strip() for name, at in places.items()}
        )
        for number, row in enumerate(table.rows, start=2)
    ]


def _adjustment(line, fields):
    if not fields["student"]:
        raise GradingError(f"{line}: name a student, or write {EVERYBODY} for all and {WHO_IS_LATE} for who is late.")
    if not (fields["notebook"] or fields["exercise"]):
        raise GradingError(f"{line}: name a notebook, such as 01_data, or an exercise, such as 01-split.")
    if bool(fields["points"]) == bool(fields["percent"]):
        raise GradingError(f"{line}: write a number for points or for percent, and not for both.")
    numbers = {name: _number(line, name, fields[name]) for name in ("points", "percent")}
    return Adjustment(line, **{**fields, **numbers, "notebook": fields["notebook"].removesuffix(".ipynb")})


def _number(line, name, text):
    try:
        return float(text.removesuffix("%").replace(",", ".").replace("−", "-")) if text else None
    except ValueError:
        raise GradingError(f"{line}: {text!r} is no number. For {name}, write one such as 1.5 or -20.") from None


def with_marks_by_hand(records, entered, adjustments):
    """Return copies of the records with final marks, and a line for each entry that belongs to nothing.

    `entered` is what the gradebook holds: {(student, notebook, cell): fields}. What is taken over
    stands in the copies, in words: ``exercise["by_hand"]`` and ``record["adjustments"]``.
    """
    used = set()
    final = [_final(record, entered, adjustments, used) for record in records]
    here = {record["student"] for record in records}
    gone = sorted({(student, notebook) for student, notebook, _ in entered if student not in here})
    strays = [
        f"{who}/{what}: was marked by hand, and is not among the marks; gradebook.db keeps it" for who, what in gone
    ]
    strays += [f"{one.line}: there is no {_whose(one)}; nothing was changed" for one in adjustments if one not in used]
    return final, strays


def _whose(one):
    who = "" if one.student in (EVERYBODY, WHO_IS_LATE) else f" of {one.student}"
    return f"{one.exercise or one.notebook}{who}"


def _final(record, entered, adjustments, used):
    theirs = [one for one in adjustments if one.student in (record["student"], EVERYBODY, WHO_IS_LATE)]
    exercises = []
    for exercise in record["exercises"]:
        mark, words = exercise["mark"], []
        for cell in (f"{exercise['exercise']}-grade", f"{exercise['exercise']}-solution"):
            by_hand = entered.get((record["student"], record["notebook"], cell), {})
            if by_hand.get("manual_score") is not None:
                mark = by_hand["manual_score"]
                words.append(f"marked by hand: {mark:g}")
            if by_hand.get("extra_credit"):
                mark += by_hand["extra_credit"]
                words.append(f"extra credit: {by_hand['extra_credit']:+g}")
            if by_hand.get("manual_comment"):
                words.append(by_hand["manual_comment"])
        for one in theirs:
            if one.exercise == exercise["exercise"] and one.notebook in ("", record["notebook"]):
                used.add(one)
                if one.student != WHO_IS_LATE or _is_late(record):
                    change = one.change(exercise["points"])
                    mark = max(0.0, min(mark + change, max(mark, exercise["points"])))
                    words.append(_in_words(change, one.comment))
        exercises.append({**exercise, "automatic": exercise["mark"], "mark": mark, "by_hand": words})
    return {**record, "exercises": exercises, "adjustments": _of_notebook(record, exercises, theirs, used)}


def _of_notebook(record, exercises, theirs, used):
    """Return the changes of the notebook's marks, each with its comment, in the order of the file."""
    of_notebook = [one for one in theirs if not one.exercise and one.notebook == record["notebook"]]
    used.update(of_notebook)
    own = any(one.student == record["student"] for one in of_notebook)
    reached, changes = sum(exercise["mark"] for exercise in exercises), []
    for one in of_notebook:
        if one.student != WHO_IS_LATE or (_is_late(record) and not own):
            change = max(one.change(reached), -reached - sum(change["points"] for change in changes))
            changes.append({"points": change, "words": _in_words(change, one.comment)})
    return changes


def _is_late(record):
    return LATE in record["remarks"]


def _in_words(change, comment):
    return ": ".join(filter(None, (f"{change:+g}" if change else "", comment))) or "no change"
