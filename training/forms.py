"""The files that hold one network, beside each other: how large, how fast, and whether they answer alike."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from app.artifacts import INT8_FILE, LITERT_FILE, SAVED_MODEL_FILE, ModelForm
from training.batches import in_batches
from training.evaluate import Evaluation, load_network
from training.split import Images
from training.timing import alternate

#: Probabilities of a form that is held to the SavedModel's may differ this much, by float rounding.
PARITY = 1e-4

Network = Callable[[Images], npt.NDArray[np.float32]]


def on_one_thread() -> bool:
    """Have TensorFlow compute on one thread, as LiteRT does here; to be called before it does anything.

    Returns:
        Whether it does; it does not where it has started already, with other counts.
    """
    threading = tf.config.threading
    try:
        threading.set_intra_op_parallelism_threads(1)
        threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        return False
    return True


def load_forms(folder: Path) -> dict[str, Network]:
    """Return every form that an artifact has, by file: the SavedModel first, LiteRT's as far as they are there."""
    files = [file for file in (LITERT_FILE, INT8_FILE) if (folder / file).is_file()]
    return {SAVED_MODEL_FILE: load_network(folder), **{file: load_litert(folder / file) for file in files}}


def load_litert(path: Path) -> Network:
    """Return a LiteRT file as a function: float32 [N, 28, 28, 1] -> probabilities, float32 [N, C]."""
    content = path.read_bytes()
    prepared: dict[int, Interpreter] = {}

    def prepare(size: int) -> Interpreter:
        interpreter = Interpreter(model_content=content, num_threads=1)
        (source,) = interpreter.get_input_details()
        interpreter.resize_tensor_input(source["index"], (size, *source["shape"][1:]))
        interpreter.allocate_tensors()
        return interpreter

    def answer(batch: Images) -> npt.NDArray[np.float32]:
        if len(batch) not in prepared:
            prepared[len(batch)] = prepare(len(batch))
        interpreter = prepared[len(batch)]
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], batch)
        interpreter.invoke()
        return np.array(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))

    return partial(in_batches, answer)


def compare_forms(folder: Path, evaluation: Evaluation) -> tuple[ModelForm, ...]:
    """Send a test set through every form.

    Args:
        folder: of the artifact.
        evaluation: what its SavedModel answered to the test set.
    """
    found = []
    for file, network in load_forms(folder).items():
        own = (
            evaluation
            if file == SAVED_MODEL_FILE
            else Evaluation(evaluation.data, evaluation.seen, network(evaluation.seen))
        )
        figures = own.metrics("")
        found.append(
            ModelForm(
                file=file,
                size=_size(folder, file),
                accuracy=figures.accuracy,
                mean_per_class_accuracy=figures.mean_per_class_accuracy,
                expected_calibration_error=figures.expected_calibration_error,
                # Rounded down, so that 1 means every single answer.
                same_answer=np.floor(1e5 * np.mean(own.answers == evaluation.answers)) / 1e5,
                largest_difference=float(f"{np.abs(own.probabilities - evaluation.probabilities).max():.3g}"),
            )
        )
    return tuple(found)


def is_equal(form: ModelForm) -> bool:
    """Tell whether a form gave the SavedModel's top answer to every image, and its probabilities within `PARITY`."""
    return form.same_answer == 1 and form.largest_difference <= PARITY


def milliseconds(folder: Path, size: int) -> dict[str, float]:
    """Return the median time that each form takes for a batch of a size, in rounds that take turns."""
    forms = load_forms(folder)
    images = np.random.default_rng(0).random((size, 28, 28, 1), np.float32)
    for network in forms.values():
        network(images)
    return alternate({file: partial(network, images) for file, network in forms.items()})


def _size(folder: Path, file: str) -> int:
    """Return a form's bytes; the SavedModel has its variables beside it."""
    files = [folder / file]
    if file == SAVED_MODEL_FILE:
        files.extend((folder / "variables").iterdir())
    return sum(path.stat().st_size for path in files)
