"""What a call takes from a request. What it does not know would choose nothing, and nobody would be told."""

from __future__ import annotations

from typing import Any

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from app.api.problems import INVALID_PARAMETER, MALFORMED_UPLOAD, RequestProblem
from app.telemetry import printable

#: Of an unknown name so many characters are told; no known one is as long.
SHOWN_CHARACTERS = 32


def known(*names: str, part: str) -> Any:
    """Return a dependency for a call that takes a form, which refuses what would be ignored.

    Args:
        names: of every parameter that the call takes from the query.
        part: name of the form's parts that hold files.

    Raises:
        RequestProblem: from the dependency, for another parameter in the query, or the same one twice; for one of these
            in the form, or a file under another name.
    """

    async def check(request: Request) -> None:
        for name in request.query_params:
            if name not in names:
                detail = f"There is no parameter '{_shown(name)}'; there are {', '.join(names)}."
                raise RequestProblem(INVALID_PARAMETER, detail)
            if len(request.query_params.getlist(name)) > 1:
                raise RequestProblem(INVALID_PARAMETER, f"'{name}' was given more than once.")
        form = await request.form()
        for name in names:
            if name in form:
                detail = f"'{name}' was sent as a part of the form, but options belong in the query: ?{name}=..."
                raise RequestProblem(MALFORMED_UPLOAD, detail)
        for name, value in form.multi_items():
            if name != part and isinstance(value, UploadFile):
                detail = f"A file was sent as '{_shown(name)}', but the form's parts with files are named '{part}'."
                raise RequestProblem(MALFORMED_UPLOAD, detail)

    return Depends(check)


def _shown(name: str) -> str:
    return printable(name[:SHOWN_CHARACTERS]) + ("..." if len(name) > SHOWN_CHARACTERS else "")
