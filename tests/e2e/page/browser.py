"""The demo page in the Chromium that is installed, the way a visitor has it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.strokes import Stroke

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A camera that shows a test picture, and a visitor who allows it.
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
DESKTOP = (1440, 1000)
PHONE = (360, 740)
#: The pad's middle, where the tests draw.
INSET = 0.1


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser, and end it afterwards."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Visit:
    """A visitor's page, everything it asked for, and what the browser complained about."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.requests: list[Request] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request))
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        # Chromium hands its dialogs over from the first listener on, a moment late: one that came with the test would
        # race with the key that opens the dialog.
        page.on("filechooser", lambda _: None)

    def open(self, path: str = "/") -> None:
        self.page.goto(self.url + path)

    def choose(self, task: str) -> None:
        """Switch to Digits or Characters."""
        self.page.get_by_label(task, exact=True).check()

    def draw(self, strokes: Sequence[Stroke]) -> None:
        """Draw strokes of a unit square with the mouse."""
        area = self.page.locator("#canvas").bounding_box()
        assert area
        side = area["width"] * (1 - 2 * INSET)
        left, top = area["x"] + area["width"] * INSET, area["y"] + area["height"] * INSET
        mouse = self.page.mouse
        for stroke in strokes:
            first, *rest = [(left + x * side, top + y * side) for x, y in stroke]
            mouse.move(*first)
            mouse.down()
            for point in rest:
                mouse.move(*point)
            mouse.up()

    def answer(self) -> str:
        """Wait for the newest answer and return its label's characters."""
        self.settled("read")
        return self.page.locator("#label").inner_text()

    def problem(self) -> str:
        """Wait for the newest answer, which is a problem, and return its sentence."""
        self.settled("problem")
        return self.page.locator("#problem").inner_text()

    def settled(self, state: str) -> None:
        self.page.wait_for_selector(f"#answer[aria-busy=false][data-state={state}]")

    def drop(self, files: Mapping[str, bytes]) -> None:
        """Drop files on the page."""
        contents = {name: list(data) for name, data in files.items()}
        transfer = self.page.evaluate_handle(
            """contents => {
                const transfer = new DataTransfer();
                for (const [name, bytes] of Object.entries(contents))
                    transfer.items.add(new File([new Uint8Array(bytes)], name, {type: 'image/png'}));
                return transfer;
            }""",
            contents,
        )
        for kind in ("dragenter", "dragover", "drop"):
            self.page.dispatch_event("main", kind, {"dataTransfer": transfer})

    def foreign_requests(self) -> list[str]:
        """Return what was asked of other hosts."""
        host = urlsplit(self.url).netloc
        urls = [urlsplit(request.url) for request in self.requests]
        return [url.geturl() for url in urls if url.scheme not in {"data", "blob"} and url.netloc != host]


@contextmanager
def visiting(
    browser: Browser,
    url: str,
    *,
    size: tuple[int, int] = DESKTOP,
    density: float = 1,
    scheme: str = "light",
    motion: str = "reduce",
) -> Iterator[Visit]:
    """Open the page as a new visitor; whatever the visit was for, nothing may be fetched elsewhere."""
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(
        viewport=viewport, device_scale_factor=density, color_scheme=scheme, reduced_motion=motion
    )
    context.set_default_timeout(15_000)
    visit = Visit(context.new_page(), url)
    visit.open()
    try:
        yield visit
        assert visit.foreign_requests() == []
    finally:
        context.close()
