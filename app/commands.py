"""The command line of the service."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
import uvicorn
from pydantic import ValidationError

from app.api.problems import problem_of
from app.api.schemas import Answer
from app.artifacts import Artifact, ArtifactError
from app.imaging import ImageError, Polarity
from app.inference import InferenceError, Registry, UnknownCharacters
from app.main import build_recogniser, build_registry, create_app, verified_artifacts
from app.recogniser import Options, Recognition
from app.settings import LogFormat, Settings, settings_table, variable
from app.telemetry import configure_logs

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="Inkling reads handwriting over HTTP.")


class Server(uvicorn.Server):
    """Uvicorn, with a readiness that ends at SIGTERM and an exit code that tells of a failed start."""

    def __init__(self, config: uvicorn.Config, registry: Registry) -> None:
        super().__init__(config)
        self.registry = registry
        self.failed = False

    def handle_exit(self, sig: int, frame: Any) -> None:
        # Uvicorn's own would raise the signal again in the end, and a clean shutdown would look like a kill.
        self.registry.drain()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    def fail(self) -> None:
        """End the process with exit code 1."""
        self.failed = self.should_exit = True


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Overrules INKLING_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Overrules INKLING_PORT.")] = None,
) -> None:
    """Start the service. Every option is an environment variable; README lists them."""
    settings = _settings(**{key: value for key, value in (("host", host), ("port", port)) if value is not None})
    try:
        app = create_app(settings, on_failure=lambda: server.fail())
    except ArtifactError as error:
        _fail(str(error))
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.drain_seconds,
    )
    server = Server(config, app.state.registry)
    server.run()
    if server.failed or not server.started:
        raise typer.Exit(1)


@cli.command()
def predict(
    files: Annotated[list[Path], typer.Argument(help="Images, one character each.", metavar="FILE...")],
    model: Annotated[str, typer.Option(help="Which model: digit or char.")] = "digit",
    top_k: Annotated[int, typer.Option(min=1, max=10, help="How many candidates.")] = 3,
    polarity: Annotated[Polarity, typer.Option(help="Which of ink and page is the darker.")] = Polarity.AUTO,
    allow: Annotated[str | None, typer.Option(help="Only these characters may be answered.")] = None,
    json_lines: Annotated[bool, typer.Option("--json", help="One JSON object a file, as the API answers.")] = False,
) -> None:
    """Recognise images without a server. Exits with 1 where any could not be read."""
    settings = _settings(log_level="warning")
    artifacts = _artifacts(settings)
    chosen = [artifact for artifact in artifacts if artifact.card.name == model]
    if not chosen:
        _fail(f"There is no model {model!r}; there are {', '.join(artifact.card.name for artifact in artifacts)}.")
    registry = build_registry(chosen, settings)
    try:
        registry.load()
    except Exception as error:  # whatever the runtime has against it; see Registry.load
        _fail(f"The model could not be loaded: {error}")
    loaded, recogniser = registry.model(model), build_recogniser(settings)
    options = Options(top_k=top_k, polarity=polarity, allow=allow)
    failures = 0
    for path in files:
        try:
            (found,) = recogniser.recognise_now(loaded, [path.read_bytes()], options)
        except UnknownCharacters as error:
            _fail(str(error))
        except (OSError, InferenceError) as error:
            print(f"{path}: {error.strerror if isinstance(error, OSError) else error}", file=sys.stderr)
            failures += 1
            continue
        failures += isinstance(found, ImageError)
        _print_answer(path, found, loaded.artifact, json_lines=json_lines)
    registry.close()
    recogniser.close()
    if failures:
        raise typer.Exit(1)


def _print_answer(path: Path, found: Recognition | ImageError, artifact: Artifact, *, json_lines: bool) -> None:
    if json_lines:
        answer = (
            {"problem": problem_of(found).model_dump()}
            if isinstance(found, ImageError)
            else Answer.of(found, artifact, explain=False).model_dump(exclude_none=True)
        )
        print(json.dumps({"file": str(path), **answer}))
    elif isinstance(found, ImageError):
        print(f"{path}: {found}", file=sys.stderr)
    else:
        print(f"{path}: " + "  ".join(f"{item.label} {item.confidence:.4f}" for item in found.candidates))


@cli.command()
def models() -> None:
    """List and verify the models that would be served."""
    for artifact in _artifacts(_settings()):
        card = artifact.card
        print(f"{card.name} {card.version}: {card.description} {len(card.classes)} classes, sha256 {artifact.sha256}")
        for figures in card.metrics:
            source = figures.test_set
            print(
                f"  {source.name} {source.part}, {source.images} images: accuracy {figures.accuracy:.4f}, "
                f"mean per class {figures.mean_per_class_accuracy:.4f}"
            )


@cli.command("settings")
def list_settings() -> None:
    """Print every option, its default and its meaning as a Markdown table."""
    print(settings_table())


def main() -> None:
    """Run the command line."""
    cli()


def _settings(**overrides: Any) -> Settings:
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        _fail("\n".join(": ".join([*map(variable, item["loc"][:1]), item["msg"]]) for item in error.errors()))
    as_json = settings.log_format is LogFormat.JSON or (
        settings.log_format is LogFormat.AUTO and not sys.stderr.isatty()
    )
    configure_logs(level=settings.log_level, json_lines=as_json)
    return settings


def _artifacts(settings: Settings) -> list[Artifact]:
    try:
        return verified_artifacts(settings)
    except ArtifactError as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(1)
