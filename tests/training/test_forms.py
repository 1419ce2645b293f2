from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from app.artifacts import INT8_FILE, LITERT_FILE, SAVED_MODEL_FILE
from app.inference import LiteRTFloat32Runtime, LiteRTRuntime, RuntimeFailed
from tests.models import shipped
from tests.shared import DATA, needs_shared
from tests.training.data import small_digits
from training.datasets import load_dataset
from training.evaluate import evaluate
from training.forms import PARITY, compare_forms, is_equal
from training.quantise import quantise


@pytest.mark.parametrize("name", ["digit", "char"])
def test_litert_answers_as_the_saved_model_to_every_digit_there_is(name: str) -> None:
    model = shipped(name)
    forms = {form.file: form for form in compare_forms(model.path, evaluate(model.path, small_digits(1797), "mnist"))}
    assert forms[SAVED_MODEL_FILE].same_answer == 1
    assert is_equal(forms[LITERT_FILE])


@needs_shared
def test_litert_answers_as_the_saved_model_to_the_whole_test_set() -> None:
    model = shipped("digit")
    evaluation = evaluate(model.path, load_dataset("mnist", "test", DATA), model.card.geometry)
    forms = {form.file: form for form in compare_forms(model.path, evaluation)}
    assert forms[LITERT_FILE].same_answer == 1
    assert forms[LITERT_FILE].largest_difference <= PARITY
    if INT8_FILE in forms:
        assert forms[INT8_FILE].accuracy >= forms[SAVED_MODEL_FILE].accuracy - 0.001
        assert forms[INT8_FILE].size <= 600_000


def test_the_8_bit_form_is_small_right_and_accelerated(tmp_path: Path) -> None:
    artifact = tmp_path / "digit"
    shutil.copytree(shipped("digit").path, artifact)
    evaluation = evaluate(artifact, small_digits(1797), "mnist")
    quantise(artifact, evaluation.seen[:100])
    forms = {form.file: form for form in compare_forms(artifact, evaluation)}
    assert forms[INT8_FILE].size < 0.5 * forms[LITERT_FILE].size
    assert forms[INT8_FILE].accuracy == pytest.approx(forms[SAVED_MODEL_FILE].accuracy, abs=0.005)
    assert forms[INT8_FILE].same_answer > 0.99
    served = LiteRTRuntime(artifact, threads=1).predict(evaluation.seen[:32])
    assert np.mean(served.argmax(axis=1) == evaluation.answers[:32]) > 0.95
    np.testing.assert_allclose(served.sum(axis=1), 1, atol=1e-5)
    interpreter = Interpreter(model_path=str(artifact / INT8_FILE))
    interpreter.allocate_tensors()
    kinds = {tensor["name"]: tensor for tensor in interpreter.get_tensor_details()}
    weights = [tensor for tensor in kinds.values() if tensor["dtype"] == np.int8 and len(tensor["shape"]) == 4]
    assert any(len(tensor["quantization_parameters"]["scales"]) > 1 for tensor in weights)  # one a channel
    # XNNPACK has taken over what it can: all but a few operations are no longer the interpreter's own.
    assert "DELEGATE" in {operation["op_name"] for operation in interpreter._get_ops_details()}


def test_a_model_without_the_8_bit_form_is_served_in_32(tmp_path: Path) -> None:
    with pytest.raises(RuntimeFailed, match=f"no {INT8_FILE} nor {LITERT_FILE}"):
        LiteRTRuntime(tmp_path, threads=1)
    shutil.copyfile(shipped("digit").path / LITERT_FILE, tmp_path / LITERT_FILE)
    image = np.zeros((1, 28, 28, 1), np.float32)
    served = LiteRTRuntime(tmp_path, threads=1).predict(image)
    np.testing.assert_array_equal(served, LiteRTFloat32Runtime(shipped("digit").path, threads=1).predict(image))
