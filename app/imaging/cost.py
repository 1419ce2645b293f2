"""What opening and decoding take beyond a picture's own pixels: segments, passes, run lengths, strips, tiles."""

from __future__ import annotations

import re
import struct

from PIL import ImageFile, JpegImagePlugin, TiffImagePlugin

from app.imaging.errors import CorruptImage, ImageTooLarge, UnsupportedImage

#: Most passes over a JPEG's pixels, and most pixels that they go over. Programs write about ten passes; a hostile file
#: has one in a hundred bytes, which takes up to 39 milliseconds for 64 million pixels.
MAX_SCANS = 100
MAX_SCANNED_PIXELS = 20 * 64_000_000
#: Longest side, in pixels. JPEG has no longer one, and Pillow keeps some bytes for every row, whatever its length.
MAX_SIDE = 2**16
#: Most blocks of a GIF, each of which Pillow reads in Python, beside one for every so many bytes: full ones have 256.
MAX_BLOCKS = 4096
BLOCK_BYTES = 64
#: Markers that have a length, and the picture's start and end. Below 0xc0 libjpeg either gives up or, where it wants a
#: restart, looks for the next marker; a length believed there would hide passes. Before a zero, 0xff is no marker.
JPEG_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
JPEG_START = b"\xff\xd8"
JPEG_END = b"\xff\xd9"
JPEG_SCAN = b"\xff\xda"
#: Markers after which Pillow reads on, the picture's end among them, as if they had no length.
BARE_MARKERS = {marker.to_bytes(2, "big") for marker, (*_, handler) in JpegImagePlugin.MARKER.items() if not handler}
#: Most segments of a JPEG before its first pass. Cameras write about ten; a profile or XMP of megabytes takes some 160.
#: Pillow takes two microseconds for each, or for each byte between them.
MAX_SEGMENTS = 1024
#: Most bytes between them.
MAX_STUFFING_BYTES = 2**16
#: Most segments that may be EXIF; a JPEG has one. Pillow joins them in a time that grows with their square.
MAX_EXIF_SEGMENTS = 16
EXIF = b"Exif\0\0"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Name of a PNG's last chunk, or of none where the file breaks off.
PNG_ENDS = (b"IEND", b"")
#: Most chunks of a PNG, each of which takes Pillow five microseconds. Programs write one for every 8 KB and more.
MAX_CHUNKS = 2**14
GIF_SIGNATURES = (b"GIF87a", b"GIF89a")
#: Of the header and of a picture in a GIF: bytes, and where among them the size of a palette is told.
GIF_HEADER = 13, 10
GIF_PICTURE = 10, 9
GIF_EXTENSION, GIF_SEPARATOR, GIF_TRAILER = b"!", b",", b";"
#: Byte order of a TIFF by its first two bytes, as `struct` names it.
BYTE_ORDERS = {b"II": "<", b"MM": ">"}
#: The third byte of a BigTIFF, whose numbers are longer.
BIG_TIFF = 43
#: Most entries of a TIFF's directory; programs write twenty, and a photo of a camera some fifty.
MAX_ENTRIES = 1024
#: Pillow unpacks a BMP's runs in Python, at 0.7 microseconds for each that has one pixel: a second and a half for this.
MAX_RUN_LENGTH_PIXELS = 2**21
#: Bytes of such a file beside two for each pixel and four for each row: header, palette, what programs put between.
RUN_LENGTH_OVERHEAD_BYTES = 70_000
#: Most strips or tiles of a TIFF; each takes Pillow eight microseconds, whatever it holds.
MAX_TILES = 2**16
TOO_MANY_STRIPS = "The image's strips are too many, or cover it more than once."


def check_header(data: bytes) -> None:
    """Refuse a file that would take far more time or memory to open than others of its size.

    Args:
        data: the file, in any format or none.

    Raises:
        UnsupportedImage, CorruptImage.
    """
    if data.startswith(JPEG_START):
        _check_segments(data)
    elif data.startswith(PNG_SIGNATURE):
        _check_chunks(data)
    elif data.startswith(GIF_SIGNATURES):
        _check_blocks(data)
    elif data[:2] in BYTE_ORDERS and len(data) >= 16:
        _check_directory(data)


