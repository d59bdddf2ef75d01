"""Exercises of notebook 03: the step, a range of learning rates, early stopping."""

import copy

import numpy as np
import torch
import torch.nn.functional as F

from lenet_helpers.architecture import LeNet
from lenet_helpers.exercises.checking import Case, Exercise, changed
from lenet_helpers.exercises.results import Number, Pair, Problem, Result, close, described, freeze, same_values, show
from lenet_helpers.exercises.running import Outcome
from lenet_helpers.training import training_step

# 03-step ----------------------------------------------------------------------------------

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


def _judge_step(outcome, expected):
    """Ask for the loss before each step, the weights after it, and a model left in training mode."""
    events = f"; what happened: {outcome.report}"
    for number in (1, 2):
        part = f"loss {number}"
        got, wanted = outcome.parts[part], expected.parts[part]
        if not (got.kind == "float" or (got.kind == "tensor" and got.data.shape == () and got.data.dtype.kind == "f")):
            return Problem("the type of the loss", f"a float, {show_loss(wanted)}", described(got), _LOSS_ADVICE)
        if not close(got.numbers, wanted.numbers, relative=1e-3).all():
            return Problem(f"the loss of step {number}", show_loss(wanted), show_loss(got) + events)
        part = f"weights {number}"
        got, wanted = outcome.parts[part], expected.parts[part]
        if not same_values(got, wanted):
            apart = float(np.abs(got.numbers - wanted.numbers).max())
            return Problem(
                f"the weights after step {number}",
                "those of one step of gradient descent",
                f"weights that differ by up to {apart:.2g}{events}",
            )
    if outcome.parts["mode"].type_name != "training mode":
        return Problem("the mode", "the model still in training mode", "the model in evaluation mode")
    return None


def show_loss(result):
    return f"{result.data.item():.4f}" if result.data is not None else show(result)


_LOSS_ADVICE = "Return the loss as a number: return loss.item()."

step = Exercise(
    "03-step",
    "step(model, inputs, labels, optimiser)",
    _step_cases,
    training_step,
    None,
    "Two steps in a row, with SGD and with Adam, leave the same weights as the course's own step and return its loss.",
    (
        "Five things in order: forget the old gradients, forward, loss, backward, step. Return the loss as a number.",
        "optimiser.zero_grad(), then loss = F.cross_entropy(model(inputs), labels); loss.backward() fills the "
        "gradients, "
        "optimiser.step() uses them.",
    ),
    observe=_observe_step,
    judge=_judge_step,
)


@step.mistake("The gradients of the step before are still there and add up. Begin with optimiser.zero_grad().")
def zero_grad_forgotten(model, inputs, labels, optimiser):
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@step.mistake("zero_grad comes after backward and throws the gradients away before step can use them. Put it first.")
def zero_grad_too_late(model, inputs, labels, optimiser):
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.zero_grad()
    optimiser.step()
    return loss.item()


