"""The tests of the lessons and the notebooks, on every supported Python that is found, and on the oldest versions.

The environments and what is tested in them are those of noxfile.py.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.report import table
from lenet_helpers.system.paths import COURSE

FOLDER = COURSE / "build" / "matrix"


def measure(settings):
    """Let nox make the environments and run the tests; a quick run takes this Python as it is, and one file."""
    return run_nox(*settings.size((), ("--session", "this", "--", "tests/test_data.py")))


def run_nox(*arguments):
    """Run sessions; return what came of each suite of tests, and what failed."""
    for old in FOLDER.glob("*/*.xml"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "nox", "--report", str(report), *arguments]
        done = subprocess.run(command, cwd=COURSE, stdout=sys.stderr)
        sessions = json.loads(report.read_text())["sessions"] if report.exists() else []
    failures = [] if sessions else [f"nox ended with status {done.returncode}"]
    rows = []
    for session in sessions:
        name = session["signatures"][0]
        suites = [suite_of(file) for file in sorted((FOLDER / name).glob("*.xml"))]
        rows += [[name, *suite["row"]] for suite in suites]
        lost = [f"{name}: {failure}" for suite in suites for failure in suite["failures"]]
        if session["result"] not in ("success", "skipped") and not lost:
            lost = [f"{name}: could not be set up, or its tests did not start"]
        failures += lost
    return {"rows": rows, "failures": failures}


def suite_of(file):
    """Read JUnit's XML: versions, suite, what came of the tests, and the names of those that failed."""
    suite = next(ElementTree.parse(file).getroot().iter("testsuite"))
    counts = {name: int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")}
    counts["passed"] = counts.pop("tests") - sum(counts.values())
    said = ", ".join(f"{number} {name}" for name, number in sorted(counts.items(), key=lambda one: -one[1]) if number)
    lost = [case for case in suite.iter("testcase") if {"failure", "error"} & {child.tag for child in case}]
    return {
        "row": [suite.get("name"), file.stem, said, f"{float(suite.get('time')):.0f} s"],
        "failures": [f"{case.get('classname')} {case.get('name')}" for case in lost],
    }


def show(result):
    header = ["session", "versions", "what", "outcome", "time"]
    return f"""
The tests of the lessons, of the exercises, of the command and of what reads and writes files, and every cell of the
notebooks against its committed output, each in an environment of its own. *oldest* has the lower bounds in
`pyproject.toml`, of everything that the course and its tests name; *newest* what is newest; *this* is `.venv`.

{table(header, result["rows"], texts=5)}
"""
