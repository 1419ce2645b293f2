"""`make compare`: Inkling against the same network in a plain FastAPI endpoint and in LitServe, in one run.

All are up at once and measured in turns, so that a machine whose speed drifts slows all of them. Whoever has not the
turn is held still: idle processes of LitServe look for work all the time, which cost the others a third.
"""

from __future__ import annotations

import contextlib
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psutil

from tests.e2e.server import ROOT, START_SECONDS, serving
from tests.load.generator import Load, Tally
from tests.load.report import conclude, options
from tests.load.sample import TINY_REQUEST
from tests.ports import free_ports

CONNECTIONS = 32
#: Times the requests a second of the others.
LEAST = {"plain": 10.0, "litserve": 2.0}
#: The module that runs each other server, and its arguments after the port.
RIVALS = {
    "plain": ["tests.load.plain"],
    "litserve": ["tests.load.lit", "1"],
    "litserve, batches of 8": ["tests.load.lit", "8"],
}


@dataclass(frozen=True)
class Contestant:
    """A server, and the process that it began as."""

    url: str
    process: subprocess.Popen[bytes] | subprocess.Popen[str]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all its processes."""
        started = psutil.Process(self.process.pid)
        for each in (started, *started.children(recursive=True)):
            each.send_signal(number)


@contextmanager
def running(module: str, *arguments: str) -> Iterator[Contestant]:
    """Start another server, wait until it answers, and end it and all below it afterwards."""
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [sys.executable, "-m", module, str(port), *arguments],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + START_SECONDS
        while not reads_a_seven(url):
            assert process.poll() is None, f"{module} ended"
            assert time.monotonic() < until, f"{module} does not answer"
            time.sleep(0.5)
        yield Contestant(url, process)
    finally:
        end(process)


def reads_a_seven(url: str) -> bool:
    """Tell whether a server is there and answers what the image shows."""
    heard: list[bytes] = []
    load = Load(url, [TINY_REQUEST], connections=1, requests=1, heard=lambda status, body: heard.append(body))
    return load.run().answered == 1 and b'"label":"7"' in heard[0].replace(b" ", b"")


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server and all that it has started: LitServe's processes outlive a SIGTERM to the first."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def measure(contestants: dict[str, Contestant], rounds: int, seconds: float) -> dict[str, list[Tally]]:
    """Load one server after the other, in rounds, while the others are held still."""
    found: dict[str, list[Tally]] = {name: [] for name in contestants}
    for each in contestants.values():
        each.signal(signal.SIGSTOP)
    for _ in range(rounds):
        for name, each in contestants.items():
            each.signal(signal.SIGCONT)
            tally = Load(each.url, [TINY_REQUEST], connections=CONNECTIONS, seconds=seconds).run()
            found[name].append(tally)
            each.signal(signal.SIGSTOP)
    for each in contestants.values():
        each.signal(signal.SIGCONT)
    return found


def main() -> int:
    """Print one JSON object."""
    chosen = options(__doc__, runtime=("savedmodel", "litert"), rounds=3, seconds=5.0)
    with ExitStack() as stack:
        ours = stack.enter_context(serving(runtime=chosen.runtime, log_level="warning"))
        contestants = {"inkling": Contestant(ours.url, ours.process)}
        for name, rival in RIVALS.items():
            contestants[name] = stack.enter_context(running(*rival))
        measure(contestants, 1, 1.0)
        found = measure(contestants, chosen.rounds, chosen.seconds)
    served = all(tally.all_served for tallies in found.values() for tally in tallies)
    rates = {name: [tally.rate for tally in tallies] for name, tallies in found.items()}
    # LitServe in whichever way is the faster.
    best = {
        rival: [max(turns) for turns in zip(*(rates[name] for name in RIVALS if name.startswith(rival)), strict=True)]
        for rival in LEAST
    }
    ratios = {
        rival: round(
            statistics.median(own / other for own, other in zip(rates["inkling"], best[rival], strict=True)), 2
        )
        for rival in LEAST
    }
    return conclude(
        {
            "runtime": chosen.runtime,
            "connections": CONNECTIONS,
            "requests a second, medians": {name: round(statistics.median(each), 1) for name, each in rates.items()},
            "p50, ms": {
                name: statistics.median(tally.percentile(50) for tally in each) for name, each in found.items()
            },
            "inkling to each": ratios,
        },
        {
            "every answer of each is of status 200": served,
            **{f"{least:g} times {rival}": served and ratios[rival] >= least for rival, least in LEAST.items()},
        },
    )


if __name__ == "__main__":
    sys.exit(main())
