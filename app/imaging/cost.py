"""What decoding takes beyond a picture's own pixels: passes, run lengths, the padding of tiles."""

from __future__ import annotations

import re

from PIL import ImageFile, TiffImagePlugin

from app.imaging.errors import CorruptImage, ImageTooLarge, UnsupportedImage

#: Most passes over a JPEG's pixels. Programs write about ten; a hostile file has one in sixty bytes, which takes five
#: milliseconds for the largest photo.
MAX_SCANS = 100
#: All but restarts and what has no length. Inside a pass, 0xff before a zero is no marker.
JPEG_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
JPEG_START, JPEG_END, JPEG_SCAN = b"\xff\xd8", b"\xff\xd9", b"\xff\xda"
#: Pillow unpacks a BMP's runs in Python, where each pixel that a row is filled up with takes a tenth of a microsecond.
MAX_RUN_LENGTH_PIXELS = 2**22


def check_cost(image: ImageFile.ImageFile, data: bytes, *, max_pixels: int) -> None:
    """Refuse a file that would take far more time or memory to decode than its pixels do.

    Args:
        image: opened, and none of its pixels read.
        data: the file.
        max_pixels: the most that will be decoded, whether or not they are seen.

    Raises:
        UnsupportedImage, ImageTooLarge, CorruptImage.
    """
    width, height = image.size
    if image.format in {"JPEG", "MPO"} and _scans(data) > MAX_SCANS:
        raise UnsupportedImage(f"The JPEG is stored in more than {MAX_SCANS} passes. Save it anew in fewer.")
    if any(tile.codec_name == "bmp_rle" for tile in image.tile) and width * height > MAX_RUN_LENGTH_PIXELS:
        raise ImageTooLarge(
            f"The image has {width} x {height} pixels; "
            f"at most {MAX_RUN_LENGTH_PIXELS} are accepted of a BMP with run-length compression."
        )
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        across = image.tag_v2.get(TiffImagePlugin.TILEWIDTH, width)
        down = image.tag_v2.get(TiffImagePlugin.TILELENGTH, height)
        if not (isinstance(across, int) and isinstance(down, int) and across > 0 and down > 0):
            raise CorruptImage("The tiles of the image have no size.")
        # Every tile is decoded whole, however little of it the image has.
        pixels = -(-width // across) * across * -(-height // down) * down
        if pixels > max_pixels:
            raise ImageTooLarge(f"The image's tiles have {pixels} pixels; at most {max_pixels} are accepted.")


def _scans(data: bytes) -> int:
    """Return how often a JPEG's decoder goes over the picture, or any number up to `MAX_SCANS`."""
    if data.count(JPEG_SCAN) <= MAX_SCANS:  # as of any photo, and much sooner seen
        return 0
    scans, place = 0, 0
    while scans <= MAX_SCANS and (marker := JPEG_MARKER.search(data, place)):
        place = marker.end()
        if marker[0] == JPEG_END:  # what follows, such as another picture or a film, is not decoded
            break
        if marker[0] != JPEG_START:
            scans += marker[0] == JPEG_SCAN
            place += int.from_bytes(data[place : place + 2], "big")
    return scans
