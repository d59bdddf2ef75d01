"""Read any picture, whatever it comes in: a file, bytes, a Pillow image, an array or a Tensor.

Used in notebook 05. What comes out is always a Pillow image of mode L, RGB or RGBA, the
right way up; `lenet_helpers.preparation.steps` finds the digit in it.
"""

import base64
import io
import math
import os
import re
import struct
import warnings
from contextlib import contextmanager
from urllib.parse import unquote_to_bytes

import numpy as np
from PIL import Image, ImageOps

from lenet_helpers.system.errors import CourseError

_FULL_SCALES = (16, 255, 1023, 4095, 16383, 65535, 2**24 - 1, 2**31 - 1, 2**32 - 1)
"""The largest values of scikit-learn's digits, and of pictures with 8, 10, 12, 14, 16, 24, 31 and 32 bits."""

_MOST_VALUES = 110e6
"""Pixels times channels of the largest picture that is unpacked: an A4 page scanned at 600 dpi, in colour.

With the weights below it takes at most about 500 MB and 2 s. A JPEG is reduced while it is unpacked,
so nearly any size will do.
"""

_CHANNELS = {"1": 1, "L": 1, "P": 3, "RGB": 3}
"""What a pixel of each mode weighs; of others, 4."""

_WEIGHTS = {"WEBP": 2, "AVIF": 2, "JPEG2000": 8}
"""Formats that take more memory or time for a pixel. Decoders in Python weigh 16."""

_NO_PICTURES = {
    b"%pdf-": "a PDF; take a screenshot of the digit, or export the page as PNG",
    b"<html": "a web page; open it in a browser, and save the picture that it shows",
    b"<svg": "SVG, which is a program that draws; export it as PNG",
}
"""What files hold that people take for pictures, by a mark near their beginning."""

_LONGEST_NAME = 200


class ImageError(CourseError):
    """A picture that can't be read, or in which there is no digit to read. The message names the mend."""


def read_image(image, longest_side=None):
    """Read a picture and turn it the right way up. Taught in notebook 05.

    Parameters
    ----------
    image : path, data URL, bytes, open file, PIL image, array or Tensor
        Any file that Pillow opens (of an animation, the first frame), and HEIC where
        pillow-heif is installed. An array is *one* picture, of shape (H, W), (H, W, C) or
        (C, H, W) with C from 1 to 4, of any integer, float or bool dtype; floats in [0, 1],
        [-1, 1], [0, 16] (scikit-learn's digits) or [0, 255].
    longest_side : int, optional
        Reduce a larger picture to at most this many pixels a side, by averaging.

    Returns
    -------
    PIL.Image.Image
        Mode L, RGB or RGBA. The picture given is never changed.

    Raises
    ------
    ImageError
        There is no such file, or it is not a picture, is damaged or is too large to unpack
        (above 36 megapixels in colour; a JPEG may have 89), or the array has a shape or
        values that no picture has, or is a batch (see `is_batch`) or flat.
    TypeError
        `image` is none of the above.
    """
    if isinstance(image, Image.Image):
        with _told_as_image_error("the picture"):  # one that was opened and not yet loaded may be damaged
            return _upright(image, longest_side, "the picture")
    if isinstance(image, str | os.PathLike):
        return _from_file(image, longest_side)
    if isinstance(image, bytes | bytearray | memoryview):
        return _decode(bytes(image), longest_side, "these bytes")
    if hasattr(image, "read"):
        content = image.read()
        name = getattr(image, "name", "the open file")
        if not isinstance(content, bytes):
            raise ImageError(f'{name} is open as text; open it with mode "rb" to read a picture from it')
        return _decode(content, longest_side, name)
    if hasattr(image, "detach"):  # a Tensor, recognised without importing torch
        image = image.detach().cpu().numpy()
    if isinstance(image, np.ndarray):
        return _upright(_from_array(image), longest_side, "the array")
    raise TypeError(
        f"a picture is a path, bytes, an open file, a PIL image or an array, not {type(image).__name__}; "
        "for many pictures, pass a list to ImageClassifier.predict, and for lists of numbers, np.array of them"
    )


def is_batch(image):
    """Tell an array or a Tensor of many pictures: (N, 28, 28), except for N = 1, or any with four dimensions.

    (1, 28, 28) is one picture, whose channel comes first.
    """
    shape = tuple(getattr(image, "shape", ()))
    return len(shape) == 4 or (shape[1:] == (28, 28) and shape[0] != 1)


