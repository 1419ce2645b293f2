"""Optional API keys: configured as SHA-256 digests, compared in constant time."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

from fastapi import Security
from fastapi.security import APIKeyHeader

from app.api.problems import UNAUTHORISED, RequestProblem

HEADER = "X-API-Key"


def require_key(digests: Sequence[str]) -> Callable[[str | None], Awaitable[None]]:
    """Return a dependency that refuses requests without one of these keys.

    Args:
        digests: hexadecimal SHA-256 of each accepted key.
    """
    scheme = APIKeyHeader(name=HEADER, auto_error=False, description="Only where the operator has configured keys.")

    async def check(key: Annotated[str | None, Security(scheme)] = None) -> None:
        sent = hashlib.sha256((key or "").encode()).hexdigest()
        # Every digest is compared, so that the time taken does not tell which one matched.
        matches = [hmac.compare_digest(sent, digest) for digest in digests]
        if not any(matches):
            raise RequestProblem(UNAUTHORISED, f"Send a valid API key in the header {HEADER}.")

    return check
