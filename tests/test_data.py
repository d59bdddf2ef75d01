"""Notebook 01: the data, and what happens when it can't be had."""

import gzip
import hashlib
import os
import re
import shutil
import ssl
import struct
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import certifi
import numpy as np
import pytest
import torch
from bad_servers import (
    broken_chunks,
    corrupt_gzip,
    cut_short,
    endless,
    forbidden,
    gzip_bomb,
    html_page,
    longer_than_it_is,
    not_http,
    serve,
    silent,
    trickling,
    trickling_headers,
)
from filelock import FileLock
from torch.utils.data import DataLoader

from benchmarks.reliability.servers import overloaded, server
from lenet_helpers import (
    COURSE,
    DataError,
    MNISTDataset,
    SampleNotice,
    Split,
    first_of_each_class,
    load_mnist,
    original_transform,
    to_input,
)
from lenet_helpers import data as data_module
from lenet_helpers.system import download as download_module
from lenet_helpers.system.download import LOCK_NAME, RAW_FILES, ensure_raw_files

# --- splits -----------------------------------------------------------------------------


def test_the_three_splits_have_their_sizes_types_and_ranges(mnist):
    sizes = (3_500, 500, 1_000) if mnist.is_sample else (55_000, 5_000, 10_000)
    for split, name, size in zip(
        (mnist.train, mnist.validation, mnist.test), ("train", "validation", "test"), sizes, strict=True
    ):
        assert split.name == name
        assert len(split) == size
        assert split.pixels.shape == (size, 28, 28) and split.pixels.dtype == np.uint8
        assert split.labels.shape == (size,) and split.labels.dtype == np.int64
        assert split.pixels.min() == 0 and split.pixels.max() == 255
        assert set(split.labels) == set(range(10))
        assert f"{size:,} {name}" in mnist.source


def test_splits_equal_what_torchvision_reads(full_mnist, raw_folder):
    from torchvision.datasets import MNIST

    root = str(raw_folder.parent.parent)
    train, test = MNIST(root, train=True), MNIST(root, train=False)
    # Parted here in another way: by walking through the labels one by one.
    seen, validation, rest = dict.fromkeys(range(10), 0), [], []
    for index, label in enumerate(train.targets.tolist()):
        (validation if seen[label] < 500 else rest).append(index)
        seen[label] += 1
    for split, data, targets in (
        (full_mnist.train, train.data[rest], train.targets[rest]),
        (full_mnist.validation, train.data[validation], train.targets[validation]),
        (full_mnist.test, test.data, test.targets),
    ):
        assert np.array_equal(split.pixels, data.numpy())
        assert np.array_equal(split.labels, targets.numpy())


def test_validation_has_500_of_each_class_and_is_the_bundled_sample(full_mnist):
    assert np.bincount(full_mnist.validation.labels).tolist() == [500] * 10
    with np.load(COURSE / "lenet_helpers" / "assets" / "mnist_sample.npz") as bundled:
        by_class = np.argsort(full_mnist.validation.labels, kind="stable")
        assert np.array_equal(full_mnist.validation.pixels[by_class], bundled["pixels"])
        assert np.array_equal(full_mnist.validation.labels[by_class], bundled["labels"])


def test_no_image_is_in_two_splits(mnist):
    digests = [{image.tobytes() for image in split.pixels} for split in (mnist.train, mnist.validation, mnist.test)]
    assert not digests[0] & digests[1]
    assert not digests[1] & digests[2]
    assert not digests[0] & digests[2]


def test_first_of_each_class_by_hand():
    assert first_of_each_class([1, 0, 1, 1, 0, 0], 2).tolist() == [True, True, True, False, True, False]
    assert first_of_each_class([], 3).tolist() == []
    with pytest.raises(ValueError, match="class 7 has only 1 samples, fewer than 2"):
        first_of_each_class([3, 3, 7], 2)


# --- inputs and the dataset -------------------------------------------------------------


def test_to_input_follows_its_formula_for_every_pixel_value():
    pixels = np.arange(28 * 28, dtype=np.int64).reshape(28, 28).astype(np.uint8)
    inputs = to_input(pixels)
    assert inputs.shape == (1, 1, 28, 28) and inputs.dtype == torch.float32
    expected = (pixels.astype(np.float64) / 255 - 0.5) / 0.5
    assert np.abs(inputs[0, 0].numpy() - expected).max() < 1e-6
    assert inputs.min() == -1 and inputs.max() == 1


