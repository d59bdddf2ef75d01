"""Picture files that must not be read whole: programs, bombs, and what is damaged inside."""

import io
import random

import numpy as np
import pytest
from PIL import Image

from benchmarks.reliability import mutations
from lenet_helpers import ImageError
from lenet_helpers.preparation.pictures import read_image


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
    picture = read_image(saved(Image.new("RGB", (9_000, 9_000), "white"), "JPEG"), 480)
    assert max(picture.size) <= 480


@pytest.mark.parametrize("file_format", ["QOI", "JPEG2000"])
def test_slow_decoders_get_smaller_pictures(file_format):
    with pytest.raises(ImageError, match="save it as JPEG"):
        read_image(saved(Image.new("RGB", (2_200, 2_200)), file_format), 480)
    assert read_image(saved(Image.new("RGB", (600, 600)), file_format), 480).size == (300, 300)


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
