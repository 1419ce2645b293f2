"""Any number of files through one model on a Ray cluster: a process a CPU, on this machine or many."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

from app.cli.buckets import is_address
from app.cli.bulk import CHUNK_IMAGES, IMAGES_UNDER_WAY, FileOutcome, recognise_files
from app.cli.startup import loaded
from app.main import verified_artifact
from app.recogniser import Options
from app.settings import Settings

#: Files that a process is handed at once, at most: several times what it has under way.
BATCH_FILES = 4 * IMAGES_UNDER_WAY
#: Batches for each process where there are few files, so that none waits long for the last.
BATCHES_PER_PROCESS = 2

Columns = dict[str, Any]


class Reader:
    """A process's model and what sends images through it."""

    def __init__(self, task: str, settings: Settings, options: Options) -> None:
        """Load the model.

        Args:
            task: name of the model.
            settings: of the service. Its models have to be in the same place on every machine.
            options: for all files.

        Raises:
            ArtifactError: the model is missing or damaged on this machine.
            Exception: whatever the runtime has against it.
        """
        settings = settings.with_cpus(1)  # The machine's other CPUs have processes of their own.
        artifact = verified_artifact(settings, task)
        self._registry, self._recogniser = loaded(artifact, settings, capacity=IMAGES_UNDER_WAY)
        self._model = self._registry.model(task)
        self._options = options
        self._max_bytes = settings.max_upload_bytes

    def __call__(self, files: Columns) -> Columns:
        """Recognise a batch.

        Args:
            files: under "file", the names as the operating system has them.

        Returns:
            Under "found", what became of each, in their order, pickled: Ray's tables hold no objects.
        """
        found = asyncio.run(self._found([os.fsdecode(name) for name in files["file"]]))
        return {"found": [pickle.dumps(item) for item in found]}

    async def _found(self, names: Sequence[str]) -> list[object]:
        stream: AsyncGenerator[FileOutcome, None] = recognise_files(
            names, self._model, self._recogniser, self._options, max_bytes=self._max_bytes
        )
        async with aclosing(stream) as outcomes:
            return [outcome.found async for outcome in outcomes]


class ClusterFailed(Exception):
    """Ray could not do the work: it cannot be reached, or its processes could not load the model or died."""


async def recognise_on_ray(
    names: Sequence[str], task: str, settings: Settings, options: Options
) -> AsyncGenerator[FileOutcome, None]:
    """Recognise files, each on its own, on the cluster at `RAY_ADDRESS` or else on this machine's CPUs.

    Waits for the cluster without giving way to anything else on the event loop.

    Args:
        names: of the files, which every machine of the cluster has to see.
        task: name of the model.
        settings: of the service, for the same limits.
        options: for all files.

    Yields:
        The outcomes in the order of `names`.

    Raises:
        ClusterFailed: the work could not be done.
    """
    if not names:
        return
    settings = settings.model_copy(update={"models_dir": settings.models_dir.absolute()})
    with _cluster() as cpus:
        import ray.data

        size = min(BATCH_FILES, max(CHUNK_IMAGES, -(-len(names) // (BATCHES_PER_PROCESS * cpus))))
        batches = -(-len(names) // size)
        # A name may hold bytes that are no text.
        files = ray.data.from_items(
            [{"file": os.fsencode(name if is_address(name) else Path(name).absolute())} for name in names],
            override_num_blocks=batches,
        )
        found = files.map_batches(
            Reader,
            fn_constructor_args=(task, settings, options),
            batch_size=size,
            compute=ray.data.ActorPoolStrategy(min_size=min(cpus, batches), max_size=batches),
            num_cpus=1,
        )
        for name, row in zip(names, found.iter_rows(), strict=True):
            yield FileOutcome(name, pickle.loads(row["found"]))  # noqa: S301, it was pickled by our own processes


@contextmanager
def _cluster() -> Iterator[int]:
    """Connect to the cluster, or start one on this machine for as long as it lasts; give its number of CPUs."""
    # It would tell its maker how it is used.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray
    import ray.data
    from ray.exceptions import RayError

    try:
        ray.init(log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    except Exception as error:  # Ray has no narrower one for a cluster that does not start in time
        raise ClusterFailed(f"Ray could not be reached or started: {' '.join(str(error).split())}") from error
    try:
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.execution_options.preserve_order = True
        yield max(1, int(ray.cluster_resources().get("CPU", 1)))
    except RayError as error:
        # Most are a traceback from another process, whose last line says what it was.
        raise ClusterFailed(f"Ray could not do it: {str(error).strip().splitlines()[-1]}") from error
    finally:
        ray.shutdown()
