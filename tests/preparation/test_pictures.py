"""What people take for a picture: other kinds of files, addresses, batches; and what must not be read whole."""

import base64
import io
import random
import re
import struct
import sys
from urllib.parse import quote

import numpy as np
import pytest
import torch
from jupyter_client.manager import start_new_kernel
from PIL import Image

from benchmarks.reliability import mutations
from lenet_helpers import ImageClassifier, ImageError, ModelError
from lenet_helpers.preparation.folder import FolderError
from lenet_helpers.preparation.pictures import is_batch, read_image


def saved(picture, file_format, **options):
    Image.init()
    if file_format not in Image.SAVE:  # the oldest Pillow that the course allows
        pytest.skip(f"this Pillow can't write {file_format}")
    content = io.BytesIO()
    picture.save(content, file_format, **options)
    return content.getvalue()


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "AVIF", "JPEG2000", "QOI"])
def test_a_damaged_picture_that_pillow_has_already_opened(file_format):
    whole = saved(Image.effect_noise((64, 64), 80).convert("RGB"), file_format)
    damaged = whole[: len(whole) // 2]
    try:
        picture = Image.open(io.BytesIO(damaged))
    except Exception:  # this decoder notices at once, before the course has a say
        picture = damaged
    with pytest.raises(ImageError, match=r"damaged|not a picture"):
        read_image(picture)


def test_a_program_is_never_run(monkeypatch, tmp_path):
    from PIL import EpsImagePlugin

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *_, **__: pytest.fail("a file was run"))
    path = tmp_path / "digit.eps"
    path.write_bytes(saved(Image.new("L", (28, 28), 255), "EPS"))
    for picture in (path, path.read_bytes(), Image.open(path)):
        with pytest.raises(ImageError, match="EPS, which is a program that draws; save it as PNG or JPEG"):
            read_image(picture)


@pytest.mark.parametrize(
    ("mode", "side", "fits"),
    [("L", 9_000, True), ("RGB", 6_000, True), ("RGB", 6_100, False), ("RGBA", 5_200, True), ("RGBA", 5_300, False)],
)
def test_the_limit_depends_on_what_a_pixel_takes(mode, side, fits):
    # Cut short after the header, so that nothing large is ever unpacked here.
    colour = {"L": 0, "RGB": 2, "RGBA": 6}[mode]
    content = mutations.png(side, side, colour=colour, data=b"\0")
    with pytest.raises(ImageError, match="is damaged" if fits else r"megapixels, and this kind of file is read up to"):
        read_image(content, 480)


def test_the_limit_is_told_with_the_mend():
    with pytest.raises(ImageError) as raised:
        read_image(mutations.png(7_000, 7_000, colour=2, data=b"\0"), 480)
    for words in ("49 megapixels", "up to 37", "crop it to the digit, scale it down or save it as JPEG"):
        assert words in str(raised.value)


def test_a_large_photo_is_read_because_jpeg_is_reduced_on_the_way():
    picture = read_image(saved(Image.new("RGB", (6_200, 6_200), "white"), "JPEG"), 480)
    assert max(picture.size) <= 480


@pytest.mark.parametrize("file_format", ["QOI", "JPEG2000"])
def test_slow_decoders_get_smaller_pictures(file_format):
    small = saved(Image.new("RGB", (600, 600)), file_format)
    assert read_image(small, 480).size == (300, 300)
    if file_format == "QOI":  # which is as slow to write: the header of a large one is enough
        large = b"qoif" + struct.pack(">II", 2_200, 2_200) + small[12:]
    else:
        large = saved(Image.new("RGB", (2_200, 2_200)), file_format)
    with pytest.raises(ImageError, match="save it as JPEG"):
        read_image(large, 480)


