from __future__ import annotations

import httpx2
import pytest

from app.client import Client, ServiceProblem, TransportFailure
from app.client.retries import NO_RETRIES


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
