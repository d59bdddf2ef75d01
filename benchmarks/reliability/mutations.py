"""Damaged, odd and hostile picture files, each made from a seed and a number.

The seeds are small pictures of a digit that Pillow writes in every format and mode it can.
Nothing is kept on disk: ``case(seed, number)`` gives the same file every time.
"""

import io
import random
import struct
import warnings
import zlib
from functools import cache

from PIL import Image, ImageDraw

SIZE = (60, 48)
MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16")
NOT_PICTURES = {"PDF"}  # Pillow writes it and can't open it

_ODD_NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_SIDES = (0, 1, 2, 28, 1000, 8000, 16383, 32767, 65500, 65535)


@cache
def seeds():
    """Return small whole picture files, by a name such as "PNG RGB": what Pillow writes for it."""
    Image.init()
    found = {}
    drawn = _drawn()
    for file_format in sorted(set(Image.SAVE) - NOT_PICTURES):
        for mode in MODES:
            _try_to_save(found, f"{file_format} {mode}", _in_mode(drawn, mode), file_format)
    frames = [drawn.rotate(turn) for turn in (0, 20, 40)]
    for file_format in sorted(set(Image.SAVE_ALL) - NOT_PICTURES):
        _try_to_save(found, f"{file_format} frames", frames[0], file_format, save_all=True, append_images=frames[1:])
    for turn in (3, 6, 8, 0, 99):
        exif = Image.Exif()
        exif[0x0112] = turn
        exif[0x010E] = "a digit " * 20
        for file_format in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
            _try_to_save(found, f"{file_format} exif {turn}", drawn, file_format, exif=exif)
    _try_to_save(found, "JPEG progressive", drawn, "JPEG", progressive=True)
    _try_to_save(found, "PNG transparency", drawn.convert("P"), "PNG", transparency=0)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits", "group4", "tiff_ccitt", "zstd", "lzma"):
        picture = drawn.convert("1") if compression in ("group4", "tiff_ccitt") else drawn
        _try_to_save(found, f"TIFF {compression}", picture, "TIFF", compression=compression)
    found |= _written_by_hand()
    return found


def _drawn():
    picture = Image.new("RGB", SIZE, (235, 230, 220))
    draw = ImageDraw.Draw(picture)
    draw.line([(20, 10), (42, 10), (28, 40)], (30, 30, 60), 4)
    return picture


def _in_mode(picture, mode):
    if mode == "I;16":
        return picture.convert("I").point(lambda value: value * 257).convert("I;16")
    if mode in ("LA", "PA"):
        return picture.convert("RGBA").convert(mode) if mode == "LA" else picture.convert("P").convert("PA")
    if mode == "LAB":
        return Image.frombytes("LAB", picture.size, picture.tobytes())
    return picture.convert(mode)


def _try_to_save(found, name, picture, file_format, **options):
    content = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture.save(content, file_format, **options)
    except Exception:  # this format has no such mode or option
        return
    if content.tell():
        found[name] = content.getvalue()


def _written_by_hand():
    """Formats that Pillow opens and does not write."""
    gray = _drawn().convert("L")
    width, height = SIZE
    pixels = gray.tobytes()
    sun = struct.pack(">8I", 0x59A66A95, width, height, 8, len(pixels), 1, 0, 0) + pixels
    psd = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 1, height, width, 8, 1) + bytes(12) + b"\0\0" + pixels
    cards = [
        "SIMPLE  =                    T",
        "BITPIX  =                    8",
        "NAXIS   =                    2",
        f"NAXIS1  = {width:20}",
        f"NAXIS2  = {height:20}",
        "END",
    ]
    fits = "".join(card.ljust(80) for card in cards).ljust(2880).encode() + pixels.ljust(2880, b"\0")
    gimp_brush = struct.pack(">5I", 28, 2, width, height, 1) + b"GIMP" + struct.pack(">I", 10) + pixels
    xpm = 'static char *p[] = {\n"4 2 2 1",\n"a c #000000",\n"b c #ffffff",\n"abab",\n"baba"};\n'
    fli = struct.pack("<IHHHHHHH", 128, 0xAF12, 1, width, height, 8, 3, 5).ljust(128, b"\0") + bytes(100)
    dcx = struct.pack("<III", 0x3ADE68B1, 12, 0)
    cursor = b"\0\0\2\0\1\0" + bytes([16, 16, 0, 0, 0, 0, 0, 0]) + struct.pack("<II", 40 + 1024 + 320, 22)
    cursor += struct.pack("<IiiHHIIiiII", 40, 16, 32, 1, 8, 0, 0, 0, 0, 0, 0) + bytes(1024 + 320)
    return {
        "SUN L": sun,
        "PSD L": psd,
        "FITS L": fits,
        "GBR L": gimp_brush,
        "XPM P": xpm.encode(),
        "FLI P": fli,
        "DCX": dcx + bytes(128),
        "CUR P": cursor,
        "XVTHUMB": b"P7 332\n#END_OF_COMMENTS\n60 48 255\n" + pixels,
        "IMT": b"width 60\nheight 48\n\x0c" + pixels,
        "MCIDAS": struct.pack(">64i", 0, 4, 0, 0, 0, 0, 0, 0, height, width, 1, 0, 0, 1, *[0] * 50) + pixels,
        "PIXAR": b"\200\350\000\000".ljust(416, b"\0") + struct.pack("<HH", height, width) + bytes(92) + pixels * 3,
        "FTEX": b"FTEX" + struct.pack("<i2i2i3i", 1, width, height, 1, 1, 0, 40, len(pixels)) + pixels * 3,
        "PCD": bytes(2048) + b"PCD_" + bytes(2000) + bytes(400_000),
        "IPTC": b"\x1c\x03\x14\0\4\0\0\0\x3c\x1c\x03\x1e\0\4\0\0\0\x30\x1c\x08\x0a\0\4" + pixels[:4],
        "MPEG": b"\0\0\1\xb3\x03\xc0\x30\x15" + bytes(100),
    }


