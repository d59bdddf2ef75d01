"""The exercises: right answers in any style pass, wrong ones get the hint written for them, nothing fools a check."""

import _thread
import functools
import json
import math
import random
import subprocess
import sys
import textwrap
import threading
import time
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lenet_helpers import COURSE, FAST, LeNet, fit, load_model, save_model, to_input, to_mnist
from lenet_helpers.exercises import NAMES, Verdict, check, exercise, hint, hints
from lenet_helpers.exercises import inference as inference_exercises
from lenet_helpers.exercises.checking import judge
from lenet_helpers.exercises.running import everything_put_back

SLOW = {"03-step", "02-network", "05-reader"}
MARK = {"right": {}, "wrong": {}}


def right(name):
    """Note a right answer to exercise `name`, in some style."""

    def note(function):
        MARK["right"].setdefault(name, []).append(function)
        return function

    return note


def wrong(name, mistake):
    """Note a wrong answer, and the mistake whose hint it must get (None: any hint will do)."""

    def note(function):
        MARK["wrong"].setdefault(name, []).append((mistake, function))
        return function

    return note


@pytest.fixture(scope="session")
def model_file(sample, tmp_path_factory):
    """The course's model.pth; a quickly trained one where there is none yet."""
    if inference_exercises.MODEL.exists():
        return inference_exercises.MODEL
    path = tmp_path_factory.mktemp("model") / "model.pth"
    model = LeNet(seed=0)
    list(fit(model, sample.train, sample.validation, FAST, device="cpu"))
    save_model(model, path)
    return path


@pytest.fixture(autouse=True)
def a_model_for_the_reader(request, monkeypatch):
    if "05-reader" in request.node.name:
        monkeypatch.setattr(inference_exercises, "MODEL", request.getfixturevalue("model_file"))


# 01-normalise


@right("01-normalise")
def _(pixels):
    return np.float32(2) * pixels.astype(np.float32) / np.float32(255) - np.float32(1)


@right("01-normalise")
def _(pixels):
    return to_input(pixels)[:, 0].numpy()


@right("01-normalise")
def _(pixels):
    result = np.empty(pixels.shape, np.float32)
    for n in range(len(pixels)):
        for i in range(28):
            for j in range(28):
                result[n, i, j] = (int(pixels[n, i, j]) / 255 - 0.5) / 0.5
    return result


@wrong("01-normalise", "only_divided")
def _(pixels):
    x = pixels.astype("float32")
    x /= 255
    return x


@wrong("01-normalise", "not_divided_by_255")
def _(pixels):
    return np.float32(2) * (pixels.astype(np.float32) - np.float32(0.5))


@wrong("01-normalise", "left_in_float64")
def _(pixels):
    return pixels / 127.5 - 1


@wrong("01-normalise", "doubled_in_uint8")
def _(pixels):
    return ((pixels + pixels) / 255 - 1).astype(np.float32)


@wrong("01-normalise", "without_brackets")
def _(pixels):
    return np.float32(pixels) / 255 - np.float32(1)


@wrong("01-normalise", "with_channel_axis")
def _(pixels):
    return to_input(pixels).numpy()


@wrong("01-normalise", "only_divided")  # and float64 on top of it
def _(pixels):
    return pixels / 255


# 01-split


@right("01-split")
def _(labels, count):
    same = labels[:, None] == labels[None, :]
    return np.tril(same).sum(axis=1) <= count


@right("01-split")
def _(labels, count):
    mask, seen = np.zeros(labels.shape, bool), np.zeros(10, int)
    for position, label in enumerate(labels):
        mask[position] = seen[label] < count
        seen[label] += 1
    return mask


@right("01-split")
def _(labels, count):
    mask = torch.zeros(len(labels), dtype=torch.bool)
    for label in range(10):
        mask[torch.from_numpy(labels == label).nonzero()[:count, 0]] = True
    return mask.numpy()


@wrong("01-split", "everywhere")
def _(labels, count):
    mask = np.zeros(len(labels), bool)
    for label in range(10):
        mask[(labels == label).nonzero()[:count]] = True
    return mask


@wrong("01-split", "nowhere")  # and float on top of it
def _(labels, count):
    mask = np.zeros(len(labels))
    for label in range(10):
        mask[labels == label][:count] = 1
    return mask


@wrong("01-split", "first_of_all")
def _(labels, count):
    mask = np.zeros(len(labels), dtype=bool)
    mask[:count] = True
    return mask


@wrong("01-split", "one_too_many")
def _(labels, count):
    return np.tril(labels[:, None] == labels).sum(axis=1) <= count + 1


@wrong("01-split", "mask_of_numbers")
def _(labels, count):
    return (np.tril(labels[:, None] == labels).sum(axis=1) <= count).astype(int)


@wrong("01-split", "sorted_positions")
def _(labels, count):
    return np.flatnonzero(np.tril(labels[:, None] == labels).sum(axis=1) <= count)


@wrong("01-split", "last_of_each")
def _(labels, count):
    return np.triu(labels[:, None] == labels).sum(axis=1) <= count


@wrong("01-split", "without_nine")
def _(labels, count):
    return (np.tril(labels[:, None] == labels).sum(axis=1) <= count) & (labels < 9)


# 01-mean-digit


@right("01-mean-digit")
def _(pixels, labels, digit):
    return pixels[labels == digit].mean(axis=0)


@right("01-mean-digit")
def _(pixels, labels, digit):
    total, count = np.zeros((28, 28), np.float32), 0
    for image, label in zip(pixels, labels, strict=True):
        if label == digit:
            total += image
            count += 1
    return total / count


@right("01-mean-digit")
def _(pixels, labels, digit):
    return torch.from_numpy(pixels[labels == digit]).float().mean(dim=0).numpy()


@wrong("01-mean-digit", "returned_in_the_loop")
def _(pixels, labels, digit):
    total, count = 0.0 * pixels[0], np.float64(0)
    for n in range(len(labels)):
        if labels[n] == digit:
            total += pixels[n]
            count += 1
        return total / count


@wrong("01-mean-digit", "over_all_digits")
def _(pixels, labels, digit):
    return np.mean(pixels, 0)


