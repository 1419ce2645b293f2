"""Untrusted bytes -> upright grey pixels, within limits."""

from __future__ import annotations

import io
import logging
import math
import struct
import warnings
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import (
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from app.imaging.cost import PNG_SIGNATURE, check_cost, check_header
from app.imaging.errors import CorruptImage, EmptyFile, ImageTooLarge, UnsupportedImage
from app.imaging.png import read_grey

#: Naming the plugins registers them: Pillow loads most only once an image has been refused by the common ones.
FORMATS = (
    PngImagePlugin.PngImageFile.format,
    JpegImagePlugin.JpegImageFile.format,
    WebPImagePlugin.WebPImageFile.format,
    BmpImagePlugin.BmpImageFile.format,
    GifImagePlugin.GifImageFile.format,
    TiffImagePlugin.TiffImageFile.format,
)
#: Pictures are reduced by a whole number to a longest side of this to twice this many pixels. A 12-megapixel JPEG
#: decodes at a quarter of its size.
WORKING_SIDE = 512
#: A strip is reduced no further than to this shorter side, unless more than so many pixels would be left of it.
WORKING_SHORT_SIDE = 96
WORKING_PIXELS = 2**22
#: Signature, and the length, name, width and height that begin the first chunk.
TINY_HEADER_BYTES = 24
#: What is at most so large is prepared in a tenth of a millisecond where it shows a character and nothing else, in a
#: quarter where the page is plain, in two where it is not, and in six where the file was made to take long.
TINY_BYTES = 2048
TINY_PIXELS = 32 * 32
#: Chunks of a PNG that Pillow unpacks to a megabyte.
PACKED_CHUNKS = (b"iTXt", b"zTXt", b"iCCP")
#: Weights of red, green and blue in luma (ITU-R BT.601), as Pillow's own conversion has them.
LUMA = np.array([0.299, 0.587, 0.114])
#: Where luma carries less than this share of what tells ink from page, as of yellow on white or red on green, their
#: colour tells more. Of 515 colour photos of handwriting none is such.
LUMA_SHARE = 0.15
#: But not where something differs from the page by so many grey levels of luma, as black writing does on a note that is
#: itself told by its colour. Yellow differs from white by 29. This one and the next were set on drawn notes.
STRONG_LUMA = 64
#: So many pixels of the reduced picture have to.
STRONG_PIXELS = 3
#: Shorter side, in pixels, of the reduced picture that this is told from; it may be up to twice as long.
COLOUR_SIDE = 48
#: A picture whose shorter side is at least this may be a photo under uneven light.
LIT_SIDE = 96
#: Mean grey level of what is visible of a transparent drawing, above which it was made for a dark page.
LIGHT_INK = 191
#: What the formats of iPhones and of newer cameras call themselves (ISO/IEC 23008-12).
HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif"}
#: Where Pillow leaves what may tell of an orientation, in any format: EXIF, and XMP.
ORIENTED = {"exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"}
#: EXIF orientations that swap width and height.
QUARTER_TURNS = {5, 6, 7, 8}

# Pillow's own guard warns on standard error and lets twice its limit pass; `decode` checks every size itself.
Image.MAX_IMAGE_PIXELS = None
# What is odd about a file is the business of who sent it. Pillow warns of it with numbers from the file, and Python
# would print every new text and keep it for good: a TIFF of 2 KB leaves 200 of them.
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("PIL").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Picture:
    """A decoded upload.

    pixels: uint8 [height, width], 0 black to 255 white, upright.
    size: (width, height) of the upload after EXIF orientation, in pixels; larger than `pixels` where it was reduced.
    """

    pixels: npt.NDArray[np.uint8]
    size: tuple[int, int]


def decode(data: bytes, *, max_pixels: int) -> Picture:
    """Decode one still image of any colour mode.

    Transparent pixels are laid on white, or on black where what is visible is light. Sixteen-bit channels lose eight
    bits, or four where the picture has twelve bits or fewer in use, or none where all its values fit eight. Pictures
    of twice `WORKING_SIDE` and more are reduced by a whole factor, strips by as much as their shorter side allows.

    Args:
        data: a PNG, JPEG (MPO included), WebP, BMP, GIF or TIFF file, recognised by content.
        max_pixels: the most pixels that will be decoded; checked on the header, before any pixel is.

    Raises:
        EmptyFile, UnsupportedImage, ImageTooLarge, CorruptImage.
    """
    if not data:
        raise EmptyFile("The file is empty.")
    if is_tiny(data) and (pixels := read_grey(data)) is not None and pixels.size <= max_pixels:
        return Picture(pixels, (pixels.shape[1], pixels.shape[0]))
    check_header(data)
    # Pillow's decoders raise nearly everything on bytes that lie (OSError, SyntaxError, ValueError, struct.error,
    # IndexError, MemoryError ...); each means the same here, so both calls catch what any of them raise.
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Exception as error:
        if isinstance(error, UnidentifiedImageError) and not _has_known_signature(data):
            raise UnsupportedImage(
                "The file is a HEIC or AVIF photo. Save it as a JPEG."
                if _is_heif(data)
                else "The file is not a PNG, JPEG, WebP, BMP, GIF or TIFF image. Convert it to one of these."
            ) from error
        raise CorruptImage("The image's header cannot be read; the file is damaged or cut short.") from error
    width, height = image.size
    if width * height > max_pixels:
        raise ImageTooLarge(f"The image has {width} x {height} pixels; at most {max_pixels} are accepted.")
    try:
        # Asked before any pixel is read: the size that was checked is the first frame's.
        several = _has_several_frames(image)
    except Exception as error:
        raise CorruptImage("The image's list of frames is damaged.") from error
    if several:
        raise UnsupportedImage("The file holds several frames or pages. Send one of them as a still image.")
    check_cost(image, data, max_pixels=max_pixels)
    try:
        image.draft("L" if image.mode == "L" else "RGB", (WORKING_SIDE, WORKING_SIDE))
        image.load()
        # Pillow turns TIFFs by itself while it loads them. Asking costs a tenth of what a tiny picture takes.
        may_be_turned = image.format != "TIFF" and not ORIENTED.isdisjoint(image.info)
        orientation = image.getexif().get(ExifTags.Base.Orientation) if may_be_turned else None
        if orientation is not None:
            ImageOps.exif_transpose(image, in_place=True)
    except Exception as error:
        raise CorruptImage("The image breaks off or is damaged, so its pixels cannot be read.") from error
    if image.mode == "P" and image.palette is None:
        raise CorruptImage("The image names colours of a palette that it does not have.")
    size = (height, width) if orientation in QUARTER_TURNS else (width, height)
    return Picture(_grey(_reduced(_eight_bits(image))), size)


def is_tiny(data: bytes) -> bool:
    """Tell whether a file is a PNG of so few bytes and pixels that reading it takes no noticeable time."""
    return (
        TINY_HEADER_BYTES <= len(data) <= TINY_BYTES
        and data.startswith(PNG_SIGNATURE)
        # A header that is not the first chunk, or a second one, would be believed instead.
        and data.find(b"IHDR") == data.rfind(b"IHDR") == len(PNG_SIGNATURE) + 4
        and math.prod(struct.unpack(">II", data[16:24])) <= TINY_PIXELS
        and not any(chunk in data for chunk in PACKED_CHUNKS)
    )


def _has_known_signature(data: bytes) -> bool:
    return data.startswith((PNG_SIGNATURE, b"\xff\xd8\xff", b"BM", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")) or (
        data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    )


def _is_heif(data: bytes) -> bool:
    return data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS


def _has_several_frames(image: Image.Image) -> bool:
    if image.format == "MPO":  # a phone's multi-picture JPEG, which counts as its first picture
        return False
    if image.format == "TIFF":
        # `n_frames` walks the whole chain of directories, which a hostile file makes as long as it likes.
        try:
            image.seek(1)
        except EOFError:
            return False
        return True
    return bool(getattr(image, "is_animated", False))


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode == "F":
        raise UnsupportedImage("Floating-point images are not accepted. Send 1 to 16 bits a channel.")
    if not image.mode.startswith("I"):
        return image
    wide = np.asarray(image)
    least, greatest = int(wide.min()), int(wide.max())
    if least < 0 or greatest > 0xFFFF:
        raise UnsupportedImage("Images of more than 16 bits a channel are not accepted.")
    # Twelve-bit sensors leave the upper bits empty, eight-bit pictures that were merely widened leave eight.
    shift = 0 if greatest <= 0xFF else max(4, greatest.bit_length() - 8)
    return Image.fromarray((wide >> shift).astype(np.uint8))


def _reduced(image: Image.Image) -> Image.Image:
    factor = min(max(image.size) // WORKING_SIDE, min(image.size) // WORKING_SHORT_SIDE)
    factor = max(factor, math.isqrt(image.width * image.height // WORKING_PIXELS))
    if factor <= 1:
        return image
    if image.mode in {"1", "P", "PA"}:  # averages of palette indices or single bits mean nothing
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    return image.reduce(factor)


def _grey(image: Image.Image) -> npt.NDArray[np.uint8]:
    if image.mode == "LAB":
        return np.asarray(image.getchannel("L"))
    if image.has_transparency_data:
        return _flattened(np.asarray(image.convert("RGBA")))
    if image.mode == "L":
        return np.asarray(image)
    if (projection := _colour_projection(image := image.convert("RGB"))) is None:
        return np.asarray(image.convert("L"))
    return np.asarray(image.convert("L", matrix=projection))


def _colour_projection(image: Image.Image) -> tuple[float, ...] | None:
    """Return the matrix (red, green, blue, offset) that tells ink from page best, or None where luma does.

    The page comes out in the middle of the range, and what has more luma than it does so lighter.
    """
    colours = np.asarray(image.reduce(max(1, min(image.size) // COLOUR_SIDE)))
    page = np.median(colours.reshape(-1, 3), axis=0)
    distance = colours - page
    axis = _ink_axis(distance)
    if axis is None and min(image.size) >= LIT_SIDE:
        # Of a photo the fall of light may be most of what varies, and all of it luma; the page nearby has the same.
        distance = colours.astype(np.float64) - cv2.medianBlur(colours, min(colours.shape[:2]) // 3 | 1)
        axis = _ink_axis(distance)
    if axis is None or np.count_nonzero(np.abs(distance @ LUMA) >= STRONG_LUMA) >= STRONG_PIXELS:
        return None
    return (*axis.tolist(), 128 - float(axis @ page))


def _ink_axis(distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64] | None:
    """Return the direction in which colours vary most, [3], or None where luma tells them apart.

    Args:
        distance: [height, width, 3], of each pixel from the page.
    """
    flat = distance.reshape(-1, 3)
    scatter = flat.T @ flat / len(flat)
    spread, axes = np.linalg.eigh(scatter)
    # For pure grey the largest variance is three times luma's, so that the share is 1.
    if 3 * (LUMA @ scatter @ LUMA) >= LUMA_SHARE * spread[-1]:
        return None
    return np.asarray(axes[:, -1] * (-1 if LUMA @ axes[:, -1] < 0 else 1), np.float64)


def _flattened(rgba: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Lay a transparent drawing on the page it needs: black under light ink, else white."""
    colour = Image.fromarray(rgba[..., :3])
    luma = np.asarray(colour.convert("L"), np.float32)
    alpha = rgba[..., 3].astype(np.float32) / 255
    visible = float(alpha.sum())
    light_ink = visible > 0 and alpha.min() < 1 and float((luma * alpha).sum()) / visible > LIGHT_INK
    page = 0.0 if light_ink else 255.0
    return np.asarray(np.rint(luma * alpha + page * (1 - alpha)), np.uint8)
