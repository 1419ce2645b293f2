from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx2
import pytest

from app.client import (
    Answer,
    AsyncClient,
    Client,
    ImageProblem,
    InklingError,
    Overloaded,
    ServiceProblem,
    TransportFailure,
    UnexpectedAnswer,
)
from app.client.retries import NO_RETRIES

Handler = Callable[[httpx2.Request], httpx2.Response]
ANSWER = {"label": "7", "confidence": 0.9, "uncertain": False, "candidates": [], "model": {"name": "m", "version": "1"}}


def refusing(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("refused", request=request)


def strange(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(502, text="<html>")


@pytest.mark.parametrize(
    ("base_url", "named"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://ink.example/reading/", "https://ink.example/reading"),
        ("http://someone:secret@ink.example:81", "http://ink.example:81"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_who_does_not_answer_is_named_by_its_address(base_url: str, named: str) -> None:
    with Client(base_url, retries=NO_RETRIES, transport=httpx2.MockTransport(refusing)) as nobody:
        for ask in (nobody.models, lambda: nobody.recognise(b"x", "any thing?")):
            with pytest.raises(TransportFailure) as raised:
                ask()
            assert str(raised.value) == f"{named}: refused"
    with Client(base_url, retries=NO_RETRIES, transport=httpx2.MockTransport(strange)) as other:
        with pytest.raises(ServiceProblem) as answered:
            other.models()
        assert answered.value.detail.startswith(f"{named} answered 502")


def failing(failure: Exception) -> Handler:
    def handle(request: httpx2.Request) -> httpx2.Response:
        raise failure

    return handle


def ready_by_both(handle: Handler) -> bool:
    """Return what either client says of a service's readiness, or raise what the second one raises."""

    async def ask() -> bool:
        async with AsyncClient("http://x", transport=httpx2.MockTransport(handle)) as client:
            return await client.ready()

    with Client("http://x", transport=httpx2.MockTransport(handle)) as client:
        try:
            ready = client.ready()
        except InklingError as error:
            with pytest.raises(type(error)):
                asyncio.run(ask())
            raise
    assert asyncio.run(ask()) is ready
    return ready


@pytest.mark.parametrize(
    "failure",
    [
        httpx2.ConnectError("refused"),
        httpx2.ConnectTimeout(""),
        httpx2.ReadTimeout(""),
        httpx2.ReadError("reset"),
        httpx2.RemoteProtocolError("closed"),
    ],
)
def test_a_service_that_does_not_answer_is_not_ready(failure: Exception) -> None:
    assert ready_by_both(failing(failure)) is False


@pytest.mark.parametrize(
    ("handle", "error"),
    [
        (failing(httpx2.LocalProtocolError("Illegal header value")), TransportFailure),
        (failing(httpx2.UnsupportedProtocol("no such scheme")), TransportFailure),
        (lambda request: httpx2.Response(200, text="<html>"), UnexpectedAnswer),
        (strange, ServiceProblem),
    ],
)
def test_what_waiting_does_not_mend_is_no_answer_to_whether_it_is_ready(
    handle: Handler, error: type[InklingError]
) -> None:
    with pytest.raises(error):
        ready_by_both(handle)


def test_a_failure_without_words_is_told_by_its_kind() -> None:
    transport = httpx2.MockTransport(failing(httpx2.ReadTimeout("")))
    with Client("http://x", transport=transport) as slow, pytest.raises(TransportFailure) as raised:
        slow.models()
    assert str(raised.value) == "http://x: ReadTimeout"


def results_of_both(handle: Handler, images: list[bytes], **limits: int) -> list[Answer | ServiceProblem]:
    """Return what either client yields for these images."""

    async def ask() -> list[Answer | ServiceProblem]:
        transport = httpx2.MockTransport(handle)
        async with AsyncClient("http://x", transport=transport, retries=NO_RETRIES) as client:
            return [result async for result in client.recognise_many(images, **limits)]

    with Client("http://x", transport=httpx2.MockTransport(handle), retries=NO_RETRIES) as client:
        results = list(client.recognise_many(images, **limits))
    assert list(map(type, asyncio.run(ask()))) == list(map(type, results))
    return results


def small_batches(request: httpx2.Request) -> httpx2.Response:
    """Answer as a service does that takes batches of up to 1,000 bytes."""
    if len(request.content) > 1000:
        refused = {"title": "t", "status": 413, "detail": "d", "instance": "i", "code": "upload-too-large"}
        return httpx2.Response(413, json=refused)
    return httpx2.Response(200, json={"results": [ANSWER] * request.content.count(b'name="files"')})


def test_an_image_that_no_batch_has_room_for_is_a_problem_of_its_own() -> None:
    results = results_of_both(small_batches, [b"small", bytes(2000), b"small", b"small"], batch_bytes=100)
    assert list(map(type, results)) == [Answer, ImageProblem, Answer, Answer]


def test_a_batch_that_is_too_large_for_the_service_is_an_error() -> None:
    with pytest.raises(ImageProblem):
        results_of_both(small_batches, [bytes(600), bytes(600)])
    assert len(results_of_both(small_batches, [bytes(600), bytes(600)], batch_bytes=700)) == 2


def test_what_is_no_fault_of_the_image_is_an_error_of_a_batch_of_one_too() -> None:
    with pytest.raises(Overloaded):
        results_of_both(lambda request: httpx2.Response(429, text="later"), [b"small"])
