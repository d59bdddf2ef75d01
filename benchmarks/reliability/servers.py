"""Servers on this computer that deliver MNIST's files in place of MNIST's own."""

import contextlib
import gzip
import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextlib.contextmanager
def server(answer, tls=None):
    """A server on this computer; ``answer(handler, name)`` writes one response, over TLS where a context is given."""
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
    if tls:
        httpd.socket = tls.wrap_socket(httpd.socket, server_side=True)
    threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{httpd.server_port}/mnist/", requests
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


def overloaded(handler, name):
    send(handler, b"later", status=503)
