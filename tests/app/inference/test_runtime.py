from __future__ import annotations

import numpy as np
import pytest

from app.inference import (
    BATCH_SIZES,
    RUNTIMES,
    LiteRTFloat32Runtime,
    Runtime,
    RuntimeFailed,
    SavedModelRuntime,
    warm_up,
)
from app.inference.runtime import Batch, Probabilities
from tests.digits import network_inputs
from tests.models import shipped


@pytest.fixture(scope="module", params=["digit", "char"])
def runtimes(request: pytest.FixtureRequest) -> tuple[Runtime, Runtime]:
    path = shipped(request.param).path
    return SavedModelRuntime(path, threads=1), LiteRTFloat32Runtime(path, threads=1)


def test_both_runtimes_give_the_same_probabilities(runtimes: tuple[Runtime, Runtime]) -> None:
    images, _ = network_inputs("mnist")
    for start in range(0, len(images), 32):
        batch = images[start : start + 32, ..., None]
        saved, lite = (runtime.predict(batch) for runtime in runtimes)
        np.testing.assert_allclose(saved, lite, atol=1e-4)
        np.testing.assert_allclose(saved.sum(axis=1), 1, atol=1e-5)


def test_an_answer_does_not_depend_on_its_batch(runtimes: tuple[Runtime, Runtime]) -> None:
    images, _ = network_inputs("mnist")
    for runtime in runtimes:
        alone = runtime.predict(images[:1, ..., None])
        for size in BATCH_SIZES:
            np.testing.assert_allclose(runtime.predict(images[:size, ..., None])[:1], alone, atol=1e-5)


def test_a_model_with_another_number_of_classes_than_its_card_is_refused(runtimes: tuple[Runtime, Runtime]) -> None:
    for runtime in runtimes:
        with pytest.raises(RuntimeFailed, match="its card has 12 classes"):
            warm_up(runtime, (28, 28, 1), 12)


@pytest.mark.parametrize("share", [np.nan, 0.2])
def test_a_model_whose_output_is_no_distribution_is_refused(share: float) -> None:
    class Broken(Runtime):
        def predict(self, images: Batch) -> Probabilities:
            return np.full((len(images), 10), share, np.float32)

    with pytest.raises(RuntimeFailed, match="add up to 1"):
        warm_up(Broken(), (28, 28, 1), 10)


@pytest.mark.parametrize("model", ["digit", "char"])
def test_every_runtime_of_a_shipped_model_is_warmed(model: str) -> None:
    artifact = shipped(model)
    for runtime in RUNTIMES.values():
        warm_up(runtime(artifact.path, threads=1), artifact.card.input_shape, len(artifact.card.classes))
