"""Grade a simulated class in several ways and compare: the marks must be the same.

    python tools/grade_class.py [--size 60] [--solved] [--ways serial workers dask cold] [--alone] [--keep DIR]

The submissions are solved, untouched, partly solved, planted with mistakes, hostile and
broken; what each must get is known beforehand. Prints seconds a submission and the speed-up
of each way, and exits with 1 where a mark is not the expected one or the ways differ.

With --solved, everybody has solved all notebooks. With --alone, nbgrader by itself grades
the harmless submissions as well, for comparison: in one process, every cell, and without a
sandbox.
"""

import argparse
import contextlib
import copy
import csv
import itertools
import json
import os
import random
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
from local_cluster import cluster
from nbgrader.apps.api import NbGraderAPI
from traitlets.config import Config

from lenet_helpers.grading import batch, with_nbgrader
from lenet_helpers.grading.box.limits import Limits
from lenet_helpers.grading.box.sandbox import find_sandbox
from lenet_helpers.grading.kit import make_kit
from lenet_helpers.grading.solved import SOLUTION, exercise_of, flag, id_of, regions, solved_notebooks
from lenet_helpers.system.paths import COURSE
from lenet_helpers.system.programs import run_program

SEED = 7
HARMLESS = ("solved", "untouched", "partly", "mistaken")

