"""`make start`: how long the service takes from its start to ready, and the memory that it then has."""

from __future__ import annotations

import statistics
import sys
import time

from tests.e2e.server import serving
from tests.load.generator import Load
from tests.load.memory import resident_bytes
from tests.load.report import conclude, options
from tests.load.sample import TINY_REQUEST

#: Starts are timed after one that leaves the files in the cache.
READY_SECONDS = {"savedmodel": 8.0, "litert": 2.0}
#: Of LiteRT, in bytes.
RESIDENT = 200e6
REQUESTS = 1000
CONNECTIONS = 32


def start(runtime: str, times: int) -> dict[str, float]:
    """Start a service so many times, and once before; return medians, in seconds and MB."""
    ready: list[float] = []
    at_rest: list[int] = []
    worked: list[int] = []
    for _ in range(times + 1):
        began = time.monotonic()
        with serving(runtime=runtime, log_level="warning") as running:
            ready.append(time.monotonic() - began)
            at_rest.append(resident_bytes(running.process.pid))
            Load(running.url, [TINY_REQUEST], connections=CONNECTIONS, requests=REQUESTS).run()
            worked.append(resident_bytes(running.process.pid))
    return {
        "ready after, s": round(statistics.median(ready[1:]), 2),
        "resident once ready, MB": round(statistics.median(at_rest[1:]) / 1e6, 1),
        f"resident after {REQUESTS} requests, MB": round(statistics.median(worked[1:]) / 1e6, 1),
    }


def main() -> int:
    """Print one JSON object."""
    chosen = options(__doc__, times=3)
    found = {runtime: start(runtime, chosen.times) for runtime in READY_SECONDS}
    asked = {
        f"{runtime} ready within {limit:g} s": found[runtime]["ready after, s"] <= limit
        for runtime, limit in READY_SECONDS.items()
    }
    resident = max(value for name, value in found["litert"].items() if name.startswith("resident"))
    asked[f"litert resident in at most {RESIDENT / 1e6:g} MB"] = resident * 1e6 <= RESIDENT
    return conclude({"starts, medians": chosen.times, **found}, asked)


if __name__ == "__main__":
    sys.exit(main())
