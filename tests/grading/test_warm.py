"""Submissions that are forked from one template: none sees it, changes it, or meets anything of the one before."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from boxes import BOX, WHY_COLD, children, marked, marks_of, needs_warm
from nbformat.v4 import new_code_cell, new_notebook
from small_course import RIGHT, full, hand_in

from lenet_helpers.grading import batch
from lenet_helpers.grading.box import supervising, warm
from lenet_helpers.grading.box.limits import Limits
from lenet_helpers.grading.box.sandbox import BOXES, NoSandbox
from lenet_helpers.grading.box.warm import room
from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.judge import Judge

ALL = dict.fromkeys(RIGHT, 2)
ONE = {**ALL, "01-split": 0}

# Names of what was found become the name of a type, which the verdict shows.
REPORT = "return type('found:' + ' '.join(map(str, FOUND)) + ':', (), {})()"


def found(kit, source, box=None, **limits):
    """Run a source that gathers in FOUND what it must not find, or what it found out; return that, in one string."""
    record = marked(kit, full(kit, begin=source, split=REPORT), box, **limits)
    assert marks_of(record) == ONE and record["remarks"] == [], record
    verdict = " ".join(record["exercises"][0]["verdict"].split())
    return re.search("found:([^':]*):", verdict).group(1)  # and not the code, where that has failed


def template():
    """Return the template that waits for the next submission."""
    assert WHY_COLD is None, WHY_COLD
    (waiting,) = (one for _, one in warm._idle)
    assert waiting.is_clean()
    return waiting


# --- what a submission can do from where it is ------------------------------------------

ATTACKS = """
import ctypes, os, platform, signal
FOUND, libc = [], ctypes.CDLL(None, use_errno=True)

def refused(what, result):
    if result != -1: FOUND.append(what)

status = dict(line.split(":", 1) for line in open("/proc/self/status"))
FOUND += [name for name in status if name.startswith("Cap") and int(status[name], 16)]
FOUND += ["new_rights"] * (int(status["NoNewPrivs"]) != 1)
FOUND += ["open_" + one for one in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + one)
          and not os.readlink("/proc/self/fd/" + one).startswith(("/dev/null", "socket:", "anon_inode:", "/proc"))]
others = [int(one) for one in os.listdir("/proc") if one.isdigit() and int(one) != os.getpid()]
FOUND += ["process_%d" % one for one in others if one not in (1, 2)]
buffer = ctypes.create_string_buffer(8)
class Piece(ctypes.Structure): _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
here, there = Piece(ctypes.addressof(buffer), 8), Piece(id(buffer), 8)  # a fork has it at the same address
for one in [*range(1, 60), *range(60, 40000, 7)]:
    if one != os.getpid():
        refused("read_memory_%d" % one,
                libc.process_vm_readv(one, ctypes.byref(here), 1, ctypes.byref(there), 1, 0))
        refused("wrote_memory_%d" % one,
                libc.process_vm_writev(one, ctypes.byref(here), 1, ctypes.byref(there), 1, 0))
        refused("traced_%d" % one, libc.ptrace(16, one, 0, 0))
        refused("signalled_%d" % one, -1 if one < 3 else libc.kill(one, 0))
        for part in ("mem", "maps", "environ", "fd/0", "fd/1", "fd/2", "root", "cwd", "ns/mnt"):
            try:
                os.close(os.open("/proc/%d/%s" % (one, part), os.O_RDONLY))
                FOUND.append("opened_%d_%s" % (one, part))
            except OSError: pass
os.kill(1, signal.SIGKILL); os.kill(1, signal.SIGTERM)  # process 1 gets neither from inside
for space in (28, 17, 29, 27, 30, 26, 25, 7):
    refused("entered_%d" % space, libc.unshare(1 << space))
    refused("entered_as_another_user_%d" % space, libc.unshare(1 << 28 | 1 << space))
for n in range(3000):
    refused("nested_%d" % n, libc.unshare(1 << 28))
KEYCTL = {"x86_64": 250}.get(platform.machine(), 219)
for what in (0, 5, 6, 3, 21):  # its number, permissions, content, end
    refused("keyring_%d" % what, libc.syscall(KEYCTL, what, -3, 0, 0, 0))
