"""What one model says to files, in the form that clients see."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic_core import to_json

from app.api.problems import UPLOAD_TOO_LARGE, Problem, RequestProblem, problem_of
from app.api.schemas import Answer, Failure, answer_fields
from app.artifacts import Artifact
from app.imaging import ImageError
from app.inference import Registry
from app.recogniser import Options, Recogniser, Recognition
from app.telemetry import current_record

#: What is chosen where the caller chooses nothing.
DEFAULTS = Options()


class Predictor:
    """Answers with one model."""

    def __init__(self, name: str, registry: Registry, recogniser: Recogniser, *, max_upload_bytes: int) -> None:
        """Make it.

        Args:
            name: of the model.
            registry: where the loaded model is.
            recogniser: does the work.
            max_upload_bytes: of each file.
        """
        self.max_upload_bytes = max_upload_bytes
        self._name = name
        self._registry = registry
        self._recogniser = recogniser

    async def answer(self, data: bytes, chosen: Options = DEFAULTS, *, explain: bool = False) -> Answer:
        """Say what one image shows.

        Raises:
            RequestProblem: the file is too large.
            ImageError, InferenceError, UnknownCharacters: see `Recogniser.recognise`.
        """
        found, artifact = await self._recognised(data, chosen)
        return Answer.of(found, artifact, explain=explain)

    async def answer_json(self, data: bytes) -> bytes:
        """Say what one image shows where nothing is chosen: the JSON of `answer`, at less than half of its cost.

        Raises:
            As `answer`.
        """
        return to_json(answer_fields(*await self._recognised(data, DEFAULTS)))

    async def _recognised(self, data: bytes, chosen: Options) -> tuple[Recognition, Artifact]:
        self._check_size(data)
        with self._registry.holding(self._name) as model:
            (found,) = await self._recogniser.recognise(model, [data], chosen)
        if isinstance(found, ImageError):
            try:
                raise found
            finally:
                del found  # which would hold this call, and the file, until Python looks for garbage
        return found, model.artifact

    async def answers_json(self, files: Sequence[bytes]) -> bytes:
        """Say what each image shows where nothing is chosen: the JSON of a `BatchAnswer` with `answers`.

        Raises:
            As `answers`.
        """
        found, artifact = await self._each_recognised(files, DEFAULTS)
        results = [
            {"problem": item.model_dump()} if isinstance(item, Problem) else answer_fields(item, artifact)
            for item in found
        ]
        return to_json({"results": results})

    async def answers(self, files: Sequence[bytes], chosen: Options, *, explain: bool) -> list[Answer | Failure]:
        """Say what each image shows, or what is wrong with it, in the order given.

        Raises:
            InferenceError, UnknownCharacters: see `Recogniser.recognise`.
        """
        found, artifact = await self._each_recognised(files, chosen)
        return [
            Failure(problem=item) if isinstance(item, Problem) else Answer.of(item, artifact, explain=explain)
            for item in found
        ]

    async def _each_recognised(
        self, files: Sequence[bytes], chosen: Options
    ) -> tuple[list[Recognition | Problem], Artifact]:
        results: dict[int, Recognition | Problem] = {}
        readable: dict[int, bytes] = {}
        for index, data in enumerate(files):
            try:
                self._check_size(data)
            except RequestProblem as error:
                results[index] = _noted(problem_of(error))
            else:
                readable[index] = data
        with self._registry.holding(self._name) as model:
            recognitions = await self._recogniser.recognise(model, list(readable.values()), chosen)
        for index, found in zip(readable, recognitions, strict=True):
            results[index] = _noted(problem_of(found)) if isinstance(found, ImageError) else found
        return [results[index] for index in range(len(files))], model.artifact

    def _check_size(self, data: bytes) -> None:
        if len(data) > self.max_upload_bytes:
            raise RequestProblem(UPLOAD_TOO_LARGE, f"The file is larger than {self.max_upload_bytes} bytes.")


def _noted(problem: Problem) -> Problem:
    current_record().failures.append(problem.code)
    return problem
