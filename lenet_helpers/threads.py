"""How many threads torch computes with."""

import os
from contextlib import contextmanager

import torch

_TORCH_THREADS = torch.get_num_threads()  # what torch chose by itself, before anybody changed it


@contextmanager
def thread_limit(threads=None):
    """Compute with a bounded number of threads; afterwards the old number is back.

    Steps of this small network take about 3 milliseconds. Two threads make them a little
    faster on idle cores and many times slower on busy ones, where each waits for the
    other. So the rule is one thread, which also makes the result independent of the number
    of cores, unless somebody chose: by the argument, by the environment variable
    OMP_NUM_THREADS, or by ``torch.set_num_threads`` with another number than torch's own.
    ``make bench`` shows the effect.

    Parameters
    ----------
    threads : int, optional
        At least 1; the rule when not given.
    """
    before = torch.get_num_threads()
    chosen_by_user = "OMP_NUM_THREADS" in os.environ or before != _TORCH_THREADS
    torch.set_num_threads(threads or (before if chosen_by_user else 1))
    try:
        yield
    finally:
        torch.set_num_threads(before)