@wrong("01-mean-digit", "one_number")
def _(pixels, labels, digit):
    return np.mean(pixels[labels == digit])


@wrong("01-mean-digit", "added_in_uint8")
def _(pixels, labels, digit):
    total = np.zeros((28, 28), np.uint8)
    for image in pixels[labels == digit]:
        total += image
    return total / (labels == digit).sum()


@wrong("01-mean-digit", "divided_by_all")
def _(pixels, labels, digit):
    return (pixels * (labels == digit)[:, None, None]).mean(axis=0)


@wrong("01-mean-digit", "cut_to_uint8")
def _(pixels, labels, digit):
    return np.uint8(pixels[labels == digit].mean(axis=0))


@wrong("01-mean-digit", "divided_by_255")
def _(pixels, labels, digit):
    return (pixels[labels == digit] / 255).mean(axis=0)


# 02-output-size


@right("02-output-size")
def _(size, kernel_size, stride, padding):
    return 1 + (size - kernel_size + 2 * padding) // stride


@right("02-output-size")
def _(size, kernel_size, stride, padding):
    return F.conv1d(torch.zeros(1, 1, size), torch.zeros(1, 1, kernel_size), stride=stride, padding=padding).shape[-1]


@right("02-output-size")
def _(size, kernel_size, stride, padding):
    places, start = 0, -padding
    while start + kernel_size <= size + padding:
        places, start = places + 1, start + stride
    return places


@right("02-output-size")
def _(size, kernel_size, stride, padding):
    return np.int64(math.floor((size + 2 * padding - kernel_size) / stride + 1))


@wrong("02-output-size", "without_stride_and_padding")
def _(size, kernel_size, stride=1, padding=0):
    return 1 + size - kernel_size


@wrong("02-output-size", "rounded_at_the_end")
def _(size, kernel_size, stride, padding):
    return round(1 + (size - kernel_size + 2 * padding) / stride)


@wrong("02-output-size", "without_plus_one")
def _(size, kernel_size, stride, padding):
    return int((size + 2 * padding - kernel_size) / stride)


@wrong("02-output-size", "padded_on_one_side")
def _(size, kernel_size, stride, padding):
    return 1 + (size - kernel_size + padding) // stride


@wrong("02-output-size", "float_division")
def _(size, kernel_size, stride, padding):
    return 1 + (size - kernel_size + padding + padding) / stride


@wrong("02-output-size", "rounded_up")
def _(size, kernel_size, stride, padding):
    return 1 - (kernel_size - size - 2 * padding) // stride


@wrong("02-output-size", "without_stride")
def _(size, kernel_size, stride, padding):
    return size - kernel_size + 1 + 2 * padding


# 02-parameters


@right("02-parameters")
def _(in_channels, out_channels, kernel_size):
    return out_channels * (in_channels * kernel_size * kernel_size + 1)


@right("02-parameters")
def _(in_channels, out_channels, kernel_size):
    return sum(p.numel() for p in nn.Conv2d(in_channels, out_channels, kernel_size).parameters())


@right("02-parameters")
def _(in_channels, out_channels, kernel_size):
    return np.prod([in_channels, out_channels, kernel_size, kernel_size]) + np.int64(out_channels)


@wrong("02-parameters", "without_biases")
def _(in_channels, out_channels, kernel_size):
    return nn.Conv2d(in_channels, out_channels, kernel_size).weight.numel()


@wrong("02-parameters", "one_bias")
def _(in_channels, out_channels, kernel_size):
    return 1 + in_channels * out_channels * kernel_size * kernel_size


@wrong("02-parameters", "kernel_not_squared")
def _(in_channels, out_channels, kernel_size):
    return out_channels * (in_channels * kernel_size + 1)


@wrong("02-parameters", "biases_of_inputs")
def _(in_channels, out_channels, kernel_size):
    return in_channels * (out_channels * kernel_size**2 + 1)


@wrong("02-parameters", "as_float")
def _(in_channels, out_channels, kernel_size):
    return out_channels * (in_channels * math.pow(kernel_size, 2) + 1)


# 02-convolution


