"""Grading: right is right, wrong is wrong, and nothing that a submission does changes that or does harm.

Each submission starts a kernel, which takes seconds: the lesson of `small_course` keeps it to
two of them, and tests share a run where what they ask does not need one of its own.
"""

import copy
import csv
import json
import os
import pickle
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import numpy as np
import pytest
from boxes import BOX, BOXES, HERE, WORKING, children, marked, marks_of, needs_sandbox
from grade_class import Student, grade_alone
from local_cluster import cluster
from small_course import (
    NAME,
    NORMALISE,
    RIGHT,
    SPLIT,
    dies_at_carlas,
    exercise_cells,
    full,
    hand_in,
    noting,
    solved,
    submission,
)

from lenet_helpers.cli import main as cli
from lenet_helpers.exercises import check, exercise, wire
from lenet_helpers.exercises.checking import Answer, answer_of
from lenet_helpers.exercises.results import freeze
from lenet_helpers.exercises.running import Outcome
from lenet_helpers.grading import batch, feedback, judge, with_nbgrader, workers
from lenet_helpers.grading import submission as submissions
from lenet_helpers.grading.box import sandbox, supervising
from lenet_helpers.grading.box.limits import Limits
from lenet_helpers.grading.errors import GradingError
from lenet_helpers.grading.submission import FAILED, GRADED, NO_HIDDEN_TESTS, Job, Task, without_hidden_tests
from lenet_helpers.system.paths import COURSE

NONE = {"01-split": 0, "01-normalise": 0}
ALL = {"01-split": 2, "01-normalise": 2}
ONE = {"01-split": 0, "01-normalise": 2}  # what is left to a submission whose first answer is no good


# --- what travels between the two processes ---------------------------------------------


VALUES = [
    3, 2.5, True, None, "text", (1, 2.0), [1, (2, 3)], np.int64(7), np.float32(1.5), np.arange(6).reshape(2, 3),
    np.zeros((0, 3)), np.array([np.nan, np.inf]), np.float64(-0.0), np.arange(4)[::-2], np.ones(3, dtype=">f4"),
    object(), 2**70,
]  # fmt: skip


def test_results_arrive_as_they_were_sent():
    import torch

    values = [*VALUES, torch.arange(6.0).reshape(3, 2), torch.tensor(2)]
    sent = Answer([Outcome({"result": freeze(value)}, damaged=("x",), shared=True) for value in values])
    received = wire.unpack_answer(wire.pack_answer(sent))
    for one, other in zip(sent.outcomes, received.outcomes, strict=True):
        a, b = one.parts["result"], other.parts["result"]
        assert (a.kind, a.type_name) == (b.kind, b.type_name)
        assert wire._pack_result(a) == wire._pack_result(b)
        assert (other.damaged, other.shared, other.error) == (("x",), True, None)
    for answer in (Answer(missing="why"), Answer(stranger="int"), Answer(endless=True, stopped=False)):
        assert wire.unpack_answer(wire.pack_answer(answer)) == answer


def test_what_is_too_large_arrives_as_such(monkeypatch):
    monkeypatch.setattr(wire, "MOST_BYTES", 10_000)
    sent = Answer([Outcome({"result": freeze(np.zeros(10_000))})])
    result = wire.unpack_answer(wire.pack_answer(sent)).outcomes[0].parts["result"]
    assert result.kind == "other" and "too large" in result.type_name


def packed(name="01-split", function=None, seed=1):
    asked = exercise(name)
    cases = asked.cases(np.random.default_rng(seed))
    asked.outcome(asked.oracle, cases[0])  # what it imports must not count as the answer's time
    oracle = lambda *given: asked.oracle(*given)  # noqa: E731 - without source: it may go a way that is ruled out
    return wire.pack_answer(answer_of(asked, function or oracle, cases, 10))


def tampered(**changes):
    """A right answer, with the first result changed."""
    fields = json.loads(packed())
    fields["outcomes"][0]["parts"]["result"].update(changes)
    return json.dumps(fields).encode()


LIES = {
    "nothing": b"\n",
    "not JSON": b"right\n",
    "a word": b'"right"\n',
    "deep": b"[" * 50_000,
    "no outcomes": json.dumps({**json.loads(packed()), "outcomes": []}).encode(),
    "one outcome": json.dumps({**json.loads(packed()), "outcomes": json.loads(packed())["outcomes"][:1]}).encode(),
    "no parts": json.dumps(
        {**json.loads(packed()), "outcomes": [{**one, "parts": {}} for one in json.loads(packed())["outcomes"]]}
    ).encode(),
    "another exercise's": packed("01-normalise"),
    "other inputs": packed(seed=2),
    "another shape": tampered(shape=[1]),
    "negative shape": tampered(shape=[-1, -1]),
    "huge shape": tampered(shape=[2**62, 2**62]),
    "object dtype": tampered(dtype="|O"),
    "records": tampered(dtype="i4,f4"),
    "no data": tampered(data=""),
    "a number": tampered(kind="int"),
    "a list of lists": tampered(kind="list", items=[{"kind": "list", "items": []}]),
    "another kind": tampered(kind="right"),
    "no kind": tampered(kind=None),
    "all true": tampered(data="AQEBAQEBAQ=="),
}


