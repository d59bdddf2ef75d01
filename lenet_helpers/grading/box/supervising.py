"""Starts a submission's process, watches it from outside, and ends it when it takes too much."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field

import psutil

POLL_SECONDS = 0.1
MOST_BYTES = 4 * 2**20
"""What a run may report, all lines together."""


@dataclass
class Run:
    """How a run went."""

    reports: list = field(default_factory=list)  # what the runner said, line by line; not to be trusted
    ended: str = ""  # why it was ended, in words; empty where it ended by itself
    stderr: str = ""  # the last of it, for the case that nothing started at all


def run(command, request, limits):
    """Run `command` with `request` as JSON on its standard input, within `limits`; return the `Run`."""
    result = Run()
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # out of reach of the terminal's Ctrl-C: we end it ourselves
    )
    lines, errors = _Collector(process.stdout, MOST_BYTES), _Collector(process.stderr, 64 * 1024)
    feeder = threading.Thread(target=_feed, args=(process.stdin, request), daemon=True)
    feeder.start()
    deadline = time.monotonic() + limits.seconds
    try:
        while process.poll() is None:
            result.ended = _why_end(process.pid, lines, limits, deadline)
            if result.ended:
                break
            time.sleep(POLL_SECONDS)
    finally:
        end(process, limits.processes)
        for collector in (lines, errors):
            collector.join(5)
    result.stderr = errors.text()[-2000:]
    for line in lines.text().splitlines():
        with contextlib.suppress(ValueError, RecursionError):
            report = json.loads(line)
            if isinstance(report, dict):
                result.reports.append(report)
    return result


def end(process, most):
    """Kill a process and its descendants; with one of them, its PID namespace and all that were orphaned in there."""
    everybody = [process.pid, *descendants(process.pid, most)]
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for pid in everybody:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    with contextlib.suppress(OSError):
        process.stdin.close()


def descendants(pid, most):
    """Return the processes below one, and no more than one above `most`.

    To look at all that run would take the longer the more there are: a fork bomb on a busy
    computer would outgrow whoever counts it.
    """
    found = [pid]
    for one in found:
        if len(found) <= most:
            found += _children(one)
    return found[1 : most + 2]


def _children(pid):
    found = []
    with contextlib.suppress(OSError, psutil.Error):
        if not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):  # another system, or an old kernel
            return [child.pid for child in psutil.Process(pid).children()]
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += map(int, file.read().split())
    return found


def _why_end(pid, lines, limits, deadline):
    """Return why the run has to end now, or an empty string."""
    if time.monotonic() > deadline:
        return f"it took more than {limits.seconds} s"
    if lines.overflow:
        return "it reported more than there is to report"
    everybody = descendants(pid, limits.processes)
    if len(everybody) > limits.processes:
        return f"it started more than {limits.processes} processes"
    memory = 0
    for one in everybody:
        with contextlib.suppress(psutil.Error):
            used = psutil.Process(one).memory_info()
            memory += used.rss - getattr(used, "shared", 0)
    if memory > limits.memory * 2**20:
        return f"it used more than {limits.memory} MB of memory"
    return ""


def _feed(stream, request):
    with contextlib.suppress(OSError, ValueError):  # it ended without reading to the end
        stream.write(json.dumps(request).encode())
        stream.close()


class _Collector:
    """Reads a stream to its end in a thread and keeps the first bytes of it."""

    def __init__(self, stream, most):
        self._stream, self._most = stream, most
        self._kept, self.overflow = bytearray(), False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        with contextlib.suppress(OSError, ValueError):
            while chunk := self._stream.read1(65536):
                room = self._most - len(self._kept)
                self._kept += chunk[:room]
                self.overflow = self.overflow or len(chunk) > room

    def join(self, seconds):
        self._thread.join(seconds)
        if not self._thread.is_alive():
            self._stream.close()

    def text(self):
        return bytes(self._kept).decode("utf-8", "replace")
