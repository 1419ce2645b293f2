"""`inkling models`."""

from __future__ import annotations

from app.artifacts import Artifact, Metrics, ModelForm
from app.cli.startup import read_artifacts, read_settings
from app.inference import RUNTIMES


def models() -> None:
    """List and verify the models that would be served, with the figures of the file that would run."""
    settings = read_settings()
    for artifact in read_artifacts(settings):
        card = artifact.card
        print(f"{card.name} {card.version}: {card.description} {len(card.classes)} classes, sha256 {artifact.sha256}")
        form = _form(artifact, RUNTIMES[settings.runtime].files)
        for figures in card.metrics:
            source = figures.test_set
            print(f"  {source.name} {source.part}, {source.images} images: {_told(form or figures)}")


def _form(artifact: Artifact, files: tuple[str, ...]) -> ModelForm | None:
    """Return what the card says of the first of these files that is there; None where it says nothing."""
    file = next((file for file in files if (artifact.path / file).is_file()), None)
    return next((form for form in artifact.card.forms if form.file == file), None)


def _told(figures: Metrics | ModelForm) -> str:
    said = f"accuracy {figures.accuracy:.4f}, mean per class {figures.mean_per_class_accuracy:.4f}"
    return f"{said} ({figures.file})" if isinstance(figures, ModelForm) else said
