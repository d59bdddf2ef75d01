"""Planted answers to the exercises of notebook 05."""

import numpy as np
import torch

from answers.planting import right, wrong
from lenet_helpers import LeNet, load_model, to_input, to_mnist
from lenet_helpers.exercises.asked import inference as asked

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
    places = np.indices(pixels.shape).reshape(2, -1)
    return tuple(np.average(places, axis=1, weights=pixels.ravel()))


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
        return load_model(asked.MODEL)(to_input(to_mnist(path))).argmax(dim=1).item()


@right("05-reader")
def _(path):
    logits = load_model(asked.MODEL)(to_input(to_mnist(str(path)))).detach().numpy()
    return np.argmax(logits)


@wrong("05-reader", "to_input_forgotten")
def _(path):
    pixels = to_mnist(path)
    return load_model(asked.MODEL)(pixels).argmax().item()


@wrong("05-reader", "inverted_again")
def _(path):
    return load_model(asked.MODEL)(to_input(~to_mnist(path))).argmax().item()


@wrong("05-reader", "least_likely")
def _(path):
    return load_model(asked.MODEL)(to_input(to_mnist(path))).argmin().item()


@wrong("05-reader", "digit_as_tensor")
def _(path):
    return load_model(asked.MODEL)(to_input(to_mnist(path))).argmax()


@wrong("05-reader", "scaled_twice")
def _(path):
    return int(load_model(asked.MODEL)(to_input((to_mnist(path) / 255).astype("float32"))).argmax())


@wrong("05-reader", None)  # the untrained network
def _(path):
    return LeNet(seed=0)(to_input(to_mnist(path))).argmax().item()


# 05-path


@right("05-path")
def _(scores):
    total = np.full(len(scores), -np.inf)
    total[0] = 0
    for cut in range(1, len(scores)):
        total[cut] = (total[:cut] + scores[:cut, cut]).max()
    return total[-1]


@right("05-path")
def _(scores):
    from functools import cache

    @cache
    def best(cut):
        return max((best(before) + scores[before, cut] for before in range(cut)), default=0.0)

    return float(best(len(scores) - 1))


@right("05-path")
def _(scores):
    best = {0: 0.0}
    for start in range(len(scores) - 1):  # forwards, from each cut to those after it
        for end in range(start + 1, len(scores)):
            best[end] = max(best.get(end, -np.inf), best[start] + scores[start][end])
    return best[len(scores) - 1]


@wrong("05-path", "greedy")
def _(scores):
    here, total = 0, 0.0
    while here != len(scores) - 1:
        there = max(range(here + 1, len(scores)), key=lambda cut: scores[here, cut])
        total += scores[here, there]
        here = there
    return total


@wrong("05-path", "never_joined")
def _(scores):
    return float(sum(scores[cut, cut + 1] for cut in range(len(scores) - 1)))


@wrong("05-path", "starts_anywhere")
def _(scores):
    total = np.zeros(len(scores))
    for cut in range(1, len(scores)):
        for before in range(cut):
            total[cut] = max(total[cut], total[before] + scores[before, cut])
    return total[-1]


@wrong("05-path", "one_cut_short")
def _(scores):
    total = [0.0]
    for cut in range(1, len(scores) - 1):
        total.append(max(total[before] + scores[before, cut] for before in range(cut)))
    return float(total[-1])


@wrong("05-path", "joins_of_two")
def _(scores):
    total = [0.0, float(scores[0, 1])]
    for cut in range(2, len(scores)):
        total.append(float(max(total[-1] + scores[cut - 1, cut], total[-2] + scores[cut - 2, cut])))
    return total[-1]


@wrong("05-path", "best_arc")
def _(scores):
    return float(np.max(scores))


@wrong("05-path", "the_path")
def _(scores):
    from lenet_helpers import best_path

    return best_path(scores)


@wrong("05-path", None)  # an int
def _(scores):
    return round(float(scores[0, 1]))