@step.mistake("The weights never change: optimiser.step() is missing.")
def step_forgotten(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    return loss.item()


@step.mistake("There are no gradients to step with: loss.backward() is missing.")
def backward_forgotten(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    optimiser.step()
    return loss.item()


@step.mistake("optimiser.step() comes before loss.backward(): it uses gradients that are not there yet. Swap the two.")
def step_before_backward(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    optimiser.step()
    loss.backward()
    return loss.item()


@step.mistake("This is the loss after the step. Return the one that you computed before it.")
def loss_after_the_step(model, inputs, labels, optimiser):
    training_step(model, inputs, labels, optimiser)
    with torch.no_grad():
        return F.cross_entropy(model(inputs), labels).item()


@step.mistake("You add up the losses of the batch. The mean is asked for, which F.cross_entropy takes by itself.")
def sum_over_the_batch(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels, reduction="sum")
    loss.backward()
    optimiser.step()
    return loss.item()


@step.mistake("The step is right, but you return the sum over the batch: return the mean, which the loss already is.")
def loss_times_batch_size(model, inputs, labels, optimiser):
    return training_step(model, inputs, labels, optimiser).item() * len(inputs)


@step.mistake("Softmax is taken twice: cross_entropy wants the logits as they come out of the model.")
def softmax_twice(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs).softmax(dim=1), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@step.mistake("The logits come first, then the labels: F.cross_entropy(model(inputs), labels).")
def arguments_swapped(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(labels, model(inputs))
    loss.backward()
    optimiser.step()
    return loss.item()


@step.mistake(
    "nn.CrossEntropyLoss is a class, which has to be made first. Call F.cross_entropy(model(inputs), labels)."
)
def class_called_with_tensors(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = torch.nn.CrossEntropyLoss(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@step.mistake("nll_loss wants log-probabilities, not logits. Use F.cross_entropy, which takes the log-softmax itself.")
def log_softmax_missing(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.nll_loss(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@step.mistake("This is the squared error. For classes the loss is the cross-entropy: F.cross_entropy(logits, labels).")
def squared_error(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.mse_loss(model(inputs), F.one_hot(labels, 10).float())
    loss.backward()
    optimiser.step()
    return loss.item()


@step.mistake("You climb: the gradient of -loss leads uphill. Call backward on the loss itself.")
def uphill(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    (-loss).backward()
    optimiser.step()
    return loss.item()


@step.mistake("You take two steps for one batch: call optimiser.step() once.")
def two_steps(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.step()
    optimiser.step()
    return loss.item()


@step.mistake("You leave the model in evaluation mode: no model.eval() in a training step.")
def left_in_evaluation_mode(model, inputs, labels, optimiser):
    model.eval()
    return training_step(model, inputs, labels, optimiser).item()


@step.mistake("You make a new optimiser in each step, which forgets its momentum. Use the one that is handed over.")
def optimiser_of_its_own(model, inputs, labels, optimiser):
    new = type(optimiser)(
        model.parameters(), **{k: optimiser.defaults[k] for k in ("lr", "momentum", "eps") if k in optimiser.defaults}
    )
    return training_step(model, inputs, labels, new).item()


@step.mistake("You update the weights by hand, with plain gradient descent. Let optimiser.step() do it in its own way.")
def plain_descent_by_hand(model, inputs, labels, optimiser):
    model.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= optimiser.param_groups[0]["lr"] * parameter.grad
    return loss.item()


@step.mistake("no_grad switches gradients off, so backward has nothing to go by. Leave it out when training.")
def without_gradients(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    with torch.no_grad():
        loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@step.mistake("You return the logits. Return the loss as a number: loss.item().")
def logits_returned(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    logits = model(inputs)
    F.cross_entropy(logits, labels).backward()
    optimiser.step()
    return logits


@step.mistake("You return the fraction of right answers. The loss is asked for: loss.item().")
def accuracy_returned(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    logits = model(inputs)
    F.cross_entropy(logits, labels).backward()
    optimiser.step()
    return (logits.argmax(dim=1) == labels).float().mean().item()


# 03-learning-rate -------------------------------------------------------------------------


def _rate_cases(rng):
    """Curves that end clearly well or clearly badly, in NaN or infinity; rates also in other orders."""
    cases = []
    for good, ends, steps in ((3, (), 4), (2, (np.nan,), 6), (3, (np.inf, np.nan), 5), (4, (np.nan,), 9)):
        lowest = float(rng.uniform(0.4, 0.6))
        factors = np.concatenate([[1.0], rng.uniform(1.02, 1.08, good - 1), [1.14], rng.uniform(1.3, 3, 2)])
        last = np.concatenate([lowest * factors, ends])
        rates = np.round(np.geomspace(1e-4, 1, len(last)), 6)
        # The good ones stand together, with bad ones on both sides and the lowest inside.
        order = np.roll(np.concatenate([_lowest_inside(rng, good), good + rng.permutation(len(last) - good)]), 1)
        curves = np.round([_curve(rng, end, lowest, steps) for end in last[order]], 4)
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


def _best_range(learning_rates, losses):
    ends = {rate: float(curve[-1]) for rate, curve in zip(learning_rates.tolist(), losses, strict=True)}
    finite = {rate: end for rate, end in ends.items() if -float("inf") < end < float("inf")}
    limit = 1.1 * min(finite.values())
    good = [rate for rate, end in finite.items() if end <= limit]
    return min(good), max(good)


learning_rate = Exercise(
    "03-learning-rate",
    "best_range(learning_rates, losses)",
    _rate_cases,
    _best_range,
    Pair("float", ("low", "high")),
    "On fresh curves the range is right, also with rates out of order and with losses that end in NaN or infinity.",
    (
        "Look at the last loss of each curve only. Leave those out that are not finite, find the lowest, compare "
        "the rest with it.",
        "last = losses[:, -1]; lowest = last[np.isfinite(last)].min(); the good rates are those with last <= 1.1 "
        "* lowest.",
    ),
)


def _range_of(rates, good):
    return float(rates[good].min()), float(rates[good].max())


@learning_rate.mistake("The lowest of numbers with a NaN among them is NaN. Keep the finite ones first: np.isfinite.")
def nan_not_left_out(learning_rates, losses):
    last = losses[:, -1]
    return _range_of(learning_rates, last <= 1.1 * last.min())


@learning_rate.mistake(
    "You take the lowest loss of each curve on the way. What counts is where it ends: losses[:, -1]."
)
def lowest_on_the_way(learning_rates, losses):
    lowest = np.nanmin(losses, axis=1)
    return _range_of(learning_rates, lowest <= 1.1 * lowest.min())


@learning_rate.mistake(
    "The lowest loss must be the lowest of the last ones, losses[:, -1], not of all curves at all steps."
)
def lowest_of_all(learning_rates, losses):
    last = losses[:, -1]
    return _range_of(learning_rates, last <= 1.1 * np.nanmin(losses[np.isfinite(losses)]))


@learning_rate.mistake("You compare the first losses. The last ones are in column -1: losses[:, -1].")
def first_losses(learning_rates, losses):
    first = losses[:, 0]
    return _range_of(learning_rates, first <= 1.1 * first.min())


@learning_rate.mistake("You average over each curve. What counts is where it ends: losses[:, -1].")
def mean_losses(learning_rates, losses):
    mean = losses.mean(axis=1)
    return _range_of(learning_rates, mean <= 1.1 * mean[np.isfinite(mean)].min())


@learning_rate.mistake("losses[-1] is the curve of the last rate. The last loss of each curve is losses[:, -1].")
def last_row(learning_rates, losses):
    last = losses[-1]
    return _range_of(learning_rates, last <= 1.1 * last[np.isfinite(last)].min())


@learning_rate.mistake("losses[-1] is the curve of the last rate. The last loss of each curve is losses[:, -1].")
def last_row_by_pairs(learning_rates, losses):
    last = losses[-1]
    limit = 1.1 * np.nanmin(last)
    good = [rate for rate, loss in zip(learning_rates, last, strict=False) if loss <= limit]
    return float(min(good)), float(max(good))


@learning_rate.mistake("You add 0.1. The limit is 1.1 times the lowest loss: multiply.")
def limit_by_adding(learning_rates, losses):
    last = losses[:, -1]
    return _range_of(learning_rates, last <= last[np.isfinite(last)].min() + 0.1)


@learning_rate.mistake("This is only the best rate, twice. Take all rates up to 1.1 times the lowest loss.")
def only_the_best(learning_rates, losses):
    best = float(learning_rates[np.nanargmin(losses[:, -1])])
    return best, best


@learning_rate.mistake("The order is (low, high): the smallest rate first.")
def swapped(learning_rates, losses):
    low, high = _best_range(learning_rates, losses)
    return high, low


@learning_rate.mistake("You return losses. Return the learning rates that belong to them.")
def losses_returned(learning_rates, losses):
    last = losses[:, -1]
    good = last[last <= 1.1 * last[np.isfinite(last)].min()]
    return float(good.min()), float(good.max())


@learning_rate.mistake("You return positions. Return the learning rates that stand there.")
def positions_returned(learning_rates, losses):
    last = losses[:, -1]
    good = np.flatnonzero(last <= 1.1 * last[np.isfinite(last)].min())
    return int(good[0]), int(good[-1])


@learning_rate.mistake("The rates need not be in order: take the smallest and the largest, not the first and the last.")
def first_and_last(learning_rates, losses):
    last = losses[:, -1]
    good = learning_rates[last <= 1.1 * last[np.isfinite(last)].min()]
    return float(good[0]), float(good[-1])


@learning_rate.mistake("This is the range of all rates that end finite. Keep those within 1.1 times the lowest loss.")
def all_finite(learning_rates, losses):
    return _range_of(learning_rates, np.isfinite(losses[:, -1]))


# 03-early-stopping ------------------------------------------------------------------------


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


def _stop_epoch(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, start=1):
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if waited == patience:
            return epoch
    return len(validation_losses)


early_stopping = Exercise(
    "03-early-stopping",
    "stop_epoch(validation_losses, patience)",
    _stopping_cases,
    _stop_epoch,
    Number("int"),
    "It stops at the right epoch on curves that stop early, late and never, with ties and with fresh zigzags.",
    (
        "Walk through the epochs with two variables: the best loss so far, and for how many epochs it has not "
        "improved.",
        "if loss < best: best, waited = loss, 0; otherwise waited += 1; and as soon as waited == patience, "
        "return the epoch.",
    ),
)


def _stopping(better=lambda loss, best: loss < best, offset=0, start=1, reset=0, at_end=None):
    def stop(losses, patience):
        best, waited = float("inf"), 0
        for epoch, loss in enumerate(losses, start=start):
            if better(loss, best):
                best, waited = loss, waited * reset
            else:
                waited += 1
            if waited >= patience + offset and not better(loss, best):
                return epoch
        return len(losses) + start - 1 if at_end is None else at_end(losses)

    return stop


@early_stopping.mistake(
    "One epoch too late: stop as soon as the count reaches patience, not when it is above it (>=, not >)."
)
def one_too_late(validation_losses, patience):
    return _stopping(offset=1)(validation_losses, patience)


@early_stopping.mistake("One epoch too early: `patience` epochs without improvement have to pass after the best one.")
def one_too_early(validation_losses, patience):
    return _stopping(offset=-1)(validation_losses, patience)


@early_stopping.mistake("Epochs count from 1: enumerate(validation_losses, start=1).")
def counted_from_zero(validation_losses, patience):
    return _stopping(start=0)(validation_losses, patience)


@early_stopping.mistake("An equal loss is no improvement: compare with <, not <=.")
def tie_counts_as_better(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss <= best:
            best, waited = loss, 0
        else:
            waited += 1
            if waited >= patience:
                return epoch
    return len(validation_losses)


@early_stopping.mistake("You compare with the epoch before. Compare with the best loss so far.")
def compared_with_the_one_before(validation_losses, patience):
    waited = 0
    for epoch in range(2, len(validation_losses) + 1):
        waited = 0 if validation_losses[epoch - 1] < validation_losses[epoch - 2] else waited + 1
        if waited >= patience:
            return epoch
    return len(validation_losses)


@early_stopping.mistake("The count of bad epochs must go back to 0 when the loss improves.")
def count_never_reset(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, start=1):
        if loss < best:
            best = loss
        else:
            waited += 1
            if waited >= patience:
                return epoch
    return len(validation_losses)


@early_stopping.mistake("This is the epoch of the best loss. Return the epoch at which training stops.")
def best_epoch(validation_losses, patience):
    return int(np.argmin(validation_losses)) + 1


@early_stopping.mistake(
    "This is the best epoch before the stop. Training stops `patience` epochs later: return that one."
)
def best_epoch_before_the_stop(validation_losses, patience):
    return int(np.argmin(validation_losses[: _stop_epoch(validation_losses, patience)])) + 1


@early_stopping.mistake(
    "You wait after the lowest loss of all, which nobody knows while training. Walk through the epochs."
)
def after_the_lowest_of_all(validation_losses, patience):
    return min(int(np.argmin(validation_losses)) + 1 + patience, len(validation_losses))


@early_stopping.mistake("patience is not used: one bad epoch is not enough to stop.")
def without_patience(validation_losses, patience):
    return _stop_epoch(validation_losses, 1)


@early_stopping.mistake("If it never stops, the answer is the last epoch, len(validation_losses).")
def one_past_the_end(validation_losses, patience):
    stopped = _stop_epoch([*validation_losses, *[float("inf")] * (patience + 1)], patience)
    return min(stopped, len(validation_losses) + 1)


@early_stopping.mistake(
    "If it never stops, the answer is the last epoch: return len(validation_losses) after the loop."
)
def nothing_at_the_end(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, start=1):
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if waited == patience:
            return epoch
    return None


@early_stopping.mistake("Only the first loss is compared with: update the best loss when it improves.")
def best_never_updated(validation_losses, patience):
    waited = 0
    for epoch, loss in enumerate(validation_losses, start=1):
        waited = 0 if loss < validation_losses[0] or epoch == 1 else waited + 1
        if waited >= patience:
            return epoch
    return len(validation_losses)


EXERCISES = (step, learning_rate, early_stopping)
