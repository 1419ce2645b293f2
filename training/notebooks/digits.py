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
# # Digits: from data to an answer over HTTP
#
# The whole way of the model `digit`, with the functions that `python -m training` and the service use: look at a data
# set, train a recipe on it, export an artifact, serve it, and post it a picture.
#
# Without a folder of data it takes the 1,797 digits of 8x8 pixels that come with scikit-learn (Alpaydin and Kaynak
# 1998, CC BY 4.0) and a smaller network, and is done in about a minute. What comes out reads digits tolerably; the
# figures of the shipped model are in README. To train that one instead, name the folder that
# `python -m training data download mnist` and `... emnist` filled, and take twenty minutes:
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
from PIL import Image
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from app.telemetry import configure_logs
from training.datasets import load_dataset
from training.datasets.check import check, shared_images
from training.degrade import Degradation, degrade, picture
from training.export import export
from training.fit import Run
from training.networks import NetworkSpec
from training.outliers import Outliers
from training.plots import contact_sheet, curves_plot, strips_plot
from training.recipes import RECIPES
from training.runs import LOG_FILE

work = Path(tempfile.mkdtemp())

# %% [markdown]
# ## The recipe
#
# A recipe is everything that a run depends on: data, network, augmentation, schedule, seed. The shipped one is
# `training/recipes/digit.py`; this one is the same with less of everything.

# %%
recipe = RECIPES["digit"]
if DATA_DIR is None:
    recipe = dataclasses.replace(
        recipe,
        dataset="optdigits",
        network=NetworkSpec(widths=(16, 32)),
        degraded_copies=1,
        epochs=10,
        batch_size=32,
        ema_decay=0.98,
        validation_share=0.1,
        outliers=Outliers(),
        limitations=("A demonstration, trained on 1,350 images of 8x8 pixels.",),
    )
print(recipe.dataset, recipe.network, f"{recipe.epochs} epochs")

# %% [markdown]
# ## The data
#
# Whatever the source, an image is 28x28 pixels, white ink on black, in the frame of MNIST: its longest side 20 pixels,
# its centre of mass in the middle. The check looks for blank, repeated and wrongly turned images, and for test images
# among the training images.

# %% tags=["quiet"]
folder = Path(DATA_DIR or ".")
train = load_dataset(recipe.dataset, "train", folder)
test = load_dataset(recipe.dataset, "test", folder)
foreign = load_dataset(recipe.outliers.dataset, "train", folder) if recipe.outliers.dataset else None

# %%
for part in (train, test):
    found = check(part)
    print(f"{part.name} {part.part}: {found.counts}, {found.blank} blank, {found.duplicates} repeated")
print(f"{shared_images(train, test)} test images are also among the training images")

# %% tags=["quiet"]
few = np.random.default_rng(0).permutation(len(train.labels))[:32]
sheet = work / "sheet.png"
contact_sheet(train.images[few], [train.classes[label].label for label in train.labels[few]], sheet, title=train.name)

# %%
Picture(sheet)

# %% [markdown]
# ## What the network learns from
#
# People send photos and drawings. So a share of the training images is written anew on a page, lit, ruled and
# photographed, and read back by the very chain that serves: the picture on the left of each pair, what the network then
# sees on the right.

# %% tags=["quiet"]
strips, captions = [], []
rng = np.random.default_rng(2)
for index in few[:16]:
    character = train.classes[train.labels[index]].label
    # The same seed twice: the picture itself, and the picture as read.
    seed = rng.integers(2**32)
    page = picture(train.images[index], character, Degradation(), np.random.default_rng(seed))
    seen = degrade(train.images[index], character, recipe.geometry, Degradation(), np.random.default_rng(seed))
    strips.append([page] if seen is None else [page, np.rint(255 * seen).astype(np.uint8)])
    captions.append(character)
pages = work / "pages.png"
strips_plot(strips, captions, pages, title="written on a page, and read off it", columns=4)

# %%
Picture(pages)

# %% [markdown]
# ## Training
#
# A run lives in its folder and can be cut at any time; the same call goes on from there. A share of the training images
# is held back for choosing and calibrating, the test images are for the figures alone.

# %% tags=["quiet"]
run = Run(recipe, train, work / "run", foreign)
complete = run.train()
curves_plot(work / "run" / LOG_FILE, work / "curves.png")

# %%
assert complete
Picture(work / "curves.png")

# %% [markdown]
# ## The artifact
#
# Export folds batch normalisation into the convolutions, fits the temperature on the held-back images, writes the
# SavedModel and its LiteRT form, measures on the test images and writes the card. The folder is what ships.

# %% tags=["quiet"]
models = work / "models"
artifact = export(recipe, work / "run", train, test, models, version=None)

# %%
for path in sorted(artifact.rglob("*")):
    if path.is_file():
        print(path.relative_to(models))

# %% tags=["quiet"]
configure_logs(level="warning", json_lines=False)
service = contextlib.ExitStack()
app = create_app(Settings(models_dir=models))
client = service.enter_context(TestClient(app))
app.state.registry.loaded.wait()

# %%
metrics = client.get("/models").json()["models"][0]["metrics"][0]
print(f"{metrics['test_set']['images']} test images, accuracy {metrics['accuracy']:.3f}")

# %% [markdown]
# ## An answer
#
# That was already the service: the application that `inkling serve` starts, on this folder of models. Write a test
# digit on a page, post it, and see how it is read.

# %%
index = int(np.flatnonzero(test.labels == 3)[0])
page = picture(test.images[index], "3", dataclasses.replace(Degradation(), ruled=0, boxed=0), np.random.default_rng(6))
upload = io.BytesIO()
Image.fromarray(page).save(upload, "PNG")
Picture(upload.getvalue())

# %%
answer = client.post("/predict/digit", files={"file": upload.getvalue()}, params={"explain": True}).json()
for candidate in answer["candidates"]:
    print(f"{candidate['label']} {candidate['confidence']:.3f}")
print("uncertain" if answer["uncertain"] else "certain")

# %% tags=["quiet"]
service.close()
assert answer["label"] == "3"

# %% [markdown]
# ## From here
#
# `make train-digit DATA_DIR=data` trains the shipped recipe. Copy `training/recipes/digit.py` for one of your own, and
# `python -m training evaluate` measures it on the test set, on fifteen corruptions, or on a folder of your own photos.