@pytest.mark.parametrize("name", LIES)
def test_the_judge_believes_no_lie(name):
    verdict = judge.verdict_on_line("01-split", LIES[name], 1, 10)
    assert not verdict and verdict.text.startswith("01-split: not right")


@pytest.mark.parametrize("name", ["01-split", "03-step", "02-network", "05-reader", "04-calibration"])
def test_the_judge_says_what_check_says(name):
    asked = exercise(name)
    assert judge.verdict_on_line(name, packed(name), 1, 10)
    for mistake in asked.mistakes[:2]:
        verdict = judge.verdict_on_line(name, packed(name, mistake.function), 1, 10)
        assert not verdict and verdict == check(name, mistake.function, seed=1)


def test_the_judge_survives_all_kinds_of_callers(tmp_path):
    with judge.Judge(b"key", 10, tmp_path) as one:

        def ask(*lines):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(one.address))
                with connection.makefile("rwb") as stream:
                    for line in lines:
                        stream.write(line)
                        stream.flush()
                        answer = stream.readline()
                    return answer

        assert ask(b"no such exercise\n") == b""
        assert ask(b"x" * 5000) == b""
        seed = int(ask(b"01-split\n").split()[0])  # and gone
        assert int(ask(b"01-split\n").split()[0]) != seed  # asked afresh each time
        assert ask(b"01-split\n", b"{}\n") == b"wrong\n"
        with socket.socket(socket.AF_UNIX) as silent:
            silent.connect(str(one.address))
        assert not one.verdicts["01-split"]
        place = one.address
    assert not place.exists()
    with judge.Judge(b"key", 10, tmp_path) as again:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(again.address))
            connection.sendall(b"01-split\n")
            first = int(connection.recv(100).split()[0])
    assert first != seed  # of the third request, above


def test_hidden_tests_are_kept_out_of_texts(kit):
    cells = kit.lessons[NAME]
    hidden = next(cell for cell in cells if cell.grades).source.split("### BEGIN HIDDEN TESTS\n")[1].splitlines()[0]
    assert without_hidden_tests("01-split: right.", cells) == "01-split: right."
    assert without_hidden_tests(f"ValueError: {hidden}", cells) == NO_HIDDEN_TESTS
    assert without_hidden_tests(hidden.replace(" ", "\n "), cells) == NO_HIDDEN_TESTS


# --- honest submissions -----------------------------------------------------------------


def test_right_answers_get_full_marks(graded):
    record = record_of(graded, "anna")
    assert (record["status"], record["remarks"], marks_of(record)) == (GRADED, [], ALL)
    assert all(one["verdict"].startswith(f"{one['exercise']}: right.") for one in record["exercises"])


@pytest.mark.slow
def test_an_untouched_copy_gets_none_and_a_partial_one_its_part(kit):
    record = marked(kit, submission(kit))
    assert marks_of(record) == NONE and record["remarks"] == []
    assert "not written yet" in record["exercises"][0]["verdict"]
    known = exercise("01-normalise").mistakes[0]
    record = marked(kit, submission(kit, split=SPLIT, normalise="return (pixels / 255).astype(np.float32)"))
    assert marks_of(record) == {"01-split": 2, "01-normalise": 0}
    assert record["exercises"][1]["mistake"] == known.name == "only_divided"


def test_a_loop_without_end_costs_only_its_own_exercise(kit):
    record = marked(kit, full(kit, split="while True:\n        labels = labels"), check_seconds=2)
    assert marks_of(record) == ONE
    assert "does not end" in record["exercises"][0]["verdict"]


@pytest.mark.slow
def test_a_cell_without_end_and_a_syntax_error_cost_only_their_own(kit, box):
    notebook = full(kit, begin="import time\nwhile True:\n    time.sleep(1)")
    at = exercise_cells(notebook, "01-split-solution")[0]
    notebook["cells"][at]["source"] = "def first_of_each(:"
    record = marked(kit, notebook, box, cell_seconds=6)
    assert marks_of(record) == ONE
    assert record["remarks"] == ["cell [2], import time, ended in CellTimeoutError"]
    assert record["exercises"][0]["error"] == "SyntaxError"
    assert record["exercises"][0]["reason"] == "ended in NameError before the check could answer"


# --- hostile submissions ----------------------------------------------------------------

