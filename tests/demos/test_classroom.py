"""A class that writes: what it keeps on the disk, whom it lets in, and what it tells the board."""

import asyncio
import http.client
import json
import pickle
import re
import shutil
import stat
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import Future

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from tornado.httpserver import HTTPServer

from benchmarks.speed import classroom as load
from lenet_helpers import ImageClassifier, ImageError, load_class, load_model, to_input
from lenet_helpers.cli.main import cli
from lenet_helpers.demos.classroom import guard, network
from lenet_helpers.demos.classroom.guard import Door, Rate, Refused, checked_digit, key_of, message, writer_of
from lenet_helpers.demos.classroom.reading import Reader, Results
from lenet_helpers.demos.classroom.room import Room
from lenet_helpers.demos.classroom.server import application
from lenet_helpers.demos.classroom.store import ClassError, Key, Store
from lenet_helpers.drawing.strokes import draw_strokes, sample_digit
from lenet_helpers.inference import evidence, logits_at_slants
from lenet_helpers.preparation import judging
from lenet_helpers.preparation.folder import evaluate_folder, read_labels
from lenet_helpers.system.errors import CourseError
from lenet_helpers.system.paths import COURSE

# --- on the disk


def digits(writer, count=3, first=0):
    return [(Key(writer, n), n % 10, draw_strokes(sample_digit(n % 10))) for n in range(first, first + count)]


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "class")
    yield store
    store.close()


def again(store):
    """The same folder in the hands of another program, after the first was killed."""
    store.close()
    return Store(store.folder)


def test_evaluate_reads_what_was_written(store):
    assert store.add(digits(7)) == [Key(7, 0), Key(7, 1), Key(7, 2)]
    store.add(digits(12345678, 1))
    assert (store.folder / "labels.csv").read_text() == (
        "path,label,writer\n00000007/000.png,0,7\n00000007/001.png,1,7\n00000007/002.png,2,7\n"
        "12345678/000.png,0,12345678\n"
    )
    result = evaluate_folder(ImageClassifier(), store.folder)
    assert result.accuracy == 1 and result.counts == {"00000007": 3, "12345678": 1}


def test_a_digit_that_comes_again_is_kept_once(store):
    store.add(digits(7))
    assert store.add(digits(7, 4)) == [Key(7, 3)]
    assert store.add([*digits(8, 1), *digits(8, 1)]) == [Key(8, 0)]
    assert len(read_labels(store.folder)) == 5


def test_the_same_folder_goes_on_where_it_was_killed(store):
    store.add(digits(7))
    secrets = {name: store.state[name] for name in ("write", "board", "key")}
    with open(store.table, "ab") as file:
        file.write(b"00000007/003.png,3")  # a row that was being written
    other = again(store)
    assert {name: other.state[name] for name in secrets} == secrets
    assert list(other.labels) == [Key(7, 0), Key(7, 1), Key(7, 2)]
    other.add(digits(7, 1, first=3))
    assert read_labels(other.folder)[3] == ("00000007/003.png", 3)
    other.close()


def test_after_a_full_disk_no_half_row_is_left(store, monkeypatch):
    store.add(digits(7))

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            store.add(digits(8))
    with open(store.table, "ab") as file:
        file.write(b"00000008/0")
    assert store.labels.keys() == {Key(7, 0), Key(7, 1), Key(7, 2)}
    store.add(digits(8))
    assert len(read_labels(store.folder)) == 6


def test_who_removes_theirs_leaves_nothing_and_stays_away(store):
    store.add(digits(7) + digits(8))
    store.remove(7)
    assert not (store.folder / "00000007").exists()
    assert {path[:8] for path, _ in read_labels(store.folder)} == {"00000008"}
    assert store.add(digits(7)) == []  # still under way when the others were removed
    other = again(store)
    assert other.add(digits(7)) == [] and len(other.labels) == 3
    other.close()


def test_a_removal_that_was_killed_is_finished_later(store):
    store.add(digits(7) + digits(8))
    store.state["removed"].append(7)
    store._write_state()
    shutil.rmtree(store.folder / "00000007")
    other = again(store)
    assert len(read_labels(other.folder)) == len(other.labels) == 3
    other.close()


