"""Serve the page of all demos through Voilà: what `lenet demo` and `make demo` run.

The page asks no other host for anything. It is served to this computer alone; with
another host, whoever has the token can open it, and each of them gets a Python process
of their own on this computer.
"""

import ipaddress
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from lenet_helpers.system.errors import CourseError

PORT = 8866
SHORTEST_TOKEN = 8
KERNEL = "lenet-demo"
EXTENSIONS = ("@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager", "anywidget")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are mixed up when typed on a tablet


class DemoError(CourseError):
    """The page can't be served as asked; the message names the mend."""


def is_local(host):
    """Tell a host that only this computer can reach."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def random_token():
    """Return letters and digits that nobody guesses, and that can be typed on a tablet."""
    return "".join(secrets.choice(_LETTERS) for _ in range(SHORTEST_TOKEN))


def token_for(host, token=None):
    """Return the token that visitors need, empty where none is needed: on this computer. DemoError for a short one."""
    if token is None:
        return "" if is_local(host) else random_token()
    if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise DemoError(f"a token needs at least {SHORTEST_TOKEN} letters or digits, without spaces; leave it out "
                        "to get a random one")  # fmt: skip
    return token


def free_port(host, port=None):
    """Return `port`, or the first free one from 8866 on. DemoError when that or the host can't be had."""
    for candidate in [port] if port else range(PORT, PORT + 50):
        try:
            with socket.create_server((host, candidate)):
                return candidate
        except OSError as error:
            reason = error
    raise DemoError(
        f"can't listen on {host}, port {candidate}: {reason.strerror}. Choose others with --host and --port"
    )


def address(host, port, token=""):
    """Return the address to type into a browser, on this computer or on a tablet."""
    if host in ("0.0.0.0", "::"):
        host = _own_address()
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/" + (f"?token={token}" if token else "")


def _own_address():
    """This computer's address in its network; no packet is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("10.255.255.255", 1))
            return probe.getsockname()[0]
        except OSError:
            return socket.gethostname()


def notebook(model):
    """Return the notebook behind the page: one cell."""
    from nbformat.v4 import new_code_cell, new_notebook  # nearly a second, which a class's server need not wait for

    code = f"from lenet_helpers.demos.live.page import Page\n\nPage({str(model)!r})"
    kernel = {"name": KERNEL, "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=[new_code_cell(code)], metadata={"kernelspec": kernel, "title": "LeNet, live"})


def write_kernel(folder):
    """Write down, where Jupyter looks in a folder, how to start a visitor's process: with this very Python."""
    # At the log level of 50, a process that Ctrl-C ends while it answers doesn't tell the terminal so.
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=50"]
    path = Path(folder) / "kernels" / KERNEL / "kernel.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"argv": command, "display_name": "Python 3", "language": "python"}))


def arguments(path, host, port, token, open_browser):
    """Return the command line of Voilà."""
    options = {
        "template": "lenet",
        "Voila.ip": host,
        "port": port,
        "token": token,
        "Voila.log_level": "ERROR",
        # A tablet that was put away keeps no process: so long without a connection ends it.
        "MappingKernelManager.cull_interval": 60,
        "MappingKernelManager.cull_idle_timeout": 1200,
        "VoilaConfiguration.file_allowlist": "(?!)",  # no file of the folder
    }
    options = [f"--{name}={value}" for name, value in options.items()]
    # Whatever else is installed in this Python has no business on the page.
    options += [f"--VoilaConfiguration.extension_allowlist={name}" for name in EXTENSIONS]
    # A page that is closed asks for its process to be ended, but is refused for want of a cookie that Voilà never
    # sets. That request is all that the check guards here, and one needs the process' random name for it.
    options.append("--Voila.tornado_settings=disable_check_xsrf=True")
    return [str(path), *options, *([] if open_browser else ["--no-browser"])]


@contextmanager
def _model_checked(model):
    """Try the model file in another process during the block; raise ModelError after it when it can't be used.

    An error here is better than one in a browser, and this process needs no torch, whose import takes seconds.
    """
    code = "import sys; from lenet_helpers import load_model; load_model(sys.argv[1])"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    trial = subprocess.Popen([sys.executable, "-c", code, os.fspath(model)], **quiet)
    try:
        yield
        if trial.wait():
            from lenet_helpers.architecture import load_model

            load_model(model)  # tells what is wrong
    finally:
        trial.kill()
        trial.wait()


def serve(model, host="127.0.0.1", port=None, token=None, open_browser=True, say=print):
    """Serve the page until Ctrl-C.

    Parameters
    ----------
    model : path
        Read by every visitor's process.
    host : str
        Where to listen; "0.0.0.0" is everywhere.
    port : int, optional
        The first free one from 8866 on when not given.
    token : str, optional
        What visitors need; a random one when others can reach the page.
    open_browser : bool
    say : callable
        Takes the lines that tell where the page is.

    Raises
    ------
    DemoError
        Voilà is missing, or the host, the port or the token can't be used.
    ModelError
        The model file can't be used.
    """
    token = token_for(host, token)
    port = free_port(host, port)
    import nbformat

    with _model_checked(model):
        try:
            from voila.app import Voila
        except ImportError as error:
            raise DemoError(f"{error.name} is missing. Install it: pip install voila") from error
    with tempfile.TemporaryDirectory(prefix="lenet-demo-") as folder:
        write_kernel(folder)
        templates = Path(__file__).parent
        ours = [folder, str(templates), os.environ.get("JUPYTER_PATH")]
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, ours))
        path = Path(folder) / "demos.ipynb"
        nbformat.write(notebook(Path(model).absolute()), path)
        say(f"The demos are at {address(host, port, token)}")
        if not is_local(host):
            say("Everybody with this address can use them. Ctrl-C ends them for all.")
        Voila.launch_instance(argv=arguments(path, host, port, token, open_browser))
