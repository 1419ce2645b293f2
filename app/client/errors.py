"""What can go wrong with a call, as a small hierarchy."""

from __future__ import annotations


class InklingError(Exception):
    """Any failure of a call."""


class TransportFailure(InklingError):
    """No answer came: no connection, a broken one, or a timeout. The cause is httpx2's own error."""


class UnexpectedAnswer(InklingError):
    """An answer came that is not Inkling's: another program listens there, or another version of the API."""


class ServiceProblem(InklingError):
    """The service answered with a problem document (RFC 9457).

    code: stable name of the kind of problem, such as "no-ink"; "unknown" where something between here and the service
        answered instead.
    status: HTTP status.
    title: the kind of problem, in words.
    detail: what happened, and what to do about it.
    request_id: what the service's log has this request under.
    retry_after: seconds after which trying again makes sense, where the service said so.
    """

    def __init__(
        self, code: str, status: int, title: str, detail: str, request_id: str, retry_after: float | None = None
    ) -> None:
        super().__init__(code, status, title, detail, request_id, retry_after)
        self.code = code
        self.status = status
        self.title = title
        self.detail = detail
        self.request_id = request_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.detail} ({self.code}, request {self.request_id})"


class ImageProblem(ServiceProblem):
    """The image cannot be recognised: empty, too large, not an image, damaged, or blank."""


class InvalidRequest(ServiceProblem):
    """The service does not know this task, parameter or kind of upload."""


class UploadTimeout(ServiceProblem):
    """The images took longer to arrive than the service waits for them."""


class Unauthorised(ServiceProblem):
    """The service wants an API key, and another than it was sent."""


class Overloaded(ServiceProblem):
    """The service has as many images under way as it takes."""


class NotReady(ServiceProblem):
    """The service is still starting, or going down."""


class DeadlineExceeded(ServiceProblem):
    """The answer would have come too late."""


class ServiceDefect(ServiceProblem):
    """A defect in the service."""


_BY_CODE: dict[str, type[ServiceProblem]] = {
    "empty-file": ImageProblem,
    "unsupported-image": ImageProblem,
    "corrupt-image": ImageProblem,
    "image-too-large": ImageProblem,
    "upload-too-large": ImageProblem,
    "no-ink": ImageProblem,
    "malformed-request": InvalidRequest,
    "malformed-upload": InvalidRequest,
    "invalid-parameter": InvalidRequest,
    "too-many-files": InvalidRequest,
    "not-found": InvalidRequest,
    "method-not-allowed": InvalidRequest,
}
_BY_STATUS: dict[int, type[ServiceProblem]] = {
    401: Unauthorised,
    408: UploadTimeout,
    429: Overloaded,
    500: ServiceDefect,
    503: NotReady,
    504: DeadlineExceeded,
}


def kind_of(code: str, status: int) -> type[ServiceProblem]:
    """Return the class of a problem; `ServiceProblem` itself for kinds that this client does not know."""
    return _BY_CODE.get(code) or _BY_STATUS.get(status, ServiceProblem)
