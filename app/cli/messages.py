"""What the supervisor and its workers tell each other, each over a pipe of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.inference import Outcome


@dataclass(frozen=True)
class Asked:
    """Who wants a reload, and which of his it is.

    pid: of the worker, or None for a signal to the supervisor.
    number: counts what this one has asked for.
    """

    pid: int | None
    number: int


@dataclass(frozen=True)
class Ready:
    """From a worker: it takes work from now on."""


@dataclass(frozen=True)
class Reload:
    """From a worker: let everybody look for newer models. From the supervisor: look for them."""

    asked: Asked


@dataclass(frozen=True)
class Reloaded:
    """From a worker: what it came to here. From the supervisor: what it came to in all, for who has asked.

    outcomes: one a model; none where the service goes down instead.
    """

    asked: Asked
    outcomes: tuple[Outcome, ...]


def worst(told: Sequence[tuple[Outcome, ...]]) -> tuple[Outcome, ...]:
    """Return the outcome for each model over several processes: refused by one is refused, loaded by one is loaded.

    Args:
        told: by each process; one that goes down has nothing to tell, and then nor has the service.
    """
    if not told or not all(told):
        return ()
    models = zip(*(sorted(outcomes, key=lambda outcome: outcome.name) for outcomes in told), strict=True)
    return tuple(max(of_model, key=lambda item: (item.refused is not None, item.loaded)) for of_model in models)
