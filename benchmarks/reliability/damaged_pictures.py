"""Damaged and hostile picture files through `ImageClassifier.predict`, and with it `to_mnist`.

A file may give a digit or an `ImageError`, within 2 seconds and 500 MB. The files are read
in processes of their own, so that a decoder that crashes or hangs is noticed as well.
"""

import io
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter
from pathlib import Path

from benchmarks.machine import cores
from benchmarks.reliability.mutations import case, seeds
from benchmarks.report import duration, table
from benchmarks.timing import percentile, say
from lenet_helpers.system.paths import COURSE

FILES = 20_000
LONGEST_SECONDS = 2.0
"""Of processor time: on a busy machine the wall clock also counts the work of others."""

LARGEST_MEGABYTES = 500
WATCHDOG_SECONDS = 120

WAYS = ("bytes", "path", "open file", "PIL image")

_WORKER = "import sys; from benchmarks.reliability.damaged_pictures import work; work(*map(int, sys.argv[1:]))"


def run(quick=False, seed=0, files=None):
    """Read many damaged files in as many processes as there are cores; return what came out."""
    files = files or (300 if quick else FILES)
    workers = 1 if quick else max(1, min(4, cores()))
    outcomes = []
    threads = [
        threading.Thread(target=_supervise, args=(seed, worker, workers, files, outcomes), daemon=True)
        for worker in range(workers)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(0.2)
    return summary(outcomes, files)


def _supervise(seed, first, step, stop, outcomes):
    """Keep a process at work on every `step`-th file; note the file at which it crashed or hung, and go on."""
    at = first
    while at < stop:
        command = [sys.executable, "-c", _WORKER, *map(str, (seed, at, step, stop))]
        process = subprocess.Popen(command, cwd=COURSE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        lines = queue.Queue()
        threading.Thread(target=_pass_on, args=(process.stdout, lines), daemon=True).start()
        try:
            while line := lines.get(timeout=WATCHDOG_SECONDS):
                outcomes.append(json.loads(line))
                at = outcomes[-1]["number"] + step
                if at // step % 500 == 0:
                    say(f"  {at:,} of {stop:,}")
            why = f"the process died with status {process.wait()}"
        except queue.Empty:
            why = f"no answer within {WATCHDOG_SECONDS} s"
        finally:
            process.kill()
            process.wait()
        if at < stop:
            outcomes.append({"number": at, "kind": case(seed, at)[0], "way": "?", "outcome": "crash", "what": why})
            at += step


def _pass_on(stream, lines):
    for line in stream:
        lines.put(line)
    lines.put(None)


def work(seed, first, step, stop):
    """Read every `step`-th file; write a line of JSON for each."""
    from lenet_helpers import ImageClassifier
    from lenet_helpers.system.devices import thread_limit

    classifier = ImageClassifier(COURSE / "model.pth", device="cpu")
    with tempfile.TemporaryDirectory() as folder, thread_limit(1):
        classifier.predict(COURSE / "test.png")  # what is loaded at the first use is no file's fault
        for number in range(first, stop, step):
            kind, content = case(seed, number)
            way = WAYS[number // step % len(WAYS)]
            print(json.dumps({"number": number, "kind": kind, **read(classifier, content, way, folder)}), flush=True)


def read(classifier, content, way, folder):
    """Let the classifier read a file, handed over in one of the ways.

    Returns
    -------
    dict
        outcome "digit", "ImageError" or "other error"; what exactly; seconds of processor
        and wall clock; megabytes that it took on top, or None where the system does not tell.
    """
    from lenet_helpers import ImageError

    path = Path(folder) / "a picture ü"
    path.write_bytes(content)
    with open(path, "rb") as file:
        picture = {"bytes": content, "path": path, "open file": file}.get(way)

        def attempt():
            digit = classifier.predict(_opened(content) if way == "PIL image" else picture)
            fine = type(digit) is int and 0 <= digit <= 9
            return ("digit", str(digit)) if fine else ("other error", f"{digit!r} is no digit")

        return {"way": way, **measured(attempt, ImageError)}


def measured(attempt, documented):
    """Call `attempt`, which gives outcome and details; measure it, and tell the documented error from others."""
    before = _start_measuring_memory()
    started, clock = time.process_time(), time.perf_counter()
    try:
        outcome, what = attempt()
    except documented as error:
        outcome, what = documented.__name__, str(error)[:200]
    except Exception as error:
        outcome, what = "other error", f"{type(error).__name__}: {str(error)[:200]}"
    seconds, wall = time.process_time() - started, time.perf_counter() - clock
    megabytes = _peak_megabytes() - before if before is not None else None
    return {"outcome": outcome, "what": what, "seconds": seconds, "wall": wall, "megabytes": megabytes}


def _opened(content):
    """What a student gets from `Image.open`; the bytes themselves where that fails already."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(io.BytesIO(content))
    except Exception:
        return content


def _start_measuring_memory():
    """Megabytes in use now; from here on the system notes the peak. Linux only."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
        return _status("VmRSS")
    except OSError:
        return None


def _peak_megabytes():
    return _status("VmHWM")


def _status(name):
    with open(f"/proc/{os.getpid()}/status", encoding="ascii", errors="replace") as file:
        return next(int(line.split()[1]) / 1000 for line in file if line.startswith(name))


def summary(outcomes, files):
    """Count, and find what must not be."""
    outcomes = sorted(outcomes, key=lambda outcome: outcome["number"])
    failures = []
    for one in outcomes:
        name = f"file {one['number']} ({one['kind']}, as {one['way']})"
        if one["outcome"] in ("other error", "crash"):
            failures.append(f"{name}: {one['what']}")
        if one.get("seconds", 0) > LONGEST_SECONDS:
            failures.append(f"{name}: {one['seconds']:.1f} s")
        if (one.get("megabytes") or 0) > LARGEST_MEGABYTES:
            failures.append(f"{name}: {one['megabytes']:.0f} MB")
    if len(outcomes) != files:
        failures.append(f"{files - len(outcomes)} files were not read")
    rows = Counter()
    for one in outcomes:
        rows[one["kind"].split()[0], one["outcome"]] += 1
    measured = [one for one in outcomes if "seconds" in one]
    megabytes = [one["megabytes"] for one in measured if one["megabytes"] is not None]
    return {
        "files": len(outcomes),
        "seeds": len(seeds()),
        "formats": sorted({name.split()[0] for name in seeds()}),
        "rows": [[*key, count] for key, count in sorted(rows.items())],
        "reading_seconds": [percentile([one["seconds"] for one in measured], percent) for percent in (50, 99, 100)],
        "slowest_wall": max(one["wall"] for one in measured),
        "megabytes": [percentile(megabytes, percent) for percent in (50, 99, 100)] if megabytes else None,
        "failures": failures,
    }


def show(result):
    kinds = sorted({kind for kind, _, _ in result["rows"]})
    counts = {(kind, outcome): count for kind, outcome, count in result["rows"]}
    outcomes = ("digit", "ImageError", "other error", "crash")
    rows = [
        (kind.replace("_", " "), *(f"{counts.get((kind, outcome), 0):,}" for outcome in outcomes)) for kind in kinds
    ]
    rows.append(
        ("all", *(f"{sum(c for (_, o), c in counts.items() if o == outcome):,}" for outcome in outcomes)),
    )
    middle, most, longest = result["reading_seconds"]
    memory = "not measured on this system"
    if result["megabytes"]:
        memory = "median {:.0f} MB, 99 % at most {:.0f} MB, the largest {:.0f} MB".format(*result["megabytes"])
    return (
        f"{result['files']:,} files, made from {result['seeds']} small pictures in {len(result['formats'])} formats "
        f"and from files built by hand, each handed to `ImageClassifier.predict` as "
        f"{', '.join(WAYS[:-1])} or {WAYS[-1]}. "
        f"Allowed: a digit or an `ImageError`, {LONGEST_SECONDS:.0f} s, {LARGEST_MEGABYTES} MB.\n\n"
        f"{table(['what was done to the file', 'digit', 'ImageError', 'other error', 'crash or hang'], rows)}\n\n"
        f"Processor time of a file: median {duration(middle)}, 99 % at most {duration(most)}, the longest "
        f"{duration(longest)} (by the wall clock {duration(result['slowest_wall'])}, beside other work). "
        f"Memory on top of what the process had: {memory}.\n\n"
        f"Formats: {', '.join(result['formats'])}."
    )