# Goes into a cell of its own after the imports. The submission is right otherwise: None where that is to no avail.
HOSTILE = {
    "reads the solutions": ("print(open({course!r} + '/notebooks/{name}.ipynb').read())", True),
    "writes outside": ("open({course!r} + '/{name}.written', 'w').write('x')", True),
    "opens a socket": ("import socket; socket.create_connection(('192.0.2.1', 80), timeout=2)", True),
    "prints a gigabyte": ("line = 'x' * 10**6\nfor _ in range(1000): print(line)", True),
    "forks without end": ("import os\nwhile True: os.fork()", False),
    # Given back at the end: what else the notebook needs would find none, and die of it sooner or later.
    "fills memory": (
        "hold = []\ntry:\n    while True: hold.append(bytearray(2**28))\nfinally:\n    hold.clear()", True),
    "fills the disk": ("with open('big', 'wb') as file:\n    while True: file.write(bytes(2**24))", True),
    "kills its parent": ("import os; os.kill(os.getppid(), 9)", False),
    "patches the checker": ("import lenet_helpers\ncheck = lenet_helpers.check = lambda *a, **k: True", False),
    "replaces the helper": ("import sys\nsys.modules['lenet_helpers'] = sys\ncheck = print", False),
    "sleeps for ever": (
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: time.sleep(9)", False),
}  # fmt: skip


def _drop(notebook, grade_id):
    notebook["cells"] = [cell for cell in notebook["cells"] if id_of(cell) != grade_id]


def _first(notebook, grade_id):
    return next(cell for cell in notebook["cells"] if id_of(cell) == grade_id)


def _split(notebook, exercise):
    """Let the answer stand in a cell of its own, below what is left of the cell that it belongs into."""
    cell = _first(notebook, f"{exercise}-solution")
    notebook["cells"].insert(
        notebook["cells"].index(cell) + 1, {**nbformat.v4.new_code_cell(cell["source"]), "id": "lower-half"}
    )
    cell["source"] = "# My answer:"


def _in_format_3(notebook, exercise):
    old = json.loads(json.dumps(nbformat.convert(nbformat.from_dict(notebook), 3)))
    notebook.clear()
    notebook.update(old)


# What happens to a right submission: a function of the notebook and of an exercise, or bytes that can't be graded.
BROKEN = {
    "grade cell deleted": lambda nb, one: _drop(nb, f"{one}-grade"),
    "grade cell edited": lambda nb, one: _first(nb, f"{one}-grade").update(source="pass"),
    "grade cell retyped": lambda nb, one: _first(nb, f"{one}-grade").update(cell_type="markdown"),
    "grade cell first": lambda nb, one: nb["cells"].sort(key=lambda cell: id_of(cell) != f"{one}-grade"),
    "cells duplicated": lambda nb, one: nb["cells"].extend(copy.deepcopy([c for c in nb["cells"] if id_of(c)][-3:])),
    "answer split": _split,
    "another kernel": lambda nb, one: nb["metadata"].update(kernelspec={"name": "ir", "language": "R"}),
    "old format": _in_format_3,
    "50 MB of outputs": lambda nb, one: nb["cells"][1].update(
        outputs=[{"output_type": "stream", "name": "stdout", "text": "x" * 50 * 2**20}]
    ),
    "wrong file name": lambda nb, one: None,
    "empty": b"",
    "not JSON": b"{",
}


@dataclass
class Student:
    """One submission of the class, and the exercises that it must get marks for."""

    name: str
    lesson: str
    content: bytes
    right: set

    @property
    def kind(self):
        return self.name.partition(" ")[2]

    @property
    def file(self):
        return "homework (2).ipynb" if self.kind == "wrong file name" else f"{self.lesson}.ipynb"


def make_class(size, seed=SEED):
    """Return so many students, each with one notebook, in an order that has nothing to do with their kind."""
    rng = random.Random(seed)
    solved = solved_notebooks()
    with tempfile.TemporaryDirectory() as folder:
        kit = make_kit(Path(folder) / "kit")
    kinds = {
        "solved": 0.15, "untouched": 0.1, "partly": 0.2, "mistaken": 0.15, "hostile": 0.2, "broken": 0.2
    }  # fmt: skip
    wanted = [kind for kind, share in kinds.items() for _ in range(max(1, round(share * size)))]
    wanted = (wanted + ["solved"] * size)[:size]
    students, hostile, broken = [], itertools.cycle(HOSTILE.items()), itertools.cycle(BROKEN.items())
    for number, kind in enumerate(wanted):
        name = list(solved)[number % len(solved)]
        exercises = [cell.exercise for cell in kit.lessons[name] if cell.grades]
        right, label = set(exercises), kind
        if kind == "untouched":
            right = set()
        elif kind == "partly":
            right = set(rng.sample(exercises, rng.randint(1, len(exercises) - 1)))
        notebook = _filled(solved[name], kit.lessons[name], right)
        if kind == "mistaken":
            wrong = rng.choice(exercises)
            right.remove(wrong)
            cell = _first(notebook, f"{wrong}-solution")
            function = _function(cell["source"])
            cell["source"] += f"\n\n\n{function} = (lambda right: lambda *given: [right(*given)])({function})"
        elif kind == "hostile":
            label, (source, helps) = next(hostile)
            code = source.format(course=str(COURSE), name=name)
            notebook["cells"].insert(2, {**nbformat.v4.new_code_cell(code), "id": "mine"})
            right = right if helps else set()
        elif kind == "broken":
            label, change = next(broken)
            if isinstance(change, bytes):
                students.append(Student(f"s{number:03} {label}", name, change, set()))
                continue
            change(notebook, exercises[0])
        students.append(Student(f"s{number:03} {label}", name, json.dumps(notebook).encode(), right))
    return students


def make_solved(size):
    """Return the submissions of so many students, each of whom has solved all notebooks."""
    with tempfile.TemporaryDirectory() as folder:
        lessons = make_kit(Path(folder) / "kit").lessons
    done = []
    for name, solved in solved_notebooks().items():
        right = {cell.exercise for cell in lessons[name] if cell.grades}
        done.append((name, json.dumps(_filled(solved, lessons[name], right)).encode(), right))
    return [Student(f"s{number:03} solved", *one) for number in range(size) for one in done]


def _function(source):
    return source.partition("def ")[2].partition("(")[0]


def _filled(solved, graded, right):
    """Return a student's notebook in which the exercises in `right` are solved."""
    released = {cell.grade_id: cell for cell in graded}
    cells = []
    for cell in solved.cells:
        own = released.get(id_of(cell))
        source = own.released if own else cell.source
        if flag(cell, "solution") and own.exercise in right:
            (lines,) = regions(cell.source, SOLUTION)
            source = cell.source.partition("    ### BEGIN SOLUTION")[0] + "\n".join(lines)
        cells.append({**cell, "source": source, "metadata": copy.deepcopy(own.metadata) if own else {}})
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def write_class(students, folder):
    """Write SUBMISSIONS/<student>/<notebook>.ipynb for everyone; one has another name."""
    for student in students:
        (folder / student.name).mkdir(parents=True, exist_ok=True)
        (folder / student.name / student.file).write_bytes(student.content)


def unexpected(students, table):
    """Say whose marks are not the expected ones; `table` is the path of the marks."""
    with open(table, encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["remark"] != "not handed in"]
    got = {}
    for row in rows:
        marked = got.setdefault((row["student"], row["notebook"]), set())
        marked.update({row["exercise"]} if float(row["mark"] or 0) > 0 else set())
    expected = {(student.name, student.lesson): student.right for student in students}
    for name, lesson in sorted({*got, *expected}):
        marked, right = (marks.get((name, lesson), set()) for marks in (got, expected))
        if marked != right:
            yield f"{name}, {lesson}: got {sorted(marked)}, expected {sorted(right)}"


def run_way(way, submissions, out, workers, limits):
    """Grade the class in one way; return the seconds it took, with the start of the workers and without their end."""
    sandbox, started = find_sandbox(), time.perf_counter()
    if way == "dask":
        with cluster(workers, out.parent / "dask-workers") as running:
            batch.grade(submissions, out, sandbox=sandbox, scheduler=running.address, limits=limits)
            return time.perf_counter() - started
    processes, warm = workers if way == "workers" else 1, way != "cold"  # in which each submission starts Python anew
    batch.grade(submissions, out, sandbox=sandbox, workers=processes, limits=limits, warm=warm)
    return time.perf_counter() - started


def grade_alone(students, folder, course=COURSE):
    """Let nbgrader by itself grade harmless submissions, in this process and with its rights, in a new folder.

    Returns the seconds for all of them, and a line for each thing that is not as expected.
    """
    with_nbgrader.generate(solved_notebooks(course), folder)
    config = Config()
    config.CourseDirectory.root, config.CourseDirectory.db_url = str(folder), with_nbgrader.gradebook_url(folder)
    config.Execute.timeout = 300
    for number, student in enumerate(students):
        place = folder / "submitted" / f"s{number}" / student.lesson
        place.mkdir(parents=True)
        (place / f"{student.lesson}.ipynb").write_bytes(student.content)
    wrong = []
    with _as_in_the_sandbox(), with_nbgrader.nbgrader_quiet():
        api, started = NbGraderAPI(config=config), time.perf_counter()
        for number, student in enumerate(students):
            if not api.autograde(student.lesson, f"s{number}", create=True, force=True)["success"]:
                wrong.append(f"nbgrader alone: {student.name}: refused")
        seconds = time.perf_counter() - started
    with with_nbgrader.open_gradebook(folder) as gradebook:
        for number, student in enumerate(students):
            grades = gradebook.find_submission_notebook(student.lesson, student.lesson, f"s{number}").grades
            got = {exercise_of(grade.name) for grade in grades if grade.auto_score}
            if got != student.right:
                wrong.append(f"nbgrader alone: {student.name}: {sorted(got)}, expected {sorted(student.right)}")
    return seconds, wrong


@contextlib.contextmanager
def _as_in_the_sandbox():
    """Let kernels that start here read the sample and compute with one thread, as submissions do in the sandbox."""
    before = dict(os.environ)
    os.environ |= {"LENET_DATA": "sample", "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def compare(students, ways, folder, workers=2, say=print):
    """Grade a class in each way; return seconds by way, and what was wrong."""
    write_class(students, folder / "class")
    limits = Limits(seconds=180, memory=3000, disk=64)
    seconds, problems, first = {}, [], None
    for way in ways:
        table = folder / f"{way}.csv"
        seconds[way] = run_way(way, folder / "class", table, workers, limits)
        say(f"{way:<8} {seconds[way]:7.1f} s, {seconds[way] / len(students):5.2f} s a submission, "
            f"{seconds[ways[0]] / seconds[way]:4.2f} times as fast as {ways[0]}")  # fmt: skip
        problems += [f"{way}: {line}" for line in unexpected(students, table)]
        first = first or table.read_bytes()
        if table.read_bytes() != first:
            problems.append(f"{way}: other marks than {ways[0]}")
    problems += [f"a submission has written {path}" for path in COURSE.glob("*.written")]
    return seconds, problems


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=60)
    parser.add_argument("--solved", action="store_true", help="everybody has solved all notebooks")
    parser.add_argument(
        "--ways", nargs="+", choices=["serial", "workers", "dask", "cold"], default=["serial", "workers", "dask"]
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--alone", action="store_true", help="let nbgrader by itself grade the harmless ones as well")
    parser.add_argument("--keep", type=Path, help="leave submissions, marks and feedback in this folder")
    parser.add_argument("--json", action="store_true", help="print all seconds as JSON, last")
    options = parser.parse_args(arguments)
    folder = options.keep or Path(tempfile.mkdtemp(prefix="lenet-class-"))
    folder.mkdir(parents=True, exist_ok=True)
    students = (make_solved if options.solved else make_class)(options.size)
    try:
        seconds, problems = compare(students, options.ways, folder, options.workers)
        alone = None
        if options.alone:
            harmless = [student for student in students if student.kind in HARMLESS]
            alone, wrong = grade_alone(harmless, folder / "alone")
            problems += wrong
            each = f"{alone / len(harmless):.2f} s a submission"
            print(f"nbgrader alone {alone:.1f} s for the {len(harmless)} harmless ones, {each}")
            alone = {"submissions": len(harmless), "seconds": alone}
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(problems) or f"{len(students)} submissions: every mark as expected, the same in every way.")
    if options.json:
        print(json.dumps({"ways": seconds, "alone": alone}))
    return 1 if problems else 0


if __name__ == "__main__":
    run_program(main)