def test_to_input_equals_the_original_transform_bit_for_bit(sample):
    from PIL import Image

    transform = original_transform()
    pixels = sample.test.pixels[::100]
    by_transform = torch.stack([transform(Image.fromarray(image)) for image in pixels])
    assert torch.equal(by_transform, to_input(pixels))
    assert torch.equal(to_input(torch.from_numpy(pixels.copy())), by_transform)


def test_inputs_made_on_a_graphics_card_are_those_of_the_cpu(card, sample):
    inputs, labels = sample.test.tensors(card)
    assert inputs.device.type == labels.device.type == card
    assert torch.equal(inputs.cpu(), to_input(sample.test.pixels))


def test_to_input_leaves_its_argument_alone():
    pixels = np.full((2, 28, 28), 7, dtype=np.uint8)
    pixels.flags.writeable = False
    to_input(pixels)
    assert (pixels == 7).all()


@pytest.mark.parametrize(
    ("pixels", "error", "says"),
    [
        (np.zeros((28, 28), np.float32), TypeError, "uint8 in 0..255, not float32"),
        (torch.zeros(2, 28, 28), TypeError, "not float32"),
        (np.zeros((1, 28, 28), np.int64), TypeError, "not int64"),
        (np.zeros((27, 28), np.uint8), ValueError, r"not \(27, 28\)"),
        (np.zeros((2, 1, 28, 28), np.uint8), ValueError, r"not \(2, 1, 28, 28\)"),
    ],
)
def test_to_input_refuses_what_is_not_pixels(pixels, error, says):
    with pytest.raises(error, match=says):
        to_input(pixels)


def test_tensors_are_the_whole_split(sample):
    inputs, labels = sample.validation.tensors()
    assert inputs.shape == (500, 1, 28, 28) and inputs.dtype == torch.float32
    assert labels.dtype == torch.int64
    assert torch.equal(inputs, to_input(sample.validation.pixels))
    assert labels.tolist() == sample.validation.labels.tolist()


def test_dataset_gives_single_samples_with_and_without_transform(sample):
    plain = MNISTDataset(sample.test.pixels, sample.test.labels)
    original = MNISTDataset(sample.test.pixels, sample.test.labels, original_transform())
    assert len(plain) == 1_000
    image, label = plain[3]
    assert image.shape == (1, 28, 28) and isinstance(label, int)
    assert label == sample.test.labels[3]
    assert torch.equal(image, original[3][0])
    with pytest.raises(IndexError):
        plain[1_000]


def test_dataset_hands_the_transform_a_grayscale_picture(sample):
    seen = []
    MNISTDataset(sample.test.pixels, sample.test.labels, lambda picture: seen.append(picture))[5]
    assert seen[0].mode == "L" and seen[0].size == (28, 28)
    assert np.array_equal(np.asarray(seen[0]), sample.test.pixels[5])


def test_dataset_refuses_unequal_lengths(sample):
    with pytest.raises(ValueError, match="1000 images but 500 labels"):
        MNISTDataset(sample.test.pixels, sample.validation.labels)


def test_dataloader_with_two_workers_gives_the_same_batches(sample):
    dataset = MNISTDataset(sample.validation.pixels, sample.validation.labels)
    here = list(DataLoader(dataset, batch_size=64))
    there = list(DataLoader(dataset, batch_size=64, num_workers=2))
    assert len(here) == len(there) == 8
    for (images, labels), (other_images, other_labels) in zip(here, there, strict=True):
        assert torch.equal(images, other_images) and torch.equal(labels, other_labels)
    assert torch.equal(torch.cat([images for images, _ in here]), sample.validation.tensors()[0])


@pytest.mark.parametrize("keep", [range(7), []])
def test_a_split_of_unequal_lengths_is_refused(sample, keep):
    with pytest.raises(ValueError, match=rf"10 images but {len(keep)} labels"):
        Split("mine", sample.test.pixels[:10], sample.test.labels[list(keep)])


def test_a_split_may_know_its_writers(sample):
    pixels, labels = sample.test.pixels[:3], sample.test.labels[:3]
    assert sample.test.writers is None
    assert Split("mine", pixels, labels, torch.tensor([4, 4, 2])).writers.tolist() == [4, 4, 2]
    with pytest.raises(ValueError, match="3 images but 2 writers"):
        Split("mine", pixels, labels, [4, 4])


