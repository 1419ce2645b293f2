from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin
from PIL.PngImagePlugin import PngInfo

from app.imaging import (
    GEOMETRIES,
    CorruptImage,
    EmptyFile,
    ImageTooLarge,
    UnsupportedImage,
    find_ink,
    prepare_pixels,
)
from app.imaging.decode import WORKING_SIDE, decode, is_tiny
from tests.pages import photographed
from tests.strokes import draw, encode

LIMIT = 64_000_000
PICTURE = draw("7")


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "TIFF"])
def test_lossless_formats_give_the_very_pixels(kind: str) -> None:
    np.testing.assert_array_equal(decode(encode(PICTURE, kind), max_pixels=LIMIT).pixels, PICTURE)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_lossy_formats_give_nearly_the_pixels(kind: str) -> None:
    decoded = decode(encode(PICTURE, kind, quality=95), max_pixels=LIMIT).pixels
    assert np.abs(decoded.astype(int) - PICTURE).mean() < 3


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "CMYK", "YCbCr", "LAB"])
def test_colour_modes_of_a_grey_picture_agree(mode: str) -> None:
    image = Image.fromarray(PICTURE)
    image = image.quantize(256) if mode == "P" else _converted(image, mode)
    kind = "PNG" if mode in {"RGB", "RGBA", "LA", "P"} else "TIFF"
    decoded = decode(encode(image, kind), max_pixels=LIMIT).pixels
    assert np.abs(decoded.astype(int) - PICTURE).max() <= 8


def _converted(image: Image.Image, mode: str) -> Image.Image:
    if mode == "LAB":  # Pillow converts to LAB by colour profiles only; lightness alone is what grey needs
        zero = Image.new("L", image.size, 128)
        return Image.merge("LAB", (image, zero, zero))
    return image.convert("RGB").convert(mode) if mode in {"CMYK", "YCbCr"} else image.convert(mode)


def test_one_bit_is_black_and_white() -> None:
    decoded = decode(encode(Image.fromarray(PICTURE).convert("1", dither=Image.Dither.NONE)), max_pixels=LIMIT).pixels
    assert set(np.unique(decoded)) == {0, 255}


def test_sixteen_bits_keep_the_upper_eight() -> None:
    wide = Image.fromarray(PICTURE.astype(np.uint16) * 257)
    np.testing.assert_array_equal(decode(encode(wide), max_pixels=LIMIT).pixels, PICTURE)


def test_a_photo_of_an_iphone_is_called_by_its_name() -> None:
    with pytest.raises(UnsupportedImage, match="HEIC or AVIF photo"):
        decode(b"\0\0\0\x18ftypheic" + bytes(100), max_pixels=LIMIT)
    with pytest.raises(UnsupportedImage, match="not a PNG"):
        decode(b"\0\0\0\x18ftypisom" + bytes(100), max_pixels=LIMIT)


def test_more_than_sixteen_bits_are_unsupported() -> None:
    with pytest.raises(UnsupportedImage):
        decode(encode(Image.fromarray(PICTURE.astype(np.float32)), "TIFF"), max_pixels=LIMIT)


@pytest.mark.parametrize("ink", [0, 255])
def test_transparent_drawings_get_the_page_that_shows_them(ink: int) -> None:
    alpha = 255 - draw("7", ink=0, paper=255)
    image = Image.merge("LA", (Image.new("L", alpha.shape[::-1], ink), Image.fromarray(alpha)))
    decoded = decode(encode(image), max_pixels=LIMIT).pixels
    assert int(decoded.max()) - int(decoded.min()) == 255
    assert abs(int(decoded[0, 0]) - ink) == 255


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(orientation: int) -> None:
    upright = draw("F", (160, 100))
    undo = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.T,
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].T,
        8: lambda a: np.rot90(a, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(undo[orientation](upright)))
    for kind in ("PNG", "TIFF"):
        picture = decode(encode(stored, kind, exif=exif.tobytes()), max_pixels=LIMIT)
        np.testing.assert_array_equal(picture.pixels, upright)
        assert picture.size == (160, 100)


@pytest.mark.parametrize("kept_in", ["XMP of a PNG", "XMP of a JPEG", "raw profile of a PNG"])
def test_an_orientation_is_found_wherever_a_program_leaves_it(kept_in: str) -> None:
    upright = draw("F", (160, 100))
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(upright)))
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    )
    exif = Image.Exif()
    exif[0x0112] = 6
    chunks = PngInfo()
    if kept_in == "XMP of a PNG":
        chunks.add_itxt("XML:com.adobe.xmp", xmp)
    elif kept_in == "raw profile of a PNG":
        block = exif.tobytes()
        chunks.add_text("Raw profile type exif", f"\nexif\n{len(block):8}\n{block.hex()}\n")
    data = encode(stored, "JPEG", xmp=xmp.encode()) if "JPEG" in kept_in else encode(stored, "PNG", pnginfo=chunks)
    picture = decode(data, max_pixels=LIMIT)
    assert picture.size == (160, 100)
    assert np.abs(picture.pixels.astype(int) - upright).mean() < 5


def test_a_phones_multi_picture_jpeg_counts_as_its_first_picture() -> None:
    first, second = Image.fromarray(PICTURE), Image.fromarray(255 - PICTURE)
    data = encode(first, "MPO", save_all=True, append_images=[second])
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "MPO"
    decoded = decode(data, max_pixels=LIMIT).pixels
    assert np.abs(decoded.astype(int) - PICTURE).mean() < 5


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "PNG", "WEBP"])
def test_several_frames_are_unsupported(kind: str) -> None:
    frames = [Image.new("L", (32, 32), shade) for shade in (0, 120, 255)]
    with pytest.raises(UnsupportedImage, match="frames"):
        decode(encode(frames[0], kind, save_all=True, append_images=frames[1:]), max_pixels=LIMIT)


