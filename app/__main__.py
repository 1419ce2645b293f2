"""`python -m app`, which is the command `inkling`."""

from __future__ import annotations

import os

# TensorFlow announces its CPU features on standard error unless told otherwise before it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from app.cli import cli


def main() -> None:
    """Run the command line."""
    cli()


if __name__ == "__main__":
    cli(prog_name="python -m app")
