"""A typed client of the service, for code with an event loop and without. Needs httpx2 and nothing else of `app`.

from app.client import Client

with Client("http://127.0.0.1:8000") as inkling:
    answer = inkling.recognise("letter.jpg", "char")
"""

from app.client.answers import Answer, Candidate, Explanation, Metrics, Model
from app.client.async_client import AsyncClient
from app.client.calls import Options
from app.client.client import Client
from app.client.errors import (
    DeadlineExceeded,
    ImageProblem,
    InklingError,
    InvalidRequest,
    NotReady,
    Overloaded,
    ServiceDefect,
    ServiceProblem,
    TransportFailure,
    Unauthorised,
    UnexpectedAnswer,
    UploadTimeout,
)
from app.client.retries import Retries
from app.client.uploads import Image

__all__ = [
    "Answer",
    "AsyncClient",
    "Candidate",
    "Client",
    "DeadlineExceeded",
    "Explanation",
    "Image",
    "ImageProblem",
    "InklingError",
    "InvalidRequest",
    "Metrics",
    "Model",
    "NotReady",
    "Options",
    "Overloaded",
    "Retries",
    "ServiceDefect",
    "ServiceProblem",
    "TransportFailure",
    "Unauthorised",
    "UnexpectedAnswer",
    "UploadTimeout",
]
