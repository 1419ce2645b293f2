"""The network of the tutorials: two convolutions with pooling, one dense layer."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import keras

from app.imaging import SIDE


@dataclass(frozen=True)
class PlainSpec:
    """Widths of the network.

    filters: channels of the two 3x3 convolutions, each followed by ReLU and 2x2 max pooling.
    dense: units of the hidden layer.
    """

    filters: tuple[int, int]
    dense: int


def build_plain(spec: PlainSpec, classes: int, seeds: itertools.count[int], precision: str) -> keras.Model:
    """Build the network that maps images to logits.

    Args:
        spec: widths.
        classes: number of classes C.
        seeds: one for each layer.
        precision: as for `training.networks.build_network`.

    Returns:
        A Keras model, float32 [N, 28, 28, 1] in 0..1 (white ink on black) -> float32 [N, C] logits.
    """

    def initial() -> keras.initializers.Initializer:
        return keras.initializers.GlorotUniform(seed=next(seeds))

    x = image = keras.Input((SIDE, SIDE, 1), name="image")
    for index, width in enumerate(spec.filters, start=1):
        x = keras.layers.Conv2D(
            width, 3, activation="relu", dtype=precision, kernel_initializer=initial(), name=f"stage{index}_conv"
        )(x)
        x = keras.layers.MaxPooling2D(dtype=precision, name=f"stage{index}_pool")(x)
    x = keras.layers.Flatten(dtype=precision, name="flat")(x)
    x = keras.layers.Dense(spec.dense, activation="relu", dtype=precision, kernel_initializer=initial(), name="hidden")(
        x
    )
    logits = keras.layers.Dense(classes, kernel_initializer=initial(), name="logits")(x)
    return keras.Model(image, logits, name="plain")
