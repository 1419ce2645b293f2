"""The application: builds the parts, wires them, owns start-up and shutdown."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from importlib.metadata import version

import structlog
from fastapi import APIRouter, FastAPI
from fastapi.params import Depends
from fastapi.routing import APIRoute
from starlette.formparsers import MultiPartParser

from app.api.admin import admin_router
from app.api.admission import Admission
from app.api.context import RequestContext
from app.api.cors import Cors
from app.api.direct import Direct
from app.api.health import health_router
from app.api.keys import ADMIN_SCHEME, KEY_SCHEME, Keys, required
from app.api.metrics import metrics_router
from app.api.models import models_router
from app.api.pages import install_pages
from app.api.predict import predict_router, short_calls
from app.api.predictor import Predictor
from app.api.problems import CODES, UNAUTHORISED, describe, install_handlers
from app.artifacts import Artifact, open_artifact, open_artifacts
from app.imaging import GEOMETRIES, PREPROCESSING_VERSION
from app.inference import Registry, Reloader, ReloadOutcome
from app.observer import Observer
from app.recogniser import Recogniser
from app.settings import Settings
from app.telemetry import Metrics, ServiceState, Shared, start_traces

DESCRIPTION = """
Reads a photo, scan or drawing of one handwritten digit or character: what it is, how sure that is, and what else it
could be. Every error is an RFC 9457 problem document with a stable `code`.

