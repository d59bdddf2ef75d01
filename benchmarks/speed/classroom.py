"""A class that writes: tablets that send their digits to `lenet class`, and what that takes.

A simulated tablet does what `static/tablet.js` does: it sends a digit until it is acknowledged. The server is a process
of its own; in one of the runs it is killed in the middle, and started again with the same command.
"""

import asyncio
import json
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tornado.httpclient import HTTPError
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from benchmarks.report import duration, table, verdict
from benchmarks.timing import percentile, run_python, say
from lenet_helpers.demos.server import free_port
from lenet_helpers.drawing.strokes import sample_digit
from lenet_helpers.preparation.folder import read_labels

PACE = 2.0
"""Seconds from one digit of a tablet to its next."""

GOAL = 0.150
"""Seconds to 99 of 100 answers to a class of 40."""

MEGABYTES = 500
"""Goal for the memory of the server, whatever the size of the class."""


def measure(settings):
    """Let classes of different sizes write; return what it took, and which digits were lost."""
    digits = settings.size(60, 2)
    rows, failures = [], []
    for tablets, kill in settings.size([(40, False), (40, True), (200, False)], [(3, False)]):
        say(f"  {tablets} tablets{', killed in the middle' * kill}")
        with tempfile.TemporaryDirectory() as folder:
            row = meet(Path(folder) / "class", settings.model, tablets, digits, settings.size(PACE, 0.3), kill)
        failures += [f"{tablets} tablets: {lost} was lost" for lost in row.pop("lost")]
        rows.append(row)
    alone = float(run_python("-c", "import psutil, torch; print(psutil.Process().memory_info().rss)")[1])
    return {"rows": rows, "failures": failures, "digits": digits, "torch": alone / 1e6}


def meet(folder, model, tablets, digits, pace=PACE, kill=False):
    """Let so many tablets write so many digits each into a folder, and compare it with what was acknowledged.

    Returns latencies, processor time, memory, and as `lost` what was acknowledged and is not in the folder.
    """
    server = Server(folder, model)
    server.start()
    try:
        crowd = Crowd(server.tablets, digits, pace)
        asyncio.run(crowd.write(tablets, server if kill else None))
        seconds, megabytes = server.used()
    finally:
        server.kill()
    kept = {path for path, _ in read_labels(folder)}
    lost = [name for name in crowd.acknowledged if name not in kept or not (folder / name).stat().st_size]
    return {
        "tablets": tablets,
        "killed": kill,
        "acknowledged": len(crowd.acknowledged),
        "lost": lost,
        "tries": crowd.tries,
        "seconds": crowd.seconds,
        "cores": None if kill else seconds / crowd.seconds,  # of a killed one, nobody knows
        "megabytes": megabytes,
        "answers": crowd.answers,
    }


class Server:
    """`lenet class` as a process, at one address however often it is started."""

    def __init__(self, folder, model):
        port = str(free_port("127.0.0.1"))
        options = ["class", str(folder), "--model", str(model), "--no-browser", "--port", port]
        self.command = [sys.executable, "-m", "lenet_helpers", *options]

    def start(self):
        """Start it; its addresses are known then, and it listens."""
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        self.tablets, self.board = (re.search(r"http\S+", self.process.stdout.readline())[0] for _ in range(2))

    def kill(self):
        """End it as a power failure would."""
        self.process.kill()
        self.process.communicate()

    def used(self):
        """Return seconds of processor and megabytes of memory of the process."""
        import psutil

        process = psutil.Process(self.process.pid)
        times = process.cpu_times()
        return times.user + times.system, process.memory_info().rss / 1e6


@dataclass
class Crowd:
    """Tablets, and what they met."""

    address: str
    digits: int
    pace: float
    acknowledged: list = field(default_factory=list)  # names of files
    answers: list = field(default_factory=list)  # seconds from the try that was acknowledged to its answer
    tries: int = 0
    seconds: float = 0.0

    async def write(self, tablets, killed=None):
        """Let all tablets write; `killed` is a server that is killed and started again when half is acknowledged."""
        self.client = SimpleAsyncHTTPClient(force_instance=True, max_clients=tablets + 1)
        began = time.perf_counter()
        work = [self._tablet(number / tablets * self.pace) for number in range(tablets)]
        await asyncio.gather(*work, *([self._kill(killed, tablets * self.digits // 2)] if killed else []))
        self.seconds = time.perf_counter() - began

    async def _kill(self, server, half):
        while len(self.acknowledged) < half:
            await asyncio.sleep(0.01)
        server.kill()
        await asyncio.to_thread(server.start)

    async def _tablet(self, begin):
        await asyncio.sleep(begin)
        me, next_at = await self._ask("writer", {}), time.perf_counter()
        label = me["next"]
        for number in range(self.digits):
            digit = {"writer": me["writer"], "key": me["key"], "number": number, "label": label}
            answer = await self._ask("digit", {**digit, "strokes": sample_digit(label)})
            self.acknowledged.append(f"{me['writer']:08}/{number:03}.png")
            label = answer["next"]
            next_at += self.pace
            await asyncio.sleep(max(0, next_at - time.perf_counter()))

    async def _ask(self, path, content):
        """Ask until there is an answer: the server may be gone for a moment."""
        while True:
            self.tries += 1
            began = time.perf_counter()
            try:
                answer = await self.client.fetch(self.address + path, method="POST", body=json.dumps(content))
            except (OSError, HTTPError) as error:
                if isinstance(error, HTTPError) and 400 <= error.code < 500 and error.code != 429:
                    raise
                await asyncio.sleep(0.2)
                continue
            if path == "digit":
                self.answers.append(time.perf_counter() - began)
            return json.loads(answer.body)


def show(result):
    rows = []
    for row in result["rows"]:
        p99 = percentile(row["answers"], 99)
        rows.append([
            f"{row['tablets']}{', the server killed in the middle' * row['killed']}",
            f"{row['acknowledged']:,}",
            duration(percentile(row["answers"], 50)),
            duration(p99),
            verdict(p99, GOAL if row["tablets"] == 40 and not row["killed"] else None),
            f"{row['cores']:.2f}" if row["cores"] else "–",
            f"{row['megabytes']:,.0f} MB, {'reached' if row['megabytes'] <= MEGABYTES else 'missed'}",
        ])  # fmt: skip
    return f"""
{table(["tablets", "digits acknowledged", "answer, p50", "p99", "goal", "cores", "memory"], rows)}

Each tablet sends {result["digits"]} digits, one every {PACE:.0f} s. An answer comes after the digit is on the disk,
whole and synced; then the server reads it with the network. The goal for its memory is {MEGABYTES} MB, without those
of the process that loads the model at the start and ends: importing torch alone takes {result["torch"]:,.0f} MB, more
with a build for graphics cards than with one for the CPU. Tablets and server shared the machine. While a killed server
was started again, tablets tried until it answered: earlier tries count as no answer.
"""
