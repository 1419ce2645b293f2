"""Any number of files through one model, at the speed of full batches and in bounded memory."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass

from app.api.problems import RequestProblem
from app.cli.sources import read, size
from app.client.uploads import grouped
from app.imaging import ImageError
from app.inference import InferenceError, Model
from app.recogniser import Options, Recogniser, Recognition

#: Several of the runtime's batches: with 8, one of them, 4,000 small files took a sixth longer.
CHUNK_IMAGES = 32
#: A chunk of large files ends before it has so many. Files are held from reading to decoding.
CHUNK_BYTES = 32 * 2**20
#: One in the runtime, one being decoded, one ready for when either is free, one being read.
CHUNKS_UNDER_WAY = 4
IMAGES_UNDER_WAY = CHUNK_IMAGES * CHUNKS_UNDER_WAY

#: Why a file got no answer: it cannot be opened, has too many bytes, shows nothing readable, or the runtime failed.
FileFailure = OSError | RequestProblem | ImageError | InferenceError


@dataclass(frozen=True)
class FileOutcome:
    """What became of a file."""

    name: str
    found: Recognition | FileFailure


async def recognise_files(
    names: Iterable[str], model: Model, recogniser: Recogniser, options: Options, *, max_bytes: int
) -> AsyncGenerator[FileOutcome, None]:
    """Recognise files, each on its own, reading ahead by a few chunks.

    Args:
        names: of the files; `-` is standard input.
        model: which network.
        recogniser: takes at least `IMAGES_UNDER_WAY` images.
        options: for all files.
        max_bytes: of one file.

    Yields:
        The outcomes in the order of `names`.
    """
    under_way: deque[asyncio.Task[list[FileOutcome]]] = deque()
    try:
        for names_of_chunk in grouped(names, size, count=CHUNK_IMAGES, total=CHUNK_BYTES):
            if len(under_way) == CHUNKS_UNDER_WAY:
                for outcome in await under_way.popleft():
                    yield outcome
            chunk = _recognise_chunk(names_of_chunk, model, recogniser, options, max_bytes)
            under_way.append(asyncio.create_task(chunk))
        while under_way:
            for outcome in await under_way.popleft():
                yield outcome
    finally:
        for task in under_way:
            task.cancel()


async def _recognise_chunk(
    names: Sequence[str], model: Model, recogniser: Recogniser, options: Options, max_bytes: int
) -> list[FileOutcome]:
    contents = await asyncio.to_thread(lambda: [_read(name, max_bytes) for name in names])
    readable = [data for data in contents if isinstance(data, bytes)]
    found: list[Recognition | FileFailure]
    try:
        found = [*await recogniser.recognise(model, readable, options)]
    except InferenceError as error:
        found = [error] * len(readable)
    answers = iter(found)
    return [
        FileOutcome(name, next(answers) if isinstance(data, bytes) else data)
        for name, data in zip(names, contents, strict=True)
    ]


def _read(name: str, max_bytes: int) -> bytes | OSError | RequestProblem:
    try:
        return read(name, limit=max_bytes)
    except (OSError, RequestProblem) as error:
        return error