@right("02-convolution")
def _(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijkl,kl->ij", windows, kernel)


@right("02-convolution")
def _(image, kernel):
    side = kernel.shape[0]
    result = np.zeros((image.shape[0] - side + 1, image.shape[1] - side + 1), dtype=np.float32)
    for i in range(result.shape[0]):
        for j in range(result.shape[1]):
            for k in range(side):
                for m in range(side):
                    result[i, j] += image[i + k, j + m] * kernel[k, m]
    return result


@right("02-convolution")
def _(image, kernel):
    image, kernel = torch.tensor(image).float(), torch.tensor(kernel).float()
    return F.conv2d(image[None, None], kernel[None, None]).squeeze(0).squeeze(0).numpy()


@wrong("02-convolution", "as_large_as_the_image")
def _(image, kernel):
    size, out = len(kernel), 0 * image
    for i in range(len(image) - size + 1):
        for j in range(len(image[0]) - size + 1):
            out[i, j] = np.sum(image[i : i + size, j : j + size] * kernel)
    return out


@wrong("02-convolution", "as_large_as_the_image_and_last_place_missing")
def _(image, kernel):
    size, out = len(kernel), np.zeros_like(image)
    for i in range(len(image) - size):
        for j in range(len(image[0]) - size):
            out[i, j] = np.sum(image[i : i + size, j : j + size] * kernel)
    return out


@wrong("02-convolution", "output_turned")
def _(image, kernel):
    (height, width), size = image.shape, len(kernel)
    out = np.zeros((width - size + 1, height - size + 1))
    for i in range(height - size + 1):
        for j in range(width - size + 1):
            out[i, j] = (image[i : i + size, j : j + size] * kernel).sum()
    return out


@wrong("02-convolution", "matrix_in_one_entry")
def _(image, kernel):
    size = len(kernel)
    out = np.zeros((len(image) - size + 1, len(image[0]) - size + 1))
    for i, j in np.ndindex(out.shape):
        out[i, j] = np.dot(image[i : i + size, j : j + size], kernel)
    return out


@wrong("02-convolution", "turned_kernel")
def _(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijkl,kl->ij", windows, np.rot90(kernel, 2))


@wrong("02-convolution", "last_place_missing")
def _(image, kernel):
    side = len(kernel)
    rows, columns = image.shape[0] - side, image.shape[1] - side
    return np.array(
        [[np.sum(image[i : i + side, j : j + side] * kernel) for j in range(columns)] for i in range(rows)]
    ).reshape(rows, columns)


@wrong("02-convolution", "cut_to_whole")
def _(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    result = np.zeros(windows.shape[:2], dtype=int)
    result[:] = np.einsum("ijkl,kl->ij", windows, kernel)
    return result


@wrong("02-convolution", "padded_to_full_size")
def _(image, kernel):
    side = len(kernel)
    x, k = torch.tensor(image)[None, None], torch.tensor(kernel)[None, None]
    return F.conv2d(x, k, padding=side - 1)[0, 0].numpy()


@wrong("02-convolution", "matrix_product")
def _(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.matmul(windows, kernel).sum(axis=(2, 3))


# 02-network


@right("02-network")
def _():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding="same"),
        nn.ReLU(),
        nn.AvgPool2d(2, stride=2),
        nn.Conv2d(6, 16, kernel_size=(5, 5)),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.AvgPool2d(5),
        nn.Flatten(),
        nn.Linear(16, 120),
        nn.ReLU(inplace=True),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


@right("02-network")
def _():
    def block(channels_in, channels_out, padding):
        return nn.Sequential(nn.Conv2d(channels_in, channels_out, 5, padding=padding), nn.ReLU(), nn.AvgPool2d(2))

    network = nn.Sequential()
    network.add_module("first", block(1, 6, 2))
    network.add_module("second", block(6, 16, 0))
    network.append(nn.AdaptiveAvgPool2d((1, 1)))
    network.append(nn.Flatten())
    for layer in (nn.Linear(16, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)):
        network.append(layer)
    return network


def layers(activation=nn.ReLU, pool=nn.AvgPool2d, padding=2, last=(), middle=()):
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=padding), activation(), pool(2), nn.Conv2d(6, 16, 5), activation(), pool(2)),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 120), activation(), *middle),
        *(nn.Linear(120, 84), activation(), nn.Linear(84, 10), *last),
    )


wrong("02-network", "without_padding_in_conv1")(lambda: layers(padding=0))
wrong("02-network", "max_pooling")(lambda: layers(pool=nn.MaxPool2d))
wrong("02-network", "tanh_instead")(lambda: layers(activation=nn.Tanh))
wrong("02-network", "softmax_at_the_end")(lambda: layers(last=[nn.Softmax(dim=-1)]))
wrong("02-network", "with_dropout")(lambda: layers(middle=[nn.Dropout(0.3)]))
wrong("02-network", "relu_at_the_end")(lambda: layers(last=[nn.ReLU()]))
wrong("02-network", None)(LeNet)
wrong("02-network", None)(lambda: nn.Sequential(LeNet()))


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
    return loss.detach()


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


# 04-confusion


@right("04-confusion")
def _(labels, predictions):
    return np.bincount(10 * labels + predictions, minlength=100).reshape(10, 10)


@right("04-confusion")
def _(labels, predictions):
    counts, _, _ = np.histogram2d(labels, predictions, bins=np.arange(11) - 0.5)
    return counts.astype(int)


@right("04-confusion")
def _(labels, predictions):
    return (np.eye(10, dtype=np.int32)[labels].T @ np.eye(10, dtype=np.int32)[predictions]).astype(np.uint16)


@wrong("04-confusion", "bincount_without_minlength")
def _(labels, predictions):
    return np.reshape(np.bincount(labels * 10 + predictions), (10, 10))


@wrong("04-confusion", "transposed")
def _(labels, predictions):
    return np.bincount(10 * predictions + labels, minlength=100).reshape(10, 10)


@wrong("04-confusion", "repeats_counted_once")
def _(labels, predictions):
    counts = np.zeros((10, 10), int)
    counts[labels, predictions] = 1
    return counts


@wrong("04-confusion", "counts_in_float")
def _(labels, predictions):
    return np.eye(10)[labels].T @ np.eye(10)[predictions]


@wrong("04-confusion", "as_large_as_needed")
def _(labels, predictions):
    side = 1 + max(*labels, *predictions)
    return np.bincount(side * labels + predictions, minlength=side * side).reshape(side, side)


@wrong("04-confusion", "fractions_with_nan")
def _(labels, predictions):
    counts = np.bincount(10 * labels + predictions, minlength=100).reshape(10, 10)
    return (counts.T / counts.sum(axis=1)).T


# 04-precision-recall


@right("04-precision-recall")
def _(matrix, digit):
    return matrix[digit, digit] / matrix[:, digit].sum(), matrix[digit, digit] / matrix[digit].sum()


@right("04-precision-recall")
def _(matrix, digit):
    hits = read_as = there = 0
    for label in range(10):
        for prediction in range(10):
            times = int(matrix[label, prediction])
            hits += times if label == prediction == digit else 0
            read_as += times if prediction == digit else 0
            there += times if label == digit else 0
    return hits / read_as if read_as else float("nan"), hits / there if there else float("nan")


@wrong("04-precision-recall", "swapped")
def _(matrix, digit):
    return matrix[digit, digit] / matrix[digit].sum(), matrix[digit, digit] / matrix[:, digit].sum()


@wrong("04-precision-recall", "percentages")
def _(matrix, digit):
    right = 100.0 * matrix[digit, digit]
    return right / matrix[:, digit].sum(), right / matrix[digit].sum()


@wrong("04-precision-recall", "zero_instead_of_nan")
def _(matrix, digit):
    right = matrix[digit, digit]
    return float(right / max(matrix[:, digit].sum(), 1)), float(right / max(matrix[digit].sum(), 1))


@wrong("04-precision-recall", "division_by_zero")
def _(matrix, digit):
    rows = matrix.tolist()
    return rows[digit][digit] / sum(row[digit] for row in rows), rows[digit][digit] / sum(rows[digit])


