"""What the sections are, and what a run of them is told."""

import importlib
import os
from dataclasses import dataclass
from pathlib import Path

from lenet_helpers.system.paths import COURSE

ROOMS = {
    "speed": {
        "race": "Seconds to 98.34 %: the original way against `lenet train --recipe fast`",
        "epoch": "Seconds an epoch at batch 64, and the arithmetic limit",
        "peer": "PyTorch's own MNIST example",
        "inference": "Reading pictures, and starting up",
        "growth": "How it grows: threads, images, memory",
        "busy": "Beside other busy processes",
        "demos": "Live demos: from a stroke to the answer",
        "grading": "Grading a class",
        "course": "The whole course",
    },
    "accuracy": {
        "accuracy": "Accuracy of `model.pth`",
        "ideas": "What each idea brings to accuracy",
        "pictures": "Pictures that are not MNIST",
        "drawn": "Pages drawn with pens",
    },
}
"""Room to the names of its sections, each with its title in RESULTS.md, in its order."""

SECTIONS = {name: title for room in ROOMS.values() for name, title in room.items()}


def module_of(section):
    """Return the module of a section."""
    room = next(room for room, sections in ROOMS.items() if section in sections)
    return importlib.import_module(f"benchmarks.{room}.{section}")


@dataclass(frozen=True)
class Settings:
    """What a run of the benchmarks is told; see ``python -m benchmarks --help``.

    Attributes
    ----------
    quick : bool
        Tiny sizes on the bundled sample: shows that everything runs, and nothing else.
    model : Path
        The model file to read with.
    more_models : tuple of Path
        Further files of weights, such as other seeds of the best recipe.
    original_runs, peer_epochs, idea_epochs, digits : int
    seeds : tuple of int
        Of the runs of the fast recipe, and of the ideas.
    arrays, images : Path or None
    reference, tests : bool
    workers : int
        Processes that prepare pictures, where nothing is timed; 0 for none but this one.
    """

    quick: bool = False
    model: Path = COURSE / "model.pth"
    more_models: tuple = ()
    original_runs: int = 1
    seeds: tuple = (0, 1, 2)
    peer_epochs: int = 1
    idea_epochs: int = 30
    digits: int = 1000
    arrays: Path | None = None
    images: Path | None = None
    reference: bool = False
    tests: bool = False
    workers: int = os.cpu_count() or 1

    def size(self, full, quick):
        """Return `full`, or `quick` in a quick run."""
        return quick if self.quick else full

    @property
    def data(self):
        """What `load_mnist` and ``--data`` take; None where they are to look for themselves."""
        return "sample" if self.quick else None

    def mnist(self):
        """Return the three splits."""
        return load_quietly(self.data)


def load_quietly(data):
    """Return MNIST; the sample that a quick run asks for needs no notice."""
    from lenet_helpers.data import load_mnist, local_mnist

    return local_mnist(data) if data == "sample" else load_mnist(data)
