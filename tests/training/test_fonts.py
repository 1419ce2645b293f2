from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib import get_data_path

from training import fonts
from training.fonts import FOLDER, FontsMissing, font_files, font_versions, glyph

DEJAVU = Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


def test_every_font_is_pinned_and_locked_without_an_address() -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_text())["packages"]
    assert len(font_versions()) == 68
    for package, version in font_versions().items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        entry = lock[f"node_modules/{package}"]
        assert entry["version"] == version
        assert entry["integrity"].startswith("sha512-")
        assert entry["license"] in ("OFL-1.1", "Apache-2.0")
        assert "resolved" not in entry


def test_missing_fonts_say_how_to_install_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_bytes((FOLDER / "package.json").read_bytes())
    monkeypatch.setattr(fonts, "FOLDER", tmp_path)
    with pytest.raises(FontsMissing, match="make fonts"):
        font_files()


def test_installed_fonts_are_found_in_the_order_of_their_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"@fontsource/b": "1.0.0", "@fontsource/a": "1.0.0"}}')
    for name in "ab":
        folder = tmp_path / "node_modules" / "@fontsource" / name / "files"
        folder.mkdir(parents=True)
        (folder / f"{name}-latin-400-normal.woff2").touch()
        (folder.parent / "package.json").write_text('{"version": "1.0.0"}')
    monkeypatch.setattr(fonts, "FOLDER", tmp_path)
    assert [file.name for file in font_files()] == ["a-latin-400-normal.woff2", "b-latin-400-normal.woff2"]
    (folder.parent / "package.json").write_text('{"version": "0.9.0"}')
    with pytest.raises(FontsMissing, match=r"b 1\.0\.0"):
        font_files()


def test_a_glyph_is_cut_out_of_its_page() -> None:
    shape = glyph(DEJAVU, "L")
    assert shape.dtype == np.uint8
    assert shape.shape[0] > shape.shape[1]
    # The post is at the left, the foot at the bottom, and the rest is empty.
    assert min(shape[:, 5].min(), shape[-6, 1:-1].min()) == 255
    assert shape[: shape.shape[0] // 2, shape.shape[1] // 2 :].max() == 0
