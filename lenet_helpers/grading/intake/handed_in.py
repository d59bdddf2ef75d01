"""The files that were handed in, also those in zip archives, which are read and never unpacked."""

import contextlib
import functools
import io
import os
import stat
import zipfile
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath

from lenet_helpers.grading.intake.mending import MOST_MEGABYTES, Unreadable

MOST_MEMBERS = 5000
MOST_DEEP = 20
ARCHIVES_IN_ARCHIVES = 2
MOST_TIMES_ITS_SIZE = 20  # an archive in an archive hardly gets smaller: one that does is made to grow
OTHER_ARCHIVES = (".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")
_NOBODYS = {"__MACOSX", "__pycache__", "site-packages", "node_modules", "lenet_helpers"}
_ENVIRONMENTS = ("pyvenv.cfg", "conda-meta")  # one lies in each environment of Python, whatever its folder is called


@dataclass(frozen=True, order=True)
class File:
    """A file that came back, by itself or in zip archives: `members` are its name in each, the outermost first."""

    path: Path
    members: tuple = ()
    place: str = field(default="", compare=False)  # among the submissions, for the reader
    modified: float = field(default=0.0, compare=False)

    @property
    def name(self):
        return PurePosixPath(self.members[-1]).name if self.members else self.path.name

    def content(self):
        """Return its bytes, and no more of them than are ever graded; raise OSError or `Unreadable`."""
        if not self.members:
            return contents_of(self.path)
        with File(self.path, self.members[:-1]).archive() as archive, archive.open(self.members[-1]) as file:
            return file.read(MOST_MEGABYTES * 2**20 + 1)

    @contextlib.contextmanager
    def archive(self):
        """Open it as a zip archive; whatever is wrong with that becomes `Unreadable`."""
        try:
            source = io.BytesIO(_last_content(self)) if self.members else _opened(self.path)
            with source, zipfile.ZipFile(source) as opened:
                yield opened
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError, RuntimeError) as error:
            if "password" in str(error):
                raise Unreadable("the archive needs a password") from None
            raise Unreadable(f"the archive is damaged ({type(error).__name__})") from None

    def odd_kind(self):
        """Return what it is where it is no plain file, such as "a link", or an empty string."""
        mode = self.path.lstat().st_mode
        return "" if stat.S_ISREG(mode) else "a link" if stat.S_ISLNK(mode) else "not a file"


@functools.lru_cache(maxsize=1)
def _last_content(file):
    """Return a file's bytes, once for all members of an archive in an archive."""
    return file.content()


@dataclass
class Folder:
    """A folder or a zip archive, and what lies in it; without hidden files, environments and the course's own."""

    name: str
    is_archive: bool = False
    folders: list = field(default_factory=list)
    files: list = field(default_factory=list)
    problems: list = field(default_factory=list)  # a line for each archive that can't be looked into

    def everything(self, above=()):
        """Yield each file in here with the folders that it lies in, the outermost first."""
        for file in self.files:
            yield above, file
        for folder in self.folders:
            yield from folder.everything((*above, folder))

    def all_problems(self):
        return self.problems + [line for folder in self.folders for line in folder.all_problems()]


def tree_of(path, place="", deep=0):
    """Return what lies in a folder, or in a zip archive, as a `Folder`; raise OSError or `Unreadable`."""
    if not path.is_dir():
        return _inside(File(path, place=place))
    folder = Folder(path.name)
    for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
        inner = f"{place}/{entry.name}".lstrip("/")
        if _is_nobodys(entry.name) or deep > MOST_DEEP:
            continue
        if not entry.is_dir(follow_symlinks=False):
            _add(folder, File(Path(entry.path), (), inner, entry.stat(follow_symlinks=False).st_mtime))
        elif not any(os.path.exists(os.path.join(entry.path, one)) for one in _ENVIRONMENTS):
            folder.folders.append(tree_of(Path(entry.path), inner, deep + 1))
    return folder


def _add(folder, file, grows=False):
    """Put a file into a folder, and an archive as what lies in it."""
    name = file.name.lower()
    if name.endswith(OTHER_ARCHIVES):
        folder.problems.append(f"{file.place}: an archive of this kind is not opened; unpack it there")
    if not name.endswith(".zip") or len(file.members) >= ARCHIVES_IN_ARCHIVES:
        folder.files.append(file)
        return
    try:
        if grows:
            raise Unreadable(f"it would unpack to more than {MOST_TIMES_ITS_SIZE} times its size")
        folder.folders.append(_inside(file))
    except (Unreadable, OSError) as error:
        folder.problems.append(f"{file.place}: not opened: {getattr(error, 'strerror', None) or error}")


def _inside(file):
    """Return what lies in a zip archive."""
    if not file.members and (kind := file.odd_kind()):
        raise Unreadable(f"it is {kind}")
    with file.archive() as archive:
        infos = {PurePosixPath(one.filename.replace("\\", "/")): one for one in archive.infolist() if not one.is_dir()}
    environments = {one.parent for path in infos for one in (path, path.parent) if one.name in _ENVIRONMENTS}
    wanted = [
        path
        for path in sorted(infos)
        if not any(map(_is_nobodys, path.parts))
        and len(path.parts) <= MOST_DEEP
        and environments.isdisjoint(path.parents)
    ]
    if len(wanted) > MOST_MEMBERS:
        raise Unreadable(f"it holds more than {MOST_MEMBERS} files")
    top = Folder(file.name, is_archive=True)
    folders = {PurePosixPath("."): top}
    for path in wanted:
        for parent in reversed(path.parents[:-1]):
            if parent not in folders:
                folders[parent] = Folder(parent.name)
                folders[parent.parent].folders.append(folders[parent])
        one = infos[path]
        member = File(file.path, (*file.members, one.filename), f"{file.place or file.name} → {path}", _time_of(one))
        _add(folders[path.parent], member, grows=one.file_size > MOST_TIMES_ITS_SIZE * max(one.compress_size, 2**16))
    return top


def _time_of(member):
    try:
        return datetime(*member.date_time).timestamp()
    except (ValueError, OSError, OverflowError):
        return 0.0


def contents_of(path):
    """Return a file's bytes, without following a link, and no more of them than are ever graded."""
    with _opened(path) as file:
        return file.read(MOST_MEGABYTES * 2**20 + 1)


def _opened(path):
    return open(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)), "rb")


def _is_nobodys(name):
    return name.startswith(".") or name in _NOBODYS
