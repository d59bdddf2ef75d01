"""Ctrl-C at any moment, in every operation that takes long; and Kernel → Interrupt.

Afterwards there must be no half-written file, no process that lives on, no traceback, and
what was done so far must be there.
"""

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections import Counter
from http.client import HTTPException
from pathlib import Path

import psutil

from benchmarks.report import table
from benchmarks.timing import run_lenet, say
from lenet_helpers.system.paths import COURSE
from lenet_helpers.system.whole_files import leftovers

ROUNDS = 5
MARK = "LENET_RELIABILITY"
"""Environment variable by which a program's processes are found again."""


def measure(settings):
    """Interrupt each operation many times; return what was found."""
    rounds, rng = settings.size(ROUNDS, 1), random.Random(settings.seed)
    rows, failures = [], []
    for operation in OPERATIONS:
        counts = Counter()
        for number in range(rounds):
            say(f"  {operation.__name__} ({number + 1} of {rounds})")
            with tempfile.TemporaryDirectory(prefix="stop ü ") as folder:
                outcome, problems = operation(Path(folder), rng)
            counts.update(outcome)
            failures += [f"{operation.__doc__}, round {number + 1}: {problem}" for problem in problems]
        rows.append([operation.__doc__, rounds, counts["interrupted"], counts["kept"]])
    return {"rounds": rounds, "rows": rows, "failures": failures}


# --- programs that get a Ctrl-C ------------------------------------------------------------


