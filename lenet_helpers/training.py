"""Training: the step, the recipe, the loop that yields one record an epoch.

Taught in notebook 03. `fit` keeps whole splits on the device as tensors, so no epoch
waits for images to be decoded. It never prints, and it uses random generators of its
own: a ``torch.rand()`` in between changes nothing.
"""

import io
import math
import os
import platform
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm.auto import tqdm

from lenet_helpers.architecture import LeNet, forward_in_batches
from lenet_helpers.augmentation import Augmentation, augment
from lenet_helpers.files import written_whole
from lenet_helpers.folding import TrainingForm
from lenet_helpers.threads import thread_limit


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run. Change a field with `dataclasses.replace`.

    Attributes
    ----------
    name : str
    epochs, batch_size : int
    learning_rate : float
        Of Adam; with the "one-cycle" schedule, the highest one.
    schedule : str
        "constant" or "one-cycle" (Smith and Topin, 2018: rise, then anneal to zero).
    augmentation : Augmentation, optional
    training_form : bool
        Train with batch normalisation and factored layers, folded away at the end
        of each epoch (see `lenet_helpers.folding`).
    averaging : float
        Decay of the exponential moving average of the weights, for each step, in
        [0, 1); 0 keeps the last weights.
    seed : int
        Of the order of the images and the augmentation; and of the first weights,
        for those who start from ``LeNet(seed=recipe.seed)``.
    """

    name: str
    epochs: int
    batch_size: int = 64
    learning_rate: float = 0.001
    schedule: str = "constant"
    augmentation: Augmentation | None = None
    training_form: bool = False
    averaging: float = 0.0
    seed: int = 0


REFERENCE = Recipe("reference", epochs=30)
"""The course's original recipe: Adam, learning rate 0.001, batches of 64, 30 epochs."""

FAST = Recipe("fast", epochs=3, learning_rate=0.02, schedule="one-cycle", training_form=True)
"""What notebook 03 runs: a good network in the fewest seconds on a laptop CPU."""

BEST = Recipe(
    "best",
    epochs=120,
    batch_size=128,
    learning_rate=0.015,
    schedule="one-cycle",
    augmentation=Augmentation(rotation=10, scale=0.1, shear=0.2, shift=1.5, distortion=0.5, stroke=0.4),
    training_form=True,
    averaging=0.999,
)
"""What made ``model.pth``."""

RECIPES = {recipe.name: recipe for recipe in (REFERENCE, FAST, BEST)}


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
        That training took in this epoch, without the validation.
    step_losses : ndarray of float32, shape (steps,)
        Training loss before each step of the epoch, mean over its batch.
    """

    epoch: int
    train_loss: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float
    seconds: float
    step_losses: np.ndarray = field(repr=False, compare=False)


class ModelError(ValueError):
    """A model file that can't be read, used or written; the message names the mend."""


def pick_device():
    """Return the best device that is there: CUDA, then MPS, then the CPU.

    Taught in notebook 03.

    Returns
    -------
    torch.device
    """
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def training_step(model, inputs, labels, optimiser):
    """Take one step of gradient descent. Taught in notebook 03.

    Parameters
    ----------
    model : nn.Module
    inputs : Tensor of float32, shape (N, 1, 28, 28), range [-1, 1]
    labels : Tensor of int64, shape (N,)
    optimiser : torch.optim.Optimizer
        Over the model's parameters.

    Returns
    -------
    Tensor of float32, shape ()
        The loss before the step: cross-entropy, mean over the batch.
    """
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss.detach()


