"""The tests of the lessons and the notebooks, on every supported Python that is found, and on the oldest versions.

Each gets an environment of its own in build/matrix/, of several GB (torch). It is kept for
the next time while the disk has room. Run by ``make matrix`` alone, not with the other
campaigns; ``make test-second`` tests the newest Python besides that of the .venv.
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
from lenet_helpers.system.paths import COURSE
from lenet_helpers.system.programs import run_program

ENVIRONMENTS = COURSE / "build" / "matrix"
THIS = f"3.{sys.version_info.minor}"
FREE_GIGABYTES = 25
"""An environment is removed after its tests where the disk has less room than this."""

LESSONS = ("data", "architecture", "training", "evaluation", "inference", "plots", "platforms", "project")
ROOMS = ("preparation", "fitting", "system", "exercises", "cli")
TESTS = [*(f"tests/test_{name}.py" for name in LESSONS), *(f"tests/{room}" for room in ROOMS)]
NOTEBOOKS = [
    *("--nbval", "--nbval-current-env", "--nbval-sanitize-with=tests/nbval_sanitize.cfg"),
    *("--nbval-cell-timeout=300", "notebooks"),
]
"""What ``make nbval`` does: every output of the notebooks against the committed one."""


def run(quick=False, seed=0):
    """Make the environments and run the tests; a quick run takes this Python as it is.

    The newest Python comes first: what nobody has tried yet is told early.
    """
    if quick:
        return judge("this Python", sys.executable, [TESTS[:1]])
    pythons = found_pythons()
    others = [version for version in reversed(pythons) if version != THIS]
    wanted = [(f"Python {version}, newest versions", pythons[version], []) for version in others]
    wanted += [
        (f"Python {version}, oldest versions", pythons[version], oldest_versions()) for version in [*pythons][:1]
    ]
    found = [judge_in_environment(*one) for one in wanted] + [judge(f"Python {THIS}, as in .venv", sys.executable)]
    return {key: [one for result in found for one in result[key]] for key in ("rows", "failures")}


def found_pythons():
    """Version to program of each Python from 3.11 on the path or in ~/.pyenv, the oldest first."""
    candidates = [sys.executable, *(shutil.which(f"python3.{minor}") for minor in range(11, 16))]
    candidates += sorted(Path("~/.pyenv/versions").expanduser().glob("3.*/bin/python"))
    found = {}
    for candidate in filter(None, candidates):
        code = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
        done = subprocess.run([str(candidate), "-c", code], capture_output=True, text=True)
        version = done.stdout.strip()
        if done.returncode == 0 and minor_of(version) >= 11:
            found.setdefault(version, str(candidate))
    return dict(sorted(found.items(), key=lambda item: minor_of(item[0])))


def minor_of(version):
    """11 for "3.11"."""
    return int(version.split(".")[1])


def oldest_versions():
    """The lower bounds in pyproject.toml, of the course and of its tests, as requirements: the last patch of each."""
    project = tomllib.loads((COURSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    declared = [
        line
        for lines in (project["dependencies"], *map(extras.get, ("instructor", "cluster", "test")))
        for line in lines
    ]
    bounds = [re.fullmatch(r"([\w-]+)>=([\d.]+)", line) for line in declared]
    return [f"{bound[1]}=={bound[2]}{'' if bound[2].count('.') > 1 else '.*'}" for bound in bounds if bound]


def judge_in_environment(name, python, pins=()):
    """Make an environment or take the one that is there, and run the tests in it."""
    folder = ENVIRONMENTS / re.sub(r"\W+", "-", name)
    program = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    asked = "\n".join([str(COURSE), str(python), *pins, (COURSE / "pyproject.toml").read_text(encoding="utf-8")])
    ready = folder / "ready"
    if not ready.exists() or ready.read_text(encoding="utf-8") != asked:
        say(f"  {name}: setting up")
        shutil.rmtree(folder, ignore_errors=True)
        torch = [pin for pin in pins if pin.startswith("torch")] or ["torch", "torchvision"]
        for command in (
            [python, "-m", "venv", folder],
            [program, "-m", "pip", "install", "-qq", "--upgrade", "pip"],
            [program, "-m", "pip", "install", "-qq", *torch],
            [program, "-m", "pip", "install", "-qq", "--editable", f"{COURSE}[test]", *pins],
        ):
            done = subprocess.run(command, cwd=COURSE, capture_output=True, text=True)
            if done.returncode:
                problem = f"{name}: {done.stderr.strip()[-1000:]}"
                return {"rows": [[name, "", "", "could not be set up", ""]], "failures": [problem]}
        ready.write_text(asked, encoding="utf-8")
    found = judge(name, program)
    if shutil.disk_usage(COURSE).free < FREE_GIGABYTES * 1e9:
        shutil.rmtree(folder)
    return found


def judge(name, program, suites=(TESTS, NOTEBOOKS)):
    """Run the suites with a Python; return its row of the report, and what failed."""
    say(f"  {name}: testing")
    code = "import platform, torch; print(platform.python_version(), torch.__version__)"
    versions = subprocess.run([program, "-c", code], capture_output=True, text=True).stdout.split() or ["?", "?"]
    outcomes, failures = [], []
    for suite in suites:
        command = [program, "-m", "pytest", "-q", "-p", "no:cacheprovider", *suite]
        done = subprocess.run(command, cwd=COURSE, capture_output=True, text=True)
        lines = done.stdout.strip().splitlines()
        outcomes.append(lines[-1] if lines else "no answer")
        say(f"  {name}: {outcomes[-1]}")
        if done.returncode:
            failures += [f"{name}: {line}" for line in lines if line.startswith(("FAILED", "ERROR"))] or [
                f"{name}: {done.stderr.strip()[-300:] or outcomes[-1]}"
            ]
    return {"rows": [[name, *versions, *outcomes]], "failures": failures}


def second():
    """Test the newest Python besides this one, where there is one; say which were covered, and return the status."""
    pythons = found_pythons()
    others = [version for version in pythons if version != THIS]
    failures = []
    if others:
        failures = judge_in_environment(f"Python {others[-1]}, newest versions", pythons[others[-1]])["failures"]
    print(*failures, covered(others), sep="\n")
    return 1 if failures else 0


def covered(others):
    """One line: which Pythons were tested, and which were not."""
    tested = [f"{THIS} (make test)", *others[-1:]]
    left = f"Found, and left to make matrix: {', '.join(others[:-1])}." if others[:-1] else ""
    none = "" if others else "No other from 3.11 on was found."
    return " ".join(filter(None, [f"Pythons tested: {', '.join(tested)}.", left, none]))


def show(result):
    header = ["environment", "Python", "torch", "unit tests", "cells of the notebooks"]
    return (
        f"The tests of the lessons, of the exercises, of the command and of what reads and writes files ({len(TESTS)} "
        "test files), and every cell of the notebooks against its committed output, each in an environment of its own. "
        "*Oldest versions* are the lower bounds in `pyproject.toml`, of everything that the course and its tests name."
        "\n\n" + table(header, result["rows"], texts=5)
    )


if __name__ == "__main__":
    run_program(second)
