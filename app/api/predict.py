"""`POST /predict/<model>` and its batch form: one router a model, so that each documents its own characters."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends, File, Query, UploadFile
from pydantic import WithJsonSchema
from starlette.datastructures import UploadFile as StarletteUpload

from app.api import problems
from app.api.direct import direct_route
from app.api.problems import INVALID_PARAMETER, TOO_MANY_FILES, UPLOAD_TOO_LARGE, Problem, RequestProblem, describe
from app.api.schemas import Answer, BatchAnswer, Failure
from app.artifacts import ModelCard
from app.imaging import ImageError, Polarity
from app.inference import Registry
from app.recogniser import Options, Recogniser
from app.telemetry import current_record

MAX_TOP_K = 10
#: Longest `allow`, in characters: every class of every model several times over.
MAX_ALLOW = 256
#: FastAPI writes `contentMediaType`, which client generators take for text.
ImageFile = Annotated[UploadFile, WithJsonSchema({"type": "string", "format": "binary"})]
Explain = Annotated[bool, Query(description="Add what the model saw.", examples=[False])]
ACCEPTED = "PNG, JPEG, WebP, BMP, GIF (one frame) or TIFF (one page)"


#: Problems that every recognition may end in.
COMMON = (
    problems.UNAUTHORISED,
    problems.OVERLOADED,
    problems.NOT_READY,
    problems.DRAINING,
    problems.DEADLINE_EXCEEDED,
    problems.INTERNAL_ERROR,
)


def predict_router(
    card: ModelCard, registry: Registry, recogniser: Recogniser, *, max_upload_bytes: int, max_batch_files: int
) -> APIRouter:
    """Return the two calls that recognise with one model.

    Args:
        card: of the model.
        registry: where the loaded model is.
        recogniser: does the work.
        max_upload_bytes: of each file.
        max_batch_files: of a batch.
    """
    router = APIRouter(prefix=f"/predict/{card.name}", tags=["recognise"])
    characters = "".join(character for item in card.classes for character in item.characters)

    async def options(
        allow: Annotated[
            str | None,
            Query(
                min_length=1,
                max_length=MAX_ALLOW,
                pattern=f"^[{re.escape(characters)}]+$",
                description="Only these characters may be answered; probabilities are renormalised over them.",
                examples=[characters[:5]],
            ),
        ] = Options.allow,
        top_k: Annotated[
            int, Query(ge=1, le=MAX_TOP_K, description="How many candidates to return.", examples=[3])
        ] = Options.top_k,
        polarity: Annotated[
            Polarity, Query(description="Which of ink and page is the darker; `auto` finds out.", examples=["auto"])
        ] = Options.polarity,
    ) -> Options:
        return Options(top_k=top_k, polarity=polarity, allow=allow)

    async def contents(upload: StarletteUpload) -> bytes:
        data = await upload.read()
        if len(data) > max_upload_bytes:
            raise RequestProblem(UPLOAD_TOO_LARGE, f"The file is larger than {max_upload_bytes} bytes.")
        return data

    async def answer(upload: StarletteUpload, chosen: Options, *, explain: bool) -> Answer:
        data = await contents(upload)
        with registry.holding(card.name) as model:
            (found,) = await recogniser.recognise(model, [data], chosen)
        if isinstance(found, ImageError):
            raise found
        return Answer.of(found, model.artifact, explain=explain)

    async def predict(
        file: Annotated[
            ImageFile, File(description=f"{ACCEPTED}; recognised by content. `/web/sample.png` is one to try with.")
        ],
        chosen: Annotated[Options, Depends(options)],
        explain: Explain = False,
    ) -> Answer:
        """Say which character an image shows, how sure that is, and what else it could be.

        The image may be a photo, a scan or a drawing of one character, of either polarity and any size.
        """
        return await answer(file, chosen, explain=explain)

    router.add_api_route(
        "",
        predict,
        methods=["POST"],
        operation_id=f"predict_{card.name}",
        summary=f"Recognise one image: {card.description}",
        response_description="What the image shows.",
        response_model_exclude_none=True,
        responses=describe(
            problems.MALFORMED_UPLOAD,
            UPLOAD_TOO_LARGE,
            problems.IMAGE_TOO_LARGE,
            problems.UNSUPPORTED_IMAGE,
            INVALID_PARAMETER,
            problems.EMPTY_FILE,
            problems.CORRUPT_IMAGE,
            problems.NO_INK,
            *COMMON,
        ),
        route_class_override=direct_route(lambda upload: answer(upload, Options(), explain=False), part="file"),
    )

    @router.post(
        "/batch",
        operation_id=f"predict_{card.name}_batch",
        summary=f"Recognise many images: {card.description}",
        response_description="An answer or a problem for each image, in the order sent.",
        response_model_exclude_none=True,
        responses=describe(problems.MALFORMED_UPLOAD, UPLOAD_TOO_LARGE, TOO_MANY_FILES, INVALID_PARAMETER, *COMMON),
    )
    async def predict_batch(
        files: Annotated[
            list[ImageFile],
            File(description=f"1 to {max_batch_files} images, {ACCEPTED}.", min_length=1),
        ],
        chosen: Annotated[Options, Depends(options)],
        explain: Explain = False,
    ) -> BatchAnswer:
        """Recognise each image on its own, in the order sent: a bad one gets a problem, the others their answers."""
        if len(files) > max_batch_files:
            raise RequestProblem(TOO_MANY_FILES, f"At most {max_batch_files} files are accepted at once.")
        results: dict[int, Answer | Failure] = {}
        readable: dict[int, bytes] = {}
        for index, upload in enumerate(files):
            try:
                readable[index] = await contents(upload)
            except RequestProblem as error:
                results[index] = _failure(problems.problem(error.kind, str(error)))
        with registry.holding(card.name) as model:
            recognitions = await recogniser.recognise(model, list(readable.values()), chosen)
        for index, found in zip(readable, recognitions, strict=True):
            results[index] = (
                _failure(problems.problem_of(found))
                if isinstance(found, ImageError)
                else Answer.of(found, model.artifact, explain=explain)
            )
        return BatchAnswer(results=[results[index] for index in range(len(files))])

    return router


def _failure(problem: Problem) -> Failure:
    current_record().failures.append(problem.code)
    return Failure(problem=problem)
