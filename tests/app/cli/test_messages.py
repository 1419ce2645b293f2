from __future__ import annotations

import pytest

from app.cli.messages import worst
from app.inference import Outcome

KEPT = Outcome("digit", 1, 1, loaded=False)
LOADED = Outcome("digit", 2, 1, loaded=True)
REFUSED = Outcome("digit", 1, 1, loaded=False, refused="damaged")
OTHER = Outcome("char", 3, 3, loaded=False)


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
    told: list[tuple[Outcome, ...]], expected: tuple[Outcome, ...]
) -> None:
    assert worst(told) == expected
