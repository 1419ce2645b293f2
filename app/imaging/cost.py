"""What decoding takes beyond a picture's own pixels: passes, run lengths, the padding of tiles."""

from __future__ import annotations

import re

from PIL import ImageFile, TiffImagePlugin

from app.imaging.errors import CorruptImage, ImageTooLarge, UnsupportedImage

#: Most passes over a JPEG's pixels. Programs write about ten; a hostile file has one in a hundred bytes, which takes
#: five milliseconds for the largest photo.
MAX_SCANS = 100
#: Markers that have a length, and the picture's start and end. Below 0xc0 libjpeg either gives up or, where it wants a
#: restart, looks for the next marker; a length believed there would hide passes. Before a zero, 0xff is no marker.
JPEG_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
JPEG_START, JPEG_END, JPEG_SCAN = b"\xff\xd8", b"\xff\xd9", b"\xff\xda"
#: Pillow unpacks a BMP's runs in Python, at 0.7 microseconds for each that has one pixel: a second and a half for this.
MAX_RUN_LENGTH_PIXELS = 2**21
#: Bytes of such a file beside two for each pixel and four for each row: header, palette, what programs put between.
RUN_LENGTH_OVERHEAD_BYTES = 70_000
#: Most strips or tiles of an uncompressed TIFF; each takes Pillow eight microseconds, whatever it holds.
MAX_TILES = 2**16


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
    if image.format in {"JPEG", "MPO"} and _has_many_scans(data):
        raise UnsupportedImage(f"The JPEG is stored in more than {MAX_SCANS} passes. Save it anew in fewer.")
    if any(tile.codec_name == "bmp_rle" for tile in image.tile):
        if width * height > MAX_RUN_LENGTH_PIXELS:
            raise ImageTooLarge(
                f"The image has {width} x {height} pixels; "
                f"at most {MAX_RUN_LENGTH_PIXELS} are accepted of a BMP with run-length compression."
            )
        if len(data) > 2 * width * height + 4 * height + RUN_LENGTH_OVERHEAD_BYTES:
            raise CorruptImage("The image has more runs than pixels.")
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        _check_tiles(image, max_pixels)


def _check_tiles(image: TiffImagePlugin.TiffImageFile, max_pixels: int) -> None:
    # In the file's own axes: where its orientation is a quarter turn, `size` has been turned, and the tiles have not.
    width, height = (int(image.tag_v2[tag]) for tag in (TiffImagePlugin.IMAGEWIDTH, TiffImagePlugin.IMAGELENGTH))
    across = image.tag_v2.get(TiffImagePlugin.TILEWIDTH, width)
    down = image.tag_v2.get(TiffImagePlugin.TILELENGTH, height)
    if not (isinstance(across, int) and isinstance(down, int) and across > 0 and down > 0):
        raise CorruptImage("The tiles of the image have no size.")
    # Every tile is decoded whole, however little of it the image has.
    pixels = -(-width // across) * across * -(-height // down) * down
    if pixels > max_pixels:
        raise ImageTooLarge(f"The image's tiles have {pixels} pixels; at most {max_pixels} are accepted.")
    # Strips beyond the last row would draw the picture from its top again.
    extents = [tile.extents for tile in image.tile if tile.extents]
    drawn = sum((right - left) * (bottom - top) for left, top, right, bottom in extents)
    if len(image.tile) > MAX_TILES or drawn > width * height * len(image.getbands()):
        raise CorruptImage("The image's strips are too many, or cover it more than once.")


def _has_many_scans(data: bytes) -> bool:
    """Tell whether a JPEG's decoder goes over the picture more than `MAX_SCANS` times."""
    if data.count(JPEG_SCAN) <= MAX_SCANS:  # as in any photo, and much sooner seen
        return False
    scans, place = 0, 0
    while scans <= MAX_SCANS and (marker := JPEG_MARKER.search(data, place)):
        place = marker.end()
        if marker[0] == JPEG_END:  # what follows, such as another picture or a film, is not decoded
            break
        if marker[0] != JPEG_START:
            scans += marker[0] == JPEG_SCAN
            place += int.from_bytes(data[place : place + 2], "big")
    return scans > MAX_SCANS
