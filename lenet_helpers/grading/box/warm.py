"""Where a submission is run: in a fork of a template that has imported everything, or in a sandbox of its own.

A template is a process inside a sandbox that runs nothing of any submission. For each, it forks; the fork enters
namespaces of its own inside the sandbox, furnishes them, gives up all rights, and only then reads the submission.
Where a computer does not let namespaces be nested, each submission gets a sandbox and a Python of its own, which
takes as long as importing torch twice.
"""

import atexit
import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import warnings
from dataclasses import replace
from pathlib import Path

from lenet_helpers.grading.box import supervising
from lenet_helpers.grading.box.limits import Limits
from lenet_helpers.grading.box.sandbox import BOXES, FLOOD, PROBE, Inside, Unshare, kept_in_boxes
from lenet_helpers.grading.errors import GradingError

HERE = Path(__file__).parent
_FOLDER = "lenet-w-"  # short: a socket's path may have 107 bytes
START_SECONDS = 120
END_SECONDS = 10
_FLOOD = 120  # processes; the kernel is to allow 68 of them
_FEW = 16  # processes of a template; more than it ever has


@contextlib.contextmanager
def room(sandbox, kit, data, limits, warm=True):
    """Yield where one submission can be run: a `Template`, or else `Cold`.

    A template is used by one submission at a time, and again by the next if nothing is left of the one before.
    """
    template = _taken(kit, data, limits) if warm and sandbox.isolates else None
    if template is None:
        with tempfile.TemporaryDirectory(prefix=_FOLDER) as folder:
            yield Cold(sandbox, kit, data, Path(folder))
        return
    try:
        yield template
    finally:
        _give_back(template)


class Cold:
    """A sandbox and a Python for one submission, which finds the socket of its judge in the folder `judge`."""

    def __init__(self, sandbox, kit, data, folder):
        self._sandbox, self.judge = sandbox, folder / "judge"
        self.judge.mkdir()
        self._inside = Inside(kit.course, kit.runner, self.judge, data)

    def run(self, request, limits):
        """Run the submission and return the `Run`."""
        return supervising.run(self._sandbox.command(self._inside, limits), request, limits)


