"""Figures of several worker processes, added up over a folder that they share."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client import values
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from app.telemetry.snapshot import Snapshot

#: prometheus_client's own variable; it has no other way to be told.
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


class Shared:
    """One worker's place in the folder.

    What is counted lies in prometheus_client's files of the place, so that whoever replaces a worker counts on from
    where it ended, and no sum ever falls. What is held at a moment is a `Snapshot`, written anew every second.
    """

    def __init__(self, folder: Path, place: int, places: int) -> None:
        """Take a place, before the first metric is made.

        Args:
            folder: one for all workers, empty when the first starts.
            place: of this worker, from 0; two never have the same at once.
            places: how many workers there are.
        """
        os.environ[FOLDER_VARIABLE] = str(folder)
        values.ValueClass = values.MultiProcessValue(process_identifier=lambda: place)  # type: ignore[no-untyped-call]
        self._folder = folder
        self._place = place
        self.places = places
        #: What the worker that had this place before has left.
        self.inherited = read(folder, place)

    def publish(self, snapshot: Snapshot) -> None:
        """Let the others see what this worker holds now."""
        write(self._folder, self._place, snapshot)

    def others(self) -> list[Snapshot]:
        """Return what every other worker held within the last second or so."""
        return [read(self._folder, place) for place in range(self.places) if place != self._place]

    def counted(self) -> Collector:
        """Return what shows the counters and histograms of all workers as one."""
        return _Counted(self._folder)


class _Counted(Collector):
    """`MultiProcessCollector`, in the order of names: its own is that of a folder's files."""

    def __init__(self, folder: Path) -> None:
        self._all = MultiProcessCollector(None, str(folder))  # type: ignore[no-untyped-call]

    def collect(self) -> Iterator[Metric]:
        families: Iterable[Metric] = self._all.collect()  # type: ignore[no-untyped-call]
        yield from sorted(families, key=lambda family: family.name)


def read(folder: Path, place: int) -> Snapshot:
    """Return what a worker holds; nothing where it has not said so yet."""
    try:
        return Snapshot.model_validate_json(_file(folder, place).read_bytes())
    except FileNotFoundError:
        return Snapshot()


def write(folder: Path, place: int, snapshot: Snapshot) -> None:
    """Put down what a worker holds, for readers all at once. On a full disk figures grow old, and that is all."""
    path = _file(folder, place)
    new = path.with_suffix(".new")
    with suppress(OSError):
        new.write_text(snapshot.model_dump_json())
        new.replace(path)


def retire(folder: Path, place: int) -> None:
    """Forget what a worker held that has ended; what it has used stays."""
    write(folder, place, read(folder, place).used())


def _file(folder: Path, place: int) -> Path:
    return folder / f"worker-{place}.json"
