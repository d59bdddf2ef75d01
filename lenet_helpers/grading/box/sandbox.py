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

from lenet_helpers.grading.box.limits import Limits
from lenet_helpers.grading.errors import GradingError

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


def _is_root():
    return hasattr(os, "geteuid") and os.geteuid() == 0


@dataclass(frozen=True)
class Inside:
    """What one run needs, as paths outside.

    The folder with the helper package, the program to run, which may use those beside it, the folder that holds the
    judge's socket alone, in one that is thrown away after the run, and the folder with MNIST, or None for the bundled
    sample.
    """

    course: Path
    runner: Path
    judge: Path
    data: Path | None = None


def environment(places, threads):
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
        "LENET_DATA": places["data"] or "sample",
        "LENET_JUDGE": f"{places['judge']}/socket",
    }


def _places(inside):
    """Where a sandboxed process finds what it needs."""
    own = {"course": "/course", "box": "/box", "judge": "/judge", "home": "/home/student", "tmp": "/tmp"}
    return {**own, "runner": f"/box/{inside.runner.name}", "data": "/data" if inside.data else None}


# What may be written to; some before all else, as the course may lie in one of them.
_BOXES_FIRST = ("/tmp", "/home/student")
_BOXES_LAST = ("/course/notebooks", "/dev/shm")
BOXES = (*_BOXES_FIRST, *_BOXES_LAST)


