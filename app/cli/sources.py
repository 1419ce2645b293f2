"""Where images come from: files, folders of them, buckets, standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from app.api.problems import UPLOAD_TOO_LARGE, RequestProblem
from app.cli.buckets import is_address, list_files, open_file

STANDARD_INPUT = "-"
#: How files end that lie beside images and are none. In a folder they are passed over.
NO_IMAGES = (".csv", ".html", ".json", ".md", ".pdf", ".txt", ".xml", ".yaml", ".yml")


def find_files(names: Iterable[str], *, recursive: bool, on_error: Callable[[OSError], None]) -> Iterator[str]:
    """List what is to be read, the files of a folder in the order of their names.

    A folder's files are taken whatever they are called, as an image is known by its content, but for hidden ones and
    those that end in one of `NO_IMAGES`. What is named itself is taken.

    Args:
        names: files, folders, addresses of either, or `-`.
        recursive: whether folders in folders are entered. Links to folders are not.
        on_error: told of each folder that cannot be listed, with its name.
    """
    for name in names:
        if is_address(name):
            try:
                yield from list_files(name, recursive=recursive, without=NO_IMAGES)
            except OSError as error:
                on_error(error)
            continue
        if name == STANDARD_INPUT or not Path(name).is_dir():
            yield name
            continue
        for folder, subfolders, files in os.walk(name, onerror=on_error):
            subfolders[:] = sorted(item for item in subfolders if recursive and not item.startswith("."))
            for file in sorted(files):
                path = Path(folder, file)
                # A pipe or a device in a folder would be waited on for ever; a link to nothing is told of.
                if (
                    not file.startswith(".")
                    and not file.lower().endswith(NO_IMAGES)
                    and (path.is_file() or not path.exists())
                ):
                    yield str(path)


def read(name: str, *, limit: int) -> bytes:
    """Return the bytes of a file, or of standard input for `-`.

    Args:
        name: of the file.
        limit: the most bytes it may have.

    Raises:
        OSError: it cannot be read.
        RequestProblem: it has more.
    """
    if name == STANDARD_INPUT:
        data = sys.stdin.buffer.read(limit + 1)
    else:
        with open_file(name) if is_address(name) else Path(name).open("rb") as file:
            data = file.read(limit + 1)
    if len(data) > limit:
        raise RequestProblem(UPLOAD_TOO_LARGE, f"The file is larger than {limit} bytes.")
    return data


def size(name: str) -> int:
    """Return the bytes of a file as far as that can be told without reading it, else 0."""
    if is_address(name):
        return 0  # a question to a bucket takes about as long as reading a crop from it
    try:
        return Path(name).stat().st_size
    except OSError:
        return 0
