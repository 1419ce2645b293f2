"""`python -m training`: the commands together."""

from __future__ import annotations

import typer

from training.commands.calibrate import calibrate
from training.commands.data import data
from training.commands.evaluate import evaluate
from training.commands.export import export
from training.commands.fit import fit
from training.commands.parity import parity
from training.commands.recalibrate import recalibrate
from training.commands.report import report
from training.commands.seeds import seeds

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Turns MNIST and EMNIST into models for the service."
)
for command in (fit, export, recalibrate, seeds, calibrate, parity, evaluate, report):
    cli.command()(command)
cli.add_typer(data, name="data")
