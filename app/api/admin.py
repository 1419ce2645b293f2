"""`POST /admin/reload`: newer models without a restart, for who has an admin key."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future

from fastapi import APIRouter

from app.api import problems
from app.api.problems import MODEL_REFUSED, RequestProblem, describe
from app.api.schemas import Reload, ReloadedModel
from app.inference import ReloadOutcome


def admin_router(start_reload: Callable[[], Future[list[ReloadOutcome]]]) -> APIRouter:
    """Return the calls that change a running service.

    Args:
        start_reload: begins a reload and promises the outcome for each model, or Draining.
    """
    router = APIRouter(prefix="/admin", tags=["admin"])

    @router.post(
        "/reload",
        operation_id="reload_models",
        summary="Look for newer models",
        response_description="What is served now, one entry a model.",
        responses=describe(MODEL_REFUSED, problems.NOT_READY, problems.DRAINING, problems.INTERNAL_ERROR),
    )
    async def reload() -> Reload:
        """Serve what a restart would serve: the highest version of each model, or the pinned one.

        New versions are verified, loaded and warmed up while the old ones go on answering, and no request loses its
        answer. One that cannot be served is refused, and the old one stays.
        """
        outcomes = await asyncio.wrap_future(start_reload())
        if any(outcome.refused for outcome in outcomes):
            raise RequestProblem(MODEL_REFUSED, " ".join(map(_told, outcomes)) + " The log has the cause.")
        return Reload(models=[ReloadedModel.of(outcome) for outcome in outcomes])

    return router


def _told(outcome: ReloadOutcome) -> str:
    if outcome.refused:
        return f"{outcome.name}: the version on disk is {outcome.refused}; {outcome.version} goes on serving."
    return f"{outcome.name}: {outcome.version} is {'loaded' if outcome.loaded else 'kept'}."
