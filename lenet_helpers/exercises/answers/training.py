"""Answers to the exercises of notebook 03: the step, a range of learning rates, early stopping."""

from functools import partial

import numpy as np
import torch
import torch.nn.functional as F

from lenet_helpers.exercises.answers.returns import Number, Pair, described
from lenet_helpers.exercises.answers.twists import swapped
from lenet_helpers.exercises.asked import training as asked
from lenet_helpers.exercises.definition import Exercise, known
from lenet_helpers.exercises.results import Problem, close, same_values, show
from lenet_helpers.training import training_step

# 03-step ----------------------------------------------------------------------------------


def _compare_steps(outcome, expected):
    """Ask for the loss before each step, the weights after it, and a model left in training mode."""
    events = f"; what happened: {outcome.report}"
    for number in (1, 2):
        part = f"loss {number}"
        got, wanted = outcome.parts[part], expected.parts[part]
        if got.kind != "float":
            advice = "Return the loss as a number: return loss.item()."
            return Problem("the type of the loss", f"a float, {_show_loss(wanted)}", described(got), advice)
        if not close(got.numbers, wanted.numbers, relative=1e-3).all():
            return Problem(f"the loss of step {number}", _show_loss(wanted), _show_loss(got) + events)
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


def _show_loss(result):
    return f"{result.data.item():.4f}" if result.data is not None else show(result)


def _doing(
    order="zero_grad forward backward step",
    loss=F.cross_entropy,
    backward=torch.Tensor.backward,
    returns=lambda loss, logits, labels: loss.item(),
):
    """Return a step that does these things in this order; what is not given is as in a right one."""

    def step(model, inputs, labels, optimiser):
        for word in order.split():
            if word == "forward":
                logits = model(inputs)
                value = loss(logits, labels)
            elif word == "backward":
                backward(value)
            else:
                getattr(optimiser, word)()
        return returns(value, logits, labels)

    return step


def _loss_after_the_step(model, inputs, labels, optimiser):
    training_step(model, inputs, labels, optimiser)
    with torch.no_grad():
        return F.cross_entropy(model(inputs), labels).item()


def _optimiser_of_its_own(model, inputs, labels, optimiser):
    options = {name: optimiser.defaults[name] for name in ("lr", "momentum", "eps") if name in optimiser.defaults}
    return training_step(model, inputs, labels, type(optimiser)(model.parameters(), **options)).item()


def _plain_descent_by_hand(model, inputs, labels, optimiser):
    loss = _doing("zero_grad forward backward")(model, inputs, labels, optimiser)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= optimiser.param_groups[0]["lr"] * parameter.grad
    return loss


