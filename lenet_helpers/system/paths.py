"""Where the course lies on disk, so that notebooks run from any working directory."""

from pathlib import Path

#: The course folder: the one that holds ``lenet_helpers/``, ``model.pth`` and ``test.png``.
COURSE = Path(__file__).resolve().parents[2]

#: Files that travel inside the package.
ASSETS = Path(__file__).resolve().parents[1] / "assets"