def test_two_programs_never_write_to_one_folder(store):
    with pytest.raises(ClassError, match="another lenet class"):
        Store(store.folder)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("labels.csv", "path,label\nfirst.png,7\n", "not written by lenet class"),
        ("labels.csv", "path,label,writer\n../../x.png,7,1\n", "line 2.*take it out"),
        ("labels.csv", "path,label,writer\n00000001/000.png,7,2\n", "line 2.*take it out"),
        ("labels.csv", "path,label,writer\n00000001/000.png,7,1\n", r"there is no .*000\.png"),
        (".class.json", "{", "damaged; remove it"),
        (".class.json", '{"write": 1}', "damaged; remove it"),
        (".class.json", "[]", "damaged; remove it"),
    ],
)
def test_a_folder_that_holds_something_else_is_refused(tmp_path, file, content, message):
    (tmp_path / file).write_text(content)
    with pytest.raises(ClassError, match=message):
        Store(tmp_path)
    assert (tmp_path / file).read_text() == content
    with pytest.raises(ClassError, match=message):  # and not because it were still in use
        Store(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_the_owner_reads_the_tokens(store):
    assert stat.S_IMODE((store.folder / ".class.json").stat().st_mode) == 0o600


# --- who is let in


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_five_digits_a_second():
    clock = Clock()
    rate = Rate(5, 5, clock=clock)
    assert [rate.take("anna") for _ in range(7)] == [True] * 5 + [False] * 2
    assert rate.take("ben")
    clock.now = 0.5
    assert [rate.take("anna") for _ in range(3)] == [True, True, False]


def test_a_rate_forgets_whom_it_has_not_seen_for_long():
    rate = Rate(1, 0, names=3)
    for name in range(100):
        rate.take(name)
    assert len(rate._buckets) == 3


def test_many_wrong_tokens_shut_the_door_for_a_while():
    clock = Clock()
    door = Door(clock)
    for _ in range(guard.WRONG_TOKENS):
        with pytest.raises(Refused) as refused:
            door.check("wrong", "right", "10.0.0.7")
        assert refused.value.status_code == 403
    with pytest.raises(Refused) as refused:
        door.check("right", "right", "10.0.0.7")
    assert refused.value.status_code == 429
    door.check("right", "right", "10.0.0.8")
    clock.now = 60
    door.check("right", "right", "10.0.0.7")


def test_a_writers_key_opens_only_that_writers_digits():
    secret = "00" * 32
    mine = {"writer": 5, "key": key_of(secret, 5)}
    assert writer_of(mine, secret) == 5
    for wrong in ({"writer": 6}, {"key": "ö"}, {"writer": -1, "key": key_of(secret, -1)}):
        with pytest.raises(Refused, match="403"):
            writer_of({**mine, **wrong}, secret)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff", b"[" * 60_000, b'{"writer": 1}', b'{"writer": 1, "key": "", "name": "anna"}',
     b'{"writer": "1", "key": ""}', b'{"writer": true, "key": ""}', b'{"writer": NaN, "key": ""}',
     b'{"writer": ' + b"1" * 5000 + b', "key": ""}'],
)  # fmt: skip
def test_what_is_not_such_a_message_is_refused(body):
    with pytest.raises(Refused, match="400"):
        message(body, {"writer": int, "key": str})


def stroke(points=(100, 100, 900, 900), width=65):
    return {"width": width, "points": list(points)}


@pytest.mark.parametrize(
    "changes",
    [
        {"label": 10},
        {"label": -1},
        {"strokes": []},
        {"strokes": ["<b>"]},
        {"strokes": [stroke([])]},
        {"strokes": [stroke([1, 2, 3])]},
        {"strokes": [stroke([0.5, 1])]},
        {"strokes": [stroke([float("nan"), 1])]},
        {"strokes": [stroke([True, True])]},
        {"strokes": [stroke([10**9, 0])]},
        {"strokes": [stroke(["1", "2"])]},
        {"strokes": [stroke(width=0)]},
        {"strokes": [stroke(width=9000)]},
        {"strokes": [{"width": 65}]},
        {"strokes": [{"width": 65, "points": {"x": 1}}]},
        {"strokes": [{"width": 65, "points": None}]},
        {"strokes": [stroke([5, 5] * 4000)]},
        {"strokes": [stroke([3000, 3000])]},  # all of it beside the pad
    ],
)
def test_what_nobody_can_have_drawn_is_refused(changes):
    content = {"number": 0, "label": 3, "strokes": [stroke()]}
    assert checked_digit(content)[:2] == (0, 3)
    with pytest.raises(Refused, match="400"):
        checked_digit({**content, **changes})


