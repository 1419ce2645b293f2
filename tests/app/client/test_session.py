from __future__ import annotations

import traceback

import httpx2
import pytest

from app.client import AsyncClient, Client

Kind = type[Client] | type[AsyncClient]
both = pytest.mark.parametrize("kind", [Client, AsyncClient])


def key_sent(api_key: str) -> bytes | None:
    """Return what a service is sent as the key."""
    sent: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(200, json={"models": []})

    with Client("http://x", api_key=api_key, transport=httpx2.MockTransport(handle)) as client:
        client.models()
    return {name.lower(): value for name, value in sent[0].headers.raw}.get(b"x-api-key")


def test_the_end_of_a_line_is_no_part_of_a_key() -> None:
    assert key_sent("s3cr3t-key\n") == key_sent(" s3cr3t-key\r\n") == b"s3cr3t-key"
    assert key_sent("\n") is key_sent("") is None


def test_a_key_may_hold_any_text() -> None:
    assert key_sent("sésam öffne dich ☃") == "sésam öffne dich ☃".encode()


@both
@pytest.mark.parametrize("inside", ["\n", "\r\n", "\0", "\x1b", "\x7f", "\ud800"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_told(kind: Kind, inside: str) -> None:
    with pytest.raises(ValueError, match="API key") as raised:
        kind("http://x", api_key=f"s3cr3t{inside}other")
    told = "".join(traceback.format_exception_only(raised.value))
    assert "s3cr3t" not in told
    assert "other" not in told
    assert type(raised.value) is ValueError


@both
@pytest.mark.parametrize(
    "base_url",
    [
        "127.0.0.1:8123",
        "localhost:8123",
        "someone:s3cr3t@ink.example",
        "[::1]:8123",
        "ftp://ink.example",
        "http://",
        "http://someone:s3cr3t@ink.example:port",
        "",
    ],
)
def test_an_address_without_http_is_refused_at_once(kind: Kind, base_url: str) -> None:
    with pytest.raises(ValueError, match=r"http://127\.0\.0\.1:8000") as raised:
        kind(base_url)
    assert "s3cr3t" not in str(raised.value)


@both
def test_the_scheme_may_be_written_in_any_case(kind: Kind) -> None:
    kind("HTTPS://ink.example")