[Draw one and see it read](./), or save [this picture of a 7](./web/sample.png) and post it to the calls below.
"""

# Uploads stay in memory, whatever their limit: images are not stored, and the container's file system is read-only.
MultiPartParser.spool_max_size = sys.maxsize

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Colleague:
    """What an application has to know that is one of several processes.

    shared: where their figures are added up.
    reload: begins a reload in all of them and promises what it comes to; see `Reloader.start`.
    models: names of those that all of them serve, since one that starts later may find more.
    first: whether it answers while it loads, since no other does; the others are not heard of before.
    replaces: whether it takes the place of one that has ended.
    """

    shared: Shared
    reload: Callable[[], Future[list[ReloadOutcome]]]
    models: Collection[str]
    first: bool
    replaces: bool


def create_app(
    settings: Settings,
    on_failure: Callable[[], None] | None = None,
    colleague: Colleague | None = None,
    around_load: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> FastAPI:
    """Build the service.

    The models are opened and verified here; they are loaded and warmed in the background once the application has
    started, so that `/livez` and `/readyz` answer meanwhile.

    Args:
        settings: every option.
        on_failure: called where a verified model cannot be loaded after all; the caller should end the process.
        colleague: where this is one of several processes that serve; None where it serves alone.
        around_load: entered by the thread that loads the models, while it does.

    Raises:
        ArtifactError: a model is missing, damaged or incompatible.
    """
    artifacts = verified_artifacts(settings, colleague.models if colleague else None)
    shared = colleague.shared if colleague else None
    metrics = Metrics([artifact.card for artifact in artifacts], problems=CODES, shared=shared)
    registry = build_registry(artifacts, settings, metrics)
    recogniser = build_recogniser(settings, metrics, kept_for_singles=settings.kept_for_singles)
    reloader = Reloader(registry, lambda name: verified_artifact(settings, name))
    state = ServiceState(registry, recogniser, metrics.drifts, shared)
    metrics.watch(state)
    if colleague and colleague.replaces:
        metrics.process_replaced()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(_load(registry, on_failure, around_load))
        if colleague and not colleague.first:
            # Until then others answer, and nobody should be told here that the service is not ready.
            await loading
        yield
        registry.drain()
        await loading
        await asyncio.to_thread(reloader.close)
        await asyncio.to_thread(registry.close)
        await asyncio.to_thread(recogniser.close)
        if traces:
            await asyncio.to_thread(traces.close)

    app = FastAPI(
        title="Inkling",
        summary="Reads handwritten digits and characters",
        description=DESCRIPTION,
        version=version("inkling"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        # A redirect would name whatever host the request did.
        redirect_slashes=False,
        # Of its own; ours are below. It would look for whom to tell at every request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    app.state.registry = registry
    app.state.reloader = reloader
    app.state.service = state
    traces = start_traces(app, app.version)
    install_handlers(app)
    predictors = {
        artifact.card.name: Predictor(
            artifact.card.name, registry, recogniser, max_upload_bytes=settings.max_upload_bytes
        )
        for artifact in artifacts
    }
    guarded = [
        predict_router(artifact.card, predictors[artifact.card.name], max_batch_files=settings.max_batch_files)
        for artifact in artifacts
    ]
    guarded.append(models_router(registry))
    administered = [admin_router(colleague.reload if colleague else reloader.start)] if settings.admin_keys else []
    public = [health_router(registry), metrics_router(metrics)]
    _include(app, guarded, [required(KEY_SCHEME, settings.api_keys)] if settings.api_keys else [])
    _include(app, administered, [required(ADMIN_SCHEME, settings.admin_keys)])
    for router in public:
        app.include_router(router)
    install_pages(app)
    # Added last is outermost: the request id is there before anything can fail.
    _add_intake(app, settings, predictors, check_open=registry.check_ready)
    if settings.cors_origins:
        app.add_middleware(Cors, origins=settings.cors_origins)
    routers = (*guarded, *administered, *public)
    paths = {route.path for router in routers for route in router.routes if isinstance(route, APIRoute)}
    app.add_middleware(RequestContext, metrics=metrics, paths=paths, annotate=traces.annotate if traces else None)
    return app


def _include(app: FastAPI, routers: Sequence[APIRouter], guard: Sequence[Depends]) -> None:
    """Add routers whose calls may want a key."""
    for router in routers:
        app.include_router(router, dependencies=guard, responses=describe(UNAUTHORISED))


def _add_intake(
    app: FastAPI, settings: Settings, predictors: Mapping[str, Predictor], check_open: Callable[[], None]
) -> None:
    """Add what takes uploads in: their limits, and the short way of what is asked without options."""
    calls = {
        path: call
        for name, predictor in predictors.items()
        for path, call in short_calls(name, predictor, max_batch_files=settings.max_batch_files).items()
    }
    app.add_middleware(Direct, calls=calls)
    app.add_middleware(
        Admission,
        max_upload_bytes=settings.max_upload_bytes,
        max_batch_bytes=settings.max_batch_bytes,
        max_pending_bytes=settings.max_pending_bytes,
        upload_seconds=settings.upload_seconds,
        check_open=check_open,
        opened_by=Keys(api=settings.api_keys, admin=settings.admin_keys),
    )


def verified_artifacts(settings: Settings, names: Collection[str] | None = None) -> list[Artifact]:
    """Open the models that the settings ask for.

    Args:
        settings: where they are, and which versions.
        names: of those to open; None for all.

    Raises:
        ArtifactError: one is missing, damaged, or was trained on images that this service cannot make.
    """
    return open_artifacts(
        settings.models_dir,
        settings.model_versions,
        names=names,
        preprocessing_version=PREPROCESSING_VERSION,
        geometries=GEOMETRIES.keys(),
    )


def verified_artifact(settings: Settings, name: str) -> Artifact:
    """Open the version of one model that the settings ask for.

    Raises:
        ArtifactError: as `verified_artifacts`.
    """
    return open_artifact(
        settings.models_dir,
        name,
        settings.model_versions.get(name),
        preprocessing_version=PREPROCESSING_VERSION,
        geometries=GEOMETRIES.keys(),
    )


def build_registry(artifacts: Sequence[Artifact], settings: Settings, observer: Observer | None = None) -> Registry:
    """Return a registry of these models, not loaded yet."""
    return Registry(
        artifacts,
        runtime=settings.runtime,
        threads=settings.runtime_threads,
        batches=settings.runtime_batches,
        queue_images=settings.queue_images,
        max_batch_wait_ms=settings.max_batch_wait_ms,
        target_error=settings.target_error,
        observer=observer,
    )


def build_recogniser(settings: Settings, observer: Observer | None = None, *, kept_for_singles: int = 0) -> Recogniser:
    """Return what sends images through a model; see `Recogniser` for what is kept."""
    return Recogniser(
        max_pixels=settings.max_image_pixels,
        threads=settings.imaging_threads,
        deadline_seconds=settings.deadline_seconds,
        capacity=settings.queue_images,
        kept_for_singles=kept_for_singles,
        observer=observer,
    )


async def _load(
    registry: Registry,
    on_failure: Callable[[], None] | None,
    around_load: Callable[[], AbstractContextManager[None]],
) -> None:
    def load() -> None:
        with around_load():
            registry.load()

    try:
        await asyncio.to_thread(load)
    except Exception:
        # Checksums held, so this is the runtime's own trouble: a missing library, too little memory.
        _log.exception("a model could not be loaded; the service ends")
        if on_failure:
            on_failure()
