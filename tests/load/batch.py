"""`make batch`: images a second through `/predict/digit/batch`, against the bare runtime's best on the same images.

The bare runtime has its images decoded and prepared already, both CPU cores to itself, and the batch size and number
of threads that suit it best. Rounds alternate the two, so that a machine whose speed drifts slows both.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from app.inference import usable_cpus
from tests.e2e.server import ROOT, serving
from tests.load.generator import Load, upload
from tests.load.images import FILES, drawn
from tests.load.report import conclude, options

#: As many batches as find room in the default queue of 320 images, an eighth of which is kept for single ones.
CONNECTIONS = 4
LEAST = 0.6


def bare(runtime: str, seconds: float) -> tuple[float, str]:
    """Return the bare runtime's best images a second, and how it got there."""
    best, how = 0.0, ""
    for threads in range(1, usable_cpus() + 1):
        line = [sys.executable, "-m", "tests.load.bare", runtime, str(threads), str(seconds)]
        ended = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
        for size, rate in json.loads(ended.stdout.splitlines()[-1]).items():
            if rate > best:
                best, how = rate, f"batches of {size} on {threads} threads"
    return best, how


def main() -> int:
    """Print one JSON object."""
    chosen = options(__doc__, runtime=("savedmodel", "litert", "litert-float32"), rounds=3, seconds=5.0)
    request = upload("/predict/digit/batch", *drawn(), part="files")
    turns: list[tuple[float, float]] = []
    ways: list[str] = []
    served: list[bool] = []
    with serving(runtime=chosen.runtime, log_level="warning") as running:
        Load(running.url, [request], connections=CONNECTIONS, seconds=1).run()
        for _ in range(chosen.rounds):
            alone, how = bare(chosen.runtime, chosen.seconds / 5)
            tally = Load(running.url, [request], connections=CONNECTIONS, seconds=chosen.seconds).run()
            turns.append((alone, tally.rate * FILES))
            served.append(tally.all_served)
            ways.append(how)
    ratio = round(statistics.median(own / alone for alone, own in turns), 3)
    return conclude(
        {
            "runtime": chosen.runtime,
            "images a request": FILES,
            "connections": CONNECTIONS,
            "images a second, served": round(statistics.median(own for _, own in turns)),
            "images a second, bare": round(statistics.median(alone for alone, _ in turns)),
            "bare at its best with": ways,
            "served to bare": ratio,
        },
        {"every answer is of status 200": all(served), f"at least {LEAST} of the bare runtime": ratio >= LEAST},
    )


if __name__ == "__main__":
    sys.exit(main())
