"""Answers for `benchmarks.reliability.servers.server`: MNIST's files, delivered well or badly, or something else."""

import gzip
import time

from benchmarks.reliability.servers import send


def serve(contents):
    return lambda handler, name: send(handler, gzip.compress(contents[name]))


def html_page(handler, name):
    send(handler, b"<html>Please sign in to the guest network</html>")


def forbidden(handler, name):
    send(handler, b"no", status=403)


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