# --- mutations --------------------------------------------------------------------------


def flip_bits(rng, content):
    for _ in range(rng.choice((1, 1, 2, 5, 20, 100))):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return content


def flip_header_bits(rng, content):
    for _ in range(rng.choice((1, 2, 5))):
        content[rng.randrange(min(64, len(content)))] ^= 1 << rng.randrange(8)
    return content


def truncate(rng, content):
    return content[: rng.randrange(len(content))]


def cut_a_piece(rng, content):
    start = rng.randrange(len(content))
    del content[start : start + rng.randrange(1, 200)]
    return content


def insert_noise(rng, content):
    start = rng.randrange(len(content) + 1)
    content[start:start] = rng.randbytes(rng.choice((1, 10, 300, 70_000)))
    return content


def overwrite(rng, content):
    start = rng.randrange(len(content))
    length = rng.randrange(1, 100)
    content[start : start + length] = rng.choice((b"\0", b"\xff", rng.randbytes(1))) * length
    return content


def odd_number(rng, content):
    """Put an extreme number where a width, a length or an offset may stand."""
    for _ in range(rng.choice((1, 2, 4))):
        form = rng.choice(("<H", ">H", "<I", ">I"))
        number = rng.choice(_ODD_NUMBERS) & (0xFFFF if form[1] == "H" else 0xFFFFFFFF)
        start = rng.randrange(min(len(content), rng.choice((40, 300, len(content)))))
        content[start : start + struct.calcsize(form)] = struct.pack(form, number)
    return content


def foreign_header(rng, content):
    other = rng.choice(list(seeds().values()))
    length = rng.choice((4, 8, 16, 64))
    content[:length] = other[:length]
    return content


def spliced(rng, content):
    other = rng.choice(list(seeds().values()))
    return content[: rng.randrange(len(content))] + other[rng.randrange(len(other)) :]


def repeated(rng, content):
    """The same piece again and again."""
    start = rng.randrange(len(content))
    end = min(len(content), start + rng.randrange(1, 500))
    content[start:end] = content[start:end] * rng.randrange(2, 200)
    return content


MUTATIONS = (
    flip_bits,
    flip_header_bits,
    truncate,
    cut_a_piece,
    insert_noise,
    overwrite,
    odd_number,
    foreign_header,
    spliced,
    repeated,
)


# --- files that are built to hurt ---------------------------------------------------------


