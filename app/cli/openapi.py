"""`inkling openapi`."""

from __future__ import annotations

import json

from app.artifacts import ArtifactError
from app.cli.startup import fail, read_settings
from app.main import create_app
from app.settings import Settings


def openapi() -> None:
    """Print what /openapi.json answers, for generators of clients. No model is loaded for it."""
    try:
        print(description(read_settings()), end="")
    except ArtifactError as error:
        fail(str(error))


def description(settings: Settings) -> str:
    """Return the OpenAPI document of a service as JSON, one way to write it for one content.

    Raises:
        ArtifactError: a model is missing, damaged or incompatible.
    """
    document = create_app(settings).openapi()
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
