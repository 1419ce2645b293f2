"""What the API answers with, as clients see it."""

from __future__ import annotations

import base64
import io
from typing import Annotated, Literal

import numpy as np
from PIL import Image
from pydantic import BaseModel, Field, PlainSerializer

from app.api.problems import Problem
from app.artifacts import Artifact, CharacterClass, Metrics
from app.artifacts import ModelCard as StoredCard
from app.imaging import Polarity
from app.inference import ReloadOutcome
from app.recogniser import Recognition

Confidence = Annotated[
    float,
    Field(
        ge=0,
        le=1,
        description="Calibrated probability: of all answers at 0.9, nine in ten are right. That was measured on "
        "validation images, and holds for pictures like those that do show a character of the model's classes. "
        "With `allow`, the share among what is allowed.",
    ),
]


EXAMPLE_CANDIDATES = [
    {"label": "7", "characters": ["7"], "confidence": 0.9987},
    {"label": "1", "characters": ["1"], "confidence": 0.0009},
]
EXAMPLE_MODEL = {"name": "digit", "version": "1"}
EXAMPLE_EXPLANATION = {
    "polarity": "dark_on_light",
    "box": [112, 80, 540, 760],
    "alone": True,
    "model_input": "data:image/png;base64,iVBORw0KGgo=",
}
EXAMPLE_ANSWER = {
    "label": "7",
    "confidence": 0.9987,
    "uncertain": False,
    "candidates": EXAMPLE_CANDIDATES,
    "model": EXAMPLE_MODEL,
}
EXAMPLE_CLASSES = [{"label": "7", "characters": ["7"]}]
EXAMPLE_METRICS = [
    {
        "test_set": {"name": "mnist", "part": "test", "images": 10000, "files": {"mnist.npz": "06" * 32}},
        "accuracy": 0.9962,
        "mean_per_class_accuracy": 0.9961,
        "expected_calibration_error": 0.0015,
        "command": "python -m training evaluate digit",
    }
]
EXAMPLE_PROBLEM = {
    "type": "urn:inkling:problem:no-ink",
    "title": "No character found",
    "status": 422,
    "detail": "Nothing is written on the page, or too faintly to be told from it.",
    "instance": "0f3c6f5ab7b54b0f8a4d0b9f3f7a6f11",
    "code": "no-ink",
}


def example_answer(card: StoredCard) -> dict[str, object]:
    """Return an answer of a model as JSON has it, of its classes those that stand for most characters."""
    likeliest = sorted(card.classes, key=lambda item: -len(item.characters))
    candidates = [
        {"label": item.label, "characters": list(item.characters), "confidence": shown["confidence"]}
        for item, shown in zip(likeliest, EXAMPLE_CANDIDATES, strict=False)
    ]
    return {
        **EXAMPLE_ANSWER,
        "label": likeliest[0].label,
        "candidates": candidates,
        "model": {"name": card.name, "version": str(card.version)},
    }


class Candidate(BaseModel):
    """One possible answer."""

    label: str = Field(description="The class's name.", examples=["7"])
    characters: list[str] = Field(
        description="Every character the class stands for: `C` and `c` share one, so `C` stands for both.",
        examples=[["7"]],
    )
    confidence: Confidence = Field(examples=[0.9987])


class ModelReference(BaseModel):
    """Which model answered."""

    name: str = Field(description="Name of the model.", examples=["digit"])
    version: str = Field(description="Its version.", examples=["1"])


class Explanation(BaseModel):
    """What the model saw."""

    polarity: Literal[Polarity.DARK_ON_LIGHT, Polarity.LIGHT_ON_DARK] = Field(
        description="How the ink stood on the page.", examples=["dark_on_light"]
    )
    box: list[int] = Field(
        min_length=4,
        max_length=4,
        description="Left, top, right, bottom of the writing, in pixels of the upload after EXIF orientation.",
        examples=[[112, 80, 540, 760]],
    )
    alone: bool = Field(
        description="Whether the picture shows one character, as far as its marks tell. Where the writing falls apart "
        "into several, or what may be another one was left out, the answer is `uncertain`.",
        examples=[True],
    )
    model_input: str = Field(
        description="The very 28x28 image that went into the network, as a PNG data URL.",
        examples=["data:image/png;base64,iVBORw0KGgo="],
    )


class Answer(BaseModel):
    """What an image was recognised as."""

    label: str = Field(description="The best candidate's label.", examples=["7"])
    confidence: Confidence = Field(examples=[0.9987])
    uncertain: bool = Field(
        description="Whether a person should rather have a look. The confidence below which that is so is chosen on "
        "validation images: of all answers to them that are not marked, the share of wrong ones is below the target "
        "error. Also true where the picture seems to show more than one character, and where `allow` rules out nearly "
        "all that it may show.",
        examples=[False],
    )
    candidates: list[Candidate] = Field(
        min_length=1, description="The most probable classes, best first.", examples=[EXAMPLE_CANDIDATES]
    )
    model: ModelReference = Field(description="Which model answered.", examples=[EXAMPLE_MODEL])
    explanation: Explanation | None = Field(
        None, description="Present with `explain=true`.", examples=[EXAMPLE_EXPLANATION]
    )

    @classmethod
    def of(cls, recognition: Recognition, artifact: Artifact, *, explain: bool) -> Answer:
        """Return the public form of an answer."""
        explanation = _explanation(recognition) if explain else None
        return cls.model_validate({**answer_fields(recognition, artifact), "explanation": explanation})


