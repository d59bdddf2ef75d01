"""The files that a student handed in, also those in zip archives, which are read and never unpacked."""

import contextlib
import io
import os
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lenet_helpers.grading.intake.mending import MOST_MEGABYTES, Unreadable

MOST_MEMBERS = 1000
OTHER_ARCHIVES = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")


@dataclass(frozen=True, order=True)
class File:
    """A file that came back, by itself or as a member of the zip archive `path`."""

    path: Path
    member: str = ""

    @property
    def name(self):
        return PurePosixPath(self.member).name or self.path.name

    def place_in(self, folder):
        """Return where it lies in a student's folder, for the reader."""
        place = self.path.relative_to(folder).as_posix()
        return f"{place} → {self.member}" if self.member else place

    def content(self):
        """Return its bytes, and no more of them than are ever graded; raise OSError or `Unreadable`."""
        content = contents_of(self.path)
        return _read_member(content, self.member) if self.member else content

    def odd_kind(self):
        """Return what it is where it is no plain file, such as "a link", or an empty string."""
        mode = self.path.lstat().st_mode
        return "" if stat.S_ISREG(mode) else "a link" if stat.S_ISLNK(mode) else "not a file"


def files_in(folder, left_out):
    """Yield the files of a student's folder, sorted, and those in its zip archives; no hidden ones.

    `left_out` gets the place and the reason of each archive that can't be looked into.
    """
    for inside, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not _is_hidden(name))
        for name in sorted(name for name in files if not _is_hidden(name)):
            file = File(Path(inside) / name)
            if not name.lower().endswith(".zip"):
                if name.lower().endswith(OTHER_ARCHIVES):
                    left_out(file.place_in(folder), "an archive of this kind is not opened; unpack it there")
                yield file
                continue
            try:
                members = _members(file)
            except (Unreadable, OSError) as error:
                left_out(file.place_in(folder), f"not opened: {getattr(error, 'strerror', None) or error}")
            else:
                yield from (File(file.path, member) for member in members)


def contents_of(path):
    """Return a file's bytes, without following a link, and no more of them than are ever graded."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:
        return file.read(MOST_MEGABYTES * 2**20 + 1)


def _is_hidden(name):
    return name.startswith(".") or name == "__MACOSX"


def _members(file):
    """Return the names of the files in a zip archive, sorted; no hidden ones."""
    if kind := file.odd_kind():
        raise Unreadable(f"it is {kind}")
    with _opened(contents_of(file.path)) as archive:
        members = [one.filename for one in archive.infolist() if not one.is_dir()]
    if len(members) > MOST_MEMBERS:
        raise Unreadable(f"it holds more than {MOST_MEMBERS} files")
    return sorted(name for name in members if not any(map(_is_hidden, PurePosixPath(name).parts)))


def _read_member(archive, member):
    with _opened(archive) as opened, opened.open(member) as file:
        return file.read(MOST_MEGABYTES * 2**20 + 1)


@contextlib.contextmanager
def _opened(archive):
    """Open a zip archive, given as bytes; whatever is wrong with it becomes `Unreadable`."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            yield opened
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError, RuntimeError) as error:
        if "password" in str(error):
            raise Unreadable("the archive needs a password") from None
        raise Unreadable(f"the archive is damaged ({type(error).__name__})") from None
