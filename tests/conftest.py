from __future__ import annotations

import os
from collections.abc import Iterator

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.models import MODELS


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    """The whole application in this process, on the shipped models, ready."""
    app = create_app(Settings(models_dir=MODELS, max_batch_files=8, _env_file=None))
    with TestClient(app) as connected:
        wait_until_ready(connected)
        yield connected


def wait_until_ready(connected: TestClient) -> None:
    """Block until the models are loaded."""
    connected.app.state.registry.loaded.wait(60)
    assert connected.get("/readyz").status_code == 200
