"""What every result must say beside its numbers: on which machine, with what, and when."""

import os
import platform
import subprocess
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("torch", "torchvision", "numpy", "scipy", "scikit-image", "pillow")


def describe():
    """Return the machine, the versions and the time, as a dict of str to str, int or float."""
    facts = {
        "processor": processor(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "date": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %z"),
    }
    for package in PACKAGES:
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = "missing"
    if hasattr(os, "getloadavg"):  # not on Windows
        facts["load"] = round(os.getloadavg()[0], 2)
    if "OMP_NUM_THREADS" in os.environ:
        facts["OMP_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"]
    return facts


def cores():
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor():
    """Return the processor's name as its maker writes it, where the system tells."""
    if platform.system() == "Linux":
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    if platform.system() == "Darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip() or platform.machine()
    return platform.processor() or platform.machine()


def peak_memory():
    """Return the largest memory that this process has held so far, in MB, or None where nobody tells.

    Linux is asked by /proc: what getrusage says of a young process may be its parent's.
    """
    try:
        return _of_this_process("VmHWM")
    except OSError:
        pass
    try:
        import resource
    except ImportError:  # Windows
        return None
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest / 1e6 if platform.system() == "Darwin" else largest * 1024 / 1e6


def forget_peak():
    """Let `peak_memory` start anew; return the MB that this process holds now, or None where that can't be (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return _of_this_process("VmRSS")
    except OSError:
        return None


def _of_this_process(name):
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        return next(int(line.split()[1]) * 1024 / 1e6 for line in file if line.startswith(name))
