"""What `check` said last of each exercise, kept in the course folder, and how `progress` shows it.

Nothing is kept, and nothing read, where $LENET_PROGRESS is "off", as while notebooks are graded or tested, and in
solutions/: then `progress` knows what this Python itself has checked.
"""

import html
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from lenet_helpers.exercises.catalogue import LESSONS, POINTS, number_of
from lenet_helpers.exercises.verdicts import NOT_WRITTEN
from lenet_helpers.system.paths import COURSE, INSTALLED
from lenet_helpers.system.whole_files import written_whole

FILE = ".lenet-progress.json"
SWITCH = "LENET_PROGRESS"
EXERCISES, CLEAN_RUNS = "exercises", "clean_runs"
_LOCK_SECONDS = 2
_own = {EXERCISES: {}, CLEAN_RUNS: {}}  # what this Python was told, whether it could be kept or not


def note(kind, name, right, said=""):
    """Keep what was said just now, in words, of an exercise, or of a clean run of a notebook; `kind` tells which.

    Whatever is wrong with the file, `progress` says.
    """
    _own[kind][name] = {"right": bool(right), "said": said, "at": datetime.now(UTC).isoformat(timespec="microseconds")}
    with suppress(OSError, ValueError):
        if path := _file():
            path.parent.mkdir(parents=True, exist_ok=True)
            _keep(path)


def _file():
    """Return where it is kept, or None where nothing is."""
    if os.environ.get(SWITCH) == "off" or Path.cwd() == COURSE / "solutions":
        return None
    if not INSTALLED:
        return COURSE / FILE
    from platformdirs import user_data_path

    return user_data_path("lenet-mnist", appauthor=False) / FILE


def _keep(path):
    lock = FileLock(f"{path}.lock", timeout=_LOCK_SECONDS)
    with suppress(OSError, NotImplementedError):  # where there are no locks, the file is whole all the same
        lock.acquire()
    try:
        kept = _with_own(_read(path))
        with written_whole(path) as file:
            file.write(f"{json.dumps(kept, indent=1)}\n".encode())
    finally:
        lock.release()


def _read(path):
    """Return what is kept; raise ValueError where the file is not what `note` writes."""
    try:
        kept = json.loads(path.read_bytes())
        entries = [entry for kind in _own for entry in kept[kind].values()]
        if not all(type(one["right"]) is bool and type(one["said"]) is type(one["at"]) is str for one in entries):
            raise ValueError("an entry has another form")
    except FileNotFoundError:
        return {kind: {} for kind in _own}
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    return kept


def _with_own(kept):
    """Add what this Python was told, where nothing later is kept."""
    later = {
        kind: {name: one for name, one in own.items() if one["at"] >= kept[kind].get(name, one)["at"]}
        for kind, own in _own.items()
    }
    return {**kept, **{kind: {**kept[kind], **later[kind]} for kind in _own}}


def progress(lesson=None):
    """Return which exercises are right and which are open, with their points, as `check` said last.

    What it said is kept in the course folder, so it is there tomorrow, and in every notebook. Beside it
    stands what the last clean run, `lenet hand-in`, said of each notebook. Shown in a notebook it is a
    table, printed it is text.

    Used at the end of all five notebooks.

    Parameters
    ----------
    lesson : str, optional
        Such as "02", or "02_architecture"; all when not given.

    Returns
    -------
    Progress

    Raises
    ------
    ValueError
        There is no such lesson.
    """
    chosen = [name for name in LESSONS if lesson in (None, name, name[:2])]
    if not chosen:
        raise ValueError(f"there is no lesson {lesson!r}; the lessons are {', '.join(LESSONS)}")
    known, remark = _with_own({kind: {} for kind in _own}), ""
    try:
        if path := _file():
            kept = _read(path)
            known = _with_own(kept)
            if known != kept:
                remark = f"{path} can't be written: what is checked here is forgotten when this Python ends."
        elif not lesson:
            chosen = [name for name in chosen if known[EXERCISES].keys() & LESSONS[name]] or chosen
    except OSError as error:
        remark = f"What is kept can't be read ({error}): this is what this Python has checked."
    except ValueError as error:
        remark = (
            f"{path} is not what the course keeps ({error}). It stays as it is; move it away, and a new one begins."
        )
    return Progress(tuple(_standing(name, known) for name in chosen), remark)


