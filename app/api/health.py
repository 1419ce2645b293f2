"""`GET /livez` and `GET /readyz`, for whatever keeps the process running and sends it work."""

from fastapi import APIRouter

from app.api import problems
from app.api.problems import describe
from app.api.schemas import Health
from app.inference import Registry


def health_router(registry: Registry) -> APIRouter:
    """Return the health calls of a registry."""
    router = APIRouter(tags=["health"])

    @router.get(
        "/livez",
        operation_id="livez",
        summary="Can the process still do work?",
        response_description="It can.",
        responses=describe(problems.NOT_READY, problems.INTERNAL_ERROR),
    )
    async def livez() -> Health:
        """200 while it can; 503 once a worker that it depends on has died. Restart it then."""
        registry.check_alive()
        return Health(status="alive")

    @router.get(
        "/readyz",
        operation_id="readyz",
        summary="Should it be sent work?",
        response_description="It should.",
        responses=describe(problems.NOT_READY, problems.DRAINING, problems.INTERNAL_ERROR),
    )
    async def readyz() -> Health:
        """503 with the reasons until every model is loaded, verified and warmed up, and while draining; then 200."""
        registry.check_ready()
        return Health(status="ready")

    return router
