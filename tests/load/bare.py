"""The best that a runtime does by itself on a batch of prepared images. `make batch` runs it.

In a process of its own for each number of threads, since TensorFlow takes it once and for all.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from app.imaging import GEOMETRIES, prepare
from app.inference import RUNTIMES, warm_up
from tests.load.images import drawn
from tests.models import shipped

SIZES = (8, 16, 32, 64)


def images_a_second(runtime: str, threads: int, seconds: float) -> dict[int, float]:
    """Return the images a second by batch size, each measured for so long, one caller, no HTTP and no decoding."""
    artifact = shipped("digit")
    network = RUNTIMES[runtime](artifact.path, threads=threads)
    warm_up(network, artifact.card.input_shape, len(artifact.card.classes))
    geometry = GEOMETRIES[artifact.card.geometry]
    images = np.stack([prepare(data, geometry, max_pixels=10**6).pixels for data in drawn()])[..., np.newaxis]
    found = {}
    for size in SIZES:
        batches = [images[start : start + size] for start in range(0, len(images), size)]
        for batch in batches:
            network.predict(batch)
        began, rounds = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            for batch in batches:
                network.predict(batch)
            rounds += 1
        found[size] = rounds * len(images) / (time.perf_counter() - began)
    return found


if __name__ == "__main__":
    print(json.dumps(images_a_second(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
