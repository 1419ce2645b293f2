"""`GET /metrics`, for Prometheus."""

from fastapi import APIRouter
from starlette.responses import Response

from app.api import problems
from app.api.problems import describe
from app.telemetry import MEDIA_TYPE, Metrics

EXAMPLE = """\
# HELP inkling_answers_total Answers, by model and class.
# TYPE inkling_answers_total counter
inkling_answers_total{label="7",model="digit"} 12.0
"""


class PrometheusText(Response):
    """A response in Prometheus' text format."""

    media_type = MEDIA_TYPE


def metrics_router(metrics: Metrics) -> APIRouter:
    """Return the call that shows an application's metrics."""
    router = APIRouter(tags=["health"])
    described = describe(problems.INTERNAL_ERROR)

    @router.get(
        "/metrics",
        operation_id="metrics",
        summary="Figures for Prometheus",
        response_class=PrometheusText,
        responses={
            **described,
            200: {
                **described[200],
                "description": "Prometheus' text format, version 0.0.4.",
                "content": {MEDIA_TYPE: {"schema": {"type": "string"}, "examples": {"answers": {"value": EXAMPLE}}}},
            },
        },
    )
    async def show() -> PrometheusText:
        """Requests, stages, batches, answers, drift and model versions. Needs no API key, and works at any time."""
        return PrometheusText(metrics.text())

    return router
