"""How the course's programs end: with a status, and with one line where Ctrl-C ended them."""

import signal
import sys
import threading
from contextlib import contextmanager

INTERRUPTED = 130
"""Status of a program that Ctrl-C ended: 128 + SIGINT, as shells have it."""


def run_program(main, interrupted="\ninterrupted"):
    """Run a program's main function, and exit with its status.

    Ctrl-C ends the program with one line in place of a traceback. Once the main function is
    done, Ctrl-C is ignored: nothing is left to be stopped, and Python, which gives up its own
    handling of signals while it shuts down, would let it kill the process and its status.
    """
    try:
        try:
            status = main()
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        print(interrupted, file=sys.stderr)
        status = INTERRUPTED
    sys.exit(status)


def this_python():
    """Return this Python as a command line names it, with quotes where its path holds a blank."""
    return f'"{sys.executable}"' if " " in sys.executable else sys.executable


@contextmanager
def stop_on_interrupt(run):
    """Let Ctrl-C, or Kernel → Interrupt, stop `run` after the current step instead of raising.

    Only the main thread gets signals; elsewhere nothing changes. The second interrupt
    raises KeyboardInterrupt as usual.

    Parameters
    ----------
    run : TrainingRun
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number, frame):
        run.stop()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
