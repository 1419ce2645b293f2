"""The path of a request as the application's own routes have it."""

from __future__ import annotations

from starlette.types import Scope


def route_path(scope: Scope) -> str:
    """Return a request's path without the prefix that the application is mounted under.

    In ASGI `path` begins with `root_path`, where a proxy, Ray Serve or another application sets one.
    """
    path: str = scope["path"]
    prefix: str = scope.get("root_path", "")
    return path.removeprefix(prefix) if path == prefix or path.startswith(f"{prefix}/") else path
