"""`card.json`: what an artifact says about itself."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _CardPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CharacterClass(_CardPart):
    """One output of the network: its label and every character that it stands for, the label among them."""

    label: str = Field(min_length=1, max_length=1, description="Name of the class.", examples=["C"])
    characters: tuple[str, ...] = Field(min_length=1, description="All that it stands for.", examples=[["C", "c"]])


class DataSource(_CardPart):
    """A data set a figure or the weights come from."""

    name: str = Field(description="Name of the data set.", examples=["mnist"])
    part: str = Field(description="Which part of it.", examples=["train"])
    images: int = Field(ge=1, description="How many images of it were used.", examples=[55000])
    files: dict[str, str] = Field(description="File name to SHA-256.", examples=[{"mnist.npz": "06" * 32}])


_DIGIT_CLASSES = [{"label": "0", "characters": ["0"]}, {"label": "1", "characters": ["1"]}]
_SOURCE = {"name": "mnist", "part": "test", "images": 10000, "files": {"mnist.npz": "06" * 32}}


class Metrics(_CardPart):
    """Figures measured on one test set."""

    test_set: DataSource = Field(description="What they were measured on.", examples=[_SOURCE])
    accuracy: float = Field(ge=0, le=1, description="Share of right answers.", examples=[0.9962])
    mean_per_class_accuracy: float = Field(
        ge=0, le=1, description="Mean over the classes of each one's accuracy.", examples=[0.9961]
    )
    expected_calibration_error: float = Field(ge=0, le=1, description="15 bins of equal mass.", examples=[0.004])
    command: str = Field(
        description="The command that prints these figures.", examples=["python -m training evaluate digit"]
    )


_METRICS = {
    "test_set": _SOURCE,
    "accuracy": 0.9962,
    "mean_per_class_accuracy": 0.9961,
    "expected_calibration_error": 0.0015,
    "command": "python -m training evaluate digit",
}


class OperatingPoint(_CardPart):
    """Where answers stop being good enough: those below the confidence are for a person to look at."""

    target_error: float = Field(
        gt=0, lt=1, description="Largest share of wrong answers among those given.", examples=[0.01]
    )
    confidence: float = Field(ge=0, le=1, description="Least confidence of those.", examples=[0.62])
    coverage: float = Field(ge=0, le=1, description="Share of the validation images that reach it.", examples=[0.985])


_POINT = {"target_error": 0.01, "confidence": 0.62, "coverage": 0.985}


class ModelForm(_CardPart):
    """One of the files that hold the network, and what it answered to the test set."""

    file: str = Field(description="Name of the file.", examples=["model.int8.tflite"])
    size: int = Field(ge=1, description="Bytes.", examples=[224016])
    accuracy: float = Field(ge=0, le=1, description="Share of right answers.", examples=[0.9961])
    mean_per_class_accuracy: float = Field(ge=0, le=1, description="Mean over the classes.", examples=[0.9961])
    expected_calibration_error: float = Field(ge=0, le=1, description="15 bins of equal mass.", examples=[0.002])
    same_answer: float = Field(ge=0, le=1, description="Share of the SavedModel's answers it gives.", examples=[0.9993])
    largest_difference: float = Field(ge=0, description="Of a probability from the SavedModel's.", examples=[0.031])


_FORM = {
    "file": "model.int8.tflite",
    "size": 224016,
    "accuracy": 0.9961,
    "mean_per_class_accuracy": 0.9961,
    "expected_calibration_error": 0.002,
    "same_answer": 0.9993,
    "largest_difference": 0.031,
}


class SeedFigures(_CardPart):
    """What one seed of the recipe reached on the test set of the metrics."""

    seed: int = Field(ge=0, description="The run's.", examples=[0])
    accuracy: float = Field(ge=0, le=1, description="Share of right answers.", examples=[0.9962])
    mean_per_class_accuracy: float = Field(ge=0, le=1, description="Mean over the classes.", examples=[0.9961])


_SEED = {"seed": 0, "accuracy": 0.9962, "mean_per_class_accuracy": 0.9961}


class ModelCard(_CardPart):
    """The whole card. Everything needed to serve the model, and to train it again."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$", description="Name of the model.", examples=["digit"])
    version: int = Field(ge=1, description="Its version; higher is newer.", examples=[1])
    description: str = Field(description="What it recognises.", examples=["Handwritten digits 0 to 9."])
    classes: tuple[CharacterClass, ...] = Field(
        min_length=2, description="What each output stands for, in order.", examples=[_DIGIT_CLASSES]
    )
    input_shape: tuple[int, int, int] = Field(
        description="Height, width, channels of an image.", examples=[[28, 28, 1]]
    )
    geometry: str = Field(description="How a character is framed.", examples=["mnist"])
    preprocessing_version: int = Field(ge=1, description="Of the service it needs.", examples=[1])
    temperature: float = Field(
        gt=0,
        description="Folded into the graph: logits of a picture without sharpness are divided by it.",
        examples=[0.67],
    )
    temperature_sharp: float = Field(
        1.0,
        gt=0,
        description="To the power of a picture's sharpness, 0 to 1, a factor of its temperature; 1 where that is one.",
        examples=[0.41],
    )
    class_factors: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (),
        description="Of each class in order, a factor of the temperature: the logits are divided by temperature * "
        "temperature_sharp ** sharpness * exp(sum(softmax(logits) * log(class_factors))). Empty where all are 1.",
        examples=[[0.9, 1.1]],
    )
    logit_offsets: tuple[float, ...] = Field(
        (),
        description="Of each class in order, added to the logits once they were trained: natural logarithms. Empty in "
        "the cards of models made before this was told.",
        examples=[[-0.1, 0.1]],
    )
    parameters: int = Field(ge=1, description="Trained numbers.", examples=[199778])
    multiply_adds: int = Field(ge=1, description="Of one image.", examples=[14111152])
    training_data: DataSource = Field(
        description="What it was trained on.", examples=[{**_SOURCE, "part": "train", "images": 55000}]
    )
    validation_images: int = Field(
        ge=1, description="Taken from the training data for choosing and calibrating.", examples=[5000]
    )
    recipe: dict[str, Any] = Field(
        description="Every option of the training run, its seed included.", examples=[{"epochs": 12, "seed": 0}]
    )
    training_seconds: float = Field(ge=0, description="How long training took.", examples=[1143.9])
    created: str = Field(description="UTC, ISO 8601.", examples=["2026-11-22T11:28:05+00:00"])
    library_versions: dict[str, str] = Field(description="What it was made with.", examples=[{"keras": "3.15.1"}])
    operating_points: tuple[OperatingPoint, ...] = Field(
        (),
        description="From the strictest; measured on validation images, half of them read off pages.",
        examples=[[_POINT]],
    )
    target_error: float | None = Field(
        None, description="The operating point that is served unless the operator sets another.", examples=[0.01]
    )
    metrics: tuple[Metrics, ...] = Field(description="Figures, each with its test set.", examples=[[_METRICS]])
    forms: tuple[ModelForm, ...] = Field(
        (), description="The same network in each file, on the test set of the metrics.", examples=[[_FORM]]
    )
    seeds: tuple[SeedFigures, ...] = Field(
        (), description="Runs of the recipe that differ by their seed; the first is this model.", examples=[[_SEED]]
    )
    limitations: tuple[str, ...] = Field(description="What it cannot do.", examples=[["One digit an image."]])

    @model_validator(mode="after")
    def _check_factors(self) -> Self:
        if self.class_factors and len(self.class_factors) != len(self.classes):
            raise ValueError("class_factors has to have one for each class, or be empty")
        return self

    def least_confidence(self, target_error: float | None = None) -> float:
        """Return the confidence below which an answer is uncertain, 0..1.

        Args:
            target_error: the largest share of wrong answers wanted among the others; None for the card's own choice.
                The next stricter operating point is taken, or the strictest.

        Returns:
            0 where the card has no operating points, as those of the first models have not.
        """
        wanted = self.target_error if target_error is None else target_error
        if not self.operating_points or wanted is None:
            return 0.0
        points = sorted(self.operating_points, key=lambda point: point.target_error)
        return next((point for point in reversed(points) if point.target_error <= wanted), points[0]).confidence