@wrong("04-precision-recall", "recall_twice")
def _(matrix, digit):
    return matrix[digit, digit] / matrix[digit, :].sum(), matrix[digit, digit] / matrix[digit].sum()


# 04-most-confused


@right("04-most-confused")
def _(matrix):
    wrong = matrix * (1 - np.eye(10, dtype=int))
    return np.unravel_index(wrong.argmax(), (10, 10))


@right("04-most-confused")
def _(matrix):
    best, pair = -1, None
    for label in range(10):
        for prediction in range(10):
            if label != prediction and matrix[label, prediction] > best:
                best, pair = matrix[label, prediction], (label, prediction)
    return pair


@wrong("04-most-confused", "with_diagonal")
def _(matrix):
    return divmod(int(matrix.argmax()), 10)


@wrong("04-most-confused", "turned_round")
def _(matrix):
    return divmod(int((matrix * (1 - np.eye(10))).argmax()), 10)[::-1]


@wrong("04-most-confused", "last_of_equals")
def _(matrix):
    best, pair = -1, None
    for label in range(10):
        for prediction in range(10):
            if label != prediction and matrix[label, prediction] >= best:
                best, pair = matrix[label, prediction], (label, prediction)
    return pair


@wrong("04-most-confused", "diagonal_damaged")
def _(matrix):
    for digit in range(10):
        matrix[digit, digit] = 0
    return divmod(int(matrix.argmax()), 10)


@wrong("04-most-confused", "both_directions_added")
def _(matrix):
    both = matrix + matrix.T
    np.fill_diagonal(both, 0)
    return np.unravel_index(both.argmax(), both.shape)


# 04-calibration


@right("04-calibration")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    return kept.mean(), (probabilities.argmax(axis=1) == labels)[kept].mean()


@right("04-calibration")
def _(probabilities, labels, threshold):
    kept = hits = 0
    for row, label in zip(probabilities.tolist(), labels.tolist(), strict=True):
        if max(row) >= threshold:
            kept += 1
            hits += row.index(max(row)) == label
    return kept / len(labels), hits / kept if kept else math.nan


@wrong("04-calibration", "strictly_above")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) > threshold
    return kept.mean(), (probabilities.argmax(axis=1) == labels)[kept].mean()


@wrong("04-calibration", "right_among_all")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    return kept.mean(), ((probabilities.argmax(axis=1) == labels) * kept).mean()


@wrong("04-calibration", "coverage_in_percent")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    return 100 * kept.mean(), 100 * (probabilities.argmax(axis=1) == labels)[kept].mean()


@wrong("04-calibration", "zero_when_none_is_left")
def _(probabilities, labels, threshold):
    kept = probabilities.max(axis=1) >= threshold
    return kept.mean(), (probabilities.argmax(axis=1) == labels)[kept].sum() / max(1, kept.sum())


# 05-polarity


@right("05-polarity")
def _(pixels):
    ring = np.ones(pixels.shape, bool)
    ring[1:-1, 1:-1] = False
    return (255 - pixels) if pixels[ring].mean() > 127.5 else np.array(pixels)


@right("05-polarity")
def _(pixels):
    edges = [*pixels[0].tolist(), *pixels[-1].tolist(), *pixels[1:-1, 0].tolist(), *pixels[1:-1, -1].tolist()]
    if sum(edges) / len(edges) <= 127.5:
        return pixels.copy()
    return np.array([[255 - value for value in row] for row in pixels.tolist()], dtype=np.uint8)


@right("05-polarity")
def _(pixels):
    x = torch.tensor(pixels)
    ring = torch.cat([x[0], x[-1], x[1:-1, 0], x[1:-1, -1]]).float().mean()
    return (255 - x if ring > 127.5 else x).numpy()


@wrong("05-polarity", "corners_twice")
def _(pixels):
    edges = [*pixels[0].tolist(), *pixels[-1].tolist(), *pixels[:, 0].tolist(), *pixels[:, -1].tolist()]
    return 255 - pixels if sum(edges) / len(edges) > 127.5 else pixels.copy()


@wrong("05-polarity", "always_inverted")
def _(pixels):
    return np.invert(pixels)


@wrong("05-polarity", "mean_of_the_whole")
def _(pixels):
    return ~pixels if np.mean(pixels) > 127.5 else np.array(pixels)


@wrong("05-polarity", "one_corner")
def _(pixels):
    return ~pixels if pixels[0][0] > 128 else pixels + np.uint8(0)


@wrong("05-polarity", "inverted_in_place_without_copy")
def _(pixels):
    edges = np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])
    if edges.mean() > 127.5:
        pixels[:] = 255 - pixels
    return pixels


@wrong("05-polarity", "not_copied")
def _(pixels):
    edges = np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])
    return ~pixels if edges.mean() > 127.5 else pixels


@wrong("05-polarity", "in_float")
def _(pixels):
    edges = np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])
    return (255 - pixels if edges.mean() > 127.5 else pixels).astype(float)


# 05-centre


@right("05-centre")
def _(pixels):
    from scipy import ndimage

    return ndimage.center_of_mass(pixels)


@right("05-centre")
def _(pixels):
    ink = pixels.astype(np.float32)
    rows, columns = np.indices(pixels.shape)
    return float((rows * ink).sum() / ink.sum()), float((columns * ink).sum() / ink.sum())


@right("05-centre")
def _(pixels):
    total = row = column = 0.0
    for i in range(pixels.shape[0]):
        for j in range(pixels.shape[1]):
            value = float(pixels[i, j])
            total, row, column = total + value, row + i * value, column + j * value
    return row / total, column / total


@wrong("05-centre", "multiplied_in_uint8")
def _(pixels):
    (height, width), ink = pixels.shape, pixels.sum()
    places = [(i, j) for i in range(height) for j in range(width)]
    return sum(pixels[i, j] * i for i, j in places) / ink, sum(pixels[i, j] * j for i, j in places) / ink


@wrong("05-centre", "swapped")
def _(pixels):
    from scipy import ndimage

    return ndimage.center_of_mass(pixels)[::-1]


