"""char/2: the 47 merged classes of EMNIST, on the 166,084 images of ByMerge's training set that could be had.

Repeat:  python -m training fit char --data-dir DIR && python -m training export char --data-dir DIR
Reaches: 0.890 mean per class on EMNIST's ByMerge test set. Two CPU cores: about six minutes an epoch.
"""

from training.augment import Augmentation
from training.degrade import Degradation
from training.networks import NetworkSpec
from training.recipes.recipe import Recipe

RECIPE = Recipe(
    name="char",
    model="char",
    description="Handwritten digits and letters: 47 classes, fifteen of them standing for both cases of a letter.",
    dataset="emnist/bymerge",
    geometry="emnist",
    network=NetworkSpec(widths=(48, 112)),
    augmentation=Augmentation(
        rotation=12, shear=0.25, scale=0.12, aspect=0.12, shift=2.0, elastic=0.8, stroke=0.6, blur=1.0
    ),
    degraded_share=0.4,
    degraded_copies=1,
    degradation=Degradation(),
    epochs=8,
    batch_size=128,
    peak_learning_rate=4e-3,
    warmup_epochs=0.3,
    weight_decay=0.02,
    label_smoothing=0.03,
    # The rarest class has 578 images, the commonest 9,759.
    logit_adjustment=1.0,
    ema_decay=0.999,
    validation_share=0.05,
    limitations=(
        "Ruling is taken out where it crosses the whole picture; other print that touches the character is read as "
        "part of it.",
        "One character an image. Other scripts, punctuation and scribbles are answered as the nearest class.",
        "Out of context 0 and O, 1, I and L, 9, g and q, F and f, 5 and S, 2 and Z often cannot be told apart.",
        "Answers as if all 47 classes were equally frequent; where your text has other frequencies, use `allow`.",
        "About a fifth of the official Balanced test images may be among the training images: measure on ByMerge's "
        "test set, or remove equal images first.",
    ),
)