def test_labels_that_are_no_whole_numbers_are_refused(sample):
    with pytest.raises(TypeError, match="whole numbers, not float64"):
        Split("mine", sample.test.pixels[:2], [0.5, 1.0])


@pytest.mark.parametrize("labels", [torch.tensor, list, np.uint8, np.array], ids=["tensor", "list", "uint8", "array"])
def test_a_split_of_tensors_or_lists_is_one_of_arrays(sample, labels):
    pixels, expected = sample.test.pixels[::100], sample.test.labels[::100]
    split = Split("mine", torch.from_numpy(pixels.copy()), labels(expected))
    assert type(split.pixels) is np.ndarray and np.array_equal(split.pixels, pixels)
    assert split.labels.dtype == np.int64 and np.array_equal(split.labels, expected)
    inputs, targets = split.tensors()
    assert torch.equal(inputs, to_input(pixels)) and targets.tolist() == expected.tolist()


def test_tensors_are_taken_where_arrays_are(sample):
    pixels, labels = torch.from_numpy(sample.test.pixels.copy()), torch.from_numpy(sample.test.labels.copy())
    assert np.array_equal(first_of_each_class(labels, 3), first_of_each_class(sample.test.labels, 3))
    image, label = MNISTDataset(pixels, labels)[700]
    assert torch.equal(image, MNISTDataset(sample.test.pixels, sample.test.labels)[700][0]) and label == 7


# --- the sample -------------------------------------------------------------------------


def test_sample_is_stratified_and_in_order(sample):
    assert sample.is_sample
    for split, count in ((sample.train, 350), (sample.validation, 50), (sample.test, 100)):
        assert np.bincount(split.labels).tolist() == [count] * 10
    with np.load(COURSE / "lenet_helpers" / "assets" / "mnist_sample.npz") as bundled:
        pixels = bundled["pixels"].reshape(10, 500, 28, 28)
    assert np.array_equal(sample.train.pixels.reshape(10, 350, 28, 28), pixels[:, :350])
    assert np.array_equal(sample.validation.pixels.reshape(10, 50, 28, 28), pixels[:, 350:400])
    assert np.array_equal(sample.test.pixels.reshape(10, 100, 28, 28), pixels[:, 400:])


def test_sample_comes_with_its_licence():
    text = (COURSE / "lenet_helpers" / "assets" / "LICENCE-MNIST.txt").read_text()
    for words in ("Yann LeCun", "Corinna Cortes", "CC BY-SA 3.0", "first 500 images of each class", "changed"):
        assert words in text


def test_asking_for_the_sample_is_said_once_and_touches_no_network(monkeypatch):
    monkeypatch.setattr(download_module, "_download", lambda *_: pytest.fail("nothing must be fetched"))
    monkeypatch.setenv("LENET_DATA", "sample")
    with pytest.warns(SampleNotice) as notices:
        assert load_mnist().is_sample
    assert len(notices) == 1
    assert "as asked for" in str(notices[0].message)
    assert notices[0].filename == __file__  # the notice points at who called


def test_a_notebook_shows_the_notice_once_and_nothing_but_the_notice():
    import lessons
    from nbformat.v4 import new_code_cell, new_notebook

    cell = new_code_cell("from lenet_helpers import load_mnist\nmnist = load_mnist('sample')\nmnist.is_sample")
    lessons.execute(new_notebook(cells=[cell]), "notice.ipynb")
    notice, value = cell.outputs
    assert (notice.name, value.data["text/plain"]) == ("stderr", "True")
    assert re.fullmatch(r"Using the bundled sample of MNIST: [^\n]*, as asked for[^\n]*\.\n", notice.text)


def test_other_warnings_are_shown_as_before(sample):
    before = warnings.formatwarning
    with pytest.warns(SampleNotice):
        load_mnist("sample")
    with warnings.catch_warnings(), pytest.raises(SampleNotice):
        warnings.simplefilter("error")
        load_mnist("sample")
    assert warnings.formatwarning is before


def test_without_mnist_one_notice_says_why_and_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(download_module, "_torchvision_mirrors", lambda: ["http://127.0.0.1:9/"])
    with pytest.warns(SampleNotice) as notices:
        mnist = load_mnist(tmp_path, progress=False)
    assert mnist.is_sample and len(notices) == 1
    message = str(notices[0].message)
    assert "train-images-idx3-ubyte could not be downloaded" in message  # why
    assert "connect to the network" in message and str(tmp_path / "MNIST" / "raw") in message  # what to do
    assert "bundled sample" in mnist.source


