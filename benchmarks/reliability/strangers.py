"""Requests that no tablet sends, to a class that writes: `lenet class` must refuse each, keep nothing, and live on.

Most of them hold the right token, since a pupil has that. Each kind is broken on purpose in one way, at a random place
or by a random value; what is random comes from the seed.
"""

import json
import random
import socket
import tempfile
import urllib.request
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.report import table
from benchmarks.speed.classroom import Server
from benchmarks.timing import say
from lenet_helpers.demos.classroom.guard import MOST_BYTES, key_of
from lenet_helpers.drawing.strokes import sample_digit

REQUESTS = 5_000
PATIENCE_SECONDS = 30


def measure(settings):
    """Send them all; return what each kind was answered."""
    rng, count = random.Random(settings.seed), settings.size(REQUESTS, 300)
    answers, failures = Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder) / "class"
        server = Server(folder, settings.model)
        server.start()
        try:
            target = Target(server, json.loads((folder / ".class.json").read_bytes())["key"], rng)
            before = contents(folder)
            for number in range(count):
                if number % 1000 == 999:
                    say(f"  {number + 1:,} of {count:,}")
                kind = KINDS[number % len(KINDS)]
                status = target.send(kind(target))
                answers[kind.__doc__, status] += 1
                allowed = range(400, 500) if kind is not long_head else [*range(400, 500), "closed"]
                if status not in allowed:
                    failures.append(f"request {number}, {kind.__doc__}: {status}")
            if server.process.poll() is not None:
                failures.append(f"the server ended with status {server.process.poll()}")
            elif not target.is_served():
                failures.append("the server no longer lets a tablet begin")
            failures += [f"{name} was written" for name in sorted(contents(folder) ^ before)]
        finally:
            server.kill()
    rows = [[kind, str(status), number] for (kind, status), number in sorted(answers.items(), key=str)]
    return {"requests": count, "rows": rows, "failures": failures}


