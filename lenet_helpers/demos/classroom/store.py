"""What a class has written, on disk: a folder that ``lenet evaluate --images`` reads.

``labels.csv`` has the columns path, label and writer, and each writer has a folder of PNGs. A digit that
`Store.add` has returned for is on the disk, whatever ends the program. ``.class.json`` holds what the same command
needs to go on: the two tokens, the key of the writers, who has removed theirs, and what the board hides.
"""

import json
import os
import re
import secrets
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from lenet_helpers.demos.server import random_token
from lenet_helpers.system.errors import CourseError
from lenet_helpers.system.whole_files import written_whole

HEAD = b"path,label,writer\n"
ROW = re.compile(r"(\d{8})/(\d{3})\.png,([0-9]),(\d{1,8})", re.ASCII)


class ClassError(CourseError):
    """The class can't be served as asked; the message names the file and the mend."""


class Key(NamedTuple):
    """A digit's name: its writer's number, and its own among that writer's."""

    writer: int
    number: int

    def __str__(self):
        return f"{self.writer:08}/{self.number:03}"


class Store:
    """The folder of a class, written by one program at a time.

    Parameters
    ----------
    folder : path
        Made when it is not there; one that an earlier program wrote is gone on with.

    Attributes
    ----------
    labels : dict of Key to int
        What each digit was meant to be, in the order in which they came.
    state : dict
        The content of ``.class.json``.

    Raises
    ------
    ClassError
        The folder holds something else, is damaged, or another program writes to it.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self.table = self.folder / "labels.csv"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._threads, self._folders = ThreadPoolExecutor(16, "writer"), set()
        self._lock = FileLock(self.folder / ".lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise ClassError(f"another lenet class is using {self.folder}; end it, or choose another folder") from None
        try:
            self.state = self._read_state()
            self.labels = self._read_table()
        except BaseException:
            self.close()
            raise
        self._forget()  # what a program that was killed had no time for

    def close(self):
        """Let another program have the folder."""
        self._threads.shutdown()
        self._lock.release()

    def file(self, key):
        """Where a digit's picture lies."""
        return self.folder / f"{key}.png"

    def add(self, digits):
        """Put digits on the disk, whole and synced; those that are there already are passed over.

        Parameters
        ----------
        digits : list of (Key, int, PIL.Image.Image)
            Of each its label and its picture.

        Returns
        -------
        list of Key
            Those that are new.
        """
        new, folders = {}, set()
        for key, label, picture in digits:
            if key in self.labels or key in new or key.writer in self.state["removed"]:
                continue
            folder = self._folder_of(key.writer)
            if folder not in self._folders:  # of this program: an earlier one may have been killed before its sync
                folder.mkdir(exist_ok=True)
                folders.add(self.folder)
            folders.add(folder)
            new[key] = label, picture
        # A file system does in one go what many threads ask for. Half a picture has no row, so nobody reads it.
        list(self._threads.map(lambda key: _write(self.file(key), new[key][1]), new))
        list(self._threads.map(_sync_folder, folders))
        labels = {key: label for key, (label, _) in new.items()}
        self._append("".join(map(_row, labels, labels.values())).encode())
        self._folders |= folders
        self.labels = {**self.labels, **labels}  # another, as the one there was may just be read in another thread
        return list(new)

    def remove(self, writer):
        """Take all digits of a writer away, for good: what still arrives from there is not kept."""
        self.state["removed"].append(writer)
        self._write_state()
        self._forget()

    def hide(self, key):
        """Note that the board shall not show a digit. It stays among the others: hiding mistakes mends nothing."""
        if key in self.labels and str(key) not in self.state["hidden"]:
            self.state["hidden"].append(str(key))
            self._write_state()

    def _forget(self):
        """Take off the disk what removed writers have there: first from the table, so that it never names too much."""
        removed = set(self.state["removed"])
        if any(key.writer in removed for key in self.labels):
            self.labels = {key: label for key, label in self.labels.items() if key.writer not in removed}
            content = HEAD + "".join(map(_row, self.labels, self.labels.values())).encode()
            with written_whole(self.table) as file:
                file.write(content)
            self._size = len(content)
        for writer in removed:
            shutil.rmtree(self._folder_of(writer), ignore_errors=True)
        _sync_folder(self.folder)

    def _folder_of(self, writer):
        return self.folder / f"{writer:08}"

    def _append(self, rows):
        if not rows:
            return
        with open(self.table, "r+b") as file:
            file.seek(self._size)
            file.truncate()  # half a row may stand there, from a disk that was full
            file.write(rows)
            file.flush()
            os.fsync(file.fileno())
        self._size += len(rows)

    def _read_table(self):
        if not self.table.exists():
            with written_whole(self.table) as file:
                file.write(HEAD)
            _sync_folder(self.folder)
        content = self.table.read_bytes()
        if not content.startswith(HEAD):
            raise ClassError(f"{self.table} was not written by lenet class; choose another folder, or move it away")
        # What stands behind the last line's end was being written when the program was killed: never acknowledged.
        self._size = content.rfind(b"\n") + 1
        labels = {}
        for line, row in enumerate(content[len(HEAD) : self._size].decode(errors="replace").splitlines(), 2):
            found = ROW.fullmatch(row)
            if not found or int(found[1]) != int(found[4]):
                raise ClassError(f"{self.table}, line {line}: {row[:60]!r} is not path,label,writer; take it out")
            key = Key(int(found[1]), int(found[2]))
            if not self.file(key).exists() and key.writer not in self.state["removed"]:
                raise ClassError(f"{self.table}, line {line}: there is no {self.file(key)}; put it back, or take the "
                                 "line out")  # fmt: skip
            labels[key] = int(found[3])
        return labels

    def _read_state(self):
        file = self.folder / ".class.json"
        if not file.exists():
            secret = {"write": random_token(), "board": random_token(), "key": secrets.token_hex()}
            self.state = {**secret, "removed": [], "hidden": []}
            self._write_state()
            return self.state
        try:
            state = json.loads(file.read_bytes())
            if {name: type(value) for name, value in state.items()} == _STATE:
                return state
        except (ValueError, AttributeError):
            pass
        raise ClassError(f"{file} is damaged; remove it, and tablets get a new address")

    def _write_state(self):
        with written_whole(self.folder / ".class.json") as file:
            os.chmod(file.name, 0o600)  # it holds the tokens
            file.write(json.dumps(self.state).encode())
        _sync_folder(self.folder)


_STATE = {"write": str, "board": str, "key": str, "removed": list, "hidden": list}


def _row(key, label):
    return f"{key}.png,{label},{key.writer}\n"


def _write(path, picture):
    """Put a picture on the disk, all of it."""
    with open(path, "wb") as file:
        picture.save(file, "PNG")
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder):
    """Make new names in a folder last through a power failure; Windows keeps them itself, and can't be asked."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
