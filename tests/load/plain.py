"""What one writes first: a FastAPI endpoint that calls `model.predict`. `make compare` runs it.

Network and image code are Inkling's own, so that only the serving differs.
"""

from __future__ import annotations

import sys

import keras
import numpy as np
import uvicorn
from fastapi import FastAPI, UploadFile

from app.imaging import GEOMETRIES, prepare
from tests.models import shipped

app = FastAPI()
artifact = shipped("digit")
model = keras.Sequential([keras.layers.TFSMLayer(str(artifact.path), call_endpoint="serving_default")])


@app.post("/predict/digit")
def predict(file: UploadFile) -> dict[str, object]:
    """Read one digit."""
    seen = prepare(file.file.read(), GEOMETRIES[artifact.card.geometry], max_pixels=64_000_000)
    (outputs,) = model.predict(seen.pixels[np.newaxis, ..., np.newaxis], verbose=0).values()
    best = int(outputs[0].argmax())
    return {"label": artifact.card.classes[best].label, "confidence": float(outputs[0, best])}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning")