@pytest.mark.parametrize("number", [-1, 500])
def test_a_writer_has_five_hundred_digits(number):
    with pytest.raises(Refused, match="409"):
        checked_digit({"number": number, "label": 3, "strokes": [stroke()]})


# --- what was read


def test_the_summary_counts_as_by_hand():
    results = Results()
    assert results.summary()["accuracy"] is None
    for number, (label, read) in enumerate([(1, (1, 0.9)), (1, (7, 0.6)), (7, (7, 1.0)), (7, None)]):
        results.add(Key(number % 2, number), label, read)
    summary = results.summary()
    assert (summary["count"], summary["writers"], summary["accuracy"]) == (4, 2, 0.5)
    assert summary["error"] == pytest.approx(0.25)
    assert summary["matrix"][1][1] == summary["matrix"][1][7] == summary["matrix"][7][7] == 1
    assert sum(map(sum, summary["matrix"])) == 3
    assert results.remove(0) == [Key(0, 0), Key(0, 2)] and results.summary()["count"] == 2


def test_the_reader_reads_as_predict_does_and_passes_over_what_is_gone(store):
    store.add(digits(7, 2))
    reader = Reader(COURSE / "model.pth")
    network = reader.load().result()
    assert network["weights"] and network["pad"]["widths"]
    read = reader.read([store.file(Key(7, 1)), store.file(Key(9, 9))]).result()
    assert read[0][0] == ImageClassifier().predict(store.file(Key(7, 1))) == 1 and read[1] is None
    steps = reader.explain(store.file(Key(7, 1))).result()
    assert steps[0]["name"] == "the picture" and steps[-1]["picture"].startswith("data:image/png;base64,")
    reader.close()


def test_the_network_without_torch_is_that_of_torch(sample):
    made_of, _ = network.parts(COURSE / "model.pth")
    there, pixels = network.Network(*made_of), sample.test.pixels[::3]
    model = load_model(COURSE / "model.pth")
    logits = there.logits(pixels)
    assert len(pixels) >= 300
    assert np.abs(logits - logits_at_slants(model, to_input(pixels)).numpy()).max() < 1e-4
    for one, other in zip(judging.evidence(logits), evidence(model, pixels), strict=True):
        assert np.allclose(one, other, atol=1e-4)


_HEAVY = """
import pickle, sys
from lenet_helpers.demos.classroom import reading, server

reader = reading.Reader(None)
reader._network = reading.Network(*pickle.loads(sys.stdin.buffer.read()))
(digit, _), = reader.read(["test.png"]).result()
assert digit == 5 and reader.explain("test.png").result()
reader.close()
print({"torch", "matplotlib", "IPython"} & set(sys.modules))
"""


def test_the_server_reads_and_explains_without_torch():
    made_of, _ = network.parts(COURSE / "model.pth")
    command = [sys.executable, "-c", _HEAVY]
    done = subprocess.run(command, input=pickle.dumps(made_of), stdout=subprocess.PIPE, cwd=COURSE, check=True)
    assert done.stdout.strip() == b"set()"


def test_a_model_whose_loading_was_ended_is_told_of(monkeypatch):
    monkeypatch.setattr(network, "__name__", "lenet_helpers.nothing")
    with pytest.raises(CourseError, match=r"model\.pth was not loaded"):
        network.parts_apart(COURSE / "model.pth")


# --- the server, with a network that reads everything as a 1


class OneReader:
    """Stands in for `Reader`."""

    def load(self):
        return done({"weights": ""})

    def read(self, files):
        return done([(1, 0.75)] * len(files))

    def explain(self, file):
        return done([{"name": "the picture", "sentence": str(file.name), "picture": ""}])

    def close(self):
        pass


def done(value):
    future = Future()
    future.set_result(value)
    return future


