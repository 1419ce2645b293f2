"""`inkling models`."""

from __future__ import annotations

from app.cli.startup import read_artifacts, read_settings


def models() -> None:
    """List and verify the models that would be served."""
    for artifact in read_artifacts(read_settings()):
        card = artifact.card
        print(f"{card.name} {card.version}: {card.description} {len(card.classes)} classes, sha256 {artifact.sha256}")
        for figures in card.metrics:
            source = figures.test_set
            print(
                f"  {source.name} {source.part}, {source.images} images: accuracy {figures.accuracy:.4f}, "
                f"mean per class {figures.mean_per_class_accuracy:.4f}"
            )
