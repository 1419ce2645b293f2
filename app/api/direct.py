"""The common recognition, one file and no options, past FastAPI's machinery for parameters.

Solving the parameters and serialising the answer by its schema took half of the time of a request that has none of the
former and whose answer is built from that schema anyway.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def direct_route(answer: Callable[[UploadFile], Awaitable[BaseModel]], *, part: str) -> type[APIRoute]:
    """Return a class of routes that answer a form of one file and nothing else themselves, and leave others to FastAPI.

    What the router depends on is not asked on this way: keys are the business of `app.api.admission`.

    Args:
        answer: what the endpoint does with the file where no parameter is given.
        part: name of the form's part that holds the file.
    """

    class DirectRoute(APIRoute):
        def get_route_handler(self) -> Handler:
            general = super().get_route_handler()

            async def handle(request: Request) -> Response:
                if request.scope["query_string"]:
                    return await general(request)
                form = await _form(request)
                (name, upload), *others = form.multi_items() or [("", "")]
                if others or name != part or not isinstance(upload, UploadFile):
                    # The request keeps the form that has been read.
                    return await general(request)
                try:
                    found = await answer(upload)
                finally:
                    await form.close()
                return Response(found.model_dump_json(exclude_none=True), media_type="application/json")

            return handle

    return DirectRoute


async def _form(request: Request) -> FormData:
    """Read the form; what is wrong with it is raised as FastAPI raises it."""
    try:
        return await request.form()
    except HTTPException:
        raise
    except Exception as error:
        raise HTTPException(400, "There was an error parsing the body") from error
