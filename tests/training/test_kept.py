from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.kept import kept_array, replacing


def test_an_array_is_made_once_and_anew_where_its_shape_is_another(tmp_path: Path) -> None:
    path = tmp_path / "new" / "array.npy"
    np.testing.assert_array_equal(kept_array(path, (3,), lambda: np.arange(3)), [0, 1, 2])
    np.testing.assert_array_equal(kept_array(path, (3,), lambda: pytest.fail("made again")), [0, 1, 2])
    np.testing.assert_array_equal(kept_array(path, (2,), lambda: np.zeros(2)), [0, 0])


def test_what_breaks_off_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"whole")

    def write(data: bytes) -> None:
        with replacing(path) as file:
            file.write(data)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(b"ha")
    assert path.read_bytes() == b"whole"