def _check_segments(data: bytes) -> None:
    place, stuffing = len(JPEG_START), 0
    for _ in range(MAX_SEGMENTS):
        marker = JPEG_MARKER.search(data, place)
        stuffing += max(0, (len(data) if marker is None else marker.start()) - place)
        if marker is None or marker[0] == JPEG_SCAN:
            break
        place = marker.end()
        if marker[0] not in BARE_MARKERS:
            place += int.from_bytes(data[place : place + 2], "big")
    else:
        raise UnsupportedImage(f"The JPEG has more than {MAX_SEGMENTS} segments before its first pass. Save it anew.")
    if stuffing > MAX_STUFFING_BYTES:
        raise CorruptImage("The JPEG has too many bytes that belong to nothing.")
    if data.count(EXIF, 0, place) > MAX_EXIF_SEGMENTS:
        raise UnsupportedImage(f"The JPEG has more than {MAX_EXIF_SEGMENTS} EXIF segments. Save it anew.")


def _check_chunks(data: bytes) -> None:
    place = len(PNG_SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if data[place + 4 : place + 8] in PNG_ENDS:
            return
        # Length, name, what is in it, checksum.
        place += 12 + int.from_bytes(data[place : place + 4], "big")
    raise UnsupportedImage(f"The PNG has more than {MAX_CHUNKS} chunks. Save it anew.")


def _check_blocks(data: bytes) -> None:
    size, flags = GIF_HEADER
    place, blocks = size + _palette_bytes(data[flags : flags + 1]), 0
    most = MAX_BLOCKS + len(data) // BLOCK_BYTES
    while place < len(data) and blocks <= most:
        kind, blocks = data[place : place + 1], blocks + 1
        if kind == GIF_TRAILER:
            return
        if kind == GIF_EXTENSION:
            place += 2
        elif kind == GIF_SEPARATOR:
            size, flags = GIF_PICTURE
            place += size + _palette_bytes(data[place + flags : place + flags + 1]) + 1  # and how codes begin
        else:
            place += 1  # passed over, as Pillow does
            continue
        while place < len(data) and blocks <= most and data[place]:
            place, blocks = place + 1 + data[place], blocks + 1
        place += 1
    if blocks > most:
        raise UnsupportedImage("The GIF has more blocks than its size needs. Save it anew.")


def _palette_bytes(flags: bytes) -> int:
    return 3 * 2 ** (1 + (flags[0] & 7)) if flags and flags[0] & 128 else 0


def _check_directory(data: bytes) -> None:
    order, big = BYTE_ORDERS[data[:2]], data[2] == BIG_TIFF
    offset, number, entry = ("Q", "Q", "HHQ8x") if big else ("I", "H", "HHI4x")
    (start,) = struct.unpack_from(order + offset, data, 8 if big else 4)
    beginning = data[start : start + struct.calcsize(order + number)]
    if len(beginning) < struct.calcsize(order + number):
        return  # cut short, as Pillow will find
    (count,) = struct.unpack(order + number, beginning)
    if count > MAX_ENTRIES:
        raise UnsupportedImage(f"The TIFF's directory has more than {MAX_ENTRIES} entries.")
    start += len(beginning)
    size = struct.calcsize(order + entry)
    entries = data[start : start + size * count]
    for tag, _, values in struct.iter_unpack(order + entry, entries[: len(entries) // size * size]):
        if tag in {TiffImagePlugin.STRIPOFFSETS, TiffImagePlugin.TILEOFFSETS} and values > MAX_TILES:
            raise CorruptImage(TOO_MANY_STRIPS)


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
    if max(width, height) > MAX_SIDE:
        raise ImageTooLarge(f"The image has {width} x {height} pixels; at most {MAX_SIDE} are accepted on a side.")
    if image.format in {"JPEG", "MPO"}:
        most = min(MAX_SCANS, MAX_SCANNED_PIXELS // max(1, width * height))
        if _has_more_scans(data, most):
            raise UnsupportedImage(f"The JPEG is stored in more than {most} passes. Save it anew in fewer.")
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
        raise CorruptImage(TOO_MANY_STRIPS)


def _has_more_scans(data: bytes, most: int) -> bool:
    """Tell whether a JPEG's decoder goes over the picture more than so many times."""
    if data.count(JPEG_SCAN) <= most:  # as in any photo, and much sooner seen
        return False
    scans, place = 0, 0
    while scans <= most and (marker := JPEG_MARKER.search(data, place)):
        place = marker.end()
        if marker[0] == JPEG_END:  # what follows, such as another picture or a film, is not decoded
            break
        if marker[0] != JPEG_START:
            scans += marker[0] == JPEG_SCAN
            place += int.from_bytes(data[place : place + 2], "big")
    return scans > most
