"""`make fuzz`: read damaged image files for as long as wanted, in a process that may crash.

Each file must come to pixels within the limits or to an error of ours, within a bounded time and memory. Where one does
not, hypothesis looks for the smallest such file, and its bytes are printed. The time is the processor's, so that a busy
machine reads no fewer files.
"""

from __future__ import annotations

import base64
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from app.imaging import GEOMETRIES, ImageError, prepare_pixels
from app.imaging.decode import decode
from tests.fuzz.damage import files
from tests.load.report import options

#: Of a picture; a hundred times what the undamaged ones have, and few enough that a file that takes long shows.
MAX_PIXELS = 1_000_000
#: Of the processor for one file, in seconds, on a slow machine.
MOST_SECONDS = 2.0
#: By which the process may grow over all, in bytes.
MOST_GROWTH = 256 * 2**20
TURN = 500


class Reader:
    """Reads files and notes what became of them."""

    def __init__(self, last: Path) -> None:
        #: Where each file is put before it is read.
        self.last = last
        self.outcomes: Counter[str] = Counter()
        self.slowest = 0.0

    def read(self, data: bytes) -> None:
        """Read one file as the service does.

        Raises:
            AssertionError: it came to something that it must not.
            Exception: any other than an ImageError.
        """
        self.last.write_bytes(data)
        began = time.process_time()
        try:
            picture = decode(data, max_pixels=MAX_PIXELS)
            assert picture.pixels.ndim == 2
            assert picture.pixels.dtype.name == "uint8"
            assert 0 < picture.pixels.size <= picture.size[0] * picture.size[1] <= MAX_PIXELS
            prepared = prepare_pixels(picture.pixels, GEOMETRIES["mnist"])
            assert prepared.shape == (28, 28)
            assert 0 <= prepared.min() <= prepared.max() <= 1
            self.outcomes["read"] += 1
        except ImageError as error:
            self.outcomes[type(error).__name__] += 1
        took = time.process_time() - began
        self.slowest = max(self.slowest, took)
        assert took < MOST_SECONDS, f"{took:.1f} s"


def read_for(seconds: float, last: Path, chances: random.Random) -> dict[str, object]:
    """Read new files for so long, in seconds of the processor; return what became of them."""
    reader = Reader(last)
    reader_turn = settings(
        max_examples=TURN,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    before, until = peak_bytes(), time.process_time() + seconds
    while time.process_time() < until:
        chance = chances.randrange(2**32)
        reader_turn(seed(chance)(given(files)(lambda data: reader.read(data))))()
        grown = peak_bytes() - before
        assert grown < MOST_GROWTH, f"the process grew by {grown / 2**20:.0f} MiB in the turn of seed {chance}"
    return {
        "files": sum(reader.outcomes.values()),
        "outcomes": dict(reader.outcomes.most_common()),
        "slowest, ms of CPU": round(reader.slowest * 1e3, 1),
        "grew by, MiB": round((peak_bytes() - before) / 2**20, 1),
    }


def peak_bytes() -> int:
    """Return the most memory that this process has had resident."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main() -> int:
    """Print one JSON object, or the file that was not borne."""
    chosen = options(__doc__, seconds=600.0, seed=0, inside="")
    if chosen.inside:
        # Other files at every run, unless a seed is given.
        chances = random.Random(chosen.seed or None)
        print(json.dumps(read_for(chosen.seconds, Path(chosen.inside), chances), indent=1))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        last = Path(folder) / "last"
        line = [sys.executable, "-m", "tests.fuzz", "--inside", str(last)]
        line += ["--seconds", str(chosen.seconds), "--seed", str(chosen.seed)]
        code = subprocess.run(line, check=False).returncode
        if code:
            print(f"Failed, exit code {code}, on this file, in Base64:\n{base64.b64encode(last.read_bytes()).decode()}")
    return int(code != 0)


if __name__ == "__main__":
    sys.exit(main())
