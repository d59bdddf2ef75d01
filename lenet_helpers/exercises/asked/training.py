"""What the exercises of notebook 03 ask: the step, a range of learning rates, early stopping."""

import copy

import numpy as np
import torch

from lenet_helpers.architecture import LeNet
from lenet_helpers.exercises.definition import Asked, Case, changed
from lenet_helpers.exercises.results import Outcome, Result, freeze

# 03-step ------------------------------------------------------------------------------------


_OPTIMISERS = {
    "SGD with momentum": lambda weights: torch.optim.SGD(weights, lr=0.2, momentum=0.9),
    # a large eps keeps gradients that are nothing but rounding from taking full steps
    "Adam": lambda weights: torch.optim.Adam(weights, lr=0.01, eps=1e-3),
}


def _step_cases(rng):
    """Two batches for two steps in a row, so that gradients left over from the first show in the second."""
    cases = []
    for name in _OPTIMISERS:
        model = LeNet(seed=int(rng.integers(2**31))).train()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(2)  # logits far enough apart that every loss differs from every other
        inputs = torch.from_numpy(rng.uniform(-1, 1, (2, 6, 1, 28, 28)).astype(np.float32))
        labels = torch.from_numpy(np.stack([rng.permutation(10)[:6] for _ in range(2)]).astype(np.int64))
        words = f"a LeNet in training mode, two batches of 6 images, {name}; step is called once for each batch"
        cases.append(Case((model, inputs, labels, name), words))
    return cases


def _observe_step(step, model, inputs, labels, optimiser_name):
    model, inputs, labels = copy.deepcopy(model), inputs.clone(), labels.clone()
    optimiser = _OPTIMISERS[optimiser_name](model.parameters())
    events, parts = _watch(model, optimiser), {}
    damaged = ()
    for number, (batch, batch_labels) in enumerate(zip(inputs, labels, strict=True), start=1):
        given = batch.clone(), batch_labels.clone()
        loss = step(model, *given, optimiser)
        parts[f"loss {number}"] = freeze(loss)
        parts[f"weights {number}"] = freeze(
            torch.cat([parameter.detach().flatten() for parameter in model.parameters()]).clone()
        )
        damaged = damaged or changed(("inputs", "labels"), (batch, batch_labels), given)
    parts["result"] = parts["loss 1"]
    parts["mode"] = Result("other", "training mode" if model.training else "evaluation mode")
    # Before or after the forward pass, zero_grad does the same: compared in one order, shown as it was.
    happened = " → ".join(events) or "nothing"
    parts["events"] = Result("other", happened.replace("forward → zero_grad", "zero_grad → forward"))
    return Outcome(parts, report=happened, damaged=damaged)


def _watch(model, optimiser):
    """Return a list to which what happens during the steps is added, in order, each run of repeats once."""
    events = []

    def note(event):
        if not events or events[-1] != event:
            events.append(event)

    model.register_forward_pre_hook(lambda *_: note("forward"))
    for parameter in model.parameters():
        parameter.register_hook(lambda gradient: note("backward"))
    optimiser.register_step_pre_hook(lambda *_: note("step"))
    for owner in (model, optimiser):
        owner.zero_grad = _noting(owner.zero_grad, note)
    return events


def _noting(zero_grad, note):
    def noted(*arguments, **options):
        note("zero_grad")
        return zero_grad(*arguments, **options)

    return noted


step = Asked("03-step", "step(model, inputs, labels, optimiser)", _step_cases, observe=_observe_step)


# 03-learning-rate ---------------------------------------------------------------------------


def _rate_cases(rng):
    """Curves that end clearly well or clearly badly, in NaN or infinity; rates also in other orders.

    In the last case those that end well once overflowed on the way: only the last losses count.
    """
    cases = []
    for good, ends, steps in ((3, (), 4), (2, (np.nan,), 6), (3, (np.inf, np.nan), 5), (4, (np.nan,), 9)):
        lowest = float(rng.uniform(0.4, 0.6))
        factors = np.concatenate([[1.0], rng.uniform(1.02, 1.08, good - 1), [1.14], rng.uniform(1.3, 3, 2)])
        last = np.concatenate([lowest * factors, ends])
        rates = np.round(np.geomspace(1e-4, 1, len(last)), 6)
        # The good ones stand together, with bad ones on both sides and the lowest inside.
        order = np.roll(np.concatenate([_lowest_inside(rng, good), good + rng.permutation(len(last) - good)]), 1)
        curves = np.round([_curve(rng, end, lowest, steps) for end in last[order]], 4)
        if len(cases) == 3:
            curves[order < good, 1] = np.inf
        turned = {1: np.arange(len(last))[::-1], 3: rng.permutation(len(last))}.get(len(cases), np.arange(len(last)))
        cases.append(Case((rates[turned], curves[turned])))
    return cases


def _lowest_inside(rng, good):
    order = list(1 + rng.permutation(good - 1))
    order.insert(good // 2, 0)
    return np.array(order)


def _curve(rng, end, lowest, steps):
    """A curve from about 2.3 to `end`; those that end badly were better on the way."""
    curve = np.sort(rng.uniform(1.2 * lowest, 2.3, steps))[::-1]
    if not end <= 1.1 * lowest:
        curve[steps // 2] = lowest * rng.uniform(0.7, 0.9)
    curve[-1] = end
    return curve


learning_rate = Asked("03-learning-rate", "best_range(learning_rates, losses)", _rate_cases)


# 03-early-stopping --------------------------------------------------------------------------


def _stopping_cases(rng):
    """Curves that stop early, late and never; with ties, with zigzags, with a better loss after the stop."""
    jitter = float(np.round(rng.uniform(0.01, 0.09), 3))
    shapes = [
        ([0.9, 0.7, 0.6, 0.65, 0.64, 0.63, 0.62, 0.61], 2),  # each better than the last, none than the best
        ([0.9, 0.8, 0.7, 0.6, 0.5], 2),  # never
        ([0.9, 0.7, 0.7, 0.7, 0.7, 0.6], 3),  # a tie is no improvement
        ([0.9, 0.6, 0.7, 0.8, 0.5, 0.4, 0.3], 2),  # better after the stop
        ([0.9, 1.0, 0.8, 0.9, 0.7, 0.8, 0.6, 0.7], 3),  # bad epochs, never enough in a row
        ([0.9, 0.7, 0.8, 0.75, 0.8, 0.72, 0.8, 0.71], 4),  # up and down above the best
        ([0.5, 0.6, 0.7], 5),  # too short to stop
        ([0.9, 0.5, 0.6], 1),
    ]
    cases = []
    for losses, patience in shapes:
        cases.append(Case(([round(loss + jitter, 4) for loss in losses], patience)))
    for _ in range(6):
        losses = np.round(np.abs(np.linspace(1.0, 0.4, 12) + rng.normal(0, 0.15, 12)) + 0.05, 1)
        cases.append(Case((losses.tolist(), int(rng.integers(1, 5)))))
    return cases


early_stopping = Asked("03-early-stopping", "stop_epoch(validation_losses, patience)", _stopping_cases)
