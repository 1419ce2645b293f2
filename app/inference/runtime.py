"""What runs a network: the Protocol, and the runtimes behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from app.artifacts import INT8_FILE, LITERT_FILE, SAVED_MODEL_FILE
from app.inference.errors import RuntimeFailed

Batch = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float32]


def first_file(artifact: Path, files: tuple[str, ...]) -> str | None:
    """Return the first of a runtime's files that an artifact has, which is run; None where it has none."""
    return next((file for file in files if (artifact / file).is_file()), None)


class Runtime(Protocol):
    """Runs one network."""

    name: ClassVar[str]
    #: Whether several threads may use it at once.
    thread_safe: ClassVar[bool]
    #: What has to be importable for it.
    package: ClassVar[str]

    def predict(self, images: Batch) -> Probabilities:
        """Map float32 [N, 28, 28, 1] in 0..1, white ink on black, to float32 [N, C] calibrated probabilities."""


class SavedModelRuntime:
    """TensorFlow, through the SavedModel's own concrete function."""

    name: ClassVar[str] = "savedmodel"
    thread_safe: ClassVar[bool] = True
    package: ClassVar[str] = "tensorflow"
    #: In an artifact; the first that is there is run.
    files: ClassVar[tuple[str, ...]] = (SAVED_MODEL_FILE,)
    #: Which of them is run.
    file: ClassVar[str] = SAVED_MODEL_FILE

    def __init__(self, artifact: Path, *, threads: int) -> None:
        """Load the SavedModel in a folder.

        Args:
            artifact: the folder that holds `saved_model.pb`.
            threads: for the arithmetic inside one operation; the first runtime of a process sets it for all.
        """
        # Imported here, so that a service on LiteRT neither needs TensorFlow nor spends its three seconds.
        import tensorflow as tf

        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            # The graph is one chain: operations have nothing to run beside.
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:
            # TensorFlow has started, with the counts that the first runtime of this process gave it.
            pass
        self._tensorflow = tf
        self._model = tf.saved_model.load(str(artifact))
        self._function = self._model.signatures["serving_default"]
        (output,) = self._function.structured_outputs.values()
        self._outputs = [output.dtype]

    def predict(self, images: Batch) -> Probabilities:
        # The function's own call binds its arguments by name and hands them to another thread, which takes a quarter
        # longer for one image.
        call = self._tensorflow.raw_ops.StatefulPartitionedCall
        tensors = [self._tensorflow.constant(images), *self._function.captured_inputs]
        (probabilities,) = call(args=tensors, Tout=self._outputs, f=self._function)
        return np.asarray(probabilities)


class LiteRTRuntime:
    """LiteRT, the light runtime: one interpreter a batch size, since resizing one gives up its prepared kernels.

    On 8 bits, which take a third of float32's time or less, at the loss that the card records; on 32 where a model was
    made without that form.
    """

    name: ClassVar[str] = "litert"
    thread_safe: ClassVar[bool] = False
    package: ClassVar[str] = "ai_edge_litert"
    #: In an artifact; the first that is there is run.
    files: ClassVar[tuple[str, ...]] = (INT8_FILE, LITERT_FILE)

    def __init__(self, artifact: Path, *, threads: int) -> None:
        """Load one of the class's files in a folder.

        Args:
            artifact: the folder.
            threads: for the arithmetic inside one operation.

        Raises:
            RuntimeFailed: the artifact has none of them.
        """
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter
        file = first_file(artifact, self.files)
        if file is None:
            missing = " nor ".join(self.files)
            raise RuntimeFailed(f"{artifact} has no {missing}: serve it with another INKLING_RUNTIME.")
        #: Which of them is run.
        self.file = file
        # Read, where the interpreter would map the file: one replaced in its place would change what is served.
        self._content = (artifact / file).read_bytes()
        self._threads = threads
        self._prepared: dict[int, tuple[Any, int, int]] = {}

    def predict(self, images: Batch) -> Probabilities:
        size = len(images)
        if size not in self._prepared:
            self._prepared[size] = self._prepare(size)
        interpreter, source, sink = self._prepared[size]
        interpreter.set_tensor(source, images)
        interpreter.invoke()
        return np.asarray(interpreter.get_tensor(sink))

    def _prepare(self, size: int) -> tuple[Any, int, int]:
        interpreter = self._interpreter(model_content=self._content, num_threads=self._threads)
        (source,), (sink,) = interpreter.get_input_details(), interpreter.get_output_details()
        interpreter.resize_tensor_input(source["index"], [size, *source["shape"][1:]])
        interpreter.allocate_tensors()
        return interpreter, source["index"], sink["index"]


class LiteRTFloat32Runtime(LiteRTRuntime):
    """LiteRT on 32 bits, to the probabilities of the SavedModel."""

    name: ClassVar[str] = "litert-float32"
    files: ClassVar[tuple[str, ...]] = (LITERT_FILE,)
