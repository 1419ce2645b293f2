"""What a training run is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from training.augment import Augmentation
from training.degrade import Degradation
from training.networks import NetworkSpec
from training.outliers import Outliers
from training.plain import PlainSpec


@dataclass(frozen=True)
class Recipe:
    """Every option of a run. Two runs of one recipe and seed on one machine give the same weights.

    name: of the recipe, which its runs' folders have too.
    model: name of the artifact it makes, such as "digit".
    description: one sentence for the model card.
    dataset: "mnist" or "emnist/<split>".
    geometry: key of `app.imaging.GEOMETRIES`.
    network: widths and depths of the residual network, or of the plain one.
    augmentation: how far training images are changed.
    degraded_share: of the training images, shown as the chain reads them off a page (`training.degrade`).
    degraded_copies: pages that each image is written on; the epochs take turns.
    degradation: what befalls the pages.
    start: version of the model whose weights the run begins with, batch normalisation folded into them; None for
        random ones.
    start_share: weight, 0 up to but not 1, of those weights in the mean that ships; what they were trained to has the
        rest. Training on gains on the data set and loses some of what the start could read that the data set has not;
        the mean keeps most of both (Wortsman et al. 2022, arXiv:2109.01903).
    precision: of the arithmetic while training, a Keras policy; "mixed_bfloat16" is faster on a CPU that knows it.
    epochs: passes over the training images.
    batch_size: images a step.
    peak_learning_rate: of AdamW, reached after the warm-up, then a cosine down to zero.
    warmup_epochs: over which the learning rate rises from zero.
    weight_decay: of AdamW, decoupled.
    label_smoothing: share of the target spread over all classes.
    logit_adjustment: 0 learns the training set's own class frequencies; 1 makes the network answer as if all classes
        were equally frequent (Menon et al. 2021, arXiv:2007.07314).
    character_prior: 0 treats classes alike; at 1 a class of two characters is answered as if each of them were as
        frequent as any other character.
    written: images of each class that are drawn, in other shapes than the data set's (`training.allographs`).
    fonts: whether some of those are drawn with the handwriting fonts of `training.fonts`.
    prior_correction: 0 answers by the class frequencies of what is trained on, drawn images included; 1 by the data
        set's own (`training.prior`).
    relabelled: pairs of classes' labels; images of the first with the second's shape count as the second among those
        frequencies (`training.relabel`).
    factor_ridge: what holds the classes' factors of the temperature near 1 (`training.calibrator`); None for none.
    outliers: what the network learns to be unsure of.
    target_error: share of wrong answers that the model stays below by calling others uncertain.
    ema_decay: of the moving average of the weights that is evaluated and shipped.
    validation_share: of the training images, kept from training for choosing and calibrating.
    split_seed: of the choice of these, the same for runs that differ by their seed.
    limitations: sentences for the model card.
    seed: of random weights, the order, what is drawn, the pages, the outliers and the augmentation.
    """

    name: str
    model: str
    description: str
    dataset: str
    geometry: str
    network: NetworkSpec | PlainSpec
    augmentation: Augmentation
    degraded_share: float
    degraded_copies: int
    degradation: Degradation
    epochs: int
    batch_size: int
    peak_learning_rate: float
    warmup_epochs: float
    weight_decay: float
    label_smoothing: float
    logit_adjustment: float
    character_prior: float
    target_error: float
    ema_decay: float
    validation_share: float
    limitations: tuple[str, ...]
    start: int | None = None
    start_share: float = 0.0
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    written: int = 0
    fonts: bool = False
    prior_correction: float = 0.0
    relabelled: tuple[tuple[str, str], ...] = ()
    factor_ridge: float | None = None
    outliers: Outliers = field(default_factory=Outliers)
    split_seed: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.degraded_share > 0) != (self.degraded_copies > 0):
            raise ValueError("A recipe has either degraded copies and a share of them, or neither.")
        if self.start_share and self.start is None:
            raise ValueError("A recipe without a start has no share of it.")
        if not 0 <= self.start_share < 1:
            raise ValueError("The share of a recipe's start is 0 up to but not 1.")
