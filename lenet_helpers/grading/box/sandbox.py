"""Where a submission runs: a process of its own that sees next to nothing and can reach nobody.

`find_sandbox` tries what this computer offers, by running it. Each sandbox turns a command
into one that runs inside: with a throw-away home, without network, reading Python and a
bare copy of the course, and writing only into memory of a limited size.
"""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lenet_helpers.grading.errors import GradingError

PLACES = {"course": "/course", "runner": "/runner.py", "marker": "/marker"}
"""Where the sandboxed process finds what it needs."""

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_SETTINGS = (
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/fonts",
    "/nix/store",
)
_PROBE_SECONDS = 60


@dataclass(frozen=True)
class Inside:
    """What one run needs, as paths outside.

    Attributes
    ----------
    course : Path
        Folder with the helper package; read-only inside.
    runner : Path
        The program to run.
    marker : Path
        Folder that holds the marker's socket alone, in a folder that is thrown away after the run.
    data : Path or None
        Folder with MNIST, read-only; None for the bundled sample.
    """

    course: Path
    runner: Path
    marker: Path
    data: Path | None = None


def environment(places, data, threads):
    """Return the environment variables of a run, all of them."""
    return {
        "HOME": places["home"],
        "USER": "student",
        "LOGNAME": "student",
        "TMPDIR": places["tmp"],
        "LANG": "C.UTF-8",
        "PATH": f"{os.path.dirname(sys.executable)}:/usr/bin:/bin",
        "PYTHONPATH": places["course"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "JUPYTER_RUNTIME_DIR": f"{places['tmp']}/j",
        "IPYTHONDIR": f"{places['home']}/.ipython",
        "MPLCONFIGDIR": f"{places['home']}/.matplotlib",
        "MPLBACKEND": "agg",  # figures are not looked at
        "OMP_NUM_THREADS": str(threads),
        "CUDA_VISIBLE_DEVICES": "",
        "LENET_DATA": places["data"] if data else "sample",
        "LENET_MARKER": f"{places['marker']}/socket",
    }


class Bubblewrap:
    """The program bwrap: namespaces of its own for everything, and no way to more rights."""

    name = "bubblewrap"
    isolates = True
    how_to_get = "install bubblewrap (Debian and Ubuntu: apt install bubblewrap)"

    def command(self, inside, limits):
        """Return the command that runs the runner inside."""
        places = {**PLACES, "home": "/home/student", "tmp": "/tmp", "data": "/data"}
        options = ["--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        options += ["--hostname", "grading", "--clearenv"]
        for name, value in environment(places, inside.data, limits.threads).items():
            options += ["--setenv", name, value]
        size = str(limits.disk * 2**20)
        for folder in ("/tmp", "/home/student"):  # first: the course may lie in one of them
            options += ["--size", size, "--tmpfs", folder]
        for source, target in _readable(inside, places):
            options += ["--ro-bind", source, target]
        for link, target in _links():
            options += ["--symlink", target, link]
        options += ["--proc", "/proc", "--dev", "/dev"]
        for folder in ("/course/notebooks", "/dev/shm"):
            options += ["--size", size, "--tmpfs", folder]
        options += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/course/notebooks"]
        return [shutil.which("bwrap") or "bwrap", *options, "--", _python(), places["runner"]]


class Unshare:
    """util-linux's unshare, with the same namespaces; the file system is put together by a shell script."""

    name = "unshare"
    isolates = True
    how_to_get = "allow unprivileged user namespaces (util-linux's unshare is there already)"

    def command(self, inside, limits):
        """Return the command that runs the runner inside."""
        places = {**PLACES, "home": "/home/student", "tmp": "/tmp", "data": "/data"}
        q, size = shlex.quote, limits.disk * 2**20
        (inside.marker.parent / "root").mkdir(exist_ok=True)
        root = q(str(inside.marker.parent / "root"))  # what is mounted there, only this process sees
        lines = ["set -e", f"mount -t tmpfs -o mode=755,nosuid,nodev root {root}"]

        def mount_box(folder):
            lines.append(
                f"mkdir -p {root}{folder}; mount -t tmpfs -o mode=1777,nosuid,nodev,size={size} box {root}{folder}"
            )

        for folder in ("/tmp", "/home/student"):  # first: the course may lie in one of them
            mount_box(folder)
        for source, target in _readable(inside, places):
            lines.append(_mount_point(root, source, target))
            lines.append(f"mount --rbind {q(source)} {root}{q(target)}")
            lines.append(
                f"mount -o remount,bind,ro,nosuid,nodev {root}{q(target)} 2>/dev/null || "
                f"mount -o remount,bind,ro,nosuid,nodev,relatime {root}{q(target)}"
            )
        lines += [f"ln -s {q(target)} {root}{q(link)}" for link, target in _links()]
        lines.append(f"mkdir -p {root}/proc {root}/dev {root}/old")
        lines.append(f"mount -t proc -o nosuid,nodev,noexec proc {root}/proc")
        for part in ("sys", "irq", "bus", "fs", "sysrq-trigger"):  # settings of the whole computer
            path = f"{root}/proc/{part}"
            lines.append(
                f"if [ -e {path} ]; then mount --bind {path} {path}; "
                f"mount -o remount,bind,ro,nosuid,nodev,noexec {path}; fi"
            )
        lines.append(f"mount -t tmpfs -o mode=755,nosuid,size=1m dev {root}/dev; mkdir {root}/dev/shm")
        for device in ("null", "zero", "full", "random", "urandom"):
            lines.append(f"touch {root}/dev/{device}; mount --bind /dev/{device} {root}/dev/{device}")
        for folder in ("/course/notebooks", "/dev/shm"):
            mount_box(folder)
        lines.append(f"mount -o remount,ro,nosuid dev {root}/dev")
        lines.append(f"cd {root}; pivot_root . old; umount -l /old; mount -o remount,ro,nosuid,nodev / ")
        lines.append("cd /course/notebooks")
        variables = " ".join(
            f"{name}={q(value)}" for name, value in environment(places, inside.data, limits.threads).items()
        )
        drop = "setpriv --no-new-privs --inh-caps=-all --bounding-set=-all"
        lines.append(f"exec env -i {variables} {drop} {q(_python())} {q(places['runner'])}")
        spaces = ["--user", "--map-root-user", "--mount", "--pid", "--ipc", "--uts", "--net", "--cgroup"]
        unshare = shutil.which("unshare") or "unshare"
        return [unshare, *spaces, "--fork", "--kill-child", "--", "/bin/sh", "-c", "\n".join(lines)]


class NoSandbox:
    """A plain process with your own rights; only its limits and its home are its own."""

    name = "none"
    isolates = False
    how_to_get = ""

    def command(self, inside, limits):
        """Return the command that runs the runner, with a throw-away home beside the marker's folder."""
        home = inside.marker.parent / "home"
        for folder in (home, home / "tmp", home / "notebooks"):
            folder.mkdir(exist_ok=True)
        places = {
            "course": str(inside.course),
            "marker": str(inside.marker),
            "home": str(home),
            "tmp": str(home / "tmp"),
            "data": str(inside.data),
        }
        variables = environment(places, inside.data, limits.threads)
        settings = [f"{name}={value}" for name, value in variables.items()]
        return ["env", "-i", "-C", str(home / "notebooks"), *settings, sys.executable, str(inside.runner)]


SANDBOXES = (Bubblewrap(), Unshare())


def find_sandbox():
    """Return the first sandbox that works here.

    Raises
    ------
    GradingError
        None does; the message says what was tried, how each failed, and what to do.
    """
    tried = []
    for sandbox in SANDBOXES:
        reason = why_not(sandbox)
        if reason is None:
            return sandbox
        tried.append(f"{sandbox.name}: {reason}; {sandbox.how_to_get}")
    raise GradingError(
        "no sandbox works here, and a submission is a stranger's code. "
        + " | ".join(tried)
        + " | To run the submissions with your own rights, files and network, say --no-sandbox."
    )


def why_not(sandbox):
    """Run something in the sandbox that must not succeed outside; return why it does not work, or None."""
    from lenet_helpers.grading.box.limits import Limits

    program = {"bubblewrap": "bwrap"}.get(sandbox.name, sandbox.name)
    if shutil.which(program) is None:
        return f"the program {program} is not there"
    with tempfile.TemporaryDirectory(prefix="lenet-probe-") as folder:
        folder = Path(folder)
        for name in ("course/notebooks", "marker"):
            (folder / name).mkdir(parents=True)
        (folder / "runner.py").write_text(_PROBE.format(secret=str(folder / "runner.py")))
        inside = Inside(folder / "course", folder / "runner.py", folder / "marker")
        try:
            done = subprocess.run(
                sandbox.command(inside, Limits(disk=8)),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_PROBE_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"it could not be run ({type(error).__name__})"
    if done.returncode == 0 and done.stdout.strip() == "apart":
        return None
    said = (done.stderr.strip() or done.stdout.strip()).splitlines() or [f"it ended with status {done.returncode}"]
    return said[-1][:200]


# Says "apart" where nothing outside can be read, written or reached.
_PROBE = """
import os, socket
problems = []
if os.path.exists({secret!r}): problems.append("it sees files outside")
for path in ("/new", "/course/new", "/dev/new", "/usr/new"):
    try:
        open(path, "w").close()
        problems.append("it can write to " + path)
    except OSError: pass
open("new", "w").close()
try:
    socket.create_connection(("192.0.2.1", 9), timeout=1).close()
except OSError as error:
    if error.errno not in (101, 99, 113, 1): problems.append("it has a network")
if len([name for name in os.listdir("/proc") if name.isdigit()]) > 8: problems.append("it sees other processes")
print("; ".join(problems) or "apart")
"""


def forbidden_paths(inside_paths):
    """Return those of the paths that lie in a folder which sandboxed processes can read."""
    readable = [Path(path).resolve() for path in [*_SYSTEM, *_python_folders()] if Path(path).is_dir()]
    return [path for path in inside_paths if any(Path(path).resolve().is_relative_to(one) for one in readable)]


def _python():
    return sys.executable


def _python_folders():
    """Folders that this Python needs: its environment, and the installation that it was made from."""
    folders = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve()}
    executable = Path(sys.executable)
    while executable.is_symlink():  # each step of the way must be there inside, too
        executable = executable.parent / executable.readlink()
        folders.add(executable.parent.parent)
    folders = {folder for folder in folders if not any(folder.is_relative_to(system) for system in _SYSTEM)}
    return sorted(str(folder) for folder in folders if not any(folder.is_relative_to(f) for f in folders - {folder}))


def _readable(inside, places):
    """Pairs of what may be read: outside, inside."""
    pairs = [(path, path) for path in _SYSTEM if os.path.isdir(path) and not os.path.islink(path)]
    pairs += [(path, path) for path in (*_SETTINGS, *_python_folders()) if os.path.exists(path)]
    pairs += [
        (str(inside.course), places["course"]),
        (str(inside.runner), places["runner"]),
        (str(inside.marker), places["marker"]),
    ]
    if inside.data:
        pairs.append((str(inside.data), places["data"]))
    return pairs


def _links():
    """Pairs of links among the system's folders: the link, its target."""
    return [(path, os.readlink(path)) for path in _SYSTEM if os.path.islink(path)]


def _mount_point(root, source, target):
    q = shlex.quote
    if os.path.isdir(source):
        return f"mkdir -p {root}{q(target)}"
    return f"mkdir -p {root}{q(os.path.dirname(target))}; touch {root}{q(target)}"
