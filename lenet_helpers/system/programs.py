"""How the course's programs end: with a status, and with one line where Ctrl-C ended them."""

import signal
import sys

INTERRUPTED = 130
"""Status of a program that Ctrl-C ended: 128 + SIGINT, as shells have it."""


def run_program(main, interrupted="\ninterrupted"):
    """Run a program's main function, and exit with its status.

    Ctrl-C ends the program with one line in place of a traceback. Once the main function is
    done, Ctrl-C is ignored: nothing is left to be stopped, and Python, which gives up its own
    handling of signals while it shuts down, would let it kill the process and its status.

    Parameters
    ----------
    main : callable
        Returns the status, or a message for standard error, as `sys.exit` takes them.
    interrupted : str
        What to say on standard error after Ctrl-C.

    Raises
    ------
    SystemExit
        Always.
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
