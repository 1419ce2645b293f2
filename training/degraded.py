"""The degraded copies of a training set: made once for a run, on every CPU, and kept in its folder."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from app.imaging import SIDE
from training.datasets import LabelledImages
from training.degrade import Degradation, degrade
from training.kept import kept_array
from training.progress import tracked
from training.recipes import Recipe
from training.split import Images, framed

Pixels = npt.NDArray[np.uint8]

#: Images that a process is handed at once.
CHUNK = 500


def degraded_copies(
    data: LabelledImages, geometry: str, spec: Degradation, *, copies: int, seed: int, path: Path
) -> Pixels:
    """Return every image of a data set as the chain reads it off a page, `copies` times, each time another page.

    Args:
        data: the data set.
        geometry: key of `app.imaging.GEOMETRIES`.
        spec: what befalls the pages.
        copies: how many pages an image is written on; none costs nothing.
        seed: the same seed gives the same pages.
        path: of the file that keeps the result; what it holds already is not made again.

    Returns:
        uint8 [copies, N, 28, 28], 0..255. Where the chain found no ink, the image itself.
    """
    shape = (copies, len(data.labels), SIDE, SIDE)
    if copies == 0:
        return np.empty(shape, np.uint8)
    return kept_array(path, shape, lambda: _written_on_pages(data, geometry, spec, copies, seed).reshape(shape))


def _written_on_pages(data: LabelledImages, geometry: str, spec: Degradation, copies: int, seed: int) -> Pixels:
    """Return uint8 [copies * N, 28, 28]: the first copy of all images, then the next."""
    made = np.empty((copies * len(data.labels), SIDE, SIDE), np.uint8)
    context = multiprocessing.get_context("spawn")  # TensorFlow's threads do not survive a fork
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with ProcessPoolExecutor(workers, context, initializer=_begin) as pool:
        chunks = pool.map(_chunk, *zip(*_chunks(data, geometry, spec, copies, seed), strict=True))
        done = 0
        try:
            for chunk in tracked(chunks, f"degrading {data.name} {data.part}", total=-(-len(made) // CHUNK)):
                made[done : done + len(chunk)] = chunk
                done += len(chunk)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)  # or leaving would wait for all of them
            raise
    return made


def _begin() -> None:
    """Set up a process that makes pages."""
    cv2.setNumThreads(1)
    # Ctrl-C reaches every process of a terminal; the one that waits for the pages ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def shown_both_ways(recipe: Recipe, data: LabelledImages, path: Path) -> Images:
    """Return images as the data set has them and, after all of these, as read off one page each.

    Args:
        recipe: its geometry and pages; where it has none, there are only the data set's.
        data: the images.
        path: of the file that keeps the pages.

    Returns:
        float32 [N or 2 * N, 28, 28, 1] in 0..1.
    """
    images, _ = framed(data, recipe.geometry)
    pages = degraded_copies(
        data,
        recipe.geometry,
        recipe.degradation,
        copies=min(1, recipe.degraded_copies),
        seed=recipe.seed,
        path=path,
    )
    return np.concatenate([images, *(page[..., np.newaxis].astype(np.float32) / 255 for page in pages)])


Job = tuple[Pixels, list[str], str, Degradation, list[list[int]]]


def _chunks(data: LabelledImages, geometry: str, spec: Degradation, copies: int, seed: int) -> Iterator[Job]:
    count = len(data.labels)
    for first in range(0, copies * count, CHUNK):
        places = range(first, min(first + CHUNK, copies * count))
        rows = np.array(places) % count
        characters = [data.classes[label].label for label in data.labels[rows]]
        yield data.images[rows], characters, geometry, spec, [[seed, *divmod(place, count)] for place in places]


def _chunk(images: Pixels, characters: list[str], geometry: str, spec: Degradation, seeds: list[list[int]]) -> Pixels:
    made = images.copy()
    for index, (image, character, seed) in enumerate(zip(images, characters, seeds, strict=True)):
        seen = degrade(image, character, geometry, spec, np.random.default_rng(seed))
        if seen is not None:
            made[index] = np.rint(seen * 255)
    return made
