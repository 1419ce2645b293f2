"""`make hostile`: the hostile input of ../shared/checks, sent to a service that is busy with ordinary requests."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from tests.e2e.server import serving
from tests.load.crowd import load_beside
from tests.load.generator import Load
from tests.load.report import conclude, options
from tests.load.sample import TINY_REQUEST
from tests.shared import CHECKS

CONNECTIONS = 32


def main() -> int:
    """Print one JSON object."""
    chosen = options(__doc__, runtime=("savedmodel", "litert"), checks=str(CHECKS))
    program = Path(chosen.checks) / "hostile.py"
    if not program.is_file():
        print(f"skipped: there is no hostile.py in {chosen.checks}")
        return 0
    over = threading.Event()
    with serving(runtime=chosen.runtime, log_level="warning") as running:
        with load_beside(Load(running.url, [TINY_REQUEST], connections=CONNECTIONS, over=over)) as load:
            ended = subprocess.run([sys.executable, program, running.url], capture_output=True, text=True, check=False)
            over.set()
        tally = load.result()
    return conclude(
        {
            "runtime": chosen.runtime,
            "connections": CONNECTIONS,
            "hostile.py": (ended.stdout + ended.stderr).splitlines()[-10:],
            **tally.report(),
        },
        {
            "hostile.py: 0 broke": ended.returncode == 0,
            "every ordinary request has its answer": tally.all_served,
        },
    )


if __name__ == "__main__":
    sys.exit(main())
