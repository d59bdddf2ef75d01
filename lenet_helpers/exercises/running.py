"""Running code that may raise, print, damage what it is given, or never end.

It runs in a thread of its own, which can be told to stop on every system; random states
and torch's settings are put back afterwards.
"""

import contextlib
import ctypes
import io
import linecache
import random
import threading
import time
import warnings

from lenet_helpers.exercises.results import RAISED, Outcome, text_of, type_name

PATIENCE_SECONDS = 2.0
"""How long a call that was told to stop is told so again before it is left alone."""

PRINTED_LINES, PRINTED_LETTERS = 5, 1000
"""So much of what is printed is kept: the rest of 240 lines says no more."""


class Endless(Exception):
    """A call that did not end in time."""

    def __init__(self, finished, stopped):
        super().__init__("no end in time")
        self.finished = finished  # what came before it
        self.stopped = stopped  # False: it still runs, because it catches what should stop it or waits outside Python


class _Stop(BaseException):
    """Raised inside a call that has run for too long. No ``except Exception`` catches it."""


def run_each(function, cases, time_limit):
    """Return ``[function(case) for case in cases]``, run in another thread; raises `Endless` after `time_limit` s."""
    results, failures, lock, done = [], [], threading.Lock(), threading.Event()

    def finish():
        with lock:
            done.set()

    def work():
        try:
            try:
                for case in cases:
                    results.append(function(case))
            except Exception as error:  # not the candidate's, which `guarded` reports: ours
                failures.append(error)
            finish()
        except _Stop:  # wherever it arrived, also on the way out
            finish()

    worker = threading.Thread(target=work, name="check", daemon=True)
    worker.start()
    try:
        # In short turns, so that an interrupt gets through on every system. Thread.join would
        # not do: in Python before 3.13, an interrupted join takes a running thread for a dead one.
        deadline = time.monotonic() + time_limit
        while not done.wait(0.1) and time.monotonic() < deadline:
            pass
        in_time = done.is_set()
    finally:
        stopped = done.is_set() or _stop(worker, lock, done)
    if not in_time:
        raise Endless(list(results), stopped)
    if failures:
        raise failures[0]
    return results


def _stop(worker, lock, done):
    """Raise `_Stop` in the worker until it ends; return whether it did."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done.is_set() and time.monotonic() < deadline:
        if lock.acquire(timeout=0.1):
            if not done.is_set():  # never after the worker has said that it is done: nobody would catch it
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(worker.ident), ctypes.py_object(_Stop))
            lock.release()
        done.wait(0.05)
    return done.is_set()


def guarded(function, *arguments, blame=None):
    """Call `function`; return its result and no error, or None and an `Outcome` of the error.

    `blame` is the function whose lines are to be named, if it is another one.
    """
    try:
        return function(*arguments), None
    except _Stop:
        raise
    except BaseException as error:  # also SystemExit, which would end the kernel
        return None, Outcome(error=type_name(error), report=_in_words(error, blame or function))


def _in_words(error, function):
    words = ": ".join(filter(None, (type_name(error), text_of(error))))
    try:
        source = function.__code__.co_filename
    except Exception:  # not a plain function: there is no cell to point into
        return words
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == source:
            line = trace.tb_lineno
        trace = trace.tb_next
    if line is None:
        return words
    code = linecache.getline(source, line).strip()
    return f"{words}{RAISED}{line} of your cell" + (f": {code}" if code else "")


class _Printed(io.StringIO):
    """Stands in for standard output, and forgets all but the beginning: a loop may print without end."""

    encoding = "utf-8"
    lines = 0

    def write(self, text):
        super().write(text[: max(PRINTED_LETTERS - self.tell(), 0)])
        self.lines += text.count("\n")
        return len(text)

    def beginning(self):
        """Return the first lines, and how many more there were."""
        lines = self.getvalue().splitlines()[:PRINTED_LINES]
        more = self.lines - len(lines)
        return "\n".join([*lines, f"… and {more} more lines"] if more > 0 else lines)


@contextlib.contextmanager
def printing_kept():
    """Keep what is printed off the screen; yields what stands in for it, which has the `beginning`."""
    printed = _Printed()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        yield printed


@contextlib.contextmanager
def everything_put_back():
    """Put random states and torch's settings back afterwards, and keep warnings quiet.

    Candidates may seed generators, draw from them or change settings: it must not matter
    to what comes after the check.
    """
    import numpy as np
    import torch

    python_state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002 - theirs, to be put back
    dtype, threads, gradients = torch.get_default_dtype(), torch.get_num_threads(), torch.is_grad_enabled()
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=devices), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            random.setstate(python_state)
            np.random.set_state(numpy_state)  # noqa: NPY002
            torch.set_grad_enabled(gradients)
            if torch.get_default_dtype() is not dtype:
                torch.set_default_dtype(dtype)
            if torch.get_num_threads() != threads:
                torch.set_num_threads(threads)