def test_a_second_page_is_refused_before_its_pixels_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = Image.new("1", (8, 8)), Image.new("1", (9000, 9000))
    data = encode(small, "TIFF", save_all=True, append_images=[large], compression="group4")
    monkeypatch.setattr(TiffImagePlugin.TiffImageFile, "load", lambda image: pytest.fail("pixels were read"))
    with pytest.raises(UnsupportedImage):
        decode(data, max_pixels=1000)


def test_photos_are_reduced_and_remember_their_size() -> None:
    for kind in ("JPEG", "PNG"):
        picture = decode(encode(draw("7", (3000, 2000), width=0.05), kind), max_pixels=LIMIT)
        assert max(picture.pixels.shape) < 2 * WORKING_SIDE
        assert picture.size == (3000, 2000)


def test_tiny_is_told_from_the_header_alone() -> None:
    assert is_tiny(encode(draw("7", (28, 28))))
    assert not is_tiny(encode(PICTURE))
    assert not is_tiny(encode(draw("7", (28, 28)), "BMP"))
    # Few bytes may unpack to many pixels.
    wide = encode(np.zeros((1, 60_000), np.uint8))
    assert len(wide) < 1000
    assert not is_tiny(wide)
    assert not any(is_tiny(encode(draw("7", (28, 28)))[:end]) for end in range(24))
    # Another header that a decoder would believe, before or behind the one that is looked at.
    signature, header, rest = wide[:8], wide[8:33], wide[33:]
    small = encode(np.zeros((1, 1), np.uint8))[8:33]
    private = small.replace(b"IHDR", b"prVt")
    assert not is_tiny(signature + private + header + rest)
    assert not is_tiny(signature + small + header + rest)


def test_empty() -> None:
    with pytest.raises(EmptyFile):
        decode(b"", max_pixels=LIMIT)


@pytest.mark.parametrize("data", [b"hello" * 100, b"%PDF-1.7\n" + b"0" * 500, b"<svg/>", b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_other_files_are_unsupported(data: bytes) -> None:
    with pytest.raises(UnsupportedImage):
        decode(data, max_pixels=LIMIT)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
def test_files_that_break_off_are_corrupt(kind: str) -> None:
    data = encode(draw("7", (400, 400)), kind)
    with pytest.raises(CorruptImage):
        decode(data[: len(data) // 2], max_pixels=LIMIT)


def test_pixels_are_counted_before_they_are_decoded() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
    with pytest.raises(ImageTooLarge, match="30000 x 30000"):
        decode(bomb, max_pixels=LIMIT)


@pytest.mark.parametrize(
    ("ink", "paper"),
    [((255, 240, 60), (255, 255, 255)), ((200, 0, 0), (0, 102, 0)), ((90, 90, 255), (130, 100, 60))],
    ids=["yellow on white", "red on green", "blue on brown"],
)
def test_ink_that_differs_in_colour_alone_is_seen(ink: tuple[int, ...], paper: tuple[int, ...]) -> None:
    share = (draw("5", ink=0, paper=255) / 255)[..., None]
    picture = Image.fromarray(np.uint8(share * paper + (1 - share) * ink))
    pixels = decode(encode(picture), max_pixels=LIMIT).pixels
    assert np.ptp(pixels) > 60
    frame = GEOMETRIES["mnist"]
    np.testing.assert_allclose(prepare_pixels(pixels, frame), prepare_pixels(draw("5"), frame), atol=0.15)


@pytest.mark.parametrize(
    ("ink", "paper"),
    [((225, 90, 80), (90, 150, 95)), ((235, 130, 175), (165, 165, 165)), ((225, 135, 50), (110, 150, 215))],
    ids=["red on green", "pink on grey", "orange on blue"],
)
def test_so_it_is_under_uneven_light(ink: tuple[int, ...], paper: tuple[int, ...]) -> None:
    page = draw("5", (240, 240), scale=0.5, width=0.1, ink=0, paper=255)
    share = (page / 255)[..., None]
    light = photographed(np.full((240, 240), 255, np.uint8), fall=0.4) / 255
    lit = (share * paper + (1 - share) * ink) * light[..., None]
    pixels = decode(encode(Image.fromarray(lit.astype(np.uint8))), max_pixels=LIMIT).pixels
    assert find_ink(pixels).box == pytest.approx(find_ink(page).box, abs=4)


def test_grey_and_usual_colours_go_by_luma() -> None:
    share = (draw("5", ink=0, paper=255) / 255)[..., None]
    blue = Image.fromarray(np.uint8(share * (240, 238, 230) + (1 - share) * (30, 40, 150)))
    np.testing.assert_array_equal(decode(encode(blue), max_pixels=LIMIT).pixels, np.asarray(blue.convert("L")))


def test_a_palette_that_is_not_there_is_damage() -> None:
    out = io.BytesIO()
    Image.new("P", (40, 40)).save(out, "PNG")
    data = out.getvalue()
    start = data.index(b"PLTE") - 4
    length = int.from_bytes(data[start : start + 4], "big") + 12
    with pytest.raises(CorruptImage):
        decode(data[:start] + data[start + length :], max_pixels=10_000)


def test_a_large_picture_of_palette_and_alpha_is_read_as_a_small_one() -> None:
    pixels = draw("7", (1200, 1200))
    palette = Image.fromarray(pixels).quantize(256).convert("PA")
    picture = decode(encode(palette, "TIFF"), max_pixels=LIMIT)
    np.testing.assert_array_equal(picture.pixels, decode(encode(pixels), max_pixels=LIMIT).pixels)
