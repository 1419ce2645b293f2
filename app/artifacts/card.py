"""`card.json`: what an artifact says about itself."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _CardPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CharacterClass(_CardPart):
    """One output of the network: its label and every character that it stands for, the label among them."""

    label: str = Field(min_length=1, max_length=1, examples=["C"])
    characters: tuple[str, ...] = Field(min_length=1, examples=[["C", "c"]])


class DataSource(_CardPart):
    """A data set a figure or the weights come from."""

    name: str = Field(examples=["mnist"])
    part: str = Field(examples=["train"])
    images: int = Field(ge=1, description="How many images of it were used.", examples=[55000])
    files: dict[str, str] = Field(description="File name to SHA-256.")


class Metrics(_CardPart):
    """Figures measured on one test set."""

    test_set: DataSource
    accuracy: float = Field(ge=0, le=1, examples=[0.9962])
    mean_per_class_accuracy: float = Field(ge=0, le=1, examples=[0.9961])
    expected_calibration_error: float = Field(ge=0, le=1, description="15 bins of equal mass.", examples=[0.004])
    command: str = Field(description="The command that prints these figures.")


class ModelCard(_CardPart):
    """The whole card. Everything needed to serve the model, and to train it again."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$", examples=["digit"])
    version: int = Field(ge=1, examples=[1])
    description: str
    classes: tuple[CharacterClass, ...] = Field(min_length=2)
    input_shape: tuple[int, int, int] = Field(
        description="Height, width, channels of one image.", examples=[[28, 28, 1]]
    )
    geometry: str = Field(description="How a character is framed.", examples=["mnist"])
    preprocessing_version: int = Field(ge=1)
    temperature: float = Field(gt=0, description="Folded into the graph: logits are divided by it.")
    parameters: int = Field(ge=1)
    multiply_adds: int = Field(ge=1, description="Of one image.")
    training_data: DataSource
    validation_images: int = Field(ge=1, description="Taken from the training data for choosing and calibrating.")
    recipe: dict[str, Any] = Field(description="Every option of the training run, its seed included.")
    training_seconds: float = Field(ge=0)
    created: str = Field(description="UTC, ISO 8601.")
    library_versions: dict[str, str]
    metrics: tuple[Metrics, ...]
    limitations: tuple[str, ...]
