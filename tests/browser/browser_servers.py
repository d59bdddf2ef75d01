"""Start JupyterLab and the demo page for a browser, each with settings of its own, and end them again."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from urllib.parse import urlsplit

from lenet_helpers.system.paths import COURSE


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(home):
    """Variables for a server that neither reads nor writes the settings of whoever runs the tests."""
    variables = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    variables |= {name: str(home / folder) for name, folder in folders.items()}
    for folder in folders.values():
        (home / folder).mkdir(exist_ok=True, parents=True)
    path = os.pathsep.join(filter(None, [str(COURSE), os.environ.get("PYTHONPATH")]))
    return variables | {"LENET_DATA": "sample", "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


@contextmanager
def running(command, address, home, there, seconds=240):
    """Run a server until the block ends; yield the seconds until `there(address)` was true.

    Raises
    ------
    RuntimeError
        It ended or did not answer in time; the message holds what it wrote.
    """
    with open(home / "log.txt", "w+") as log:
        started = time.monotonic()
        server = subprocess.Popen(
            command, cwd=home, env=environment(home), stdout=log, stderr=log, start_new_session=True
        )
        try:
            while not there(address):
                if server.poll() is not None or time.monotonic() - started > seconds:
                    log.seek(0)
                    raise RuntimeError(f"{' '.join(command)} did not answer:\n{log.read()[-3000:]}")
                time.sleep(0.1)
            yield time.monotonic() - started
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)  # with its kernels; the group is its own
                server.wait()


def listens(address):
    """Tell whether anybody can connect; nothing is asked for, so nothing is made."""
    parts = urlsplit(address)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname, parts.port)) == 0


def answers(address):
    """Tell whether the whole page comes; the demo's is made anew for each visitor."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=60) as reply:
            return reply.status == 200
    except OSError:
        return False


@contextmanager
def jupyterlab(home):
    """Serve the folder `home` with JupyterLab; yield its address."""
    home.mkdir(exist_ok=True)
    news = home / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    news.parent.mkdir(parents=True)
    news.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))
    port = free_port()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={home}"]
    with running(command, f"http://127.0.0.1:{port}/api", home, answers):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def demo_page(home, *options, there=answers):
    """Run `lenet demo`; yield the page's address and the seconds until it was `there`."""
    home.mkdir(exist_ok=True)
    port = free_port()
    command = [sys.executable, "-m", "lenet_helpers", "demo", "--no-browser", f"--port={port}", *options]
    with running(command, f"http://127.0.0.1:{port}/", home, there) as seconds:
        yield f"http://127.0.0.1:{port}/", seconds
