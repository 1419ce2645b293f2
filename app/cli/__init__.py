"""The command line of the service: one command a file."""

from app.cli.program import cli

__all__ = ["cli"]