step = Exercise(
    **vars(asked.step),
    oracle=lambda *given: training_step(*given).item(),
    compare=_compare_steps,
    verified="Two steps in a row, with SGD and with Adam, leave the same weights as the course's own step and return "
    "its loss.",
    hints=(
        "Five things in order: forget the old gradients, forward, loss, backward, step. Return the loss as a number.",
        "optimiser.zero_grad(), then loss = F.cross_entropy(model(inputs), labels); loss.backward() fills the "
        "gradients, optimiser.step() uses them.",
    ),
    mistakes=known(
        ("zero_grad_forgotten", _doing("forward backward step"),
         "The gradients of the step before are still there and add up. Begin with optimiser.zero_grad()."),
        ("zero_grad_too_late", _doing("forward backward zero_grad step"),
         "zero_grad comes after backward and throws the gradients away before step can use them. Put it first."),
        ("step_forgotten", _doing("zero_grad forward backward"),
         "The weights never change: optimiser.step() is missing."),
        ("backward_forgotten", _doing("zero_grad forward step"),
         "There are no gradients to step with: loss.backward() is missing."),
        ("step_before_backward", _doing("zero_grad forward step backward"),
         "optimiser.step() comes before loss.backward(): it uses gradients that are not there yet. Swap the two."),
        ("loss_after_the_step", _loss_after_the_step,
         "This is the loss after the step. Return the one that you computed before it."),
        ("sum_over_the_batch", _doing(loss=partial(F.cross_entropy, reduction="sum")),
         "You add up the losses of the batch. The mean is asked for, which F.cross_entropy takes by itself."),
        ("loss_times_batch_size", _doing(returns=lambda loss, logits, labels: loss.item() * len(labels)),
         "The step is right, but you return the sum over the batch: return the mean, which the loss already is."),
        ("softmax_twice", _doing(loss=lambda logits, labels: F.cross_entropy(logits.softmax(dim=1), labels)),
         "Softmax is taken twice: cross_entropy wants the logits as they come out of the model."),
        ("arguments_swapped", _doing(loss=lambda logits, labels: F.cross_entropy(labels, logits)),
         "The logits come first, then the labels: F.cross_entropy(model(inputs), labels)."),
        ("class_called_with_tensors", _doing(loss=torch.nn.CrossEntropyLoss),
         "nn.CrossEntropyLoss is a class, which has to be made first. Call F.cross_entropy(model(inputs), labels)."),
        ("log_softmax_missing", _doing(loss=F.nll_loss),
         "nll_loss wants log-probabilities, not logits. Use F.cross_entropy, which takes the log-softmax itself."),
        ("squared_error", _doing(loss=lambda logits, labels: F.mse_loss(logits, F.one_hot(labels, 10).float())),
         "This is the squared error. For classes the loss is the cross-entropy: F.cross_entropy(logits, labels)."),
        ("uphill", _doing(backward=lambda loss: (-loss).backward()),
         "You climb: the gradient of -loss leads uphill. Call backward on the loss itself."),
        ("two_steps", _doing("zero_grad forward backward step step"),
         "You take two steps for one batch: call optimiser.step() once."),
        ("left_in_evaluation_mode", lambda model, *given: training_step(model.eval(), *given).item(),
         "You leave the model in evaluation mode: no model.eval() in a training step."),
        ("optimiser_of_its_own", _optimiser_of_its_own,
         "You make a new optimiser in each step, which forgets its momentum. Use the one that is handed over."),
        ("plain_descent_by_hand", _plain_descent_by_hand,
         "You update the weights by hand, with plain gradient descent. Let optimiser.step() do it in its own way."),
        ("without_gradients", _doing(loss=torch.no_grad()(F.cross_entropy)),
         "no_grad and detach switch gradients off, so backward has nothing to go by. Leave them out when training."),
        ("logits_returned", _doing(returns=lambda loss, logits, labels: logits),
         "You return the logits. Return the loss as a number: loss.item()."),
        ("accuracy_returned",
         _doing(returns=lambda loss, logits, labels: (logits.argmax(dim=1) == labels).float().mean().item()),
         "You return the fraction of right answers. The loss is asked for: loss.item()."),
    ),
    clues=(
        (r"optim\.\w+\(", "You make a new optimiser in each step. Use the one that is handed over: optimiser.step()."),
        (r"\.detach\(\)\.numpy\(\)", "A NumPy array of one number is no float: return loss.item()."),
    ),
    forbids=(
        (r"\btraining_step\(", "training_step does the exercise's work. Write the five parts."),
    ),
)  # fmt: skip


# 03-learning-rate -------------------------------------------------------------------------


def _best_range(learning_rates, losses):
    ends = {rate: float(curve[-1]) for rate, curve in zip(learning_rates.tolist(), losses, strict=True)}
    finite = {rate: end for rate, end in ends.items() if -float("inf") < end < float("inf")}
    limit = 1.1 * min(finite.values())
    good = [rate for rate, end in finite.items() if end <= limit]
    return min(good), max(good)


def _lowest(values):
    return values[np.isfinite(values)].min()


def _ranging(of, limit=lambda values: 1.1 * _lowest(values)):
    """Return a function that looks at something `of` each curve, and gives the range of the rates within a limit."""

    def ranges(rates, losses):
        values = of(losses)
        good = rates[values <= limit(values)]
        return float(good.min()), float(good.max())

    return ranges


def _last(losses):
    return losses[:, -1]


def _good(rates, losses):
    return _last(losses) <= 1.1 * _lowest(_last(losses))


def _lowest_of_all(rates, losses):
    return _ranging(_last, limit=lambda values: 1.1 * _lowest(losses))(rates, losses)


def _last_row_by_pairs(rates, losses):
    last = losses[-1]
    good = [rate for rate, loss in zip(rates, last, strict=False) if loss <= 1.1 * np.nanmin(last)]
    return float(min(good)), float(max(good))


def _only_the_best(rates, losses):
    best = float(rates[np.nanargmin(_last(losses))])
    return best, best