def answer_fields(recognition: Recognition, artifact: Artifact) -> dict[str, object]:
    """Return what an `Answer` without an explanation says, in its order, for who needs no more than its JSON."""
    best = recognition.candidates[0]
    return {
        "label": best.label,
        "confidence": best.confidence,
        "uncertain": recognition.uncertain,
        "candidates": [
            {"label": item.label, "characters": item.characters, "confidence": item.confidence}
            for item in recognition.candidates
        ],
        "model": {"name": artifact.card.name, "version": str(artifact.card.version)},
    }


class Failure(BaseModel):
    """Why one image of a batch got no answer."""

    problem: Problem = Field(description="What is wrong with it.", examples=[EXAMPLE_PROBLEM])


class BatchAnswer(BaseModel):
    """The answers to a batch, in the order sent."""

    results: list[Answer | Failure] = Field(
        description="An answer or a problem for each file.", examples=[[EXAMPLE_ANSWER, {"problem": EXAMPLE_PROBLEM}]]
    )


class ModelSummary(BaseModel):
    """A loaded model, in short."""

    name: str = Field(description="Name of the model.", examples=["digit"])
    version: str = Field(description="Its version.", examples=["1"])
    description: str = Field(description="What it recognises.", examples=["Handwritten digits 0 to 9."])
    classes: list[CharacterClass] = Field(description="What it can answer.", examples=[EXAMPLE_CLASSES])
    input_shape: list[int] = Field(description="Height, width, channels.", examples=[[28, 28, 1]])
    runtime: str = Field(description="What runs it.", examples=["savedmodel"])
    sha256: str = Field(description="Digest over all files of the model.", examples=["9f" * 32])
    metrics: list[Metrics] = Field(description="Figures, each with its test set.", examples=[EXAMPLE_METRICS])

    @classmethod
    def of(cls, artifact: Artifact, runtime: str) -> ModelSummary:
        """Return the summary of a model that runs on a runtime."""
        card = artifact.card
        return cls(
            name=card.name,
            version=str(card.version),
            description=card.description,
            classes=list(card.classes),
            input_shape=list(card.input_shape),
            runtime=runtime,
            sha256=artifact.sha256,
            metrics=list(card.metrics),
        )


class Models(BaseModel):
    """The loaded models."""

    models: list[ModelSummary] = Field(
        description="One a name.",
        examples=[
            [
                {
                    **EXAMPLE_MODEL,
                    "description": "Handwritten digits 0 to 9.",
                    "classes": EXAMPLE_CLASSES,
                    "input_shape": [28, 28, 1],
                    "runtime": "savedmodel",
                    "sha256": "9f" * 32,
                    "metrics": EXAMPLE_METRICS,
                }
            ]
        ],
    )


class ModelCard(StoredCard):
    """The whole card. Everything needed to serve the model, and to train it again."""

    # A number in card.json; every answer of the API tells versions as text.
    version: Annotated[int, PlainSerializer(str, return_type=str)] = Field(
        ge=1, description="Its version; higher is newer.", examples=["1"]
    )

    @classmethod
    def of(cls, card: StoredCard) -> ModelCard:
        """Return the public form of a card."""
        return cls(**dict(card))


class ReloadedModel(BaseModel):
    """What a reload came to for one model."""

    name: str = Field(description="Name of the model.", examples=["digit"])
    version: str = Field(description="The version that answers now.", examples=["2"])
    before: str = Field(description="The version that answered until now.", examples=["1"])
    loaded: bool = Field(description="Whether it was read anew; if not, it was kept.", examples=[True])

    @classmethod
    def of(cls, outcome: ReloadOutcome) -> ReloadedModel:
        """Return the public form of an outcome."""
        return cls(name=outcome.name, version=str(outcome.version), before=str(outcome.before), loaded=outcome.loaded)


class Reload(BaseModel):
    """What a reload came to."""

    models: list[ReloadedModel] = Field(
        description="One a name.", examples=[[{"name": "digit", "version": "2", "before": "1", "loaded": True}]]
    )


class Health(BaseModel):
    """That all is well."""

    status: str = Field(description="In a word.", examples=["ready"])


def _explanation(recognition: Recognition) -> Explanation:
    seen = recognition.seen
    assert seen.polarity is not Polarity.AUTO
    out = io.BytesIO()
    Image.fromarray(np.rint(seen.pixels * 255).astype(np.uint8)).save(out, "PNG")
    return Explanation(
        polarity=seen.polarity,
        box=list(seen.box),
        alone=seen.alone,
        model_input=f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}",
    )
