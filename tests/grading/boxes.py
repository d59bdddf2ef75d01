"""Which sandboxes work here, and how the tests of grading have a submission marked in them."""

import json
import os
import subprocess
import sys

import psutil
import pytest
from small_course import NAME

from lenet_helpers.grading.box import sandbox, warm
from lenet_helpers.grading.box.limits import Limits
from lenet_helpers.grading.submission import Job, Task, mark

BOXES = {box.name: box for box in sandbox.SANDBOXES}
WORKING = {name: sandbox.why_not(box) for name, box in BOXES.items()} if sys.platform == "linux" else {}
HERE = [name for name in BOXES if WORKING.get(name, "") is None]
BOX = BOXES[HERE[0]] if HERE else None
WHY_COLD = warm.why_cold() if BOX else "no sandbox works here"


def separates(*command):
    """Tell whether this machine lets a program of its own kind, without any of our code, make what a sandbox needs."""
    try:
        return subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


# Asked of the machine and not of our sandbox: where ours alone fails, these tests have to fail as well.
MACHINE_CAN = separates("bwrap", "--unshare-all", "--ro-bind", "/", "/", "--tmpfs", "/tmp", "true") or separates(
    *"unshare --user --map-root-user --mount --pid --net --fork mount -t tmpfs none /tmp".split()
)
NESTED = 2 * "unshare --user --map-root-user --mount-proc --pid --net --fork " + "mount -t tmpfs none /tmp"
# A machine that decides whether a change is good must not decide it without these tests.
needs_sandbox = pytest.mark.skipif(
    not (BOX or MACHINE_CAN or os.environ.get("CI")), reason=f"no sandbox works here: {WORKING or sys.platform}"
)
needs_warm = pytest.mark.skipif(bool(WHY_COLD) and not separates(*NESTED.split()), reason=f"no template: {WHY_COLD}")
EACH = [*HERE, pytest.param("warm", marks=needs_warm)] if HERE else [pytest.param("none", marks=needs_sandbox)]
"""Names of all ways to run a submission, for the fixture `box`."""


def marked(kit, notebook, box=None, **limits):
    """Mark one submission and return its record: in the sandbox `box`, or without one in a fork of a template."""
    way = box or BOX or sandbox.NoSandbox()
    job = Job(str(kit.folder), kit.fingerprint, way, Limits(**limits), warm=box is None)
    content = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
    return mark(Task("anna", NAME, content), kit, job)


def marks_of(record):
    return {one["exercise"]: one["mark"] for one in record["exercises"]}


def children():
    """Return the processes below this one, without those of a template that waits."""
    own = [process for _, template in warm._idle for process in template.processes()]
    found = psutil.Process().children(recursive=True)
    return [child.pid for child in found if child.status() != "zombie" and child.pid not in own]
