"""Many programs start at once on an empty data folder: a class on one JupyterHub disk.

Each program is a Python of its own that calls `ensure_raw_files` with four small files in
MNIST's place. The address that it asks names its process, so the server knows who asks.
"""

import gzip
import hashlib
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.reliability.servers import checksums, overloaded, send, send_slowly, server
from benchmarks.report import table
from benchmarks.timing import say
from lenet_helpers.system.download import RAW_FILES
from lenet_helpers.system.paths import COURSE

PROGRAMS = 30

_PROGRAM = """
import hashlib, json, os, pathlib, sys, warnings
warnings.simplefilter("ignore")
from lenet_helpers.system import download
job = json.loads(sys.argv[1])
download.RAW_FILES = {name: tuple(expected) for name, expected in job["files"].items()}
print("ready", flush=True)
sys.stdin.readline()
mirrors = [f"{address}{os.getpid()}/" for address in job["mirrors"]]
contents = download.ensure_raw_files(pathlib.Path(job["raw"]), progress=False, mirrors=mirrors)
print(json.dumps({name: hashlib.md5(content).hexdigest() for name, content in contents.items()}))
"""


def measure(settings):
    """Let crowds start on folders in different states; return what each asked for and got."""
    rng = random.Random(settings.seed)
    programs, rounds = settings.size((PROGRAMS, 10), (4, 1))
    files = {name: rng.randbytes(rng.randrange(50_000, 500_000)) for name in RAW_FILES}
    rows, failures = [], []
    for situation in SITUATIONS:
        totals = Counter()
        for number in range(rounds):
            say(f"  {situation.__name__} ({number + 1} of {rounds})")
            with tempfile.TemporaryDirectory(prefix="crowd ü ") as folder:
                outcome = Crowd(Path(folder) / "MNIST" / "raw", files, programs, rng).meet(situation)
            failures += [f"{situation.__name__}, round {number + 1}: {one}" for one in outcome.pop("failures")]
            totals.update(outcome)
        rows.append({"situation": situation.__doc__, "rounds": rounds, **totals})
    return {"programs": programs, "rows": rows, "failures": failures}


class Crowd:
    """So many programs that start at once on the folder `raw`; `files` are served in place of MNIST's."""

    def __init__(self, raw, files, programs, rng):
        self.raw, self.files, self.rng = raw, files, rng
        self.count = programs
        self.processes = {}
        self.killed = set()

    def meet(self, situation):
        """Prepare the folder, start the crowd, and look at what came out."""
        answer, expected = situation(self)
        with server(answer) as (good, requests), server(overloaded) as (bad, _):
            mirrors = [bad, good] if situation is first_mirror_down else [good]
            answers = self._start(mirrors)
        return self._judge(answers, requests, expected)

    def _start(self, mirrors):
        job = json.dumps({"files": checksums(self.files), "mirrors": mirrors, "raw": str(self.raw)})
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        started = [
            subprocess.Popen([sys.executable, "-c", _PROGRAM, job], cwd=COURSE, text=True, **pipes)
            for _ in range(self.count)
        ]
        self.processes = {process.pid: process for process in started}
        try:
            for process in started:
                process.stdout.readline()  # ready
            for process in started:
                process.stdin.write("go\n")
                process.stdin.flush()
            return {process.pid: process.communicate(timeout=120) for process in started}
        finally:
            for process in started:
                process.kill()
                process.communicate()

    def _judge(self, answers, requests, expected):
        failures, succeeded = [], 0
        right = {name: hashlib.md5(content).hexdigest() for name, content in self.files.items()}
        for pid, (out, error) in answers.items():
            if out.strip() and json.loads(out.splitlines()[-1]) == right:
                succeeded += 1
            elif pid not in self.killed:
                failures.append(f"a program ended with {error.strip().splitlines()[-1:] or 'no answer'}")
        kept = {path.name for path in self.raw.iterdir() if not path.name.startswith(".download")}
        wanted = set(self.files) | {f"{name}.damaged-1" for name in self.files if f"{name}.damaged-1" in kept}
        if kept != wanted or any((self.raw / name).read_bytes() != content for name, content in self.files.items()):
            failures.append(f"the folder holds {sorted(kept)}")
        if len(requests) != expected:
            failures.append(f"{len(requests)} downloads instead of {expected}")
        return {
            "started": len(answers),
            "killed": len(self.killed),
            "succeeded": succeeded,
            "downloads": len(requests),
            "expected": expected,
            "failures": failures,
        }

    def slowly(self, handler, name):
        """Deliver a file in many small pieces: everybody meets while it is under way."""
        send_slowly(handler, self.files[name], pause=0.002)


# --- situations: what the server does, and how many downloads there must be --------------


def empty_folder(crowd):
    """an empty folder"""
    return crowd.slowly, 4


def damaged_file(crowd):
    """three good files, one damaged"""
    crowd.raw.mkdir(parents=True)
    for name, content in crowd.files.items():
        (crowd.raw / name).write_bytes(content)
    damaged = crowd.rng.choice(list(crowd.files))
    (crowd.raw / damaged).write_bytes(crowd.files[damaged][:-1])
    return crowd.slowly, 1


def holder_killed(crowd):
    """an empty folder; two who download are killed on the way (SIGKILL)"""
    # The second and the fourth download are cut off in the middle, and are fetched again.
    asked = []

    def answer(handler, name):
        asked.append(name)
        if len(asked) in (2, 4):
            pid = int(handler.path.split("/")[-2])
            archive = gzip.compress(crowd.files[name])
            send(handler, archive[: len(archive) // 2], length=len(archive))
            crowd.killed.add(pid)
            crowd.processes[pid].kill()
        else:
            crowd.slowly(handler, name)

    return answer, 6


def first_mirror_down(crowd):
    """an empty folder; the first mirror answers 503"""
    return crowd.slowly, 4


SITUATIONS = (empty_folder, damaged_file, holder_killed, first_mirror_down)


def show(result):
    header = {"situation": "the folder at the start", "rounds": "rounds", "started": "programs", "killed": "killed"}
    header |= {"succeeded": "succeeded", "downloads": "downloads", "expected": "needed"}
    rows = [[row[key] for key in header] for row in result["rows"]]
    return f"""
In each round, {result["programs"]} Python programs start together on one folder and ask a server on this computer for
MNIST's four files (small stand-ins for them). The one that gets the lock downloads; the others wait, check the files
and read them. When it is killed, the system frees its lock and the next one goes on.

{table(list(header.values()), rows)}
"""
