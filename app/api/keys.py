"""Optional API keys: configured as SHA-256 digests, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi.security import APIKeyHeader
from starlette.datastructures import Headers

HEADER = "X-API-Key"
#: Calls that need an API key where any is configured, and all below them.
GUARDED = ("/predict", "/models")
#: The same of admin keys.
ADMIN = "/admin"
#: Says so in the API's description. The check itself comes before the body is read: see `app.api.admission`.
KEY_SCHEME = APIKeyHeader(name=HEADER, auto_error=False, description="Only where the operator has configured keys.")
ADMIN_SCHEME = APIKeyHeader(
    name=HEADER, auto_error=False, scheme_name="AdminKeyHeader", description="A key of INKLING_ADMIN_KEYS."
)


@dataclass(frozen=True)
class Keys:
    """The keys that open the service's calls, as hexadecimal SHA-256 digests; none where no key is needed.

    api: for recognition and the models.
    admin: for what changes the service.
    """

    api: Sequence[str] = ()
    admin: Sequence[str] = ()

    def admit(self, path: str, headers: Headers) -> bool:
        """Return whether a request for a path brings what the path needs."""
        digests = self._digests(path)
        return not digests or has_key(headers, digests)

    def _digests(self, path: str) -> Sequence[str]:
        if _is_below(path, ADMIN):
            return self.admin
        if any(_is_below(path, prefix) for prefix in GUARDED):
            return self.api
        return ()


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


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
