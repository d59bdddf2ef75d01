"""Grading: seconds a submission, and what several processes or a Dask cluster on this computer gain."""

import json

from benchmarks.report import duration, ratio, table
from benchmarks.timing import run_python, say
from lenet_helpers.paths import COURSE

WAYS = {"serial": "one process", "workers": "two processes", "dask": "Dask, two workers"}


def measure(settings):
    size = settings.size(60, 6)
    say(f"  a simulated class of {size}")
    return {"size": size, "seconds": seconds_of_class(size)}


def seconds_of_class(size):
    """Grade a simulated class in each way; return the seconds by way. Fails where marks differ."""
    _, output = run_python(COURSE / "tools" / "grade_class.py", "--size", size, "--json")
    return json.loads(output.splitlines()[-1])


def show(result):
    size, seconds = result["size"], result["seconds"]
    rows = [
        [WAYS[way], duration(value), duration(value / size), ratio(seconds["serial"] / value)]
        for way, value in seconds.items()
    ]
    return f"""
{table(["way", "the class", "a submission", "serial ÷ this"], rows)}

{size} submissions of one notebook each: solved, untouched, partly solved, mistaken, hostile and broken; every one
in its sandbox, with the start of workers and scheduler, and with the same marks in each way. Hostile ones that
never end take their whole limit of 180 s, or are ended before for what they use.
"""