def interrupt(command, delay, sign=None, meanwhile=None, **environment):
    """Start this Python with a command, send it Ctrl-C as a terminal does, and look at what it leaves.

    Ctrl-C comes `delay` seconds after the first line of output that contains `sign`, or after the start; `meanwhile`
    is called with that line, in a thread of its own. Returns status, output, errors and a list of problems.
    """
    mark = uuid.uuid4().hex
    environment = {**os.environ, "PYTHONPATH": str(COURSE), MARK: mark, "OMP_NUM_THREADS": "1", **environment}
    # Behind timeout and the like, a background shell may have told its children to ignore Ctrl-C.
    process = subprocess.Popen(
        [sys.executable, "-u", *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
        cwd=COURSE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    lines = []
    if sign is not None:
        for line in process.stdout:
            lines.append(line)
            if sign in line:
                break
    if meanwhile and lines:
        threading.Thread(target=meanwhile, args=(lines[-1],), daemon=True).start()
    time.sleep(delay)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    try:
        out, error = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, error = process.communicate()
        return -1, "".join(lines) + out, error, ["it did not end within a minute"]
    problems = []
    if process.returncode not in (0, 130):
        problems.append(f"status {process.returncode}: {error.strip()[-200:]}")
    if "Traceback" in error:
        problems.append(f"a traceback: {error.strip()[-200:]}")
    deadline = time.monotonic() + 10
    while (alive := processes_with(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    if alive:
        problems.append(f"{len(alive)} processes live on")
        for number in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
    return process.returncode, "".join(lines) + out, error, problems


def processes_with(mark):
    """Numbers of the processes whose environment holds a mark; none where the system does not tell."""
    return [one.pid for one in psutil.process_iter(["environ"]) if (one.info["environ"] or {}).get(MARK) == mark]


def lenet_train(folder, rng):
    """`lenet train --checkpoint`"""
    from lenet_helpers.fitting.checkpoints import CheckpointError, load_checkpoint

    out, checkpoint = folder / "m.pth", folder / "run.ckpt"
    command = ["-m", "lenet_helpers", "train", "--data", "sample", "--epochs", "40", "--recipe", "reference"]
    command += ["--out", out, "--checkpoint", checkpoint]
    status, _, _, problems = interrupt(command, 4 * rng.random(), sign="epoch")
    problems += [f"left {path.name}" for path in folder.iterdir() if path not in (out, checkpoint)]
    if status == 130 and out.exists():
        problems.append("a model was written though the training was interrupted")
    kept = False
    if checkpoint.exists():
        try:
            training = _same_training()
            load_checkpoint(training, checkpoint)
            kept = training.steps_done > 0
        except CheckpointError as error:
            problems.append(str(error))
    if status == 130 and not kept:
        problems.append("the checkpoint does not hold what was done so far")
    return {"interrupted": status == 130, "kept": kept}, problems


def _same_training():
    from dataclasses import replace

    from benchmarks.settings import load_quietly
    from lenet_helpers import REFERENCE, LeNet, TrainingRun

    data = load_quietly("sample")
    return TrainingRun(LeNet(seed=0), data.train, data.validation, replace(REFERENCE, epochs=40))


def lenet_evaluate(folder, rng):
    """`lenet evaluate --images --errors`"""
    pictures = folder / "pictures"
    pictures.mkdir()
    for number in range(60):
        shutil.copy(COURSE / "test.png", pictures / f"{number}.png")
    (pictures / "labels.csv").write_text("path,label\n" + "".join(f"{n}.png,{n % 10}\n" for n in range(60)))
    command = ["evaluate", "--images", pictures, "--errors", folder / "errors"]
    # It says nothing on the way, so the moments are spread over the time that it takes here and now.
    whole, _ = run_lenet(*command)
    shutil.rmtree(folder / "errors")
    status, out, _, problems = interrupt(["-m", "lenet_helpers", *command], whole * (0.3 + 0.8 * rng.random()))
    sheet = folder / "errors" / "errors.png"
    if sheet.exists():
        from PIL import Image

        Image.open(sheet).load()
        problems += [f"left {path.name}" for path in leftovers(sheet)]
    return {"interrupted": status == 130, "kept": "all images" in out}, problems


def download(folder, rng):
    """a download from a slow server"""
    import json

    from benchmarks.reliability.crowd import _PROGRAM
    from benchmarks.reliability.servers import checksums, send_slowly, server
    from lenet_helpers.system.download import RAW_FILES, ensure_raw_files

    files = {name: rng.randbytes(200_000) for name in RAW_FILES}
    expected = checksums(files)
    with server(lambda handler, name: send_slowly(handler, files[name], pause=0.04)) as (address, _):
        job = {"files": expected, "mirrors": [address], "raw": str(folder)}
        program = _PROGRAM.replace("sys.stdin.readline()", "").replace(
            "contents = ", "import signal\nsignal.signal(signal.SIGINT, lambda *_: sys.exit(130))\ncontents = "
        )
        status, _, _, problems = interrupt(["-c", program, json.dumps(job)], 2 * rng.random(), sign="ready")
        whole = [path for path in folder.iterdir() if path.read_bytes() == files.get(path.name)]
        half = [path.name for path in folder.iterdir() if path not in whole and not path.name.startswith(".download")]
        problems += [f"left {name}" for name in half]
        # The lock is free, and what had come is not fetched again.
        from lenet_helpers.system import download as module

        real, module.RAW_FILES = module.RAW_FILES, expected
        try:
            if ensure_raw_files(folder, progress=False, time_limit=60, mirrors=[address]) != files:
                problems.append("the next download did not bring the files")
        finally:
            module.RAW_FILES = real
    return {"interrupted": status == 130, "kept": bool(whole)}, problems


def run_course(folder, rng):
    """`make run`, which executes the notebooks"""
    command = [COURSE / "tools" / "run_course.py", "--out", folder]
    status, _, _, problems = interrupt(command, 12 * rng.random() ** 2, sign="01_data", LENET_DATA="sample")
    pages = [path for path in folder.iterdir() if path.suffix == ".html"]
    problems += [f"half a page: {path.name}" for path in pages if "</html>" not in path.read_text(encoding="utf-8")]
    problems += [f"left {path.name}" for path in folder.iterdir() if path not in pages]
    if status == 130 and folder / "index.html" not in pages:
        problems.append("no index of what was done so far")
    return {"interrupted": status == 130, "kept": len(pages) > 1}, problems


def lenet_demo(folder, rng):
    """`lenet demo`, with a page open"""
    command = ["-m", "lenet_helpers", "demo", "--no-browser", "--data", "sample"]
    opened = []

    def open_page(line):
        for _ in range(200):  # the address is told just before the server listens there
            with contextlib.suppress(OSError, HTTPException):
                return opened.append(urllib.request.urlopen(line.split()[-1], timeout=30).read())
            time.sleep(0.1)

    delay = 12 * rng.random()
    status, _, _, problems = interrupt(command, delay, sign="http", meanwhile=open_page, TMPDIR=str(folder))
    problems += [f"left {path.name}" for path in folder.iterdir()]
    # Ctrl-C is how the demos end: once they are there, with status 0.
    return {"interrupted": status in (0, 130), "kept": bool(opened)}, problems


def lenet_grade(folder, rng):
    """`lenet grade`"""
    handed_in, marks = folder / "class", folder / "marks.csv"
    students = [f"student {number}" for number in range(4)]
    for student in students:
        (handed_in / student).mkdir(parents=True)
        shutil.copy(COURSE / "notebooks" / "01_data.ipynb", handed_in / student)
    command = ["grade", handed_in, "--workers", "2", "--no-sandbox", "--out"]
    # It reports on standard error; so the moments are spread over the time that it takes here and now.
    whole, _ = run_lenet(*command, folder / "first.csv")
    command = ["-m", "lenet_helpers", *command, marks]
    status, _, error, problems = interrupt(command, whole * (0.3 + 0.8 * rng.random()), LENET_DATA="sample")
    done = len(re.findall(r"^lenet: \d+/\d+ .*01_data: \d", error, re.MULTILINE))
    if status == 130 and marks.exists():
        problems.append("a table of marks was written though the grading was interrupted")
    again = subprocess.run([sys.executable, *map(str, command)], cwd=COURSE, capture_output=True, text=True)
    kept = re.search(r"(\d+) unchanged", again.stderr)
    if not kept or int(kept[1]) < done:
        problems.append(f"{done} were marked, and the next run said {again.stderr.strip()[-200:]!r}")
    rows = marks.read_text(encoding="utf-8") if marks.exists() else ""
    problems += [f"no marks of {student}" for student in students if student not in rows]
    return {"interrupted": status == 130, "kept": done > 0}, problems


# --- a notebook's kernel -------------------------------------------------------------------

_BEFORE = """
import threading, torch, warnings, multiprocessing
warnings.simplefilter("ignore")
from lenet_helpers import *
import numpy as np
mnist = load_mnist("sample")
model = LeNet(seed=0)
threads = torch.get_num_threads()
records = []
print("ready")
"""

_CELLS = {
    "a loop over `fit`": """
print("begun")
for record in fit(model, mnist.train, mnist.validation, REFERENCE):
    records.append(record)
""",
    "a `TrainingRun` in `stop_on_interrupt`": """
run = TrainingRun(model, mnist.train, mnist.validation, REFERENCE)
print("begun")
with stop_on_interrupt(run):
    for record in run:
        records.append(record)
records.append(run.steps_done)
""",
    "a `DataLoader` with two workers": """
from torch.utils.data import DataLoader
loader = DataLoader(MNISTDataset(mnist.train.pixels, mnist.train.labels), batch_size=16, num_workers=2)
print("begun")
while True:
    for batch in loader:
        records.append(len(batch))
""",
    "`evaluate_folder`": """
import pathlib, shutil, tempfile
from lenet_helpers.preparation.folder import evaluate_folder
folder = pathlib.Path(tempfile.mkdtemp())
shutil.copy(COURSE / "test.png", folder / "5.png")
(folder / "labels.csv").write_text("path,label\\n" + "5.png,5\\n" * 2000)
print("begun")
result = evaluate_folder(ImageClassifier(), folder)
records.append(result.images)
shutil.rmtree(folder)
""",
    "`evaluate` on a split": """
print("begun")
while True:
    records.append(evaluate(model, mnist.train).accuracy)
""",
}

_AFTER = """
import gc, time
loader = batch = None
gc.collect()
children = -1
for _ in range(50):
    children = len(multiprocessing.active_children())
    if not children: break
    time.sleep(0.1)
finite = all(bool(value.isfinite().all()) for value in model.state_dict().values())
digit = ImageClassifier(model).predict(COURSE / "test.png")
print("after", torch.get_num_threads() == threads, children, len(records), finite, digit)
"""


def notebook(folder, rng):
    """Kernel → Interrupt in a notebook"""
    name, cell = rng.choice(list(_CELLS.items()))
    return interrupt_cell(name, cell, 0.3 + 2 * rng.random())


def interrupt_cell(name, cell, delay):
    """Run a cell in a kernel of its own, interrupt it, and ask the kernel how it is."""
    from jupyter_client.manager import start_new_kernel

    environment = {**os.environ, "PYTHONPATH": str(COURSE), "OMP_NUM_THREADS": "1"}
    manager, client = start_new_kernel(env=environment, extra_arguments=["--log-level=50"])
    texts = []

    def note(message):
        if message["msg_type"] == "stream":
            texts.append(message["content"]["text"])
            if "begun" in message["content"]["text"]:
                threading.Timer(delay, manager.interrupt_kernel).start()

    try:
        client.execute_interactive(_BEFORE, timeout=120, output_hook=note)
        reply = client.execute_interactive(cell, timeout=120, output_hook=note)["content"]
        client.execute_interactive(_AFTER, timeout=120, output_hook=note)
    except TimeoutError:
        return {}, [f"{name}: the kernel does not answer any more"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    problems = []
    if reply["status"] == "error" and reply["ename"] != "KeyboardInterrupt":
        problems.append(f"{name}: {reply['ename']}: {reply['evalue']}")
    said = "".join(texts).rpartition("after ")[2].split()
    if len(said) != 5:
        return {}, [*problems, f"{name}: the kernel said {''.join(texts)[-300:]!r}"]
    same_threads, children, records, finite, digit = said
    if same_threads != "True":
        problems.append(f"{name}: another number of threads than before")
    if children != "0":
        problems.append(f"{name}: {children} processes live on")
    if finite != "True" or digit not in "0123456789":
        problems.append(f"{name}: the model is not usable any more")
    return {"interrupted": 1, "kept": records != "0"}, problems


OPERATIONS = (lenet_train, lenet_evaluate, lenet_demo, lenet_grade, download, run_course, notebook)


def show(result):
    header = ["operation", "tried", "interrupted before its end", "had something to give back, and gave it"]
    return f"""
Each program gets SIGINT at a random moment after its start, with all processes of its group, as from a terminal. It
has to end with status 130 (or 0, when it was done by then), without a traceback, a half-written file or a process that
lives on; a kernel has to go on with its old number of threads and a usable model.

{table(header, result["rows"])}
"""