@wrong("05-centre", "not_weighted")
def _(pixels):
    return tuple(np.argwhere(pixels).mean(axis=0))


@wrong("05-centre", "counted_from_one")
def _(pixels):
    rows = np.arange(1, pixels.shape[0] + 1) @ pixels.sum(axis=1, dtype=float)
    columns = np.arange(1, pixels.shape[1] + 1) @ pixels.sum(axis=0, dtype=float)
    return rows / pixels.sum(dtype=float), columns / pixels.sum(dtype=float)


@wrong("05-centre", "rounded_to_int")
def _(pixels):
    from scipy import ndimage

    return tuple(round(value) for value in ndimage.center_of_mass(pixels))


@wrong("05-centre", "middle_of_the_picture")
def _(pixels):
    return np.arange(pixels.shape[0]).mean(), np.arange(pixels.shape[1]).mean()


# 05-reader


@right("05-reader")
def _(path):
    with torch.no_grad():
        return load_model(inference_exercises.MODEL)(to_input(to_mnist(path))).argmax(dim=1).item()


@right("05-reader")
def _(path):
    logits = load_model(inference_exercises.MODEL)(to_input(to_mnist(str(path)))).detach().numpy()
    return np.argmax(logits)


@wrong("05-reader", "to_input_forgotten")
def _(path):
    pixels = to_mnist(path)
    return load_model(inference_exercises.MODEL)(pixels).argmax().item()


@wrong("05-reader", "inverted_again")
def _(path):
    return load_model(inference_exercises.MODEL)(to_input(~to_mnist(path))).argmax().item()


@wrong("05-reader", "least_likely")
def _(path):
    return load_model(inference_exercises.MODEL)(to_input(to_mnist(path))).argmin().item()


@wrong("05-reader", "digit_as_tensor")
def _(path):
    return load_model(inference_exercises.MODEL)(to_input(to_mnist(path))).argmax()


@wrong("05-reader", "scaled_twice")
def _(path):
    return int(load_model(inference_exercises.MODEL)(to_input((to_mnist(path) / 255).astype("float32"))).argmax())


@wrong("05-reader", None)  # the untrained network
def _(path):
    return LeNet(seed=0)(to_input(to_mnist(path))).argmax().item()


@pytest.mark.parametrize("name", NAMES)
def test_right_answers_pass_in_every_style(name):
    styles = MARK["right"][name]
    assert len(styles) >= 2
    texts = set()
    if name == "05-reader":
        runs = [(style, seed) for seed, style in enumerate(3 * styles)]
    elif name in SLOW:
        runs = [(styles[seed % len(styles)], seed) for seed in range(20)]
    else:
        runs = [(style, seed) for style in styles for seed in range(20)]
    for style, seed in runs:
        verdict = check(name, style, seed=seed)
        assert verdict, f"style {styles.index(style)}, seed {seed}: {verdict}"
        texts.add(repr(verdict))
    assert len(texts) == 1  # the same text each time, so that a notebook's output can be compared


@pytest.mark.parametrize("name", NAMES)
def test_wrong_answers_get_the_hint_written_for_them(name):
    answers = MARK["wrong"][name]
    known = {mistake.name: mistake.hint for mistake in exercise(name).mistakes}
    assert len(answers) >= 4
    for number, (mistake, function) in enumerate(answers):
        verdict = check(name, function, seed=number)
        assert not verdict
        assert verdict.hint and verdict.failed, verdict
        assert verdict.mistake == mistake, f"answer {number} of {name}: {verdict}"
        if mistake:
            assert verdict.hint.startswith(known[mistake])


def test_nearly_every_planted_mistake_has_a_hint_of_its_own():
    planted = [mistake for answers in MARK["wrong"].values() for mistake, _ in answers]
    assert len(planted) >= 80
    assert sum(mistake is not None for mistake in planted) / len(planted) >= 0.9


@pytest.mark.parametrize("name", NAMES)
def test_no_known_mistake_passes_or_looks_like_another(name):
    ours = exercise(name)
    assert len(ours.mistakes) >= 4
    assert len({mistake.name for mistake in ours.mistakes}) == len(ours.mistakes)
    with everything_put_back():
        for seed in range(1 if name in SLOW else 10):
            cases = ours.cases(np.random.default_rng(seed))
            expected = [ours.outcome(ours.oracle, case) for case in cases]
            assert judge(ours, cases, expected)
            for mistake in ours.mistakes:
                outcomes = [ours.outcome(mistake.function, case) for case in cases]
                problems = [ours.problem(*pair) for pair in zip(outcomes, expected, strict=True)]
                assert any(problems), f"{mistake.name} passes"
                if name not in SLOW and seed < 3:
                    hint = judge(ours, cases, outcomes).hint
                    assert hint == mistake.hint or "nothing (None)" in str(problems), mistake.name


# What must not fool a check


class AlwaysEqual:
    """Says yes to everything, and answers every question about itself as an array would."""

    shape, dtype, ndim, size = (28, 28), np.dtype(np.float32), 2, 784

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __getattr__(self, name):
        return self

    def __call__(self, *arguments, **options):
        return self

    def __len__(self):
        return 2

    def __iter__(self):
        return iter((self, self))

    def __array__(self, *arguments, **options):
        raise RuntimeError("asked for numbers")

    def __sub__(self, other):
        return 0.0

    __rsub__ = __abs__ = __le__ = __ge__ = __lt__ = __gt__ = __eq__


class EqualInt(int):
    __eq__ = AlwaysEqual.__eq__
    __hash__ = int.__hash__


class EqualFloat(float):
    __eq__ = AlwaysEqual.__eq__
    __hash__ = float.__hash__


class EqualArray(np.ndarray):
    def __eq__(self, other):
        return True

    def __array_ufunc__(self, *arguments, **options):
        return np.True_

    def __array_function__(self, *arguments, **options):
        return True


class EqualMeta(type):
    def __eq__(cls, other):
        return True

    def __hash__(cls):
        return hash(int)


class PretendsToBeInt(metaclass=EqualMeta):
    __class__ = int


