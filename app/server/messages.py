"""What the supervisor and its workers tell each other, each over a pipe of its own."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from app.inference import ReloadOutcome


@dataclass(frozen=True)
class Asked:
    """Who wants a reload, and its number among those that this one has asked for.

    pid: of the worker, or None for a signal to the supervisor.
    number: from 0.
    """

    pid: int | None
    number: int


@dataclass(frozen=True)
class Ready:
    """From a worker: it takes work from now on."""


@dataclass(frozen=True)
class ReloadOrder:
    """From a worker: let everybody look for newer models. From the supervisor: look for them."""

    asked: Asked


@dataclass(frozen=True)
class ReloadReport:
    """From a worker: what it came to here. From the supervisor: what it came to in all, for who has asked.

    outcomes: one a model; none where the service goes down instead.
    """

    asked: Asked
    outcomes: tuple[ReloadOutcome, ...]


def worst(told: Sequence[tuple[ReloadOutcome, ...]]) -> tuple[ReloadOutcome, ...]:
    """Return the outcome for each model over several processes: refused by one is refused, loaded by one is loaded.

    Args:
        told: by each process; one that goes down has nothing to tell, and then nor has the service.
    """
    if not told or not all(told):
        return ()
    by_name: defaultdict[str, list[ReloadOutcome]] = defaultdict(list)
    for outcome in itertools.chain.from_iterable(told):
        by_name[outcome.name].append(outcome)
    return tuple(
        max(of_model, key=lambda item: (item.refused is not None, item.loaded))
        for _, of_model in sorted(by_name.items())
    )
