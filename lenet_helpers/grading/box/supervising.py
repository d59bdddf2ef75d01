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
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # out of reach of the terminal's Ctrl-C: we end it ourselves
    )

    def ended(seconds):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        return process.returncode is not None

    return watch(
        (process.stdin, process.stdout, process.stderr),
        request,
        limits,
        ended=ended,
        everybody=lambda: descendants(process.pid, limits.processes),
        end=lambda: end(process, limits.processes),
    )


def watch(files, request, limits, *, ended, everybody, end):
    """Watch a run that has been started, and end it when it takes too much; return the `Run`.

    `files` are its streams: for the `request`, of its reports, of its errors. ``ended(seconds)`` waits so long for its
    end and returns whether it has come, ``everybody()`` returns the IDs of its processes, and ``end()``, called in any
    case, ends them all.
    """
    result = Run()
    lines, errors = _Collector(files[1], MOST_BYTES), _Collector(files[2], 64 * 1024)
    feeder = threading.Thread(target=_feed, args=(files[0], request), daemon=True)
    feeder.start()
    deadline = time.monotonic() + limits.seconds
    try:
        while not ended(POLL_SECONDS):
            result.ended = _why_end(everybody, lines, limits, deadline)
            if result.ended:
                break
    finally:
        end()
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
    if process.stdin:
        with contextlib.suppress(OSError):
            process.stdin.close()


def descendants(pid, most):
    """Return the processes below one, and no more than one above `most`.

    To look at all that run would take the longer the more there are: a fork bomb on a busy
    computer would outgrow whoever counts it.
    """
    found = [pid]
    for one in found:
        if len(found) <= most + 1:  # the first one is not below itself
            found += children(one)
    return found[1 : most + 2]


def children(pid):
    """Return the processes right below one."""
    found = []
    with contextlib.suppress(OSError, psutil.Error):
        if not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):  # another system, or an old kernel
            return [child.pid for child in psutil.Process(pid).children()]
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += map(int, file.read().split())
    return found


def _why_end(everybody, lines, limits, deadline):
    """Return why the run has to end now, or an empty string."""
    if time.monotonic() > deadline:
        return f"it took more than {limits.seconds} s"
    if lines.overflow:
        return "it reported more than there is to report"
    processes = everybody()
    if len(processes) > limits.processes:
        return f"it started more than {limits.processes} processes"
    most = limits.memory * 2**20
    if sum(map(_at_most, processes)) > most and sum(map(_memory, processes)) > most:
        return f"it used more than {limits.memory} MB of memory"
    return ""


def _at_most(pid):
    """Return the bytes of a process's own memory, and those that it shares with whoever forked it: quick to be had."""
    with contextlib.suppress(psutil.Error):
        used = psutil.Process(pid).memory_info()
        return used.rss - getattr(used, "shared", 0)
    return 0


def _memory(pid):
    """Return the same, where a page that several processes share counts once for all of them, as far as can be told."""
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                if line.startswith("Pss_Anon:"):
                    return int(line.split()[1]) * 1024
    return _at_most(pid)  # another system, or an old kernel


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
