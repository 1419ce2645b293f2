"""Inkling's network and image code in LitServe. `make compare` runs it: python -m tests.load.lit PORT BATCH.

A batch of 1 is LitServe as it comes; of more, with its faster queue.
"""

# LitServe compares annotations with classes, so they must not be strings.
import sys

import litserve
import numpy as np
import numpy.typing as npt
from fastapi import Request

from app.imaging import GEOMETRIES, prepare
from app.inference import SavedModelRuntime, warm_up
from tests.models import shipped

BATCH_SECONDS = 0.002

Images = npt.NDArray[np.float32]


class Digits(litserve.LitAPI):
    """Reads one digit a request."""

    def setup(self, device: str) -> None:
        self.artifact = shipped("digit")
        self.runtime = SavedModelRuntime(self.artifact.path, threads=1)
        warm_up(self.runtime, self.artifact.card.input_shape, len(self.artifact.card.classes))

    def decode_request(self, request: Request) -> Images:
        data = request["file"].file.read()
        return prepare(data, GEOMETRIES[self.artifact.card.geometry], max_pixels=64_000_000).pixels[..., np.newaxis]

    def predict(self, inputs: Images) -> Images:
        if inputs.ndim == 3:
            return self.runtime.predict(inputs[np.newaxis])[0]
        # To a whole batch, as Inkling does, since TensorFlow prepares every new size anew.
        padded = np.zeros((self.max_batch_size, *inputs.shape[1:]), np.float32)
        padded[: len(inputs)] = inputs
        return self.runtime.predict(padded)[: len(inputs)]

    def encode_response(self, output: Images) -> dict[str, object]:
        best = int(output.argmax())
        return {"label": self.artifact.card.classes[best].label, "confidence": float(output[best])}


if __name__ == "__main__":
    port, batch = map(int, sys.argv[1:])
    api = Digits(max_batch_size=batch, batch_timeout=BATCH_SECONDS if batch > 1 else 0.0, api_path="/predict/digit")
    server = litserve.LitServer(api, accelerator="cpu", fast_queue=batch > 1)
    server.run(host="127.0.0.1", port=port, generate_client_file=False, log_level="warning")