class Bubblewrap:
    """The program bwrap: namespaces of its own for everything, and no way to more rights."""

    name, program = "bubblewrap", "bwrap"
    isolates = True
    how_to_get = "install bubblewrap (Debian and Ubuntu: apt install bubblewrap)"

    def command(self, inside, limits):
        """Return the command that runs the runner inside."""
        places = _places(inside)
        options = ["--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        options += ["--hostname", "grading", "--clearenv"]
        for name, value in environment(places, limits.threads).items():
            options += ["--setenv", name, value]
        size = str(limits.disk * 2**20)
        for folder in _BOXES_FIRST:
            options += ["--size", size, "--tmpfs", folder]
        for source, target in _readable(inside, places):
            options += ["--ro-bind", source, target]
        for link, target in _links():
            options += ["--symlink", target, link]
        options += ["--proc", "/proc", "--dev", "/dev"]
        for folder in _BOXES_LAST:
            options += ["--size", size, "--tmpfs", folder]
        options += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/course/notebooks"]
        return [shutil.which(self.program) or self.program, *options, "--", sys.executable, places["runner"]]


class Unshare:
    """util-linux's unshare, with the same namespaces; the file system is put together by a shell script."""

    name = program = "unshare"
    isolates = True
    how_to_get = "allow unprivileged user namespaces (util-linux's unshare is there already)"

    def command(self, inside, limits, template=False):
        """Return the command that runs the runner inside.

        A template of submissions may in addition enter namespaces of its own: it keeps the right to be mapped there,
        and a /proc without other mounts on it, which the kernel asks for before it lets anybody mount a further one.
        """
        q, places, size = shlex.quote, _places(inside), limits.disk * 2**20
        root = inside.judge.parent / "root"  # what is mounted there, only this process sees
        root.mkdir(exist_ok=True)
        # Where pivot_root lies, only root's PATH leads in some systems.
        lines = ['PATH="$PATH:/usr/sbin:/sbin"', f"root={q(str(root))} size={size}", _NEW_ROOT]
        lines += [f"box {folder}" for folder in _BOXES_FIRST]
        readable = _passable(_readable(inside, places)) if _is_root() else _readable(inside, places)
        lines += [f"readable {q(source)} {q(target)}" for source, target in readable]
        lines += [f'ln -s {q(target)} "$root"{q(link)}' for link, target in _links()]
        lines += [_PROC, "" if template else _SETTINGS_READ_ONLY, _DEV]
        lines += [*(f"box {folder}" for folder in _BOXES_LAST), _ENTER]
        variables = " ".join(f"{name}={q(value)}" for name, value in environment(places, limits.threads).items())
        init = f"/bin/sh -c {q(_INIT)} init {q(sys.executable)} {places['runner']}"
        keep = ",+setfcap" if template else ""
        become, spaces = (_BECOME_SOMEBODY, []) if _is_root() else ("", ["--user", "--map-root-user"])
        if become and (hidden := _hidden_from_others(inside)):
            raise GradingError(
                f"Root has submissions run as a user who owns nothing, and who may not read {hidden}. "
                f"Say chmod -R o+rX {shlex.quote(hidden)}, or grade as an ordinary user."
            )
        lines.append(f"exec env -i {variables} {become} {_DROP_RIGHTS.format(keep=keep)} {init}")
        spaces += ["--mount", "--pid", "--ipc", "--uts", "--net", "--cgroup"]
        unshare = shutil.which(self.program) or self.program
        return [unshare, *spaces, "--fork", "--kill-child", "--", "/bin/sh", "-c", "\n".join(lines)]


_NEW_ROOT = """set -e
umask 022
mount -t tmpfs -o mode=755,nosuid,nodev root "$root"
box() {
    mkdir -p "$root$1"
    mount -t tmpfs -o "mode=1777,nosuid,nodev,size=$size" box "$root$1"
}
readable() {
    if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$root${2%/*}"; touch "$root$2"; fi
    mount --rbind "$1" "$root$2"
    mount -o remount,bind,ro,nosuid,nodev "$root$2" 2>/dev/null ||
        mount -o remount,bind,ro,nosuid,nodev,relatime "$root$2"
}"""
_PROC = """mkdir -p "$root/proc" "$root/dev" "$root/old"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
"""
_SETTINGS_READ_ONLY = """for part in sys irq bus fs sysrq-trigger; do  # settings of the whole computer
    if [ -e "$root/proc/$part" ]; then
        mount --bind "$root/proc/$part" "$root/proc/$part"
        mount -o remount,bind,ro,nosuid,nodev,noexec "$root/proc/$part"
    fi
done"""
_DEV = """mount -t tmpfs -o mode=755,nosuid,size=1m dev "$root/dev"
for device in null zero full random urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,nosuid,noexec devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
"""
_ENTER = """mount -o remount,ro,nosuid dev "$root/dev"
cd "$root"
pivot_root . old
umount -l /old
mount -o remount,bind,ro,nosuid,nodev /
cd /course/notebooks"""
# No limit on processes binds whoever is root on the computer itself, in no namespace: root becomes a user who owns
# nothing, with a number that nobody else has. What is to be read has been mounted before, wherever it lies.
_BECOME_SOMEBODY = "setpriv --reuid=65533 --regid=65533 --clear-groups unshare --user --map-root-user"
_DROP_RIGHTS = "setpriv --pdeathsig=KILL --no-new-privs --inh-caps=-all{keep} --bounding-set=-all{keep}"
# Process 1 gets no SIGKILL from inside, and adopts orphans: so that is this shell, which buries them, waits for the
# runner and takes everybody with it when it ends. The runner itself can be killed, as it can be under bwrap.
_INIT = '"$@"; exit $?'


class NoSandbox:
    """A plain process with your own rights; only its limits and its home are its own."""

    name, program = "none", "env"
    isolates = False
    how_to_get = ""

    def command(self, inside, limits):
        """Return the command that runs the runner, with a throw-away home beside the judge's folder."""
        home = inside.judge.parent / "home"
        places = {**vars(inside), "home": home, "tmp": home / "tmp"}
        for folder in (home, places["tmp"], home / "notebooks"):
            folder.mkdir(exist_ok=True)
        settings = [f"{name}={value}" for name, value in environment(places, limits.threads).items()]
        return ["env", "-i", "-C", str(home / "notebooks"), *settings, sys.executable, str(inside.runner)]


SANDBOXES = (Unshare(), Bubblewrap()) if _is_root() else (Bubblewrap(), Unshare())
"""The tightest first. Bubblewrap leaves root on the computer what it is: owner of devices, and bound by no limit on
processes, so that these are only counted and ended from outside."""


def find_sandbox():
    """Return the first sandbox that works here; where none does, `GradingError` says how each failed and what to do."""
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
    if shutil.which(sandbox.program) is None:
        return f"the program {sandbox.program} is not there"
    with tempfile.TemporaryDirectory(prefix="lenet-probe-") as folder:
        folder = Path(folder)
        for name in ("course/notebooks", "judge", "box"):
            (folder / name).mkdir(parents=True)
        runner = folder / "box" / "runner.py"
        runner.write_text(PROBE.format(secret=str(runner)) + 'print("; ".join(problems) or "apart")\n')
        command = sandbox.command(Inside(folder / "course", runner, folder / "judge"), Limits(disk=8))
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PROBE_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"it could not be run ({type(error).__name__})"
    if done.returncode == 0 and done.stdout.strip() == "apart":
        return None
    said = (done.stderr.strip() or done.stdout.strip()).splitlines() or [f"it ended with status {done.returncode}"]
    return said[-1][:200]


# Finds what of the outside can be read, written or reached.
PROBE = """
import os, socket
problems = []
if os.path.exists({secret!r}): problems.append("it sees files outside")
for path in ("/new", "/course/new", "/dev/new", "/usr/new"):
    try:
        open(path, "w").close()
        os.remove(path)
        problems.append("it can write to " + path)
    except OSError: pass
open("new", "w").close()
try:
    socket.create_connection(("192.0.2.1", 9), timeout=1).close()
except OSError as error:
    if error.errno not in (101, 99, 113, 1): problems.append("it has a network")
if len([name for name in os.listdir("/proc") if name.isdigit()]) > 8: problems.append("it sees other processes")
"""


# Finds out whether the kernel ends a flood of processes: who counts them from outside may come too late.
FLOOD = """
import signal
for _ in range({most}):
    try: child = os.fork()
    except BlockingIOError: break
    if not child:
        signal.alarm(20)
        signal.pause()
else: problems.append("no limit of the kernel ends a flood of processes")
"""


def kept_in_boxes(inside):
    """Return what may be read although it lies in a place that may be written to: an environment in /tmp, say."""
    readable = [target for _, target in _readable(inside, _places(inside))]
    return [path for path in readable if any(Path(path).is_relative_to(box) for box in BOXES)]


def _passable(pairs):
    """Replace a folder that only its owner may enter by all that lies in it."""
    for source, target in pairs:
        if os.path.isdir(source) and os.stat(source).st_mode & 0o005 != 0o005:
            yield from ((f"{source}/{name}", f"{target}/{name}") for name in sorted(os.listdir(source)))
        else:
            yield source, target


def _hidden_from_others(inside):
    """Return a path that a submission needs and not everybody may read, or None."""
    paths = [*inside.course.rglob("*"), *inside.runner.parent.iterdir()]
    if inside.data:
        paths += [*inside.data.glob("MNIST"), *inside.data.glob("MNIST/**/*")]
    for path in paths:
        needed = 0o005 if path.is_dir() else 0o004
        if path.exists() and path.stat().st_mode & needed != needed:
            return str(path)
    return None


def forbidden_paths(inside_paths):
    """Return those of the paths that lie in a folder which sandboxed processes can read."""
    readable = [Path(path).resolve() for path in [*_SYSTEM, *_python_folders()] if Path(path).is_dir()]
    return [path for path in inside_paths if any(Path(path).resolve().is_relative_to(one) for one in readable)]


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
    own = {"course": inside.course, "box": inside.runner.parent, "judge": inside.judge, "data": inside.data}
    return pairs + [(str(path), places[name]) for name, path in own.items() if path]


def _links():
    """Pairs of links among the system's folders: the link, its target."""
    return [(path, os.readlink(path)) for path in _SYSTEM if os.path.islink(path)]
