"""One HTML page about all models: their figures side by side, then each newest card with its pictures inside."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Sequence
from pathlib import Path

from markdown_it import MarkdownIt

from app.artifacts import Artifact, ModelCard
from training.evidence import ROBUSTNESS_FILE, ROBUSTNESS_PLOT, robustness_folder
from training.runs import start_of

#: A picture of a card, as Markdown's renderer writes it.
PICTURE = re.compile(r'<img src="([\w-]+\.png)"')

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { border: 1px solid #8884; padding: 0.3rem 0.6rem; text-align: left; }
img { max-width: 100%; background: white; }
:root { color-scheme: light dark; }
"""


def render_report(artifacts: Sequence[Artifact], evaluation: Path) -> str:
    """Return the page, whole in itself.

    Args:
        artifacts: of every version, those of one model together and its newest last.
        evaluation: folder where the robustness of a model may be written down.
    """
    newest = {artifact.card.name: artifact for artifact in artifacts}
    sections = "\n".join(
        f"<section>\n{_card(artifact)}{_robustness(artifact.card, evaluation)}</section>"
        for artifact in newest.values()
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Inkling: the models and their evidence</title>
<style>{STYLE}</style>
</head>
<body>
<h1>Inkling: the models and their evidence</h1>
{_overview(artifacts)}
{sections}
</body>
</html>
"""


def _overview(artifacts: Sequence[Artifact]) -> str:
    heads = (
        "model", "test set", "images", "right", "mean per class", "calibration error", "parameters",
        "million multiply-adds", "minutes of training",
    )  # fmt: skip
    rows = [
        (
            f"{card.name} {card.version}",
            f"{figures.test_set.name} {figures.test_set.part}",
            f"{figures.test_set.images:,}",
            f"{figures.accuracy:.4f}",
            f"{figures.mean_per_class_accuracy:.4f}",
            f"{figures.expected_calibration_error:.4f}",
            f"{card.parameters:,}",
            f"{card.multiply_adds / 1e6:.1f}",
            f"goes on from {start}" if (start := start_of(card)) else f"{card.training_seconds / 60:.0f}",
        )
        for card in (artifact.card for artifact in artifacts)
        for figures in card.metrics
    ]
    lines = [_row("th", heads), *(_row("td", row) for row in rows)]
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def _row(kind: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{kind}>{html.escape(cell)}</{kind}>" for cell in cells) + "</tr>"


def _card(artifact: Artifact) -> str:
    """Return the Markdown card as HTML, its pictures inside."""
    rendered = (
        MarkdownIt("commonmark", {"html": False}).enable("table").render((artifact.path / "MODEL_CARD.md").read_text())
    )

    return PICTURE.sub(lambda found: _picture(artifact.path / found[1]), rendered)


def _robustness(card: ModelCard, evaluation: Path) -> str:
    """Return what is left of the accuracy on corrupted pictures, where it was measured."""
    folder = robustness_folder(evaluation, card)
    if not (folder / ROBUSTNESS_FILE).is_file():
        return ""
    found = json.loads((folder / ROBUSTNESS_FILE).read_text())
    names = list(found["ways"][0]["accuracies"])
    rows = [
        (name, *("  ".join(f"{value:.3f}" for value in way["accuracies"][name]) for way in found["ways"]))
        for name in names
    ]
    rows.append(("mean of all", *(f"{way['mean']:.4f}" for way in found["ways"])))
    lines = [_row("th", ("corruption", *(way["name"] for way in found["ways"]))), *(_row("td", row) for row in rows)]
    test_set = found["test_set"]
    title = f"Accuracy on {test_set['images']:,} images of {test_set['name']} {test_set['part']}, by strength"
    table = "<table>\n" + "\n".join(lines) + "\n</table>"
    plot = f'{_picture(folder / ROBUSTNESS_PLOT)} alt="Accuracy by strength">'
    return f"<h2>When pictures get worse</h2>\n<p>{html.escape(title)}</p>\n{table}\n<p>{plot}</p>\n"


def _picture(path: Path) -> str:
    """Return the beginning of an image's tag, the picture inside."""
    return f'<img src="data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"'