def constants():
    shaped = np.zeros((28, 28), np.float32)
    numbers = [0, 1, 15626, 0.0, 0.5, float("nan"), True, "right", b"", {}, [], (), object(), (0, 1), (0.5, 0.5)]
    arrays = [np.zeros((10, 10), int), shaped, np.full((28, 28), np.nan), np.array(5), torch.tensor(3), torch.zeros(3)]
    odd = [AlwaysEqual(), EqualInt(3), EqualFloat(0.5), PretendsToBeInt(), (AlwaysEqual(), AlwaysEqual())]
    odd += [(EqualFloat(0.5), EqualFloat(0.5)), shaped.view(EqualArray), np.array([None]), np.ma.masked_all((28, 28))]
    return numbers + arrays + odd + [10**400, iter([1, 2]), lambda: 1, nn.Linear(1, 1), nn.Sequential(), int, range(3)]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in SLOW])
def test_no_constant_and_no_object_passes(name):
    for value in constants():
        verdict = check(name, lambda *arguments, value=value: value)
        assert verdict.right is False, f"{type(value)} passes"
        assert verdict.failed


@pytest.mark.parametrize("value", [0, 0.5, AlwaysEqual(), EqualFloat(1.0), torch.tensor(1.0), nn.Sequential()])
def test_no_constant_passes_as_step_or_network(value):
    assert not check("03-step", lambda *arguments: value)
    assert not check("02-network", lambda: value)


def test_no_constant_passes_as_05_reader_either(model_file):
    assert not check("05-reader", lambda path: 5)
    assert not check("05-reader", lambda path: AlwaysEqual())


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("01-normalise", lambda pixels: np.zeros(pixels.shape, np.float32)),
        ("01-split", lambda labels, count: np.ones(len(labels), bool)),
        ("01-mean-digit", lambda pixels, labels, digit: np.full((28, 28), 128.0)),
        ("02-convolution", lambda image, kernel: np.zeros(np.subtract(image.shape, len(kernel) - 1))),
        ("04-confusion", lambda labels, predictions: np.zeros((10, 10), int)),
        ("05-polarity", lambda pixels: np.zeros_like(pixels)),
        ("01-normalise", lambda pixels: np.full(pixels.shape, np.nan, np.float32)),
        ("04-precision-recall", lambda matrix, digit: (math.nan, math.nan)),
        ("05-centre", lambda pixels: (math.nan, math.nan)),
        ("05-centre", lambda pixels: (math.inf, math.inf)),
    ],
)
def test_the_right_shape_alone_does_not_pass(name, answer):
    verdict = check(name, answer)
    assert not verdict
    assert verdict.failed in ("the values", "the value of precision", "the value of row"), verdict


@pytest.mark.parametrize(
    ("name", "convert", "got"),
    [
        ("01-normalise", lambda right: right.tolist(), "list"),
        ("01-normalise", torch.from_numpy, "Tensor"),
        ("01-normalise", lambda right: right.astype(np.float64), "float64"),
        ("01-normalise", lambda right: right.astype(object), "object"),
        ("01-normalise", lambda right: right.view(EqualArray), "EqualArray"),
        ("01-normalise", lambda right: np.ma.masked_array(right), "MaskedArray"),
        ("01-normalise", lambda right: right[..., None], "(2, 28, 28, 1)"),
        ("02-output-size", float, "float"),
        ("02-output-size", str, "str"),
        ("02-output-size", lambda right: np.array(right), "int64 array of shape ()"),
        ("02-output-size", EqualInt, "EqualInt"),
        ("04-confusion", lambda right: right.astype(float), "float64"),
        ("04-precision-recall", list, "list"),
        ("04-precision-recall", np.array, "array"),
        ("04-precision-recall", lambda right: (*right, 1.0), "tuple"),
        ("04-precision-recall", lambda right: tuple(map(EqualFloat, right)), "EqualFloat"),
        ("04-precision-recall", lambda right: tuple(map(str, right)), "str"),
        ("04-most-confused", lambda right: tuple(map(float, right)), "float"),
        ("04-most-confused", lambda right: tuple(map(bool, right)), "bool"),
        ("05-polarity", lambda right: right.astype(np.int64), "int64"),
    ],
)
def test_the_right_values_in_a_wrong_type_do_not_pass(name, convert, got):
    oracle = exercise(name).oracle
    verdict = check(name, lambda *arguments: convert(oracle(*arguments)), seed=0)
    assert not verdict
    assert got in verdict.got, verdict


def test_numpy_numbers_are_numbers():
    assert check("02-output-size", lambda *four: np.int64(exercise("02-output-size").oracle(*four)))
    assert check("05-centre", lambda pixels: tuple(map(np.float64, exercise("05-centre").oracle(pixels))))


def test_counts_must_be_exact_however_large():
    right = exercise("02-parameters").oracle
    assert not check("02-parameters", lambda i, o, k: right(i, o, k) + (right(i, o, k) > 900))


@pytest.mark.parametrize("name", ["01-split", "02-convolution", "04-confusion", "03-early-stopping"])
def test_damage_to_an_input_is_found_and_named(name):
    oracle = exercise(name).oracle

    def damaging(first, second):
        result = oracle(first, second)
        first[0] += 1
        return result

    verdict = check(name, damaging)
    assert not verdict
    assert verdict.failed == "the input is damaged"
    assert exercise(name).parameters[0] in verdict.got
    assert "copy" in verdict.hint


def test_damage_by_reshaping_is_found():
    def reshaping(pixels):
        result = exercise("01-normalise").oracle(pixels)
        pixels.shape = (-1,)
        return result

    assert check("01-normalise", reshaping).failed == "the input is damaged"


def test_a_result_kept_and_changed_later_is_read_at_once():
    kept = np.zeros((10, 10), int)

    def reusing(labels, predictions):
        kept[:] = exercise("04-confusion").oracle(labels, predictions)
        return kept

    assert check("04-confusion", reusing)


# Answers in words


