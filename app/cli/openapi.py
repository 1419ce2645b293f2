"""`inkling openapi`."""

from __future__ import annotations

import json

from app.cli.startup import ending_on_wrong_models, read_settings
from app.main import create_app
from app.settings import Settings


def openapi() -> None:
    """Print what /openapi.json answers, for generators of clients. No model is loaded for it."""
    with ending_on_wrong_models():
        print(description(read_settings()), end="")


def description(settings: Settings) -> str:
    """Return the OpenAPI document of a service as JSON, one way to write it for one content.

    Raises:
        ArtifactError: a model is missing, damaged or incompatible.
    """
    document = create_app(settings).openapi()
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
