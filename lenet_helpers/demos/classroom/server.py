"""The server of a class: what tablets and the board ask for. `lenet class` runs it.

Each address holds a token, that of the tablets or that of the board, and all addresses in the pages are relative to it.
No name, path or text from a visitor is kept or shown: a digit is numbers, and its picture is drawn here.
"""

import asyncio
import io
import json
import logging
import secrets
import time
import webbrowser
from pathlib import Path

import segno
from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.web import Application, HTTPError, RequestHandler, StaticFileHandler

from lenet_helpers.demos.classroom.guard import (
    DIGITS_A_SECOND,
    MOST_BYTES,
    Door,
    Rate,
    Refused,
    checked_digit,
    key_of,
    message,
    writer_of,
)
from lenet_helpers.demos.classroom.reading import Reader
from lenet_helpers.demos.classroom.room import Room
from lenet_helpers.demos.classroom.store import Key, Store
from lenet_helpers.demos.server import address, free_port

STATIC = Path(__file__).parents[1] / "static"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Server": "lenet",
}
MOST_BOARDS = 20
TELL_SECONDS = 0.2
"""How often a board is told what is new, at most."""
ALIVE_SECONDS = 15
"""A board that has nothing to be told hears so often that the server is there."""

KEY = r"(\d{8})/(\d{3})"


class Handler(RequestHandler):
    """What all requests have in common. `token` names which of the two a request needs."""

    token = None

    def initialize(self, room, door, rate):
        self.room, self.door, self.rate = room, door, rate

    def set_default_headers(self):
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self):
        if self.token:
            self.door.check(self.path_args[0], self.room.store.state[self.token], self.request.remote_ip)

    def write_error(self, status, exc_info=None, **_):
        error = exc_info and exc_info[1]
        self.finish({"error": error.sentence if isinstance(error, Refused) else "there is nothing to be had here"})

    def page(self, file):
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish((STATIC / file).read_bytes())

    def content(self, **fields):
        return message(self.request.body, fields)


class Nothing(Handler):
    def prepare(self):
        raise HTTPError(404)


class Static(StaticFileHandler):
    set_default_headers = Handler.set_default_headers
    write_error = Handler.write_error

    def get_content_type(self):  # a computer may call JavaScript something else, and then no browser runs it
        return "text/javascript" if self.absolute_path.endswith(".js") else "text/css"


class Slash(Handler):
    """Whoever types the address leaves its last slash out."""

    def get(self, token):
        self.redirect(f"{token}/")


class TabletSlash(Slash):
    token = "write"


class BoardSlash(Slash):
    token = "board"


class Tablet(Handler):
    token = "write"

    def get(self, _):
        self.page("tablet.html")


class Network(Handler):
    token = "write"

    async def get(self, _):
        self.finish(await asyncio.shield(self.room.network))


class Writer(Handler):
    """A tablet begins: it gets a number, and the key to it."""

    token = "write"

    def post(self, _):
        self.content()
        if not self.rate.take("writers"):
            raise Refused(429, "too many begin at once: in a moment, please")
        writer = secrets.randbelow(10**8)
        key = key_of(self.room.store.state["key"], writer)
        self.finish({"writer": writer, "key": key, "next": self.room.ask(writer)})


class Digit(Handler):
    """A tablet sends a digit. The same one may come again, when the answer was lost."""

    token = "write"

    async def post(self, _):
        content = self.content(writer=int, key=str, number=int, label=int, strokes=list)
        writer = writer_of(content, self.room.store.state["key"])
        if not self.rate.take(writer):
            raise Refused(429, f"at most {DIGITS_A_SECOND} digits a second, please")
        if writer in self.room.store.state["removed"]:
            raise Refused(410, "the digits of this number were removed")
        number, label, picture = checked_digit(content)
        await self.room.write(Key(writer, number), label, picture)
        self.finish({"saved": number, "next": self.room.ask(writer)})


class Remove(Handler):
    token = "write"

    async def post(self, _):
        writer = writer_of(self.content(writer=int, key=str), self.room.store.state["key"])
        if writer not in self.room.store.state["removed"]:
            await self.room.remove(writer)
        self.finish({"removed": writer})


class Board(Handler):
    token = "board"

    def get(self, _):
        self.page("board.html")


class Events(Handler):
    """The board's stream: at first all that it needs, then what is new."""

    token = "board"
    open_now = 0

    async def get(self, _):
        if Events.open_now >= MOST_BOARDS:
            raise Refused(429, f"{MOST_BOARDS} boards are open: close one")
        Events.open_now += 1
        try:
            await self._tell()
        except StreamClosedError:
            pass
        finally:
            Events.open_now -= 1

    async def _tell(self):
        self.set_header("Content-Type", "text/event-stream")
        room, at = self.room, len(self.room.events)
        await self._say({"fresh": True, "address": self.settings["address"], "digits": room.latest(), "gone": []})
        while True:
            if at == len(room.events):
                try:
                    await asyncio.wait_for(room.changed.wait(), ALIVE_SECONDS)
                except TimeoutError:
                    self.write(": still here\n\n")
                    await self.flush()
                    continue
            news, at = room.events[at:], len(room.events)
            gone = [event["gone"] for event in news if "gone" in event]
            await self._say({"digits": [event for event in news if "id" in event], "gone": gone})
            await asyncio.sleep(TELL_SECONDS)

    async def _say(self, content):
        self.write(f"data: {json.dumps({**content, 'summary': self.room.summary()})}\n\n")
        await self.flush()


