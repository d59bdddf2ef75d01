"""What is kept of a submission is a dict of plain data, made by `Task.record`: its states, and its marks in all."""

GRADED, MISSING, UNREADABLE, FAILED = "graded", "not handed in", "not graded", "failed"


def in_words(record):
    """Return the marks of one record as a short text."""
    marks = f"{total(record):g} of {possible(record):g}"
    if record["status"] != GRADED:
        reason = f": {record['reason']}" if record["reason"] else ""
        return f"{record['status']}{reason}" + (f"; {marks} by hand" if total(record) else "")
    return marks


def total(record):
    marks = [exercise["mark"] for exercise in record["exercises"]]
    return sum(marks) + sum(change["points"] for change in record.get("adjustments", ()))


def possible(record):
    return sum(exercise["points"] for exercise in record["exercises"])