@pytest.mark.parametrize("container", [0.0, 1.0])
def test_a_large_picture_inside_an_icon_is_found(container, monkeypatch):
    inside = mutations.png(6_000, 6_000, colour=6, data=b"\0")
    monkeypatch.setattr(mutations, "png_bomb", lambda rng: inside)
    monkeypatch.setattr(mutations, "png_with_any_size", lambda rng: inside)
    rng = random.Random(0)
    rng.random = lambda: container
    with pytest.raises(ImageError, match="36 megapixels"):
        read_image(mutations.icon_with_a_large_picture(rng))


def test_icons_are_read():
    drawn = Image.new("RGBA", (64, 64), "white")
    for file_format in ("ICO", "ICNS"):
        picture = read_image(saved(drawn, file_format))
        assert np.asarray(picture)[..., :3].min() == 255


def test_an_animation_whose_canvas_is_huge_is_refused_before_it_is_unpacked():
    content = bytearray(mutations.seeds()["WEBP frames"])
    at = content.index(b"VP8X") + 12
    content[at : at + 6] = (9_000).to_bytes(3, "little") * 2
    for picture in (bytes(content), Image.open(io.BytesIO(content))):
        with pytest.raises(ImageError, match="81 megapixels"):
            read_image(picture, 480)


def test_a_picture_in_memory_may_have_any_size():
    assert read_image(Image.new("RGB", (7_000, 7_000)), 480).size == (467, 467)


# --- batches and flat arrays ------------------------------------------------------------


@pytest.fixture(scope="module")
def classifier():
    return ImageClassifier()


@pytest.mark.parametrize("count", [0, 2, 3, 4, 5])
@pytest.mark.parametrize("form", ["pixels", "inputs", "Tensor"])
def test_a_batch_gives_a_digit_for_each_of_its_pictures(classifier, sample, count, form):
    batch = sample.test.pixels[:count]
    expected = classifier.predict_proba(list(batch))
    if form != "pixels":
        batch = batch[:, None].astype(np.float32) / 127.5 - 1
    if form == "Tensor":
        batch = torch.from_numpy(batch)
    np.testing.assert_allclose(classifier.predict_proba(batch), expected, atol=1e-6)
    assert classifier.predict(batch) == expected.argmax(axis=1).tolist()


