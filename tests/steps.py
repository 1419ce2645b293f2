"""Draws `docs/imaging.png`: what each step of the way from upload to network input does, on drawn pages.

Repeat: python -m tests.steps
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from app.imaging import GEOMETRIES, find_ink
from app.imaging.ink import Polarity, detect_polarity, polarity_of_strokes
from app.imaging.lift import lift_flat, lift_plain, lift_uneven
from app.imaging.page import measure_page
from app.imaging.ruling import remove_ruling
from app.imaging.uneven import flatten_locally, narrow_contrast, quiet, without_strips
from app.imaging.writing import keep_writing
from tests.pages import framed, photographed, ruled
from tests.strokes import draw

TARGET = Path(__file__).resolve().parents[1] / "docs" / "imaging.png"
Picture = npt.NDArray[np.generic]


def steps(upload: npt.NDArray[np.uint8]) -> dict[str, Picture]:
    """Return what each step makes of an upload that needs no reduction and shows no table, in their order."""
    page = measure_page(upload)
    quieted, noise = (upload, 0.0) if page.plain else quiet(upload)
    contrast = page.contrast(quieted)
    strips: dict[str, Picture] = {"upload": upload, "page.measure_page": np.broadcast_to(page.level, upload.shape)}
    narrow = None if page.plain or page.even else narrow_contrast(quieted)
    polarity = polarity_of_strokes(quieted, contrast, *narrow) if narrow else detect_polarity(contrast)
    dark = polarity is Polarity.DARK_ON_LIGHT
    if dark:
        contrast = -contrast
    strips["page.contrast"] = contrast
    if page.plain:
        strips["lift.lift_plain"] = ink = lift_plain(contrast)
    elif page.even:
        strips["lift.lift_flat"] = ink = lift_flat(contrast, page.share(noise))
    else:
        side = narrow and narrow[0 if dark else 1]
        strips["uneven.flatten_locally"] = flatten_locally(contrast, side)
        strips["lift.lift_uneven"] = ink = lift_uneven(contrast, side, page.share(noise))
    strips["ruling.remove_ruling"] = bare = remove_ruling(ink)
    ruled = not np.array_equal(bare, ink)
    if not page.plain:
        bare = without_strips(bare)
    strips["writing.keep_writing"] = keep_writing(bare, plain=page.plain, even=page.even, ruled=ruled).ink
    strips["geometry.frame"] = GEOMETRIES["mnist"].frame(find_ink(upload))
    return strips


def neighbours(page: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Let the next line's writing reach into a page."""
    page = page.copy()
    page[232:, 30:70] = 40
    page[236:, 120:150] = 40
    return page


def uploads() -> list[npt.NDArray[np.uint8]]:
    """Return pen on squared paper in a shadow, chalk on a board, and a drawing in a frame."""
    pen = draw("5", (240, 240), scale=0.6, width=0.05, ink=90)
    return [
        photographed(ruled(neighbours(pen), 50, squared=True), fall=0.5),
        photographed(255 - draw("3", (240, 240), scale=0.6, ink=130), noise=4),
        neighbours(ruled(framed(pen, 14), 60)),
    ]


def main() -> None:
    """Draw the picture."""
    rows = [steps(upload) for upload in uploads()]
    figure = Figure(figsize=(1.7 * max(map(len, rows)), 2.1 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), max(map(len, rows)))
    for line, strips in zip(axes, rows, strict=True):
        for axis in line:
            axis.axis("off")
        for axis, (name, picture) in zip(line, strips.items(), strict=False):
            low, high = (0, 255) if picture.dtype == np.uint8 or name == "page.measure_page" else (None, None)
            axis.imshow(picture, cmap="gray", vmin=low, vmax=high)
            axis.set_title(name, fontsize=7)
    figure.savefig(TARGET, dpi=80)


if __name__ == "__main__":
    main()