refused("set_uid", libc.setresuid(0, 0, 0))
refused("named_host", libc.sethostname(b"mine", 4))
refused("chroot", libc.chroot(b"/tmp"))
refused("mounted", libc.mount(b"none", b"/tmp", b"tmpfs", 0, None))
refused("mounted_proc", libc.mount(b"proc", b"/tmp", b"proc", 0, None))
refused("pivoted", libc.pivot_root(b"/tmp", b"/tmp"))
for place in (b"/", b"/tmp", b"/proc", b"/course", b"/usr", b"/judge", b"/dev/null"):
    refused("unmounted_" + place.decode(), libc.umount2(place, 2))
    refused("remounted_" + place.decode(), libc.mount(None, place, None, 32 | 4096, None))
    refused("bound_" + place.decode(), libc.mount(place, b"/tmp", None, 4096, None))
    refused("moved_" + place.decode(), libc.mount(place, b"/tmp", None, 8192, None))
    writable = (ctypes.c_uint64 * 4)(0, 1, 0, 0)
    refused("writable_" + place.decode(), libc.syscall(442, -100, place, 0, writable, ctypes.c_size_t(32)))
for path in ("/dev/null", "/dev/zero", "/usr", "/course", "/judge", "/judge/socket", "/box"):
    for change in (lambda: os.chmod(path, 0o777), lambda: os.utime(path), lambda: os.setxattr(path, "user.x", b"x")):
        try:
            change()
            FOUND.append("changed_" + path)
        except OSError: pass
for path in ("sys/user/max_user_namespaces", "sys/kernel/core_pattern", "sysrq-trigger", "self/uid_map"):
    try:
        open("/proc/" + path, "w").close()
        FOUND.append("opened_" + path)
    except OSError: pass
import resource
resource_limits = {resource.RLIMIT_DATA: 4096 * 2**20, resource.RLIMIT_FSIZE: 256 * 2**20, resource.RLIMIT_CORE: 0,
                   resource.RLIMIT_NPROC: 128}
FOUND += ["limit_%d" % one for one, most in resource_limits.items() if resource.getrlimit(one) != (most, most)]
"""


@needs_warm
def test_a_fork_reaches_nothing_and_gets_no_rights(kit):
    assert found(kit, ATTACKS) == ""
    before = template().processes()
    assert found(kit, ATTACKS) == ""  # nor after three thousand tries to nest user namespaces
    assert template().processes() == before


@needs_warm
def test_a_fork_is_confined_before_there_is_anything_to_read(kit, monkeypatch):
    """A request that never comes: runner and kernel have to wait for it, and are looked at from outside."""
    assert marks_of(marked(kit, full(kit))) == ALL
    one, seen = template(), []

    def look(everybody, *_):
        for pid in everybody():
            status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
            own = {space for space in SPACES if namespace(pid, space) != namespace(one.processes()[-1], space)}
            rights = [int(status[name], 16) for name in status if name.startswith("Cap")]
            seen.append((rights, int(status["NoNewPrivs"]), own, status["NSpid"].split()[-1]))
        return "seen" if seen else ""

    monkeypatch.setattr(supervising, "_feed", lambda *_: None)
    monkeypatch.setattr(supervising, "_why_end", look)
    run = one.run({"limits": {**vars(Limits()), "count_processes": True}}, Limits())
    assert run.ended == "seen" and run.reports == []
    assert [one[:3] for one in seen] == len(seen) * [([0] * 5, 1, SPACES)]
    assert {one[3] for one in seen} <= {"2", "3"}


SPACES = {"user", "mnt", "pid", "ipc", "net", "uts", "cgroup"}


def namespace(pid, space):
    return os.readlink(f"/proc/{pid}/ns/{space}")


SEARCH = """
import re
with open("/proc/self/mem", "rb", 0) as memory:
    for line in open("/proc/self/maps"):
        start, end = (int(one, 16) for one in line.split()[0].split("-"))
        if " rw-p " in line and memory.seek(start) and re.search(rb"comes[_]later", memory.read(end - start)):
            raise LookupError
"""


@needs_warm
def test_no_cell_sees_a_later_one_which_may_hold_hidden_tests(kit):
    ended = [report.get("error") for report in reports_of(kit, [SEARCH, "'comes_later'", SEARCH])]
    assert ended == [None, None, None, "LookupError", None]  # the first report and the last are of no cell


# --- what one leaves for the next -------------------------------------------------------

LEAVE = """
import ctypes, os, platform, signal, socket
FOUND, libc = [], ctypes.CDLL(None, use_errno=True)
ADD_KEY = {"x86_64": 248}.get(platform.machine(), 217)
for folder, _, _ in os.walk("/"):
    if not folder.startswith(("/proc", "/sys")):
        for name in ("left-behind", ".left-behind"):
            try:
                with open(os.path.join(folder, name), "w") as file: file.write("for the next one")
                FOUND.append(folder.replace(" ", "_"))  # what is found is told in words
            except OSError: pass
