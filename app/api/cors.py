"""Pages of other origins, where the operator lets them call the API."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from app.api import keys, request_id


class Cors(CORSMiddleware):
    """Starlette's, for these origins, and without an error of its own making."""

    def __init__(self, app: ASGIApp, *, origins: Sequence[str]) -> None:
        """Wrap an application.

        Args:
            app: what is wrapped.
            origins: such as `https://example.org`, or `*` for all.
        """
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Content-Type", keys.HEADER, request_id.HEADER],
            expose_headers=[request_id.HEADER, "Retry-After"],
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer a browser's question. Without the permission in the headers the browser refuses by itself.

        Starlette's would be a plain 400, where every error of this service is a problem document.
        """
        answer = super().preflight_response(request_headers)
        permissions = {
            name: value for name, value in answer.headers.items() if name not in {"content-length", "content-type"}
        }
        return Response(status_code=204, headers=permissions)
