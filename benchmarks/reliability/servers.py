"""Servers on this computer that deliver MNIST's files as servers do, well or badly."""

import contextlib
import gzip
import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextlib.contextmanager
def server(answer):
    """A server on this computer; ``answer(handler, name)`` writes one response."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            with contextlib.suppress(ConnectionError):
                answer(self, self.path.rsplit("/", 1)[1].removesuffix(".gz"))

        def log_message(self, *_):
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}/mnist/", requests
    finally:
        httpd.shutdown()
        httpd.server_close()


def send(handler, body, length=None, status=200):
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


def send_slowly(handler, content, pause):
    """Send a file as an archive, in pieces of 20 kB."""
    archive = gzip.compress(content)
    send(handler, b"", length=len(archive))
    for start in range(0, len(archive), 20_000):
        handler.wfile.write(archive[start : start + 20_000])
        time.sleep(pause)


def checksums(files):
    """What `lenet_helpers.system.download` has to know of files to take them for MNIST's: MD5 and size by name."""
    return {name: (hashlib.md5(content).hexdigest(), len(content)) for name, content in files.items()}


def serve(contents):
    return lambda handler, name: send(handler, gzip.compress(contents[name]))


def html_page(handler, name):
    send(handler, b"<html>Please sign in to the guest network</html>")


def forbidden(handler, name):
    send(handler, b"no", status=403)


def overloaded(handler, name):
    send(handler, b"later", status=503)


def longer_than_it_is(handler, name):
    send(handler, gzip.compress(bytes(1000)), length=10**12)


def cut_short(handler, name):
    send(handler, b"\x1f\x8b\x08\x00", length=1000)


def silent(handler, name):
    time.sleep(5)


def trickling(handler, name):
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"\x1f")
        handler.wfile.flush()
        time.sleep(0.05)


def endless(handler, name):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"\x1f" * 2**20)


def gzip_bomb(handler, name):
    send(handler, gzip.compress(bytes(50_000_000)))


def corrupt_gzip(handler, name):
    send(handler, gzip.compress(b"x" * 1000)[:10] + b"\xff" * 100)


def not_http(handler, name):
    handler.wfile.write(b"220 mail server ready\r\n")


def broken_chunks(handler, name):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")


def trickling_headers(handler, name):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(100):
        handler.wfile.write(b"a")
        handler.wfile.flush()
        time.sleep(0.05)
