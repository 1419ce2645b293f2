"""The degraded copies of a training set: made once for a run, on every CPU, and kept in its folder."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.imaging import SIDE
from training.datasets import LabelledImages
from training.degrade import Degradation, begin_process, degrade_all
from training.kept import kept_array
from training.progress import tracked
from training.recipes import Recipe
from training.runs import RunError
from training.split import Images, framed
from training.streams import Pages

Pixels = npt.NDArray[np.uint8]

#: What a process is handed: the arguments of `degrade_all`.
Job = tuple[Pixels, list[str], str, Degradation, list[list[int]]]

#: Images that a process is handed at once.
CHUNK = 500


def degraded_copies(
    data: LabelledImages, geometry: str, spec: Degradation, *, copies: int, seed: int, pages: Pages, path: Path
) -> Pixels:
    """Return every image of a data set as the chain reads it off a page, `copies` times, each time another page.

    Args:
        data: the data set.
        geometry: key of `app.imaging.GEOMETRIES`.
        spec: what befalls the pages.
        copies: how many pages an image is written on; none costs nothing.
        seed: the same seed gives the same pages of the same `pages`.
        pages: what they are for.
        path: of the file that keeps the result; what it holds already is not made again.

    Returns:
        uint8 [copies, N, 28, 28], 0..255. Where the chain found no ink, the image itself.

    Raises:
        RunError: a process that made some of them has ended.
    """
    shape = (copies, len(data.labels), SIDE, SIDE)
    if copies == 0:
        return np.empty(shape, np.uint8)
    return kept_array(
        path,
        shape,
        lambda: _written_on_pages(data, _chunks(data, geometry, spec, copies, seed, pages), copies).reshape(shape),
    )


def _written_on_pages(data: LabelledImages, jobs: Iterator[Job], copies: int) -> Pixels:
    """Return uint8 [copies * N, 28, 28]: the first copy of all images, then the next."""
    made = np.empty((copies * len(data.labels), SIDE, SIDE), np.uint8)
    context = multiprocessing.get_context("spawn")  # TensorFlow's threads do not survive a fork
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    done = 0
    try:
        with ProcessPoolExecutor(workers, context, initializer=begin_process) as pool:
            chunks = pool.map(degrade_all, *zip(*jobs, strict=True))
            try:
                for chunk in tracked(chunks, f"degrading {data.name} {data.part}", total=-(-len(made) // CHUNK)):
                    made[done : done + len(chunk)] = chunk
                    done += len(chunk)
            except KeyboardInterrupt:
                pool.shutdown(cancel_futures=True)  # or leaving would wait for all of them
                raise
    except BrokenProcessPool as error:
        raise RunError("A process that made pages has ended, perhaps for want of memory. Start again.") from error
    return made


def shown_both_ways(recipe: Recipe, data: LabelledImages, pages: Pages, path: Path) -> Images:
    """Return images as the data set has them and, after all of these, as read off one page each.

    Args:
        recipe: its geometry and pages; where it has none, there are only the data set's.
        data: the images.
        pages: what they are for.
        path: of the file that keeps the pages.

    Returns:
        float32 [N or 2 * N, 28, 28, 1] in 0..1.
    """
    images, _ = framed(data, recipe.geometry)
    read = degraded_copies(
        data,
        recipe.geometry,
        recipe.degradation,
        copies=min(1, recipe.degraded_copies),
        seed=recipe.seed,
        pages=pages,
        path=path,
    )
    return np.concatenate([images, *(page[..., np.newaxis].astype(np.float32) / 255 for page in read)])


def _chunks(
    data: LabelledImages, geometry: str, spec: Degradation, copies: int, seed: int, pages: Pages
) -> Iterator[Job]:
    count = len(data.labels)
    for first in range(0, copies * count, CHUNK):
        places = range(first, min(first + CHUNK, copies * count))
        rows = np.array(places) % count
        characters = [data.classes[label].label for label in data.labels[rows]]
        seeds = [[seed, *divmod(place, count), int(pages)] for place in places]
        yield data.images[rows], characters, geometry, spec, seeds
