"""`python -m training report`: one page about all models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.artifacts import ArtifactMissing, model_names, versions
from training.commands.console import reported
from training.commands.options import ModelsDir, artifact_of_any_preprocessing
from training.report import render_report


@reported()
def report(
    models_dir: ModelsDir = Path("models"),
    out: Annotated[Path, typer.Option(help="Where the page goes.")] = Path("report.html"),
    evaluation: Annotated[Path, typer.Option(help="Where `evaluate --robustness` left what it found.")] = Path(
        "evaluation"
    ),
) -> None:
    """Render one HTML page about all models: their figures, what they cannot do, where they err, in pictures."""
    artifacts = [
        artifact_of_any_preprocessing(models_dir, name, version)
        for name in model_names(models_dir)
        for version in versions(models_dir, name)
    ]
    if not artifacts:
        raise ArtifactMissing(f"There is no model in {models_dir}.")
    out.write_text(render_report(artifacts, evaluation))
    print(out)
