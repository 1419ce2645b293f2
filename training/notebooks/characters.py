# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Characters: from data to an answer over HTTP
#
# The way of the model `char`: 47 classes of digits and letters, fifteen of which stand for both cases of a letter. The
# notebook on digits goes slower; this one shows what is different with characters.
#
# Without a folder of data it takes print, characters in the fonts that come with matplotlib, and a smaller network, and
# is done in about a minute. What comes out reads no handwriting; it shows the way. To train the shipped model instead,
# name the folder that `python -m training data download emnist` filled, and take an hour and a half:
#
# ```sh
# .venv/bin/pip install jupyterlab
# DATA_DIR=data .venv/bin/jupyter lab
# ```

# %% tags=["parameters"]
import os

DATA_DIR = os.environ.get("DATA_DIR")

# %% tags=["quiet"]
import contextlib
import dataclasses
import io
import tempfile
from pathlib import Path

import numpy as np
from IPython.display import Image as Picture
from PIL import Image, ImageOps
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from app.telemetry import configure_logs
from training.datasets import load_dataset
from training.evaluate import evaluate
from training.export import export
from training.fit import Run
from training.networks import NetworkSpec
from training.plots import contact_sheet, mistakes_plot
from training.recipes import RECIPES

work = Path(tempfile.mkdtemp())

# %% tags=["quiet"]
# The shipped recipe goes on from an earlier model, and in half precision, which few CPUs know; here the network begins
# with random weights.
recipe = dataclasses.replace(
    RECIPES["char"], start=None, start_share=0.0, epochs=8, peak_learning_rate=4e-3, precision="float32"
)
if DATA_DIR is None:
    recipe = dataclasses.replace(
        recipe,
        dataset="printed",
        network=NetworkSpec(widths=(16, 32)),
        degraded_share=0.0,
        degraded_copies=0,
        epochs=10,
        batch_size=32,
        ema_decay=0.98,
        validation_share=0.1,
        written=0,
        fonts=False,
        limitations=("A demonstration, trained on print.",),
    )
folder = Path(DATA_DIR or ".")
train = load_dataset(recipe.dataset, "train", folder)
test = load_dataset(recipe.dataset, "test", folder)
few = np.random.default_rng(0).permutation(len(train.labels))[:48]
sheet = work / "sheet.png"
contact_sheet(train.images[few], [train.classes[label].label for label in train.labels[few]], sheet, title=train.name)

# %% [markdown]
# ## Classes and characters
#
# An answer names a class and every character that the class stands for: alone, no one can tell a big C from a small
# one. The recipe counts such a class as two characters' worth (`character_prior`), and evens out how often the data set
# has each class (`logit_adjustment`), since people's text has other frequencies.

# %%
print(" ".join("/".join(item.characters) for item in train.classes))
print(f"{len(train.labels):,} images of {len(train.classes)} classes to train on, {len(test.labels):,} to test on")
Picture(sheet)

# %% [markdown]
# ## Training, and the artifact

# %% tags=["quiet"]
run = Run(recipe, train, work / "run")
complete = run.train()
models = work / "models"
artifact = export(recipe, work / "run", train, test, models, version=None)
evaluation = evaluate(artifact, test, recipe.geometry)
mistakes_plot(evaluation, work / "mistakes.png", limit=32)

# %%
assert complete
print(f"{len(test.labels)} test images, accuracy {evaluation.right.mean():.3f}")
Picture(work / "mistakes.png")

# %% [markdown]
# Most of what goes wrong cannot be told apart out of context: 0 and O, 1, I and l, 9, g and q. Who knows the context
# says so with `allow`.
#
# ## An answer, with and without context

# %% tags=["quiet"]
configure_logs(level="warning", json_lines=False)
service = contextlib.ExitStack()
app = create_app(Settings(models_dir=models))
client = service.enter_context(TestClient(app))
app.state.registry.loaded.wait()

# %%
index = int(np.flatnonzero(test.labels == 0)[0])
page = ImageOps.expand(ImageOps.invert(Image.fromarray(test.images[index])).resize((112, 112)), 40, 255)
upload = io.BytesIO()
page.save(upload, "PNG")
Picture(upload.getvalue())

# %%
for allow in (None, "0123456789", "OCDQ"):
    options = {"top_k": 3} | ({"allow": allow} if allow else {})
    answer = client.post("/predict/char", files={"file": upload.getvalue()}, params=options).json()
    found = ", ".join(f"{'/'.join(item['characters'])} {item['confidence']:.3f}" for item in answer["candidates"])
    print(f"{allow or 'all 47 classes'}: {found}")
    assert answer["label"] in {None: "0O", "0123456789": "0", "OCDQ": "O"}[allow]

# %% tags=["quiet"]
service.close()

# %% [markdown]
# ## From here
#
# `make train-char DATA_DIR=data` trains the shipped recipe, and `python -m training evaluate char` measures it.
