"""One of several processes that train together: `python -m tests.training.together FOLDER`, with TF_CONFIG set.

It stops on the way and goes on, as after an interrupt, and prints a digest of the weights it ends with.
"""

from __future__ import annotations

import dataclasses
import hashlib
import sys
from pathlib import Path

from tests.training.data import small_digits
from tests.training.test_fit import TINY
from training.fit import Run
from training.outliers import Outliers
from training.workers import workers

RECIPE = dataclasses.replace(TINY, epochs=2, outliers=Outliers(drawn=20, batch=7))
IMAGES = 300
CUT = 4


def main(folder: Path, images: int) -> None:
    """Train in two parts."""
    together = workers()
    data = small_digits(images)
    Run(RECIPE, data, folder, workers=together).train(max_steps=CUT)
    run = Run(RECIPE, data, folder, workers=together)
    assert run.step == CUT
    assert run.train()
    together.wait()
    print(hashlib.sha256(b"".join(weight.tobytes() for weight in run.average_weights())).hexdigest())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
