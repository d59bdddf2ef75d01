"""Get the four MNIST files onto the disk, each verified by checksum before use.

A file that fails its checksum is kept aside under another name, never used, and
fetched again. A download is checked in memory and written in one step, so no
half-finished file ever carries the name of a finished one. Of programs that start
together on one folder, such as a class on a shared disk, one downloads and the others
wait for it.
"""

import gzip
import hashlib
import http.client
import io
import queue
import ssl
import tempfile
import threading
import time
import urllib.error
import urllib.request
import warnings
import zlib
from contextlib import contextmanager, suppress

import certifi
from filelock import FileLock, Timeout
from tqdm.auto import tqdm

from lenet_helpers.system.errors import CourseError
from lenet_helpers.system.whole_files import leftovers, written_whole

#: name of the raw file -> (MD5 of the raw file, its size in bytes)
RAW_FILES = {
    "train-images-idx3-ubyte": ("6bbc9ace898e44ae57da46a324031adb", 47_040_016),
    "train-labels-idx1-ubyte": ("a25bea736e30d166cdddb491f175f624", 60_008),
    "t10k-images-idx3-ubyte": ("2646ac647ad5339dbf082846283269ea", 7_840_016),
    "t10k-labels-idx1-ubyte": ("27ae3e4e09519cfbb04c329615203637", 10_008),
}

STALL_SECONDS = 10.0
"""Longest wait for a connection, and for the next bytes of a download."""

TIME_LIMIT_SECONDS = 180.0
"""Longest time that fetching all four files may take together."""

LOCK_NAME = ".download.lock"
"""Whoever downloads holds a lock on this file. The system frees it when its holder dies."""

_LARGEST_ARCHIVE = 32 * 2**20  # the largest .gz has 9.9 MB; a server that sends more is not ours


class DataError(CourseError):
    """MNIST files that can't be read, written or replaced; the message names the mend."""


def ensure_raw_files(raw, download=True, time_limit=TIME_LIMIT_SECONDS, progress=True, mirrors=None):
    """Return the contents of the four MNIST files, verified; what is missing is fetched and kept in the folder `raw`.

    That is ``ROOT/MNIST/raw``, torchvision's layout; the mirrors are torchvision's, too. Files that people have
    elsewhere in ROOT, packed, or under another usual name are read where they are. DataError says what can't be read
    or written, ConnectionError what could not be fetched in time.
    """
    deadline = time.monotonic() + time_limit
    found = {name: _read(raw / name) for name in RAW_FILES}
    contents = {name: content for name, content in found.items() if _is_right(name, content)}
    for name in RAW_FILES.keys() - contents.keys():
        contents |= next(({name: one} for one in _elsewhere(raw, name) if _is_right(name, one)), {})
    if len(contents) == len(RAW_FILES):
        return contents
    damaged = [name for name, content in found.items() if content is not None and name not in contents]
    if download:
        _check_writable(raw)
    elif not damaged:
        raise _not_asked_for(raw, contents)
    with _alone_in(raw, deadline, progress):
        # Another program may have put right, while this one waited, what was wrong above.
        _clear_leftovers(raw)
        contents |= {name: content for name in RAW_FILES if name not in contents and (content := _verified(raw / name))}
        missing = [name for name in RAW_FILES if name not in contents]
        if missing and not download:
            raise _not_asked_for(raw, contents)
        for name in missing:
            contents[name] = _download(name, mirrors or _torchvision_mirrors(), deadline, progress)
            _write(raw / name, contents[name])
    return contents


def _not_asked_for(raw, contents):
    missing = ", ".join(name for name in RAW_FILES if name not in contents)
    return ConnectionError(f"{missing} not in {raw}, and downloading was not asked for")


@contextmanager
def _alone_in(raw, deadline, progress):
    """Hold the folder's lock; wait for it until the deadline."""
    # Mode 666, because the folder may be shared by people who are each other's "others".
    lock = FileLock(raw / LOCK_NAME, mode=0o666)
    waited_for = f"waiting for another program that downloads MNIST into {raw}"
    try:
        with tqdm(desc=waited_for, bar_format="{desc} ({elapsed})", delay=1, disable=not progress, leave=False) as bar:
            while not lock.is_locked:
                seconds_left = deadline - time.monotonic()
                try:
                    lock.acquire(timeout=max(0, min(1, seconds_left)), poll_interval=0.05)
                except Timeout:
                    if seconds_left <= 1:
                        raise ConnectionError(
                            f"another program is downloading MNIST into {raw} and did not get ready in time"
                        ) from None
                    bar.update()
    except (ConnectionError, DataError):
        raise
    except OSError:
        pass  # A disk without locks: then each program downloads for itself, and still writes files whole.
    try:
        yield
    finally:
        lock.release()


def _clear_leftovers(raw):
    """Remove what a program left that was killed while writing. The lock says that nobody writes now."""
    for name in RAW_FILES:
        for leftover in leftovers(raw / name):
            leftover.unlink(missing_ok=True)


