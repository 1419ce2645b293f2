from __future__ import annotations

from training.timing import CALLS, ROUNDS, alternate


def test_calls_take_turns_in_rounds() -> None:
    made: list[str] = []
    medians = alternate({"one": lambda: made.append("one"), "other": lambda: made.append("other")})
    assert made == ROUNDS * (CALLS * ["one"] + CALLS * ["other"])
    assert medians.keys() == {"one", "other"}
    assert all(0 <= median < 10 for median in medians.values())