class Visitor:
    """Asks a server in this process, and reads its board."""

    def __init__(self, port, room):
        self.port, self.room = port, room
        self.write, self.board = f"/{room.store.state['write']}/", f"/board/{room.store.state['board']}/"

    def ask(self, path, content=None, method=None):
        """Return status, headers and body; a body that is JSON as what it says."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        body = None if content is None else json.dumps(content)
        connection.request(method or ("GET" if body is None else "POST"), path, body)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        is_json = answer.headers["Content-Type"].startswith("application/json")
        return answer.status, answer.headers, json.loads(body) if is_json else body

    def join(self):
        return self.ask(f"{self.write}writer", {})[2]

    def send(self, me, number=0, label=1, **changes):
        content = {"writer": me["writer"], "key": me["key"], "number": number, "label": label}
        return self.ask(f"{self.write}digit", {**content, "strokes": sample_digit(1), **changes})

    def events(self):
        """Yield what the board is told."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", f"{self.board}events")
        try:
            for line in connection.getresponse():
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])
        finally:
            connection.close()


@pytest.fixture(scope="module")
def visitor(tmp_path_factory):
    store, ready, ended = Store(tmp_path_factory.mktemp("served") / "class"), Future(), None

    async def run():
        nonlocal ended
        room, ended = Room(store, OneReader()), asyncio.Event()
        server = HTTPServer(application(room, "http://here/", Clock()), max_body_size=guard.MOST_BYTES)
        server.listen(0, "127.0.0.1")
        reading = asyncio.create_task(room.read_on())
        ready.set_result((asyncio.get_running_loop(), next(iter(server._sockets.values())).getsockname()[1], room))
        await ended.wait()
        reading.cancel()
        server.stop()
        await room.close()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    loop, port, room = ready.result(30)
    yield Visitor(port, room)
    loop.call_soon_threadsafe(ended.set)
    thread.join(30)
    store.close()


def test_a_tablet_gets_a_number_and_a_digit_and_the_board_shows_it(visitor):
    me = visitor.join()
    assert 0 <= me["writer"] < 10**8 and me["next"] in range(10)
    status, _, body = visitor.send(me, label=7)
    assert status == 200 and body["saved"] == 0 and body["next"] in range(10)
    assert (visitor.room.store.folder / f"{me['writer']:08}" / "000.png").exists()
    name = f"{me['writer']:08}/000"
    for news in visitor.events():
        if shown := [digit for digit in news["digits"] if digit["id"] == name]:
            break
    assert shown == [{"id": name, "at": shown[0]["at"], "label": 7, "read": 1, "confidence": 0.75}]
    assert visitor.ask(f"{visitor.board}digits/{name}")[2].startswith(b"\x89PNG")
    assert visitor.ask(f"{visitor.board}explain/{name}")[2]["steps"][0]["sentence"] == "000.png"


def test_so_many_boards_and_no_more(visitor, monkeypatch):
    monkeypatch.setattr("lenet_helpers.demos.classroom.server.MOST_BOARDS", 0)
    assert visitor.ask(f"{visitor.board}events")[0] == 429


def test_what_is_hidden_leaves_the_board_and_still_counts(visitor):
    me = visitor.join()
    visitor.send(me)
    name, events = f"{me['writer']:08}/000", visitor.events()
    first = next(events)
    while not any(digit["id"] == name for digit in first["digits"]):
        first = next(events)
    count = first["summary"]["count"]
    assert visitor.ask(f"{visitor.board}hide/{name}", {})[0] == 200
    news = next(events)
    assert news["gone"] == [name] and news["summary"]["count"] == count
    assert visitor.ask(f"{visitor.board}digits/{name}")[0] == 404
    assert name not in {digit["id"] for digit in next(visitor.events())["digits"]}


def test_who_removes_theirs_leaves_board_and_count(visitor):
    me, other = visitor.join(), visitor.join()
    visitor.send(me)
    name, events = f"{me['writer']:08}/000", visitor.events()
    first = next(events)
    while not any(digit["id"] == name for digit in first["digits"]):
        first = next(events)
    mine = {"writer": me["writer"], "key": me["key"]}
    assert visitor.ask(f"{visitor.write}remove", {**mine, "key": other["key"]})[0] == 403
    assert visitor.ask(f"{visitor.write}remove", mine)[0] == 200
    news = next(events)
    assert news["gone"] == [name] and news["summary"]["count"] == first["summary"]["count"] - 1
    assert visitor.send(me, number=1)[0] == 410


