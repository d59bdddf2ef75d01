"""What can be run, and what a run is told."""

import argparse
import importlib
import os
from dataclasses import dataclass
from pathlib import Path

from lenet_helpers.system.paths import COURSE

ROOMS = {
    "speed": {
        "race": "Seconds to 98.34 %: the original way against `lenet train --recipe fast`",
        "epoch": "Seconds an epoch at batch 64, and the arithmetic limit",
        "card": "On a graphics card",
        "inference": "Reading pictures, and starting up",
        "growth": "How it grows: threads, images, memory",
        "demos": "Live demos: from a stroke to the answer",
        "classroom": "A class that writes: `lenet class`",
        "grading": "Grading a class",
    },
    "accuracy": {
        "accuracy": "Accuracy of `model.pth`",
        "pictures": "Pictures that are not MNIST",
        "nodigits": "Pictures without a digit, warnings, and drawn hands",
        "drawn": "Pages drawn with pens",
        "numbers": "Numbers: several digits in one picture",
        "others": "Other readers on the same pictures",
    },
    "reliability": {
        "crowd": "Thirty programs that start at once on an empty data folder",
        "damaged_pictures": "Damaged and hostile picture files",
        "fuzzing": "Pictures that a fuzzer finds",
        "damaged_models": "Damaged and hostile model files",
        "saving": "Trainings that are killed",
        "disks": "Disks that are full or read-only",
        "stopping": "Ctrl-C, and Kernel → Interrupt",
        "offline": "Without a network",
        "strangers": "Strangers at the door of `lenet class`",
        "memory": "Memory of a process that works for long",
        "matrix": "Pythons and versions of torch",
    },
}
"""Room to the names of its modules, each with its title, in the order of the report."""

SECTIONS = ROOMS["speed"] | ROOMS["accuracy"]
CAMPAIGNS = ROOMS["reliability"]
TITLES = SECTIONS | CAMPAIGNS

ON_REQUEST = {"matrix", "others", "card"}
"""What runs only when it is named: two install several GB, the last needs a graphics card."""


def module_of(name):
    """Return the module of a section or a campaign."""
    room = next(room for room, names in ROOMS.items() if name in names)
    return importlib.import_module(f"benchmarks.{room}.{name}")


def _seeds(text):
    return tuple(map(int, text.split(",")))


def _path(text):
    path = Path(text).expanduser()
    if not path.exists():
        raise argparse.ArgumentTypeError(f"there is no {text}")
    return path


def _paths(text):
    return tuple(map(_path, text.split(",")))


OPTIONS = {
    "quick": {"action": "store_true", "help": "tiny sizes, reported in build/bench/quick/"},
    "seed": {"metavar": "N", "type": int, "help": "campaigns: of what is random (default: 0)"},
    "model": {"metavar": "FILE", "type": _path, "help": "model file (default: the course's model.pth)"},
    "more_models": {
        "metavar": "FILE,FILE,...",
        "type": _paths,
        "help": "accuracy: also evaluate these, and the mean of all",
    },
    "reference": {"action": "store_true", "help": "accuracy: also train the reference recipe"},
    "seeds": {"metavar": "N,N,...", "type": _seeds, "help": "race: default 0,1,2"},
    "original_runs": {"metavar": "N", "type": int, "help": "race: runs of the original way, about 6 minutes each"},
    "digits": {"metavar": "N", "type": int, "help": "pages of each kind that are drawn (default: 1000)"},
    "arrays": {"metavar": "DIR", "type": _path, "help": "pictures: also read the .npz files in DIR"},
    "images": {"metavar": "FOLDER", "type": _path, "help": "all that read pictures: also FOLDER, with labels.csv"},
    "nodigits": {"metavar": "FOLDER", "type": _path, "help": "nodigits, numbers: also warn of FOLDER, with labels.csv"},
    "numbers": {"metavar": "FOLDER", "type": _path, "help": "numbers, others: also read FOLDER, with labels.csv"},
    "workers": {"metavar": "N", "type": int, "help": "pictures, drawn: processes to prepare with (0: none but this)"},
}
"""Field of `Settings` to how ``python -m benchmarks`` takes it."""


@dataclass(frozen=True)
class Settings:
    """What a run is told. `OPTIONS` explains each field."""

    quick: bool = False
    seed: int = 0
    model: Path = COURSE / "model.pth"
    more_models: tuple = ()
    reference: bool = False
    seeds: tuple = (0, 1, 2)
    original_runs: int = 1
    digits: int = 1000
    arrays: Path | None = None
    images: Path | None = None
    nodigits: Path | None = None
    numbers: Path | None = None
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
