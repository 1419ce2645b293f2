"""`inkling explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.api.problems import RequestProblem
from app.cli.formats import reason
from app.cli.options import AllowOption, PolarityOption, TaskOption, TopKOption
from app.cli.picture import explain_picture
from app.cli.sources import read
from app.cli.startup import fail, read_settings, recognising
from app.imaging import ImageError, decode, find_ink
from app.inference import InferenceError
from app.recogniser import Options
from app.telemetry import printable


def explain(
    file: Annotated[str, typer.Argument(help="An image of one character, or - for standard input.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to draw: a PNG, JPEG or WebP file.")],
    task: TaskOption = "digit",
    top_k: TopKOption = 5,
    allow: AllowOption = Options.allow,
    polarity: PolarityOption = Options.polarity,
) -> None:
    """Draw what becomes of an image: the upload, its ink, what the network sees, and what it answers."""
    if output.suffix.lower() not in {".png", ".jpg", ".jpeg", ".webp"}:
        raise typer.BadParameter(f"{output.name} names no PNG, JPEG or WebP file.")
    if output.exists() and Path(file).exists() and output.samefile(file):
        raise typer.BadParameter(f"{output.name} is the image itself, which would be lost.")
    settings = read_settings(quiet=True)
    options = Options(top_k=top_k, polarity=polarity, allow=allow)
    try:
        data = read(file, limit=settings.max_upload_bytes)
        with recognising(task, options, settings) as (model, recogniser):
            (found,) = recogniser.recognise_now(model, [data], options)
        if isinstance(found, ImageError):
            raise found
        picture = decode(data, max_pixels=settings.max_image_pixels)
        ink = find_ink(picture.pixels, polarity)
        drawn = explain_picture(data, picture, ink, found)
    except (OSError, RequestProblem, ImageError, InferenceError) as error:
        fail(f"{printable(file)}: {reason(error)}")
    try:
        drawn.save(output)
    except OSError as error:
        fail(f"{printable(str(output))}: {reason(error)}")
    best = found.candidates[0]
    doubt = " uncertain" if found.uncertain else ""
    print(f"{printable(file)}: {best.label} {best.confidence:.4f}{doubt}, drawn in {printable(str(output))}")
