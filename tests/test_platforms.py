"""Windows, macOS and Linux; a disk that knows no case; folders with odd names; a course folder that is read-only."""

import ast
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import nbformat
import pytest
import torch
from torch.utils.data import DataLoader

from benchmarks.reliability.small import bits, small_run
from lenet_helpers import LeNet, MNISTDataset, TrainingRun, load_checkpoint, load_model, save_checkpoint, save_model
from lenet_helpers.system.paths import COURSE

POSIX_MODULES = {
    "fcntl",
    "resource",
    "pwd",
    "grp",
    "termios",
    "tty",
    "pty",
    "syslog",
    "crypt",
    "posix",
    "_posixsubprocess",
}
POSIX_NAMES = {
    "os": "fork forkpty getuid geteuid getgid setuid killpg setsid getpgid chown lchown mkfifo mknod nice wait waitid "
    "statvfs getloadavg sched_getaffinity uname getpriority",
    "signal": "SIGKILL SIGALRM SIGHUP SIGUSR1 SIGUSR2 SIGCHLD SIGQUIT SIGPIPE alarm pause setitimer pthread_kill",
    "socket": "AF_UNIX",
}


def posix_only(source):
    """What a program asks for that Windows does not have."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & POSIX_MODULES
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module} & POSIX_MODULES
            names = POSIX_NAMES.get(node.module, "").split()
            found |= {f"{node.module}.{alias.name}" for alias in node.names if alias.name in names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in POSIX_NAMES.get(node.value.id, "").split():
                found.add(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.keyword) and node.arg == "preexec_fn":
            found.add("preexec_fn")
    return found


def sources():
    for folder in ("lenet_helpers", "tools"):
        for path in sorted((COURSE / folder).rglob("*.py")):
            if "grading" not in str(path.relative_to(COURSE)):
                yield path.relative_to(COURSE).as_posix(), path.read_text(encoding="utf-8")
    for path in sorted((COURSE / "notebooks").glob("*.ipynb")):
        cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        lines = "\n".join(cells).splitlines()
        yield path.name, "\n".join("pass" if line.lstrip().startswith(("%", "!")) else line for line in lines)


def test_nothing_outside_grading_needs_posix():
    assert {name: found for name, source in sources() if (found := posix_only(source))} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import fcntl", {"fcntl"}),
        ("from resource import getrusage", {"resource"}),
        ("import os\nos.fork()", {"os.fork"}),
        ("from signal import SIGKILL", {"signal.SIGKILL"}),
        ("run(command, preexec_fn=print)", {"preexec_fn"}),
        ("import os, signal\nos.kill(1, signal.SIGINT)\nos.cpu_count()", set()),
    ],
)
def test_what_needs_posix_is_found(source, found):
    assert posix_only(source) == found


def tracked():
    done = subprocess.run(["git", "ls-files"], cwd=COURSE, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git checkout")
    return done.stdout.splitlines()


def test_no_two_files_differ_by_case_alone():
    names = {str(parent) for name in tracked() for parent in [Path(name), *Path(name).parents]}
    assert [name for name, count in Counter(name.lower() for name in names).items() if count > 1] == []


def test_file_names_are_allowed_everywhere():
    reserved = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
    for name in tracked():
        assert name.isascii() and not set('<>:"|?*\\') & set(name), name
        assert not {part.split(".")[0].lower() for part in Path(name).parts} & reserved, name
        assert len(name) < 120, name


def test_imports_have_the_case_of_the_file():
    # On a disk that knows no case the wrong one works, and on others it does not.
    for name, source in sources():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lenet_helpers."):
                folder = COURSE
                for part in node.module.split("."):
                    assert {part, f"{part}.py"} & set(os.listdir(folder)), f"{name}: {node.module}"
                    folder /= part


def other_pythons():
    """Pythons of other versions on this machine that the course supports."""
    candidates = [shutil.which(f"python3.{minor}") for minor in range(11, 16)]
    candidates += sorted(Path("~/.pyenv/versions").expanduser().glob("3.1[1-9].*/bin/python"))
    found = {}
    for candidate in filter(None, candidates):
        code = "import sys; print('%d.%d' % sys.version_info[:2])"
        done = subprocess.run([candidate, "-c", code], capture_output=True, text=True)
        if done.returncode == 0 and done.stdout.strip() != f"3.{sys.version_info.minor}":
            found[done.stdout.strip()] = str(candidate)
    return found


def test_every_other_python_on_this_machine_can_read_every_file():
    pythons = other_pythons()
    if not pythons:
        pytest.skip("there is no other Python from 3.11 on this machine")
    files = [str(COURSE / name) for name in tracked() if name.endswith(".py")]
    code = "import ast, sys\nfor name in sys.argv[1:]: ast.parse(open(name, encoding='utf-8').read(), name)"
    for version, python in pythons.items():
        done = subprocess.run(
            [python, "-W", "error::SyntaxWarning", "-c", code, *files], capture_output=True, text=True
        )
        assert done.returncode == 0, f"Python {version}: {done.stderr[-500:]}"


def test_workers_that_are_spawned_give_the_same_batches(sample):
    # As on Windows and macOS, where a process begins with nothing.
    dataset = MNISTDataset(sample.validation.pixels[:64], sample.validation.labels[:64])
    here = list(DataLoader(dataset, batch_size=32))
    there = list(DataLoader(dataset, batch_size=32, num_workers=1, multiprocessing_context="spawn"))
    for (images, labels), (other_images, other_labels) in zip(here, there, strict=True):
        assert torch.equal(images, other_images) and torch.equal(labels, other_labels)


def test_names_with_spaces_umlauts_and_more(tmp_path, monkeypatch):
    from lenet_helpers import ImageClassifier
    from lenet_helpers.preparation.folder import evaluate_folder

    folder = tmp_path / "Übung 1 (neu) – 'ñ' 数字 100%"
    folder.mkdir()
    save_model(LeNet(seed=1), folder / "mein modell.pth")
    assert bits(load_model(folder / "mein modell.pth").state_dict()) == bits(LeNet(seed=1).state_dict())
    run = small_run()
    next(iter(run))
    save_checkpoint(run, folder / "lauf ü.ckpt")
    other = small_run()
    assert isinstance(other, TrainingRun)
    load_checkpoint(other, folder / "lauf ü.ckpt")
    assert bits(other.state_dict()) == bits(run.state_dict())
    shutil.copy(COURSE / "test.png", folder / "größe 5.png")
    (folder / "labels.csv").write_text("path,label\ngröße 5.png,5\n", encoding="utf-8")
    classifier = ImageClassifier(COURSE / "model.pth")
    assert classifier.predict(folder / "größe 5.png") == classifier.predict(str(folder / "größe 5.png")) == 5
    assert evaluate_folder(classifier, folder).accuracy == 1.0


@pytest.mark.skipif(
    not torch.__file__.isascii(), reason="torch itself can't be imported from such a folder in plain ASCII"
)
def test_the_command_works_from_a_folder_with_an_odd_name_and_in_plain_ascii(tmp_path):
    folder = tmp_path / "Übung 1"
    folder.mkdir()
    shutil.copy(COURSE / "test.png", folder / "größe 5.png")
    environment = {
        **os.environ,
        "PYTHONPATH": str(COURSE),
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    }
    done = subprocess.run(
        [sys.executable, "-m", "lenet_helpers", "predict", "größe 5.png"],
        cwd=folder,
        env=environment,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert b": 5 (confidence" in done.stdout


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a read-only mount in a namespace of Linux")
def test_a_course_folder_that_cannot_be_written_to(tmp_path):
    script = (
        'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 77; cd "$1"; ! touch x 2>/dev/null || exit 78'
    )
    script += '; shift; exec "$@"'
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", COURSE]
    code = (
        "import warnings; warnings.simplefilter('ignore')\n"
        "try: open('written', 'w')\n"
        "except OSError: print('read-only')\n"
        "from lenet_helpers import *\n"
        "data = load_mnist('sample')\n"
        "print(ImageClassifier('model.pth').predict('test.png'), len(data.test))\n"
        "try: load_mnist(COURSE / 'nowhere')\n"
        "except DataError as error: print('LENET_DATA' in str(error))\n"
    )
    done = subprocess.run([*command, sys.executable, "-c", code], capture_output=True, text=True)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("this machine does not allow mounting")
    assert done.stdout.split() == ["read-only", "5", "1000", "True"], done.stderr
