"""`python -m training`: the commands of `training.commands`."""

from __future__ import annotations

import os
import sys

from app.quiet import quiet_start

# TensorFlow announces its CPU features on standard error unless told otherwise before it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

try:
    with quiet_start():
        from training.commands import cli
except ModuleNotFoundError as error:
    sys.exit(f"{error.name} is not installed. Training needs more than serving: make dev, or pip install '.[training]'")

if __name__ == "__main__":
    cli(prog_name="python -m training")