def _standing(lesson, known):
    said = {name: known[EXERCISES].get(name) for name in LESSONS[lesson]}
    exercises = {name: one["right"] if one and one["said"] != NOT_WRITTEN else None for name, one in said.items()}
    run = known[CLEAN_RUNS].get(lesson)
    return Standing(lesson, exercises, run and run["right"], run["said"] if run else "none yet")


@dataclass(frozen=True)
class Standing:
    """How far a lesson is."""

    lesson: str  # such as "02_architecture"
    exercises: dict  # of str to bool or None: whether each is right, in order; None: not written or not checked yet
    clean: bool | None  # whether the last clean run found all of it right; None when there was none
    said: str  # in that clean run

    @property
    def right(self):
        return sum(map(bool, self.exercises.values()))

    @property
    def open(self):
        """The exercises that are not right, in words."""
        found = ((number_of(name), right) for name, right in self.exercises.items() if not right)
        return ", ".join(number if right is None else f"{number} (not right yet)" for number, right in found)


@dataclass(frozen=True, repr=False)
class Progress:
    """What `progress` answers."""

    lessons: tuple  # of Standing
    remark: str = ""  # what is wrong with the file that keeps it

    @property
    def next(self):
        """What to do next, as a sentence."""
        for one in self.lessons:
            for name, right in one.exercises.items():
                if not right:
                    return f"Next: exercise {number_of(name)}, {name}, in {one.lesson}.ipynb."
        which = f" notebooks/{self.lessons[0].lesson}.ipynb" if len(self.lessons) == 1 else ""
        if all(one.clean for one in self.lessons):
            return f"All is right, in a clean run as well: hand in what lenet hand-in{which} has packed."
        return f"All is right. Next, in a terminal: lenet hand-in{which} runs it from a fresh start and packs it."

    @property
    def rows(self):
        """Of the table: pairs of a lesson's `Standing`, None for the sum, and texts."""
        yield None, ("notebook", "right", "points", "last clean run", "open")
        for one in self.lessons:
            yield one, (one.lesson, *_shares(one.right, len(one.exercises)), one.said, one.open)
        right, count = (
            sum(values) for values in zip(*((x.right, len(x.exercises)) for x in self.lessons), strict=True)
        )
        if len(self.lessons) > 1:
            yield None, ("all", *_shares(right, count), "", "")

    def __repr__(self):
        rows = [texts for _, texts in self.rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join([*lines, *filter(None, (self.next, self.remark))])

    __str__ = __repr__

    def _repr_html_(self):
        """The same as a table, with a sign for each exercise in place of words: it fits on a phone."""
        rows = []
        for one, (lesson, right, points, said, _) in self.rows:
            if one:
                signs = " ".join(_sign(number_of(name), known) for name, known in one.exercises.items())
            else:
                signs = "exercises" if not rows else f"{right} right"
            kind = "td" if one else "th"
            texts = (lesson, signs, points, html.escape(said))
            cells = (f'<{kind} style="text-align: left">{text}</{kind}>' for text in texts)
            rows.append(f"<tr>{''.join(cells)}</tr>")
        below = "<br>".join(html.escape(text) for text in (self.next, self.remark) if text)
        return f"<table>{''.join(rows)}</table><p>{below}</p>"


def _shares(right, count):
    return f"{right} of {count}", f"{right * POINTS} of {count * POINTS}"


def _sign(number, right):
    sign, colour, words = _SIGNS[right]
    return f'<span style="white-space: nowrap" title="{words}"><b style="color: {colour}">{sign}</b> {number}</span>'


_SIGNS = {
    True: ("✓", "#1a7f37", "right"),
    False: ("✗", "#cf222e", "not right yet"),
    None: ("○", "inherit", NOT_WRITTEN),
}
