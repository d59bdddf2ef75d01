"""Grading: seconds a submission, what several processes or a Dask cluster on this computer gain, and nbgrader alone."""

import json

from benchmarks.report import duration, ratio, table
from benchmarks.timing import run_python, say
from lenet_helpers.system.paths import COURSE

WAYS = {"serial": "one process", "workers": "two processes", "dask": "Dask, two workers"}


def measure(settings):
    size = settings.size(24, 6)  # make class grades 60
    say(f"  a simulated class of {size}")
    return {"size": size, **seconds_of_class(size)}


def seconds_of_class(size):
    """Grade a simulated class in each way, and the harmless ones with nbgrader alone; fails where marks differ."""
    _, output = run_python(COURSE / "tools" / "grade_class.py", "--size", size, "--alone", "--json")
    return json.loads(output.splitlines()[-1])


def show(result):
    size, ways, alone = result["size"], result["ways"], result["alone"]
    rows = [
        [WAYS[way], size, duration(value), duration(value / size), ratio(ways["serial"] / value)]
        for way, value in ways.items()
    ]
    each = alone["seconds"] / alone["submissions"]
    rows.append(["nbgrader alone, one process", alone["submissions"], duration(alone["seconds"]), duration(each), "–"])
    return f"""
{table(["way", "submissions", "all", "a submission", "serial ÷ this"], rows)}

{size} submissions of one notebook each: solved, untouched, partly solved, mistaken, hostile and broken; every one
in its sandbox, with the start of workers and scheduler, and with the same marks in each way. Hostile ones that
never end take their whole limit of 180 s, or are ended before for what they use. nbgrader alone had the harmless
ones only, because it runs them with the rights of whoever grades; it runs every cell of a notebook, and `lenet
grade` those that a graded cell builds on.
"""
