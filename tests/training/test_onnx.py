from __future__ import annotations

import numpy as np
import onnxruntime

from tests.digits import network_inputs
from tests.models import shipped
from training.evaluate import load_network
from training.onnx import to_onnx


def test_onnx_gives_the_probabilities_of_the_saved_model() -> None:
    session = onnxruntime.InferenceSession(to_onnx(shipped("digit").path))
    seen = network_inputs("mnist")[0][:, ..., None]
    (found,) = session.run(["probabilities"], {"image": seen})
    np.testing.assert_allclose(found, load_network(shipped("digit").path)(seen), atol=1e-4)