@pytest.mark.parametrize("shape", [(0, 28, 28), (2, 28, 28), (3, 28, 28), (4, 28, 28), (1, 1, 28, 28), (2, 64, 64, 3)])
def test_a_batch_is_not_one_picture(classifier, shape):
    for read in (read_image, classifier.classify):
        with pytest.raises(
            ImageError, match=rf"is {shape[0]} pictures, not one picture; ImageClassifier.predict reads"
        ):
            read(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("shape", [(28, 28), (1, 28, 28), (28, 28, 1), (28, 28, 3), (3, 64, 64), (64, 28, 4)])
def test_one_picture_is_no_batch(shape):
    assert not is_batch(np.zeros(shape))
    assert read_image(np.zeros(shape)).size in [(28, 28), (64, 64), (28, 64)]


@pytest.mark.parametrize(("shape", "mend"), [((784,), "(28, 28)"), ((1, 784), "(28, 28)"), ((5, 784), "(-1, 28, 28)")])
def test_a_flat_array_is_refused_with_the_mend(classifier, sample, shape, mend):
    flat = sample.test.pixels[:5].reshape(5, 784)[: shape[0]] if len(shape) == 2 else sample.test.pixels[0].ravel()
    with pytest.raises(ImageError) as raised:
        classifier.predict(flat)
    assert f"say array.reshape{mend}" in str(raised.value)
    mended = eval(f"array.reshape{mend}", {"array": flat})
    assert np.size(classifier.predict(mended)) == flat.size // 784
    assert read_image(Image.fromarray(np.zeros((300, 784), np.uint8))).size == (784, 300)


# --- data URLs, addresses, other kinds of files -----------------------------------------


def data_url(content, kind="image/png"):
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def test_a_data_url_is_read():
    drawn = Image.effect_noise((40, 30), 90)
    np.testing.assert_array_equal(read_image(data_url(saved(drawn, "PNG"))), drawn)
    np.testing.assert_array_equal(read_image(quote(data_url(saved(drawn, "PNG")), safe=":,;/")), drawn)
    np.testing.assert_array_equal(read_image("data:image/png," + quote(saved(drawn, "PNG"))), drawn)


@pytest.mark.parametrize("cut", [1, 2, 400])
def test_a_damaged_data_url_is_told_in_short(cut):
    noise = saved(Image.effect_noise((400, 400), 90), "PNG")
    with pytest.raises(ImageError, match="the data URL is damaged") as raised:
        read_image(data_url(noise)[:-cut])
    assert len(str(raised.value)) < 250


@pytest.mark.parametrize("content", ["AAAA" * 60_000, "x/" * 40_000, "data" * 300])
def test_no_long_text_is_echoed(content):
    with pytest.raises(ImageError) as raised:
        read_image(content)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize(
    "address", ["https://example.org/seven.png", "HTTP://example.org/7", "ftp://example.org/7.png", "file:///seven.png"]
)
def test_an_address_is_to_be_downloaded_first(address):
    with pytest.raises(ImageError, match="is an address; download the picture first"):
        read_image(address)


def test_a_name_that_no_file_can_have():
    with pytest.raises(ImageError, match="null"):
        read_image("seven\0.png")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"%PDF-1.7\n", "a PDF; take a screenshot"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG, which is a program that draws; export it as PNG"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a 7 -->\n<svg/>", "SVG"),
        (b"\n<!DOCTYPE html><html><svg/></html>", "a web page; open it in a browser, and save the picture"),
    ],
)
def test_other_kinds_of_files_are_named_with_the_mend(content, what, tmp_path):
    path = tmp_path / "seven.png"
    path.write_bytes(content)
    for picture in (path, content, io.BytesIO(content), data_url(content)):
        with pytest.raises(ImageError, match=f" is {what}"):
            read_image(picture)


@pytest.mark.parametrize("name", ["photo.heic", "photo.jpg"])
def test_heic_is_read_whatever_it_is_called(name, tmp_path):
    heif = pytest.importorskip("pillow_heif")
    drawn = Image.linear_gradient("L").convert("RGB").rotate(180)
    upright = Image.Exif()
    upright[0x0112] = 3  # held upside down
    heif.from_pillow(drawn.rotate(180)).save(tmp_path / name, quality=90, exif=upright.tobytes())
    found = read_image(tmp_path / name)
    assert np.abs(np.asarray(found, int) - np.asarray(drawn, int)).mean() < 3


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1", b"msf1"])
def test_heic_that_cannot_be_read_is_named_with_the_mend(brand, tmp_path, monkeypatch):
    content = b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic" + bytes(200)
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    for missing in (False, True):
        if missing:
            monkeypatch.setitem(sys.modules, "pillow_heif", None)
        with pytest.raises(ImageError, match=r"photo.jpg is a HEIC photo.*Most Compatible.*pip install pillow-heif"):
            read_image(path)


def test_avif_is_not_taken_for_heic(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    drawn = Image.linear_gradient("L").convert("RGB")
    assert read_image(saved(drawn, "AVIF")).size == drawn.size


# --- in a notebook ----------------------------------------------------------------------


def test_a_notebook_shows_the_message_alone():
    manager, client = start_new_kernel()
    try:
        told = []
        code = "from lenet_helpers.preparation.pictures import read_image; read_image('sevn.png')"
        client.execute_interactive(code, timeout=120, output_hook=lambda message: told.append(message["content"]))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    ((line,),) = (content["traceback"] for content in told if "traceback" in content)
    assert re.fullmatch(
        r"ImageError: there is no file sevn\.png \(looked from .*\); check the name and the folder", line
    )


@pytest.mark.parametrize("error", [ImageError, FolderError, ModelError])
def test_errors_about_files_are_shown_alone(error):
    assert error("look here")._render_traceback_() == [f"{error.__name__}: look here"]
