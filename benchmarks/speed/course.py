"""How long the course's own commands take: `make run`, and the parts of `make test`."""

import sys

from benchmarks.report import duration, ratio, table
from benchmarks.timing import run_command, run_python, say
from lenet_helpers.system.paths import COURSE

GOAL_SECONDS = 300


def measure(settings):
    targets = ["run", *(["unit", "nbval", "lint"] if settings.tests else [])]
    seconds = {}
    for target in targets:
        say(f"  make {target}")
        seconds[target] = make_seconds(target)
    import_torch = run_python("-c", "import torch")[0]
    return {"seconds": seconds, "import_torch": import_torch}


def make_seconds(target):
    """Return the seconds of one target of the Makefile, without those it depends on, with this Python."""
    inherited = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")  # of the make that may have started this
    clean = [f"--unset={name}" for name in inherited]
    done = [part for name in ("setup", "unit") if name != target for part in ("-o", name)]
    return run_command("env", *clean, "make", "-C", COURSE, *done, f"PY={sys.executable}", target)[0]


def show(result):
    seconds = dict(result["seconds"])
    tests = [seconds[target] for target in ("unit", "nbval", "lint") if target in seconds]
    if tests:
        seconds["test, all of these"] = sum(tests)
    rows = [
        [f"`make {target}`", duration(value), ratio(value / result["import_torch"]), ratio(GOAL_SECONDS / value)]
        for target, value in seconds.items()
    ]
    return f"""
{table(["command", "seconds", "against `import torch`", f"{GOAL_SECONDS} s ÷ this"], rows)}

After set-up, once each. The goal is five minutes for `make run` and for `make test`.
"""
