"""Writing a file whole or not at all."""

import os
import uuid
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path):
    """Open a file for writing bytes that takes the place of `path` only when it is complete.

    The bytes go into a file beside `path` with a name of its own, reach the disk, and
    then get the name in one step. Whatever fails in between, the old file stays as it was.

    Parameters
    ----------
    path : path

    Yields
    ------
    binary file

    Raises
    ------
    OSError
        The folder does not exist or can't be written to, or the disk is full.
    """
    path = Path(path)
    # Not tempfile: its files are readable by their owner alone, and the course is shared.
    temporary = path.with_name(f".{path.name}-{uuid.uuid4().hex[:8]}")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
