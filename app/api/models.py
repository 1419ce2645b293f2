"""`GET /models`: what is loaded, and each model's card."""

from typing import Annotated

from fastapi import APIRouter, Path

from app.api import problems
from app.api.problems import NO_SUCH_MODEL, NOT_FOUND, RequestProblem, describe
from app.api.schemas import ModelCard, Models, ModelSummary
from app.inference import Registry


def models_router(registry: Registry) -> APIRouter:
    """Return the calls that describe the models of a registry."""
    router = APIRouter(prefix="/models", tags=["models"])

    @router.get(
        "",
        operation_id="list_models",
        summary="The loaded models",
        response_description="One entry a model.",
        responses=describe(problems.INTERNAL_ERROR),
    )
    async def list_models() -> Models:
        """Name, version, classes, input shape, runtime, digest and headline figures of every model."""
        loaded = registry.models.values()
        return Models(models=[ModelSummary.of(model.artifact, registry.runtime) for model in loaded])

    @router.get(
        "/{name}",
        operation_id="get_model",
        summary="One model's card",
        response_description="The card.",
        responses=describe(NOT_FOUND, problems.INTERNAL_ERROR),
    )
    async def get_model(
        name: Annotated[str, Path(description="Name of the model.", examples=["digit"])],
    ) -> ModelCard:
        """The whole card: data, training, figures with the test set they were measured on, preprocessing version."""
        if name not in registry.artifacts:
            raise RequestProblem(NOT_FOUND, NO_SUCH_MODEL)
        return ModelCard.of(registry.artifacts[name].card)

    return router