FOUND = sorted(set(FOUND))
for n in range(1, 4):
    for keyring in (-2, -3, -4, -5):  # of the process, the session, the user
        libc.syscall(ADD_KEY, b"user", b"left-behind", b"x", ctypes.c_size_t(1), keyring)
libc.shmget(4711, 4096, 0o1666); libc.msgget(4711, 0o1666); libc.semget(4711, 1, 0o1666)
abstract = socket.socket(socket.AF_UNIX); abstract.bind("\\0left-behind"); abstract.listen()
if not os.fork():
    os.setsid()
    for n in range(3):
        if os.fork() and n == 2: break
    for one in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}: signal.signal(one, signal.SIG_IGN)
    while True: signal.pause()
"""

LOOK = """
import ctypes, os, platform, socket
FOUND, libc = [], ctypes.CDLL(None, use_errno=True)
for folder, folders, files in os.walk("/"):
    if folder.startswith("/proc"): continue
    FOUND += [os.path.join(folder, name) for name in folders + files if "left-behind" in name]
REQUEST_KEY = {"x86_64": 249}.get(platform.machine(), 218)
FOUND += ["key"] * (libc.syscall(REQUEST_KEY, b"user", b"left-behind", None, 0) != -1)
FOUND += ["shared memory"] * (libc.shmget(4711, 0, 0) != -1) + ["queue"] * (libc.msgget(4711, 0) != -1)
FOUND += ["semaphore"] * (libc.semget(4711, 0, 0) != -1)
try:
    socket.socket(socket.AF_UNIX).connect("\\0left-behind")
    FOUND.append("socket")
except OSError: pass
FOUND += ["process_" + one for one in os.listdir("/proc") if one.isdigit() and int(one) > os.getpid()]
"""


def test_what_one_leaves_everywhere_the_next_does_not_find(kit, box):
    before = set(children())
    written = set(found(kit, LEAVE, box).split())
    assert written >= set(BOXES) and all(any(Path(one).is_relative_to(box) for box in BOXES) for one in written)
    assert set(children()) == before, "processes were left behind"
    first = None if box else template().processes()
    assert found(kit, LOOK, box) == ""
    assert box or template().processes() == first, "it was not the same template"


def test_the_look_finds_what_lies_there(kit):
    left = found(kit, LEAVE + "kept = FOUND" + LOOK)
    for one in (
        "/tmp/left-behind",
        "/dev/shm/.left-behind",
        "key",
        "memory",
        "queue",
        "semaphore",
        "socket",
        "process_",
    ):
        assert one in left, one


CHANGE = """
import builtins, ctypes, math, torch, lenet_helpers, lenet_helpers.data as data
ctypes.c_double.from_address(id(math.pi) + 16).value = 3.0
mnist = lenet_helpers.load_mnist()
pages = mnist.train.pixels
ctypes.memset(pages.ctypes.data, 255, pages.nbytes)
for module in (np, torch):
    for name in ("zeros", "array_equal", "equal", "allclose", "unique", "float32"):
        setattr(module, name, lambda *a, **k: True)
builtins.sum = lambda *a: 7
lenet_helpers.load_mnist = data.load_mnist = lambda *a, **k: mnist
torch.set_default_dtype(torch.float64); torch.manual_seed(1); np.random.seed(1)
library = next(line for line in open("/proc/self/maps") if "libtorch_cpu" in line and " r-xp " in line)
start = int(library.split("-")[0], 16)
libc = ctypes.CDLL(None)
assert libc.mprotect(ctypes.c_void_p(start), 4096, 7) == 0
ctypes.memset(start, 0xCC, 4096)
changed = True
"""

UNCHANGED = """
import ctypes, math, torch, lenet_helpers
library = next(line for line in open("/proc/self/maps") if "libtorch_cpu" in line and " r-xp " in line)
found = {
    "pi": math.pi < 3.1,
    "numpy": np.zeros(2).sum() != 0 or np.array_equal([1], [2]),
    "torch": torch.zeros(2).sum().item() != 0 or torch.get_default_dtype() != torch.float32,
    "sum": sum([1]) != 1,
    "data": lenet_helpers.load_mnist().train.pixels.mean() > 200,
    "name": "changed" in globals(),
    "code": ctypes.string_at(int(library.split("-")[0], 16), 4096) == bytes([0xCC]) * 4096,
}
FOUND = [name for name, there in found.items() if there]
FOUND += ["random_%d" % np.random.randint(2**31), "%d" % torch.randint(2**31, ()).item()]
"""


@needs_warm
def test_what_one_changes_in_memory_the_next_does_not_see(kit):
    imports = "import numpy as np\nfrom lenet_helpers import check"
    assert reports_of(kit, [imports, CHANGE]) == [{"started": True}, {"cell": 0}, {"cell": 1}, {"finished": True}]
    first = template().processes()
    drawn = [found(kit, UNCHANGED) for _ in range(2)]
    assert all(re.fullmatch(r"random_\d+ \d+", one) for one in drawn), drawn
    assert drawn[0].split()[0] != drawn[1].split()[0] and drawn[0].split()[1] != drawn[1].split()[1]
    assert template().processes() == first


FLOOD = """
import os, socket
for fd in range(3, 200):
    try:
        os.set_blocking(fd, False)
        while True: os.write(fd, b"x" * 65536)
    except OSError: pass
