"""`make load`: twice what the service can serve, on 64 connections.

A connection waits for its answer, so that 64 of them would only ever have 64 images under way: the queue is set to half
of that, and the load is offered by the clock. What does not fit must be refused, and what is taken must be answered.

Without a clock, each connection sends again as soon as it is answered. That is too much whatever the machine can serve
and however its speed drifts, which the test suite's short turn relies on.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from app.settings import Settings
from tests.e2e.server import Server, serving
from tests.load.generator import Load, Tally
from tests.load.memory import growth, resident_bytes
from tests.load.report import conclude, options
from tests.load.sample import TINY_REQUEST

CONNECTIONS = 64
QUEUE_IMAGES = CONNECTIONS // 2
#: Of the service that is to be overloaded.
LIMITS = {"queue_images": QUEUE_IMAGES, "max_batch_files": 1}
EXCESS = 2.0
#: What may be answered under too much load.
POLITE = frozenset({200, 429, 503})
#: Share by which memory may grow in the second half.
FLAT = 0.02
#: Answers between two looks at the memory.
STRIDE = 100


@dataclass(frozen=True)
class Overload:
    """What came of it: what was answered, and by what share the memory grew in the second half."""

    tally: Tally
    grown: float

    @property
    def asked(self) -> dict[str, bool]:
        """Tell what holds."""
        deadline = Settings.model_fields["deadline_seconds"].default * 1e3
        return {
            "no 5xx but 503": self.tally.statuses.keys() <= POLITE,
            "some were refused, so it was too much": self.tally.statuses[429] > 0,
            "no dropped connection": self.tally.complete,
            "p99 of the answered within the deadline": self.tally.percentile(99) <= deadline,
            f"memory grows by less than {FLAT:.0%} in the second half": self.grown < FLAT,
        }


def capacity(running: Server, seconds: float) -> float:
    """Measure for so long how many requests a second a service with `LIMITS` can serve."""
    return Load(running.url, [TINY_REQUEST], connections=QUEUE_IMAGES, seconds=seconds).run().rate


def overload(
    running: Server, *, rate: float | None = None, seconds: float | None = None, requests: int | None = None
) -> Overload:
    """Offer a service with `LIMITS` more than it can serve: so many requests a second, for so long or so many in all.

    Without a rate it is offered as many as the connections can send.
    """
    samples = [(0, resident_bytes(running.process.pid))]
    count = 0

    def heard(status: int, body: bytes) -> None:
        nonlocal count
        count += 1
        if count % STRIDE == 0:
            samples.append((count, resident_bytes(running.process.pid)))

    tally = Load(
        running.url,
        [TINY_REQUEST],
        connections=CONNECTIONS,
        requests=requests,
        seconds=seconds,
        rate=rate,
        expected=POLITE,
        heard=heard,
    ).run()
    return Overload(tally, growth(samples[len(samples) // 2 :]))


def main() -> int:
    """Print one JSON object."""
    chosen = options(__doc__, runtime=("savedmodel", "litert"), seconds=60.0)
    with serving(runtime=chosen.runtime, log_level="warning", **LIMITS) as running:
        served = capacity(running, max(1.0, chosen.seconds / 12))
        found = overload(running, rate=EXCESS * served, seconds=chosen.seconds)
    offered = sum(found.tally.statuses.values()) / found.tally.seconds
    return conclude(
        {
            "runtime": chosen.runtime,
            "connections": CONNECTIONS,
            "can serve, requests a second": round(served, 1),
            "offered to what it can serve": round(offered / served, 2),
            "memory grew in the second half by": round(found.grown, 4),
            **found.tally.report(),
        },
        found.asked,
    )


if __name__ == "__main__":
    sys.exit(main())
