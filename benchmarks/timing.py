"""Clocks, and what keeps them honest: runs by turns, medians, processes of their own."""

import json
import os
import statistics
import subprocess
import sys
import time

from lenet_helpers.system.paths import COURSE


def say(message):
    """Show progress on standard error; results go elsewhere."""
    print(message, file=sys.stderr, flush=True)


def seconds_of(function):
    """Return how long one call takes."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def alternate(runs, rounds):
    """Call each function once a round, so that a slow spell of the machine meets all of them.

    Every other round goes backwards: nobody always comes after the same one. Returns a list for each name.
    """
    results = {name: [] for name in runs}
    for number in range(rounds):
        for name in list(runs) if number % 2 == 0 else reversed(runs):
            say(f"  {name} ({number + 1} of {rounds})")
            results[name].append(runs[name]())
    return results


median = statistics.median


def percentile(values, percent):
    """Return the smallest value that at least `percent` % of the values don't exceed."""
    values = sorted(values)
    return values[max(0, -(-len(values) * percent // 100) - 1)]


def run_python(*arguments):
    """Run this Python to its end; return seconds, with its start-up, and output. RuntimeError holds its errors."""
    started = time.perf_counter()
    done = _python(arguments, stderr=subprocess.PIPE)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, arguments))} failed:\n{done.stderr[-2000:]}")
    return seconds, done.stdout


def run_lenet(*arguments):
    """`run_python` with the ``lenet`` command of this folder."""
    return run_python("-m", "lenet_helpers", *arguments)


def run_apart(function, **arguments):
    """Call a function of a module in a fresh process, where nothing is loaded, tuned or cached.

    It takes and returns what JSON can hold.
    """
    program = (
        "import importlib, json, sys; module, name, arguments = sys.argv[1:]; "
        "print(json.dumps(getattr(importlib.import_module(module), name)(**json.loads(arguments))))"
    )
    # What it says on standard error is progress, and passes through.
    done = _python(["-c", program, function.__module__, function.__name__, json.dumps(arguments)])
    if done.returncode:
        raise RuntimeError(f"{function.__module__}.{function.__name__} failed with {arguments}")
    return json.loads(done.stdout.splitlines()[-1])


def _python(arguments, **options):
    """Run this Python, which finds this project's modules first."""
    path = os.pathsep.join(filter(None, [str(COURSE), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}, **options)
