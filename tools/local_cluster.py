"""A Dask scheduler and its workers as processes on this computer, for tests and benchmarks."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from lenet_helpers.system.paths import COURSE

START_SECONDS, GRACE_SECONDS = 120, 5


@dataclass
class Cluster:
    """A running cluster: where its scheduler listens, the processes of its workers, and what starts another."""

    address: str
    workers: list
    add_worker: Callable


@contextlib.contextmanager
def cluster(workers, folder):
    """Start a scheduler with so many workers of one thread; yield the `Cluster`; end them all.

    The scheduler's address and the workers' scratch files go into `folder`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "scheduler.json"
    file.unlink(missing_ok=True)
    scheduler, started = _start("dask_scheduler", "--port", "0", "--scheduler-file", str(file)), []
    options = ("--scheduler-file", str(file), "--nthreads", "1", "--no-nanny", "--local-directory", str(folder))

    def add_worker():
        started.append(_start("dask_worker", *options))

    try:
        running = Cluster(_address_in(file, scheduler), started, add_worker)
        for _ in range(workers):
            add_worker()
        yield running
    finally:
        # Workers first: without its scheduler, a worker waits for minutes before it ends.
        for process in (*started, scheduler):
            _end(process)


def _start(module, *arguments):
    command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments, "--host", "127.0.0.1", "--no-dashboard"]
    paths = os.pathsep.join([str(COURSE), *filter(None, sys.path)])
    environment = {"OMP_NUM_THREADS": "1", **os.environ, "PYTHONPATH": paths}  # one thread, as Dask's nanny sets it
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _address_in(file, scheduler):
    """Wait until the scheduler has written its address."""
    deadline = time.monotonic() + START_SECONDS
    while scheduler.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError):  # not there, or not whole yet
            return json.loads(file.read_text(encoding="utf-8"))["address"]
        time.sleep(0.05)
    raise RuntimeError("the Dask scheduler did not start")


def _end(process):
    process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