def test_full_mnist_gives_no_notice(full_mnist):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not load_mnist(download=False).is_sample


def test_root_is_the_argument_then_the_environment_then_the_course_folder(tmp_path, monkeypatch):
    asked = []

    def record(raw, *_):
        asked.append(raw)
        raise ConnectionError("not now")

    monkeypatch.setattr(data_module, "ensure_raw_files", record)
    monkeypatch.setenv("LENET_DATA", str(tmp_path / "environment"))
    with pytest.warns(SampleNotice):
        load_mnist(tmp_path / "argument")
        load_mnist()
        load_mnist("~/mnist")
        monkeypatch.delenv("LENET_DATA")
        load_mnist()
    home = os.path.expanduser("~/mnist")
    roots = [str(raw.parent.parent) for raw in asked]
    assert roots == [str(tmp_path / "argument"), str(tmp_path / "environment"), home, str(COURSE / "data")]


# --- files and downloads ----------------------------------------------------------------


@pytest.fixture
def tiny_files(monkeypatch):
    """Four tiny IDX files in place of MNIST's: name -> content, with their checksums expected."""
    rng = np.random.default_rng(0)
    contents = {}
    for prefix, count in (("train", 20), ("t10k", 10)):
        labels = np.arange(count, dtype=np.uint8) % 10
        images = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        contents[f"{prefix}-images-idx3-ubyte"] = struct.pack(">IIII", 0x803, count, 28, 28) + images.tobytes()
        contents[f"{prefix}-labels-idx1-ubyte"] = struct.pack(">II", 0x801, count) + labels.tobytes()
    expected = {name: (hashlib.md5(content).hexdigest(), len(content)) for name, content in contents.items()}
    monkeypatch.setattr(download_module, "RAW_FILES", expected)
    return contents


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != LOCK_NAME)


def test_missing_files_are_downloaded_verified_and_kept(tmp_path, tiny_files):
    raw = tmp_path / "MNIST" / "raw"
    with server(serve(tiny_files)) as (address, requests):
        assert ensure_raw_files(raw, progress=False, mirrors=[address]) == tiny_files
        assert names(raw) == sorted(tiny_files)
        assert len(requests) == 4
        assert ensure_raw_files(raw, progress=False, mirrors=[address]) == tiny_files
        assert len(requests) == 4  # nothing was fetched twice


def test_only_what_is_missing_is_downloaded(tmp_path, tiny_files):
    for name in list(tiny_files)[:3]:
        (tmp_path / name).write_bytes(tiny_files[name])
    with server(serve(tiny_files)) as (address, requests):
        ensure_raw_files(tmp_path, progress=False, mirrors=[address])
    assert requests == [f"/mnist/{list(tiny_files)[3]}.gz"]


USUAL_PLACES = {
    "packed": lambda name: (f"MNIST/raw/{name}.gz", gzip.compress),
    "directly in ROOT": lambda name: (name, bytes),
    "packed, in ROOT": lambda name: (f"{name}.gz", gzip.compress),
    "with a dot": lambda name: (f"MNIST/raw/{name.replace('-idx', '.idx')}", bytes),
    "with a dot, packed, in ROOT": lambda name: (f"{name.replace('-idx', '.idx')}.gz", gzip.compress),
    "in MNIST": lambda name: (f"MNIST/{name}", bytes),
    "each in a folder of its name": lambda name: (f"{name}/{name}", bytes),
}


@pytest.mark.parametrize("place", USUAL_PLACES)
def test_the_right_files_are_recognised_where_and_as_people_have_them_and_nothing_is_written(
    tmp_path, tiny_files, place
):
    for name, content in tiny_files.items():
        path, packed = USUAL_PLACES[place](name)
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(packed(content))
    before = sorted(tmp_path.rglob("*"))
    assert ensure_raw_files(tmp_path / "MNIST" / "raw", mirrors=[]) == tiny_files
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "wrong",
    [b"", b"no archive", gzip.compress(b"other")[:-4], gzip.compress(bytes(2**20))],
    ids=["empty", "no archive", "cut archive", "other archive"],  # an archive holds the time it was made at
)
def test_a_wrong_file_in_another_place_is_neither_used_nor_touched(tmp_path, tiny_files, wrong):
    raw = tmp_path / "MNIST" / "raw"
    for name in tiny_files:
        (tmp_path / f"{name}.gz").write_bytes(wrong)
        (tmp_path / name).write_bytes(wrong)
    with server(serve(tiny_files)) as (address, requests):
        assert ensure_raw_files(raw, progress=False, mirrors=[address]) == tiny_files
        assert len(requests) == 4
    assert names(raw) == sorted(tiny_files)
    assert all((tmp_path / name).read_bytes() == (tmp_path / f"{name}.gz").read_bytes() == wrong for name in tiny_files)