def test_the_text_names_property_input_expected_got_and_hint():
    verdict = check("02-output-size", lambda size, kernel_size, stride, padding: size)
    lines = verdict.text.splitlines()
    assert isinstance(verdict, Verdict) and str(verdict) == repr(verdict)
    assert max(map(len, repr(verdict).splitlines())) <= 88  # pages break longer lines inside words
    assert repr(verdict).split() == verdict.text.split()
    table = repr(check("04-calibration", lambda *three: (0.0, 0.0)))  # its rows are broken as well
    assert all(line.startswith("  ") for line in table.splitlines()[1:])
    assert lines[0] == "02-output-size: not right yet."
    labels = [line.split(":")[0].strip() for line in lines[1:]]
    assert labels == ["failed", "input", "expected", "got", "hint"]
    assert "size = 28, kernel_size = 5, stride = 1, padding = 2" not in lines[2]  # that one happens to be right
    assert "size = 28, kernel_size = 2, stride = 2, padding = 0" in lines[2]
    assert lines[3].split() == ["expected:", "14"] and lines[4].split() == ["got:", "28"]


def test_a_constant_is_called_one():
    assert "same for every input" in check("02-output-size", lambda *four: 12).hint


def test_exceptions_are_reported_with_type_message_and_line():
    def failing(pixels):
        nothing = {}
        return nothing["ink"]

    verdict = check("01-normalise", failing)
    assert verdict.failed == "it raises an error"
    line = failing.__code__.co_firstlineno + 2
    assert f"KeyError: 'ink', raised in line {line} of your cell: return nothing[\"ink\"]" == verdict.got


def test_every_kind_of_exception_is_reported():
    class Unprintable(Exception):
        def __str__(self):
            raise ValueError

    def raising(error):
        def function(pixels):
            raise error

        return function

    def endless_recursion(pixels):
        return endless_recursion(pixels)

    for error in (Unprintable(), SystemExit(0), GeneratorExit(), KeyboardInterrupt(), StopIteration()):
        assert type(error).__name__ in check("01-normalise", raising(error)).got
    assert "RecursionError" in check("01-normalise", endless_recursion).got
    verdict = check("01-normalise", lambda: None)
    assert "TypeError" in verdict.got and "normalise(pixels)" in verdict.hint


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_written_yet_is_called_so(name, model_file):
    def not_implemented(*arguments):
        raise NotImplementedError()

    for candidate in (None, ..., not_implemented, lambda *arguments: None, lambda *arguments: ...):
        verdict = check(name, candidate)
        assert not verdict
        assert "not written yet" in repr(verdict)
    function = exercise(name).signature.partition("(")[0]
    assert f'check("{name}", {function}), not {function}(...)' in check(name, None).hint
    assert "the place of that line" in check(name, not_implemented).hint
    assert "return hands it over" in check(name, lambda *arguments: None).hint


def test_what_torch_has_not_implemented_is_an_error_like_others():
    def swapped(model, inputs, labels, optimiser):
        return F.cross_entropy(labels, model(inputs))

    verdict = check("03-step", swapped)
    assert verdict.failed == "it raises an error" and "NotImplementedError: " in verdict.got
    assert "logits come first" in verdict.hint


def test_an_error_of_the_same_type_is_not_taken_for_a_known_mistake():
    def another(model, inputs, labels, optimiser):
        raise RuntimeError("of quite another kind")

    verdict = check("03-step", another)
    assert verdict.mistake is None and verdict.hint == hint("03-step")


def test_frequent_errors_get_advice_of_their_own():
    def misspelt(pixels):
        return (pixels / 255).astype(float32)  # noqa: F821

    def asked_as_a_whole(pixels, labels, digit):
        return [image for image in pixels if labels == digit]

    def too_early(labels, count):
        mask = mask_so_far  # noqa: F821, F841
        mask_so_far = None  # noqa: F841

    assert "np. or torch. in front" in check("01-normalise", misspelt).hint
    assert "values[mask]" in check("01-mean-digit", asked_as_a_whole).hint
    assert "before it has a value" in check("01-split", too_early).hint


def test_a_branch_without_return_is_told_apart_from_an_empty_body():
    def halfway(pixels):
        if pixels[0, 0] > 127:
            return 255 - pixels

    verdict = check("05-polarity", halfway)
    assert verdict.got == "nothing (None)" and "every way through" in verdict.hint


@pytest.mark.parametrize("candidate", [3, "normalise", np.zeros((2, 28, 28), np.float32)])
def test_what_is_no_function_is_called_so(candidate):
    verdict = check("01-normalise", candidate)
    assert verdict.failed == "it is not a function" and "without calling it" in verdict.hint


def test_unusual_callables_are_fine():
    class Answer:
        def __call__(self, *four):
            return exercise("02-output-size").oracle(*four)

    assert check("02-output-size", Answer())
    assert check("02-output-size", functools.partial(exercise("02-output-size").oracle))
    assert "not right" in repr(check("01-normalise", np.zeros_like))


@pytest.mark.parametrize("call", [lambda name: check(name, abs), hint])
def test_an_unknown_exercise_lists_the_known_ones(call):
    with pytest.raises(ValueError, match=r"no exercise '01-normalize'.*01-normalise.*05-reader"):
        call("01-normalize")


def test_what_the_course_lacks_is_not_called_a_mistake(tmp_path, monkeypatch):
    monkeypatch.setattr(inference_exercises, "MODEL", tmp_path / "model.pth")
    verdict = check("05-reader", lambda path: 5)
    assert not verdict
    assert "model.pth does not exist" in verdict.got and "no mistake of yours" in verdict.hint


def test_what_the_course_imports_does_not_count_as_the_answers_time(monkeypatch):
    order, ours = [], exercise("02-output-size")
    monkeypatch.setattr(ours, "oracle", lambda *four: order.append("oracle") or 1)
    check("02-output-size", lambda *four: order.append("answer") or 1)
    cases = order.count("answer")
    assert order == ["oracle"] + ["answer"] * cases + ["oracle"] * cases


# Endless loops


