"""Training: the step, the run, the loop that yields one record an epoch.

Taught in notebook 03. A run keeps whole splits on the device as tensors, so no epoch
waits for images to be decoded. It never prints, and it uses random generators of its
own: a ``torch.rand()`` in between changes nothing.
"""

import math
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm.auto import tqdm

from lenet_helpers.architecture import forward_in_batches
from lenet_helpers.drawing.forms import with_forms
from lenet_helpers.fitting.augmentation import apply_changes, draw_changes
from lenet_helpers.fitting.checkpoints import load_checkpoint, save_checkpoint
from lenet_helpers.fitting.distributed import SharedOptimiser, current_ranks, share_norms
from lenet_helpers.fitting.folding import TrainingForm
from lenet_helpers.fitting.optimiser import Adam, learning_rate_at
from lenet_helpers.fitting.quick_layers import with_quick_layers
from lenet_helpers.fitting.recipes import FAST
from lenet_helpers.system.devices import pick_device, thread_limit


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

    Attributes
    ----------
    records : list of Record
        Of the epochs that are complete.
    best_weights : dict of str to Tensor, or None
        The `state_dict` of the record with the highest validation accuracy so far.
    steps_done, steps_total : int
    finished : bool

    Raises
    ------
    ValueError
        The recipe names an unknown schedule, or leaves a batch of one image to normalise;
        while iterating: the training loss is no longer finite.
    """

    def __init__(self, model, train, validation, recipe=FAST, *, device=None, threads=None):
        self.model, self.recipe, self.threads = model, recipe, threads
        self._ranks = current_ranks()
        self.device = torch.device(device or pick_device())
        model.to(self.device)
        if recipe.forms:
            train = with_forms(train, round(recipe.forms * len(train)), recipe.seed)
        self._inputs, self._labels = train.tensors(self.device)
        self._validation = validation.tensors(self.device)
        self._steps_per_epoch = -(-len(self._labels) // recipe.batch_size)

        if recipe.training_form and len(self._labels) % recipe.batch_size == 1:
            raise ValueError(
                f"{len(self._labels):,} images in batches of {recipe.batch_size} leave one image over, "
                "which can't be normalised by itself: choose another batch size"
            )
        with thread_limit(threads):
            self._trained = self._training_form() if recipe.training_form else model
        # The same layers and parameters; only computed in another way.
        self._network = with_quick_layers(self._trained) if self.device.type == "cpu" else self._trained
        self._average = _Average(self._trained, recipe.averaging) if recipe.averaging else None
        self._optimiser = Adam(self._trained.parameters(), betas=recipe.betas)
        learning_rate_at(0, recipe, self.steps_total)  # an unknown schedule is told before the first step
        self._stepper = self._optimiser
        if self._ranks.count > 1:
            self._check_shares()
            self._stepper = SharedOptimiser(self._optimiser, self._ranks)
            share_norms(self._trained, self._ranks)

        self.records, self.best_weights = [], None
        self._generator = torch.Generator().manual_seed(recipe.seed)
        self._start_epoch()
        self._stopping = False  # no Event: a signal handler would wait for a lock that the interrupted code may hold

    def _training_form(self):
        measured = self._inputs if self.recipe.measured_input else None
        return TrainingForm(self.model, self.recipe.seed, self.recipe.expansion, measured)

    @property
    def steps_total(self):
        return self.recipe.epochs * self._steps_per_epoch

    @property
    def steps_done(self):
        return len(self.records) * self._steps_per_epoch + len(self._losses)

    @property
    def finished(self):
        return len(self.records) == self.recipe.epochs

    def stop(self):
        """End the iteration after the current step; from any thread or signal handler."""
        self._stopping = True

    def __iter__(self):
        self._stopping = False  # here, and not before the first step: a stop in between counts
        return self._epochs()

    def _epochs(self):
        while not self.finished:
            with thread_limit(self.threads):
                if not self._train_to_end_of_epoch():
                    if not self.records:  # no epoch is complete: better these weights than the first ones
                        self._hand_over()
                    return
                record = self._close_epoch()
            yield record

    def _start_epoch(self):
        self._epoch_start = self._generator.get_state()  # from here the order can be drawn again
        self._losses, self._seconds = [], 0.0

    def _train_to_end_of_epoch(self):
        """Take the steps that are left in this epoch; False when stopped before its end."""
        started = time.perf_counter()
        self._trained.train()
        try:
            for inputs, labels in self._batches_left():
                if self._stopping:
                    return False
                self._optimiser.learning_rate = learning_rate_at(self.steps_done, self.recipe, self.steps_total)
                loss = training_step(self._network, inputs, labels, self._stepper, self.recipe.label_smoothing)
                if self._average:
                    self._average.step()
                self._losses.append(self._ranks.add_up(loss * self._ranks.share) if self._ranks.count > 1 else loss)
        finally:
            self._seconds += time.perf_counter() - started
        return True

    def _batches_left(self):
        """Yield the epoch's batches in random order, from the first one not yet trained on."""
        size, done = self.recipe.batch_size, len(self._losses)
        self._generator.set_state(self._epoch_start)
        order = torch.randperm(len(self._labels), generator=self._generator).to(self.device)
        for number, chosen in enumerate(order.split(_BATCHES_AT_ONCE * size)):
            augmentation = self.recipe.augmentation
            # Drawn for batches already trained on as well: those that follow must get the same numbers.
            changes = draw_changes(len(chosen), augmentation, self._generator) if augmentation else None
            places = torch.arange(len(chosen)).split(size)[max(done - number * _BATCHES_AT_ONCE, 0) :]
            if not places:
                continue
            own = [batch[self._ranks.own(len(batch))] for batch in places]
            inputs, labels = self._inputs[chosen[torch.cat(own)]], self._labels[chosen[torch.cat(own)]]
            if changes:
                inputs = apply_changes(inputs, changes.part(torch.cat(own)))
            sizes = [len(batch) for batch in own]
            for batch, batch_inputs, batch_labels in zip(places, inputs.split(sizes), labels.split(sizes), strict=True):
                self._ranks.share = len(batch_labels) / len(batch)
                yield batch_inputs, batch_labels

    def _close_epoch(self):
        started = time.perf_counter()
        step_losses = self._step_losses().cpu().numpy()
        sizes = np.full(len(step_losses), self.recipe.batch_size)
        sizes[-1] = len(self._labels) - sizes[:-1].sum()  # a short last batch weighs less
        train_loss = float(np.average(step_losses, weights=sizes))
        epoch = len(self.records) + 1
        if not math.isfinite(train_loss):
            raise ValueError(f"the training loss is {train_loss} in epoch {epoch}: try a lower learning rate")
        self._hand_over()
        seconds = self._seconds + time.perf_counter() - started
        loss, accuracy = _loss_and_accuracy(self.model, *self._validation)
        record = Record(epoch, train_loss, loss, accuracy, self._optimiser.learning_rate, seconds, step_losses)
        if self.best_weights is None or accuracy > max(earlier.validation_accuracy for earlier in self.records):
            self.best_weights = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        self.records.append(record)
        self._start_epoch()
        return record

    def _step_losses(self):
        """The loss of each step so far; of the whole batch, also when it was shared."""
        if not self._losses:
            return torch.empty(0)
        return torch.stack(self._losses)

    def _check_shares(self):
        smallest = min(self.recipe.batch_size, len(self._labels) % self.recipe.batch_size or len(self._labels))
        if smallest < self._ranks.count:
            raise ValueError(f"{self._ranks.count} processes can't share a batch of {smallest}: start fewer")

    def _hand_over(self):
        """Give the model the plain weights of what was trained or averaged."""
        source = self._average.module if self._average else self._trained
        if isinstance(source, TrainingForm):
            source.fold_into(self.model)
        elif source is not self.model:
            self.model.load_state_dict(source.state_dict())

    def state_dict(self):
        """Return all that it takes to go on from here, also in the middle of an epoch.

        Returns
        -------
        dict
            Of numbers, texts, lists and tensors alone.
        """
        return {
            "recipe": asdict(self.recipe),
            "data": self._fingerprint(),
            "model": self.model.state_dict(),
            "trained": self._trained.state_dict(),
            "average": self._average.state_dict() if self._average else None,
            "optimiser": self._optimiser.state_dict(),
            "epoch_start": self._epoch_start,
            "losses": self._step_losses(),
            "seconds": self._seconds,
            "records": [
                {**vars(record), "step_losses": torch.from_numpy(record.step_losses)} for record in self.records
            ],
            "best_weights": self.best_weights,
        }

    def load_state_dict(self, state):
        """Go on from what `state_dict` gave, with the same bits as a run that was never stopped.

        Raises
        ------
        ValueError
            The state belongs to another recipe or to other data.
        """
        if state["recipe"] != asdict(self.recipe):
            raise ValueError(f"it belongs to another recipe: {state['recipe']}")
        if state["data"] != self._fingerprint():
            raise ValueError("it belongs to other training data")
        self.model.load_state_dict(state["model"])
        self._trained.load_state_dict(state["trained"])
        if self._average:
            self._average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._epoch_start = state["epoch_start"].cpu()
        self._losses = list(state["losses"].to(self.device))
        self._seconds = state["seconds"]
        self.records = [
            Record(**{**values, "step_losses": values["step_losses"].numpy()}) for values in state["records"]
        ]
        self.best_weights = state["best_weights"]

    def _fingerprint(self):
        """Tells data apart well enough to notice a mix-up."""
        ink = float(self._inputs.double().mean())
        return [len(self._labels), int((self._labels.cpu() * torch.arange(len(self._labels))).sum()), round(ink, 9)]


