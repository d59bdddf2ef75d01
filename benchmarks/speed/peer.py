"""A second peer: the network and the recipe of PyTorch's own MNIST example.

Two convolutions of 3×3 with 32 and 64 channels, dropout, 1,199,882 parameters; Adadelta at
1.0, times 0.7 after each epoch, batches of 64, 14 epochs. Written anew here for the
comparison, on the same images as the others (the example itself trains on all 60,000).
"""

import time
from itertools import zip_longest

from benchmarks.report import duration, percent, ratio, table
from benchmarks.timing import median, say

EPOCHS = 14


def measure(settings):
    from lenet_helpers import FAST, LeNet, count_parameters

    mnist = settings.mnist()
    network = example_network()
    ours = LeNet(seed=FAST.seed)
    runs = {"example": [], "fast": []}
    epochs = settings.size(settings.peer_epochs, 1)
    pairs = zip_longest(train_example(network, mnist, epochs), train_fast(ours, mnist, settings))  # by turns
    for pair in pairs:
        for (name, rows), row in zip(runs.items(), pair, strict=True):
            if row:
                say(f"  {name}: {row['seconds']:.1f} s, test accuracy {row['accuracy']:.2%}")
                rows.append(row)
    return {
        "data": mnist.source,
        "epochs": epochs,
        "parameters": {"example": count_parameters(network), "fast": count_parameters(ours)},
        "runs": runs,
    }


def example_network():
    """Return the example's network; it gives log-probabilities."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
        nn.LogSoftmax(dim=1),
    )


def train_example(network, mnist, epochs):
    """Train as the example does; yield the seconds and the test accuracy of each epoch."""
    import torch
    import torch.nn.functional as F
    from torch.utils.data import DataLoader
    from torchvision import transforms

    from lenet_helpers import MNISTDataset

    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    train = DataLoader(MNISTDataset(mnist.train.pixels, mnist.train.labels, transform), batch_size=64, shuffle=True)
    test = DataLoader(MNISTDataset(mnist.test.pixels, mnist.test.labels, transform), batch_size=1000)
    optimiser = torch.optim.Adadelta(network.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, step_size=1, gamma=0.7)
    for _ in range(epochs):
        started = time.perf_counter()
        network.train()
        for images, labels in train:
            optimiser.zero_grad()
            F.nll_loss(network(images), labels).backward()
            optimiser.step()
        schedule.step()
        seconds = time.perf_counter() - started
        network.eval()
        with torch.no_grad():
            correct = sum((network(images).argmax(dim=1) == labels).sum().item() for images, labels in test)
        yield {"seconds": seconds, "accuracy": correct / len(mnist.test)}


def train_fast(model, mnist, settings):
    """Train with the fast recipe; yield the same."""
    from dataclasses import replace

    from lenet_helpers import FAST, evaluate, fit

    recipe = replace(FAST, epochs=settings.size(FAST.epochs, 1))
    for record in fit(model, mnist.train, mnist.validation, recipe, device="cpu"):
        yield {"seconds": record.seconds, "accuracy": evaluate(model, mnist.test).accuracy}


def show(result):
    seconds = {name: median([row["seconds"] for row in rows]) for name, rows in result["runs"].items()}
    names = {"example": "PyTorch's example", "fast": "LeNet, fast recipe"}
    rows = []
    for name, run in result["runs"].items():
        rows.append(
            [
                names[name],
                f"{result['parameters'][name]:,}",
                duration(seconds[name]),
                ratio(seconds[name] / seconds["fast"]),
                percent(run[-1]["accuracy"]),
                f"{len(run)} in {duration(sum(row['seconds'] for row in run))}",
            ]
        )
    header = ["network", "parameters", "an epoch", "against ours", "test accuracy", "after epochs"]
    return f"""
{table(header, rows)}

Its {EPOCHS} epochs would take {duration(EPOCHS * seconds["example"])} here. Same images for both ({result["data"]});
epochs by turns in one process, each with its own choice of threads.
"""