def test_beside_a_damaged_file_its_archive_is_read(tmp_path, tiny_files):
    for name, content in tiny_files.items():
        (tmp_path / name).write_bytes(content[:-1])
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
    assert ensure_raw_files(tmp_path, download=False) == tiny_files


def test_a_damaged_file_is_kept_aside_never_used_and_fetched_again(tmp_path, tiny_files):
    name = "train-images-idx3-ubyte"
    for other, content in tiny_files.items():
        (tmp_path / other).write_bytes(content)
    damaged = bytearray(tiny_files[name])
    damaged[100] ^= 1
    (tmp_path / name).write_bytes(damaged)
    with server(serve(tiny_files)) as (address, requests):
        with pytest.warns(UserWarning, match=f"{name} was damaged .* kept as {name}.damaged-1"):
            assert ensure_raw_files(tmp_path, progress=False, mirrors=[address]) == tiny_files
        assert requests == [f"/mnist/{name}.gz"]
        assert (tmp_path / f"{name}.damaged-1").read_bytes() == damaged
        assert (tmp_path / name).read_bytes() == tiny_files[name]
        # A second damaged file does not replace the first one.
        (tmp_path / name).write_bytes(b"")
        with pytest.warns(UserWarning, match="damaged-2"):
            ensure_raw_files(tmp_path, progress=False, mirrors=[address])
        assert (tmp_path / f"{name}.damaged-1").read_bytes() == damaged


def swapped(name, *pairs):
    """The name of another file: ``swapped("train-x", ("train", "t10k"))`` is "t10k-x", and the other way round."""
    for one, other in pairs:
        name = name.replace(one, other) if one in name else name.replace(other, one)
    return name


@pytest.mark.parametrize(
    "wrong",
    [
        lambda name, files: files[name][:-1],
        lambda name, files: files[name][: len(files[name]) // 2],
        lambda name, files: b"",
        lambda name, files: files[name] + b"\0",
        lambda name, files: gzip.compress(files[name]),
        lambda name, files: files[swapped(name, ("train", "t10k"))],
        lambda name, files: files[swapped(name, ("images-idx3", "labels-idx1"))],
    ],
    ids=[
        "a byte short",
        "half",
        "empty",
        "a byte long",
        "packed",
        "train and test swapped",
        "images and labels swapped",
    ],
)
def test_files_that_are_not_what_their_names_say_are_kept_aside_and_fetched_again(tmp_path, tiny_files, wrong):
    found = {name: wrong(name, tiny_files) for name in tiny_files}
    for name, content in found.items():
        (tmp_path / name).write_bytes(content)
    with server(serve(tiny_files)) as (address, requests), pytest.warns(UserWarning, match="was damaged") as notices:
        assert ensure_raw_files(tmp_path, progress=False, mirrors=[address]) == tiny_files
    assert len(notices) == len(requests) == 4
    for name, content in found.items():
        assert (tmp_path / name).read_bytes() == tiny_files[name]
        assert (tmp_path / f"{name}.damaged-1").read_bytes() == content


def test_real_file_with_one_wrong_bit_is_not_used(raw_folder, tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in RAW_FILES:
        shutil.copy(raw_folder / name, raw / name)
    content = bytearray((raw / "t10k-labels-idx1-ubyte").read_bytes())
    content[-1] ^= 1
    (raw / "t10k-labels-idx1-ubyte").write_bytes(content)
    with pytest.warns(UserWarning) as notices:
        mnist = load_mnist(tmp_path, download=False)
    assert mnist.is_sample
    assert ["was damaged" in str(notice.message) for notice in notices] == [True, False]


BAD_ANSWERS = [
    html_page,
    forbidden,
    overloaded,
    cut_short,
    longer_than_it_is,
    gzip_bomb,
    corrupt_gzip,
    not_http,
    broken_chunks,
]


@pytest.mark.parametrize("answer", BAD_ANSWERS, ids=lambda answer: answer.__name__)
def test_the_next_mirror_is_tried_after_a_bad_answer(tmp_path, tiny_files, answer):
    with server(answer) as (bad, asked), server(serve(tiny_files)) as (good, _):
        assert ensure_raw_files(tmp_path, progress=False, mirrors=[bad, good]) == tiny_files
    assert len(asked) == 4
    assert names(tmp_path) == sorted(tiny_files)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (html_page, "[Nn]ot a gzipped file"),
        (forbidden, "403"),
        (overloaded, "503"),
        (longer_than_it_is, "checksum"),
        (cut_short, "ended before"),
        (corrupt_gzip, "Error -3 while decompressing"),
        (not_http, "220 mail server ready"),
        (gzip_bomb, "checksum"),
        (endless, "far more data"),
    ],
)
def test_a_bad_answer_leaves_nothing_behind_and_names_the_address(tmp_path, tiny_files, answer, says):
    with server(answer) as (address, _), pytest.raises(ConnectionError, match=says) as raised:
        ensure_raw_files(tmp_path, progress=False, mirrors=[address])
    assert f"{address}train-images-idx3-ubyte.gz" in str(raised.value)
    assert names(tmp_path) == []


