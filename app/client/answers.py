"""What the service answers, as frozen dataclasses. Fields that a newer service adds are ignored."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Candidate:
    """One possible answer.

    label: the class's name.
    characters: every character that the class stands for.
    confidence: calibrated probability, 0..1.
    """

    label: str
    characters: tuple[str, ...]
    confidence: float

    @classmethod
    def read(cls, data: Json) -> Self:
        """Return a candidate from its JSON form."""
        return cls(data["label"], tuple(data["characters"]), float(data["confidence"]))


@dataclass(frozen=True)
class Explanation:
    """What the model saw.

    polarity: "dark_on_light" or "light_on_dark".
    box: left, top, right, bottom of the writing, in pixels of the upload after EXIF orientation.
    alone: whether the picture shows one character, as far as its marks tell.
    model_input: the 28x28 image that went into the network, as a PNG file.
    """

    polarity: str
    box: tuple[int, int, int, int]
    alone: bool
    model_input: bytes

    @classmethod
    def read(cls, data: Json) -> Self:
        """Return an explanation from its JSON form, whose image is a data URL."""
        left, top, right, bottom = data["box"]
        _, encoded = data["model_input"].split(",", 1)
        image = base64.b64decode(encoded, validate=True)
        return cls(data["polarity"], (left, top, right, bottom), bool(data["alone"]), image)


@dataclass(frozen=True)
class Answer:
    """What an image was recognised as.

    label: of the best candidate.
    confidence: of the best candidate, 0..1.
    uncertain: whether a person should rather have a look.
    candidates: best first.
    model: name of the model that answered.
    version: of that model.
    explanation: where it was asked for.
    """

    label: str
    confidence: float
    uncertain: bool
    candidates: tuple[Candidate, ...]
    model: str
    version: str
    explanation: Explanation | None = None

    @classmethod
    def read(cls, data: Json) -> Self:
        """Return an answer from its JSON form."""
        explanation = data.get("explanation")
        return cls(
            label=data["label"],
            confidence=float(data["confidence"]),
            uncertain=bool(data["uncertain"]),
            candidates=tuple(map(Candidate.read, data["candidates"])),
            model=data["model"]["name"],
            version=data["model"]["version"],
            explanation=Explanation.read(explanation) if explanation else None,
        )


@dataclass(frozen=True)
class Metrics:
    """Figures measured on one test set.

    test_set: its name and part, such as "mnist test".
    images: how many.
    accuracy: share of right answers, 0..1.
    mean_per_class_accuracy: 0..1.
    expected_calibration_error: 15 bins of equal mass, 0..1.
    """

    test_set: str
    images: int
    accuracy: float
    mean_per_class_accuracy: float
    expected_calibration_error: float

    @classmethod
    def read(cls, data: Json) -> Self:
        """Return figures from their JSON form."""
        source = data["test_set"]
        return cls(
            test_set=f"{source['name']} {source['part']}",
            images=source["images"],
            accuracy=data["accuracy"],
            mean_per_class_accuracy=data["mean_per_class_accuracy"],
            expected_calibration_error=data["expected_calibration_error"],
        )


@dataclass(frozen=True)
class Model:
    """A loaded model.

    name: what `task` names it by.
    version: higher is newer.
    description: what it recognises.
    classes: label to every character that it stands for.
    input_shape: height, width, channels.
    runtime: what runs it.
    sha256: digest over all its files.
    metrics: figures, each with its test set.
    """

    name: str
    version: str
    description: str
    classes: Mapping[str, tuple[str, ...]]
    input_shape: tuple[int, ...]
    runtime: str
    sha256: str
    metrics: tuple[Metrics, ...]

    @classmethod
    def read(cls, data: Json) -> Self:
        """Return a model from its JSON form."""
        return cls(
            name=data["name"],
            version=data["version"],
            description=data["description"],
            classes={item["label"]: tuple(item["characters"]) for item in data["classes"]},
            input_shape=tuple(data["input_shape"]),
            runtime=data["runtime"],
            sha256=data["sha256"],
            metrics=tuple(map(Metrics.read, data["metrics"])),
        )
