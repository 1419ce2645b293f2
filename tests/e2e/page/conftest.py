from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.page.browser import CHROMIUM, Visit, chromium, visiting
from tests.e2e.server import Server


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The Chromium that is installed."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")
    with chromium() as started:
        yield started


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Visit]:
    """A new visitor at a desk, who prefers reduced motion, on the front page."""
    with visiting(browser, f"http://127.0.0.1:{server.port}") as begun:
        yield begun
