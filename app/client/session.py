"""What every connection to a service needs."""

from __future__ import annotations

BASE_URL = "http://127.0.0.1:8000"
#: Above the service's own deadline of ten seconds, so that its 504 is heard.
TIMEOUT_SECONDS = 30.0


def headers(api_key: str | None) -> dict[str, str]:
    """Return the headers of every request."""
    return {"Accept": "application/json", **({"X-API-Key": api_key} if api_key else {})}
