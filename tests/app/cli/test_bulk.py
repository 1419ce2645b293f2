from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from app.cli.bulk import CHUNK_BYTES, CHUNK_IMAGES, IMAGES_UNDER_WAY, FileOutcome, recognise_files
from app.cli.startup import recognising
from app.inference import Model
from app.recogniser import Options, Recogniser, Recognition
from app.settings import Settings
from tests.models import MODELS
from tests.strokes import DIGITS, draw, encode

Loaded = tuple[Model, Recogniser]


@pytest.fixture(scope="module")
def loaded() -> Iterator[Loaded]:
    settings = Settings(models_dir=MODELS, runtime="litert", _env_file=None)
    with recognising("digit", Options(), settings, capacity=IMAGES_UNDER_WAY) as parts:
        yield parts


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Return more digits than are under way at once."""
    drawn = [encode(draw(digit, width=0.1)) for digit in DIGITS]
    paths = [tmp_path / f"{index}.png" for index in range(2 * IMAGES_UNDER_WAY)]
    for index, path in enumerate(paths):
        path.write_bytes(drawn[index % 10])
    return list(map(str, paths))


async def outcomes(loaded: Loaded, names: Iterable[str], most: int | None = None) -> list[FileOutcome]:
    """Return the first outcomes, or all of them."""
    found: list[FileOutcome] = []
    async with aclosing(recognise_files(names, *loaded, Options(), max_bytes=CHUNK_BYTES)) as stream:
        async for outcome in stream:
            found.append(outcome)
            if len(found) == most:
                break
    return found


def test_every_file_is_answered_once_and_in_order(loaded: Loaded, files: list[str]) -> None:
    found = asyncio.run(outcomes(loaded, files))
    assert [outcome.name for outcome in found] == files
    labels = [outcome.found.candidates[0].label for outcome in found if isinstance(outcome.found, Recognition)]
    assert "".join(labels) == (DIGITS * len(files))[: len(files)]


def test_no_more_is_read_ahead_than_the_memory_is_meant_for(loaded: Loaded, files: list[str]) -> None:
    left = iter(files)
    asyncio.run(outcomes(loaded, left, most=1))
    # What is under way, and the file that showed that the next chunk is full.
    assert len(files) - len(list(left)) <= IMAGES_UNDER_WAY + CHUNK_IMAGES + 1


def test_large_files_are_read_ahead_less(loaded: Loaded, tmp_path: Path, files: list[str]) -> None:
    for name in files:
        with Path(name).open("r+b") as file:
            file.truncate(CHUNK_BYTES // 2)  # sparse, and still a PNG: what follows its end does not count
    left = iter(files)
    (first,) = asyncio.run(outcomes(loaded, left, most=1))
    assert isinstance(first.found, Recognition)
    assert len(files) - len(list(left)) <= 2 * 5 + 1


def test_giving_up_halfway_leaves_the_recogniser_usable(loaded: Loaded, files: list[str]) -> None:
    asyncio.run(outcomes(loaded, files, most=3))
    assert len(asyncio.run(outcomes(loaded, files))) == len(files)


def test_a_file_that_is_not_there_costs_its_neighbours_nothing(loaded: Loaded, files: list[str]) -> None:
    names = [files[0], f"{files[1]}.gone", files[2]]
    before, gone, after = asyncio.run(outcomes(loaded, names))
    assert isinstance(gone.found, FileNotFoundError)
    assert all(isinstance(outcome.found, Recognition) for outcome in (before, after))