def contents(folder):
    """Every file of a folder, with what is in it."""
    return {(path.relative_to(folder).as_posix(), path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


class Target:
    """A server, and tablets that know its token. `secret` makes the keys of many writers, whom no rate slows down."""

    def __init__(self, server, secret, rng):
        self.secret, self.rng = secret, rng
        parts = urlsplit(server.tablets)
        self.address, self.write = (parts.hostname, parts.port), parts.path
        self.board = urlsplit(server.board).path

    def is_served(self):
        """Tell whether a tablet can still begin; strangers with wrong tokens came from another address."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.address[1]}{self.write}writer", b"{}")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return answer.status == 200

    def digit(self, **changes):
        """Return a digit that would be kept, with changes."""
        writer = self.rng.randrange(10**8)
        good = {"writer": writer, "key": key_of(self.secret, writer), "number": 0, "label": 3}
        return {**good, "strokes": sample_digit(3), **changes}

    def post(self, path, body, head=""):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return f"POST {path} HTTP/1.1\r\nHost: class\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def send(self, request):
        """Return the status that a request is answered with, or "closed" where no answer comes."""
        stranger = (f"127.0.{self.rng.randrange(1, 250)}.{self.rng.randrange(1, 250)}", 0)
        source = stranger if request.startswith(b"?") else None  # a wrong token shuts the door for its sender alone
        try:
            with socket.create_connection(self.address, PATIENCE_SECONDS, source_address=source) as connection:
                connection.sendall(request.removeprefix(b"?"))
                head = connection.makefile("rb").readline(1000)
        except ConnectionError:
            return "closed"
        except TimeoutError:
            return "no answer"
        return int(head.split()[1]) if head.startswith(b"HTTP/1.1 ") else "closed"


def broken_digit(target):
    """a digit that is broken in one way"""
    rng = target.rng
    number, text = (
        rng.choice([-1, 10**6, 10**30, 1.5, None, True, [], {}]),
        rng.choice(["", "../../x", "<b>7</b>", "ü" * 99]),
    )
    name = rng.choice(["writer", "key", "number", "label", "strokes"])
    digit = target.digit(**{name: rng.choice([number, text])})
    if rng.random() < 0.2:
        digit = {**target.digit(), rng.choice(["name", "path", "__proto__"]): text}
    if rng.random() < 0.2:
        digit = target.digit()
        del digit[name]
    return target.post(f"{target.write}digit", digit)


def broken_strokes(target):
    """strokes that nobody can draw"""
    rng = target.rng
    points = [rng.randrange(1000) for _ in range(20)]
    points[rng.randrange(20)] = rng.choice([float("nan"), float("inf"), -(10**9), "7", None, [1], True, 0.5, {"x": 1}])
    width = rng.choice([65, 65, 0, -1, 10**9, "65", None])
    strokes = [{"width": width, "points": points}] * rng.choice([1, 1, 20])
    strokes = rng.choice([strokes, strokes, [[points]], {"points": points}, "strokes", [None], [], [{"width": 65}]])
    return target.post(f"{target.write}digit", target.digit(strokes=strokes))


def broken_json(target):
    """a body that is no JSON"""
    rng = target.rng
    body = json.dumps(target.digit()).encode()
    at = rng.randrange(1, len(body) - 1)
    broken = [
        body[:at],
        body + body[:at],
        b"\xff\xfe" + body,
        rng.randbytes(at),
        b"[" * rng.randrange(1000, 60_000),
        b"null",
    ]
    return target.post(target.write + rng.choice(["digit", "writer", "remove"]), rng.choice(broken))


def large_body(target):
    """a body of more than 64 KB, or of a false length"""
    rng = target.rng
    too_much, both = MOST_BYTES + 1 + rng.randrange(10**9), "3\r\nTransfer-Encoding: chunked"
    length = rng.choice([too_much, -1, "x", "1\r\nContent-Length: 2", both])
    head = f"POST {target.write}digit HTTP/1.1\r\nHost: class\r\nContent-Length: {length}\r\n\r\n"
    return head.encode() + rng.randbytes(1000)


def other_method(target):
    """a method that a page does not take"""
    method = target.rng.choice(["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "PROPFIND"])
    path = target.rng.choice([target.write, f"{target.write}digit", target.board, f"{target.board}events"])
    return f"{method} {path} HTTP/1.1\r\nHost: class\r\n\r\n".encode()


def odd_path(target):
    """a path that leads nowhere"""
    rng = target.rng
    place = rng.choice([target.write, target.board, "/static/", "/board/"])
    ends = "../.class.json %2e%2e/%2e%2e/.class.json digits/00000001/000 digits/../../x labels.csv %00 hide/1/1"
    end = rng.choice([*ends.split(), "x" * 5000, "..%5c..%5cx", "board.html"])
    # Some of these read as a wrong token.
    return f"?GET {place}{end}{rng.randrange(10**6)} HTTP/1.1\r\nHost: class\r\n\r\n".encode()


def wrong_token(target):
    """a wrong token"""
    rng = target.rng
    token = "".join(rng.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(8))
    path = rng.choice(
        [f"/{token}/", f"/{token}/network", f"/board/{token}/", f"/board/{token}/events", target.board[6:]]
    )
    return f"?GET {path} HTTP/1.1\r\nHost: class\r\n\r\n".encode()


def no_http(target):
    """what is not HTTP"""
    rng = target.rng
    noise = bytes(rng.randrange(32, 127) for _ in range(rng.randrange(1, 200)))
    first = rng.choice(
        [b"!" + noise, b"GET\r\nx", b"GET / HTTP/9.9", b"GET " + target.write.encode() + b" FTP/1.0", b"\x16\x03\x01"]
    )
    return first + b"\r\nHost: class\r\n\r\n"


def long_head(target):
    """a head of more than 16 KB"""
    return f"GET {target.write} HTTP/1.1\r\nX: {'x' * target.rng.randrange(17_000, 60_000)}\r\n\r\n".encode()


KINDS = (broken_digit, broken_strokes, broken_json, large_body, other_method, odd_path, wrong_token, no_http, long_head)


def show(result):
    return f"""
{result["requests"]:,} requests, one after the other, most of them with the right token. "closed" is a connection that
ended without an answer, as a head does that is longer than the server reads. Whether anything was written to the
class's folder, and whether a tablet can still begin, was looked at afterwards.

{table(["what was sent", "answer", "requests"], result["rows"], texts=2)}
"""
