"""digit/4: MNIST's training digits alone, since MNIST's test forms are also EMNIST's; EMNIST's letters as outliers.

The weights are those of digit/3; its confidences were fitted anew.

Repeat:  python -m training fit digit --data-dir DIR && python -m training export digit --data-dir DIR
Reaches: 0.9968 on the 10,000 test images of MNIST. Two CPU cores: four minutes for the pages, then one an epoch.
"""

from training.augment import Augmentation
from training.degrade import Degradation
from training.networks import NetworkSpec
from training.outliers import UNLIKE_DIGITS, Outliers
from training.recipes.recipe import Recipe

RECIPE = Recipe(
    name="digit",
    model="digit",
    description="Handwritten digits 0 to 9.",
    dataset="mnist",
    geometry="mnist",
    network=NetworkSpec(widths=(40, 72)),
    augmentation=Augmentation(
        rotation=15, shear=0.25, scale=0.15, aspect=0.15, shift=2.0, elastic=0.9, stroke=0.6, blur=1.0
    ),
    degraded_share=0.4,
    degraded_copies=2,
    degradation=Degradation(),
    epochs=12,
    batch_size=128,
    peak_learning_rate=4e-3,
    warmup_epochs=0.5,
    weight_decay=0.02,
    label_smoothing=0.02,
    logit_adjustment=0.0,
    character_prior=0.0,
    target_error=0.01,
    ema_decay=0.998,
    validation_share=5_000 / 60_000,
    # Letters that look like no digit, all of them from EMNIST's training set.
    outliers=Outliers(dataset="emnist/bymerge", labels=UNLIKE_DIGITS, drawn=10_000, batch=16),
    limitations=(
        "Ruling that crosses the whole picture, boxes, tables and rings are taken out; other print that touches the "
        "character is read as part of it.",
        "One digit an image. Letters, scribbles and several digits at once are answered as the nearest digit, most of "
        "them with little confidence.",
        "Written by US census staff and high-school students; other hands write some digits (1, 4, 7, 9) differently.",
    ),
)
