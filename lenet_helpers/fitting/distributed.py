"""Training with several processes: each computes on its share of every batch.

Started by ``torchrun --nproc-per-node=N -m lenet_helpers train ...``. The processes
(torch calls them ranks) hold the same weights. They add up their gradients, and the sums
that batch normalisation needs, so that each step is the one that a single process would
take with the whole batch, up to rounding. Mentioned in notebook 03.
"""

import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch.nn.modules.batchnorm import _BatchNorm

from lenet_helpers.fitting.folding import NormalisedLayer
from lenet_helpers.system.errors import CourseError

_PATIENCE = timedelta(minutes=5)  # for a rank that is slow; one that is gone is noticed at once


class DistributedError(CourseError):
    """The processes of a run can't work together, or lost each other; the message names the mend."""


@dataclass(frozen=True)
class Ranks:
    """The processes of this run, seen from number `rank` of `count`; rank 0 writes files and talks."""

    rank: int = 0
    count: int = 1

    def own(self, images):
        """Return which of a batch's `images` are this process's: a slice."""
        return slice(self.rank * images // self.count, (self.rank + 1) * images // self.count)

    def add_up(self, tensor):
        """Replace `tensor` by its sum over all processes."""
        try:
            dist.all_reduce(tensor)
        except RuntimeError as error:
            raise DistributedError(
                f"another process of this run ended or can't be reached ({str(error).splitlines()[0]}). "
                f"Start the run again; with the same --checkpoint it goes on from the last complete epoch."
            ) from error
        return tensor

    def from_first(self, value):
        """Return rank 0's `value` in every process."""
        if self.count == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]


def current_ranks():
    """Return the `Ranks` of the process group that this process belongs to, or of itself alone."""
    if dist.is_available() and dist.is_initialized():
        return Ranks(dist.get_rank(), dist.get_world_size())
    return Ranks()


@contextmanager
def process_group():
    """Join the processes that torchrun started, for the time of the block, which gets its `Ranks`."""
    if not dist.is_torchelastic_launched():
        yield Ranks()
        return
    cuda = torch.cuda.is_available()
    if cuda:
        processes, cards = int(os.environ["LOCAL_WORLD_SIZE"]), torch.cuda.device_count()
        if processes > cards:
            raise DistributedError(
                f"there are {processes} processes here, and CUDA graphics cards: {cards}. Each process needs a card of "
                f"its own: start torchrun with --nproc-per-node={cards}, or hide the cards with CUDA_VISIBLE_DEVICES="
            )
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if cuda else "gloo", timeout=_PATIENCE)
    try:
        yield current_ranks()
    finally:
        dist.destroy_process_group()


class SharedOptimiser:
    """An optimiser that first adds up the gradients of all processes.

    Each is of a mean over the process's own images, and counts by the process's `share` of the batch.
    """

    def __init__(self, optimiser, ranks):
        self.optimiser, self.ranks, self.share = optimiser, ranks, 1.0
        self.zero_grad = optimiser.zero_grad

    def step(self):
        gradients = [parameter.grad for parameter in self.optimiser.parameters]
        together = torch.cat([gradient.flatten() for gradient in gradients]) * self.share
        self.ranks.add_up(together)
        for gradient, part in zip(gradients, together.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))
        self.optimiser.step()


def share_norms(form, ranks):
    """Let the normalisations of a `TrainingForm` see the whole batch, not only this process's share; return them."""
    layers = [layer for layer in form.children() if isinstance(layer, NormalisedLayer)]
    for layer in layers:
        layer.norm = SharedNorm(layer.norm, ranks)
    return [layer.norm for layer in layers]


class SharedNorm(_BatchNorm):
    """Batch normalisation over all processes, with the parameters and buffers of `norm`.

    torch.nn.SyncBatchNorm does the same on GPUs only. `share` is the process's part of the batch.
    """

    def __init__(self, norm, ranks):
        super().__init__(norm.num_features, norm.eps, norm.momentum)
        self._parameters.update(norm._parameters)
        self._buffers.update(norm._buffers)
        self.ranks, self.share = ranks, 1.0

    def forward(self, x):
        if not self.training:
            return super().forward(x)
        channels = (-1,) + (1,) * (x.dim() - 2)
        others = [0, *range(2, x.dim())]
        count = torch.full_like(x[:1].flatten()[:1], x.numel() / self.num_features)
        *sums, count = _Sum.apply(torch.cat([x.sum(others), count]), self.ranks, self.share)
        mean = torch.stack(sums) / count
        x = x - mean.view(channels)
        # Not the mean square minus the squared mean: a difference of large numbers loses digits.
        variance = _Sum.apply(x.square().sum(others), self.ranks, self.share) / count
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
            self.num_batches_tracked += 1
        x = x * (variance + self.eps).rsqrt().view(channels)
        return x * self.weight.view(channels) + self.bias.view(channels)

    def _check_input_dim(self, x):
        pass


class _Sum(torch.autograd.Function):
    """Sum over all processes.

    Each process's loss is the mean over its own images, so what comes back from it counts
    by its share; the optimiser will multiply the result by this process's share once more.
    """

    @staticmethod
    def forward(ctx, values, ranks, share):
        ctx.ranks, ctx.share = ranks, share
        return ranks.add_up(values.clone())

    @staticmethod
    def backward(ctx, gradient):
        return ctx.ranks.add_up(gradient * ctx.share) / ctx.share, None, None
