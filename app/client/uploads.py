"""Images on their way to the service."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias, TypeVar

T = TypeVar("T")
#: The bytes of an image file, the path of one, or one opened in binary mode, read from where it stands.
Image: TypeAlias = bytes | bytearray | memoryview | str | os.PathLike[str] | BinaryIO

#: Most files and bytes of a batch, which are the service's own defaults.
BATCH_FILES = 64
BATCH_BYTES = 64 * 2**20


def content(image: Image) -> bytes:
    """Return the bytes of an image file.

    Raises:
        OSError: it cannot be read.
        TypeError: it is no image at all, or a file opened as text.
    """
    if isinstance(image, bytes | bytearray | memoryview):
        return bytes(image)
    if isinstance(image, str | os.PathLike):
        return Path(image).read_bytes()
    if not hasattr(image, "read"):
        raise TypeError(f"An image is bytes, a path, or an open file, not {type(image).__name__}.")
    data: object = image.read()
    if not isinstance(data, bytes):
        raise TypeError("Open the file in binary mode.")
    return data


def batches(images: Iterable[Image], *, files: int = BATCH_FILES, size: int = BATCH_BYTES) -> Iterator[list[bytes]]:
    """Read images as they are needed and group them, in order.

    Args:
        images: any number of them.
        files: the most of a group.
        size: the most bytes of a group; an image that is larger by itself is a group by itself.

    Raises:
        ValueError: `files` or `size` is below 1.
        OSError: an image cannot be read.
        TypeError: an image is nothing that can be sent, or `images` is a single one.
    """
    if isinstance(images, (str, bytes, os.PathLike)):
        raise TypeError("Several images are wanted: a list, say, of what `recognise` takes.")
    if files < 1 or size < 1:
        raise ValueError(f"A batch holds at least 1 file and 1 byte, not {files} and {size}.")
    return grouped(map(content, images), len, count=files, total=size)


def grouped(items: Iterable[T], size: Callable[[T], int], *, count: int, total: int) -> Iterator[list[T]]:
    """Group items, in order, as they come; those that came before an error are a group of their own.

    Args:
        items: any number of them.
        size: of an item.
        count: the most items of a group.
        total: the most that the sizes of a group add up to; a larger item is a group by itself.
    """
    group: list[T] = []
    held = 0
    left = iter(items)
    error: Exception | None = None
    while True:  # a `for` within a `try` would catch what is thrown in where a group is yielded
        try:
            item = next(left)
        except StopIteration:
            break
        except Exception as raised:
            error = raised
            break
        more = size(item)
        if group and (len(group) == count or held + more > total):
            yield group
            group, held = [], 0
        group.append(item)
        held += more
    if group:
        yield group
    if error:
        try:
            raise error
        finally:
            del error  # which would hold this call, and the items, until Python looks for garbage