def _from_file(path, longest_side):
    path = os.path.expanduser(os.fspath(path))
    if isinstance(path, str) and path.startswith("data:"):
        header, _, content = path.partition(",")
        content = unquote_to_bytes(content)
        with _told_as_image_error("the data URL"):
            content = base64.b64decode(content) if header.endswith(";base64") else content
        return _decode(content, longest_side, "the data URL")
    name = os.fsdecode(path)
    if len(name) > _LONGEST_NAME:  # the content of a file, likely, in place of its name
        name = f"{name[:40]}…{name[-40:]}"
    if re.match(r"(?i)(https?|ftp|file):/", name):
        raise ImageError(f"{name} is an address; download the picture first, and give the path of the file")
    if os.path.isdir(path):
        raise ImageError(f"{name} is a folder; name one picture inside it")
    try:
        with open(path, "rb") as file:
            return _decode(file, longest_side, name)
    except FileNotFoundError:
        raise ImageError(
            f"there is no file {name} (looked from {os.getcwd()}); check the name and the folder"
        ) from None
    except ImageError:
        raise
    except (OSError, ValueError) as reason:  # ValueError: a name with a null character
        what = getattr(reason, "strerror", None) or reason
        raise ImageError(f"{name} can't be read: {what}; check that you may read it") from reason


def _decode(content, longest_side, name):
    """A picture from bytes or an open binary file. Every way in which Pillow fails becomes an ImageError."""
    if isinstance(content, bytes):
        if not content:
            raise ImageError(f"{name} hold nothing; if you have read the file before, go back with seek(0)")
        content = io.BytesIO(content)
    elif os.fstat(content.fileno()).st_size == 0:
        raise ImageError(f"{name} is empty; save or download the picture again")
    with _told_as_image_error(name):
        _refuse_what_hides(content, name)
        _look_at_the_beginning(content, name)
        with Image.open(content) as picture:
            if longest_side and picture.format in ("JPEG", "MPO"):
                # The decoder itself can give a half, a quarter or an eighth of the size, several times
                # as fast. Twice the wanted size leaves something to average.
                picture.draft(None, (2 * longest_side, 2 * longest_side))
            return _upright(picture, longest_side, name)


@contextmanager
def _told_as_image_error(name):
    """Make an ImageError of every way in which Pillow fails."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on odd metadata are of no use to a student ...
            warnings.simplefilter("error", Image.DecompressionBombWarning)  # ... this one is
            yield
    except ImageError:
        raise
    except Image.UnidentifiedImageError:
        raise ImageError(f"{name} is not a picture that Pillow can open; save it as PNG or JPEG") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageError(
            f"{name} has more than {Image.MAX_IMAGE_PIXELS / 1e6:.0f} megapixels; crop it to the digit or scale it down"
        ) from None
    except Exception as reason:  # a damaged file may raise nearly anything inside a decoder
        what = str(reason) or type(reason).__name__
        raise ImageError(f"{name} is damaged ({what}); save or download it again") from reason


def _refuse_what_hides(content, name):
    """Refuse an icon when a picture inside it is too large: Pillow unpacks those as soon as it opens the icon."""
    start = content.read(4)
    content.seek(0)
    if start in (b"\0\0\1\0", b"\0\0\2\0", b"icns"):
        weight = 4 * (_WEIGHTS["JPEG2000"] if start == b"icns" else 1)
        # The sizes that PNG and JPEG 2000 tell at their own beginnings.
        for size in re.findall(rb"(?:IHDR|ihdr|\xff\x4f\xff\x51....)(.{8})", content.read(), re.DOTALL):
            _refuse_too_large(math.prod(struct.unpack(">II", size)), weight, name)
        content.seek(0)


def _look_at_the_beginning(content, name):
    """Refuse what is no picture by its own name, and make Pillow able to read HEIC."""
    start = content.read(2000)
    content.seek(0)
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for mark, what in _NO_PICTURES.items():
        if text.startswith(mark) or (text.startswith(b"<") and mark in text):
            raise ImageError(f"{name} is {what}")
    brands = start[8 : int.from_bytes(start[:4], "big")] if start[4:8] == b"ftyp" else b""
    if re.match(rb"he[iv][cxms]|m[is]f1", brands) and b"avif" not in brands:
        try:
            from pillow_heif import register_heif_opener

            register_heif_opener()
            Image.open(content)
            content.seek(0)
        except (ImportError, Image.UnidentifiedImageError):
            raise ImageError(
                f"{name} is a HEIC photo, whatever its name says, and can't be read. Save it as JPEG (an iPhone takes "
                "JPEG with Settings, Camera, Formats, Most Compatible), or where it is missing: pip install pillow-heif"
            ) from None


def _refuse_too_large(pixels, weight, name):
    if pixels * weight > _MOST_VALUES:
        raise ImageError(
            f"{name} has {pixels / 1e6:.0f} megapixels, and this kind of file is read up to "
            f"{_MOST_VALUES / weight / 1e6:.0f}; crop it to the digit, scale it down or save it as JPEG"
        )


def _weight(picture):
    """What a pixel of a picture weighs that is yet to be unpacked."""
    weight = _CHANNELS.get(picture.mode, 4) * _WEIGHTS.get(picture.format, 1)
    in_python = any(tile[0] in Image.DECODERS for tile in getattr(picture, "tile", ()))
    return 16 * weight if in_python else weight


def _upright(picture, longest_side, name):
    """Mode L, RGB or RGBA, no larger than asked for, turned as the camera was held (EXIF)."""
    if 0 in picture.size:
        raise ImageError(f"{name} has no pixels: its size is {picture.width}×{picture.height}")
    if picture.format == "EPS":  # Pillow would hand it to Ghostscript
        raise ImageError(f"{name} is EPS, which is a program that draws; save it as PNG or JPEG")
    if picture.format:  # straight from a file, and likely to be unpacked only now
        _refuse_too_large(picture.width * picture.height, _weight(picture), name)
    picture.load()
    turn = picture.getexif().get(0x0112, 1) if hasattr(picture, "getexif") else 1
    factor = -(-max(picture.size) // longest_side) if longest_side else 1
    if factor > 1 and picture.mode in ("L", "RGB"):
        picture = picture.reduce(factor)  # first of all: everything after it has less to do
    picture = _plain_mode(picture)
    if factor > 1 and max(picture.size) > longest_side:
        picture = picture.reduce(factor)
    if turn != 1:
        exif = Image.Exif()
        exif[0x0112] = turn
        picture = picture.copy()
        picture.info = {"exif": exif.tobytes()}
        picture = ImageOps.exif_transpose(picture)
    return picture


def _plain_mode(picture):
    """Convert any of Pillow's modes to L, RGB or RGBA."""
    mode = picture.mode
    if mode in ("I", "F") or mode.startswith("I;"):
        return Image.fromarray(_to_bytes(np.asarray(picture)))
    if mode == "La":
        picture = picture.convert("LA")
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    if mode == "1":
        return picture.convert("L")
    if mode == "LAB":
        return picture.getchannel("L")
    return picture if mode in ("L", "RGB") else picture.convert("RGB")


