from __future__ import annotations

import asyncio
from collections.abc import Callable
from email.utils import formatdate

import httpx2
import pytest

from app.client import (
    AsyncClient,
    Client,
    DeadlineExceeded,
    InklingError,
    NotReady,
    Overloaded,
    Retries,
    TransportFailure,
    UnexpectedAnswer,
)
from app.client.retries import retry_after

#: Without chance every wait is the longest that it may be.
RETRIES = Retries(attempts=4, first_seconds=0.5, longest_seconds=20.0, chance=lambda: 0.0)
MODELS = httpx2.Response(200, json={"models": []})
Handler = Callable[[httpx2.Request], httpx2.Response]


def problem(status: int, code: str, **headers: str) -> httpx2.Response:
    """Return a problem document as the service writes it."""
    document = {"type": "urn:x", "title": "t", "status": status, "detail": "d", "instance": "i", "code": code}
    return httpx2.Response(status, json=document, headers={name.replace("_", "-"): headers[name] for name in headers})


def replies(*given: httpx2.Response | Exception) -> Handler:
    """Return a service that gives these replies, and the last one for ever after."""
    left = list(given)

    def handle(request: httpx2.Request) -> httpx2.Response:
        reply = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(reply, Exception):
            raise reply
        # A response belongs to the client that it was given to.
        return httpx2.Response(reply.status_code, headers=reply.headers, content=reply.content)

    return handle


def waits_of_both(handle: Callable[[], Handler]) -> tuple[list[float], InklingError | None]:
    """Ask for the models with either client, see that both do the same, and return the waits and the failure."""
    waited: dict[str, list[float]] = {"sync": [], "async": []}
    failures: dict[str, InklingError | None] = {"sync": None, "async": None}

    async def sleep(seconds: float) -> None:
        waited["async"].append(seconds)

    async def ask() -> None:
        transport = httpx2.MockTransport(handle())
        async with AsyncClient("http://x", retries=RETRIES, transport=transport, sleep=sleep) as client:
            try:
                await client.models()
            except InklingError as error:
                failures["async"] = error

    with Client(
        "http://x", retries=RETRIES, transport=httpx2.MockTransport(handle()), sleep=waited["sync"].append
    ) as client:
        try:
            client.models()
        except InklingError as error:
            failures["sync"] = error
    asyncio.run(ask())
    assert waited["sync"] == waited["async"]
    assert type(failures["sync"]) is type(failures["async"])
    return waited["sync"], failures["sync"]


@pytest.mark.parametrize(
    "failure",
    [
        problem(429, "overloaded"),
        problem(503, "draining"),
        httpx2.Response(503, text="<html>a proxy's own</html>"),
        httpx2.ConnectError("refused"),
        httpx2.ConnectTimeout("nobody there"),
        httpx2.ReadError("reset"),
        httpx2.RemoteProtocolError("closed"),
    ],
)
def test_what_may_pass_is_tried_again(failure: httpx2.Response | Exception) -> None:
    assert waits_of_both(lambda: replies(failure, failure, MODELS)) == ([0.5, 1.0], None)


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (problem(504, "deadline-exceeded", Retry_After="1"), DeadlineExceeded),
        (httpx2.ReadTimeout("slow"), TransportFailure),
        (httpx2.Response(200, text="<html>another program</html>"), UnexpectedAnswer),
        (httpx2.Response(200, json={"models": [{"name": "digit"}]}), UnexpectedAnswer),
    ],
)
def test_what_would_come_out_the_same_is_not(failure: httpx2.Response | Exception, error: type[InklingError]) -> None:
    waits, raised = waits_of_both(lambda: replies(failure, MODELS))
    assert waits == []
    assert type(raised) is error


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (problem(429, "overloaded"), Overloaded),
        (problem(503, "not-ready"), NotReady),
        (httpx2.ConnectError("refused"), TransportFailure),
    ],
)
def test_attempts_end(failure: httpx2.Response | Exception, error: type[InklingError]) -> None:
    waits, raised = waits_of_both(lambda: replies(failure))
    assert waits == [0.5, 1.0, 2.0]
    assert type(raised) is error


def test_retry_after_is_waited_first() -> None:
    waits, _ = waits_of_both(lambda: replies(problem(429, "overloaded", Retry_After="7"), MODELS))
    assert waits == [7.5]


def test_a_longer_wait_than_the_caller_has_patience_for_is_left_to_the_caller() -> None:
    waits, raised = waits_of_both(lambda: replies(problem(503, "not-ready", Retry_After="3600"), MODELS))
    assert waits == []
    assert isinstance(raised, NotReady)
    assert raised.retry_after == 3600


def test_retry_after_may_be_a_date_or_nonsense() -> None:
    def seconds(text: str) -> float | None:
        return retry_after(httpx2.Response(429, headers={"Retry-After": text}), now=lambda: 1_000_000.0)

    assert seconds(formatdate(1_000_012, usegmt=True)) == 12
    assert seconds(formatdate(999_999, usegmt=True)) == 0
    for nonsense in ("", "soon", "-1", "1.5", "Mon, 99 Foo"):
        assert seconds(nonsense) is None


def test_waits_double_up_to_the_longest_and_vary_by_half() -> None:
    failure = httpx2.ConnectError("refused")
    retries = Retries(attempts=99, first_seconds=1, longest_seconds=10, chance=lambda: 1.0)
    assert [retries.seconds_after(failure, attempt) for attempt in range(1, 7)] == [0.5, 1, 2, 4, 5, 5]


def test_readiness_is_asked_once() -> None:
    for failure in (problem(503, "not-ready", Retry_After="1"), httpx2.ConnectError("refused")):
        waited: list[float] = []
        transport = httpx2.MockTransport(replies(failure))
        with Client("http://x", transport=transport, sleep=waited.append) as client:
            assert client.ready() is False
        assert waited == []


def test_an_answer_by_something_in_between_is_a_problem_too() -> None:
    transport = httpx2.MockTransport(replies(httpx2.Response(429, text="slow down")))
    client = Client("http://proxy", transport=transport, sleep=lambda seconds: None)
    with client, pytest.raises(Overloaded) as raised:
        client.models()
    assert (raised.value.code, raised.value.status) == ("unknown", 429)
    assert "proxy" in str(raised.value)
