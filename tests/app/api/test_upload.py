from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable

import pytest
import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.admission import Admission

SCOPE = {"type": "http", "method": "POST", "path": "/predict/digit", "headers": [(b"content-length", b"10")]}


def admission(app: ASGIApp, *, upload_seconds: float = 5.0) -> Admission:
    return Admission(
        app,
        max_upload_bytes=20,
        max_batch_bytes=20,
        max_pending_bytes=25,
        upload_seconds=upload_seconds,
        check_open=lambda: None,
    )


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(body)(scope, receive, send)


class Client:
    """One request: its body, and then what its connection does."""

    def __init__(
        self, then: Callable[[], Awaitable[Message]], body: bytes = b"0123456789", *, more: bool = False
    ) -> None:
        self.answer: list[Message] = []
        self._messages = iter([{"type": "http.request", "body": body, "more_body": more}])
        self._then = then

    async def receive(self) -> Message:
        message = next(self._messages, None)
        return message or await self._then()

    async def send(self, message: Message) -> None:
        self.answer.append(message)


async def stay() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def leave() -> Message:
    return {"type": "http.disconnect"}


def test_a_body_comes_through() -> None:
    client = Client(stay)
    asyncio.run(admission(echo)(SCOPE, client.receive, client.send))
    assert client.answer[0]["status"] == 200
    assert client.answer[1]["body"] == b"0123456789"


def test_an_upload_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.admission.DISCARD_SECONDS", 0.01)
    client = Client(stay)
    asyncio.run(admission(echo, upload_seconds=0.01)(SCOPE, stay, client.send))
    assert client.answer[0]["status"] == 408
    document = json.loads(client.answer[1]["body"])
    assert document["code"] == "upload-timeout"
    assert "0.01 seconds" in document["detail"]


def test_an_upload_that_is_given_up_leaves_its_task_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.admission.DISCARD_SECONDS", 0.01)

    async def swallow(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await receive()

    async def main(app: ASGIApp) -> None:
        client = Client(stay)
        await admission(app, upload_seconds=0.01)(SCOPE, stay, client.send)
        assert client.answer[0]["status"] == 408
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    for app in (echo, swallow):
        asyncio.run(main(app))


def test_an_answer_that_has_begun_before_the_body_is_whole_is_not_given_up() -> None:
    async def answer_at_once(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(0.05)
        await send({"type": "http.response.body", "body": b"whole"})

    client = Client(stay, more=True)
    asyncio.run(admission(answer_at_once, upload_seconds=0.01)(SCOPE, client.receive, client.send))
    assert [message.get("body") for message in client.answer] == [None, b"whole"]


def test_a_client_that_leaves_after_a_slow_upload_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.upload.WATCHED_SECONDS", 0.01)
    parts = iter([b"01234", b"56789"])

    async def slowly() -> Message:
        part = next(parts, None)
        await asyncio.sleep(0.03)
        return {"type": "http.request", "body": part, "more_body": part == b"01234"} if part else await leave()

    async def recognise(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        await asyncio.Event().wait()

    client = Client(stay)
    asyncio.run(admission(recognise)(SCOPE, slowly, client.send))
    assert client.answer == []


@pytest.mark.parametrize("query", [b"", b"top_k=2"])
def test_who_leaves_before_the_body_is_whole_is_counted_as_gone(client: TestClient, query: bytes) -> None:
    headers = [(b"content-type", b"multipart/form-data; boundary=b")]
    scope = {**SCOPE, "headers": headers, "query_string": query, "root_path": ""}
    leaving = Client(leave, b"--b\r\n", more=True)
    with structlog.testing.capture_logs() as lines:
        asyncio.run(client.app(scope, leaving.receive, leaving.send))
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["status"] == 499
    assert "problem" not in line
    assert leaving.answer == []


def test_nothing_is_done_for_a_client_that_has_gone() -> None:
    ended = []

    async def recognise(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    client = Client(leave)
    asyncio.run(admission(recognise)(SCOPE, client.receive, client.send))
    assert ended == ["cancelled"]
    assert client.answer == []


def test_a_request_that_is_cancelled_from_elsewhere_stays_cancelled() -> None:
    async def shut_down() -> None:
        client = Client(stay)
        request = asyncio.create_task(admission(stay_busy)(SCOPE, client.receive, client.send))
        await asyncio.sleep(0)
        request.cancel()
        await request

    async def stay_busy(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        await asyncio.Event().wait()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(shut_down())


def test_a_client_that_leaves_during_its_answer_cancels_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.upload.WATCHED_SECONDS", 0)
    done = []

    async def answer_slowly(scope: Scope, receive: Receive, send: Send) -> None:
        await echo(scope, receive, send)
        for _ in range(10):  # turns of the loop, in which the watch sees the client leave
            await asyncio.sleep(0)
        done.append("done")

    client = Client(leave)
    asyncio.run(admission(answer_slowly)(SCOPE, client.receive, client.send))
    assert done == ["done"]


def test_more_bytes_than_the_service_holds_are_refused_until_there_is_room() -> None:
    async def three_at_once() -> list[int]:
        finish = asyncio.Event()

        async def wait(scope: Scope, receive: Receive, send: Send) -> None:
            await Request(scope, receive).body()
            await finish.wait()
            await PlainTextResponse("")(scope, receive, send)

        service = admission(wait)
        clients = [Client(stay) for _ in range(4)]
        requests = [asyncio.create_task(service(SCOPE, it.receive, it.send)) for it in clients[:3]]
        while not clients[2].answer:
            await asyncio.sleep(0)
        refused = clients[2].answer[0]
        assert int(dict(refused["headers"])[b"retry-after"]) >= 1
        finish.set()
        requests[2].cancel()
        await asyncio.gather(*requests, return_exceptions=True)
        await service(SCOPE, clients[3].receive, clients[3].send)
        return [client.answer[0]["status"] for client in clients]

    assert asyncio.run(three_at_once()) == [200, 200, 429, 200]


def test_bytes_that_are_only_announced_keep_nobody_out() -> None:
    async def beside_idle_ones() -> int:
        service = admission(echo)
        idle = [asyncio.create_task(service(SCOPE, stay, Client(stay).send)) for _ in range(5)]
        await asyncio.sleep(0)
        client = Client(stay)
        await service(SCOPE, client.receive, client.send)
        for request in idle:
            request.cancel()
        await asyncio.gather(*idle, return_exceptions=True)
        return client.answer[0]["status"]

    assert asyncio.run(beside_idle_ones()) == 200
