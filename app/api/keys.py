"""Optional API keys: configured as SHA-256 digests, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader
from starlette.datastructures import Headers

from app.api.problems import UNAUTHORISED, RequestProblem

HEADER = "X-API-Key"
#: What a client without a key is told.
NEEDED = f"Send a valid API key in the header {HEADER}."
#: Calls that need an API key where any is configured, and all below them.
GUARDED = ("/predict", "/models")
#: The same of admin keys.
ADMIN = "/admin"
#: Says so in the API's description.
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


def required(scheme: APIKeyHeader, digests: Sequence[str]) -> Any:
    """Return a dependency for routes that need a key, which a request without one is refused by.

    `app.api.admission` has refused it by then, before its body was read. This holds wherever that one knows a route by
    another path.

    Args:
        scheme: as the API's description names it.
        digests: hexadecimal SHA-256 of each accepted key.

    Raises:
        RequestProblem: from the dependency.
    """

    async def check(request: Request, key: str | None = Security(scheme)) -> None:
        if not has_key(request.headers, digests):
            raise RequestProblem(UNAUTHORISED, NEEDED)

    return Depends(check)


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def has_key(headers: Headers, digests: Sequence[str]) -> bool:
    """Return whether a request brings one of the keys.

    Args:
        headers: of the request.
        digests: hexadecimal SHA-256 of each accepted key.
    """
    if not (key := headers.get(HEADER)):
        return False
    # A header arrives as bytes; this undoes Starlette's decoding, so that a key may hold any UTF-8.
    sent = hashlib.sha256(key.encode("latin-1")).hexdigest()
    # Every digest is compared, so that the time taken does not tell which one matched.
    matches = [hmac.compare_digest(sent, digest) for digest in digests]
    return any(matches)
