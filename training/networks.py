"""The network every shipped recogniser uses: a small residual network for 28x28 characters.

One 5x5 convolution of stride 2, then residual blocks at 14x14 and below, where a multiply-add buys the most accuracy
at this image size, then a global average and one dense layer (He et al. 2016, arXiv:1512.03385, post-activation).
A stem at the full 28x28 costs a third of the training time for a fortieth of the arithmetic: it is bound by memory.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf import saved_model_pb2

from app.artifacts import SAVED_MODEL_FILE
from app.imaging import SIDE
from training.plain import PlainSpec, build_plain

#: Height, width, channels of an image.
INPUT_SHAPE = (SIDE, SIDE, 1)
#: Keras's default (1e-3) is large against the variances of near-empty border channels.
BATCH_NORM_EPSILON = 1e-5
#: Short runs need statistics that follow the weights: half-life of 69 steps.
BATCH_NORM_MOMENTUM = 0.99
#: Each layer has a seed of its own; two networks share none.
SEED_STRIDE = 1000


@dataclass(frozen=True)
class NetworkSpec:
    """Widths and depths of the network.

    widths: channels at 14x14, at 7x7, and so on, each stage at half the resolution of the one before. Multiples of 16
        or 32 leave no lane of a CPU's vector registers idle.
    blocks: residual blocks at each of those resolutions.
    """

    widths: tuple[int, ...]
    blocks: tuple[int, ...] = (1, 2)


def build_network(
    spec: NetworkSpec | PlainSpec,
    classes: int,
    *,
    folded: bool = False,
    seed: int = 0,
    synchronised: bool = False,
    precision: str = "float32",
) -> keras.Model:
    """Build the network that maps images to logits.

    Args:
        spec: widths and depths of this network, or of the plain one.
        classes: number of classes C.
        folded: leave batch normalisation out and give each convolution a bias, the form `fold` fills for serving.
        seed: of the initial weights.
        synchronised: let batch normalisation see the whole batch where a `tf.distribute` strategy shares it out.
        precision: of the arithmetic up to the logits, a Keras policy; weights are float32 whichever it is.

    Returns:
        A Keras model, float32 [N, 28, 28, 1] in 0..1 (white ink on black) -> float32 [N, C] logits.
    """
    seeds = itertools.count(SEED_STRIDE * seed)
    if isinstance(spec, PlainSpec):
        return build_plain(spec, classes, seeds, precision)

    def convolution(x: keras.KerasTensor, width: int, size: int, stride: int, name: str) -> keras.KerasTensor:
        x = keras.layers.Conv2D(
            width,
            size,
            strides=stride,
            padding="same",
            use_bias=folded,
            dtype=precision,
            kernel_initializer=keras.initializers.HeNormal(seed=next(seeds)),
            name=f"{name}_conv",
        )(x)
        if folded:
            return x
        return keras.layers.BatchNormalization(
            epsilon=BATCH_NORM_EPSILON,
            momentum=BATCH_NORM_MOMENTUM,
            synchronized=synchronised,
            dtype=precision,
            name=f"{name}_norm",
        )(x)

    def rectified(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        return keras.layers.ReLU(dtype=precision, name=name)(x)

    def block(x: keras.KerasTensor, width: int, stride: int, name: str) -> keras.KerasTensor:
        shortcut = x
        if stride != 1 or x.shape[-1] != width:
            # Averaging before the 1x1 convolution keeps the pixels a strided one would skip (arXiv:1812.01187).
            shortcut = keras.layers.AveragePooling2D(stride, padding="same", dtype=precision, name=f"{name}_pool")(x)
            shortcut = convolution(shortcut, width, 1, 1, f"{name}_shortcut")
        x = rectified(convolution(x, width, 3, stride, f"{name}_a"), f"{name}_relu1")
        x = convolution(x, width, 3, 1, f"{name}_b")
        return rectified(keras.layers.Add(dtype=precision, name=f"{name}_add")([x, shortcut]), f"{name}_relu2")

    image = keras.Input(INPUT_SHAPE, name="image")
    x = rectified(convolution(image, spec.widths[0], 5, 2, "stem"), "stem_relu")
    for stage, (width, blocks) in enumerate(zip(spec.widths, spec.blocks, strict=True), start=1):
        for index in range(1, blocks + 1):
            x = block(x, width, 2 if stage > 1 and index == 1 else 1, f"stage{stage}_block{index}")
    x = keras.layers.GlobalAveragePooling2D(name="average")(x)
    logits = keras.layers.Dense(
        classes, kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)), name="logits"
    )(x)
    return keras.Model(image, logits, name="residual")


def fold(network: keras.Model, spec: NetworkSpec | PlainSpec) -> keras.Model:
    """Return the same function with each batch normalisation folded into the convolution before it.

    Folding changes no output beyond float rounding; it takes a third of the operations out of the served graph.
    """
    if not any(isinstance(layer, keras.layers.BatchNormalization) for layer in network.layers):
        return network
    classes = network.output_shape[-1]
    folded = build_network(spec, classes, folded=True)
    for layer in folded.layers:
        if isinstance(layer, keras.layers.Conv2D):
            (kernel,) = network.get_layer(layer.name).get_weights()
            gamma, beta, mean, variance = network.get_layer(layer.name.replace("_conv", "_norm")).get_weights()
            scale = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
            layer.set_weights([kernel * scale, beta - mean * scale])
        elif isinstance(layer, keras.layers.Dense):
            layer.set_weights(network.get_layer(layer.name).get_weights())
    return folded


def multiply_adds(network: keras.Model) -> int:
    """Count the multiply-adds of one image's way through the convolutions and the dense layer."""
    total = 0
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv2D):
            _, height, width, _ = layer.output.shape
            total += height * width * int(np.prod(layer.kernel.shape))
        elif isinstance(layer, keras.layers.Dense):
            total += int(np.prod(layer.kernel.shape))
    return total


def frozen_network(artifact: Path, spec: NetworkSpec | PlainSpec, classes: int) -> keras.Model:
    """Return the network of an artifact, folded, with the weights that are frozen into its SavedModel.

    Args:
        artifact: folder with `saved_model.pb`.
        spec: of the network.
        classes: number of classes C.

    Returns:
        As `build_network`.

    Raises:
        ValueError: the SavedModel is of another network.
    """
    saved = saved_model_pb2.SavedModel.FromString((artifact / SAVED_MODEL_FILE).read_bytes())
    constants = {
        node.name: tf.make_ndarray(node.attr["value"].tensor)
        for function in saved.meta_graphs[0].graph_def.library.function
        for node in function.node_def
        if node.op == "Const" and node.attr["value"].tensor.dtype == types_pb2.DT_FLOAT
    }
    network = build_network(spec, classes, folded=True)
    for layer in network.layers:
        if layer.weights:
            # Keras numbers a layer that has the name of an earlier one.
            own = re.compile(rf"[^/]+/{layer.name}(_\d+)?/")
            found = sorted((value for name, value in constants.items() if own.match(name)), key=np.ndim, reverse=True)
            layer.set_weights(found)
    return network
