from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from app.client import AsyncClient, Client
from app.client.uploads import batches


def test_a_batch_ends_before_it_has_too_many_files_or_bytes() -> None:
    images = [b"a", b"bb", b"ccc", b"dddddd", b"e", b"f", b"g"]
    assert list(batches(images, files=2, size=4)) == [[b"a", b"bb"], [b"ccc"], [b"dddddd"], [b"e", b"f"], [b"g"]]


@pytest.mark.parametrize("limit", ["batch_files", "batch_bytes"])
@pytest.mark.parametrize("value", [0, -1])
def test_a_batch_of_nothing_is_refused(limit: str, value: int) -> None:
    with Client() as client, pytest.raises(ValueError, match=f"at least 1 .* {value}"):
        next(client.recognise_many([b"x"], **{limit: value}))

    async def ask() -> None:
        async with AsyncClient() as client:
            await anext(client.recognise_many([b"x"], **{limit: value}))

    with pytest.raises(ValueError, match=f"at least 1 .* {value}"):
        asyncio.run(ask())


def test_what_came_before_a_file_that_is_missing_is_sent(tmp_path: Path) -> None:
    sent = batches([b"a", b"b", b"c", tmp_path / "none.png", b"d"], files=2)
    assert [next(sent), next(sent)] == [[b"a", b"b"], [b"c"]]
    with pytest.raises(FileNotFoundError):
        next(sent)


@pytest.mark.parametrize("image", ["a.png", b"bytes", Path("a.png")])
def test_one_image_is_not_taken_for_many(image: str | bytes | Path) -> None:
    with pytest.raises(TypeError, match="Several images"):
        batches(image)
