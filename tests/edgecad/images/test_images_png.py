from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest

from edgecad.images import opencv, read_screen


def rows_of(pixels) -> bytes:
    flat = pixels.reshape(len(pixels), -1)
    return np.hstack((np.zeros((len(flat), 1), np.uint8), flat)).tobytes()


def test_pixels_are_exact(image, png, png_of):
    assert np.array_equal(read_screen(png).pixels, image)
    assert np.array_equal(read_screen(png + bytes(8)).pixels, image)
    assert np.array_equal(read_screen(png_of(80, 60, rows_of(image))).pixels, image)
    grey = image[:, :, 0]
    assert np.array_equal(read_screen(png_of(80, 60, rows_of(grey), colour=0)).pixels[..., 1], grey)


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_palettes_and_shallow_greys(png_of, make_chunk, depth):
    values = (np.arange(64 * 8).reshape(8, 64) % (1 << depth)).astype(np.uint8)
    bits = np.unpackbits(values[..., None], axis=2)[..., 8 - depth :]
    rows = rows_of(np.packbits(bits.reshape(8, -1), axis=1))
    colours = np.random.default_rng(0).integers(0, 256, (1 << depth, 3), np.uint8)
    data = png_of(64, 8, rows, depth=depth, colour=3, before=make_chunk(b"PLTE", colours.tobytes()))
    assert np.array_equal(read_screen(data).pixels, colours[values])
    grey = read_screen(png_of(64, 8, rows, depth=depth, colour=0)).pixels
    assert np.array_equal(grey[..., 0], values * (255 // ((1 << depth) - 1)))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 5), (8, 8), (33, 2), (80, 60)])
def test_interlaced_sizes_are_counted_right(image, png_of, width, height):
    pixels = image[:height, :width]
    starts = (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    )
    passes = [pixels[y::dy, x::dx] for x, y, dx, dy in starts]
    rows = b"".join(rows_of(part) for part in passes if part.size)
    assert np.array_equal(read_screen(png_of(width, height, rows, interlace=1)).pixels, pixels)


def test_pixel_data_that_do_not_fit_are_refused(image, png_of, refused):
    rows = rows_of(image)
    good = zlib.compress(rows)
    middle = len(good) // 2
    for broken in (
        zlib.compress(rows[:-1]),
        zlib.compress(rows + b"\0"),
        good + b"x",
        good[:-1] + bytes([good[-1] ^ 1]),
        good[:middle] + bytes([good[middle] ^ 0x55]) + good[middle + 1 :],
        zlib.compress(b"\x09" + rows[1:]),
        zlib.compress(rows[:241] + b"\x05" + rows[242:]),
    ):
        with refused("damaged"):
            read_screen(png_of(80, 60, b"", compressed=broken))


@pytest.mark.parametrize("left", [-1, -4, -5, 60, 1, 0])
def test_pixel_data_that_end_early_are_refused(image, png_of, refused, left):
    with refused("truncated"):
        read_screen(png_of(80, 60, b"", compressed=zlib.compress(rows_of(image))[:left]))


@pytest.mark.parametrize("row", [0, 7, 14])
def test_a_filter_that_does_not_exist_is_refused_in_every_pass(image, png_of, refused, row):
    """8 x 8 pixels, interlaced: 15 rows in seven passes. OpenCV would print why it does not read them."""
    lengths = [4, 4, 7, 7, 7, *[13] * 6, *[25] * 4]
    rows = [bytes(length) for length in lengths]
    assert read_screen(png_of(8, 8, b"".join(rows), interlace=1)).pixels.shape == (8, 8, 3)
    rows[row] = b"\x05" + rows[row][1:]
    with refused("damaged"):
        read_screen(png_of(8, 8, b"".join(rows), interlace=1))


def test_an_opencv_without_rgb_order_gives_the_same(png, monkeypatch):
    expected = read_screen(png).pixels
    monkeypatch.setattr(opencv, "_RGB", None)
    monkeypatch.setattr(opencv, "_FLAGS", cv2.IMREAD_COLOR)
    assert np.array_equal(read_screen(png).pixels, expected)


def test_every_truncation_is_refused(png, refused):
    for length in range(8, len(png), 5):
        with refused("truncated"):
            read_screen(png[:length])


def test_a_flipped_byte_is_always_noticed(png, refused):
    for position in range(37, len(png) - 12, 11):
        broken = bytearray(png)
        broken[position] ^= 0x10
        with pytest.raises(Exception, match="PNG"):
            read_screen(bytes(broken))


@pytest.mark.parametrize(
    ("width", "height", "reason"),
    [(30_000, 30_000, "too-large"), (20_000, 1, "too-large"), (4001, 4000, "too-large"), (0, 5, "damaged")],
)
def test_declared_sizes_are_held(png_of, refused, width, height, reason):
    with refused(reason):
        read_screen(png_of(width, height, b""))


@pytest.mark.parametrize(
    ("depth", "colour", "reason"),
    [
        (8, 4, "wrong-kind"),
        (8, 6, "wrong-kind"),
        (16, 4, "wrong-kind"),
        (16, 6, "wrong-kind"),
        (16, 2, "wrong-kind"),
        (16, 0, "wrong-kind"),
        (4, 2, "damaged"),
    ],
)
def test_other_kinds_are_refused(png_of, refused, depth, colour, reason):
    with refused(reason):
        read_screen(png_of(80, 60, bytes(60 * (1 + 80 * (2 if colour == 4 else 4))), depth=depth, colour=colour))


@pytest.mark.parametrize("interlace", [0, 1])
@pytest.mark.parametrize("channels", [1, 3])
def test_an_alpha_channel_of_255_everywhere_is_opaque(image, png_of, channels, interlace):
    colours = image[:8, :8, :channels]
    solid = np.dstack((colours, np.full((8, 8), 255, np.uint8)))
    starts = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    passes = [solid[y::dy, x::dx] for x, y, dx, dy in starts] if interlace else [solid]
    data = png_of(8, 8, b"".join(map(rows_of, passes)), colour=6 if channels == 3 else 4, interlace=interlace)
    expected = np.repeat(colours, 3, axis=2) if channels == 1 else colours
    screen = read_screen(data)
    assert np.array_equal(screen.pixels, expected)
    assert screen.pixels.flags.c_contiguous


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("place", "alpha"), [((0, 0), 254), ((59, 79), 0), ((30, 40), 128)])
def test_one_pixel_that_is_not_opaque_is_refused(image, png_of, refused, channels, place, alpha):
    solid = np.dstack((image[..., :channels], np.full((60, 80), 255, np.uint8)))
    solid[(*place, channels)] = alpha
    with refused("wrong-kind"):
        read_screen(png_of(80, 60, rows_of(solid), colour=6 if channels == 3 else 4))


def test_a_palette_is_opaque_where_its_alpha_values_are(png_of, make_chunk, refused):
    indices = (np.arange(480).reshape(6, 80) % 4).astype(np.uint8)
    colours = np.arange(12, dtype=np.uint8)
    palette = make_chunk(b"PLTE", colours.tobytes())
    data = png_of(80, 6, rows_of(indices), colour=3, before=palette + make_chunk(b"tRNS", b"\xff\xff"))
    assert np.array_equal(read_screen(data).pixels, colours.reshape(4, 3)[indices])
    with refused("wrong-kind"):
        read_screen(png_of(80, 6, rows_of(indices), colour=3, before=palette + make_chunk(b"tRNS", b"\xff\xfe")))


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        (b"tRNS", bytes(6), "wrong-kind"),
        (b"acTL", bytes(8), "wrong-kind"),
        (b"eXIf", b"MM\0*" + struct.pack(">IHHHIHH", 8, 1, 0x0112, 3, 1, 6, 0), "wrong-kind"),
        (b"ABCD", b"", "damaged"),
        (b"IHDR", bytes(13), "damaged"),
        (b"PLTE", bytes(4), "damaged"),
        (b"a1cd", b"", "damaged"),
    ],
)
def test_chunks_that_change_the_picture_are_refused(image, png_of, make_chunk, refused, kind, body, reason):
    with refused(reason):
        read_screen(png_of(80, 60, rows_of(image), before=make_chunk(kind, body)))


def test_other_chunks_change_nothing(image, png_of, make_chunk):
    before = make_chunk(b"tEXt", b"Name\0Jane Doe") + make_chunk(b"gAMA", struct.pack(">I", 45455))
    assert np.array_equal(read_screen(png_of(80, 60, rows_of(image), before=before)).pixels, image)


def test_order_and_number_of_chunks_are_held(image, png, png_of, make_chunk, refused):
    signature, header, rest = png[:8], png[8:33], png[33:]
    torn = make_chunk(b"IDAT", b"") + make_chunk(b"tEXt", b"")
    for broken in (
        signature + rest,
        signature + header + make_chunk(b"IEND", b""),
        signature + header + torn + rest,
        signature + header + make_chunk(b"tEXt", b"") * 70_000 + rest,
        png + b"x",
        png_of(80, 60, rows_of(image[..., 0]), colour=3),
        png_of(80, 60, rows_of(image[..., 0]), colour=0, before=make_chunk(b"PLTE", bytes(3))),
    ):
        with refused("damaged"):
            read_screen(broken)