def test_an_endless_loop_is_stopped():
    before = set(threading.enumerate())

    def endless(pixels):
        try:
            while True:
                pass
        except Exception:  # must not be able to catch what stops it
            return pixels

    started = time.monotonic()
    verdict = check("01-normalise", endless, time_limit=0.3)
    assert time.monotonic() - started < 3
    assert verdict.failed == "it does not end" and "0.3 seconds" in verdict.expected
    time.sleep(0.2)
    assert set(threading.enumerate()) <= before  # it is gone, not only left behind


def test_an_endless_loop_that_comes_late_names_its_input():
    calls = []

    def endless(size, kernel_size, stride, padding):
        calls.append(size)
        while len(calls) > 1:
            time.sleep(0.001)
        return exercise("02-output-size").oracle(size, kernel_size, stride, padding)

    verdict = check("02-output-size", endless, time_limit=0.3)
    assert "kernel_size = 2, stride = 2" in repr(verdict)


def test_a_call_that_cannot_be_stopped_is_left_alone():
    wait = threading.Event()

    def waiting(pixels):
        wait.wait(20)  # outside Python, where no exception arrives

    started = time.monotonic()
    verdict = check("01-normalise", waiting, time_limit=0.2)
    wait.set()
    assert time.monotonic() - started < 8
    assert verdict.failed == "it does not end" and "restart the kernel" in verdict.got


def test_an_endless_step_leaves_torch_as_it_was():
    def endless(model, inputs, labels, optimiser):
        torch.set_grad_enabled(False)
        model.eval()
        while True:
            model(inputs)

    verdict = check("03-step", endless, time_limit=0.3)
    assert verdict.failed == "it does not end"
    assert torch.is_grad_enabled()


def test_an_interrupt_passes_through_and_stops_the_answer():
    before = set(threading.enumerate())

    def endless(*four):
        while True:
            time.sleep(0.001)

    check("02-output-size", lambda *four: 1)  # so that nothing has to be imported when the interrupt comes
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        threading.Timer(0.3, _thread.interrupt_main).start()
        check("02-output-size", endless)
    assert time.monotonic() - started < 5
    deadline = time.monotonic() + 5
    while (left := set(threading.enumerate()) - before) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left, "the endless answer goes on"


# What must stay as it was


def test_random_states_and_settings_stay_as_they_were(capfd):
    def careless(pixels):
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002
        torch.manual_seed(0)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        warnings.warn("careless", stacklevel=1)
        np.zeros(1) / np.zeros(1)
        return exercise("01-normalise").oracle(pixels)

    def state():
        numpy_state = np.random.get_state()  # noqa: NPY002
        return random.getstate(), numpy_state[1].tolist(), numpy_state[2], torch.get_rng_state().tolist()

    before, filters = state(), list(warnings.filters)
    with torch.no_grad():
        assert check("01-normalise", careless)
        assert not torch.is_grad_enabled()
    for name in ("02-network", "03-step"):
        check(name, MARK["right"][name][0])
        check(name, MARK["wrong"][name][0][1])
    assert state() == before and warnings.filters == filters
    assert torch.get_default_dtype() is torch.float32 and torch.is_grad_enabled()
    assert capfd.readouterr() == ("", "")


def test_inputs_are_new_each_time_unless_seeded():
    seen = []

    def recording(pixels):
        seen.append(pixels.tobytes())
        return None

    for seed in (None, None, 5, 5):
        check("01-normalise", recording, seed=seed)
    first, second, third, fourth = (seen[i : i + 3] for i in range(0, 12, 3))
    assert first != second and third == fourth


def test_importing_the_exercises_is_cheap():
    code = "import sys, lenet_helpers.exercises; print('torch' in sys.modules, 'scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=COURSE, timeout=60)
    assert done.stdout.split() == ["False", "False"], done.stderr


# Hints in stages


@pytest.mark.parametrize("name", NAMES)
def test_the_first_two_stages_are_short_and_differ(name):
    first, second = hint(name), hint(name, 2)
    assert first == hint(name, stage=1) and first != second
    assert 20 < len(first) < 250 and 20 < len(second) < 300


@pytest.mark.parametrize("name", NAMES)
def test_the_third_stage_is_what_the_solved_notebook_holds(name):
    solution = hint(name, 3)
    (path,) = (COURSE / "notebooks").glob(f"{name[:2]}_*.ipynb")
    sources = ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    (cell,) = (source for source in sources if f"def {exercise(name).signature}" in source)
    assert "return " in solution and textwrap.indent(solution, "    ") in cell
    assert "### " not in solution and solution not in (hint(name, 1), hint(name, 2))


@pytest.mark.parametrize("stage", [0, 4, "1", None])
def test_other_stages_are_refused(stage):
    with pytest.raises(ValueError, match="1 is a hint, 2 a worked step, 3 the full solution"):
        hint("01-normalise", stage)


def write_notebook(folder, source, grade_id="01-normalise-solution"):
    cell = {"cell_type": "code", "source": source, "metadata": {"nbgrader": {"grade_id": grade_id}}}
    (folder / "notebooks").mkdir(exist_ok=True)
    text = json.dumps({"cells": [{"cell_type": "markdown", "source": [], "metadata": {}}, cell]})
    (folder / "notebooks" / "01_data.ipynb").write_text(text, encoding="utf-8")


def test_the_solution_comes_from_the_solved_notebook(tmp_path, monkeypatch):
    monkeypatch.setattr(hints, "COURSE", tmp_path)
    lines = ["def f(x):\n", "    ### BEGIN SOLUTION\n", "    y = 2 * x\n", "    return y\n", "    ### END SOLUTION\n"]
    write_notebook(tmp_path, lines)
    assert hint("01-normalise", 3) == "y = 2 * x\nreturn y"


def test_a_students_copy_refers_to_the_instructor(tmp_path, monkeypatch):
    monkeypatch.setattr(hints, "COURSE", tmp_path)
    assert "instructor" in hint("01-normalise", 3)
    write_notebook(tmp_path, "def f(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()")
    assert "instructor" in hint("01-normalise", 3)
    (tmp_path / "notebooks" / "01_data.ipynb").write_text("{broken", encoding="utf-8")
    assert "instructor" in hint("01-normalise", 3)
