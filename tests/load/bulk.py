"""`make bulk`: images a second that `inkling predict` reads from a folder, against the batch endpoint with our client.

Rounds alternate the two, so that a machine whose speed drifts slows both. The endpoint gets full batches from several
connections at once, on this machine: what the client costs counts against it, as it does for anyone who uses it.
`predict` is timed by its own line of summary, which leaves out its start, and as a whole process too.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from app.client import AsyncClient, ServiceProblem
from app.client.uploads import BATCH_FILES
from tests.e2e.server import ROOT, Server, command, environment, serving
from tests.load.report import conclude, options
from tests.strokes import DIGITS, draw, encode

CONNECTIONS = 4
#: Through the batch endpoint before anything is timed.
WARM_UP = 640
#: Sides of the drawn crops, in pixels.
SIDES = (28, 48, 64, 96)


def write_crops(folder: Path, count: int) -> list[Path]:
    """Write so many drawn digits of several sizes as PNG files."""
    drawn = [encode(draw(digit, (side, side), width=0.1)) for side in SIDES for digit in DIGITS]
    paths = [folder / f"{index:06}.png" for index in range(count)]
    for index, path in enumerate(paths):
        path.write_bytes(drawn[index % len(drawn)])
    return paths


def through_batches(server: Server, paths: list[Path]) -> float:
    """Return the images a second that the batch endpoint answers."""

    async def send_part(inkling: AsyncClient, part: list[Path]) -> None:
        async for answer in inkling.recognise_many(part, batch_files=BATCH_FILES):
            assert not isinstance(answer, ServiceProblem), answer

    async def send() -> None:
        async with AsyncClient(server.url, timeout=120) as inkling:
            await asyncio.gather(*(send_part(inkling, paths[start::CONNECTIONS]) for start in range(CONNECTIONS)))

    began = time.perf_counter()
    asyncio.run(send())
    return len(paths) / (time.perf_counter() - began)


def through_predict(folder: Path, count: int, runtime: str) -> tuple[float, float]:
    """Return the images a second that `inkling predict` reads: after its start, and with it."""
    began = time.perf_counter()
    ended = subprocess.run(
        command("predict", str(folder), "--csv"),
        cwd=ROOT,
        env=environment(runtime=runtime),
        capture_output=True,
        text=True,
        check=True,
    )
    whole = count / (time.perf_counter() - began)
    assert len(ended.stdout.splitlines()) == count + 1
    (seconds,) = re.findall(rf"^{count:,} of {count:,} files recognised in ([\d.]+) s", ended.stderr, re.M)
    return count / float(seconds), whole


def main() -> int:
    """Print one JSON object."""
    chosen = options(__doc__, runtime=("savedmodel", "litert"), images=10_000, rounds=3)
    with tempfile.TemporaryDirectory() as folder, serving(runtime=chosen.runtime, log_level="warning") as server:
        paths = write_crops(Path(folder), chosen.images)
        through_batches(server, paths[:WARM_UP])
        batches, running, whole = [], [], []
        for _ in range(chosen.rounds):
            batches.append(through_batches(server, paths))
            after, with_start = through_predict(Path(folder), chosen.images, chosen.runtime)
            running.append(after)
            whole.append(with_start)
    batch, predict = statistics.median(batches), statistics.median(running)
    found = {
        "runtime": chosen.runtime,
        "images": chosen.images,
        "batch endpoint, images a second": round(batch),
        "inkling predict, images a second": round(predict),
        "inkling predict with its start, images a second": round(statistics.median(whole)),
        "predict to batch endpoint": round(predict / batch, 2),
        "by round": [round(one / other, 2) for one, other in zip(running, batches, strict=True)],
    }
    return conclude(found, {})


if __name__ == "__main__":
    sys.exit(main())
