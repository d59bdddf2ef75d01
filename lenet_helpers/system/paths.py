"""Where the course lies on disk, so that notebooks run from any working directory."""

import os
from pathlib import Path

#: The package itself.
PACKAGE = Path(__file__).resolve().parents[1]

#: Files that travel inside the package: the sample, and the same model.pth and test.png as in the course folder.
ASSETS = PACKAGE / "assets"

#: Whether pip has installed the package by itself, without a course folder around it.
INSTALLED = PACKAGE.parent.name in ("site-packages", "dist-packages") or not (PACKAGE.parent / "notebooks").is_dir()

#: The course folder: the one that holds ``lenet_helpers/``, ``notebooks/``, ``model.pth`` and ``test.png``.
#: Where there is none, the package's own files are all that there is of the course.
COURSE = ASSETS if INSTALLED else PACKAGE.parent

#: The weights that the course comes with, and the picture of a digit.
MODEL, PICTURE = COURSE / "model.pth", COURSE / "test.png"


def data_folder():
    """Return where MNIST belongs: $LENET_DATA, else ``data/`` in the course folder, else the user's cache folder."""
    if chosen := os.environ.get("LENET_DATA"):
        return Path(chosen)
    if not INSTALLED:
        return COURSE / "data"
    from platformdirs import user_cache_path

    return user_cache_path("lenet-mnist", appauthor=False)
