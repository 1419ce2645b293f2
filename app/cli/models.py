"""`inkling models`."""

from __future__ import annotations

from app.artifacts import Metrics, ModelForm
from app.cli.startup import read_artifacts, read_settings
from app.inference import RUNTIMES, first_file


def models() -> None:
    """List and verify the models that would be served, with the figures of the file that would run."""
    settings = read_settings()
    for artifact in read_artifacts(settings):
        card = artifact.card
        print(f"{card.name} {card.version}: {card.description} {len(card.classes)} classes, sha256 {artifact.sha256}")
        file = first_file(artifact.path, RUNTIMES[settings.runtime].files)
        form = next((form for form in card.forms if form.file == file), None)
        for figures in card.metrics:
            source = figures.test_set
            print(f"  {source.name} {source.part}, {source.images} images: {_told(form or figures)}")


def _told(figures: Metrics | ModelForm) -> str:
    said = f"accuracy {figures.accuracy:.4f}, mean per class {figures.mean_per_class_accuracy:.4f}"
    return f"{said} ({figures.file})" if isinstance(figures, ModelForm) else said
