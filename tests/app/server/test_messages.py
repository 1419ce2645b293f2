from __future__ import annotations

import pytest

from app.inference import ReloadOutcome
from app.server.messages import worst

KEPT = ReloadOutcome("digit", 1, 1, loaded=False)
LOADED = ReloadOutcome("digit", 2, 1, loaded=True)
REFUSED = ReloadOutcome("digit", 1, 1, loaded=False, refused="damaged")
OTHER = ReloadOutcome("char", 3, 3, loaded=False)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([(KEPT,), (LOADED,)], (LOADED,)),
        ([(LOADED,), (REFUSED,), (KEPT,)], (REFUSED,)),
        ([(LOADED, OTHER), (OTHER, KEPT)], (OTHER, LOADED)),
        ([(LOADED, OTHER), (KEPT,)], (OTHER, LOADED)),
        ([(LOADED,), ()], ()),
        ([], ()),
    ],
)
def test_what_one_process_refuses_is_refused_and_one_that_goes_down_has_no_outcome(
    told: list[tuple[ReloadOutcome, ...]], expected: tuple[ReloadOutcome, ...]
) -> None:
    assert worst(told) == expected
