"""Records: what a training run yields after each epoch, and what it knows of the one under way.

Taught in notebook 03.
"""

import time
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch


@dataclass(frozen=True)
class Record:
    """What one epoch yields.

    Attributes
    ----------
    epoch : int
        From 1.
    train_loss : float
        Mean over the samples of the epoch, natural logarithm, as they were trained on
        (augmented, and before each step).
    validation_loss : float
        Mean over the samples of the validation split.
    validation_accuracy : float
        Fraction in [0, 1].
    learning_rate : float
        Of the epoch's last step.
    seconds : float
        That training took in this epoch, without the validation. Two records that differ
        in nothing else are equal.
    step_losses : ndarray of float32, shape (steps,)
        Training loss before each step of the epoch, mean over its batch.
    """

    epoch: int
    train_loss: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    seconds: float = field(compare=False)
    step_losses: np.ndarray = field(repr=False, compare=False)

    def state_dict(self):
        """Return the record with a tensor in place of the array."""
        return {**vars(self), "step_losses": torch.from_numpy(self.step_losses)}

    @classmethod
    def from_state_dict(cls, state):
        return cls(**{**state, "step_losses": state["step_losses"].numpy()})


class EpochUnderWay:
    """The losses before the steps of an epoch so far, and the seconds that they took."""

    def __init__(self):
        self.losses, self.seconds = [], 0.0  # each loss stays on the device: nobody waits for it

    def step_losses(self):
        """Return the losses so far: ndarray of float32, shape (steps,)."""
        return self.state_dict()["losses"].cpu().numpy()

    @contextmanager
    def timed(self):
        """Count the time that the block takes."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - started

    def state_dict(self):
        return {"losses": torch.stack(self.losses) if self.losses else torch.empty(0), "seconds": self.seconds}

    def load_state_dict(self, state, device):
        self.losses, self.seconds = list(state["losses"].to(device)), state["seconds"]
