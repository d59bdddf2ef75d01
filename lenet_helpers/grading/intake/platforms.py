"""Whose a file is by its name: how Moodle, Canvas and Blackboard name what they export."""

import re
from dataclasses import dataclass

_MOODLE = re.compile(r"(?P<student>.+?_\d+)_assignsubmission_[a-z]+(?:_(?P<file>.*))?")
_CANVAS = re.compile(r"(?P<name>[^\W_][^_]*)_(?P<late>LATE_)?(?P<id>\d+)_(?P<when>\d+)_(?P<file>.+)")
_CANVAS_COUNTS = re.compile(r"-\d+(?=\.\w+$)")  # data-1.ipynb is what was handed in after data.ipynb
_BLACKBOARD = re.compile(r"(?P<head>.+_(?P<student>[^_]+))_attempt_(?P<when>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)")


@dataclass(frozen=True)
class Owned:
    """What the name of an exported file or folder says."""

    student: str
    file: str = ""  # as the student called it; empty for a folder, and for what the platform itself wrote
    when: str = ""  # sorts attempts
    late: bool = False
    head: str = ""  # what may name more than one person, as its last part alone was taken


def owned(name, is_file=True):
    """Return what the name of an exported file or folder says, or None where it is no platform's."""
    if found := _MOODLE.fullmatch(name):
        return Owned(found["student"], found["file"] or "")
    if not is_file:  # only Moodle exports folders
        return None
    if found := _BLACKBOARD.fullmatch(name):
        return Owned(found["student"], found["file"] or "", found["when"], head=found["head"])
    if found := _CANVAS.fullmatch(name):
        file = _CANVAS_COUNTS.sub("", found["file"])
        return Owned(f"{found['name']}_{found['id']}", file, found["when"].zfill(20), bool(found["late"]))
    return None
