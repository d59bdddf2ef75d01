"""The batches of a training run: in every epoch all images once, in random order, augmented.

The random numbers come from a generator of its own, whose state at the start of the epoch is
kept. From there the same batches can be drawn again, also from the middle of the epoch.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F

from lenet_helpers.data import CLASSES, to_input
from lenet_helpers.drawing.forms import with_forms
from lenet_helpers.drawing.nodigits import draw_nodigits
from lenet_helpers.fitting.augmentation import apply_changes, draw_changes
from lenet_helpers.system.errors import CourseError

_AT_ONCE = 32  # augmenting 32 batches together costs half as much as one by one


@dataclass(frozen=True)
class Batch:
    """What a step is taken with; of several processes, each has its `share` of the whole batch, in (0, 1]."""

    inputs: torch.Tensor
    labels: torch.Tensor
    share: float


def training_tensors(train, recipe, device):
    """Return all that is trained on as inputs and labels: the images of a Split, and what the recipe adds to them.

    With pictures of no digit, for which all classes shall be equally probable, the labels, int64 of shape
    (N,), become targets, float32 of shape (N, 10): the probabilities that the loss asks for, times the
    weight of the image.
    """
    if recipe.forms:
        train = with_forms(train, round(recipe.forms * len(train)), recipe.seed)
    inputs, labels = train.tensors(device)
    if not recipe.nodigits:
        return inputs, labels
    drawn = to_input(draw_nodigits(round(recipe.nodigits * len(labels)), recipe.seed)).to(device)
    equal = torch.full((len(drawn), len(CLASSES)), recipe.nodigit_weight / len(CLASSES), device=device)
    return torch.cat([inputs, drawn]), torch.cat([F.one_hot(labels, len(CLASSES)).float(), equal])


class Batches:
    """All batches of one epoch after the other; each process draws the same, and gets its own part of each.

    `sizes` are the images in each whole batch of an epoch; the last one may be smaller.
    """

    def __init__(self, inputs, labels, recipe, ranks):
        if recipe.batch_size < 1:
            raise CourseError(f"the recipe asks for batches of {recipe.batch_size} images: at least 1 is needed")
        self.inputs, self.labels = inputs, labels
        self.sizes = [len(batch) for batch in labels.split(recipe.batch_size)]
        if recipe.training_form and self.sizes[-1] == 1:
            raise CourseError(
                f"{len(labels):,} images in batches of {recipe.batch_size} leave one image over, "
                "which can't be normalised by itself: choose another batch size"
            )
        if self.sizes[-1] < ranks.count:
            raise CourseError(f"{ranks.count} processes can't share a batch of {self.sizes[-1]}: start fewer")
        self._size, self._augmentation, self._ranks = recipe.batch_size, recipe.augmentation, ranks
        self._generator = torch.Generator().manual_seed(recipe.seed)
        self.begin_epoch()

    def begin_epoch(self):
        """Let the next batches be those of another epoch, whose generator begins in the state `epoch_start`."""
        self.epoch_start = self._generator.get_state()

    def after(self, done):
        """Yield each `Batch` of this epoch but the first `done`."""
        self._generator.set_state(self.epoch_start)
        order = torch.randperm(len(self.labels), generator=self._generator).to(self.labels.device)
        for number, chosen in enumerate(order.split(_AT_ONCE * self._size)):
            # Drawn for batches already trained on as well: those that follow must get the same numbers.
            changes = draw_changes(len(chosen), self._augmentation, self._generator) if self._augmentation else None
            places = torch.arange(len(chosen)).split(self._size)[max(done - number * _AT_ONCE, 0) :]
            if places:
                yield from self._own_parts(chosen, changes, places)

    def _own_parts(self, chosen, changes, places):
        """Yield what this process has of the batches that lie at `places` among the `chosen` images."""
        own = [batch[self._ranks.own(len(batch))] for batch in places]
        images = chosen[torch.cat(own)]
        inputs, labels = self.inputs[images], self.labels[images]
        if changes:
            inputs = apply_changes(inputs, changes.part(torch.cat(own)))
        sizes = [len(batch) for batch in own]
        for batch, batch_inputs, batch_labels in zip(places, inputs.split(sizes), labels.split(sizes), strict=True):
            yield Batch(batch_inputs, batch_labels, len(batch_labels) / len(batch))

    @cached_property
    def fingerprint(self):
        """Numbers that tell data apart well enough to notice a mix-up."""
        ink, labels = float(self.inputs.cpu().mean(dtype=torch.float64)), self.labels.cpu()
        labels = labels.argmax(1) if labels.ndim > 1 else labels
        return [len(labels), int((labels * torch.arange(len(labels))).sum()), round(ink, 9)]

    def state_dict(self):
        return {"data": self.fingerprint, "epoch_start": self.epoch_start}

    def load_state_dict(self, state):
        """Go on from what `state_dict` gave, if it is of the same images."""
        if state["data"] != self.fingerprint:
            raise CourseError("it belongs to other training data")
        self.epoch_start = state["epoch_start"].cpu()