held = [socket.socket(socket.AF_UNIX) for _ in range(100)]
for one in held:
    one.settimeout(0.2)
    try:
        one.connect(os.environ["LENET_JUDGE"])
    except OSError: break
"""


@needs_warm
def test_full_pipes_are_only_their_own_loss(kit):
    record = marked(kit, full(kit, begin=FLOOD))
    assert marks_of(record) == ALL and record["remarks"] == [
        "cell [2], import os, socket, ends Python; run again without it"
    ]
    assert template().is_clean() and marks_of(marked(kit, full(kit))) == ALL


@needs_warm
def test_forged_reports_reach_no_one(kit):
    """The file that the runner writes to is closed to the submission's process, of the same user."""
    forged = """
import os, json
FOUND = []
for pid in (1, 2):
    for fd in range(6):
        try: FOUND.append(os.open("/proc/%d/fd/%d" % (pid, fd), os.O_RDWR))
        except OSError: pass
"""
    assert found(kit, forged) == ""


# --- the template itself ----------------------------------------------------------------


@needs_warm
def test_a_template_that_was_killed_is_replaced(kit):
    assert marks_of(marked(kit, full(kit))) == ALL
    first = template().processes()
    os.kill(first[-1], signal.SIGKILL)
    assert marks_of(marked(kit, full(kit))) == ALL
    assert set(template().processes()).isdisjoint(first)


