"""Files in buckets and other stores, by address (s3://bucket/folder, gs://..., file:///...), through pyarrow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import IO, TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from app.packages import is_installed

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def is_address(name: str) -> bool:
    """Tell an address from the name of a file on this machine."""
    return ADDRESS.match(name) is not None


def list_files(address: str, *, recursive: bool, without: tuple[str, ...] = ()) -> Iterator[str]:
    """List the files at an address, in the order of their names: itself, or those of a folder but hidden ones.

    Args:
        address: of a file or a folder; what is no letter, digit or one of `_.-~/` may be written with percent signs.
        recursive: whether folders in the folder are entered.
        without: endings, in small letters, of files of the folder that are left out.

    Yields:
        The address of each file, its path quoted.

    Raises:
        OSError: it cannot be listed.
    """
    if address.lower().startswith(("http://", "https://")):
        raise OSError(None, "pages are not read; pipe the image: curl -s ADDRESS | inkling predict -", address)
    if not is_installed("pyarrow"):
        raise OSError(None, "buckets need pyarrow, which is not installed: pip install '.[ray]'", address)
    from pyarrow.fs import FileSelector, FileType

    with _named_errors(address):
        store, root, path = _located(address)
        (found,) = store.get_file_info([root + path])
        if found.type is not FileType.Directory:
            yield address
            return
        there = store.get_file_info(FileSelector(found.path, recursive=recursive))
    head, query = _split(address)
    for file in sorted(item.path for item in there if item.type is FileType.File):
        below = file.removeprefix(root)
        hidden = any(part.startswith(".") for part in below.removeprefix(path).split("/"))
        if not hidden and not below.lower().endswith(without):
            yield f"{head}{quote(below)}{query}"


def open_file(address: str) -> IO[bytes]:
    """Open a file for reading.

    Raises:
        OSError: it cannot be opened.
    """
    with _named_errors(address):
        store, root, path = _located(address)
        stream: IO[bytes] = store.open_input_stream(root + path)
    return stream


@contextmanager
def _named_errors(address: str) -> Iterator[None]:
    """Give pyarrow's errors the form of the operating system's: what is wrong, and with what."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise OSError(error.errno if isinstance(error, OSError) else None, str(error), address) from error


def _located(address: str) -> tuple[FileSystem, str, str]:
    """Return the store of an address, its own name for its root, and the path from there."""
    head, query = _split(address)
    store, root = _store(head, query)
    return store, root.rstrip("/"), unquote(urlsplit(address).path)


def _split(address: str) -> tuple[str, str]:
    """Return what of an address comes before the path, and what after."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}", f"?{parts.query}" if parts.query else ""


# Finding a store asks the network where a bucket is, so that it is done once and not for every file.
@lru_cache
def _store(head: str, query: str) -> tuple[FileSystem, str]:
    from pyarrow.fs import FileSystem

    store, root = FileSystem.from_uri(head + ("" if urlsplit(head).netloc else "/") + query)
    return store, root
