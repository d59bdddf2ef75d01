"""Serve the page of all demos through Voilà: what `lenet demo` and `make demo` run.

The page asks no other host for anything. It is served to this computer alone; with
another host, whoever has the token can open it. Each visitor of the demos has a Python
process of their own on this computer. So tablets get the page of `take_home` first, which
needs none, and the demos when they ask for them.
"""

import ipaddress
import json
import os
import re
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


def base_url_for(base_url):
    """Return the path below which the page is served, with a slash at both ends. DemoError for what is no path."""
    if not re.fullmatch(r"[\w.~@%/-]*", base_url, re.ASCII):
        raise DemoError(f"{base_url!r} is no path that a page can have. Give one such as --base-url /user/anna/demo/")
    return re.sub("/+", "/", f"/{base_url}/")


def ancestors_for(sources):
    """Return the policy that tells a browser who may frame the page. DemoError for what is no origin."""
    for source in sources:
        if not re.fullmatch(r"https?://(\*\.)?[\w.-]+(:\d+)?|'self'|'none'|\*", source, re.ASCII):
            raise DemoError(f"{source!r} can't frame a page. Name each as --frame-ancestors https://lms.example.org")
    return " ".join(["frame-ancestors", *(sources or ["'self'"])])


def address(host, port, token="", base_url="/"):
    """Return the address to type into a browser, on this computer or on a tablet."""
    if host in ("0.0.0.0", "::"):
        host = _own_address()
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}{base_url}" + (f"?token={token}" if token else "")


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
    from nbformat.v4 import new_code_cell, new_notebook  # what a class's server need not wait for

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


def arguments(path, host, port, token, open_browser, base_url="/"):
    """Return the command line of Voilà."""
    options = {
        "template": "lenet",
        "Voila.ip": host,
        "port": port,
        "token": token,
        "base_url": base_url,
        "Voila.log_level": "ERROR",
        # A tablet that was put away keeps no process: so long without a connection ends it.
        "MappingKernelManager.cull_interval": 60,
        "MappingKernelManager.cull_idle_timeout": 1200,
        "VoilaConfiguration.file_allowlist": "(?!)$",  # no file of the folder
    }
    options = [f"--{name}={value}" for name, value in options.items()]
    # Whatever else is installed in this Python has no business on the page.
    options += [f"--VoilaConfiguration.extension_allowlist={name}" for name in EXTENSIONS]
    # A page that is closed asks for its process to be ended, but is refused for want of a cookie that Voilà never
    # sets. That request is all that the check guards here, and one needs the process' random name for it.
    options.append("--Voila.tornado_settings=disable_check_xsrf=True")
    return [str(path), *options, *([] if open_browser else ["--no-browser"])]


@contextmanager
def _model_checked(model, tablets=None):
    """Try the model file in another process during the block; raise ModelError after it when it can't be used.

    An error here is better than one in a browser, and this process needs no torch, whose import takes seconds.
    The other one writes the page for tablets to the file `tablets`, too, where it is given.
    """
    code = "import sys; from lenet_helpers import load_model; model = load_model(sys.argv[1])"
    if tablets:
        code += "; from lenet_helpers.demos.take_home import for_tablets; for_tablets(model, *sys.argv[1:])"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    command = [sys.executable, "-c", code, os.fspath(model), *([os.fspath(tablets)] if tablets else [])]
    trial = subprocess.Popen(command, **quiet)
    try:
        yield
        if trial.wait():
            from lenet_helpers.architecture import load_model

            load_model(model)  # tells what is wrong
    finally:
        trial.kill()
        trial.wait()


def _application(ancestors, tablets):
    """Return Voilà, which tells browsers who may frame the page, and gives tablets the page of the file `tablets`."""
    from jupyter_server.base.handlers import JupyterHandler
    from tornado.routing import Matcher
    from tornado.web import authenticated
    from voila.app import Voila

    class FromTablet(Matcher):
        """Who comes from the address that they have come to is this computer."""

        def __init__(self, path):
            self.path = path

        def match(self, request):
            ends = request.connection.stream.socket
            here = ends.getsockname()[0] == ends.getpeername()[0]
            return None if here or request.path != self.path or "all" in request.arguments else {}

    class TabletHandler(JupyterHandler):
        @authenticated
        def get(self):
            self.finish(tablets.read_bytes())

    class Demos(Voila):
        name = "voila"

        def init_settings(self):
            return {**super().init_settings(), "headers": {"Content-Security-Policy": ancestors}}

        def init_handlers(self):
            ours = [(FromTablet(self.server_url), TabletHandler)] if tablets else []
            return [*ours, *super().init_handlers()]

    return Demos


def serve(
    model, host="127.0.0.1", port=None, token=None, open_browser=True, base_url="/", frame_ancestors=(), say=print
):
    """Serve the page until Ctrl-C; `say` takes the lines that tell where it is.

    Each visitor's process reads the model's file. What is not given is chosen: the first free port, and a token where
    others can reach the page. Behind a proxy, as `base_url` tells, no browser is opened.

    DemoError: Voilà is missing, or the host, the port, the token, the path or an ancestor can't be used. ModelError:
    the model's file can't be.
    """
    import nbformat

    token, base_url, ancestors = token_for(host, token), base_url_for(base_url), ancestors_for(frame_ancestors)
    port = free_port(host, port)
    with tempfile.TemporaryDirectory(prefix="lenet-demo-") as folder:
        # Whoever comes through a proxy looks like that, and has a server of their own: no tablet among them.
        tablets = Path(folder) / "tablets.html" if base_url == "/" and not is_local(host) else None
        with _model_checked(model, tablets):
            try:
                application = _application(ancestors, tablets)
            except ImportError as error:
                raise DemoError(f"{error.name} is missing. Install it: pip install voila") from error
        write_kernel(folder)
        templates = Path(__file__).parent
        ours = [folder, str(templates), os.environ.get("JUPYTER_PATH")]
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, ours))
        path = Path(folder) / "demos.ipynb"
        nbformat.write(notebook(Path(model).absolute()), path)
        say(f"The demos are at {address(host, port, token, base_url)}")
        if not is_local(host):
            say("Everybody with this address can use them. Ctrl-C ends them for all.")
        open_browser = open_browser and base_url == "/"
        application.launch_instance(argv=arguments(path, host, port, token, open_browser, base_url))
