"""What a command needs before it can work: settings, models, and a clear end where there are none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import structlog
import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from app.artifacts import Artifact, ArtifactError
from app.inference import RUNTIMES, Model, Registry, UnknownCharacters, check_allowed
from app.main import build_recogniser, build_registry, verified_artifacts
from app.packages import is_installed
from app.quiet import quiet_start
from app.recogniser import Options, Recogniser
from app.settings import Settings, unknown_variables, variable
from app.telemetry import configure_logs

#: Nobody waits on a connection here, so an image may take as long as it takes.
DEADLINE_SECONDS = 3600.0
#: How a runtime's package is had.
INSTALL = {
    "tensorflow": "in Inkling's folder run pip install . or set INKLING_RUNTIME=litert",
    "ai_edge_litert": "pip install '.[litert]'",
}

_log = structlog.get_logger(__name__)


def read_settings(*, quiet: bool = False, **overrides: Any) -> Settings:
    """Return the settings, or end where one is wrong; from here on logs go where they say.

    Args:
        quiet: whether nothing below a warning is logged unless the settings ask for it.
        overrides: options that overrule the environment.
    """
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        # A default that depends on a wrong option is no fault of its own.
        faults = [item for item in error.errors() if item["type"] != "default_factory_not_called"]
        fail("\n".join(": ".join([*map(variable, item["loc"][:1]), _said(item["msg"])]) for item in faults))
    except SettingsError:
        # The only option that is read as JSON, and so the only one that can fail here.
        fail(f'{variable("model_versions")}: not JSON; write it as {{"digit": 1}}')
    if quiet and "log_level" not in settings.model_fields_set:
        settings = settings.model_copy(update={"log_level": "warning"})
    configure_logs(level=settings.log_level, json_lines=settings.log_format.json_lines)
    for name in unknown_variables():
        _log.warning("there is no such option", variable=name)
    return settings


def _said(message: str) -> str:
    """Return pydantic's message without the mark it gives to those of our own validators."""
    return message.removeprefix("Value error, ")


def check_runtime(settings: Settings) -> None:
    """End where the runtime that the settings ask for is not installed."""
    needed = RUNTIMES[settings.runtime].package
    if not is_installed(needed):
        fail(f"{variable('runtime')}={settings.runtime} needs {needed}, which is not installed: {INSTALL[needed]}")


def read_artifacts(settings: Settings) -> list[Artifact]:
    """Return the verified models that the settings ask for, or end where one is wrong."""
    with ending_on_wrong_models():
        return verified_artifacts(settings)


@contextmanager
def ending_on_wrong_models() -> Iterator[None]:
    """End with what is wrong with a model, where that is found out within."""
    try:
        yield
    except ArtifactError as error:
        fail(str(error))


def chosen_artifact(task: str, options: Options, settings: Settings) -> Artifact:
    """Return the verified artifact of one model; end where it or its runtime is not there, or not with these options.

    Args:
        task: name of the model.
        options: for every image.
        settings: of the service.
    """
    check_runtime(settings)
    artifacts = {artifact.card.name: artifact for artifact in read_artifacts(settings)}
    if task not in artifacts:
        fail(f"There is no model {task!r}; there are {', '.join(artifacts)}.")
    if options.allow is not None:
        try:
            check_allowed(options.allow, artifacts[task].card.classes)
        except UnknownCharacters as error:
            fail(str(error))
    return artifacts[task]


def loaded(artifact: Artifact, settings: Settings, *, capacity: int) -> tuple[Registry, Recogniser]:
    """Load one model and what sends images through it. Close both in the end, the recogniser first.

    Args:
        artifact: verified.
        settings: of the service, for the same limits.
        capacity: the most images that may be under way at once.

    Raises:
        Exception: whatever the runtime has against the model; see `Registry.load`.
    """
    settings = settings.model_copy(update={"queue_images": capacity, "deadline_seconds": DEADLINE_SECONDS})
    registry = build_registry([artifact], settings)
    with quiet_start():
        registry.load()
    return registry, build_recogniser(settings)


@contextmanager
def recognising(
    task: str, options: Options, settings: Settings, *, capacity: int = 1
) -> Iterator[tuple[Model, Recogniser]]:
    """Load one model and what sends images through it; end where it cannot be, or not with these options.

    Args:
        task: name of the model.
        options: for every image.
        settings: of the service, for the same limits.
        capacity: the most images that may be under way at once.
    """
    artifact = chosen_artifact(task, options, settings)
    try:
        registry, recogniser = loaded(artifact, settings, capacity=capacity)
    except Exception as error:
        fail(f"The model could not be loaded: {error}")
    try:
        yield registry.model(task), recogniser
    finally:
        recogniser.close()
        registry.close()


def fail(message: str) -> NoReturn:
    """Say why on standard error and end with exit code 1."""
    print(message, file=sys.stderr)
    raise typer.Exit(1)
