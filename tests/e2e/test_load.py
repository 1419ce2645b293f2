"""Short turns of the programs in tests/load, which run for as long as it takes where they are run by hand."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.server import serving
from tests.load.drain import reload_under_load
from tests.load.overload import LIMITS, overload
from tests.load.soak import soak
from tests.models import add_version


def test_more_than_it_can_serve_is_refused_politely_and_costs_nobody_an_answer() -> None:
    with serving(runtime="litert", **LIMITS) as running:
        found = overload(running, requests=6000)
    assert [asked for asked, held in found.asked.items() if not held] == [], found.tally.report()


def test_requests_leave_nothing_in_memory() -> None:
    with serving(runtime="litert", log_level="warning") as running:
        found = soak(running, requests=6000, settled=2000)
    assert [asked for asked, held in found.asked.items() if not held] == [], found.tally.report()


def test_newer_models_under_load_cost_nobody_an_answer(tmp_path: Path) -> None:
    add_version(tmp_path, "digit", 1)
    with serving(models_dir=tmp_path, runtime="litert", log_format="json") as running:
        found = reload_under_load(running, tmp_path, times=2)
    assert found.clean
    assert set(found.versions) == {"1", "2", "3"}
