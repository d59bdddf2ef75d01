"""Checkpoints: a training run on disk, written whole or not at all.

A run that goes on from its checkpoint ends with the same bits as one that was never
stopped. Mentioned in notebook 03.
"""

import copy
from pathlib import Path

from lenet_helpers.system.errors import CourseError
from lenet_helpers.system.tensor_files import NoTensors, read_tensors, write_tensors

_LARGEST_FILE = 50 * 2**20  # a run of 1,000 epochs takes some 5 MB; reading far more could only fill the memory


class CheckpointError(CourseError):
    """A checkpoint that can't be read, used or written; the message names the mend."""


def save_checkpoint(run, path):
    """Write the state of `run` to `path`, whole or not at all.

    Parameters
    ----------
    run : TrainingRun
    path : path
        An old file stays as it was until the new one is complete.

    Raises
    ------
    CheckpointError
        The file can't be written there.
    """
    write_tensors(run.state_dict(), path, CheckpointError)


def load_checkpoint(run, path):
    """Let `run` go on from the file that `save_checkpoint` wrote.

    Only numbers and texts are read (``weights_only=True``): a file can't run code.

    Parameters
    ----------
    run : TrainingRun
        Made with the same recipe and data. It is left as it was when this fails.
    path : path

    Raises
    ------
    CheckpointError
        The file can't be read, is no checkpoint, or belongs to another recipe or data.
    """
    mend = "To begin anew, delete it or name another file."
    try:
        state = read_tensors(path, _LARGEST_FILE)
    except OSError as error:
        raise CheckpointError(f"{path} can't be read ({error.strerror}). {mend}") from error
    except NoTensors as error:
        raise CheckpointError(f"{path} is no checkpoint: it {error}. {mend}") from error
    before = copy.deepcopy(run.state_dict())
    try:
        run.load_state_dict(state)
    except Exception as error:  # whatever is missing in the state, or has another shape
        run.load_state_dict(before)
        reason = str(error) if isinstance(error, CourseError) else "it does not hold the state of such a run"
        raise CheckpointError(f"{path} can't be continued: {reason}. {mend}") from error


def resume(run, path, ranks):
    """Let `run` go on from the file at `path` in every process of it, if the first process has such a file."""
    if ranks.rank == 0 and Path(path).exists():
        load_checkpoint(run, path)
    if ranks.count > 1:
        run.load_state_dict(ranks.from_first(run.state_dict()))
