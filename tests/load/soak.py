"""`make soak`: a hundred thousand requests of every kind, and what they leave in the service's memory."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from tests.e2e.server import Server, serving
from tests.load.generator import Load, Tally, upload
from tests.load.memory import growth, resident_bytes, slope
from tests.load.report import conclude, options
from tests.strokes import draw, encode

CONNECTIONS = 8
REQUESTS = 100_000
#: Share of the requests after which memory should have settled.
SETTLED = 0.1
#: Share by which it may grow from then on.
MOST_GROWTH = 0.02
#: How often memory is looked at.
SAMPLES = 200
#: Of what is sent: read, no image, no ink.
EXPECTED = frozenset({200, 415, 422})


def uploads() -> list[bytes]:
    """Return requests of the usual kind, and one each of the others: a photo, a batch, no image, a large blank page."""
    tiny = [upload("/predict/digit", encode(draw(digit, (28, 28)))) for digit in "0123456"]
    drawing = upload("/predict/char?explain=true", encode(draw("L", (200, 200)), "JPEG"))
    batch = upload("/predict/digit/batch", *(encode(draw(digit, (28, 28))) for digit in "789"), part="files")
    blank = upload("/predict/digit", encode(np.full((1000, 1000), 255, np.uint8)))
    return [*tiny, drawing, batch, blank, upload("/predict/char", b"no image")]


@dataclass(frozen=True)
class Soak:
    """What came of it: the answers, and (requests so far, resident bytes) from the settled state on."""

    tally: Tally
    samples: list[tuple[float, int]]

    @property
    def asked(self) -> dict[str, bool]:
        """Tell what holds."""
        return {
            "every request has its answer": self.tally.complete and self.tally.statuses.keys() == EXPECTED,
            f"memory grows by less than {MOST_GROWTH:.0%}": growth(self.samples) < MOST_GROWTH,
        }


def soak(running: Server, requests: int, settled: int) -> Soak:
    """Send so many requests; look at the memory from the settled-th on."""
    samples: list[tuple[float, int]] = []
    stride = max(1, (requests - settled) // SAMPLES)
    count = 0

    def heard(status: int, body: bytes) -> None:
        nonlocal count
        count += 1
        if count >= settled and (count - settled) % stride == 0:
            samples.append((count, resident_bytes(running.process.pid)))

    load = Load(running.url, uploads(), connections=CONNECTIONS, requests=requests, expected=EXPECTED, heard=heard)
    return Soak(load.run(), samples)


def main() -> int:
    """Print one JSON object."""
    chosen = options(__doc__, runtime=("savedmodel", "litert"), requests=REQUESTS)
    with serving(runtime=chosen.runtime, log_level="warning") as running:
        found = soak(running, chosen.requests, round(chosen.requests * SETTLED))
    (settled, before), (_, after) = found.samples[0], found.samples[-1]
    return conclude(
        {
            "runtime": chosen.runtime,
            "requests": chosen.requests,
            f"resident after {settled:.0f} requests, MB": round(before / 1e6, 1),
            "resident at the end, MB": round(after / 1e6, 1),
            "growth": round(growth(found.samples), 4),
            "slope, bytes a request": round(slope(found.samples), 1),
            **found.tally.report(),
        },
        found.asked,
    )


if __name__ == "__main__":
    sys.exit(main())