def _read(path):
    """Content of `path`, or None where there is no file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError(
            f"{path} can't be read ({error.strerror}). Allow reading it, or point LENET_DATA at another folder."
        ) from error


def _elsewhere(raw, name):
    """Yield the contents of what may be this file under another usual name, or in another folder of ROOT."""
    for folder in (raw, raw.parent, raw.parent.parent):
        for stem in (name, name.replace("-idx", ".idx")):
            for path in (folder / stem, folder / stem / stem):  # archives hold each file in a folder of its name, too
                with suppress(OSError):
                    yield path.read_bytes()
            with suppress(OSError, EOFError, zlib.error), gzip.open(folder / f"{stem}.gz") as archive:
                yield archive.read(RAW_FILES[name][1] + 1)


def _is_right(name, content):
    return content is not None and _md5(content) == RAW_FILES[name][0]


def _verified(path):
    """Content of `path`, or None where there is none to be used; a damaged file is kept aside."""
    content = _read(path)
    if content is None or _is_right(path.name, content):
        return content
    aside = _unused_name(path)
    try:
        path.rename(aside)
    except OSError as error:
        raise DataError(
            f"{path} is damaged (its checksum is wrong) and can't be moved aside ({error.strerror}). "
            f"Delete it, or point LENET_DATA at a folder that you can write to."
        ) from error
    warnings.warn(f"{path} was damaged (its checksum is wrong). It is kept as {aside.name}.", stacklevel=2)
    return None


def _unused_name(path):
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return aside


def _check_writable(raw):
    """Find out before a long download, not after it, whether its result can be kept."""
    try:
        raw.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=raw):
            pass
    except OSError as error:
        raise DataError(
            f"{raw} can't be written to ({error.strerror}), so MNIST can't be downloaded into it. "
            f"Allow writing, or set LENET_DATA to a folder that you can write to, "
            f"or set LENET_DATA=sample to use the bundled sample."
        ) from error


def _torchvision_mirrors():
    from torchvision.datasets import MNIST  # 2 s to import, needed only when downloading

    return MNIST.mirrors


def _download(name, mirrors, deadline, progress):
    """Content of one raw file from the first mirror that delivers it whole."""
    failures = []
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{name}.gz"
        try:
            archive = _fetch(url, deadline, progress)
            size = RAW_FILES[name][1]
            content = gzip.GzipFile(fileobj=io.BytesIO(archive)).read(size + 1)
            if _md5(content) != RAW_FILES[name][0]:
                raise ConnectionError("what arrived fails its checksum")
            return content
        except (OSError, EOFError, ValueError, zlib.error, http.client.HTTPException) as error:
            # OSError covers refused and timed-out connections, HTTP errors and what is not
            # gzip; HTTPException what is not HTTP. A mirror that fails is left for the next.
            failures.append(f"{url}: {error}")
        if time.monotonic() > deadline:
            break
    raise ConnectionError(f"{name} could not be downloaded ({'; '.join(failures)})")


def _fetch(url, deadline, progress):
    with _open(url, deadline) as response:
        total = int(response.headers.get("Content-Length") or 0) or None
        chunks, received = [], 0
        with tqdm(
            total=total, unit="B", unit_scale=True, desc=url.rsplit("/", 1)[1], disable=not progress, leave=False
        ) as bar:
            # read1 returns what has arrived. read would wait for a whole block,
            # and a server that sends a byte now and then could hold it for ever.
            while chunk := response.read1(2**16):
                chunks.append(chunk)
                received += len(chunk)
                bar.update(len(chunk))
                if time.monotonic() > deadline:
                    raise TimeoutError("the time limit for downloading has passed")
                if received > _LARGEST_ARCHIVE:
                    raise ConnectionError("far more data than MNIST has")
    return b"".join(chunks)


def _open(url, deadline):
    """The response of `url`, waited for until the deadline and no longer.

    The timeout of a socket bounds one wait. Looking up a name, or a server that sends its
    headers byte by byte, could still take for ever, so opening happens in a thread.
    """
    seconds_left = max(0.1, deadline - time.monotonic())
    answers = queue.Queue()

    def open_it():
        try:
            answers.put(_response(url, timeout=min(STALL_SECONDS, seconds_left)))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=open_it, daemon=True).start()
    try:
        answer = answers.get(timeout=seconds_left)
    except queue.Empty:
        raise TimeoutError("the time limit for downloading has passed") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _response(url, timeout):
    """The response of `url`; where this computer's certificates don't do, those of certifi are tried."""
    # Openers of our own: urlopen keeps the proxies that were set at its first call.
    try:
        return urllib.request.build_opener().open(url, timeout=timeout)
    except urllib.error.URLError as error:
        if not isinstance(error.reason, ssl.SSLCertVerificationError):
            raise
    https = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=certifi.where()))
    try:
        return urllib.request.build_opener(https).open(url, timeout=timeout)
    except urllib.error.URLError as error:
        if not isinstance(error.reason, ssl.SSLCertVerificationError):
            raise
        raise ConnectionError(
            f"its certificate can't be verified ({error.reason.verify_message}); where a proxy opens TLS, "
            "set SSL_CERT_FILE to the file with the proxy's certificate"
        ) from error


def _write(path, content):
    try:
        with written_whole(path) as file:
            file.write(content)
    except OSError as error:
        raise DataError(f"{path} can't be written ({error.strerror}). Free some disk space and try again.") from error


def _md5(content):
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
