"""Optional API keys: configured as SHA-256 digests, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from fastapi.security import APIKeyHeader
from starlette.datastructures import Headers

HEADER = "X-API-Key"
#: Calls that need a key where any is configured, and all below them.
GUARDED = ("/predict", "/models")
#: Says so in the API's description. The check itself comes before the body is read: see `app.api.admission`.
KEY_SCHEME = APIKeyHeader(name=HEADER, auto_error=False, description="Only where the operator has configured keys.")


def is_guarded(path: str) -> bool:
    """Return whether a path needs a key where any is configured."""
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in GUARDED)


def has_key(headers: Headers, digests: Sequence[str]) -> bool:
    """Return whether a request brings one of the keys.

    Args:
        headers: of the request.
        digests: hexadecimal SHA-256 of each accepted key.
    """
    # A header arrives as bytes; this undoes Starlette's decoding, so that a key may hold any UTF-8.
    sent = hashlib.sha256(headers.get(HEADER, "").encode("latin-1")).hexdigest()
    # Every digest is compared, so that the time taken does not tell which one matched.
    matches = [hmac.compare_digest(sent, digest) for digest in digests]
    return any(matches)
