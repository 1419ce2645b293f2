"""Files that are whole or not there, and arrays that take long to make, kept in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file to write that takes its place in one step, once it is written."""
    staged = path.with_name(f".{path.name}")
    with staged.open("wb") as file:
        yield file
    staged.rename(path)


def kept_array(path: Path, shape: tuple[int, ...], make: Callable[[], npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Return the array that a file holds; where it holds none of this shape, make it and write it in one step.

    Args:
        path: of the file; its folder is made where it is missing.
        shape: of the array.
        make: returns the array, of this shape.
    """
    if path.exists() and (kept := np.load(path)).shape == shape:
        return np.asarray(kept)
    made = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        np.save(file, made)
    return made