# Finds out what it can and makes it the name of a type, which the verdict then shows.
PROBE = """
import os, socket, pathlib

def look(secrets, writable):
    found = []
    for path in secrets:
        try:
            pathlib.Path(path).stat()
            found.append("sees_" + pathlib.Path(path).name)
        except OSError:
            pass
    for path in writable:
        try:
            with open(os.path.join(path, "new"), "w") as file:
                file.write("x")
            found.append("wrote_" + path)
        except OSError:
            pass
    for family, address in ((socket.AF_INET, ("127.0.0.1", {port})), (socket.AF_INET, ("192.0.2.1", 80))):
        try:
            socket.create_connection(address, timeout=2).close()
            found.append("reached_" + address[0])
        except OSError:
            pass
    others = [p for p in os.listdir("/proc") if p.isdigit() and int(p) == {pid}]
    try:
        found += ["saw_process" for p in others if b"pytest" in open(f"/proc/{{p}}/cmdline", "rb").read()]
        os.kill({pid}, 0)
        found.append("could_signal")
    except OSError:
        pass
    if "LENET_TEST_SECRET" in os.environ:
        found.append("saw_environment")
    names = [p.name for p in pathlib.Path("/").glob("*/*.ipynb")] + [p.name for p in pathlib.Path.cwd().glob("**/*")]
    found += names
    try:
        from lenet_helpers.exercises.catalogue import exercise
        exercise("01-split").oracle(np.array([1]), 1)
        found.append("used_oracle")
    except ImportError:
        pass
    try:
        import lenet_helpers.grading
        found.append("imported_grading")
    except ImportError:
        pass
    try:
        os.chmod("/dev/null", 0o666)  # which it is already
        found.append("changed_device")
    except OSError:
        pass
    return type("found:" + " ".join(found) + ":", (), {{}})()

FOUND = look({secrets!r}, {writable!r})
"""


# Fills what it can, and stops this notebook where it was not refused everywhere.
FILL = """
caught = []
try:
    hold = bytearray(8 * 2**30)
except MemoryError:
    caught.append("memory")
for place in (".", "/tmp", "/dev/shm", "/home/student"):
    try:
        for n in range(64):
            with open(f"{place}/{n}", "wb") as file: file.write(bytes(2**20))
    except OSError:
        caught.append("disk")
    for n in range(64):
        if os.path.exists(f"{place}/{n}"): os.remove(f"{place}/{n}")
assert caught == ["memory"] + 4 * ["disk"], caught
all_refused = True
"""


@pytest.fixture(scope="module")
def intruder(kit, course, box, tmp_path_factory):
    """The record of a submission that looks around and fills what it can, and a folder that it was told of."""
    folder = tmp_path_factory.mktemp("outside")
    hand_in(folder / "class", "bert", full(kit))
    (folder / "to write").mkdir()
    secrets = [
        course / "notebooks" / f"{NAME}.ipynb", kit.folder / "gradebook.db", kit.folder / "kit.json",
        folder / "class" / "bert" / f"{NAME}.ipynb", Path(__file__), Path.home() / ".bashrc", Path("/etc/shadow"),
        Path("/etc/passwd"), Path("/proc/1/root/etc/shadow"),
    ]  # fmt: skip
    writable = [str(folder / "to write"), "/", "/usr", "/course", "/course/lenet_helpers", "/etc", "/judge", "/dev",
                sys.prefix, "/proc/sys/kernel"]  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LENET_TEST_SECRET", "x")
        port = server.getsockname()[1]
        look = PROBE.format(secrets=list(map(str, secrets)), writable=writable, port=port, pid=os.getpid())
        notebook = full(kit, begin=look + FILL, split="return FOUND", normalise=f"all_refused\n    {NORMALISE}")
        return marked(kit, notebook, box, memory=3000, disk=16), folder / "to write"


def test_a_sandbox_hides_everything_else(intruder, box):
    record, folder = intruder
    as_root = "changed_device" if box and box.name == "bubblewrap" and sandbox._is_root() else ""  # so the last choice
    assert marks_of(record)["01-split"] == 0
    assert re.search("found:(.*?):", " ".join(record["exercises"][0]["verdict"].split())).group(1) == as_root
    assert not list(folder.iterdir())


def test_filled_memory_and_disk_end_in_an_error_of_its_own(intruder):
    record, _ = intruder
    assert marks_of(record)["01-normalise"] == 2
    assert record["remarks"] == []


def test_the_probe_finds_what_there_is(kit, course, tmp_path):
    """Without a sandbox it does; so an empty finding above means something."""
    begin = PROBE.format(
        secrets=[str(course / "notebooks" / f"{NAME}.ipynb")], writable=[str(tmp_path)], port=9, pid=os.getpid()
    )
    record = marked(kit, full(kit, begin=begin, split="return FOUND"), sandbox.NoSandbox())
    verdict = record["exercises"][0]["verdict"]
    assert f"sees_{NAME}.ipynb" in verdict and "wrote_" in verdict and "could_signal" in verdict
    assert "used_oracle" not in verdict
    assert marks_of(record) == ONE