def test_the_same_digit_sent_again_is_answered_again(visitor):
    me = visitor.join()
    assert visitor.send(me)[0] == visitor.send(me)[0] == 200
    assert Counter(key.writer for key in visitor.room.store.labels)[me["writer"]] == 1


def test_a_sixth_digit_in_a_second_has_to_wait(visitor):
    me = visitor.join()
    assert [visitor.send(me, number)[0] for number in range(7)] == [200] * 5 + [429] * 2  # the clock stands still


def test_a_full_class_takes_no_more(visitor, monkeypatch):
    me = visitor.join()
    visitor.send(me)
    monkeypatch.setattr("lenet_helpers.demos.classroom.room.MOST_IN_ALL", len(visitor.room.store.labels))
    assert visitor.send(me, number=1)[0] == 409
    assert visitor.send(me, number=0)[0] == 200  # it is there


def test_a_disk_that_is_full_says_so_and_the_tablet_may_try_again(visitor, monkeypatch):
    me = visitor.join()

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(visitor.room.store, "add", full)
        status, _, body = visitor.send(me)
    assert status == 503 and "No space" in body["error"]
    assert visitor.send(me)[0] == 200


def asked_of(store, writers):
    """The digits that so many writers are asked for, one after the other."""

    async def ask():
        room = Room(store, OneReader())
        asked = [room.ask(writer) for writer in range(writers)]
        await room.close()
        return Counter(asked)

    return asyncio.run(ask())


def test_the_class_is_asked_for_each_digit_equally_often(store):
    store.add(digits(1, 3))
    # With a 0, a 1 and a 2 on the disk, 17 more make two of each.
    assert asked_of(store, 17) == {digit: 1 if digit < 3 else 2 for digit in range(10)}


def test_digits_of_tablets_that_went_away_are_asked_for_again(store, monkeypatch):
    monkeypatch.setattr("lenet_helpers.demos.classroom.room.WRITING_SECONDS", -1)
    store.add(digits(1, 9))
    assert asked_of(store, 5) == {9: 5}


def test_a_board_shows_digits_in_the_order_in_which_they_came(store):
    async def read():
        room = Room(store, OneReader())
        reading = asyncio.create_task(room.read_on())
        await room.write(*digits(9, 1)[0])  # while those of an earlier run are still unread
        while len(room.results.readings) < 11:
            await asyncio.wait_for(room.changed.wait(), 60)
        reading.cancel()
        await room.close()
        return room

    store.add(digits(7, 10))
    room = asyncio.run(read())
    assert [digit["at"] for digit in room.latest()] == list(range(11))
    assert room.latest()[-1]["id"] == "00000009/000"


def test_whoever_writes_while_others_remove_theirs_is_answered(tmp_path):
    async def write():
        store = Store(tmp_path)
        room = Room(store, OneReader())
        writing = [room.write(key, label, picture) for writer in range(8) for key, label, picture in digits(writer)]
        await asyncio.gather(*writing[:9], room.remove(1), *writing[9:], room.remove(6))
        await room.close()
        store.close()

    asyncio.run(asyncio.wait_for(write(), 60))
    assert {path[:8] for path, _ in read_labels(tmp_path)} == {f"{writer:08}" for writer in (0, 2, 3, 4, 5, 7)}


def test_pages_bring_a_policy_that_lets_no_foreign_script_run(visitor):
    for path in (visitor.write, visitor.board, "/static/tablet.js", f"{visitor.write}nothing"):
        _, headers, _ = visitor.ask(path)
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'" and policy["script-src"] == policy["connect-src"] == "'self'"
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("page", ["tablet.html", "board.html"])
def test_pages_name_only_files_that_are_there_and_hold_no_script(page):
    static = COURSE / "lenet_helpers" / "demos" / "static"
    text = (static / page).read_text(encoding="utf-8")
    files = re.findall(r'(?:href|src)="(?:\.\./)+static/([\w.]+)"', text)
    assert len(files) == 4 and all((static / file).exists() for file in files)
    assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=|https?:", text)


