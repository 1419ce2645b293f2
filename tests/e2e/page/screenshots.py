"""Draws `docs/page-light.png` and `docs/page-dark.png`: the page in Chromium, with an answer.

Repeat: python -m tests.e2e.page.screenshots
"""

from __future__ import annotations

import io

from PIL import Image

from tests.e2e.page.browser import chromium, visiting
from tests.e2e.server import ROOT, serving

SIZE = (1200, 940)
COLOURS = 192
#: Colour scheme, task and the sample that is written.
PICTURES = (("light", "Digits", "3"), ("dark", "Characters", "k"))


def main() -> None:
    """Take the pictures."""
    with serving(runtime="litert") as server, chromium() as browser:
        for scheme, task, sample in PICTURES:
            url = f"http://127.0.0.1:{server.port}"
            with visiting(browser, url, size=SIZE, scheme=scheme, density=2) as visit:
                visit.choose(task)
                visit.page.get_by_label(f"Write {sample}", exact=True).click()
                visit.answer()
                visit.page.mouse.move(0, 0)
                picture = Image.open(io.BytesIO(visit.page.screenshot(animations="disabled")))
            fewer = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            fewer.save(ROOT / "docs" / f"page-{scheme}.png", optimize=True)


if __name__ == "__main__":
    main()
