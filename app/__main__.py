"""`python -m app`: serve, predict FILE..., models."""

from __future__ import annotations

import os

# TensorFlow announces its CPU features on standard error unless told otherwise before it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from app.commands import cli

if __name__ == "__main__":
    cli(prog_name="python -m app")
