"""Cases that are tried one by one in a process of their own, and what came of them.

A case that crashes its process, or lets nobody wait for its end, is an outcome like any
other: the next case gets a new process.
"""

import multiprocessing
import os
import sys
import threading
import time
from collections import Counter

from benchmarks import machine
from benchmarks.timing import say

PATIENCE_SECONDS = 120
START_SECONDS = 600
"""For a process to begin, on a machine that others keep busy."""


def with_torch():
    """Return a context of multiprocessing whose processes fork from one that has torch already, where there is that."""
    if "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["benchmarks.reliability.small", "lenet_helpers.training", "torch"])
        return context
    return multiprocessing.get_context("spawn")


class Worker:
    """A process that tries one case after the other, and is replaced when it dies or hangs.

    `prepare`, of the top of a module, is called in the process with `arguments`; it returns a function from a case to a
    dict that has an "outcome" and says "what" exactly.
    """

    def __init__(self, prepare, arguments=()):
        self.prepare, self.arguments = prepare, arguments
        self.process = None

    def attempt(self, case):
        """Return what came of a case; its outcome is "crash" where no answer comes."""
        try:
            if self.process is None:
                self._start()
            self.connection.send(case)
            if self.connection.poll(PATIENCE_SECONDS):
                return self.connection.recv()
            why = f"no answer within {PATIENCE_SECONDS} s"
        except (EOFError, OSError):
            self.process.join(PATIENCE_SECONDS)
            why = f"the process died with status {self.process.exitcode}"
        self.stop()
        return {"outcome": "crash", "what": why}

    def stop(self):
        """End the process."""
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.connection.close()
            self.process = None

    def _start(self):
        context = with_torch()
        self.connection, there = context.Pipe()
        work = (there, self.prepare, self.arguments)
        self.process = context.Process(target=_answer, args=work, daemon=True)
        self.process.start()
        there.close()
        if not self.connection.poll(START_SECONDS) or self.connection.recv() != "ready":
            raise EOFError


def _answer(connection, prepare, arguments):
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())  # decoders complain there
    attempt = prepare(*arguments)
    connection.send("ready")
    while True:
        connection.send(attempt(connection.recv()))


def try_all(cases, prepare, arguments=(), processes=1):
    """Return the outcomes of all cases in their order, each with its case; see `Worker`."""
    cases = list(cases)
    outcomes = {}

    def take_turns(first):
        worker = Worker(prepare, arguments)
        for case in cases[first::processes]:
            outcomes[case] = {"case": case, **worker.attempt(case)}
            if len(outcomes) % 500 == 0:
                say(f"  {len(outcomes):,} of {len(cases):,}")
        worker.stop()

    threads = [threading.Thread(target=take_turns, args=(first,), daemon=True) for first in range(processes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [outcomes[case] for case in cases if case in outcomes]


def measured(attempt, *documented):
    """Call `attempt`, which gives outcome and details; measure it, and tell documented errors from others.

    The result has the outcome, which is the name of a documented error or "other error" where it is one; what exactly;
    seconds of processor and of wall clock; and the megabytes that it took, None where the system does not tell.
    """
    before = machine.forget_peak()
    started, clock = time.process_time(), time.perf_counter()
    try:
        outcome, what = attempt()
    except documented as error:
        outcome, what = type(error).__name__, str(error)[:200]
    except Exception as error:
        outcome, what = "other error", f"{type(error).__name__}: {str(error)[:200]}"
    seconds, wall = time.process_time() - started, time.perf_counter() - clock
    megabytes = machine.peak_memory() - before if before is not None else None
    return {"outcome": outcome, "what": what, "seconds": seconds, "wall": wall, "megabytes": megabytes}


def problems_of(outcome, allowed, most_seconds, most_megabytes):
    """Say what must not be in an outcome, as `measured` and `Worker` give it; `allowed` are those that may be."""
    if outcome["outcome"] not in allowed:
        yield f"{outcome['outcome']}: {outcome['what']}"
    if (seconds := outcome.get("seconds") or 0) > most_seconds:
        yield f"{seconds:.1f} s"
    if (megabytes := outcome.get("megabytes") or 0) > most_megabytes:
        yield f"{megabytes:.0f} MB"


def failures_of(outcomes, count, name, *limits):
    """Return a line for each thing that must not be, and that not all of so many files were read.

    `name` is a function that says which file an outcome is of; `limits` are those of `problems_of`.
    """
    lines = [f"file {name(one)}: {problem}" for one in outcomes for problem in problems_of(one, *limits)]
    return lines + [f"{count - len(outcomes)} files were not read"] * (len(outcomes) != count)


def counts(outcomes, kind):
    """Return [kind, outcome, number] of each pair that is there; `kind` is a function of an outcome."""
    found = Counter((kind(one), one["outcome"]) for one in outcomes)
    return [[*key, number] for key, number in sorted(found.items())]