@needs_warm
def test_a_template_ends_with_whoever_started_it():
    program = (
        "import os, signal, tempfile, pathlib\n"
        "from lenet_helpers.grading.box import warm\n"
        "from lenet_helpers.grading.box.limits import Limits\n"
        "course = pathlib.Path(tempfile.mkdtemp()) / 'course'\n"
        "(course / 'notebooks').mkdir(parents=True)\n"
        "one = warm.Template(course, warm.HERE / 'template.py', None, Limits(disk=8))\n"
        "print(*one.processes(), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    pids = [int(one) for one in done.stdout.split()]
    assert len(pids) >= 2 and done.returncode == -signal.SIGKILL
    while any(psutil.pid_exists(pid) for pid in pids):
        time.sleep(0.01)


@needs_warm
def test_a_template_with_a_thread_is_not_forked(tmp_path):
    (tmp_path / "course" / "notebooks").mkdir(parents=True)
    (tmp_path / "course" / "lenet_helpers.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    )
    with pytest.raises(GradingError, match="the template has 2 threads"):
        warm.Template(tmp_path / "course", warm.HERE / "template.py", None, Limits(disk=8))


@needs_warm
def test_a_template_is_not_taken_where_only_who_watches_ends_a_flood(tmp_path):
    (tmp_path / "course" / "notebooks").mkdir(parents=True)
    shutil.copytree(warm.HERE, tmp_path / "box")
    runner = tmp_path / "box" / "runner.py"
    runner.write_text(runner.read_text().replace('limits["count_processes"]', "False"))
    with pytest.raises(GradingError, match="no limit of the kernel ends a flood"):
        warm.Template(tmp_path / "course", tmp_path / "box" / "template.py", None, Limits(disk=8))


def test_where_no_template_works_each_has_its_own_python_and_it_is_said(kit, course, tmp_path, monkeypatch):
    def refuse(*_):
        raise GradingError("namespaces can't be nested")

    monkeypatch.setattr(warm, "Template", refuse)
    monkeypatch.setattr(warm, "_idle", [])
    monkeypatch.setattr(warm, "_impossible", {})
    sandbox = BOX or NoSandbox()
    hand_in(tmp_path / "class", "anna", b"{")  # of which nothing has to run
    lines = []
    batch.grade(tmp_path / "class", tmp_path / "marks.csv", sandbox=sandbox, course=course, say=lines.append)
    if BOX:
        assert "Python anew" in lines[0] and "namespaces can't be nested" in lines[0]
        with pytest.warns(UserWarning, match="namespaces can't be nested"):
            assert marks_of(marked(kit, full(kit))) == ALL


def reports_of(kit, cells, way=True, seconds=90):
    """Return what is reported of the cells, run in a fork or else in the first sandbox."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in cells])
    limits = Limits(cell_seconds=seconds)
    request = {"notebook": notebook, "limits": {**vars(limits), "count_processes": True}}
    with room(BOX, kit, None, limits, warm=way) as place, Judge(b"", 9, place.judge):
        assert isinstance(place, warm.Template) == way
        return place.run(request, limits).reports


# --- IPython ----------------------------------------------------------------------------

CELLS = [
    "import asyncio, getpass, os, subprocess, sys, time\n1 + 1",
    "await asyncio.sleep(0)", "%time 1", "!true", "%%bash\nexit 3", "display({1: 2})", "input()", "getpass.getpass()",
    "raise ValueError('x' * 3000)", "def f(:", "raise SystemExit(3)", "%autosave 0", "%nonsense", "undefined",
    "import matplotlib\nmatplotlib.use('TkAgg')", "%matplotlib inline", "breakpoint()", "%store In",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()", "raise ValueError(type(get_ipython()).__name__)",
    "asyncio.run(asyncio.sleep(0))", "assert asyncio.get_running_loop().is_running()",
    "async def later():\n    await asyncio.sleep(0.01)\n    os.mkdir('d')",
    "task = asyncio.create_task(later())", "await task\nassert os.path.isdir('d')",
    "class E(Exception):\n    pass\nraise E", "assert In[1].startswith('import') and Out[1] == 2 and _1 == 2",
    "", "# only a comment", "get_ipython().run_cell('1/0')", "%%writefile own.py\nvalue = 3",
    "import own; assert own.value == 3", "raise ValueError(sys.path, os.getcwd(), sorted(os.environ['PATH']))",
    "assert __name__ == '__main__' and sys.modules['__main__'].E is E",
    "import pickle; assert pickle.loads(pickle.dumps(E)) is E",
    "raise KeyboardInterrupt", "raise asyncio.CancelledError", "os.kill(os.getpid(), 2)\ntime.sleep(60)",
    "assert subprocess.run(['true']).returncode == 0", "for n in range(3): print(n, file=sys.stderr)",
    "exit()", "print('\\ud83d')", "await asyncio.sleep(0.3)", "assert In[1].startswith('import')",
]  # fmt: skip
ENDLESS = ["while True: pass", "await __import__('asyncio').sleep(999)", "1 / 0", "kept = 1", "assert kept == 1"]


@needs_warm
@pytest.mark.parametrize(
    ("cells", "seconds"), [(CELLS, 90), pytest.param(ENDLESS, 5, marks=pytest.mark.slow)], ids=["plain", "endless"]
)
def test_cells_end_as_they_do_in_a_kernel(kit, cells, seconds):
    reports = [reports_of(kit, cells, way, seconds) for way in (True, False)]
    assert reports[0] == reports[1]
    assert len(reports[0]) > len(cells) - 4 and {"cell": 3} in reports[0]


@needs_warm
def test_what_a_cell_has_forked_does_not_stand_in_for_the_kernel(kit):
    forks = "import os, time\nown = os.getpid()\nif os.fork(): time.sleep(0.2)"
    assert [report for report in reports_of(kit, [forks, "assert os.getpid() == own"]) if "error" in report] == []
    outlived = "import os, time\nif not os.fork(): time.sleep(60)\nos._exit(1)"
    assert reports_of(kit, [outlived, "1"], seconds=30) == [{"started": True}, {"died": True}]


@needs_warm
def test_who_cancels_all_tasks_does_not_end_the_kernel(kit):
    cells = ["import asyncio\nfor task in asyncio.all_tasks(): task.cancel()", "1"]
    assert reports_of(kit, cells)[1:] == [{"cell": 0}, {"cell": 1}, {"finished": True}]