FORGERIES = {
    "patches the checker": """
import lenet_helpers, lenet_helpers.exercises as e
class Yes:
    def __bool__(self): return True
    def __eq__(self, other): return True
check = lenet_helpers.check = e.check = lambda *a, **k: Yes()
import builtins; np.allclose = np.array_equal = lambda *a, **k: True
""",
    "replaces the helper module": """
import sys, types
fake = types.ModuleType("lenet_helpers"); fake.check = lambda *a, **k: True
sys.modules["lenet_helpers"] = fake
check = fake.check
open("lenet_helpers.py", "w").write("check = lambda *a, **k: True")
""",
    "patches what is sent": """
import lenet_helpers.exercises as e
def right(answer): return b'{"right": true}\\n'
e.pack_answer = right
""",
    "sends an answer of its own": """
import lenet_helpers.exercises as e, json
pack = e.pack_answer
def lie(answer):
    for outcome in answer.outcomes: outcome.error = None; outcome.parts = {}
    answer.missing = answer.stranger = ""; answer.endless = False
    answer.outcomes = []; return pack(answer)
e.pack_answer = lie
""",
    "hides its errors": """
ip = get_ipython()
ip.showtraceback = lambda *a, **k: None
ip.showsyntaxerror = lambda *a, **k: None
ip.ast_transformers.append(type("T", (), {"visit": lambda s, t: __import__("ast").parse("1")})())
""",
    "forges the reports": """
import os, json
for fd in ("/proc/%d/fd/1" % os.getppid(),):
    try:
        with open(fd, "w") as out:
            for i in range(40): out.write(json.dumps({"cell": i}) + "\\n")
            out.write(json.dumps({"finished": True}) + "\\n")
    except OSError: pass
""",
}


OFTEN = {"replaces the helper module", "forges the reports"}  # and "patches the checker", in the small class


@pytest.mark.parametrize(
    "name", [one if one in OFTEN else pytest.param(one, marks=pytest.mark.slow) for one in FORGERIES]
)
def test_no_forgery_gets_marks(kit, name):
    begin = FORGERIES[name]
    record = marked(kit, submission(kit, begin=begin, split="return labels == labels", normalise="return pixels"))
    assert record["status"] == GRADED and marks_of(record) == NONE


def test_edited_and_hidden_grade_cells_are_restored(graded):
    record = record_of(graded, "gerd")
    assert marks_of(record) == NONE
    edited = [f"cell {one}-grade was edited; restored" for one in ("01-split", "01-normalise")]
    assert record["remarks"] == [f"is named small.ipynb; graded as {NAME}, whose cells it has", *edited]


@pytest.mark.parametrize(
    ("name", "begin", "limits", "expected"),
    [
        (
            # A refused fork that nobody catches would end the cell, and the next ones might be marked before the end.
            "forks without end",
            "import os, time\nwhile True:\n    try: os.fork()\n    except BlockingIOError: time.sleep(1)",
            {"processes": 30},
            "more than 30 processes",
        ),
        (
            "fills memory in many processes",
            "import os, time\nfor _ in range(6):\n    if not os.fork():\n        hold = bytearray(300 * 2**20)\n"
            "        for i in range(0, len(hold), 4096): hold[i] = 1\n        time.sleep(60)\ntime.sleep(60)",
            {"memory": 1200},
            "more than 1200 MB of memory",
        ),
        (
            "sleeps for ever, and can't be woken",
            "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: time.sleep(1)",
            {"seconds": 3, "cell_seconds": 1},
            "more than 3 s",
        ),
        (
            "kills its parent and everybody else",
            "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nos.kill(-1, signal.SIGKILL)",
            {},
            "broke off",
        ),
    ],
)
def test_what_takes_too_much_is_stopped(kit, box, name, begin, limits, expected):
    before = set(children())
    started = time.monotonic()
    record = marked(kit, full(kit, begin=begin), box, **limits)
    assert marks_of(record) == NONE
    assert any(re.search(expected, remark) for remark in record["remarks"]), record["remarks"]
    assert time.monotonic() - started < 200  # which is no measurement: it ends at all
    assert nobody_but(before), "processes were left behind"


@pytest.mark.parametrize("name", HERE)
def test_a_sandbox_works_for_whom_the_path_leads_to_no_sbin(name, monkeypatch):
    folders = os.environ["PATH"].split(os.pathsep)
    monkeypatch.setenv("PATH", os.pathsep.join(one for one in folders if not one.endswith("sbin")))
    assert sandbox.why_not(BOXES[name]) is None


def test_who_counts_processes_sees_one_more_than_the_limit(monkeypatch):
    below = {1: [2, 3], 2: [4, 5], 4: [6, 7]}
    monkeypatch.setattr(supervising, "children", lambda pid: below.get(pid, []))
    assert [len(supervising.descendants(1, most)) for most in range(1, 8)] == [2, 3, 4, 5, 6, 6, 6]


