"""What most tutorials train, for comparison: two convolutions with pooling, a dense layer, five epochs of Adam.

Repeat:  python -m training fit digit --recipe five-epochs --data-dir DIR, which prints the shipped model beside it
Claims:  99 % and more on MNIST; 85 to 90 % on EMNIST.
"""

import dataclasses

from training.augment import Augmentation
from training.degrade import Degradation
from training.plain import PlainSpec
from training.recipes.recipe import Recipe

_DIGIT = Recipe(
    name="digit-five-epochs",
    model="digit",
    description="Handwritten digits 0 to 9, by a plain network trained for five epochs.",
    dataset="mnist",
    geometry="mnist",
    network=PlainSpec(filters=(32, 64), dense=128),
    augmentation=Augmentation(),
    degraded_share=0.0,
    degraded_copies=0,
    degradation=Degradation(),
    epochs=5,
    batch_size=128,
    peak_learning_rate=1e-3,
    warmup_epochs=0.1,
    weight_decay=0.0,
    label_smoothing=0.0,
    logit_adjustment=0.0,
    character_prior=0.0,
    target_error=0.01,
    ema_decay=0.0,  # the weights themselves
    validation_share=5_000 / 60_000,
    limitations=("Reads only what looks like its data set: it has seen no page, no other pen and no other light.",),
)
_CHAR = dataclasses.replace(
    _DIGIT,
    name="char-five-epochs",
    model="char",
    description="Handwritten digits and letters in 47 classes, by a plain network trained for five epochs.",
    dataset="emnist/bymerge",
    geometry="emnist",
    target_error=0.03,
    validation_share=0.05,
)
RECIPES = (_DIGIT, _CHAR)
