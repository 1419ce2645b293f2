from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.server import Server, serving


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    """A service on the shipped models, for tests that leave it running."""
    with serving() as running:
        yield running
