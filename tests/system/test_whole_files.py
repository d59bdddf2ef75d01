"""Writing a file whole or not at all."""

import os
import time

import pytest

from lenet_helpers.system.whole_files import leftovers, written_whole


def write(path, content):
    with written_whole(path) as file:
        file.write(content)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["model.pth", "a name ü [1].pth", "no ending"])
def test_a_file_is_written_and_replaced(tmp_path, name):
    write(tmp_path / name, b"old")
    write(tmp_path / name, b"new")
    assert (tmp_path / name).read_bytes() == b"new" and names(tmp_path) == [name]


def test_until_the_end_the_old_file_is_there_and_the_new_one_has_another_name(tmp_path):
    path = tmp_path / "model.pth"
    write(path, b"old")
    with written_whole(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
        [unfinished] = leftovers(path)
        assert unfinished.parent == tmp_path  # a rename between disks is not one step
        assert unfinished.name.startswith(".") and unfinished.suffix == ".pth"  # hidden, and ignored by git
    assert path.read_bytes() == b"new" and leftovers(path) == []


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "stop"])
def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "model.pth"
    write(path, b"old")
    with pytest.raises(type(error)), written_whole(path) as file:
        file.write(b"half")
        raise error
    assert path.read_bytes() == b"old" and names(tmp_path) == ["model.pth"]


def test_bytes_reach_the_disk_before_the_name_does(tmp_path, monkeypatch):
    done = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda number: (done.append("fsync"), fsync(number)))
    monkeypatch.setattr(os, "replace", lambda *paths: (done.append("replace"), replace(*paths)))
    write(tmp_path / "model.pth", b"new")
    assert done == ["fsync", "replace"]


def test_what_a_killed_program_left_is_cleared_away_when_it_is_old(tmp_path):
    for name in (".0123abcd-model.pth", ".89abcdef-model.pth", ".0123abcd-other.pth", "my-model.pth"):
        (tmp_path / name).write_bytes(b"half")
    long_ago = time.time() - 7200
    for name in (".0123abcd-model.pth", ".0123abcd-other.pth", "my-model.pth"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    write(tmp_path / "model.pth", b"new")
    assert names(tmp_path) == [".0123abcd-other.pth", ".89abcdef-model.pth", "model.pth", "my-model.pth"]