@needs_sandbox
def test_who_counts_processes_stops_at_the_limit():
    before = set(children())
    sleeper = f"'{sys.executable}' -c 'import time; time.sleep(60)'"
    process = subprocess.Popen(
        ["sh", "-c", f"{sleeper} & {sleeper} & {sleeper} & wait"], stdin=subprocess.PIPE, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while len(everybody := supervising.descendants(process.pid, 10)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert set(everybody) == set(children()) - before - {process.pid}
    assert len(supervising.descendants(process.pid, 1)) == 2  # which is enough to know that they are too many
    supervising.end(process, 10)
    assert nobody_but(before)


def nobody_but(before, patience=10):
    """Wait until only the processes of before are there; False where others are still there after so many seconds."""
    deadline = time.monotonic() + patience
    while set(children()) - before and time.monotonic() < deadline:
        time.sleep(0.01)
    return set(children()) == before


@pytest.fixture(scope="module")
def talkative(kit):
    """The record of a right submission that prints a hundred megabytes, and how its run came out."""
    outcomes, plain = [], submissions._run
    begin = "line = 'x' * 10**6\nfor _ in range(100):\n    print(line)"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(submissions, "_run", lambda *given: outcomes.append(plain(*given)) or outcomes[-1])
        return marked(kit, full(kit, begin=begin)), outcomes[-1]


def test_a_hundred_megabytes_of_output_are_not_kept(talkative):
    record, _ = talkative
    assert marks_of(record) == ALL
    assert len(json.dumps(record)) < 20_000


def test_an_answer_can_not_carry_hidden_tests_into_the_feedback(graded):
    record = record_of(graded, "carla")
    assert marks_of(record) == ONE
    page = feedback.page("carla", [record])
    assert "[True, False, True]" not in page.replace("&#39;", "'") and NO_HIDDEN_TESTS in page


# --- the sandbox itself -----------------------------------------------------------------


def test_without_a_sandbox_grading_is_refused(monkeypatch, tmp_path, capsys, kit):
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    with pytest.raises(
        GradingError, match=r"no sandbox works here.*bubblewrap: .*apt install bubblewrap.*--no-sandbox"
    ):
        sandbox.find_sandbox()
    hand_in(tmp_path / "class", "anna", full(kit))
    with pytest.raises(SystemExit) as stop:
        cli.main(["grade", str(tmp_path / "class"), "--out", str(tmp_path / "marks.csv")])
    assert stop.value.code == 1 and "no sandbox works here" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["class"]


@needs_sandbox
def test_a_course_below_tmp_can_be_graded_as_well():
    """Inside, /tmp is empty but for what Python needs."""
    with tempfile.TemporaryDirectory(prefix="lenet ü ", dir="/tmp") as folder:
        venv.create(folder, with_pip=False)
        program = "from lenet_helpers.grading.box.sandbox import *; print([why_not(box) is None for box in SANDBOXES])"
        done = subprocess.run(
            [f"{folder}/bin/python", "-c", program],
            env={**os.environ, "PYTHONPATH": str(COURSE)},
            capture_output=True,
            text=True,
            check=True,
        )
    assert BOX
    assert done.stdout.strip() == str([reason is None for reason in WORKING.values()])


def test_a_sandbox_that_does_not_separate_is_not_taken():
    class Open(sandbox.NoSandbox):
        name, how_to_get = "env", "no way"

    reason = sandbox.why_not(Open())
    assert "it sees files outside" in reason


@needs_sandbox
@pytest.mark.parametrize("limit", [True, False])
def test_the_kernel_itself_ends_a_flood_in_the_sandbox_that_is_taken(tmp_path, limit):
    """Nobody watches here."""
    for name in ("course/notebooks", "judge"):
        (tmp_path / name).mkdir(parents=True)
    shutil.copytree(Path(sandbox.__file__).parent, tmp_path / "box")
    limits = {**vars(Limits(processes=4)), "count_processes": limit}
    flood = (
        f"import os, runner\nproblems = []\nrunner.limit({limits})\n{sandbox.FLOOD.format(most=120)}\nprint(problems)"
    )
    (tmp_path / "box" / "flood.py").write_text(flood)
    inside = sandbox.Inside(tmp_path / "course", tmp_path / "box" / "flood.py", tmp_path / "judge")
    done = subprocess.run(BOX.command(inside, Limits()), capture_output=True, text=True, timeout=120)
    assert done.stdout == ("[]\n" if limit else "['no limit of the kernel ends a flood of processes']\n"), done.stderr


@pytest.mark.skipif(not sandbox._is_root(), reason="only root runs submissions as somebody else")
def test_as_root_what_others_may_not_read_is_named(tmp_path):
    for name in ("course", "judge", "box", "data/MNIST"):
        (tmp_path / name).mkdir(parents=True)
    images = tmp_path / "data" / "MNIST" / "images"
    images.touch(0o600)
    inside = sandbox.Inside(tmp_path / "course", tmp_path / "box" / "runner.py", tmp_path / "judge", tmp_path / "data")
    with pytest.raises(GradingError, match="images"):
        sandbox.Unshare().command(inside, Limits())
    images.chmod(0o604)
    assert sandbox.Unshare().command(inside, Limits())


def test_what_a_sandbox_can_read_must_hold_no_secret(kit, tmp_path):
    assert sandbox.forbidden_paths([tmp_path]) == []
    inside = Path(sys.prefix) / "share" / "class"
    assert sandbox.forbidden_paths([inside, tmp_path]) == [inside]


def test_a_run_that_does_not_start_is_no_fault_of_the_student(kit):
    class Broken(sandbox.NoSandbox):
        def command(self, inside, limits):
            return [sys.executable, "-c", "raise SystemExit('no room')"]

    record = marked(kit, full(kit), Broken())
    assert record["status"] == FAILED and record["reason"] == "the run did not start: no room"


# --- the batch --------------------------------------------------------------------------


STEAL = "raise ValueError(In[-1][-120:])"  # the end of the cell that runs: of the hidden tests, in a grade cell


def small_class(kit, folder):
    """Seven submissions: right, partly right, two hostile, two that can't be read, one missing."""
    hand_in(folder, "anna", full(kit))
    hand_in(folder, "carla", full(kit, split=STEAL))
    hand_in(folder, "dora", full(kit, begin=FORGERIES["patches the checker"], split="return labels > 3"))
    hand_in(folder, "emil", b"")
    hand_in(folder, "fritz", b"{")
    edited = submission(kit)
    for grade_id in ("01-split-grade", "01-normalise-grade"):
        cell = edited["cells"][exercise_cells(edited, grade_id)[0]]
        cell["source"], cell["metadata"] = "pass", {**cell["metadata"], "tags": ["skip-execution"]}
    hand_in(folder, "gerd", edited, "small.ipynb")
    (folder / "hans").mkdir()


EXPECTED = {
    "anna": ALL, "carla": ONE, "dora": NONE, "emil": NONE, "fritz": NONE, "gerd": NONE, "hans": NONE,
}  # fmt: skip


def rows(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def graded(kit, course, made_once):
    """The small class, graded by one process: a folder that holds class/, marks.csv and marks/, summary and lines."""

    def grade(folder):
        small_class(kit, folder / "class")
        lines = []
        box = BOX or sandbox.NoSandbox()
        summary = batch.grade(folder / "class", folder / "marks.csv", sandbox=box, course=course, say=lines.append)
        (folder / "said").write_bytes(pickle.dumps((summary, lines)))

    folder = made_once("class of 7", grade)
    return folder, *pickle.loads((folder / "said").read_bytes())


def record_of(graded, student):
    return next(record for record in graded[1].records if record["student"] == student)


def test_marks_are_written_by_student_notebook_and_exercise(graded):
    folder, summary, lines = graded
    table = rows(folder / "marks.csv")
    assert list(table[0]) == ["student", "notebook", "exercise", "mark", "points", "remark"]
    found = {}
    for row in table:
        assert row["notebook"] == NAME and row["points"] == "2"
        found.setdefault(row["student"], {})[row["exercise"]] = int(row["mark"])
    assert found == EXPECTED
    remarks = {row["student"]: row["remark"] for row in table}
    assert remarks == {
        **dict.fromkeys(EXPECTED, ""),
        "emil": "not graded",
        "fritz": "not graded",
        "hans": "not handed in",
    }
    assert (summary.run, summary.kept, summary.failed) == (6, 0, 0)
    assert len(lines) == 7


def test_nbgrader_itself_gives_the_same_marks(graded, course, tmp_path):
    content = (graded[0] / "class" / "carla" / f"{NAME}.ipynb").read_bytes()
    marks = marks_of(record_of(graded, "carla"))
    assert marks == ONE  # one cell that fails, and one that does not
    carla = Student("carla", NAME, content, {exercise for exercise, mark in marks.items() if mark})
    assert grade_alone([carla], tmp_path / "alone", course)[1] == []


def test_each_broken_submission_is_named_in_the_report(graded):
    folder, summary, _ = graded
    report = (folder / "marks" / "report.txt").read_text(encoding="utf-8")
    for line in (
        f"emil/{NAME}: not graded: the file is empty",
        f"fritz/{NAME}: not graded: the file is not valid JSON",
        f"gerd/{NAME}: is named small.ipynb; graded as {NAME}",
    ):
        assert line in report and any(line in problem for problem in summary.problems)
    assert "anna" not in report.split("Problems")[1]


def test_scores_of_all_workers_are_in_one_gradebook(graded):
    folder, _, _ = graded
    with with_nbgrader.open_gradebook(folder / "marks") as gradebook:
        for student, exercises in EXPECTED.items():
            grades = gradebook.find_submission_notebook(NAME, NAME, student).grades
            assert {grade.name: grade.auto_score for grade in grades} == {
                f"{name}-grade": mark for name, mark in exercises.items()
            }
            assert not any(grade.needs_manual_grade for grade in grades)
        assert gradebook.average_assignment_score(NAME) == pytest.approx(
            sum(sum(one.values()) for one in EXPECTED.values()) / 7
        )


def test_feedback_is_a_page_for_each_student_without_hidden_tests(graded):
    import html

    folder, _, _ = graded
    pages = {path.stem: html.unescape(path.read_text()) for path in (folder / "marks" / "feedback").glob("*.html")}
    assert sorted(pages) == sorted(EXPECTED)
    for text in pages.values():
        assert "http" not in text and "<script" not in text and "HIDDEN" not in text
        for secret in ("[True, False, True]", ".min() == -1"):
            assert secret not in text
    assert "anna: 4 of 4 points" in pages["anna"] and "return chosen" in pages["anna"]
    assert "hint(" not in pages["anna"] and 'hint("01-split", stage=2)' in pages["gerd"]
    assert "not written yet" in pages["gerd"]
    assert "Could not be graded: the file is empty." in pages["emil"]
    assert "Not handed in." in pages["hans"]


def test_remarks_are_sentences_in_the_page():
    record = {"student": "anna", "notebook": NAME, "status": GRADED, "reason": "", "exercises": [],
              "remarks": ["is named 1.ipynb", "cell 01-split-grade is missing; put back"]}  # fmt: skip
    text = feedback.page("anna", [record])
    assert ">This notebook is named 1.ipynb.<" in text
    assert ">Cell 01-split-grade is missing; put back.<" in text


def test_what_a_student_writes_is_text_in_the_page(kit):
    evil = {"exercise": "x", "mark": 0.0, "points": 2.0, "reason": "", "verdict": "<b>", "mistake": None, "error": "",
            "code": "</pre><script>alert(1)</script>"}  # fmt: skip
    text = feedback.page("<i>", [{"student": "<i>", "notebook": NAME, "status": GRADED, "reason": "", "remarks": [],
                                  "exercises": [evil]}])  # fmt: skip
    assert "<script" not in text and "<i>" not in text and "<b>" not in text


def test_a_second_run_runs_only_what_has_changed(graded, kit, course, tmp_path, monkeypatch):
    folder, _, _ = graded
    shutil.copytree(folder, tmp_path / "copy")
    folder = tmp_path / "copy"
    before = (folder / "marks.csv").read_bytes()
    (folder / "marks.csv").unlink()
    seen = []
    monkeypatch.setattr(workers, "attempt", noting(seen))
    options = {"sandbox": BOX or sandbox.NoSandbox(), "course": course}
    summary = batch.grade(folder / "class", folder / "marks.csv", **options)
    assert seen == [] and (summary.run, summary.kept) == (0, 6)
    assert (folder / "marks.csv").read_bytes() == before
    hand_in(folder / "class", "gerd", full(kit), "small.ipynb")
    summary = batch.grade(folder / "class", folder / "marks.csv", **options)
    assert seen == ["gerd"] and summary.failed == 1
    summary = batch.grade(folder / "class", folder / "marks.csv", **options)
    assert seen == ["gerd", "gerd"]  # what failed is tried again
    batch.grade(folder / "class", folder / "marks.csv", **options, limits=Limits(threads=2))
    assert len(seen) == 2 + 7  # other conditions, other marks perhaps


@pytest.mark.slow
def test_several_workers_give_the_same_marks(graded, kit, course, tmp_path):
    folder, _, _ = graded
    options = {"sandbox": BOX or sandbox.NoSandbox(), "course": course}
    summary = batch.grade(folder / "class", tmp_path / "marks.csv", workers=2, **options)
    assert (tmp_path / "marks.csv").read_bytes() == (folder / "marks.csv").read_bytes()
    assert summary.failed == 0


def _row(name):
    return {"exercise": name, "mark": 0.0, "points": 2.0, "reason": "", "verdict": "", "error": "", "code": ""}


def test_a_run_that_is_stopped_goes_on_where_it_was(kit, course, tmp_path, monkeypatch):
    small_class(kit, tmp_path / "class")
    done = []

    def interrupted(job, task):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(task.student)
        return {**workers.failed(task, job, ""), "status": "not handed in", "exercises": [_row(name) for name in ALL]}

    monkeypatch.setattr(workers, "attempt", interrupted)
    options = {"sandbox": sandbox.NoSandbox(), "course": course}
    with pytest.raises(KeyboardInterrupt):
        batch.grade(tmp_path / "class", tmp_path / "marks.csv", **options)
    assert not (tmp_path / "marks.csv").exists()
    monkeypatch.setattr(workers, "attempt", noting(done))
    batch.grade(tmp_path / "class", tmp_path / "marks.csv", **options)
    assert done == sorted(EXPECTED)


def test_a_worker_that_dies_does_not_stop_the_batch(kit, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "attempt", dies_at_carlas)
    job = Job(str(kit.folder), kit.fingerprint, sandbox.NoSandbox())
    tasks = [Task(student, NAME, b"") for student in EXPECTED]
    records = {record["student"]: record["reason"] for record in workers.in_processes(tasks, job, 2)}
    assert sorted(records) == sorted(EXPECTED)
    assert records["carla"] == "the process that marked it died"


def test_a_right_answer_that_a_busy_computer_held_up_is_run_again(kit, talkative, monkeypatch):
    in_time = talkative[1]
    held_up = copy.deepcopy(in_time)
    held_up.report_on("01-split-grade")["error"] = submissions.OUT_OF_TIME
    runs = [held_up, in_time]
    monkeypatch.setattr(submissions, "_run", lambda *given: runs.pop(0))
    record = marked(kit, full(kit))
    assert runs == [] and marks_of(record) == ALL and record["remarks"] == []


def test_marks_never_come_from_two_versions_of_the_course(kit, tmp_path):
    shutil.copytree(kit.folder, tmp_path / "kit")
    facts = json.loads((tmp_path / "kit" / "kit.json").read_text())
    (tmp_path / "kit" / "kit.json").write_text(json.dumps({**facts, "helpers": "those of yesterday"}))
    job = Job(str(tmp_path / "kit"), kit.fingerprint, sandbox.NoSandbox())
    record = workers.attempt(job, Task("anna", NAME, b"{}"))
    assert record["status"] == FAILED and "another version of the course" in record["reason"]


def test_errors_of_the_grading_itself_are_a_record(kit):
    job = Job(str(kit.folder / "nowhere"), kit.fingerprint, sandbox.NoSandbox())
    record = workers.attempt(job, Task("anna", NAME, b"{}"))
    assert record["status"] == FAILED and "FileNotFoundError" in record["reason"]


def test_places_are_checked_before_anything_runs(kit, course, tmp_path):
    hand_in(tmp_path / "class", "anna", full(kit))
    options = {"sandbox": sandbox.NoSandbox(), "course": course}
    with pytest.raises(GradingError, match="lies among the submissions"):
        batch.grade(tmp_path / "class", tmp_path / "class" / "marks.csv", **options)
    with pytest.raises(GradingError, match="there is no folder"):
        batch.grade(tmp_path / "class", tmp_path / "x" / "marks.csv", **options)
    with pytest.raises(GradingError, match="has no suffix"):
        batch.grade(tmp_path / "class", tmp_path / "marks", **options)
    (tmp_path / "marks").mkdir()
    import fcntl

    with open(tmp_path / "marks" / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(GradingError, match="another run is grading"):
            batch.grade(tmp_path / "class", tmp_path / "marks.csv", **options)


def test_command_says_what_is_missing(monkeypatch, tmp_path, capsys):
    (tmp_path / "class").mkdir()
    find_spec = cli.importlib.util.find_spec
    monkeypatch.setattr(cli.importlib.util, "find_spec", lambda name: None if name == "nbgrader" else find_spec(name))
    for arguments in (["grade", str(tmp_path / "class"), "--out", "marks.csv"], ["release", str(tmp_path / "x")]):
        with pytest.raises(SystemExit) as stop:
            cli.main(arguments)
        err = capsys.readouterr().err
        assert stop.value.code == 1 and "needs nbgrader" in err and '".[instructor]"' in err


# --- a cluster --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "workers_at_first",
    [2, pytest.param(1, marks=pytest.mark.slow)],  # the second is the rarer case, and starts as many processes again
)
def test_a_cluster_gives_the_same_marks_when_a_worker_is_killed(graded, course, tmp_path, workers_at_first):
    pytest.importorskip("distributed")
    folder, _, _ = graded
    class_of_3 = ("anna", "carla", "emil")  # enough that both workers have one to run: of 60, make class tells
    for student in class_of_3:
        shutil.copytree(folder / "class" / student, tmp_path / "class" / student)
    killed = []
    with cluster(workers_at_first, tmp_path / "dask-workers") as running:

        def kill_one(line):
            if not killed:
                if workers_at_first == 1:
                    running.add_worker()  # comes too late to have got the kit from the one that dies
                killed.append(running.workers[0].pid)
                running.workers[0].kill()

        summary = batch.grade(
            tmp_path / "class",
            tmp_path / "marks.csv",
            sandbox=BOX or sandbox.NoSandbox(),
            course=course,
            scheduler=running.address,
            say=kill_one,
        )
    assert killed and summary.failed == 0 and summary.run == 3
    serially = [row for row in rows(folder / "marks.csv") if row["student"] in class_of_3]
    assert rows(tmp_path / "marks.csv") == serially


def test_a_scheduler_that_is_not_there_is_said(kit, course, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "PATIENCE_SECONDS", 1)
    hand_in(tmp_path / "class", "anna", full(kit))
    with pytest.raises(GradingError, match="no Dask scheduler answers"):
        batch.grade(
            tmp_path / "class", tmp_path / "marks.csv", sandbox=sandbox.NoSandbox(), course=course,
            scheduler="tcp://127.0.0.1:9",
        )  # fmt: skip


def test_the_small_lesson_is_like_the_real_ones():
    assert [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in solved().cells].count(None) == 5
    assert set(RIGHT) == set(ALL)
