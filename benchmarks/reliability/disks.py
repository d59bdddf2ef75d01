"""Disks that are full or read-only: small real ones, mounted for one process (Linux only)."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.reliability.small import small_run
from benchmarks.report import table
from benchmarks.timing import say
from lenet_helpers.system.paths import COURSE

_TRY = "import sys; from benchmarks.reliability.disks import try_to_write; try_to_write(*sys.argv[1:])"


def full_disks():
    """Let every writer of the course write to small real disks (tmpfs in a mount namespace; Linux only).

    Returns rows of disk, what was written and outcome, and a line for each thing that must not be.
    """
    if not sys.platform.startswith("linux") or not shutil.which("unshare"):
        return [], []
    with tempfile.TemporaryDirectory() as folder:
        script = 'mount -t tmpfs -o size=700k none "$1" || exit 77; exec "$2" -c "$3" "$1"'
        command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", folder, sys.executable, _TRY]
        done = subprocess.run(command, cwd=COURSE, capture_output=True, text=True)
    if done.returncode == 77 or "unshare" in done.stderr:
        say("  full disks left out: this machine does not allow mounting")
        return [], []
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    problems = [": ".join(row) for row in rows if not row[2].startswith("refused")]
    if done.returncode:
        problems.append(f"full disks: {done.stderr.strip()[-300:]}")
    return rows, problems


def try_to_write(folder):
    """Write each kind of file into `folder`, on a disk that does not let it; print what came of it."""
    folder = Path(folder)
    old = {name: b"old " + name.encode() for name in ("model.pth", "run.ckpt", "train-labels-idx1-ubyte")}
    for name, content in old.items():
        (folder / name).write_bytes(content)
    free = os.statvfs(folder)
    filler = bytes(free.f_bavail * free.f_frsize)
    (folder / "filler").write_bytes(filler[30_000:])
    _try_each("a disk that gets full", folder, old)
    (folder / "filler").write_bytes(filler)
    _try_each("a disk without any room", folder, old)
    (folder / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    _try_each("a read-only disk", folder, old)


def _try_each(disk, folder, old):
    from lenet_helpers import LeNet, ModelError, save_checkpoint, save_model
    from lenet_helpers.fitting.checkpoints import CheckpointError
    from lenet_helpers.system import download

    before = sorted(folder.iterdir())
    training = small_run()
    for what, error, write in (
        ("model.pth", ModelError, lambda path: save_model(LeNet(seed=1), path)),
        ("run.ckpt", CheckpointError, lambda path: save_checkpoint(training, path)),
        ("train-labels-idx1-ubyte", download.DataError, lambda path: download._write(path, bytes(60_008))),
    ):
        try:
            write(folder / what)
            outcome = "was accepted"
        except error as reason:
            named = str(folder / what) in str(reason)
            whole = (folder / what).read_bytes() == old[what]
            tidy = sorted(folder.iterdir()) == before
            outcome = (
                "refused, the old file untouched"
                if named and whole and tidy
                else f"named {named}, old file whole {whole}, nothing left behind {tidy}"
            )
        except Exception as reason:
            outcome = f"{type(reason).__name__}: {reason}"
        print(disk, what, outcome, sep="\t")


def measure(settings):
    """Let every writer of the course write where it can't."""
    rows, failures = full_disks()
    return {"rows": rows, "failures": failures}


def show(result):
    if not result["rows"]:
        return "Left out: this machine does not allow mounting."
    header = ["disk", "file", "outcome"]
    return f"Each file is there already, and is to be replaced.\n\n{table(header, result['rows'], texts=3)}"
