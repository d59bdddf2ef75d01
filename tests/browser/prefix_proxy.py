"""A proxy on this computer, as JupyterHub has one: it forwards what is below a path, and notes all that is not."""

import asyncio
import re
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit


class _Proxy:
    def __init__(self, port, prefix, source):
        self.port, self.prefix, self.source, self.outside = port, prefix, source, []

    async def run(self, started):
        """Listen until `stop` is set; `started` is a Future that gets port, loop and `stop`."""
        stop = asyncio.Event()
        server = await asyncio.start_server(self.handle, "127.0.0.1", 0)
        started.set_result((server.sockets[0].getsockname()[1], asyncio.get_running_loop(), stop))
        await stop.wait()
        server.close()

    async def handle(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split()[1].decode()
            if path.startswith(self.prefix):
                # One request for each connection, so that all are looked at; a web socket keeps its own.
                head = re.sub(rb"(?im)^connection: keep-alive\r$", b"Connection: close\r", head)
                there, back = await asyncio.open_connection("127.0.0.1", self.port, local_addr=self.source)
                back.write(head)
                await asyncio.gather(_pipe(reader, back), _pipe(there, writer))
            else:
                self.outside.append(path)
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # a browser opens connections that it never uses, and some are open at the end
        finally:
            writer.close()


async def _pipe(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@contextmanager
def proxied(address, source="127.0.0.1"):
    """Forward what is below the path of `address`; yield the address to open, and what was asked for beside it.

    Parameters
    ----------
    address : str
        Of a server on this computer.
    source : str
        Where the requests seem to come from: another than 127.0.0.1 is to the server another computer.
    """
    parts = urlsplit(address)
    proxy = _Proxy(parts.port, parts.path, (source, 0))
    started = Future()
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, proxy.run(started))
        port, loop, stop = started.result()
        try:
            yield f"http://127.0.0.1:{port}{parts.path}", proxy.outside
        finally:
            loop.call_soon_threadsafe(stop.set)
