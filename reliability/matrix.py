"""The tests of the lessons on every supported Python that is found, and on the oldest versions allowed.

Each gets an environment of its own in build/matrix/, made once (several GB each: torch).
Run by ``make matrix`` alone, not with the other campaigns.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from benchmarks.report import table
from benchmarks.timing import say
from lenet_helpers.paths import COURSE

ENVIRONMENTS = COURSE / "build" / "matrix"

TESTS = [
    f"tests/test_{name}.py"
    for name in ("data", "architecture", "augmentation", "training", "checkpoints", "evaluation", "inference")
] + ["tests/test_files.py", "tests/test_pictures.py", "tests/test_preparation.py", "tests/test_cli.py"]


def run(quick=False, seed=0):
    """Make the environments and run the tests; a quick run takes this Python as it is."""
    rows, failures = [], []
    if quick:
        return _judge("this Python", sys.executable, rows, failures, TESTS[:1])
    pythons = found_pythons()
    for version, python in pythons.items():
        environment(f"Python {version}, newest", python, [], rows, failures)
    if pythons:
        oldest = min(pythons, key=lambda version: int(version.split(".")[1]))
        environment(f"Python {oldest}, oldest torch", pythons[oldest], oldest_versions(), rows, failures)
    return {"rows": rows, "failures": failures}


def found_pythons():
    """Version to program of each Python from 3.11 on the path or in ~/.pyenv."""
    candidates = [sys.executable, *(shutil.which(f"python3.{minor}") for minor in range(11, 16))]
    candidates += sorted(Path("~/.pyenv/versions").expanduser().glob("3.*/bin/python"))
    found = {}
    for candidate in filter(None, candidates):
        code = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
        done = subprocess.run([str(candidate), "-c", code], capture_output=True, text=True)
        version = done.stdout.strip()
        if done.returncode == 0 and int(version.split(".")[1]) >= 11:
            found.setdefault(version, str(candidate))
    return dict(sorted(found.items(), key=lambda item: int(item[0].split(".")[1])))


def oldest_versions():
    """The lower bounds of torch and torchvision in pyproject.toml, as exact requirements."""
    project = tomllib.loads((COURSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = [re.fullmatch(r"(torch|torchvision)>=([\d.]+)", line) for line in project["dependencies"]]
    return [f"{bound[1]}=={bound[2]}.*" for bound in bounds if bound]


def environment(name, python, pins, rows, failures):
    """Make or reuse an environment, and run the tests in it."""
    folder = ENVIRONMENTS / re.sub(r"\W+", "-", name)
    program = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (folder / "ready").exists():
        say(f"  {name}: setting up")
        shutil.rmtree(folder, ignore_errors=True)
        for command in (
            [python, "-m", "venv", folder],
            [program, "-m", "pip", "install", "-qq", *(pins or ["torch", "torchvision"])],
            [program, "-m", "pip", "install", "-qq", "--editable", f"{COURSE}[test]", *pins],
        ):
            done = subprocess.run(command, cwd=COURSE, capture_output=True, text=True)
            if done.returncode:
                rows.append([name, "", "", "could not be set up"])
                failures.append(f"{name}: {done.stderr.strip()[-300:]}")
                return
        (folder / "ready").touch()
    _judge(name, program, rows, failures, TESTS)


def _judge(name, program, rows, failures, tests):
    say(f"  {name}: testing")
    code = "import platform, torch; print(platform.python_version(), torch.__version__)"
    versions = subprocess.run([program, "-c", code], capture_output=True, text=True).stdout.split() or ["?", "?"]
    command = [program, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=COURSE, capture_output=True, text=True)
    lines = done.stdout.strip().splitlines()
    rows.append([name, *versions, lines[-1] if lines else "no answer"])
    if done.returncode:
        failures += [f"{name}: {line}" for line in lines if line.startswith(("FAILED", "ERROR"))] or [
            f"{name}: {done.stderr.strip()[-300:]}"
        ]
    return {"rows": rows, "failures": failures}


def show(result):
    return (
        f"The tests of the lessons and of what reads and writes files ({len(TESTS)} test files), each in an "
        "environment of its own.\n\n" + table(["environment", "Python", "torch", "outcome"], result["rows"], texts=4)
    )
