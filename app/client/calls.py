"""The calls of the API without any input or output: what to send, and what to make of the reply."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypedDict, TypeVar
from urllib.parse import quote

import httpx2

from app.client.answers import Answer, Model
from app.client.errors import (
    ImageProblem,
    InklingError,
    NotReady,
    ServiceProblem,
    TransportFailure,
    UnexpectedAnswer,
    kind_of,
)
from app.client.retries import BROKEN, NO_RETRIES, Retries, retry_after

T = TypeVar("T")
Params: TypeAlias = dict[str, str | int | bool]
Reply: TypeAlias = httpx2.Response | httpx2.RequestError


class Options(TypedDict, total=False):
    """What the caller may choose; what is left out, or None, is the service's default.

    top_k: how many candidates to return, 1..10.
    polarity: "dark_on_light" or "light_on_dark" overrules the detection of which is paper.
    allow: only these characters may be answered.
    explain: whether to add what the model saw.
    """

    top_k: int | None
    polarity: str | None
    allow: str | None
    explain: bool | None


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request and how its reply is read.

    files: (part's name, bytes) each.
    retries: overrules the client's own.
    """

    method: str
    path: str
    read_body: Callable[[Any], T]
    params: Params = field(default_factory=dict)
    files: Sequence[tuple[str, bytes]] = ()
    retries: Retries | None = None

    def request(self, http: httpx2.Client | httpx2.AsyncClient) -> httpx2.Request:
        """Return a request with a client's address and headers."""
        # The service goes by content; a file's name is nobody's business.
        parts = [(name, ("image", data, "application/octet-stream")) for name, data in self.files]
        return http.build_request(self.method, self.path, params=self.params or None, files=parts or None)

    def read(self, reply: Reply) -> T:
        """Return the answer in a reply, or raise what it says instead.

        Raises:
            ServiceProblem, UnexpectedAnswer, TransportFailure.
        """
        if isinstance(reply, httpx2.RequestError):
            raise TransportFailure(f"{self._service(reply.request)}: {str(reply) or type(reply).__name__}") from reply
        if not reply.is_success:
            raise _problem_of(reply, self._service(reply.request))
        try:
            return self.read_body(reply.json())
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnexpectedAnswer(f"{reply.request.url} did not answer as Inkling does.") from error

    def _service(self, request: httpx2.Request) -> str:
        """Return where the service is, without a password that its address may hold."""
        path = request.url.raw_path.decode().partition("?")[0].removesuffix(self.path)
        return f"{request.url.scheme}://{request.url.netloc.decode()}{path}"


class BatchCall(Call[list[Answer | ServiceProblem]]):
    """The call for a batch, which may be of one image."""

    def read(self, reply: Reply) -> list[Answer | ServiceProblem]:
        """Return what is in a reply; that an only image is refused with its whole request is that image's problem."""
        try:
            return super().read(reply)
        except ImageProblem as problem:
            if len(self.files) > 1:
                raise
            return [problem]


class ReadyCall(Call[bool]):
    """The call that asks whether the service can answer now."""

    def read(self, reply: Reply) -> bool:
        """Return what is in a reply; False too where the service says so itself, or nothing answers there yet.

        Whatever else goes wrong, such as a request that cannot be sent, stays so however long one waits.
        """
        try:
            return super().read(reply)
        except InklingError as error:
            if isinstance(error, NotReady) or isinstance(error.__cause__, (*BROKEN, httpx2.TimeoutException)):
                return False
            raise


def recognise(task: str, image: bytes, options: Options) -> Call[Answer]:
    """Return the call that recognises one image."""
    return Call("POST", _predict(task), Answer.read, _params(options), [("file", image)])


def recognise_batch(task: str, images: Sequence[bytes], options: Options) -> BatchCall:
    """Return the call that recognises many images, each on its own."""

    def results(body: Any) -> list[Answer | ServiceProblem]:
        found = [_problem(item["problem"]) if "problem" in item else Answer.read(item) for item in body["results"]]
        if len(found) != len(images):
            raise ValueError(f"{len(images)} images, {len(found)} answers")
        return found

    files = [("files", image) for image in images]
    return BatchCall("POST", f"{_predict(task)}/batch", results, _params(options), files)


def models() -> Call[tuple[Model, ...]]:
    """Return the call that lists the loaded models."""
    return Call("GET", "/models", lambda body: tuple(map(Model.read, body["models"])))


def ready() -> ReadyCall:
    """Return the call that asks whether the service can answer now, which is not asked twice."""
    return ReadyCall("GET", "/readyz", lambda body: bool(body["status"] == "ready"), retries=NO_RETRIES)


def _predict(task: str) -> str:
    return f"/predict/{quote(task, safe='')}"


def _params(options: Options) -> Params:
    given: dict[str, Any] = {**options}
    return {name: value for name, value in given.items() if value is not None}


def _problem(document: Any, wait: float | None = None) -> ServiceProblem:
    code, status = str(document["code"]), int(document["status"])
    kind = kind_of(code, status)
    return kind(code, status, document["title"], document["detail"], document["instance"], wait)


def _problem_of(response: httpx2.Response, service: str) -> ServiceProblem:
    wait = retry_after(response)
    try:
        return _problem(response.json(), wait)
    except (KeyError, TypeError, ValueError):
        status, title = response.status_code, response.reason_phrase
        detail = f"{service} answered {status} {title}, which is not the service's own answer."
        identity = response.headers.get("X-Request-ID", "none")
        return kind_of("unknown", status)("unknown", status, title, detail, identity, wait)
