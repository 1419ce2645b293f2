"""What happens to files: bytes change, go, come twice; numbers lie; two files become one; checksums are mended."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

from hypothesis import strategies as st

from tests.fuzz.corpus import corpus

Edit = Callable[[bytearray], bytearray]

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
SIGNATURES = [PNG_SIGNATURE, b"\xff\xd8\xff", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"RIFF\0\0\0\0WEBP"]
#: What counts, lengths and offsets are not expected to be.
NUMBERS = [
    0,
    1,
    2,
    7,
    0x7F,
    0x80,
    0xFF,
    0x100,
    1999,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x10000,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
]
#: Most are made in headers; a place beyond the end counts from the start again.
PLACES = st.one_of(st.integers(0, 100), st.integers(0, 5000))
LENGTHS = st.integers(1, 64)


def set_byte(place: int, value: int) -> Edit:
    """Return an edit that changes one byte."""
    return lambda data: data[: place % len(data)] + bytes([value]) + data[place % len(data) + 1 :]


def set_number(place: int, value: int, layout: str) -> Edit:
    """Return an edit that writes a number of 2 or 4 bytes, in either order of them."""
    mask = 0xFFFF if layout[-1] == "H" else 0xFFFFFFFF
    written = struct.pack(layout, value & mask)
    return lambda data: data[: place % len(data)] + written + data[place % len(data) + len(written) :]


def remove(place: int, length: int) -> Edit:
    """Return an edit that takes bytes out."""
    return lambda data: data[: place % len(data)] + data[place % len(data) + length :] or data


def repeat(place: int, length: int, to: int) -> Edit:
    """Return an edit that copies bytes to another place."""

    def edit(data: bytearray) -> bytearray:
        copied = data[place % len(data) :][:length]
        return data[: to % len(data)] + copied + data[to % len(data) :]

    return edit


def cut(share: float) -> Edit:
    """Return an edit that leaves the first bytes only."""
    return lambda data: data[: max(1, int(len(data) * share))]


def splice(other: str, place: int, start: int) -> Edit:
    """Return an edit that goes on with the bytes of another file."""
    tail = corpus()[other]
    return lambda data: data[: place % len(data) + 1] + tail[start % len(tail) :]


EDITS: st.SearchStrategy[Edit] = st.one_of(
    st.builds(set_byte, PLACES, st.integers(0, 255)),
    st.builds(set_number, PLACES, st.sampled_from(NUMBERS), st.sampled_from([">H", "<H", ">I", "<I"])),
    st.builds(remove, PLACES, LENGTHS),
    st.builds(repeat, PLACES, LENGTHS, PLACES),
    st.builds(cut, st.floats(0.05, 1)),
    st.builds(splice, st.sampled_from(sorted(corpus())), PLACES, PLACES),
)


def mended(data: bytes) -> bytes:
    """Make the checksums of a PNG's chunks right, without which a reader does not look any further."""
    if not data.startswith(PNG_SIGNATURE):
        return data
    out, place = bytearray(PNG_SIGNATURE), len(PNG_SIGNATURE)
    while place + 12 <= len(data):
        length = min(int.from_bytes(data[place : place + 4], "big"), len(data) - place - 12)
        chunk = data[place + 4 : place + 8 + length]
        out += data[place : place + 4] + chunk + zlib.crc32(chunk).to_bytes(4, "big")
        place += 12 + length
    return bytes(out + data[place:])


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    """Draw a valid file and damage it a little."""
    data = bytearray(corpus()[draw(st.sampled_from(sorted(corpus())))])
    for edit in draw(st.lists(EDITS, min_size=1, max_size=8)):
        data = edit(data)
    return mended(bytes(data)) if draw(st.booleans()) else bytes(data)


#: Damaged files, and bytes that are none but may begin like one.
files: st.SearchStrategy[bytes] = st.one_of(
    damaged_files(),
    damaged_files(),
    damaged_files(),
    st.builds(bytes.__add__, st.sampled_from([b"", *SIGNATURES]), st.binary(max_size=500)),
)