def test_content_of_another_file_is_refused(tmp_path, tiny_files):
    other = dict.fromkeys(tiny_files, b"good gzip, wrong digits")
    with server(serve(other)) as (address, _), pytest.raises(ConnectionError, match="fails its checksum"):
        ensure_raw_files(tmp_path, progress=False, mirrors=[address])
    assert names(tmp_path) == []


@pytest.mark.parametrize("answer", [silent, trickling, trickling_headers])
def test_a_hanging_server_costs_no_more_than_the_time_limit(tmp_path, tiny_files, monkeypatch, answer):
    monkeypatch.setattr(download_module, "STALL_SECONDS", 0.3)
    started = time.monotonic()
    with server(answer) as (address, _), pytest.raises(ConnectionError, match="could not be downloaded"):
        ensure_raw_files(tmp_path, time_limit=0.6, progress=False, mirrors=[address] * 5)
    assert time.monotonic() - started < 4
    assert names(tmp_path) == []


def test_files_that_came_in_time_are_kept_when_the_next_one_fails(tmp_path, tiny_files):
    first = next(iter(tiny_files))

    def only_the_first(handler, name):
        serve(tiny_files)(handler, name) if name == first else forbidden(handler, name)

    with server(only_the_first) as (address, _), pytest.raises(ConnectionError):
        ensure_raw_files(tmp_path, progress=False, mirrors=[address])
    assert names(tmp_path) == [first]


def test_without_download_nothing_is_asked_for_and_no_folder_made(tmp_path, tiny_files):
    with pytest.raises(ConnectionError, match="downloading was not asked for"):
        ensure_raw_files(tmp_path / "raw", download=False)
    assert not (tmp_path / "raw").exists()


# --- one at a time ----------------------------------------------------------------------


def test_waiting_for_another_program_has_an_end(tmp_path, tiny_files):
    with server(serve(tiny_files)) as (address, requests), FileLock(tmp_path / LOCK_NAME):
        with pytest.raises(ConnectionError, match="another program is downloading MNIST into") as raised:
            ensure_raw_files(tmp_path, time_limit=0.2, progress=False, mirrors=[address])
        assert str(tmp_path) in str(raised.value)
        assert requests == []


def test_waiting_is_shown(tmp_path, tiny_files, capsys):
    with FileLock(tmp_path / LOCK_NAME), pytest.raises(ConnectionError):
        ensure_raw_files(tmp_path, time_limit=2.5, mirrors=["http://127.0.0.1:9/"])
    assert "waiting for another program" in capsys.readouterr().err


def test_after_the_wait_nothing_is_fetched_that_the_other_program_brought(tmp_path, tiny_files):
    lock = FileLock(tmp_path / LOCK_NAME, thread_local=False)
    lock.acquire()

    def the_other_program():
        time.sleep(0.3)
        for name, content in tiny_files.items():
            (tmp_path / name).write_bytes(content)
        lock.release()

    other = threading.Thread(target=the_other_program)
    other.start()
    try:
        with server(serve(tiny_files)) as (address, requests):
            assert ensure_raw_files(tmp_path, progress=False, mirrors=[address]) == tiny_files
    finally:
        other.join()
    assert requests == []