def png(width, height, depth=8, colour=0, data=b"", extra=(), packed=None):
    """A PNG file with right checksums, whatever it claims; `packed` is already compressed data."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), *extra, (b"IDAT", packed or zlib.compress(data, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def png_with_any_size(rng):
    width, height = rng.choice(_SIDES), rng.choice(_SIDES)
    depth, colour, bits = rng.choice(((1, 0, 1), (8, 0, 8), (16, 0, 16), (8, 2, 24), (16, 2, 48), (8, 6, 32)))
    rows = min(height, 20_000_000 // (width * bits // 8 + 1))  # whole where that is not too much, else cut short
    line = b"\0" + rng.randbytes(1) * (-(-width * bits // 8))
    return png(width, height, depth, colour, line * rows)


def png_bomb(rng):
    """A few kilobytes of file, up to a gigabyte of picture."""
    side = rng.choice((3000, 6000, 7000, 9000, 9400, 12_000, 20_000))
    depth, colour, bits = rng.choice(((1, 0, 1), (8, 0, 8), (8, 2, 24), (8, 6, 32), (16, 0, 16), (8, 4, 16)))
    packer = zlib.compressobj(9)
    line = (b"\0" + bytes(-(-side * bits // 8))) * 100
    packed = b"".join(packer.compress(line) for _ in range(side // 100)) + packer.flush()
    return png(side, side, depth, colour, packed=packed)


def png_text_bomb(rng):
    text = zlib.compress(bytes(rng.choice((100_000, 5_000_000, 50_000_000))), 9)
    kind, head = rng.choice(((b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0"), (b"iCCP", b"a\0\0")))
    return png(4, 4, data=b"\0\0\xff\0\xff" * 4, extra=[(kind, head + text)] * rng.choice((1, 3)))


def png_many_chunks(rng):
    return png(4, 4, data=b"\0\0\xff\0\xff" * 4, extra=[(b"tEXt", b"a\0b")] * rng.choice((1000, 20_000)))


def png_odd_exif(rng):
    exif = b"II*\0" + struct.pack("<I", rng.choice((0, 8, 9, 0xFFFFFFFF))) + rng.randbytes(rng.randrange(200))
    return png(28, 28, data=(b"\0" + bytes(27) + b"\xff") * 28, extra=[(b"eXIf", exif)])


def large_picture(rng):
    """A whole picture with a side of up to 65,535 pixels, as its format writes it."""
    width = rng.choice((1, 40, 700, 5000, 16_383, 65_500, 65_535))
    height = max(1, min(65_535, rng.choice((1000, 10_000_000, 30_000_000, 80_000_000)) // width))
    if rng.random() < 0.5:
        width, height = height, width
    mode = rng.choice(("1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "I;16", "I", "F"))
    content = io.BytesIO()
    file_format = rng.choice(("PNG", "JPEG", "TIFF", "GIF", "WEBP", "BMP", "JPEG2000", "PPM", "TGA", "ICO"))
    if file_format == "JPEG2000":
        height = max(1, min(height, 4_000_000 // width))  # writing it takes seconds, too
    if file_format == "WEBP":
        width, height = min(width, 16_383), max(1, min(height, 16_383, 20_000_000 // width))
    try:
        Image.new(mode, (width, height)).save(
            content, file_format, **({"compression": "tiff_deflate"} if file_format == "TIFF" else {})
        )
    except Exception:
        return png(width, height)
    return content.getvalue()


def gif_without_end(rng):
    """Frame after frame, and no trailer; or sub-blocks that never close."""
    head = b"GIF89a" + struct.pack("<HHBBB", 28, 28, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    loop = b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    frame = b"!\xf9\x04\x04\0\0\0\0" + b"," + struct.pack("<HHHHB", 0, 0, 28, 28, 0) + b"\x02\x02\x4c\x01\0"
    comment = b"!\xfe" + (b"\xff" + b"x" * 255) * rng.choice((10, 20_000))
    return head + loop + rng.choice((frame * rng.choice((100, 50_000)), comment, comment + frame * 100))


def gif_any_size(rng):
    canvas, frame = [(rng.choice(_SIDES), rng.choice(_SIDES)) for _ in range(2)]
    head = b"GIF89a" + struct.pack("<HHBBB", *canvas, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    return head + b"," + struct.pack("<HHHHB", rng.choice(_SIDES), 0, *frame, 0) + b"\x02\x02\x4c\x01\0;"


def tiff_any_tags(rng):
    """A TIFF directory with the tags that readers rely on, and anything in them."""
    tags = [256, 257, 258, 259, 262, 273, 277, 278, 279, 282, 296, 317, 320, 322, 323, 324, 325, 330, 338, 339, 34675]
    entries = b""
    count = 0
    for tag in tags:
        if rng.random() < 0.85:
            number = rng.choice((*_ODD_NUMBERS, *_SIDES, 8, 8, 8, 5, 32773))
            usual = {256: 28, 257: 28, 258: 8, 259: 1, 262: 1, 273: 300, 277: 1, 278: 28, 279: 784}.get(tag, number)
            value = usual if rng.random() < 0.7 else number
            entries += struct.pack(
                "<HHII", tag, rng.choice((3, 4, 4, 1, 2, 5, 12)), rng.choice((1, 1, 1, 5, 2**31)), value
            )
            count += 1
    following = rng.choice((0, 0, 8))  # 8: the directory follows itself
    return (b"II*\0" + struct.pack("<IH", 8, count) + entries + struct.pack("<I", following)).ljust(300, b"\0") + bytes(
        784
    )


def jpeg_any_size(rng):
    content = bytearray(rng.choice([seeds()["JPEG RGB"], seeds()["JPEG progressive"], seeds()["JPEG CMYK"]]))
    at = next(at for at in range(len(content)) if content[at] == 0xFF and content[at + 1] in (0xC0, 0xC2))
    content[at + 5 : at + 9] = struct.pack(">HH", rng.choice(_SIDES), rng.choice(_SIDES))
    return bytes(content)


def jpeg_odd_exif(rng):
    exif = b"Exif\0\0" + rng.choice((b"II*\0", b"MM\0*")) + rng.randbytes(rng.randrange(300))
    whole = seeds()["JPEG RGB"]
    return whole[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + whole[2:]


def webp_any_size(rng):
    content = bytearray(seeds()["WEBP frames"])
    at = content.index(b"VP8X") + 12
    content[at : at + 6] = b"".join(struct.pack("<I", rng.choice((28, 16_383, 9_000, 2**24 - 1)))[:3] for _ in range(2))
    return bytes(content)


def icon_with_a_large_picture(rng):
    inside = rng.choice((png_bomb, png_with_any_size))(rng)
    if rng.random() < 0.5:
        return b"icns" + struct.pack(">I", len(inside) + 16) + b"ic07" + struct.pack(">I", len(inside) + 8) + inside
    return b"\0\0\1\0\1\0" + struct.pack("<BBBBHHII", 28, 28, 0, 0, 1, 32, len(inside), 22) + inside


def bmp_any_size(rng):
    width, height = rng.choice((*_SIDES, -1, 2**31 - 1, -(2**31))), rng.choice((*_SIDES, -1, -28, 2**31 - 1, -(2**31)))
    bits, compression = rng.choice((1, 4, 8, 16, 24, 32, 0, 7)), rng.choice((0, 0, 1, 2, 3, 4, 9))
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, 0, 0, 0, rng.choice(_ODD_NUMBERS), 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, rng.choice((54, 1078, 0, 2**31))) + info + rng.randbytes(3000)


def text_header(rng):
    """The formats with a header of plain text."""
    width, height = (rng.choice((*_SIDES, -1, 10**30)) for _ in range(2))
    kind = rng.choice((b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"Pf", b"PF", b"P7", b"Py", b"PyRGBA"))
    largest = rng.choice((b"255", b"65535", b"0", b"-1", b"1e999", b"nan", b"9" * 5000, b"# no end"))
    return kind + b"\n%d %d\n" % (width, height) + largest + b"\n" + rng.randbytes(5000)


def noise(rng):
    """A whole picture with nothing but noise: all ink, no digit."""
    width, height = (rng.choice((1, 3, 28, 100, 480, 1500)) for _ in range(2))
    content = io.BytesIO()
    Image.frombytes("L", (width, height), rng.randbytes(width * height)).save(content, "PNG", compress_level=1)
    return content.getvalue()


def no_picture(rng):
    texts = (b"", b"\0", b"%PDF-1.7\n", b"<svg xmlns='x'/>", b"PK\3\4", b"\x7fELF", b"MZ", b"%!PS-Adobe-3.0 EPSF-3.0\n")
    return rng.choice(texts) + rng.randbytes(rng.choice((0, 1, 100, 5000)))


def eps_that_says_anything(rng):
    box = rng.choice((b"0 0 28 28", b"0 0 65535 65535", b"0 0 0 0", b"(atend)", b"nan 0 1 1", b"-9 -9 9999999 9"))
    program = rng.choice((b"{} loop\n", b"(%pipe%echo) (r) file\n", b"showpage\n", b"%" + b"x" * 300_000))
    return b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: " + box + b"\n%%EndComments\n" + program + b"%%EOF\n"


BUILT = (
    png_with_any_size,
    png_bomb,
    png_text_bomb,
    png_many_chunks,
    png_odd_exif,
    large_picture,
    gif_without_end,
    gif_any_size,
    tiff_any_tags,
    jpeg_any_size,
    jpeg_odd_exif,
    webp_any_size,
    icon_with_a_large_picture,
    bmp_any_size,
    text_header,
    noise,
    no_picture,
    eps_that_says_anything,
)

_DEAR = {large_picture: 0.5, png_bomb: 0.3, icon_with_a_large_picture: 0.3}
"""Fraction of their turns in which those come that take long to make; else a cheaper one does."""


def case(seed, number):
    """Return what was done, and to what, such as "truncate PNG RGB", for a number; and the damaged file."""
    rng = random.Random(f"{seed} {number}")
    if number % 8 == 0:
        built = BUILT[number // 8 % len(BUILT)]
        if rng.random() > _DEAR.get(built, 1):
            built = png_with_any_size
        return built.__name__, bytes(built(rng))
    names = list(seeds())
    name = names[number % len(names)]
    mutation = rng.choice(MUTATIONS)
    content = mutation(rng, bytearray(seeds()[name]))
    if rng.random() < 0.2:
        content = rng.choice(MUTATIONS)(rng, content) if content else content
    return f"{mutation.__name__} {name}", bytes(content)
