"""Writing a file whole or not at all."""

import glob
import os
import time
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path

_ABANDONED_SECONDS = 3600
"""No file of the course takes an hour to write: one that was begun before that has no writer any more."""


@contextmanager
def written_whole(path):
    """Open a file for writing bytes that takes the place of `path` only when it is complete.

    The bytes go into a file beside `path` with a name of its own, reach the disk, and
    then get the name in one step. Whatever fails in between, the old file stays as it was.
    A program that is killed on the way leaves its unfinished file behind; the next one
    that writes to `path` an hour later clears it away.
    """
    path = Path(path)
    # Not tempfile: its files are readable by their owner alone, and the course is shared.
    # The ending stays, so that what git ignores by its ending is ignored unfinished, too.
    temporary = path.with_name(f".{uuid.uuid4().hex[:8]}-{path.name}")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):  # what went wrong before is what to tell
            temporary.unlink(missing_ok=True)
        raise
    for leftover in leftovers(path):
        with suppress(OSError):
            if time.time() - leftover.stat().st_mtime > _ABANDONED_SECONDS:
                leftover.unlink()


def leftovers(path):
    """Unfinished files of `written_whole` for `path`: being written now, or left by a program that was killed."""
    path = Path(path)
    hexadecimal = "[0-9a-f]" * 8
    return sorted(path.parent.glob(f".{hexadecimal}-{glob.escape(path.name)}"))
