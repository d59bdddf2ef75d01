"""How the course's programs end."""

import subprocess
import sys

import pytest

from lenet_helpers.system.paths import COURSE

ENDS = """
import signal, sys, threading
from lenet_helpers.system.programs import run_program

class AtTheVeryEnd:
    def __del__(self, stop=signal.raise_signal, ctrl_c=signal.SIGINT):  # by then, this module has lost its names
        stop(ctrl_c)

def main():
    print("done")
    if {early}:
        signal.raise_signal(signal.SIGINT)
        threading.Event().wait(60)
    return {status}

sys.at_the_very_end = AtTheVeryEnd()  # cleared away when Python has given up its handling of signals
run_program(main)
"""


@pytest.mark.parametrize(("early", "status", "expected"), [(True, 0, 130), (False, 0, 0), (False, 3, 3)])
def test_ctrl_c_never_takes_the_status_away(early, status, expected):
    # Sent while Python shuts down, it used to kill the process: status -2, though all was written.
    code = ENDS.format(early=early, status=status)
    done = subprocess.run([sys.executable, "-c", code], cwd=COURSE, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (expected, "done\n")
    assert done.stderr.strip() == ("interrupted" if early else "")
