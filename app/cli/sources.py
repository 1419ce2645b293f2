"""Where images come from: files, folders of them, standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from app.api.problems import UPLOAD_TOO_LARGE, RequestProblem

STANDARD_INPUT = "-"


def find_files(names: Iterable[str], *, recursive: bool, on_error: Callable[[OSError], None]) -> Iterator[str]:
    """List what is to be read, the files of a folder in the order of their names.

    A folder's files are taken whatever they are called, as an image is known by its content; hidden ones are not.

    Args:
        names: files, folders, or `-`.
        recursive: whether folders in folders are entered. Links to folders are not.
        on_error: told of each folder that cannot be listed.
    """
    for name in names:
        if name == STANDARD_INPUT or not Path(name).is_dir():
            yield name
            continue
        for folder, subfolders, files in os.walk(name, onerror=on_error):
            subfolders[:] = sorted(item for item in subfolders if recursive and not item.startswith("."))
            for file in sorted(files):
                path = Path(folder, file)
                # A pipe or a device in a folder would be waited on for ever.
                if not file.startswith(".") and (path.is_file() or path.is_symlink()):
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
        with Path(name).open("rb") as file:
            data = file.read(limit + 1)
    if len(data) > limit:
        raise RequestProblem(UPLOAD_TOO_LARGE, f"The file is larger than {limit} bytes.")
    return data


def size(name: str) -> int:
    """Return the bytes of a file as far as that can be told without reading it, else 0."""
    try:
        return Path(name).stat().st_size
    except OSError:
        return 0