def fit(model, train, validation, recipe=FAST, *, device=None, threads=None, progress=False, checkpoint=None):
    """Train `model` and yield one record after each epoch. Taught in notebook 03.

    Nothing happens until the records are asked for: ``records = list(fit(...))``.
    At each record the model holds weights that can be used; whoever stops in between
    keeps those of the last record. `TrainingRun` is the same with a handle to stop it by.

    Parameters
    ----------
    model : LeNet
        Trained in place and moved to `device`.
    train, validation : Split
    recipe : Recipe
    device : torch.device or str, optional
        `pick_device()` when not given.
    threads : int, optional
        Threads to compute with on the CPU, see `thread_limit`.
    progress : bool
        Show a progress bar with the latest losses.
    checkpoint : path, optional
        Save the run there after each epoch. When the file is there already, go on from
        it: the records in it are yielded first.

    Yields
    ------
    Record

    Raises
    ------
    ValueError
        The recipe names an unknown schedule, or the training loss is no longer finite.
    CheckpointError
        The checkpoint can't be read or written, or belongs to another run.
    """
    run = TrainingRun(model, train, validation, recipe, device=device, threads=threads)
    if checkpoint and Path(checkpoint).exists():
        load_checkpoint(run, checkpoint)
    with tqdm(total=recipe.epochs, desc=f"training ({recipe.name})", unit="epoch", disable=not progress) as bar:

        def shown(record):
            bar.set_postfix(loss=f"{record.train_loss:.4f}", validation=f"{record.validation_accuracy:.2%}")
            bar.update()
            return record

        yield from map(shown, list(run.records))
        for record in run:
            if checkpoint:
                save_checkpoint(run, checkpoint)
            yield shown(record)


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


class _Average:
    """Exponential moving average of a network's weights and buffers.

    Updating it at every step would cost as much as the optimiser; every eighth step
    with the eighth power of the decay gives nearly the same average.
    """

    every = 8

    def __init__(self, network, decay):
        self.network = network
        self.steps = 0
        self.average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay**self.every), use_buffers=True)

    @property
    def module(self):
        return self.average.module if self.steps >= self.every else self.network

    def step(self):
        self.steps += 1
        if self.steps % self.every == 0:
            self.average.update_parameters(self.network)

    def state_dict(self):
        return {"steps": self.steps, "average": self.average.state_dict()}

    def load_state_dict(self, state):
        self.steps = state["steps"]
        self.average.load_state_dict(state["average"])


_BATCHES_AT_ONCE = 32  # augmenting 32 batches together costs half as much as one by one


def _loss_and_accuracy(model, inputs, labels):
    logits = forward_in_batches(model, inputs)
    correct = (logits.argmax(dim=1) == labels).sum().item()
    return F.cross_entropy(logits, labels).item(), correct / len(labels)
