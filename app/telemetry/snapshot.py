"""What one process of the service holds at a moment, in a form that others can read and add up."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

#: The one figure of a process that must not fall when the process is replaced.
CPU_SECONDS = "process_cpu_seconds_total"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class ModelState(_Part):
    """One loaded model.

    waiting: images that wait for the runtime.
    alive: whether its worker can answer.
    """

    version: int
    runtime: str
    sha256: str
    waiting: int
    alive: bool


class DriftState(_Part):
    """The running figures of one model; see `Drift`.

    weights: of each class, where the next answer would count 1.
    confidence: weighted sum.
    """

    weights: tuple[float, ...]
    confidence: float


class Snapshot(_Part):
    """A process.

    ready: whether it takes new work.
    under_way: images between upload and answer.
    capacity: the most of them.
    models: by name, as far as they are loaded.
    drifts: by name of the model.
    process: what the system says of it, by the names of Prometheus' client.
    """

    ready: bool = False
    under_way: int = 0
    capacity: int = 0
    models: dict[str, ModelState] = {}
    drifts: dict[str, DriftState] = {}
    process: dict[str, float] = {}

    def used(self) -> Snapshot:
        """Return what remains of a process that has ended."""
        return Snapshot(process={name: value for name, value in self.process.items() if name == CPU_SECONDS})
