"""What all tests share: no network, no windows, one thread, and the data."""

import os
import signal
import socket

os.environ["MPLBACKEND"] = "agg"
os.environ.setdefault("OMP_NUM_THREADS", "1")  # for the processes that tests start, too

import pytest

from lenet_helpers.system.paths import COURSE


def pytest_configure(config):
    if not config.getoption("numprocesses", None):  # who only hands tests out to others needs no torch
        import torch

        torch.set_num_threads(1)  # the tests' networks are too small to gain from a second one
    # Started in the background by a script, pytest and the programs that it starts would
    # ignore Ctrl-C, and some tests send one.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Let a test connect to this computer only, and to that without a proxy."""
    connect = socket.socket.connect

    def connect_here(self, address):
        if self.family != getattr(socket, "AF_UNIX", None) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise OSError(f"tests don't use the network, and this one asked for {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_here)
    for name in (
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
        "no_proxy",
        "NO_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def sample():
    """The bundled sample: 3,500 train, 500 validation and 1,000 test images."""
    return _load("sample")


@pytest.fixture(scope="session")
def few(sample):
    """150 training and 50 validation images of the sample, of all digits."""

    def part(split, count):
        chosen = slice(0, count * (len(split) // count), len(split) // count)
        return type(split)(split.name, split.pixels[chosen], split.labels[chosen])

    return part(sample.train, 150), part(sample.validation, 50)


@pytest.fixture(scope="session")
def mnist():
    """Full MNIST where it is at hand, else the sample. Nothing is downloaded."""
    return _load(None)


@pytest.fixture(scope="session")
def full_mnist(mnist):
    """Full MNIST; a test that needs it is skipped where it isn't at hand."""
    if mnist.is_sample:
        pytest.skip("full MNIST is not at hand: set LENET_DATA to a folder that holds MNIST/raw")
    return mnist


@pytest.fixture
def card():
    """A CUDA graphics card; a test that needs one is skipped where there is none."""
    import torch

    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA graphics card")
    return "cuda"


@pytest.fixture(scope="session")
def raw_folder(full_mnist):
    """The folder with the four files of full MNIST."""
    from pathlib import Path

    return Path(os.environ.get("LENET_DATA") or COURSE / "data").expanduser() / "MNIST" / "raw"


def _load(root):
    from lenet_helpers.data import local_mnist

    return local_mnist(root)