def test_the_lock_of_a_program_that_was_killed_is_taken_over(tmp_path, tiny_files):
    code = (
        "import sys, time; from filelock import FileLock; lock = FileLock(sys.argv[1]); lock.acquire(); "
        "print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, tmp_path / LOCK_NAME], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout.readline().strip() == b"held"
            with server(serve(tiny_files)) as (address, _):
                with pytest.raises(ConnectionError, match="another program"):
                    ensure_raw_files(tmp_path, time_limit=0.2, progress=False, mirrors=[address])
                holder.kill()
                holder.wait()
                assert ensure_raw_files(tmp_path, time_limit=10, progress=False, mirrors=[address]) == tiny_files
        finally:
            holder.kill()


def test_files_that_are_there_need_no_lock_and_no_right_to_write(tmp_path, tiny_files, monkeypatch):
    for name, content in tiny_files.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(download_module, "FileLock", lambda *_, **__: pytest.fail("nothing is to be locked"))
    assert ensure_raw_files(tmp_path, progress=False) == tiny_files
    assert names(tmp_path) == sorted(tiny_files) and not (tmp_path / LOCK_NAME).exists()


def test_a_disk_without_locks_is_no_obstacle(tmp_path, tiny_files, monkeypatch):
    def no_locks(*_, **__):
        raise OSError(37, "No locks available")  # as NFS without its lock daemon says

    monkeypatch.setattr(FileLock, "acquire", no_locks)
    with server(serve(tiny_files)) as (address, _):
        assert ensure_raw_files(tmp_path, progress=False, mirrors=[address]) == tiny_files


def test_what_a_killed_program_left_half_written_is_cleared_away(tmp_path, tiny_files):
    name = next(iter(tiny_files))
    (tmp_path / f".0123abcd-{name}").write_bytes(b"half")
    (tmp_path / f"my-{name}").write_bytes(b"somebody's own")
    with server(serve(tiny_files)) as (address, _):
        ensure_raw_files(tmp_path, progress=False, mirrors=[address])
    assert names(tmp_path) == sorted([*tiny_files, f"my-{name}"])


# --- proxies ----------------------------------------------------------------------------


def test_the_proxy_of_the_environment_is_asked_even_when_it_is_set_late(tmp_path, tiny_files, monkeypatch):
    name = next(iter(tiny_files))
    address = "http://mnist.invalid/mnist/"  # a host that does not exist, save for the proxy
    with server(serve(tiny_files)) as (proxy, asked):
        with pytest.raises(ConnectionError, match="could not be downloaded"):
            ensure_raw_files(tmp_path, time_limit=5, progress=False, mirrors=[address])
        assert asked == []
        monkeypatch.setenv("http_proxy", proxy)
        assert ensure_raw_files(tmp_path, progress=False, mirrors=[address]) == tiny_files
    assert asked[0] == f"{address}{name}.gz" and len(asked) == 4


def test_hosts_named_in_no_proxy_are_asked_directly(tmp_path, tiny_files, monkeypatch):
    with server(forbidden) as (proxy, asked), server(serve(tiny_files)) as (address, _):
        monkeypatch.setenv("http_proxy", proxy)
        with pytest.raises(ConnectionError, match="403"):
            ensure_raw_files(tmp_path, progress=False, mirrors=[address])
        assert len(asked) == 1
        monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")
        assert ensure_raw_files(tmp_path, progress=False, mirrors=[address]) == tiny_files
        assert len(asked) == 1


def test_a_proxy_that_makes_no_sense_is_no_crash(tmp_path, tiny_files, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:port/")
    with pytest.raises(ConnectionError, match="could not be downloaded"):
        ensure_raw_files(tmp_path, progress=False, mirrors=["http://mnist.invalid/"])


# --- what is shown, and folders that can't be used ---------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for this computer that nobody else knows, in a file with its key."""
    if not shutil.which("openssl"):
        pytest.skip("openssl, which makes the certificate, is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    made = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=here -addext subjectAltName=IP:127.0.0.1"
    command = [*made.split(), "-keyout", folder / "key.pem", "-out", folder / "certificate.pem"]
    subprocess.run(command, check=True, capture_output=True)
    with open(folder / "certificate.pem", "a") as file:
        file.write((folder / "key.pem").read_text())
    return folder / "certificate.pem"


@pytest.fixture
def tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_certificate_that_nobody_knows_is_told_with_its_mend(tmp_path, tiny_files, tls):
    with server(serve(tiny_files), tls) as (address, _):
        with pytest.raises(ConnectionError, match=r"certificate can't be verified \(self.signed.*set SSL_CERT_FILE"):
            ensure_raw_files(tmp_path, progress=False, mirrors=[address])


def test_certificates_come_from_the_environment(tmp_path, tiny_files, tls, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setattr(certifi, "where", lambda: pytest.fail("not needed"))
    with server(serve(tiny_files), tls) as (address, _):
        assert ensure_raw_files(tmp_path, progress=False, mirrors=[address]) == tiny_files


def test_where_this_computer_has_no_certificates_those_of_certifi_are_used(
    tmp_path, tiny_files, tls, certificate, monkeypatch
):
    monkeypatch.setattr(certifi, "where", lambda: str(certificate))
    with server(serve(tiny_files), tls) as (address, _):
        assert ensure_raw_files(tmp_path, progress=False, mirrors=[address]) == tiny_files


def test_a_progress_bar_is_shown_while_downloading_and_only_then(tmp_path, tiny_files, capsys):
    with server(serve(tiny_files)) as (address, _):
        ensure_raw_files(tmp_path, mirrors=[address])
        assert "train-images-idx3-ubyte.gz" in capsys.readouterr().err
        ensure_raw_files(tmp_path, mirrors=[address])
    output = capsys.readouterr()
    assert output.err == output.out == ""


def test_a_file_in_place_of_the_folder_is_an_error_that_names_the_mend(tmp_path, tiny_files):
    (tmp_path / "data").write_text("a file where the folder should be")
    with pytest.raises(DataError, match="point LENET_DATA at another folder") as raised:
        ensure_raw_files(tmp_path / "data" / "MNIST" / "raw", progress=False, mirrors=["http://127.0.0.1:9/"])
    assert str(tmp_path / "data") in str(raised.value)


def test_a_folder_that_cannot_be_made_is_an_error_that_names_the_mend(tmp_path, tiny_files, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(DataError) as raised:
        ensure_raw_files(tmp_path / "raw", progress=False, mirrors=["http://127.0.0.1:9/"])
    for words in (str(tmp_path / "raw"), "LENET_DATA to a folder that you can write to", "LENET_DATA=sample"):
        assert words in str(raised.value)


def test_a_read_only_folder_is_an_error_before_anything_is_downloaded(tmp_path, tiny_files, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(download_module.tempfile, "TemporaryFile", refuse)
    with (
        server(serve(tiny_files)) as (address, requests),
        pytest.raises(DataError, match=r"can't be written to \(Permission denied\)"),
    ):
        ensure_raw_files(tmp_path, progress=False, mirrors=[address])
    assert requests == []


def test_a_full_disk_leaves_no_half_file(tmp_path, tiny_files, monkeypatch):
    def no_space(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_space)
    with server(serve(tiny_files)) as (address, _), pytest.raises(DataError, match="No space left on device"):
        ensure_raw_files(tmp_path, progress=False, mirrors=[address])
    assert names(tmp_path) == []


def test_a_damaged_file_that_cannot_be_moved_is_an_error(tmp_path, tiny_files, monkeypatch):
    name = next(iter(tiny_files))
    (tmp_path / name).write_bytes(b"damaged")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(DataError, match=rf"{name} is damaged .* can't be moved aside"):
        ensure_raw_files(tmp_path, progress=False, mirrors=["http://127.0.0.1:9/"])


def test_a_folder_in_place_of_a_file_is_an_error(tmp_path, tiny_files):
    (tmp_path / next(iter(tiny_files))).mkdir()
    with pytest.raises(DataError, match="can't be read"):
        ensure_raw_files(tmp_path, progress=False, mirrors=["http://127.0.0.1:9/"])


def test_expected_checksums_are_those_of_torchvision():
    # torchvision lists checksums of the archives, not of what is in them: compare the names.
    from torchvision.datasets import MNIST

    assert [f"{name}.gz" for name in RAW_FILES] == [name for name, _ in MNIST.resources]
    assert download_module._torchvision_mirrors() == MNIST.mirrors
