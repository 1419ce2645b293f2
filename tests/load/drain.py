"""`make drain`: SIGTERM under load, and newer models under load, again and again; no accepted request is lost.

Two kinds of clients send without a pause: those that know what has been accepted, since they ask first, and those that
people have, which keep their connection and send again as soon as they are answered.
"""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.server import Server, serving
from tests.load.crowd import Crowd, asking_first, crowd_of, load_beside
from tests.load.generator import Load, Tally
from tests.load.report import conclude, options
from tests.load.sample import REQUEST
from tests.models import add_version

CONNECTIONS = 8
#: Answers that are there before the service is told anything, and after.
ENOUGH = 40
#: To those who keep their connection: an answer, or that no new request is taken.
POLITE = frozenset({200, 503})


@dataclass(frozen=True)
class Ending:
    """What came of one SIGTERM: the exit code, each answer to an accepted request, and what the others met."""

    code: int
    answers: list[str]
    kept: Tally

    @property
    def lost(self) -> int:
        """How many accepted requests were not answered, or not rightly."""
        return sum(not (answer.startswith("HTTP/1.1 200") and '"label":"7"' in answer) for answer in self.answers)

    @property
    def clean(self) -> bool:
        """Whether nobody lost anything."""
        return self.code == 0 and not self.lost and not self.kept.lost and self.kept.statuses.keys() <= POLITE


def end_under_load(running: Server) -> Ending:
    """Send SIGTERM to a service under load and wait for its end."""
    kept_alive = Load(running.url, [REQUEST], connections=CONNECTIONS, expected=POLITE)
    with load_beside(kept_alive) as kept, crowd_of(asking_first(running.port)) as (crowd, clients):
        crowd.wait_for(ENOUGH)
        running.process.send_signal(signal.SIGTERM)
        code = running.process.wait(60)
    return Ending(code, [answer for client in clients for answer in client.result()], kept.result())


@dataclass(frozen=True)
class Reloads:
    """What came of newer models: the answers, and how many each version gave."""

    tally: Tally
    versions: Counter[str]

    @property
    def clean(self) -> bool:
        """Whether every request was answered, by every version in its turn."""
        return self.tally.all_served and len(self.versions) > 1


def reload_under_load(running: Server, models: Path, times: int) -> Reloads:
    """Put a newer version of `digit` into a folder that has the first, so many times, with a SIGHUP each."""
    versions: Counter[str] = Counter()

    def send(crowd: Crowd) -> Tally:
        def heard(status: int, body: bytes) -> None:
            if status == 200:
                versions[json.loads(body)["model"]["version"]] += 1
            crowd.count()

        return Load(running.url, [REQUEST], connections=CONNECTIONS, over=crowd.over, heard=heard).run()

    with crowd_of(send, clients=1) as (crowd, clients):
        crowd.wait_for(ENOUGH)
        for version in range(2, times + 2):
            add_version(models, "digit", version)
            reload(running, {"digit": version})
            crowd.wait_for(CONNECTIONS + 1)  # one of them at least was sent after the reload
    return Reloads(clients[0].result(), versions)


def reload(running: Server, versions: dict[str, int]) -> None:
    """Send SIGHUP and wait until it has been followed."""
    before = len(running.lines)
    running.process.send_signal(signal.SIGHUP)
    running.wait_for_log('"reload ended"', after=before)
    (record,) = (json.loads(line) for line in running.lines[before:] if "reload ended" in line)
    assert record["versions"] == versions


def main() -> int:
    """Print one JSON object."""
    chosen = options(__doc__, runtime=("savedmodel", "litert"), times=20)
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder)
        add_version(models, "digit", 1)
        endings = []
        for _ in range(chosen.times):
            with serving(models_dir=models, runtime=chosen.runtime, log_level="warning") as running:
                endings.append(end_under_load(running))
        with serving(models_dir=models, runtime=chosen.runtime, log_format="json") as running:
            reloads = reload_under_load(running, models, chosen.times)
    return conclude(
        {
            "runtime": chosen.runtime,
            "times": chosen.times,
            "SIGTERM": {
                "exit codes": sorted({ending.code for ending in endings}),
                "accepted requests": sum(len(ending.answers) for ending in endings),
                "of them lost": sum(ending.lost for ending in endings),
                "answers on kept connections": sum(ending.kept.answered for ending in endings),
                "refused there as draining": sum(ending.kept.statuses[503] for ending in endings),
                "cut off there": sum(ending.kept.lost for ending in endings),
            },
            "reload": {"answers by version": dict(reloads.versions), **reloads.tally.report()},
        },
        {
            "SIGTERM loses no request": all(ending.clean for ending in endings),
            "reload loses no request": reloads.clean and len(reloads.versions) == chosen.times + 1,
        },
    )


if __name__ == "__main__":
    sys.exit(main())
