"""What a submission may use."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits for one notebook of one student. Times are generous: where many share a computer, each of them waits."""

    check_seconds: int = 30  # for the calls of one check
    cell_seconds: int = 90
    seconds: int = 300  # for all cells, with the start of the kernel
    memory: int = 4096  # megabytes, of all processes together
    disk: int = 256  # megabytes
    processes: int = 64  # at the same time
    threads: int = 1  # that torch computes with
