"""Checkpoints: a training run on disk, written whole or not at all.

A run that goes on from its checkpoint ends with the same bits as one that was never
stopped. Mentioned in notebook 03.
"""

import copy
import io
from pathlib import Path

import torch

from lenet_helpers.files import written_whole

_LARGEST_FILE = 50 * 2**20  # a run of 1,000 epochs takes some 5 MB; reading far more could only fill the memory


class CheckpointError(ValueError):
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
    try:
        with written_whole(path) as file:
            torch.save(run.state_dict(), file)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
        raise CheckpointError(
            f"{path} can't be written ({getattr(error, 'strerror', None) or error}). Choose a file name in an "
            f"existing folder that you can write to, on a disk with room left."
        ) from error


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
    path = Path(path)
    mend = "To begin anew, delete it or name another file."
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise CheckpointError(f"{path} has {path.stat().st_size:,} bytes, far more than a checkpoint. {mend}")
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} can't be read ({error.strerror}). {mend}") from error
    before = copy.deepcopy(run.state_dict())
    try:
        run.load_state_dict(torch.load(io.BytesIO(content), map_location="cpu", weights_only=True))
    except Exception as error:  # torch.load raises whatever the damaged bytes lead to
        run.load_state_dict(before)
        reason = str(error) if type(error) is ValueError else "it is damaged, or no checkpoint"
        raise CheckpointError(f"{path} can't be continued: {reason}. {mend}") from error
