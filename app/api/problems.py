"""Errors as RFC 9457 problem documents. Every error of the service is turned into HTTP here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from app.api.paths import route_path
from app.api.request_id import HEADER, SANE_ID
from app.imaging import (
    CorruptImage,
    EmptyFile,
    ImageError,
    ImageTooLarge,
    ImagingFailed,
    NoInkFound,
    UnsupportedImage,
)
from app.inference import (
    DeadlineExceeded,
    Draining,
    InferenceError,
    NotReady,
    Overloaded,
    RuntimeFailed,
    UnknownCharacters,
)
from app.telemetry import current_record

_log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1
#: What `WWW-Authenticate` says with 401: how to send a key.
CHALLENGE = "ApiKey"


class Problem(BaseModel):
    """What went wrong with a request, after RFC 9457."""

    type: str = Field(description="A URN that names the kind of problem.", examples=["urn:inkling:problem:no-ink"])
    title: str = Field(description="The kind of problem, in words.", examples=["No character found"])
    status: int = Field(description="The HTTP status.", examples=[422])
    detail: str = Field(
        description="What happened here, and what to do about it.",
        examples=["Nothing is written on the page, or too faintly to be told from it."],
    )
    instance: str = Field(
        description="The request id, as in `X-Request-ID`.", examples=["0f3c6f5ab7b54b0f8a4d0b9f3f7a6f11"]
    )
    code: str = Field(description="A stable name for programs.", examples=["no-ink"])


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its stable code, HTTP status, and title."""

    code: str
    status: HTTPStatus
    title: str