def test_an_address_without_its_last_slash_leads_to_the_page(visitor):
    for path in (visitor.write, visitor.board):
        status, headers, _ = visitor.ask(path[:-1])
        assert status == 302 and headers["Location"] in (path[1:], path.removeprefix("/board/"))


def test_each_token_opens_only_its_own(visitor):
    write, board = visitor.write.strip("/"), visitor.board.split("/")[2]
    for path in (f"/{board}/", f"/board/{write}/", f"/board/{write}/events", f"/{board}/network", "/wrong678/"):
        status, _, body = visitor.ask(path)
        assert status == 403 and "as the board shows it" in body["error"]


def test_the_code_is_that_of_the_address(visitor):
    segno = pytest.importorskip("segno")
    code = visitor.ask(f"{visitor.board}code")[2].decode()
    modules = len(segno.make("http://here/", error="m", micro=False).matrix) + 2 * 2
    assert f'viewBox="0 0 {modules} {modules}"' in code


@pytest.mark.parametrize(
    "path",
    ["/", "/static/", "/static/../server.py", "/static/%2e%2e/server.py", "/static/board.html", "/static/x.js",
     "{board}digits/../.class", "{board}digits/12345678/000", "{board}digits/%2e%2e/000", "{board}explain/1/2"],
)  # fmt: skip
def test_what_is_not_there_is_not_to_be_had(visitor, path):
    status, _, body = visitor.ask(path.replace("{board}", visitor.board))
    assert status in (403, 404) and set(body) == {"error"}


# --- the command


def test_the_command_hands_everything_on(monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr("lenet_helpers.demos.classroom.server.serve", lambda *arguments, say: seen.append(arguments))
    options = ["class", str(tmp_path / "ours"), "--host", "0.0.0.0", "--port", "9000", "--no-browser"]
    assert CliRunner().invoke(cli, options).exit_code == 0
    assert seen == [(tmp_path / "ours", COURSE / "model.pth", "0.0.0.0", 9000, False)]


def test_a_model_that_can_not_be_used_ends_the_command_with_its_reason(tmp_path):
    (tmp_path / "wrong.pth").write_bytes(b"no weights")
    arguments = ["class", str(tmp_path / "ours"), "--model", str(tmp_path / "wrong.pth"), "--no-browser"]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 1 and "wrong.pth" in str(result.exception)


def test_a_class_that_is_killed_and_started_again_loses_nothing(tmp_path):
    outcome = load.meet(tmp_path / "class", COURSE / "model.pth", tablets=4, digits=4, pace=0.25, kill=True)
    assert outcome["lost"] == [] and outcome["acknowledged"] == 16
    written = load_class(tmp_path / "class")
    assert np.array_equal(np.bincount(written.writers), [4] * 4)
    assert evaluate_folder(ImageClassifier(), tmp_path / "class").images == 16


# --- in the lesson


def test_load_class_gives_what_predict_sees_with_the_writers(store):
    store.add(digits(70, 2) + digits(8, 3))
    split = load_class(store.folder)
    assert split.pixels.shape == (5, 28, 28) and split.pixels.dtype == np.uint8
    assert split.labels.tolist() == [0, 1, 0, 1, 2] and split.writers.tolist() == [1, 1, 0, 0, 0]
    seen = ImageClassifier().classify(store.file(Key(8, 2))).pixels
    assert np.array_equal(split.pixels[4], seen) and store.folder.name in split.name


def test_load_class_names_a_blank_picture(store):
    store.add(digits(7, 1))
    Image.new("L", (112, 112), 255).save(store.file(Key(7, 0)))
    with pytest.raises(ImageError, match=r"00000007.000\.png"):
        load_class(store.folder)


def test_the_class_that_the_course_draws_is_the_same_every_time_and_says_what_it_is(monkeypatch):
    monkeypatch.setattr("lenet_helpers.demos.classroom.split.WRITERS", 3)
    one, other = load_class(), load_class()
    assert "the course drew" in one.name and np.array_equal(one.pixels, other.pixels)
    assert len(one) == 30 and np.bincount(one.writers).tolist() == [10] * 3
    assert (np.bincount(one.labels) == 3).all()
