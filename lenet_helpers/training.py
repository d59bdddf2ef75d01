"""Training: the step, the run, the loop that yields one record an epoch.

Taught in notebook 03. A run keeps whole splits on the device as tensors, so no epoch
waits for images to be decoded. It never prints, and it uses random generators of its
own: a ``torch.rand()`` in between changes nothing.
"""

import copy
import math
from dataclasses import asdict
from itertools import chain

import numpy as np
import torch
import torch.nn.functional as F
from tqdm.auto import tqdm

from lenet_helpers.architecture import forward_in_batches
from lenet_helpers.data import CLASSES
from lenet_helpers.fitting.batches import Batches, training_tensors
from lenet_helpers.fitting.checkpoints import resume, save_checkpoint
from lenet_helpers.fitting.distributed import current_ranks
from lenet_helpers.fitting.learner import Learner
from lenet_helpers.fitting.optimiser import learning_rate_at
from lenet_helpers.fitting.recipes import FAST, FINE_TUNING
from lenet_helpers.fitting.records import EpochUnderWay, Record
from lenet_helpers.fitting.rehearsal import with_old
from lenet_helpers.system.devices import pick_device, repeatable_convolutions, thread_limit
from lenet_helpers.system.errors import CourseError


def training_step(model, inputs, labels, optimiser, label_smoothing=0.0):
    """Take one step of gradient descent. Taught in notebook 03.

    Parameters
    ----------
    model : nn.Module
    inputs : Tensor of float32, shape (N, 1, 28, 28), range [-1, 1]
    labels : Tensor of int64, shape (N,)
    optimiser : torch.optim.Optimizer
        Over the model's parameters.
    label_smoothing : float
        Share of the target that all classes have in common, in [0, 1).

    Returns
    -------
    Tensor of float32, shape ()
        The loss before the step: cross-entropy, mean over the batch. Without the
        smoothing, so that it can be compared with other losses.
    """
    optimiser.zero_grad()
    logits = model(inputs)
    loss = F.cross_entropy(logits, labels, label_smoothing=label_smoothing)
    loss.backward()
    optimiser.step()
    return F.cross_entropy(logits.detach(), labels) if label_smoothing else loss.detach()


class TrainingRun:
    """A training run that can be stopped, saved and continued. Taught in notebook 03.

    In a process group (see `lenet_helpers.fitting.distributed`) every process makes the same run
    and computes its share of each batch; records, weights and states are the same in all.

    Iterating trains and gives a record after each epoch. When the iteration ends early,
    by `stop` or because nobody asks for more, iterating again goes on where it was.

    Parameters
    ----------
    model : LeNet
        Trained in place and moved to `device`. It holds usable weights at each record
        and after a stop.
    train, validation : Split
    recipe : Recipe
    device : torch.device or str, optional
        `pick_device()` when not given.
    threads : int, optional
        Threads to compute with on the CPU, see `thread_limit`.
    checkpoint : path, optional
        Save the run there after each epoch and after a stop. When the file is there
        already, go on from it.
    after_step : callable, optional
        Called without arguments after each step, in the thread that trains: for pictures of the
        training. What it takes counts as the training's time.

    Attributes
    ----------
    records : list of Record
        Of the epochs that are complete.
    step_losses : ndarray of float32, shape (steps_done,)
        Training loss before each step so far.
    best_weights : dict of str to Tensor, or None
        The `state_dict` of the record with the highest validation accuracy so far.
    steps_done, steps_total : int
    finished : bool

    Raises
    ------
    ValueError
        The recipe can't be followed with these images, or names an unknown schedule;
        while iterating: the training loss is no longer finite.
    CheckpointError
        The checkpoint can't be read or written, or belongs to another run.
    """

    def __init__(
        self, model, train, validation, recipe=FAST, *, device=None, threads=None, checkpoint=None, after_step=None
    ):
        self.model, self.recipe, self.threads, self.checkpoint = model, recipe, threads, checkpoint
        self._after_step = after_step
        if recipe.epochs < 1:
            raise CourseError(f"the recipe asks for {recipe.epochs} epochs: at least 1 is needed")
        for split in (train, validation):
            if not len(split):
                raise CourseError(f"there are no images in the split {split.name!r}")
        self.device = torch.device(device or pick_device())
        model.to(self.device)
        self._ranks = current_ranks()
        self._batches = Batches(*training_tensors(train, recipe, self.device), recipe, self._ranks)
        self._validation = validation.tensors(self.device)
        with thread_limit(threads):
            self._learner = Learner(model, recipe, self._batches.inputs, self._ranks)
        self.records, self.best_weights, self._epoch = [], None, EpochUnderWay()
        self._stopping = False  # no Event: a signal handler would wait for a lock that the interrupted code may hold
        self._learning_rate()  # an unknown schedule is told before the first step
        if checkpoint:
            resume(self, checkpoint, self._ranks)

    @property
    def steps_total(self):
        return self.recipe.epochs * len(self._batches.sizes)

    @property
    def steps_done(self):
        return len(self.records) * len(self._batches.sizes) + len(self._epoch.losses)

    @property
    def step_losses(self):
        return np.concatenate([*(record.step_losses for record in self.records), self._epoch.step_losses()])

    @property
    def finished(self):
        return len(self.records) == self.recipe.epochs

    def stop(self):
        """End the iteration after the current step; from any thread or signal handler."""
        self._stopping = True

    def network(self):
        """Return a copy of the network as the last step has left it, also in the midst of an epoch: a LeNet."""
        network = copy.deepcopy(self.model)
        self._learner.hand_over(network)
        return network

    def __iter__(self):
        self._stopping = False  # here, and not before the first step: a stop in between counts
        return self._epochs()

    def _epochs(self):
        while not self.finished:
            with thread_limit(self.threads), repeatable_convolutions():
                record = self._close_epoch() if self._train_to_end_of_epoch() else None
                if not self.records:  # no epoch is complete: better these weights than the first ones
                    self._learner.hand_over()
            if self.checkpoint and self._ranks.rank == 0:
                save_checkpoint(self, self.checkpoint)
            if record is None:
                return
            yield record

    def _train_to_end_of_epoch(self):
        """Take the steps that are left in this epoch; False when stopped before its end."""
        self._learner.trained.train()
        with self._epoch.timed():
            for batch in self._batches.after(len(self._epoch.losses)):
                if self._stopping:
                    return False
                self._epoch.losses.append(self._learner.step(training_step, batch, self._learning_rate()))
                if self._after_step:
                    self._after_step()
        return True

    def _learning_rate(self, steps_back=0):
        return learning_rate_at(self.steps_done - steps_back, self.recipe, self.steps_total)

    def _close_epoch(self):
        epoch, learning_rate = len(self.records) + 1, self._learning_rate(steps_back=1)
        with self._epoch.timed():
            step_losses = self._epoch.step_losses()
            train_loss = float(np.average(step_losses, weights=self._batches.sizes))  # a short last batch weighs less
            if not math.isfinite(train_loss):
                raise CourseError(f"the training loss is {train_loss} in epoch {epoch}: try a lower learning rate")
            self._learner.hand_over()
        loss, accuracy = _loss_and_accuracy(self.model, *self._validation)
        record = Record(epoch, train_loss, loss, accuracy, learning_rate, self._epoch.seconds, step_losses)
        if self.best_weights is None or accuracy > max(earlier.validation_accuracy for earlier in self.records):
            self.best_weights = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        self.records.append(record)
        self._batches.begin_epoch()
        self._epoch = EpochUnderWay()
        return record

    def state_dict(self):
        """Return all that it takes to go on from here: a dict of numbers, texts, lists and tensors alone."""
        return {
            "recipe": asdict(self.recipe),
            **self._batches.state_dict(),
            **self._learner.state_dict(),
            **self._epoch.state_dict(),
            "records": [record.state_dict() for record in self.records],
            "best_weights": self.best_weights,
        }

    def load_state_dict(self, state):
        """Go on from what `state_dict` gave, with the same bits as a run that was never stopped."""
        if state["recipe"] != asdict(self.recipe):
            raise CourseError(f"it belongs to another recipe: {state['recipe']}")
        self._batches.load_state_dict(state)
        self._learner.load_state_dict(state)
        self._epoch.load_state_dict(state, self.device)
        self.records = [Record.from_state_dict(record) for record in state["records"]]
        self.best_weights = state["best_weights"]


