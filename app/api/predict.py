"""`POST /predict/<model>` and its batch form: one router a model, so that each documents its own characters.

`app.api.direct` answers the commonest requests, those without options, before they come here: what every request is to
pass through belongs into the middleware.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, File, Query, Request, UploadFile
from pydantic import WithJsonSchema

from app.api import problems
from app.api.direct import Call
from app.api.parameters import known
from app.api.predictor import Predictor
from app.api.problems import TOO_MANY_FILES, RequestProblem, describe
from app.api.schemas import EXAMPLE_PROBLEM, Answer, BatchAnswer, example_answer
from app.artifacts import ModelCard
from app.imaging import Polarity
from app.recogniser import Options

MAX_TOP_K = 10
#: Longest `allow`, in characters: every class of every model several times over.
MAX_ALLOW = 256
#: FastAPI writes `contentMediaType`, which client generators take for text.
ImageFile = Annotated[UploadFile, WithJsonSchema({"type": "string", "format": "binary"})]
Explain = Annotated[bool, Query(description="Add what the model saw.", examples=[False])]
#: What the calls take from the query.
PARAMETERS = ("top_k", "polarity", "allow", "explain")
#: Name of the part of a form that holds the one file.
PART = "file"
#: Name of every part of a form that holds one file of many.
BATCH_PART = "files"
ACCEPTED = "PNG, JPEG, WebP, BMP, GIF (one frame) or TIFF (one page)"

#: Problems that every recognition may end in.
COMMON = (
    problems.MALFORMED_UPLOAD,
    problems.UPLOAD_TIMEOUT,
    problems.UPLOAD_TOO_LARGE,
    problems.TOO_MANY_FILES,
    problems.INVALID_PARAMETER,
    problems.UNAUTHORISED,
    problems.OVERLOADED,
    problems.NOT_READY,
    problems.DRAINING,
    problems.DEADLINE_EXCEEDED,
    problems.INTERNAL_ERROR,
)
#: Problems of one image; in a batch they stand in its place.
OF_AN_IMAGE = (
    problems.IMAGE_TOO_LARGE,
    problems.UNSUPPORTED_IMAGE,
    problems.EMPTY_FILE,
    problems.CORRUPT_IMAGE,
    problems.NO_INK,
)


def predict_router(card: ModelCard, predictor: Predictor, *, max_batch_files: int) -> APIRouter:
    """Return the two calls that recognise with one model.

    Args:
        card: of the model.
        predictor: with it.
        max_batch_files: of a batch.
    """
    router = APIRouter(prefix=_path(card.name), tags=["recognise"])
    options, example = _options(card), example_answer(card)

    @router.post(
        "",
        operation_id=f"predict_{card.name}",
        dependencies=[known(*PARAMETERS, part=PART)],
        summary=f"Recognise one image: {card.description}",
        response_description="What the image shows.",
        response_model_exclude_none=True,
        responses=describe(*COMMON, *OF_AN_IMAGE, example=example),
    )
    async def predict(
        request: Request,
        file: Annotated[
            ImageFile, File(description=f"{ACCEPTED}; recognised by content. `/web/sample.png` is one to try with.")
        ],
        chosen: Annotated[Options, Depends(options)],
        explain: Explain = False,
    ) -> Answer:
        """Say which character an image shows, how sure that is, and what else it could be.

        The image may be a photo, a scan or a drawing of one character, of either polarity and any size.
        """
        # Of several, FastAPI takes the last; the form is read by now, and kept.
        if len((await request.form()).getlist(PART)) > 1:
            raise RequestProblem(TOO_MANY_FILES, f"Send one file; {router.prefix}/batch takes several.")
        return await predictor.answer(await _content(file, predictor), chosen, explain=explain)

    @router.post(
        "/batch",
        operation_id=f"predict_{card.name}_batch",
        dependencies=[known(*PARAMETERS, part=BATCH_PART)],
        summary=f"Recognise many images: {card.description}",
        response_description="An answer or a problem for each image, in the order sent.",
        response_model_exclude_none=True,
        responses=describe(*COMMON, example={"results": [example, {"problem": EXAMPLE_PROBLEM}]}),
    )
    async def predict_batch(
        files: Annotated[
            list[ImageFile],
            # More of them are too many files, and not a list that is no list of files.
            File(
                description=f"1 to {max_batch_files} images, {ACCEPTED}.",
                min_length=1,
                json_schema_extra={"maxItems": max_batch_files},
            ),
        ],
        chosen: Annotated[Options, Depends(options)],
        explain: Explain = False,
    ) -> BatchAnswer:
        """Recognise each image on its own, in the order sent: a bad one gets a problem, the others their answers."""
        if len(files) > max_batch_files:
            raise RequestProblem(TOO_MANY_FILES, f"At most {max_batch_files} files are accepted at once.")
        contents = [await _content(upload, predictor) for upload in files]
        return BatchAnswer(results=await predictor.answers(contents, chosen, explain=explain))

    return router


def short_calls(name: str, predictor: Predictor, *, max_batch_files: int) -> dict[str, Call]:
    """Return the calls of one model as they are answered where nothing is chosen, by path.

    Args:
        name: of the model.
        predictor: with it.
        max_batch_files: of a batch.
    """

    async def answer_one(files: list[bytes]) -> bytes:
        (file,) = files
        return await predictor.answer_json(file)

    return {
        _path(name): Call(PART, most=1, answer=answer_one),
        f"{_path(name)}/batch": Call(BATCH_PART, most=max_batch_files, answer=predictor.answers_json),
    }


def _path(name: str) -> str:
    return f"/predict/{name}"


def _options(card: ModelCard) -> Callable[..., Awaitable[Options]]:
    """Return the dependency that reads what a caller chose for a model."""
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

    return options


async def _content(upload: UploadFile, predictor: Predictor) -> bytes:
    """Return the bytes of a file, of one that is too large as many as show it."""
    return await upload.read(predictor.max_upload_bytes + 1)
