"""What torch computes on: the device, the number of threads, and the stamp that says so."""

import os
import platform
from contextlib import contextmanager

import torch

_TORCH_THREADS = torch.get_num_threads()  # what torch chose by itself, before anybody changed it


@contextmanager
def thread_limit(threads=None):
    """Compute with a bounded number of threads, one unless somebody chose; afterwards the old number is back.

    Steps of this small network take about 3 milliseconds. Two threads make them a little
    faster on idle cores and many times slower on busy ones, where each waits for the
    other; one also makes the result independent of the number of cores. Who chooses does so
    by the argument, by the environment variable OMP_NUM_THREADS, or by
    ``torch.set_num_threads`` with another number than torch's own.
    """
    before = torch.get_num_threads()
    chosen_by_user = "OMP_NUM_THREADS" in os.environ or before != _TORCH_THREADS
    torch.set_num_threads(threads or (before if chosen_by_user else 1))
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def repeatable_convolutions():
    """Let cuDNN compute convolutions in one way only, with the same bits each time; afterwards its old choice is back.

    Without this, two trainings with one seed differ on a CUDA graphics card. No other device is concerned.
    """
    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark
    cudnn.deterministic, cudnn.benchmark = True, False  # a benchmark may choose another way each time
    try:
        yield
    finally:
        cudnn.deterministic, cudnn.benchmark = before


def pick_device():
    """Return the best device that is there: CUDA, then MPS, then the CPU.

    Taught in notebook 03.

    Returns
    -------
    torch.device
    """
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def environment_stamp():
    """Return what a marker needs to know about the machine that trained. See notebook 03.

    Returns
    -------
    dict of str to str or int
        Versions of Python and torch, operating system, processor, threads and device.
    """
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": str(pick_device()),
    }