class Code(Handler):
    """The tablets' address as a QR code."""

    token = "board"

    def get(self, _):
        self.set_header("Content-Type", "image/svg+xml")
        self.finish(qr_code(self.settings["address"]))


class OneDigit(Handler):
    """What concerns one digit on the board."""

    token = "board"

    def key(self, writer, number):
        key = Key(int(writer), int(number))
        if key not in self.room.store.labels or str(key) in self.room.store.state["hidden"]:
            raise HTTPError(404)
        return key


class Picture(OneDigit):
    def get(self, _, writer, number):
        self.set_header("Content-Type", "image/png")
        self.finish(self.room.store.file(self.key(writer, number)).read_bytes())


class Explain(OneDigit):
    async def get(self, _, writer, number):
        file = self.room.store.file(self.key(writer, number))
        self.finish({"steps": await asyncio.wrap_future(self.room.reader.explain(file))})


class Hide(OneDigit):
    async def post(self, _, writer, number):
        self.content()
        await self.room.hide(self.key(writer, number))
        self.finish({})


def qr_code(text):
    """Return a QR code as SVG, which a page may show at any size: bytes."""
    file = io.BytesIO()
    segno.make(text, error="m", micro=False).save(file, "svg", border=2, light="#fff", omitsize=True, xmldecl=False)
    return file.getvalue()


def application(room, tablets, clock=time.monotonic):
    """Return the application of a class; `tablets` is the address that its board shows."""
    shared = {"room": room, "door": Door(clock), "rate": Rate(DIGITS_A_SECOND, DIGITS_A_SECOND, clock=clock)}
    joining = {**shared, "rate": Rate(300, 10, clock=clock)}  # a whole class begins at once
    board = "/board/([^/]*)"
    routes = [
        (r"/([^/]+)", TabletSlash),
        (r"/([^/]+)/", Tablet),
        (r"/([^/]+)/network", Network),
        (r"/([^/]+)/digit", Digit),
        (r"/([^/]+)/remove", Remove),
        (board, BoardSlash),
        (f"{board}/", Board),
        (f"{board}/events", Events),
        (f"{board}/code", Code),
        (f"{board}/digits/{KEY}", Picture),
        (f"{board}/explain/{KEY}", Explain),
        (f"{board}/hide/{KEY}", Hide),
    ]
    return Application(
        [
            (r"/static/(\w+\.(?:js|css))", Static, {"path": str(STATIC)}),
            (r"/([^/]+)/writer", Writer, joining),
            *((pattern, handler, shared) for pattern, handler in routes),
        ],
        default_handler_class=Nothing,
        default_handler_args=shared,
        log_function=lambda _: None,  # the addresses hold the tokens
        address=tablets,
    )


def serve(folder, model, host="127.0.0.1", port=None, open_browser=True, say=print):
    """Serve a class until Ctrl-C.

    Parameters
    ----------
    folder : path
        Of what the class writes; one that is there already is gone on with.
    model : path
    host, port, open_browser, say
        As for `lenet_helpers.demos.server.serve`; the browser opens the board.

    Raises
    ------
    ClassError
        The folder can't be used.
    DemoError
        The host or the port can't be used.
    ModelError
        The model can't be used.
    """
    port = free_port(host, port)
    store = Store(folder)
    try:
        asyncio.run(_serve(store, model, host, port, open_browser, say))
    except KeyboardInterrupt:
        pass
    finally:
        store.close()
    say(f"{len(store.labels)} digits are in {store.folder}; the same command goes on with them.")
    if store.labels:
        say(f"To measure a network on them: lenet evaluate --images {store.folder}")


async def _serve(store, model, host, port, open_browser, say):
    logging.getLogger("tornado").setLevel(logging.CRITICAL)  # what strangers send is no news
    root = address(host, port)
    tablets, board = f"{root}{store.state['write']}/", f"{root}board/{store.state['board']}/"
    room = Room(store, Reader(model))
    server = HTTPServer(
        application(room, tablets),
        max_body_size=MOST_BYTES,
        max_header_size=16 * 1024,
        idle_connection_timeout=120,
        body_timeout=20,
    )
    try:
        server.listen(port, host)
        say(f"Tablets write at {tablets}\nThe board is at {board}")
        say("Whoever has the board's address can hide digits: show it to nobody. Ctrl-C ends the class.")
        if open_browser:
            webbrowser.open(board)
        await room.read_on()
    finally:
        server.stop()
        await room.close()
