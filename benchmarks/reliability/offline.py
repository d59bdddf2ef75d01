"""The whole course without a network: in a network namespace that has loopback alone (Linux only).

Besides, every Python that runs writes down each address that it asks for, so a request
that fails quietly is found as well.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import table
from benchmarks.timing import say
from lenet_helpers.system.paths import COURSE

_GUARD = """
import os, sys

def note(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        if address == ("10.255.255.255", 1):
            return  # lenet_helpers.demos.server asks the system for its own address so: no packet is sent
        host = address[0] if isinstance(address, tuple) else "localhost"
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "urllib.Request"):
        host = arguments[0]
        if event == "urllib.Request":
            host = str(host).split("/")[2].split(":")[0]
    else:
        return
    host = host.decode(errors="replace") if isinstance(host, bytes) else str(host)
    # Names that end in .invalid exist nowhere: tests ask for them on purpose.
    if host not in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "", "None") and not host.endswith(".invalid"):
        with open(os.environ["LENET_REQUESTS"], "a") as file:
            file.write(f"{event} {host} {' '.join(sys.argv)[:80]}\\n")

sys.addaudithook(note)
"""
"""Python runs a module of the name sitecustomize at its start, also in kernels and workers."""


def commands(quick):
    """What has to work: name to arguments of this Python."""
    all_of_them = {
        "`lenet predict test.png`": ["-m", "lenet_helpers", "predict", "test.png"],
        "`lenet evaluate`": ["-m", "lenet_helpers", "evaluate"],
        "`make run`": ["tools/run_course.py", "--out", "{folder}"],
        "the unit tests": ["-m", "pytest", "-q", "tests", "--ignore=tests/browser", "-p", "no:cacheprovider"],
        "the notebooks' tests": [
            *("-m", "pytest", "-q", "--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=600"),
            *("-p", "no:cacheprovider", "notebooks"),
        ],
    }
    if any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):  # the tests would only be skipped
        name = "live demos in a browser: JupyterLab, and the page of `make demo`"
        all_of_them[name] = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/browser"]
    return dict(list(all_of_them.items())[:1]) if quick else all_of_them


def measure(settings):
    """Run each command without a network; return its status and what it asked for."""
    rows, failures = [], []
    if not alone_prefix():
        return {"rows": rows, "failures": failures}
    for name, arguments in commands(settings.quick).items():
        say(f"  {name}")
        status, seconds, requests, said = watched(arguments, alone_prefix())
        rows.append([name, status, len(requests), round(seconds)])
        failures += [f"{name}: status {status}: {said[-300:]}"] if status else []
        failures += [f"{name}: asked for {request}" for request in requests]
    return {"rows": rows, "failures": failures}


def alone_prefix():
    """The beginning of a command that runs with no network but loopback; empty where that can't be."""
    if not sys.platform.startswith("linux") or not shutil.which("unshare") or not shutil.which("ip"):
        return []
    prefix = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    works = subprocess.run([*prefix, "true"], capture_output=True).returncode == 0
    return prefix if works else []


def watched(arguments, prefix=()):
    """Run this Python on the sample; return status, seconds, each address asked for that is not here, and output."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "sitecustomize.py").write_text(_GUARD)
        requests = folder / "requests"
        path = os.pathsep.join(filter(None, [str(folder), str(COURSE), os.environ.get("PYTHONPATH")]))
        environment = {**os.environ, "PYTHONPATH": path, "LENET_REQUESTS": str(requests), "LENET_DATA": "sample"}
        command = [argument.replace("{folder}", str(folder / "out")) for argument in arguments]
        started = time.perf_counter()
        done = subprocess.run(
            [*prefix, sys.executable, *command], cwd=COURSE, env=environment, capture_output=True, text=True
        )
        asked = sorted(set(requests.read_text().splitlines())) if requests.exists() else []
        return done.returncode, time.perf_counter() - started, asked, f"{done.stdout[-500:]}{done.stderr[-500:]}"


def show(result):
    if not result["rows"]:
        return "Left out: this machine does not allow network namespaces."
    return f"""
Each command ran on the bundled sample in a network namespace with loopback alone. A hook in every Python (kernels and
workers, too) noted each address outside this computer that it asked for.

{table(["command", "status", "addresses asked for", "seconds"], result["rows"])}
"""
