"""IDX, the file format of MNIST and EMNIST: a magic number, the dimensions, then unsigned bytes.

Source: LeCun, Cortes, Burges, "The MNIST database", section "File formats".
"""

from __future__ import annotations

import gzip
import math
import zlib

import numpy as np
import numpy.typing as npt

from training.datasets.labelled import DatasetError

UNSIGNED_BYTE = 0x08


def parse_idx(data: bytes, name: str) -> npt.NDArray[np.uint8]:
    """Parse an IDX file of unsigned bytes, gzipped or not.

    Args:
        data: the whole file.
        name: for messages.

    Returns:
        uint8, with the shape the file states.

    Raises:
        DatasetError: not IDX, another element type, or fewer or more bytes than stated.
    """
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise DatasetError(f"{name} is a damaged gzip file: {error}") from error
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] != UNSIGNED_BYTE:
        raise DatasetError(f"{name} is not an IDX file of unsigned bytes.")
    header = 4 + 4 * data[3]
    if len(data) < header:
        raise DatasetError(f"{name} breaks off in its header.")
    shape = tuple(int(n) for n in np.frombuffer(data[4:header], ">u4"))
    if len(data) != header + math.prod(shape):
        raise DatasetError(f"{name} states {shape} bytes but holds {len(data) - header}; it is cut or damaged.")
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)