def fit(model, train, validation, recipe=FAST, *, device=None, threads=None, progress=False):
    """Train `model` and yield one record after each epoch. Taught in notebook 03.

    Nothing happens until the records are asked for: ``records = list(fit(...))``.
    At each record the model holds weights that can be used; whoever stops in between
    keeps those of the last record.

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

    Yields
    ------
    Record

    Raises
    ------
    ValueError
        The recipe names an unknown schedule, or the training loss is no longer finite.
    """
    device = torch.device(device or pick_device())
    model.to(device)
    inputs, labels = train.tensors(device)
    validation_inputs, validation_labels = validation.tensors(device)
    generator = torch.Generator().manual_seed(recipe.seed)

    with thread_limit(threads):
        trained = TrainingForm(model, recipe.seed) if recipe.training_form else model
    average = _Average(trained, recipe.averaging) if recipe.averaging else None
    optimiser = torch.optim.Adam(trained.parameters(), lr=recipe.learning_rate, fused=device.type != "mps")
    schedule = _schedule(optimiser, recipe, steps_per_epoch=-(-len(train) // recipe.batch_size))

    with tqdm(total=recipe.epochs, desc=f"training ({recipe.name})", unit="epoch", disable=not progress) as bar:
        for epoch in range(1, recipe.epochs + 1):
            with thread_limit(threads):
                started, losses, sizes = time.perf_counter(), [], []
                trained.train()
                for batch, batch_labels in _batches(inputs, labels, recipe, generator):
                    learning_rate = schedule.get_last_lr()[0]
                    losses.append(training_step(trained, batch, batch_labels, optimiser))
                    sizes.append(len(batch))
                    schedule.step()
                    if average:
                        average.step()
                step_losses = torch.stack(losses).cpu().numpy()
                train_loss = float(np.average(step_losses, weights=sizes))  # a short last batch weighs less
                if not math.isfinite(train_loss):
                    raise ValueError(f"the training loss is {train_loss} in epoch {epoch}: try a lower learning rate")
                _hand_over(average.module if average else trained, model)
                seconds = time.perf_counter() - started
                validation_loss, accuracy = _loss_and_accuracy(model, validation_inputs, validation_labels)
                bar.set_postfix(loss=f"{train_loss:.4f}", validation=f"{accuracy:.2%}")
                bar.update()
            yield Record(epoch, train_loss, validation_loss, accuracy, learning_rate, seconds, step_losses)


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


def _schedule(optimiser, recipe, steps_per_epoch):
    if recipe.schedule == "constant":
        return torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1.0)
    if recipe.schedule == "one-cycle":
        return torch.optim.lr_scheduler.OneCycleLR(
            optimiser,
            recipe.learning_rate,
            epochs=recipe.epochs,
            steps_per_epoch=steps_per_epoch,
            cycle_momentum=False,
        )
    raise ValueError(f"unknown schedule {recipe.schedule!r}: use 'constant' or 'one-cycle'")


_BATCHES_AT_ONCE = 32  # augmenting 32 batches together costs half as much as one by one


def _batches(inputs, labels, recipe, generator):
    """Yield the epoch's batches in random order, augmented when the recipe says so."""
    order = torch.randperm(len(inputs), generator=generator).to(inputs.device)
    for chosen in order.split(_BATCHES_AT_ONCE * recipe.batch_size):
        chunk = inputs[chosen]
        if recipe.augmentation:
            chunk = augment(chunk, recipe.augmentation, generator)
        yield from zip(chunk.split(recipe.batch_size), labels[chosen].split(recipe.batch_size), strict=True)


def _hand_over(source, model):
    """Give `model` the plain weights of what was trained or averaged."""
    if isinstance(source, TrainingForm):
        source.fold_into(model)
    elif source is not model:
        model.load_state_dict(source.state_dict())


def _loss_and_accuracy(model, inputs, labels):
    logits = forward_in_batches(model, inputs)
    correct = (logits.argmax(dim=1) == labels).sum().item()
    return F.cross_entropy(logits, labels).item(), correct / len(labels)


def save_model(model, path):
    """Write the model's plain `state_dict` to `path`, whole or not at all.

    Taught in notebook 03. It is written under another name in the same folder, then
    renamed, so an old file stays as it was until the new one is complete.

    Parameters
    ----------
    model : LeNet
    path : path

    Raises
    ------
    ModelError
        The file can't be written there.
    """
    path = Path(path)
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    try:
        with written_whole(path) as file:
            torch.save(weights, file)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
        raise ModelError(
            f"{path} can't be written ({getattr(error, 'strerror', None) or error}). Choose a file name in an "
            f"existing folder that you can write to, on a disk with room left."
        ) from error


_LARGEST_FILE = 10 * 2**20  # the weights take 65 kB; reading far more could only fill the memory


def load_model(path, device="cpu"):
    """Read a LeNet from a `state_dict` file. Taught in notebook 03.

    Only tensors are read (``weights_only=True``): a file can't run code.

    Parameters
    ----------
    path : path
        As written by `save_model`.
    device : torch.device or str

    Returns
    -------
    LeNet
        In evaluation mode.

    Raises
    ------
    ModelError
        The file is missing, is no state_dict, belongs to another network, or holds
        numbers that are not finite. The message names the file and the mend.
    """
    path = Path(path)
    mend = "Train one with: lenet train --recipe best --out FILE"
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ModelError(f"{path} has {path.stat().st_size:,} bytes, far more than a LeNet. {mend}")
        content = path.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"{path} does not exist. Check the name. {mend}") from None
    except OSError as error:
        raise ModelError(f"{path} can't be read ({error.strerror}). Choose a file that you can read.") from error
    try:
        weights = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # torch.load raises whatever the damaged bytes lead to
        raise ModelError(f"{path} is not a file of weights, or it is damaged. {mend}") from error
    model = LeNet(seed=0)
    _check_weights(path, weights, model.state_dict(), mend)
    model.load_state_dict(weights)
    return model.to(device).eval()


def _check_weights(path, weights, expected, mend):
    if not isinstance(weights, dict) or not all(torch.is_tensor(value) for value in weights.values()):
        raise ModelError(f"{path} does not hold a state_dict (names with tensors). Save one with save_model. {mend}")
    if weights.keys() != expected.keys():
        missing, foreign = sorted(expected.keys() - weights.keys()), sorted(map(str, weights.keys() - expected.keys()))
        raise ModelError(f"{path} belongs to another network: missing {missing}, not known {foreign}. {mend}")
    for name, value in weights.items():
        if value.shape != expected[name].shape:
            raise ModelError(
                f"{path} belongs to another network: {name} has shape {tuple(value.shape)}, "
                f"not {tuple(expected[name].shape)}. {mend}"
            )
        if value.dtype != torch.float32 or value.is_sparse or not value.isfinite().all():
            raise ModelError(f"{path}: {name} must hold finite float32 numbers. {mend}")


def environment_stamp():
    """Return what a marker needs to know about the machine that trained. See notebook 03.

    Returns
    -------
    dict of str to str or int
        Versions of Python and torch, operating system, processor, threads and device.
    """
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": str(pick_device()),
    }
