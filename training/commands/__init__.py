"""The command line of training: one command a file."""

from training.commands.program import cli

__all__ = ["cli"]