MALFORMED_REQUEST = Kind("malformed-request", HTTPStatus.BAD_REQUEST, "Not a usable request")
MALFORMED_UPLOAD = Kind("malformed-upload", HTTPStatus.BAD_REQUEST, "Not a usable upload")
UNAUTHORISED = Kind("unauthorised", HTTPStatus.UNAUTHORIZED, "An API key is needed")
NOT_FOUND = Kind("not-found", HTTPStatus.NOT_FOUND, "No such resource")
UPLOAD_TIMEOUT = Kind("upload-timeout", HTTPStatus.REQUEST_TIMEOUT, "The upload took too long")
METHOD_NOT_ALLOWED = Kind("method-not-allowed", HTTPStatus.METHOD_NOT_ALLOWED, "Method not allowed")
UPLOAD_TOO_LARGE = Kind("upload-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too many bytes")
TOO_MANY_FILES = Kind("too-many-files", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too many files")
IMAGE_TOO_LARGE = Kind("image-too-large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too many pixels")
UNSUPPORTED_IMAGE = Kind("unsupported-image", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Not an accepted image")
INVALID_PARAMETER = Kind("invalid-parameter", HTTPStatus.UNPROCESSABLE_ENTITY, "A parameter is invalid")
EMPTY_FILE = Kind("empty-file", HTTPStatus.UNPROCESSABLE_ENTITY, "The file is empty")
CORRUPT_IMAGE = Kind("corrupt-image", HTTPStatus.UNPROCESSABLE_ENTITY, "The image is damaged")
NO_INK = Kind("no-ink", HTTPStatus.UNPROCESSABLE_ENTITY, "No character found")
MODEL_REFUSED = Kind("model-refused", HTTPStatus.CONFLICT, "A model was refused")
OVERLOADED = Kind("overloaded", HTTPStatus.TOO_MANY_REQUESTS, "The service is full")
NOT_READY = Kind("not-ready", HTTPStatus.SERVICE_UNAVAILABLE, "The service is not ready")
DRAINING = Kind("draining", HTTPStatus.SERVICE_UNAVAILABLE, "The service is going down")
DEADLINE_EXCEEDED = Kind("deadline-exceeded", HTTPStatus.GATEWAY_TIMEOUT, "The answer would come too late")
INTERNAL_ERROR = Kind("internal-error", HTTPStatus.INTERNAL_SERVER_ERROR, "A defect in the service")

KINDS: dict[type[Exception], Kind] = {
    EmptyFile: EMPTY_FILE,
    UnsupportedImage: UNSUPPORTED_IMAGE,
    ImageTooLarge: IMAGE_TOO_LARGE,
    CorruptImage: CORRUPT_IMAGE,
    NoInkFound: NO_INK,
    ImagingFailed: INTERNAL_ERROR,
    UnknownCharacters: INVALID_PARAMETER,
    Overloaded: OVERLOADED,
    NotReady: NOT_READY,
    Draining: DRAINING,
    DeadlineExceeded: DEADLINE_EXCEEDED,
    RuntimeFailed: INTERNAL_ERROR,
}
#: Every code that a request may end in, for the metrics. What cannot be read as HTTP is no request.
CODES = sorted(
    {kind.code for kind in (*KINDS.values(), MALFORMED_UPLOAD, UNAUTHORISED, NOT_FOUND, METHOD_NOT_ALLOWED)}
    | {UPLOAD_TIMEOUT.code, UPLOAD_TOO_LARGE.code, TOO_MANY_FILES.code, MODEL_REFUSED.code}
)
BY_STATUS = {
    HTTPStatus.BAD_REQUEST: MALFORMED_UPLOAD,
    HTTPStatus.NOT_FOUND: NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: METHOD_NOT_ALLOWED,
}
#: What is wrong with a parameter, by pydantic's error types; its own messages are a library's and may change.
VALIDATION_MESSAGES = {
    "int_parsing": "is not a whole number",
    "int_parsing_size": "is not a number of reasonable size",
    "greater_than_equal": "is less than {ge}",
    "less_than_equal": "is more than {le}",
    "enum": "is not one of {expected}",
    "bool_parsing": "is neither true nor false",
    "string_too_short": "is empty",
    "string_too_long": "is longer than {max_length} characters",
    "string_pattern_mismatch": "holds a character that the model has no class for",
}
#: Paths of calls to a model: where there is none of that name, the problem says so.
MODEL_PATH = re.compile(r"/predict/[^/]+(/batch)?")
NO_SUCH_MODEL = "There is no such model. GET /models lists them."
#: The only text that a client is told about a defect.
DEFECT = "Something went wrong on our side. The log has the cause under this request id."


class RequestProblem(Exception):
    """A problem found by the HTTP layer itself."""

    def __init__(self, kind: Kind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind

    def __reduce__(self) -> tuple[type[RequestProblem], tuple[Kind, str]]:
        # Exceptions are pickled by their arguments, of which the base class has one; Ray sends them between processes.
        return type(self), (self.kind, str(self))


def problem(kind: Kind, detail: str) -> Problem:
    """Return the problem document of a kind, for the request under way."""
    return Problem(
        type=f"urn:inkling:problem:{kind.code}",
        title=kind.title,
        status=kind.status,
        detail=detail,
        instance=current_record().request_id,
        code=kind.code,
    )


def problem_of(error: Exception) -> Problem:
    """Return the problem document of one of `EXPECTED`."""
    if isinstance(error, RequestProblem):
        return problem(error.kind, str(error))
    kind = KINDS[type(error)]
    return problem(kind, DEFECT if kind is INTERNAL_ERROR else str(error))


def problem_response(document: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return a problem document as a response, with `Retry-After` where trying again helps, and note it."""
    current_record().refusal = document.code
    own = {"Retry-After": str(RETRY_AFTER_SECONDS)} if document.status in (429, 503) else {}
    own |= {"WWW-Authenticate": CHALLENGE} if document.status == HTTPStatus.UNAUTHORIZED else {}
    return JSONResponse(document.model_dump(), document.status, {**own, **(headers or {})}, MEDIA_TYPE)


#: What the layers below and this one raise on purpose, each of which has its problem document.
EXPECTED = (ImageError, InferenceError, UnknownCharacters, RequestProblem)


def response_to(error: Exception) -> JSONResponse:
    """Return the problem document of one of `EXPECTED` as a response; a defect among them is logged."""
    document = problem_of(error)
    if document.code == INTERNAL_ERROR.code and not isinstance(error, ImagingFailed):  # whose cause has been logged
        _log.error("defect", exc_info=error)
    return problem_response(document)


#: What the API's description says of headers. All of them are always there.
ID_HEADER = {
    HEADER: {
        "description": "The request's own id where it is a sane token, else a new one.",
        "required": True,
        "schema": {"type": "string", "pattern": f"^{SANE_ID.pattern}$"},
        "example": "0f3c6f5ab7b54b0f8a4d0b9f3f7a6f11",
    }
}
RETRY_HEADER = {
    "Retry-After": {
        "description": "Seconds after which trying again makes sense.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
        "example": RETRY_AFTER_SECONDS,
    }
}
CHALLENGE_HEADER = {
    "WWW-Authenticate": {
        "description": "That a key is wanted.",
        "required": True,
        "schema": {"type": "string"},
        "example": CHALLENGE,
    }
}
HEADERS: dict[HTTPStatus, dict[str, dict[str, Any]]] = {
    HTTPStatus.UNAUTHORIZED: CHALLENGE_HEADER,
    HTTPStatus.TOO_MANY_REQUESTS: RETRY_HEADER,
    HTTPStatus.SERVICE_UNAVAILABLE: RETRY_HEADER,
}


def describe(*kinds: Kind, example: object = None) -> dict[int | str, dict[str, Any]]:
    """Return FastAPI's `responses` for a call: its headers, and the problems it may answer with, an example for each.

    Args:
        kinds: of the problems.
        example: of the answer, as JSON has it; None where its schema's own examples do.
    """
    # A reference, not FastAPI's `model`, which would promise plain application/json.
    schema = {"$ref": "#/components/schemas/Problem"}
    responses: dict[int | str, dict[str, Any]] = {
        int(HTTPStatus.OK): {"headers": ID_HEADER},
        "default": {
            "description": "Any other problem",
            "headers": ID_HEADER,
            "content": {MEDIA_TYPE: {"schema": schema}},
        },
    }
    if example is not None:
        responses[int(HTTPStatus.OK)]["content"] = {"application/json": {"example": example}}
    for kind in kinds:
        content = {MEDIA_TYPE: {"schema": schema, "examples": {}}}
        headers = {**ID_HEADER, **HEADERS.get(kind.status, {})}
        entry = responses.setdefault(int(kind.status), {"description": "", "headers": headers, "content": content})
        entry["description"] += f"{'; ' if entry['description'] else ''}{kind.title} (`{kind.code}`)"
        entry["content"][MEDIA_TYPE]["examples"][kind.code] = {
            "value": {
                "type": f"urn:inkling:problem:{kind.code}",
                "title": kind.title,
                "status": int(kind.status),
                "detail": DEFECT if kind is INTERNAL_ERROR else kind.title + ".",
                "instance": "0f3c6f5ab7b54b0f8a4d0b9f3f7a6f11",
                "code": kind.code,
            }
        }
    return responses


def install_handlers(app: FastAPI) -> None:
    """Make every exception that reaches FastAPI a problem document."""

    async def raised(request: Request, error: Exception) -> JSONResponse:
        return response_to(error)

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        kind = BY_STATUS.get(HTTPStatus(error.status_code), INTERNAL_ERROR)
        if kind is MALFORMED_UPLOAD and error.detail.startswith("Too many"):
            kind = TOO_MANY_FILES
        if kind is INTERNAL_ERROR:
            _log.error("defect", exc_info=error)
        return problem_response(problem(kind, _http_detail(kind, request, error.headers)), error.headers)

    async def validation(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return problem_response(_validation_problem(error))

    for base in EXPECTED:
        app.add_exception_handler(base, raised)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, validation)


def _http_detail(kind: Kind, request: Request, headers: Mapping[str, str] | None) -> str:
    answered = (headers or {}).get("Allow", "others")
    path = route_path(request.scope)
    slash = " Leave out the slash at its end." if path.endswith("/") else ""
    return {
        MALFORMED_UPLOAD: "The body is not multipart/form-data with a boundary, or one of its parts is broken.",
        TOO_MANY_FILES: "The form has too many parts.",
        NOT_FOUND: (
            NO_SUCH_MODEL
            if MODEL_PATH.fullmatch(path)
            else f"There is nothing at this address.{slash} The API is described at /docs."
        ),
        METHOD_NOT_ALLOWED: f"This address does not answer {request.method}; it answers {answered}.",
    }.get(kind, DEFECT)


def _validation_problem(error: RequestValidationError) -> Problem:
    """Say which field is wrong and why, without echoing what was sent."""
    first = error.errors()[0]
    where, *path = first["loc"]
    if where == "body":
        name = path[0] if path else "file"
        if isinstance(error.body, FormData) and name in error.body:
            detail = f"The part named '{name}' has no filename, and so is text and not a file (curl: {name}=@NAME)."
        else:
            detail = f"Send multipart/form-data with the image file in a part named '{name}'."
        return problem(MALFORMED_UPLOAD, detail)
    limits = first.get("ctx", {})
    wrong = VALIDATION_MESSAGES.get(first["type"], "is not valid").format(**limits)
    return problem(INVALID_PARAMETER, f"The parameter '{path[0]}' {wrong}.")