def fit(model, train, validation, recipe=FAST, *, device=None, threads=None, progress=False, checkpoint=None):
    """Train `model` and yield one record after each epoch. Taught in notebook 03.

    Nothing happens until the records are asked for: ``records = list(fit(...))``.
    At each record the model holds weights that can be used; whoever stops in between
    keeps those of the last record. `TrainingRun` is the same with a handle to stop it by.

    Parameters
    ----------
    model, train, validation, recipe, device, threads, checkpoint
        As for `TrainingRun`; the records in a checkpoint are yielded first.
    progress : bool
        Show a progress bar with the latest losses.

    Yields
    ------
    Record

    Raises
    ------
    ValueError, CheckpointError
        As for `TrainingRun`.
    """
    run = TrainingRun(model, train, validation, recipe, device=device, threads=threads, checkpoint=checkpoint)
    with tqdm(total=recipe.epochs, desc=f"training ({recipe.name})", unit="epoch", disable=not progress) as bar:
        for record in chain(list(run.records), run):
            bar.set_postfix(loss=f"{record.train_loss:.4f}", validation=f"{record.validation_accuracy:.2%}")
            bar.update()
            yield record


def fine_tune(model, own, old=None, recipe=FINE_TUNING):
    """Train a copy of a network a little more, on images of one's own. Taught in notebooks 04 and 05.

    A network that sees new images alone forgets what it knew ("catastrophic interference": McCloskey and
    Cohen, 1989). So old images can be mixed in ("rehearsal": Robins, 1995). A few images of one's own then come
    so often that they weigh a tenth, and differently augmented each time where the recipe augments.

    Parameters
    ----------
    model : LeNet
        Left as it is.
    own : Split
        At least one image.
    old : Split, optional
        Images such as the network has learned from, 3,000 of which are drawn; none when not given.
    recipe : Recipe

    Returns
    -------
    LeNet
        In evaluation mode, on the model's device.

    Raises
    ------
    ValueError
        There is no image, or a label is no digit.
    """
    if not len(own):
        raise CourseError("there is no digit to learn from: give at least one image with its label")
    if unknown := sorted({*own.labels.tolist()} - {*CLASSES}):
        raise CourseError(f"each label must be the digit that the image shows, 0 to 9, not {unknown[0]}")
    tuned = copy.deepcopy(model)
    device = next(model.parameters()).device
    images = own if old is None else with_old(own, old, recipe.seed)
    for _ in fit(tuned, images, own, recipe, device=device):
        pass
    return tuned.eval()


def _loss_and_accuracy(model, inputs, labels):
    logits = forward_in_batches(model, inputs)
    correct = (logits.argmax(dim=1) == labels).sum().item()
    return F.cross_entropy(logits, labels).item(), correct / len(labels)
