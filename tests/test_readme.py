from __future__ import annotations

import pytest

from app.cli.sources import NO_IMAGES
from app.settings import settings_table
from tests.e2e.server import ROOT
from tests.models import shipped

README = (ROOT / "README.md").read_text()


def test_every_option_is_listed() -> None:
    assert settings_table() in README


@pytest.mark.parametrize("name", ["digit", "char"])
def test_the_figures_are_those_of_the_cards(name: str) -> None:
    card = shipped(name).card
    (metrics,) = card.metrics
    (row,) = [
        line for line in README.splitlines() if f"| {metrics.test_set.images:,} | `{name}` {card.version} |" in line
    ]
    assert f"{metrics.accuracy:.4f}" in row
    assert f"{metrics.expected_calibration_error:.4f} for `{name}` {card.version}" in README


def test_nothing_is_left_to_fill_in() -> None:
    assert "@@" not in README


def test_what_is_passed_over_in_folders_is_listed() -> None:
    *most, last = (f"`{ending}`" for ending in NO_IMAGES)
    assert f"{', '.join(most)} or {last} are passed over" in " ".join(README.split())
