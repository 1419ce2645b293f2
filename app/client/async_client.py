"""The client for code on an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from types import TracebackType
from typing import Self, TypeVar, Unpack

import httpx2

from app.client import calls
from app.client.answers import Answer, Model
from app.client.calls import Call, Options, Reply
from app.client.errors import ServiceProblem
from app.client.retries import Retries
from app.client.session import BASE_URL, TIMEOUT_SECONDS, address, headers
from app.client.uploads import BATCH_BYTES, BATCH_FILES, Image, batches, content

T = TypeVar("T")


class AsyncClient:
    """As `Client`, with methods to await. Images that are paths or files are read on the event loop."""

    def __init__(
        self,
        base_url: str = BASE_URL,
        *,
        api_key: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        retries: Retries | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Connect to nothing yet. The arguments are those of `Client`; `sleep` is awaited."""
        self._http = httpx2.AsyncClient(
            base_url=address(base_url), headers=headers(api_key), timeout=timeout, transport=transport
        )
        self._retries = retries or Retries()
        self._sleep = sleep

    async def recognise(self, image: Image, task: str = "digit", **options: Unpack[Options]) -> Answer:
        """Recognise one image; see `Client.recognise`."""
        return await self._run(calls.recognise(task, content(image), options))

    async def recognise_many(
        self,
        images: Iterable[Image],
        task: str = "digit",
        *,
        batch_files: int = BATCH_FILES,
        batch_bytes: int = BATCH_BYTES,
        **options: Unpack[Options],
    ) -> AsyncIterator[Answer | ServiceProblem]:
        """Recognise any number of images, a batch at a time; see `Client.recognise_many`."""
        for batch in batches(images, files=batch_files, size=batch_bytes):
            for result in await self._run(calls.recognise_batch(task, batch, options)):
                yield result

    async def models(self) -> tuple[Model, ...]:
        """Return the loaded models; see `Client.models`."""
        return await self._run(calls.models())

    async def ready(self) -> bool:
        """Return whether the service can answer now; see `Client.ready`."""
        return await self._run(calls.ready())

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _run(self, call: Call[T]) -> T:
        retries, attempt = call.retries or self._retries, 1
        while (seconds := retries.seconds_after(reply := await self._reply(call), attempt)) is not None:
            await self._sleep(seconds)
            attempt += 1
        return call.read(reply)

    async def _reply(self, call: Call[T]) -> Reply:
        try:
            return await self._http.send(call.request(self._http))
        except httpx2.RequestError as error:
            return error
