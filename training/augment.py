"""Random but repeatable changes to training images, on the graph, so that no two epochs show the same picture.

Every change is a pure function of (seed, step): a run that is cut and resumed sees the very same images.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import tensorflow as tf

from app.imaging import SIDE

#: Control points along a side of the elastic displacement field; between them it is bilinear.
ELASTIC_GRID = 5


@dataclass(frozen=True)
class Augmentation:
    """How far each change goes; each is drawn evenly from minus to plus its range, for every image anew.

    rotation: degrees.
    shear: horizontal shift per vertical pixel; the slant of handwriting.
    scale: logarithm of the factor, common to both axes.
    aspect: logarithm of the ratio between the axes.
    shift: pixels, each axis.
    elastic: pixels, standard deviation of the displacement at each control point.
    stroke: 0..1, how far towards a one-pixel dilation (or erosion) strokes are thickened (or thinned).
    blur: 0..1, how far towards a 5x5 triangle blur an image may go; a third of the images are blurred at all.
    """

    rotation: float = 0.0
    shear: float = 0.0
    scale: float = 0.0
    aspect: float = 0.0
    shift: float = 0.0
    elastic: float = 0.0
    stroke: float = 0.0
    blur: float = 0.0


def augment(images: tf.Tensor, spec: Augmentation, seed: tf.Tensor) -> tf.Tensor:
    """Change every image of a batch in its own way.

    Args:
        images: float32 [N, 28, 28, 1] in 0..1, white ink on black.
        spec: how far each change goes.
        seed: integers [2]; the same seed gives the same changes.

    Returns:
        float32 [N, 28, 28, 1] in 0..1, each stretched to its full range.
    """
    seeds = tf.unstack(tf.random.split(seed, 4))
    images = _restroked(images, spec, seeds[0])
    images = _resampled(images, _affine(tf.shape(images)[0], spec, seeds[1]) + _elastic(images, spec, seeds[2]))
    images = _blurred(images, spec, seeds[3])
    return images / tf.maximum(tf.reduce_max(images, axis=(1, 2, 3), keepdims=True), 1e-3)


def _restroked(images: tf.Tensor, spec: Augmentation, seed: tf.Tensor) -> tf.Tensor:
    amount = tf.random.stateless_uniform([tf.shape(images)[0], 1, 1, 1], seed, -spec.stroke, spec.stroke)
    thick = tf.nn.max_pool2d(images, 3, 1, "SAME")
    thin = -tf.nn.max_pool2d(-images, 3, 1, "SAME")
    return tf.where(amount > 0, images + amount * (thick - images), images - amount * (thin - images))


def _affine(count: tf.Tensor, spec: Augmentation, seed: tf.Tensor) -> tf.Tensor:
    """Return float32 [N, 28, 28, 2]: for each output pixel the (y, x) in the input, relative to the centre."""
    draw = tf.random.stateless_uniform([count, 6], seed, -1.0, 1.0)
    angle = draw[:, 0] * (spec.rotation * math.pi / 180)
    zoom, aspect = tf.exp(-draw[:, 2] * spec.scale), tf.exp(draw[:, 3] * spec.aspect / 2)
    cos, sin, shear = tf.cos(angle), tf.sin(angle), draw[:, 1] * spec.shear
    matrix = tf.stack(
        [
            tf.stack([cos * zoom * aspect, sin * zoom * aspect], -1),
            tf.stack([(shear * cos - sin) * zoom / aspect, (shear * sin + cos) * zoom / aspect], -1),
        ],
        axis=1,
    )
    axis = tf.range(SIDE, dtype=tf.float32) - (SIDE - 1) / 2
    grid = tf.reshape(tf.stack(tf.meshgrid(axis, axis, indexing="ij"), -1), [1, SIDE * SIDE, 2])
    points = tf.matmul(tf.tile(grid, [count, 1, 1]), matrix, transpose_b=True) + draw[:, None, 4:] * spec.shift
    return tf.reshape(points, [count, SIDE, SIDE, 2])


def _elastic(images: tf.Tensor, spec: Augmentation, seed: tf.Tensor) -> tf.Tensor:
    """Return float32 [N, 28, 28, 2], a smooth displacement in pixels (Simard et al. 2003, on a coarse grid)."""
    field = tf.random.stateless_normal([tf.shape(images)[0], ELASTIC_GRID, ELASTIC_GRID, 2], seed) * spec.elastic
    return tf.image.resize(field, [SIDE, SIDE], "bilinear")


def _resampled(images: tf.Tensor, points: tf.Tensor) -> tf.Tensor:
    """Read images bilinearly at points relative to the centre; black outside."""
    count = tf.shape(images)[0]
    padded = tf.reshape(tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]]), [count, (SIDE + 2) ** 2])
    # One pixel of black all around: points outside are clipped onto it.
    points = tf.clip_by_value(points + (SIDE - 1) / 2 + 1, 0.0, SIDE + 0.999)
    corner = tf.floor(points)
    weight = points - corner
    index = tf.cast(corner[..., 0] * (SIDE + 2) + corner[..., 1], tf.int32)

    def pixel(offset: int) -> tf.Tensor:
        flat = tf.gather(padded, tf.reshape(index + offset, [count, SIDE * SIDE]), batch_dims=1)
        return tf.reshape(flat, [count, SIDE, SIDE])

    y, x = weight[..., 0], weight[..., 1]
    upper = pixel(0) * (1 - x) + pixel(1) * x
    lower = pixel(SIDE + 2) * (1 - x) + pixel(SIDE + 3) * x
    return (upper * (1 - y) + lower * y)[..., None]


def _blurred(images: tf.Tensor, spec: Augmentation, seed: tf.Tensor) -> tf.Tensor:
    amount = tf.random.stateless_uniform([tf.shape(images)[0], 1, 1, 1], seed, -2 * spec.blur, spec.blur)
    soft = tf.nn.avg_pool2d(tf.nn.avg_pool2d(images, 3, 1, "SAME"), 3, 1, "SAME")
    return images + tf.nn.relu(amount) * (soft - images)
