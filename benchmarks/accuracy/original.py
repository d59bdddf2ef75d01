"""The course's original way, written out: what the others are compared with.

Every image becomes a PIL image and goes through torchvision's transforms each time it is
asked for; a DataLoader makes batches of 64 of them; Adam at 0.001 trains for 30 epochs.
"""

import time

import numpy as np
from PIL import Image

from benchmarks.settings import load_quietly
from benchmarks.timing import say

EPOCHS = 30


def make(split, seed=0):
    """Return network, batches and optimiser as the original sets them up."""
    import torch
    from torch.utils.data import DataLoader

    from lenet_helpers import LeNet, MNISTDataset, original_transform

    model = LeNet(seed=seed)
    dataset = MNISTDataset(split.pixels, split.labels, original_transform())
    order = torch.Generator().manual_seed(seed)
    batches = DataLoader(dataset, batch_size=64, shuffle=True, generator=order)
    return model, batches, torch.optim.Adam(model.parameters(), lr=0.001)


def run_epoch(model, batches, optimiser):
    """Train for one epoch; return its seconds."""
    from torch import nn

    started, criterion, running_loss = time.perf_counter(), nn.CrossEntropyLoss(), 0.0
    model.train()
    for images, labels in batches:
        optimiser.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimiser.step()
        running_loss += loss.item()
    return time.perf_counter() - started


def train(epochs, seed, data=None):
    """Train as the original does; return the seconds of training so far, and the test accuracy, after each epoch."""
    from lenet_helpers import evaluate

    mnist = load_quietly(data)
    model, batches, optimiser = make(mnist.train, seed)
    seconds, history = 0.0, []
    for epoch in range(1, epochs + 1):
        seconds += run_epoch(model, batches, optimiser)
        accuracy = evaluate(model, mnist.test).accuracy
        say(f"  original, epoch {epoch} of {epochs}: {seconds:.1f} s, test accuracy {accuracy:.2%}")
        history.append({"epoch": epoch, "seconds": seconds, "accuracy": accuracy})
    return history


def to_pixels(picture):
    """Prepare a picture as the original does: grayscale, and squeezed into 28×28.

    This is `lenet_helpers.original_transform` up to its Resize, and without torchvision;
    ToTensor and Normalize are what `to_input` does.
    """
    return np.asarray(picture.convert("L").resize((28, 28), Image.Resampling.BILINEAR))
