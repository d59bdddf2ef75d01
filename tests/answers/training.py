"""Planted answers to the exercises of notebook 03."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from answers.planting import right, wrong

# 03-step


@right("03-step")
def _(model, inputs, labels, optimiser):
    loss = nn.CrossEntropyLoss()(model(inputs), labels)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return float(loss)


@right("03-step")
def _(model, inputs, labels, optimiser):
    model.train()
    model.zero_grad(set_to_none=False)
    log_probabilities = torch.log_softmax(model(inputs), dim=1)
    loss = -log_probabilities[torch.arange(len(labels)), labels].mean()
    loss.backward()
    optimiser.step()
    return loss.detach().numpy().item()


@right("03-step")
def _(model, inputs, labels, optimiser):
    logits = model(inputs)
    loss = (logits.logsumexp(dim=1) - logits.gather(1, labels[:, None])[:, 0]).mean()
    loss.backward()
    optimiser.step()
    optimiser.zero_grad()  # afterwards is as good as before
    return loss.item()


@wrong("03-step", "arguments_swapped")
def _(model, inputs, labels, optimiser):
    loss = F.cross_entropy(labels, model(inputs))
    loss.backward()
    optimiser.step()
    optimiser.zero_grad()
    return loss


@wrong("03-step", "class_called_with_tensors")
def _(model, inputs, labels, optimiser):
    logits = model(inputs)
    optimiser.zero_grad()
    loss = nn.CrossEntropyLoss(logits, labels)
    loss.backward()
    optimiser.step()
    return loss


@wrong("03-step", "backward_forgotten")  # the brackets, and with them the call
def _(model, inputs, labels, optimiser):
    loss = F.cross_entropy(model(inputs), labels)
    optimiser.zero_grad()
    loss.backward  # noqa: B018
    optimiser.step()
    return loss.item()


@wrong("03-step", "zero_grad_forgotten")
def _(model, inputs, labels, optimiser):
    loss = nn.CrossEntropyLoss()(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return float(loss)


@wrong("03-step", "zero_grad_too_late")
def _(model, inputs, labels, optimiser):
    loss = nn.functional.cross_entropy(model(inputs), labels)
    loss.backward()
    model.zero_grad()
    optimiser.step()
    return loss.item()


@wrong("03-step", "step_forgotten")
def _(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = nn.functional.cross_entropy(model(inputs), labels)
    loss.backward()
    return loss.detach().item()


@wrong("03-step", "loss_after_the_step")
def _(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    F.cross_entropy(model(inputs), labels).backward()
    optimiser.step()
    return F.cross_entropy(model(inputs), labels).item()


@wrong("03-step", "sum_over_the_batch")
def _(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = nn.CrossEntropyLoss(reduction="sum")(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@wrong("03-step", "softmax_twice")
def _(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(F.softmax(model(inputs), 1), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@wrong("03-step", "left_in_evaluation_mode")
def _(model, inputs, labels, optimiser):
    model.eval()
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@wrong("03-step", None)
def _(model, inputs, labels, optimiser):
    optimiser.zero_grad()
    loss = F.cross_entropy(model(inputs.mul_(2)), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


# 03-learning-rate


@right("03-learning-rate")
def _(learning_rates, losses):
    last = np.where(np.isfinite(losses[:, -1]), losses[:, -1], np.inf)
    good = learning_rates[last <= 1.1 * last.min()]
    return good.min(), good.max()


@right("03-learning-rate")
def _(learning_rates, losses):
    ends = [(float(curve[-1]), float(rate)) for rate, curve in zip(learning_rates, losses, strict=True)]
    ends = sorted(end for end in ends if math.isfinite(end[0]))
    good = sorted(rate for end, rate in ends if end <= ends[0][0] * 1.1)
    return good[0], good[-1]


@wrong("03-learning-rate", "last_row_by_pairs")
def _(learning_rates, losses):
    lowest = np.nanmin(losses[-1])
    good = [r for r, loss in zip(learning_rates.tolist(), losses[-1].tolist(), strict=False) if loss <= 1.1 * lowest]
    return min(good), max(good)


@wrong("03-learning-rate", "nan_not_left_out")
def _(learning_rates, losses):
    last = losses[:, -1]
    good = learning_rates[last <= 1.1 * np.min(last)]
    return good.min(), good.max()


@wrong("03-learning-rate", "lowest_on_the_way")
def _(learning_rates, losses):
    best = np.array([min(x for x in curve if math.isfinite(x)) for curve in losses])
    good = learning_rates[best <= 1.1 * best.min()]
    return float(good.min()), float(good.max())


@wrong("03-learning-rate", "only_the_best")
def _(learning_rates, losses):
    rate = learning_rates[np.where(np.isfinite(losses[:, -1]), losses[:, -1], 1e9).argmin()]
    return rate.item(), rate.item()


@wrong("03-learning-rate", "limit_by_adding")
def _(learning_rates, losses):
    last = np.where(np.isfinite(losses[:, -1]), losses[:, -1], np.inf)
    good = learning_rates[last - last.min() <= 0.1]
    return float(good.min()), float(good.max())


@wrong("03-learning-rate", "swapped")
def _(learning_rates, losses):
    last = np.where(np.isfinite(losses[:, -1]), losses[:, -1], np.inf)
    good = learning_rates[last <= 1.1 * last.min()]
    return float(good.max()), float(good.min())


# 03-early-stopping


@right("03-early-stopping")
def _(validation_losses, patience):
    for epoch in range(1, len(validation_losses) + 1):
        so_far = validation_losses[:epoch]
        if epoch - (so_far.index(min(so_far)) + 1) >= patience:
            return epoch
    return len(validation_losses)


@right("03-early-stopping")
def _(validation_losses, patience):
    losses = np.array(validation_losses)
    improved = np.r_[True, losses[1:] < np.minimum.accumulate(losses)[:-1]]
    epochs = np.arange(1, len(losses) + 1)
    age = epochs - np.maximum.accumulate(np.where(improved, epochs, 0))
    return int(epochs[age >= patience][0]) if (age >= patience).any() else len(losses)


@wrong("03-early-stopping", "one_too_late")
def _(validation_losses, patience):
    for epoch in range(1, len(validation_losses) + 1):
        if epoch - 1 - int(np.argmin(validation_losses[:epoch])) > patience:
            return epoch
    return len(validation_losses)


@wrong("03-early-stopping", "counted_from_zero")
def _(validation_losses, patience):
    for epoch in range(len(validation_losses)):
        if epoch - int(np.argmin(validation_losses[: epoch + 1])) >= patience:
            return epoch
    return epoch


@wrong("03-early-stopping", "best_epoch")
def _(validation_losses, patience):
    return validation_losses.index(min(validation_losses)) + 1


@wrong("03-early-stopping", "count_never_reset")
def _(validation_losses, patience):
    best, bad = math.inf, 0
    for epoch, loss in enumerate(validation_losses):
        bad += loss >= best
        best = min(best, loss)
        if bad == patience:
            return epoch + 1
    return len(validation_losses)


@wrong("03-early-stopping", "compared_with_the_one_before")
def _(validation_losses, patience):
    bad = 0
    for i in range(1, len(validation_losses)):
        if validation_losses[i] < validation_losses[i - 1]:
            bad = 0
        else:
            bad += 1
        if bad == patience:
            return i + 1
    return len(validation_losses)


@wrong("03-early-stopping", "tie_counts_as_better")
def _(validation_losses, patience):
    for epoch in range(1, len(validation_losses) + 1):
        latest_best = epoch - 1 - int(np.argmin(validation_losses[:epoch][::-1]))
        if epoch - 1 - latest_best >= patience:
            return epoch
    return len(validation_losses)