def _from_array(array):
    """A Pillow image from an array of any numeric dtype, channels first or last."""
    shape = array.shape
    if is_batch(array):
        raise ImageError(
            f"an array of shape {shape} is {shape[0]} pictures, not one picture; ImageClassifier.predict reads "
            "them all, and array[0] is the first"
        )
    if array.ndim in (1, 2) and shape[-1] == 784:
        sides = "-1, 28, 28" if array.ndim == 2 and shape[0] != 1 else "28, 28"
        raise ImageError(
            f"an array of shape {shape} is flat, not one picture: say array.reshape({sides}). "
            "If it is one that is 784 pixels wide, say Image.fromarray(array)"
        )
    if array.ndim == 3 and shape[2] not in (1, 2, 3, 4) and shape[0] in (1, 2, 3, 4):
        array = np.moveaxis(array, 0, 2)
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 2, 3, 4)):
        raise ImageError(
            f"an array of shape {shape} is not one picture: (H, W), (H, W, C) or (C, H, W) is, with C from 1 to 4; "
            "to read many pictures, pass list(array) to ImageClassifier.predict"
        )
    if 0 in shape:
        raise ImageError(f"the array has no pixels: its shape is {shape}")
    if array.dtype.kind not in "buif":
        raise ImageError(f"the array holds {array.dtype}, not numbers; convert it with astype(np.uint8)")
    array = _to_bytes(array)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    return Image.fromarray(np.ascontiguousarray(array))


def _to_bytes(array):
    """Scale values of any dtype to uint8, where 255 is full scale.

    Which scale was meant is told by the values: 1 for bool and for floats up to 1, [-1, 1]
    for floats that go below 0, else the smallest of 16 and 8, 10, 12, ... bits that holds them.
    """
    if array.dtype == np.uint8 and array.max() != 1:
        return array
    values = array.astype(np.float64 if array.dtype.itemsize > 2 else np.float32)
    low, high = values.min(), values.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ImageError("the array holds NaN or infinite values; replace them, with np.nan_to_num for instance")
    if low < 0:
        # [-1, 1] is what the network's own inputs are in; other negative scales are anybody's guess.
        reach = 1.0 if -1 <= low and high <= 1 else max(-low, high)
        values = (values + reach) * (255 / (2 * reach))
    elif high <= 1:
        values = values * 255
    else:
        scale = next((scale for scale in _FULL_SCALES if high <= scale), high)
        values = values * (255 / scale)
    return np.rint(values).astype(np.uint8)
