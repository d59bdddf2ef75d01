"""Whether this computer has what the course needs: one line for each thing, and the mend where one fails."""

import contextlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lenet_helpers.system.paths import COURSE, INSTALLED, MODEL, PACKAGE
from lenet_helpers.system.programs import this_python

FREE_MEGABYTES = 500
_INSTALL = "Install the course's wheel again" if INSTALLED else f"pip install --editable {COURSE}"
_WHERE = PACKAGE if INSTALLED else COURSE
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "firefox", "microsoft-edge", "safari")
_BROWSER_FOLDERS = (
    "/Applications/Safari.app",
    "/Applications/Google Chrome.app",
    "/Applications/Firefox.app",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    r"C:\Program Files\Mozilla Firefox\firefox.exe",
)


@dataclass(frozen=True)
class Finding:
    """What came of one examination."""

    name: str
    state: str  # "ok", "note" for what only some need, or "fail"
    found: str
    mend: str = ""  # what to do; empty where all is well

    def __str__(self):
        line = f"{self.state:<5}{self.name + ':':<14}{self.found}"
        return f"{line}. {self.mend}" if self.mend else line


class Trouble(Exception):
    """An examination that failed: what was found, and the mend."""

    def __init__(self, found, mend, state="fail"):
        super().__init__(found)
        self.found, self.mend, self.state = found, mend, state


def examine():
    """Yield a `Finding` for each thing that the course needs here."""
    for name, examination in EXAMINATIONS.items():
        try:
            if (found := examination()) is not None:
                yield Finding(name, "ok", found)
        except Trouble as trouble:
            yield Finding(name, trouble.state, trouble.found, trouble.mend)
        except Exception as error:  # an examination must not end the others
            found = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            yield Finding(name, "fail", found, f"This is unexpected. {_INSTALL}")


def python():
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < (3, 11):  # noqa: UP036 - the course may lie on the path without being installed
        raise Trouble(version, "The course needs Python 3.11 or newer: make the environment anew with one.")
    return f"{version} in {sys.prefix}"


def package():
    """The helper package that is imported is the one of this folder."""
    from lenet_helpers import __version__

    here = Path.cwd()
    beside = next((folder for folder in (here, *here.parents) if (folder / "lenet_helpers").is_dir()), None)
    if beside and beside.resolve() != COURSE.resolve():
        raise Trouble(
            f"version {__version__} from {_WHERE}, and another copy in {beside}",
            f"Work in {_WHERE}, or install the other one: pip install --editable {beside}",
            "note",
        )
    return f"version {__version__} from {_WHERE}"


