"""A valid file of every accepted format, in every way of storing pixels that Pillow can write."""

from __future__ import annotations

import struct
from functools import cache

import numpy as np
from PIL import Image

from tests import strokes
from tests.strokes import draw

SIDE = 40


@cache
def corpus() -> dict[str, bytes]:
    """Return files by name; small, so that damage hits more than pixels."""
    grey = Image.fromarray(draw("7", (SIDE, SIDE)))
    colour, palette, bits = grey.convert("RGB"), grey.quantize(16), grey.convert("1", dither=Image.Dither.NONE)
    clear = Image.merge("LA", (Image.new("L", grey.size, 0), Image.fromarray(255 - np.asarray(grey))))
    wide = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    lab = Image.merge("LAB", (grey, Image.new("L", grey.size, 128), Image.new("L", grey.size, 128)))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = {"exif": exif.tobytes()}

    def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
        # Copies, since Pillow leaves the options of one format on an image for the next.
        return strokes.encode(image.copy(), kind, **options)

    def encode_frames(kind: str) -> bytes:
        return encode(grey, kind, save_all=True, append_images=[grey.rotate(90), grey.rotate(180)])

    return {
        **{f"PNG {image.mode}": encode(image) for image in (grey, colour, palette, bits, clear, wide)},
        "PNG RGBA": encode(clear.convert("RGBA")),
        "PNG P transparent": encode(palette, transparency=3),
        "PNG exif": encode(grey, **turned),
        "PNG animated": encode_frames("PNG"),
        **{f"JPEG {image.mode}": encode(image, "JPEG") for image in (grey, colour, colour.convert("CMYK"))},
        "JPEG progressive": encode(colour, "JPEG", progressive=True, **turned),
        "JPEG restarts": encode(colour, "JPEG", subsampling=0, restart_marker_blocks=2),
        "MPO": encode_frames("MPO"),
        "WebP": encode(colour, "WEBP", **turned),
        "WebP lossless": encode(clear.convert("RGBA"), "WEBP", lossless=True),
        "WebP alpha": encode(clear.convert("RGBA"), "WEBP"),
        "WebP animated": encode_frames("WEBP"),
        "GIF": encode(palette, "GIF"),
        "GIF transparent": encode(palette, "GIF", transparency=3, interlace=0),
        "GIF animated": encode_frames("GIF"),
        **{
            f"BMP {image.mode}": encode(image, "BMP") for image in (grey, colour, palette, bits, colour.convert("RGBA"))
        },
        "BMP RLE": run_length_bmp(),
        **{f"TIFF {image.mode}": encode(image, "TIFF") for image in (grey, colour, clear, wide, lab, palette)},
        **{
            f"TIFF {way}": encode(colour, "TIFF", compression=way)
            for way in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")
        },
        "TIFF CMYK": encode(colour.convert("CMYK"), "TIFF", compression="tiff_lzw"),
        "TIFF group4": encode(bits, "TIFF", compression="group4", **turned),
        "TIFF big": encode(grey, "TIFF", big_tiff=True),
        "TIFF pages": encode_frames("TIFF"),
    }


def run_length_bmp() -> bytes:
    """Return a BMP of runs of pixels, which Pillow reads with a decoder in Python and cannot write."""
    rows = np.asarray(Image.fromarray(draw("7", (SIDE, SIDE))).convert("1"), np.uint8)
    runs = b"".join(b"".join(bytes((1, int(value))) for value in row) + b"\0\0" for row in rows[::-1]) + b"\0\1"
    palette = bytes(4) + b"\xff\xff\xff\0" + bytes(4 * 254)
    start = 14 + 40 + len(palette)
    header = struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, 8, 1, len(runs), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", start + len(runs), 0, 0, start) + header + palette + runs
