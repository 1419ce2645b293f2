"""`make bench`: the runtimes on the same weights, and the way of one image, timed in one run.

Rounds alternate what is compared, so that a machine whose speed drifts slows all of it. Absolute times are this
machine's; the ratios are what to quote.
"""

from __future__ import annotations

import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

from app.imaging import GEOMETRIES, prepare
from app.inference import BATCH_SIZES, RUNTIMES, Runtime, warm_up
from tests.models import shipped
from tests.strokes import draw, encode
from training.timing import alternate


def compare_runtimes(model: str) -> dict[str, object]:
    """Time one image, and the largest batch, on each runtime."""
    artifact = shipped(model)
    runtimes: dict[str, Runtime] = {name: kind(artifact.path, threads=1) for name, kind in RUNTIMES.items()}
    for runtime in runtimes.values():
        warm_up(runtime, artifact.card.input_shape, len(artifact.card.classes))
    report: dict[str, object] = {"model": f"{model} {artifact.card.version}"}
    for size in (1, BATCH_SIZES[-1]):
        images = np.random.default_rng(0).random((size, 28, 28, 1), np.float32)
        medians = alternate({name: lambda r=runtime, x=images: r.predict(x) for name, runtime in runtimes.items()})
        report[f"batch of {size}, ms"] = medians
        report[f"batch of {size}, savedmodel to litert"] = round(medians["savedmodel"] / medians["litert"], 2)
    return report


def time_imaging() -> dict[str, float]:
    """Time the way from bytes to network input for three kinds of upload."""
    uploads = {
        "28x28 PNG": encode(draw("7", (28, 28))),
        "280x280 PNG": encode(draw("7", (280, 280))),
        "4000x3000 JPEG": encode(draw("7", (4000, 3000)), "JPEG", quality=88),
    }
    return alternate(
        {
            name: lambda data=data: prepare(data, GEOMETRIES["mnist"], max_pixels=64_000_000)
            for name, data in uploads.items()
        }
    )


def main() -> int:
    """Print one JSON object."""
    report = {
        "one image, one caller, in process, medians": [compare_runtimes(model) for model in ("digit", "char")],
        "bytes to network input, ms": time_imaging(),
    }
    print(json.dumps(report, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
