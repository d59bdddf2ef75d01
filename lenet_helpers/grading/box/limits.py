"""What a submission may use."""

from dataclasses import dataclass

MEGABYTE = 2**20


@dataclass(frozen=True)
class Limits:
    """Limits for one notebook of one student.

    Attributes
    ----------
    check_seconds, cell_seconds, seconds : int
        For the calls of one check, for one cell, and for all of them with the start of the kernel.
        Generous: where many submissions share a computer, each of them waits.
    memory, disk : int
        Megabytes; memory of all its processes together.
    processes : int
        At the same time.
    threads : int
        That torch computes with.
    """

    check_seconds: int = 30
    cell_seconds: int = 90
    seconds: int = 300
    memory: int = 4096
    disk: int = 256
    processes: int = 64
    threads: int = 1
