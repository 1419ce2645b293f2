"""The options that commands on images share, named as the API's."""

from __future__ import annotations

from typing import Annotated

import typer

from app.api.predict import MAX_TOP_K
from app.imaging import Polarity

TaskOption = Annotated[str, typer.Option("--task", "--model", help="Which model: digit or char.")]
TopKOption = Annotated[int, typer.Option(min=1, max=MAX_TOP_K, help="How many candidates.")]
AllowOption = Annotated[str | None, typer.Option(help="Only these characters may be answered.")]
PolarityOption = Annotated[Polarity, typer.Option(help="Which of ink and page is the darker; auto finds out.")]
