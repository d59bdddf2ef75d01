"""The judge of what a submission's functions did, outside of the submission's process.

It listens on a socket that the sandbox can see. For each request it draws fresh inputs and
sends the number that they are made from; the other side makes them again, calls the
function, and sends what came out. The right answers never leave this process.
"""

import contextlib
import hashlib
import socket
import threading

import numpy as np

from lenet_helpers.exercises.catalogue import NAMES, exercise
from lenet_helpers.exercises.running import everything_put_back
from lenet_helpers.exercises.verdicts import Verdict, verdict_on
from lenet_helpers.exercises.wire import MOST_BYTES, WireError, unpack_answer

MOST_REQUESTS = 200
"""A submission may ask this often; each answer costs the judge time."""

_ONE_AT_A_TIME = threading.Lock()  # judging sets and restores the random states of the whole process


class Judge:
    """Answers the requests of one submission, in a thread, while it is used as a context.

    The inputs are drawn from `key`, the exercise and how often was asked: the same submission
    is asked the same in every run, and knows nothing of it beforehand. All calls of one check
    together may take so many seconds. The socket is made in `folder`, where it lies alone and which
    nobody else can reach; `verdicts` has the last one for each exercise that was asked for.
    """

    def __init__(self, key, seconds, folder):
        self._key, self._seconds, self.address = key, seconds, folder / "socket"
        self.verdicts, self.requests = {}, 0

    def __enter__(self):
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.address))
        self.address.chmod(0o666)  # a submission may be another user
        self._listener.listen(8)
        self._ended, self._connection = threading.Event(), None
        self._thread = threading.Thread(target=self._serve, name="judge", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        for one in (self._connection, self._listener):
            if one is not None:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)  # wakes the thread, which close would not
                one.close()
        self._thread.join(timeout=30)
        self.address.unlink(missing_ok=True)

    def _serve(self):
        while not self._ended.is_set():
            try:
                self._connection, _ = self._listener.accept()
                with self._connection, self._connection.makefile("rwb") as lines:
                    self._answer(lines)
            except OSError:  # the other side went away, or we are to end
                continue

    def _answer(self, lines):
        name = lines.readline(100).decode("ascii", "replace").strip()
        self.requests += 1
        if name not in NAMES or self.requests > MOST_REQUESTS:
            return
        digest = hashlib.sha256(self._key + f"{name} {self.requests}".encode()).digest()
        seed = int.from_bytes(digest[:7], "big")
        lines.write(f"{seed} {self._seconds}\n".encode())
        lines.flush()
        line = lines.readline(MOST_BYTES + 1)
        if not line.endswith(b"\n"):  # it ended on the way, or would not end
            self.verdicts[name] = _refused(name, "what came back was not complete")
            return
        self.verdicts[name] = verdict_on_line(name, line, seed, self._seconds)
        lines.write(b"right\n" if self.verdicts[name] else b"wrong\n")
        lines.flush()


def verdict_on_line(name, line, seed, seconds):
    """Return the verdict on one line of JSON that claims to be the answer to inputs drawn from `seed`."""
    try:
        answer = unpack_answer(line)
    except WireError as error:
        return _refused(name, str(error))
    asked = exercise(name)
    with _ONE_AT_A_TIME, everything_put_back():
        cases = asked.cases(np.random.default_rng(seed))
        if not (answer.missing or answer.stranger or answer.endless) and len(answer.outcomes) != len(cases):
            return _refused(name, "it answers other inputs than those that were asked")
        try:
            return verdict_on(asked, cases, answer, seconds)
        except Exception as error:  # parts are missing, or of a form that no function leads to
            return _refused(name, f"it can't be compared ({type(error).__name__})")


def _refused(name, reason):
    text = f"{name}: not right. The result could not be read: {reason}."
    return Verdict(name, False, text, failed="the result could not be read", got=reason)
