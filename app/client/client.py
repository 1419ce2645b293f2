"""The client for code without an event loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
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


class Client:
    """Calls an Inkling service. Holds connections: close it, or use it in a `with` statement."""

    def __init__(
        self,
        base_url: str = BASE_URL,
        *,
        api_key: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        retries: Retries | None = None,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Connect to nothing yet.

        Args:
            base_url: where the service is, with http:// or https://.
            api_key: where the service wants one; white space around it is left out.
            timeout: in seconds, for connecting and for each wait on the service.
            retries: when to try again; `Retries()` where None.
            transport: httpx2's own where None.
            sleep: waits for seconds.

        Raises:
            ValueError: `base_url` is no such URL, or `api_key` cannot be sent.
        """
        self._http = httpx2.Client(
            base_url=address(base_url), headers=headers(api_key), timeout=timeout, transport=transport
        )
        self._retries = retries or Retries()
        self._sleep = sleep

    def recognise(
        self,
        image: Image,
        task: str = "digit",
        **options: Unpack[Options],
    ) -> Answer:
        """Recognise one image.

        Args:
            image: the bytes of an image file, its path, or the file itself.
            task: name of the model, "digit" or "char".
            options: `top_k`, `polarity`, `allow` and `explain`; see `Options`.

        Raises:
            ServiceProblem: the service did not recognise it; the subclasses say why.
            TransportFailure: no answer came.
            UnexpectedAnswer: another program answered.
            OSError: the file cannot be read.
        """
        return self._run(calls.recognise(task, content(image), options))

    def recognise_many(
        self,
        images: Iterable[Image],
        task: str = "digit",
        *,
        batch_files: int = BATCH_FILES,
        batch_bytes: int = BATCH_BYTES,
        **options: Unpack[Options],
    ) -> Iterator[Answer | ServiceProblem]:
        """Recognise any number of images, read and sent a batch at a time.

        Args:
            images: any number of what `recognise` takes.
            task: name of the model, "digit" or "char".
            batch_files: the most files of a batch, where the service is set to fewer than 64.
            batch_bytes: the most bytes of a batch, where the service is set to fewer than 64 MiB.
            options: for all of them; see `Options`.

        Yields:
            In order, an answer, or the problem with that image alone.

        Raises:
            InklingError: a whole batch got no answer.
            OSError: a file cannot be read.
            ValueError: `batch_files` or `batch_bytes` is below 1.
            TypeError: `images` is a single one.
        """
        for batch in batches(images, files=batch_files, size=batch_bytes):
            yield from self._run(calls.recognise_batch(task, batch, options))

    def models(self) -> tuple[Model, ...]:
        """Return the loaded models.

        Raises:
            InklingError: no answer came.
        """
        return self._run(calls.models())

    def ready(self) -> bool:
        """Return whether the service can answer now; False too where nothing listens there, or nothing answers in time.

        Raises:
            InklingError: something else answers, or the request cannot be sent: waiting would not help.
        """
        return self._run(calls.ready())

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, call: Call[T]) -> T:
        retries, attempt = call.retries or self._retries, 1
        while (seconds := retries.seconds_after(reply := self._reply(call), attempt)) is not None:
            self._sleep(seconds)
            attempt += 1
        return call.read(reply)

    def _reply(self, call: Call[T]) -> Reply:
        try:
            return self._http.send(call.request(self._http))
        except httpx2.RequestError as error:
            return error
