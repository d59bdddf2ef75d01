"""A training of a few steps on a few images, with all that a training can have, and what makes states comparable."""

import hashlib
from dataclasses import replace
from functools import cache


def small_run(epochs=2):
    """A `TrainingRun` on 88 images and 8 drawn ones: batch normalisation, one-cycle schedule, average, augmentation."""
    from lenet_helpers import BEST, LeNet, TrainingRun

    part = _few_images()
    recipe = replace(BEST, name="small", epochs=epochs, batch_size=8, averaging=0.9, forms=8 / len(part))
    return TrainingRun(LeNet(seed=0), part, part, recipe, device="cpu", threads=1)


@cache
def _few_images():
    from benchmarks.settings import load_quietly
    from lenet_helpers import Split

    train = load_quietly("sample").train
    return Split("train", train.pixels[::40], train.labels[::40])


def bits(state):
    """A checksum over everything in nested dicts, lists and tensors, save for seconds that were measured."""
    import torch

    digest = hashlib.sha256()

    def add(value):
        if isinstance(value, dict):
            for key, item in value.items():
                if key != "seconds":
                    digest.update(repr(key).encode())
                    add(item)
        elif isinstance(value, list | tuple):
            for item in value:
                add(item)
        elif torch.is_tensor(value):
            digest.update(f"{value.dtype} {tuple(value.shape)}".encode())
            digest.update(value.detach().cpu().contiguous().numpy().tobytes())
        else:
            digest.update(repr(value).encode())

    add(state)
    return digest.hexdigest()
