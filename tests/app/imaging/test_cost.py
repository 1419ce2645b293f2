from __future__ import annotations

import struct
import zlib

import pytest
from PIL import Image, JpegImagePlugin

from app.imaging import CorruptImage, ImageTooLarge, UnsupportedImage
from app.imaging.cost import (
    MAX_CHUNKS,
    MAX_ENTRIES,
    MAX_EXIF_SEGMENTS,
    MAX_SCANNED_PIXELS,
    MAX_SCANS,
    MAX_SEGMENTS,
    MAX_SIDE,
    MAX_TILES,
)
from app.imaging.decode import decode
from tests.strokes import draw, encode

LIMIT = 64_000_000
PICTURE = draw("7")


def _progressive_jpeg(side: int, passes: int, hiding: bytes = b"") -> bytes:
    """Return a JPEG whose every pass says in some bytes that all its blocks stay as they are.

    Args:
        side: of the picture, in pixels.
        passes: over it.
        hiding: stands where the first pass has its first restart, if anything.
    """

    def segment(marker: int, body: bytes) -> bytes:
        return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body

    blocks = (side // 8) ** 2
    one_code = bytes([1] + [0] * 15)
    tables = segment(0xC4, b"\x00" + one_code + b"\x00") + segment(0xC4, b"\x10" + one_code + b"\xe0")
    frame = segment(0xC2, struct.pack(">BHHBBBB", 8, side, side, 1, 1, 0x11, 0))
    first = segment(0xDA, bytes((1, 1, 0, 0, 0, 0))) + bytes(-(-blocks // 8))
    # A run of 2^14 blocks and more, as many as its fourteen bits say.
    run = segment(0xDA, bytes((1, 1, 0, 1, 63, 0))) + b"\0\0" * -(-blocks // 2**14)
    head = b"\xff\xd8" + segment(0xDB, bytes([0] + [1] * 64)) + frame + tables
    if hiding:
        head += segment(0xDD, struct.pack(">H", blocks // 2))
        first = segment(0xDA, bytes((1, 1, 0, 0, 0, 0))) + bytes(blocks // 16) + hiding + bytes(blocks // 16)
    return head + first + run * (passes - 1) + b"\xff\xd9"


def test_passes_over_a_jpeg_are_counted_before_they_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = encode(PICTURE, "JPEG", progressive=True)
    decode(usual + b"\xff\xda" * 2 * MAX_SCANS, max_pixels=LIMIT)  # a film behind the photo
    decode(_progressive_jpeg(64, MAX_SCANS), max_pixels=LIMIT)
    monkeypatch.setattr(JpegImagePlugin.JpegImageFile, "load", lambda image: pytest.fail("pixels were read"))
    with pytest.raises(UnsupportedImage, match="passes"):
        decode(_progressive_jpeg(64, MAX_SCANS + 1), max_pixels=LIMIT)
    # A marker in place of a restart, and what may pass for its length.
    with pytest.raises(UnsupportedImage, match="passes"):
        decode(_progressive_jpeg(64, MAX_SCANS + 1, hiding=b"\xff\x02\xff\xff\xff\xd0"), max_pixels=LIMIT)


def test_so_are_those_over_a_large_one() -> None:
    side = 8000
    with pytest.raises(UnsupportedImage, match="passes"):
        decode(_progressive_jpeg(side, 1 + MAX_SCANNED_PIXELS // side**2), max_pixels=LIMIT)


@pytest.mark.parametrize("size", [(1, MAX_SIDE + 1), (MAX_SIDE + 1, 1)])
def test_no_side_is_longer_than_any_camera_makes(size: tuple[int, int]) -> None:
    with pytest.raises(ImageTooLarge, match="on a side"):
        decode(encode(Image.new("1", size)), max_pixels=LIMIT)


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize(
    "blocks",
    [b"!\xfe" + b"\1a" * 10_000 + b"\0", b"!\xfe\1a\0" * 10_000, b"a" * 10_000, b"!\xfe\0" * 10_000],
    ids=["pieces", "comments", "nothing", "empty"],
)
def test_the_blocks_of_a_gif_are_counted_before_it_is_opened(blocks: bytes, behind: bool) -> None:
    usual = encode(PICTURE, "GIF")
    place = len(usual) - 1 if behind else usual.index(b",\0\0\0\0")
    with pytest.raises(UnsupportedImage, match="blocks"):
        decode(usual[:place] + blocks + usual[place:], max_pixels=LIMIT)
    few = b"!\xfe" + (b"\xff" + b"a" * 255) * 100 + b"\0"
    assert decode(usual[:place] + few + usual[place:], max_pixels=LIMIT).size == (120, 120)


def test_a_bmp_of_runs_may_not_have_as_many_pixels_as_others() -> None:
    def bmp(side: int, beyond: int = 0) -> bytes:
        # One pixel a row, or more than it has; its reader adds the others, one after the other.
        runs, palette = (b"\1\1" * (1 + beyond) + b"\0\0") * side + b"\0\1", bytes(4 * 256)
        header = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(runs), 0, 0, 256, 0)
        start = 14 + len(header) + len(palette)
        return b"BM" + struct.pack("<IHHI", start + len(runs), 0, 0, start) + header + palette + runs

    assert decode(bmp(200), max_pixels=LIMIT).size == (200, 200)
    with pytest.raises(ImageTooLarge, match="run-length"):
        decode(bmp(8000), max_pixels=LIMIT)
    with pytest.raises(CorruptImage, match="more runs than pixels"):
        decode(bmp(20, beyond=2_000), max_pixels=LIMIT)


def _tiff(body: bytes, tags: dict[int, list[int]]) -> bytes:
    """Return a TIFF whose body begins at byte 8; every tag has 32-bit numbers."""
    lists, entries = b"", b""
    for tag, values in sorted(tags.items()):
        place = values[0] if len(values) == 1 else 8 + len(body) + len(lists)
        lists += struct.pack(f"<{len(values)}I", *values) if len(values) > 1 else b""
        entries += struct.pack("<HHII", tag, 4, len(values), place)
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(body) + len(lists)) + body + lists + directory


@pytest.mark.parametrize("orientation", [1, 6])
def test_pixels_of_tiles_count_too(orientation: int) -> None:
    def tiled(width: int, across: int, down: int) -> bytes:
        """Return a TIFF of `width` x 64 pixels, stored, whose tiles are all the same few bytes."""
        tiles = -(-width // across) * -(-64 // down)
        body = zlib.compress(bytes(across * down))
        kind = {259: [8], 262: [1], 274: [orientation], 277: [1], 322: [across], 323: [down]}
        return _tiff(body, {256: [width], 257: [64], 258: [8], 324: [8] * tiles, 325: [len(body)] * tiles, **kind})

    assert decode(tiled(64, 64, 64), max_pixels=128 * 128).size == (64, 64)
    assert decode(tiled(128, 16, 128), max_pixels=128 * 128).size == ((128, 64) if orientation == 1 else (64, 128))
    for hostile in tiled(64, 256, 256), tiled(128, 16, 256), tiled(64, 65536, 64), tiled(16, 1024, 16):
        with pytest.raises(ImageTooLarge, match="tiles"):
            decode(hostile, max_pixels=128 * 128)


@pytest.mark.parametrize("bands", [1, 3])
def test_strips_draw_a_picture_once(bands: int) -> None:
    def striped(strips: int) -> bytes:
        """Return a TIFF of 64 x 64 pixels in strips of 63 rows, all of them the same bytes."""
        body = bytes(64 * 63 * bands)
        kind = {259: [1], 262: [1 if bands == 1 else 2], 277: [bands], 278: [63]}
        return _tiff(body, {256: [64], 257: [64], 258: [8], 273: [8] * strips, 279: [len(body)] * strips, **kind})

    assert decode(striped(2), max_pixels=LIMIT).size == (64, 64)
    with pytest.raises(CorruptImage, match="more than once"):
        decode(striped(200), max_pixels=LIMIT)


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "CMYK", "I;16"])
@pytest.mark.parametrize("compression", [None, "tiff_lzw", "packbits", "tiff_adobe_deflate"])
def test_usual_tiffs_cost_what_they_show(mode: str, compression: str | None) -> None:
    picture = Image.fromarray(PICTURE).resize((300, 200))
    data = encode(picture.convert(mode), "TIFF", **({"compression": compression} if compression else {}))
    assert decode(data, max_pixels=LIMIT).size == (300, 200)


def _segments(marker: int, body: bytes, count: int) -> bytes:
    """Return a JPEG with so many segments of a kind after its start."""
    picture = encode(PICTURE, "JPEG")
    segment = bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body
    return picture[:2] + segment * count + picture[2:]


def test_a_jpeg_is_opened_once_its_segments_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    size = PICTURE.shape[::-1]
    assert decode(_segments(0xE2, b"ICC_PROFILE\0\1\1" + bytes(65_000), 150), max_pixels=LIMIT).size == size
    assert decode(_segments(0xE1, b"Exif\0\0", 3), max_pixels=LIMIT).size == size
    picture = encode(PICTURE, "JPEG")
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("it was opened"))
    for hostile in (
        _segments(0xFE, b"", MAX_SEGMENTS + 1),
        _segments(0xE1, b"Exif\0\0", MAX_EXIF_SEGMENTS + 1),
        picture[:2] + b"\xff\xd9" + _segments(0xFE, b"", MAX_SEGMENTS + 1)[2:],  # an end, which Pillow reads over
        _segments(0xC8, b"\xff\xfe\0\2" * 16_000, 1),  # segments in one that Pillow gives no length
    ):
        with pytest.raises(UnsupportedImage, match="segments"):
            decode(hostile, max_pixels=LIMIT)
    with pytest.raises(CorruptImage, match="belong to nothing"):
        decode(picture[:2] + bytes(10**6) + picture[2:], max_pixels=LIMIT)


def test_so_is_a_png_and_its_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = encode(PICTURE)
    chunk = struct.pack(">I", 0) + b"prVt" + struct.pack(">I", zlib.crc32(b"prVt"))
    after_header = 33
    several = picture[:after_header] + chunk * 100 + picture[after_header:]
    assert decode(several + bytes(10**6), max_pixels=LIMIT).size == PICTURE.shape[::-1]
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("it was opened"))
    with pytest.raises(UnsupportedImage, match="chunks"):
        decode(picture[:after_header] + chunk * MAX_CHUNKS + picture[after_header:], max_pixels=LIMIT)


@pytest.mark.parametrize("big", [False, True])
def test_so_are_a_tiff_and_its_strips(monkeypatch: pytest.MonkeyPatch, big: bool) -> None:
    def tiff(entries: list[tuple[int, int]]) -> bytes:
        """Return the beginning of a TIFF: entries of its directory, a tag and a number of values each."""
        head = b"II" + struct.pack("<HHHQ", 43, 8, 0, 16) if big else b"II" + struct.pack("<HI", 42, 8)
        listed = (struct.pack("<HHQQ" if big else "<HHII", tag, 4, count, 0) for tag, count in entries)
        return head + struct.pack("<Q" if big else "<H", len(entries)) + b"".join(listed) + bytes(16)

    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("it was opened"))
    for tag in 273, 324:
        with pytest.raises(CorruptImage, match="too many"):
            decode(tiff([(256, 1), (tag, MAX_TILES + 1)]), max_pixels=LIMIT)
    with pytest.raises(UnsupportedImage, match="entries"):
        decode(tiff([(256, 1)] * (MAX_ENTRIES + 1)), max_pixels=LIMIT)