class Template:
    """A process that has imported everything, and forks for each submission.

    Raises GradingError where it can't be had, or does not keep apart what it forks. In the folder `judge`, a submission
    finds the socket of its judge.
    """

    def __init__(self, course, program, data, limits):
        self._course = course
        self._idle = True
        self._folder = Path(tempfile.mkdtemp(prefix=_FOLDER))
        self.judge = self._folder / "judge"
        self.judge.mkdir()
        inside = Inside(course, program, self.judge, data)
        self._keep = kept_in_boxes(inside)
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs, open(self._folder / "said", "wb") as said:
                self._process = subprocess.Popen(
                    Unshare().command(inside, limits, template=True),
                    stdin=theirs,
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                    start_new_session=True,
                )
            atexit.register(self.close)
            if not self._says(b"ready", START_SECONDS):
                said = (self._folder / "said").read_text(errors="replace").strip().splitlines()
                raise GradingError(said[-1][:200] if said else "it did not start")
            self._own = supervising.descendants(self._process.pid, _FEW)
            self._probe(limits)
        except BaseException:
            self.close()
            raise

    def run(self, request, limits):
        """Run a submission and return the `Run`."""
        places = {"writable": BOXES, "keep": self._keep}
        message = json.dumps({"places": places, "limits": request["limits"]}).encode()
        (theirs_in, ours_in), (ours_out, theirs_out), (ours_err, theirs_err) = os.pipe(), os.pipe(), os.pipe()
        theirs = [theirs_in, theirs_out, theirs_err]
        with contextlib.suppress(OSError):  # it is gone: that nothing has started will be seen
            socket.send_fds(self._control, [message], theirs)
        for handle in theirs:
            os.close(handle)
        files = open(ours_in, "wb"), open(ours_out, "rb"), open(ours_err, "rb")
        self._idle = False

        def ended(seconds):
            self._idle = self._idle or self._says(b"done", seconds)
            return self._idle or self._process.poll() is not None

        def end():
            self._kill_submission()
            if not ended(END_SECONDS):
                self.close()
            with contextlib.suppress(OSError):
                files[0].close()

        return supervising.watch(
            files, request, limits, ended=ended, everybody=lambda: self._submission(limits.processes), end=end
        )

    def is_clean(self):
        """Tell whether it is there, and nothing else is."""
        there = self._idle and self._process.poll() is None and self._course.is_dir()
        return there and supervising.descendants(self._process.pid, _FEW) == self._own

    def close(self):
        """End it, and with it all that it has started."""
        atexit.unregister(self.close)
        self._control.close()
        if hasattr(self, "_process"):
            supervising.end(self._process, _FEW)
        shutil.rmtree(self._folder, ignore_errors=True)

    def processes(self):
        """Return the template's own processes, as far as it has started."""
        return [self._process.pid, *self._own]

    def _forked(self):
        """Return two lists of at most one process: what the template has forked, and process 1 below it."""
        anteroom = supervising.children(self._own[-1])[:1]
        return anteroom, [process for one in anteroom for process in supervising.children(one)[:1]]

    def _submission(self, most):
        """Return the processes of a submission: below process 1, which itself runs nothing of it."""
        return [process for one in self._forked()[1] for process in supervising.descendants(one, most)]

    def _kill_submission(self):
        """Kill process 1 of a submission's namespace, and with it everything in there; or whoever is to start it."""
        anteroom, first = self._forked()
        for process in first or anteroom:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)

    def _says(self, word, seconds):
        try:
            ready, _, _ = select.select([self._control], [], [], seconds)
            return bool(ready) and self._control.recv(100) == word
        except (OSError, ValueError):
            return False

    def _probe(self, limits):
        """Run what must not succeed outside of a sandbox, nor where only who watches would end a flood of processes."""
        source = (
            PROBE.format(secret=str(HERE / "warm.py"))
            + FLOOD.format(most=_FLOOD)
            + "assert not problems, '; '.join(problems)"
        )
        cells = [{"cell_type": "code", "source": source, "metadata": {}}]
        few = {**vars(limits), "processes": 4, "count_processes": True}
        run = self.run({"notebook": {"cells": cells}, "limits": few}, replace(limits, processes=10 * _FLOOD))
        if {"cell": 0} not in run.reports or not self.is_clean():
            said = [report["message"] for report in run.reports if report.get("message")]
            said += run.stderr.strip().splitlines()[-1:] or [run.ended or "it did not end"]
            raise GradingError(str(said[0])[:200])


_LOCK = threading.Lock()
_idle = []  # pairs of a key and a template of it that waits; all of one key
_impossible = {}  # why there is none


def why_cold():
    """Return why submissions can't be forked from a template here, or None. Takes a second at most."""
    with tempfile.TemporaryDirectory(prefix="lenet-probe-") as folder:
        (Path(folder) / "course" / "notebooks").mkdir(parents=True)
        try:
            Template(Path(folder) / "course", HERE / "template.py", None, Limits(disk=8)).close()
        except (GradingError, OSError) as error:
            return str(error)
    return None


def close_all():
    """End the templates that wait."""
    with _LOCK:
        for _, template in _idle:
            template.close()
        _idle.clear()


def _taken(kit, data, limits):
    """Return a template for this kit, or None where there can be none."""
    key = (kit.fingerprint, data, limits.threads)
    with _LOCK:
        if key in _impossible:
            return None
        for other in [one for one in _idle if one[0] != key or not one[1].is_clean()]:
            other[1].close()
            _idle.remove(other)
        if _idle:
            return _idle.pop()[1]
    try:
        template = Template(kit.course, kit.template, data, limits)
    except (GradingError, OSError) as error:
        _impossible[key] = str(error)
        warnings.warn(f"Each submission starts Python anew, because no template works here: {error}", stacklevel=2)
        return None
    template.key = key
    return template


def _give_back(template):
    if not template.is_clean():
        template.close()
        return
    with _LOCK:
        _idle.append((template.key, template))
