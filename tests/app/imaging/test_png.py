from __future__ import annotations

import io
import random
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from app.imaging import decode
from app.imaging.decode import is_tiny
from app.imaging.png import read_grey
from tests.strokes import encode

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def built(
    rows: bytes, *, width: int = 28, height: int = 28, kind: bytes = b"\x08\0\0\0\0", extra: bytes = b""
) -> bytes:
    header = chunk(b"IHDR", struct.pack(">II", width, height) + kind)
    return SIGNATURE + header + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def by_pillow(png: bytes) -> np.ndarray | None:
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            image.load()
            return np.asarray(image)
    except Exception:
        return None


@pytest.mark.parametrize("side", [1, 8, 28, 32])
@pytest.mark.parametrize("writer", ["pillow", "opencv"])
def test_grey_pictures_are_read_as_pillow_reads_them(writer: str, side: int) -> None:
    for digit in load_digits().images[:50]:
        pixels = cv2.resize((digit * 15).astype(np.uint8), (side, side))
        png = encode(pixels) if writer == "pillow" else cv2.imencode(".png", pixels)[1].tobytes()
        read = read_grey(png)
        assert read is not None
        assert np.array_equal(read, pixels)


@pytest.mark.parametrize("row", range(5), ids=["none", "sub", "up", "average", "paeth"])
def test_rows_of_every_filter_are_read(row: int) -> None:
    rng = np.random.default_rng(row)
    rows = b"".join(bytes([row]) + rng.integers(0, 256, 28).astype(np.uint8).tobytes() for _ in range(28))
    read = read_grey(png := built(rows))
    assert read is not None
    assert np.array_equal(read, by_pillow(png))


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGB", "RGBA", "I;16"])
def test_other_modes_are_left_to_pillow(mode: str) -> None:
    assert read_grey(encode(Image.new(mode, (28, 28)))) is None


@pytest.mark.parametrize(
    "png",
    [
        built(bytes(29 * 28), extra=chunk(b"tRNS", b"\0\0")),
        built(bytes(29 * 28), extra=chunk(b"tEXt", b"a\0b")),
        built(bytes(29 * 28), kind=b"\x08\0\0\0\1"),
        built(bytes(29 * 28 - 1)),
        built(bytes(29 * 28 + 1)),
        built(b"\5" + bytes(29 * 28 - 1)),
        built(b"", width=0, height=28),
        built(bytes(28), width=0, height=28),
        built(bytes(29 * 28)) + b"more",
        built(bytes(29 * 28))[:-5],
    ],
    ids=["transparent", "text", "interlaced", "short", "long", "filter", "empty", "no width", "more", "cut"],
)
def test_so_is_what_is_not_plain_or_damaged(png: bytes) -> None:
    assert read_grey(png) is None


@pytest.mark.parametrize("repaired", [False, True], ids=["wrong checksums", "right checksums"])
def test_bytes_that_lie_are_read_as_pillow_reads_them_or_left_to_it(
    repaired: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    """Libpng and OpenCV would tell of them on standard error."""
    chance = random.Random(0)
    rows = zlib.compress(b"".join(b"\1" + row.tobytes() for row in (load_digits().images[3] * 15).astype(np.uint8)))
    for _ in range(3000):
        packed = bytearray(rows)
        for _ in range(chance.randint(0, 2)):
            packed[chance.randrange(len(packed))] = chance.randrange(256)
        packed += bytes(chance.choice([0, 0, 3]))
        header = chunk(b"IHDR", struct.pack(">II", 8, 8) + b"\x08\0\0\0\0")
        png = bytearray(SIGNATURE + header + chunk(b"IDAT", bytes(packed)) + chunk(b"IEND", b""))
        if not repaired:
            png[chance.randrange(8, len(png))] = chance.randrange(256)
        if (read := read_grey(bytes(png))) is not None:
            assert np.array_equal(read, by_pillow(bytes(png)))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("window", range(8))
def test_rows_packed_with_a_smaller_window_than_they_need_are_left_to_pillow(
    window: int, capfd: pytest.CaptureFixture[str]
) -> None:
    packed = bytearray(zlib.compress(np.random.default_rng(0).integers(0, 3, 29 * 28).astype(np.uint8).tobytes()))
    packed[0] = 8 | window << 4
    packed[1] = 31 - packed[0] * 256 % 31
    header = chunk(b"IHDR", struct.pack(">II", 28, 28) + b"\x08\0\0\0\0")
    read_grey(SIGNATURE + header + chunk(b"IDAT", bytes(packed)) + chunk(b"IEND", b""))
    assert capfd.readouterr().err == ""


def test_pixels_that_unpack_to_far_more_are_not_unpacked() -> None:
    png = built(bytes(2**20))
    assert is_tiny(png)
    assert read_grey(png) is None


def test_the_most_pixels_hold_for_them_too() -> None:
    png = encode(np.zeros((28, 28), np.uint8))
    assert decode(png, max_pixels=784).size == (28, 28)
    with pytest.raises(Exception, match="at most 783"):
        decode(png, max_pixels=783)
