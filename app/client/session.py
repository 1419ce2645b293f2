"""What every connection to a service needs."""

from __future__ import annotations

import re

import httpx2

BASE_URL = "http://127.0.0.1:8000"
#: Above the service's own deadline of ten seconds, so that its 504 is heard.
TIMEOUT_SECONDS = 30.0
#: What no header can carry: control characters but the tab, and halves of characters, which UTF-8 has no bytes for.
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_NO_ADDRESS = "A service's address is a URL such as http://127.0.0.1:8000, with http:// or https:// and a host."


def address(base_url: str) -> httpx2.URL:
    """Return where the service is.

    Args:
        base_url: of the service.

    Raises:
        ValueError: it is no URL of HTTP. The message leaves it out, as it may hold a password.
    """
    try:
        url = httpx2.URL(base_url)
    except httpx2.InvalidURL:
        raise ValueError(_NO_ADDRESS) from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError(_NO_ADDRESS)
    return url


def headers(api_key: str | None) -> dict[bytes, bytes]:
    """Return the headers of every request.

    Args:
        api_key: where the service wants one. White space around it, such as the end of a file's line, is not sent.

    Raises:
        ValueError: the key cannot be sent. The message leaves it out, as messages end up in logs.
    """
    key = (api_key or "").strip()
    if _UNSENDABLE.search(key):
        raise ValueError("The API key holds a control character or is no text. Is it the right one, and one line?")
    return {b"Accept": b"application/json", **({b"X-API-Key": key.encode()} if key else {})}