def torch():
    """torch and torchvision import, and fit each other: in their own process, since they may crash."""
    code = (
        "import torch, torchvision\n"
        "from torchvision.ops import nms\n"
        "nms(torch.tensor([[0., 0, 1, 1]]), torch.ones(1), 0.5)\n"
        "print(torch.__version__, torchvision.__version__, torch.cuda.is_available())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1][:200]
        mend = "Install both from one place in one command: pip install --upgrade --force-reinstall torch torchvision"
        raise Trouble(f"torch and torchvision do not work together ({reason})", mend)
    version, vision, cuda = done.stdout.split()
    return f"torch {version}, torchvision {vision}, {'with' if cuda == 'True' else 'without'} a CUDA graphics card"


def requirements():
    """Everything that the course requires is installed."""
    try:
        required = importlib.metadata.requires("lenet-helpers") or []
    except importlib.metadata.PackageNotFoundError:  # on the path without being installed
        import tomllib  # which a Python that is too old lacks: this file must load there as well, to say so

        project = tomllib.loads((COURSE / "pyproject.toml").read_text(encoding="utf-8"))
        required = project["project"]["dependencies"]
    missing = []
    names = [line for line in required if "extra ==" not in line]
    for line in names:
        name = line.split(";")[0].strip()
        bare = name.split(">")[0].split("<")[0].split("=")[0].split("!")[0].strip()
        try:
            importlib.metadata.version(bare)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        raise Trouble(f"missing: {', '.join(missing)}", _INSTALL)
    return f"all {len(names)} packages are there"


def data():
    from lenet_helpers.data import local_mnist
    from lenet_helpers.system.download import DataError

    mend = "Connect to the network once and run lenet evaluate; without it, the bundled sample is used."
    try:
        mnist = local_mnist()  # verifies the checksums
    except DataError as error:
        raise Trouble(" ".join(str(error).split())[:300], "Remove the damaged files and run lenet evaluate.") from None
    if mnist.is_sample and os.environ.get("LENET_DATA") != "sample":
        raise Trouble("full MNIST is not there yet, or is damaged", mend, "note")
    return mnist.source


def model():
    from lenet_helpers import count_parameters, load_model

    if not MODEL.is_file():
        raise Trouble("model.pth is missing", f"Train one: lenet train --recipe fast --out {MODEL}")
    try:
        return f"{MODEL.name}, {count_parameters(load_model(MODEL)):,} parameters"
    except Exception as error:
        mend = f"Fetch the file anew, or train one: lenet train --recipe fast --out {MODEL}"
        raise Trouble(" ".join(str(error).split())[:200], mend) from None


def jupyter():
    missing = [name for name in ("jupyterlab", "ipykernel", "nbclient") if importlib.util.find_spec(name) is None]
    if missing:
        raise Trouble(f"missing: {', '.join(missing)}", _INSTALL)
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        kernel = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        mend = f"{this_python()} -m ipykernel install --sys-prefix"
        raise Trouble("there is no kernel python3", mend) from None
    command = kernel.argv[0]
    if os.path.isabs(command) and Path(command).resolve().parent != Path(sys.executable).resolve().parent:
        # One more kernel of that name would not be seen: this folder is searched first.
        mend = f"{this_python()} -m jupyter kernelspec remove -f python3"
        raise Trouble(f"the kernel python3 in {kernel.resource_dir} is another Python, {command}", mend)
    return f"JupyterLab {importlib.metadata.version('jupyterlab')}, kernel python3"


def widgets():
    missing = [name for name in ("ipywidgets", "jupyterlab_widgets") if importlib.util.find_spec(name) is None]
    if missing:
        raise Trouble(f"missing: {', '.join(missing)}", "pip install --upgrade ipywidgets, and reload JupyterLab")
    folder = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "@jupyter-widgets"
    if not folder.is_dir():
        raise Trouble(f"JupyterLab's part is not in {folder}", "pip install --force-reinstall jupyterlab_widgets")
    return f"ipywidgets {importlib.metadata.version('ipywidgets')}"


def browser():
    import webbrowser

    found = next((name for name in _BROWSERS if shutil.which(name)), None)
    found = found or next((path for path in _BROWSER_FOLDERS if os.path.exists(path)), None)
    if found is None:
        with contextlib.suppress(webbrowser.Error):
            found = type(webbrowser.get()).__name__
    if found is None:
        mend = "Install one, or open the address that JupyterLab prints in a browser elsewhere."
        raise Trouble("no browser was found on this computer", mend, "note")
    return found


def sandbox():
    """Only instructors need one: those who have the solved notebooks."""
    if not any(b"### BEGIN SOLUTION" in path.read_bytes() for path in (COURSE / "notebooks").glob("*.ipynb")):
        return None
    if importlib.util.find_spec("nbgrader") is None:
        mend = f'Only instructors need it: pip install --editable "{COURSE}[instructor]"'
        raise Trouble("nbgrader is not installed", mend, "note")
    from lenet_helpers.grading.box.sandbox import find_sandbox
    from lenet_helpers.grading.errors import GradingError

    try:
        return f"{find_sandbox().name} works, for lenet grade"
    except GradingError as error:
        raise Trouble(str(error), "Only lenet grade needs one.", "note") from None


def writing():
    """The folders that notebooks write to can be written."""
    own = [Path.cwd()] if INSTALLED else [COURSE, COURSE / "notebooks"]
    for folder in [*own, Path(tempfile.gettempdir())]:
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            mend = "Copy the course to a folder of your own, or ask its owner for the right to write."
            raise Trouble(f"{folder} can't be written ({error.strerror})", mend) from None
    return f"{own[0]} can be written"


def disk():
    free = shutil.disk_usage(COURSE).free // 2**20
    if free < FREE_MEGABYTES:
        raise Trouble(f"{free:,} MB are free", f"Make room: the course wants {FREE_MEGABYTES} MB for data and models.")
    return f"{free:,} MB are free"


EXAMINATIONS = {
    "Python": python,
    "course": package,
    "packages": requirements,
    "torch": torch,
    "data": data,
    "model": model,
    "Jupyter": jupyter,
    "widgets": widgets,
    "browser": browser,
    "sandbox": sandbox,
    "writing": writing,
    "disk": disk,
}