def _losses_returned(rates, losses):
    good = _last(losses)[_good(rates, losses)]
    return float(good.min()), float(good.max())


def _positions_returned(rates, losses):
    good = np.flatnonzero(_good(rates, losses))
    return int(good[0]), int(good[-1])


def _first_and_last(rates, losses):
    good = rates[_good(rates, losses)]
    return float(good[0]), float(good[-1])


learning_rate = Exercise(
    **vars(asked.learning_rate),
    oracle=_best_range,
    returns=Pair("float", ("low", "high")),
    verified="On fresh curves the range is right, also with rates out of order and with losses that end in NaN or "
    "infinity.",
    hints=(
        "Look at the last loss of each curve only. Leave those out that are not finite, find the lowest, compare "
        "the rest with it.",
        "last = losses[:, -1]; lowest = last[np.isfinite(last)].min(); the good rates are those with last <= 1.1 "
        "* lowest.",
    ),
    mistakes=known(
        ("nan_not_left_out", _ranging(_last, limit=lambda values: 1.1 * values.min()),
         "The lowest of numbers with a NaN among them is NaN. Keep the finite ones first: np.isfinite."),
        ("lowest_on_the_way", _ranging(lambda losses: np.nanmin(losses, axis=1)),
         "You take the lowest loss of each curve on the way. What counts is where it ends: losses[:, -1]."),
        ("lowest_of_all", _lowest_of_all,
         "The lowest loss must be the lowest of the last ones, losses[:, -1], not of all curves at all steps."),
        ("first_losses", _ranging(lambda losses: losses[:, 0]),
         "You compare the first losses. The last ones are in column -1: losses[:, -1]."),
        ("mean_losses", _ranging(lambda losses: losses.mean(axis=1)),
         "You average over each curve. What counts is where it ends: losses[:, -1]."),
        ("last_row", _ranging(lambda losses: losses[-1]),
         "losses[-1] is the curve of the last rate. The last loss of each curve is losses[:, -1]."),
        ("last_row_by_pairs", _last_row_by_pairs,
         "losses[-1] is the curve of the last rate. The last loss of each curve is losses[:, -1]."),
        ("limit_by_adding", _ranging(_last, limit=lambda values: _lowest(values) + 0.1),
         "You add 0.1. The limit is 1.1 times the lowest loss: multiply."),
        ("only_the_best", _only_the_best,
         "This is only the best rate, twice. Take all rates up to 1.1 times the lowest loss."),
        ("swapped", lambda *given: swapped(_best_range(*given)),
         "The order is (low, high): the smallest rate first."),
        ("losses_returned", _losses_returned,
         "You return losses. Return the learning rates that belong to them."),
        ("positions_returned", _positions_returned,
         "You return positions. Return the learning rates that stand there."),
        ("first_and_last", _first_and_last,
         "The rates need not be in order: take the smallest and the largest, not the first and the last."),
        ("all_finite", _ranging(_last, limit=lambda values: values[np.isfinite(values)].max()),
         "This is the range of all rates that end finite. Keep those within 1.1 times the lowest loss."),
        ("the_best_alone", lambda rates, losses: _only_the_best(rates, losses)[0],
         "This is the best rate alone. Take all up to 1.1 times the lowest loss, and return the ends of their range."),
    ),
    clues=(
        (r"arg(min|sort)\(",
         "argmin finds the best rate only, or a NaN. Keep all rates up to 1.1 times the lowest loss."),
        (r"= last\[(finite|np\.isfinite)",
         "You leave losses out and keep all rates, which no longer stand side by side: filter both with one mask."),
        (r"<= 1\.0*[2-9]|<= 1\.01", "The limit is 1.1 times the lowest loss."),
    ),
)  # fmt: skip


# 03-early-stopping ------------------------------------------------------------------------


def _stop_epoch(validation_losses, patience):
    best, waited = float("inf"), 0
    for epoch, loss in enumerate(validation_losses, start=1):
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if waited == patience:
            return epoch
    return len(validation_losses)


