"""A shipped network as ONNX, for runtimes other than TensorFlow's."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from training.networks import INPUT_SHAPE

#: Of ONNX's operators: what tf2onnx tests, and every ONNX Runtime since 2022 reads.
OPSET = 17


class OnnxMissing(Exception):
    """What converts to ONNX is not installed."""


def to_onnx(artifact: Path) -> bytes:
    """Return an artifact's SavedModel as ONNX.

    Its input `image` is float32 [N, 28, 28, 1], its output `probabilities` float32 [N, C], as the SavedModel's.

    Raises:
        OnnxMissing: tf2onnx is not installed.
    """
    try:
        import tf2onnx
    except ModuleNotFoundError as error:
        raise OnnxMissing(f"{error.name} is not installed: pip install '.[onnx]'") from error

    serve = tf.saved_model.load(str(artifact)).signatures["serving_default"]
    spec = tf.TensorSpec([None, *INPUT_SHAPE], tf.float32, name="image")
    probabilities = tf.function(lambda image: serve(image=image)["probabilities"])
    converted, _ = tf2onnx.convert.from_function(probabilities, [spec], opset=OPSET)
    (output,) = converted.graph.output
    for node in converted.graph.node:
        node.output[:] = ["probabilities" if name == output.name else name for name in node.output]
    output.name = "probabilities"
    content: bytes = converted.SerializeToString()
    return content
