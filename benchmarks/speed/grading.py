"""Grading: seconds a submission, what several processes or a Dask cluster on this computer gain, and nbgrader alone.

Then how much a template saves: right submissions, forked from it and in a sandbox and a Python of their own.
"""

import contextlib
import json
import statistics
import tempfile
import threading
from functools import partial
from pathlib import Path

from benchmarks.report import duration, ratio, table
from benchmarks.timing import alternate, run_apart, run_python, say
from lenet_helpers.system.paths import COURSE

WAYS = {"serial": "one process", "workers": "two processes", "dask": "Dask, two workers"}


def measure(settings):
    size, students = settings.size(24, 6), settings.size(60, 1)  # make class grades 60
    say(f"  a simulated class of {size}")
    result = {"size": size, **seconds_of_class(size, "--alone"), "students": students}
    say(f"  {students} who have solved everything")
    result["everything"] = seconds_of_class(students, "--solved")["ways"]
    return {**result, "solved": run_apart(solved, rounds=settings.size(3, 1))}


def seconds_of_class(size, option):
    """Grade a simulated class in each way, "--alone" with nbgrader by itself as well; fails where marks differ."""
    _, output = run_python(COURSE / "tools" / "grade_class.py", "--size", size, option, "--json")
    return json.loads(output.splitlines()[-1])


def solved(rounds):
    """Mark each solved notebook in turn, forked from a template ("warm") and in a Python of its own ("cold").

    Returns for each its name, the seconds of each round by way, and by how many "megabytes" the memory of the template
    and of all that it forks grows meanwhile, a page that several share counted once.
    """
    from lenet_helpers.grading.box.sandbox import find_sandbox
    from lenet_helpers.grading.kit import make_kit
    from lenet_helpers.grading.solved import solved_notebooks
    from lenet_helpers.grading.submission import Job, Task, mark

    def right(task, way):
        record = mark(task, kit, Job(str(kit.folder), kit.fingerprint, sandbox, warm=way == "warm"))
        if not record["exercises"] or any(one["mark"] < one["points"] for one in record["exercises"]):
            raise RuntimeError(f"a solved {task.notebook} is not right, {way}: {record}")
        return record["seconds"]

    with tempfile.TemporaryDirectory() as folder:
        kit, sandbox = make_kit(Path(folder) / "kit"), find_sandbox()
        tasks = [Task("anna", name, json.dumps(one).encode()) for name, one in solved_notebooks().items()]
        right(tasks[0], "warm")  # the template starts
        return [
            {
                "notebook": task.notebook,
                "seconds": alternate({way: partial(right, task, way) for way in ("warm", "cold")}, rounds),
                "megabytes": _growth(partial(right, task, "warm")),
            }
            for task in tasks
        ]


def _growth(mark_one):
    from lenet_helpers.grading.box import supervising, warm

    ((_, template),) = warm._idle

    def megabytes():
        total = 0
        for pid in (*template.processes(), *supervising.descendants(template.processes()[-1], 100)):
            with contextlib.suppress(OSError):
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
        return total

    before = most = megabytes()
    marking = threading.Thread(target=mark_one)
    marking.start()
    while marking.is_alive():
        marking.join(0.01)
        most = max(most, megabytes())
    return most - before


def show(result):
    size, ways, alone = result["size"], result["ways"], result["alone"]
    rows = [
        [WAYS[way], size, duration(value), duration(value / size), ratio(ways["serial"] / value)]
        for way, value in ways.items()
    ]
    each = alone["seconds"] / alone["submissions"]
    rows.append(["nbgrader alone, one process", alone["submissions"], duration(alone["seconds"]), duration(each), "–"])
    each = 5 * result["students"]
    everything = [
        [WAYS[way], duration(seconds), duration(seconds / each), ratio(result["everything"]["serial"] / seconds)]
        for way, seconds in result["everything"].items()
    ]
    by_notebook = []
    for one in result["solved"]:
        warm, cold = (statistics.median(one["seconds"][way]) for way in ("warm", "cold"))
        memory = f"{one['megabytes']:.0f} MB" if one["megabytes"] else "–"
        by_notebook.append([one["notebook"], duration(warm), duration(cold), ratio(cold / warm), memory])
    return f"""
{table(["way", "submissions", "all", "a submission", "serial ÷ this"], rows)}

{size} submissions of one notebook each: solved, untouched, partly solved, mistaken, hostile and broken; every one
in its sandbox, with the start of workers and scheduler, and with the same marks in each way. Hostile ones that
never end take their whole limit of 180 s, or are ended before for what they use. nbgrader alone had the harmless
ones only, because it runs them with the rights of whoever grades; it runs every cell of a notebook, and `lenet
grade` those that a graded cell builds on.

{table([f"{result['students']} students, all five notebooks solved", "all", "a notebook", "serial ÷ this"], everything)}

{table(["a solved notebook", "forked from a template", "Python started anew", "÷", "a further one takes"], by_notebook)}

Median seconds, in one process and in turn. The memory is by how much the template and all that it has forked grow while
the notebook is marked, where a page that several share counts once; what its own cells ask for is in it.
A dash: it was over before it was looked at.
"""