def _stopping(better=lambda loss, best, before: loss < best, late=0, start=1, reset=True, at_end=None):
    """Return a function that walks through the epochs; what is not given is as in a right one.

    `better` compares a loss with the best and with the one before; `late` epochs too many are
    waited for; `reset` is whether a better loss ends the waiting; `at_end` is returned after the loop.
    """

    def stop(losses, patience):
        best = before = float("inf")
        waited = 0
        for epoch, loss in enumerate(losses, start=start):
            if better(loss, best, before):
                best, waited = loss, 0 if reset else waited
            else:
                waited += 1
            if waited >= patience + late:
                return epoch
            before = loss
        return at_end(losses) if at_end else len(losses) + start - 1

    return stop


def _best_epoch(losses, patience):
    return int(np.argmin(losses)) + 1


def _one_past_the_end(losses, patience):
    stopped = _stop_epoch([*losses, *[float("inf")] * (patience + 1)], patience)
    return min(stopped, len(losses) + 1)


def _best_never_updated(losses, patience):
    return _stopping(lambda loss, best, before: before == float("inf") or loss < losses[0])(losses, patience)


early_stopping = Exercise(
    **vars(asked.early_stopping),
    oracle=_stop_epoch,
    returns=Number("int"),
    verified="It stops at the right epoch on curves that stop early, late and never, with ties and with fresh zigzags.",
    hints=(
        "Walk through the epochs with two variables: the best loss so far, and for how many epochs it has not "
        "improved.",
        "if loss < best: best, waited = loss, 0; otherwise waited += 1; and as soon as waited == patience, "
        "return the epoch.",
    ),
    mistakes=known(
        ("one_too_late", _stopping(late=1),
         "One epoch too late: stop as soon as the count reaches patience, not when it is above it (>=, not >)."),
        ("one_too_early", _stopping(late=-1),
         "One epoch too early: `patience` epochs without improvement have to pass after the best one."),
        ("counted_from_zero", _stopping(start=0), "Epochs count from 1: enumerate(validation_losses, start=1)."),
        ("tie_counts_as_better", _stopping(lambda loss, best, before: loss <= best),
         "An equal loss is no improvement: compare with <, not <=."),
        ("compared_with_the_one_before", _stopping(lambda loss, best, before: loss < before),
         "You compare with the epoch before. Compare with the best loss so far."),
        ("count_never_reset", _stopping(reset=False),
         "The count of bad epochs must go back to 0 when the loss improves."),
        ("best_epoch", _best_epoch,
         "This is the epoch of the best loss. Return the epoch at which training stops."),
        ("best_epoch_before_the_stop",
         lambda losses, patience: _best_epoch(losses[: _stop_epoch(losses, patience)], patience),
         "This is the best epoch before the stop. Training stops `patience` epochs later: return that one."),
        ("after_the_lowest_of_all",
         lambda losses, patience: min(_best_epoch(losses, patience) + patience, len(losses)),
         "You wait after the lowest loss of all, which nobody knows while training. Walk through the epochs."),
        ("without_patience", lambda losses, patience: _stop_epoch(losses, 1),
         "patience is not used: one bad epoch is not enough to stop."),
        ("one_past_the_end", _one_past_the_end,
         "If it never stops, the answer is the last epoch, len(validation_losses)."),
        ("nothing_at_the_end", _stopping(at_end=lambda losses: None),
         "If it never stops, the answer is the last epoch: return len(validation_losses) after the loop."),
        ("best_never_updated", _best_never_updated,
         "Only the first loss is compared with: update the best loss when it improves."),
        ("counted_from_zero_when_stopped", _stopping(start=0, at_end=len),
         "Epochs count from 1: enumerate(validation_losses, start=1)."),
        ("best_starts_at_zero", _stopping(lambda loss, best, before: False, at_end=len),
         "No loss is below the best one, so nothing counts as better: let it start with float('inf')."),
        ("loss_returned", lambda losses, patience: losses[_stop_epoch(losses, patience) - 1],
         "You return a loss. Return the epoch at which training stops, counted from 1."),
        ("best_loss_returned", lambda losses, patience: min(losses[: _stop_epoch(losses, patience)]),
         "You return a loss. Return the epoch at which training stops, counted from 1."),
    ),
    clues=(
        (r"return .*loss(es\[-1\])?$", "You return a loss. Return the epoch at which training stops, counted from 1."),
        (r"else:\n +\w+ = 1\b", "The count of bad epochs never goes beyond 1: add 1 to it, waited += 1."),
        (r"best\w* = 0\b|best\w*, \w+ = \(?0, ", "Nothing is below a best loss of 0: let it start with float('inf')."),
    ),
)  # fmt: skip
