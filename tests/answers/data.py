"""Planted answers to the exercises of notebook 01."""

import numpy as np
import torch

from answers.planting import right, wrong
from lenet_helpers import to_input

# 01-normalise


@right("01-normalise")
def _(pixels):
    return np.float32(2) * pixels.astype(np.float32) / np.float32(255) - np.float32(1)


@right("01-normalise")
def _(pixels):
    return torch.from_numpy(pixels).float().div(127.5).sub(1).numpy()


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
