"""The learning rate's schedule: a cosine down to zero, and where a recipe has further cycles one for each of them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import keras
import tensorflow as tf

from training.recipes import Cycle


class CosineCycles(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """One cosine down to zero after the other, each after a linear warm-up from zero.

    Source: Loshchilov and Hutter 2017, "SGDR: Stochastic gradient descent with warm restarts", arXiv:1608.03983, whose
    restarts have no warm-up.
    """

    def __init__(self, cycles: Sequence[Cycle], *, warmup_epochs: float, steps_per_epoch: int) -> None:
        """Plan the cycles.

        Args:
            cycles: one after the other; at least one.
            warmup_epochs: of each cycle, until its peak.
            steps_per_epoch: of the run.
        """
        warmup = round(warmup_epochs * steps_per_epoch)
        self._cosines = [
            keras.optimizers.schedules.CosineDecay(
                initial_learning_rate=0.0,
                warmup_target=cycle.peak_learning_rate,
                warmup_steps=warmup,
                decay_steps=max(1, cycle.epochs * steps_per_epoch - warmup),
            )
            for cycle in cycles
        ]
        lengths = (cycle.epochs * steps_per_epoch for cycle in cycles[:-1])
        self._starts = list(itertools.accumulate(lengths, initial=0))

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """Return the learning rate of a step (int64, scalar): float32, scalar."""
        rate = self._cosines[0](step)
        for start, cosine in zip(self._starts[1:], self._cosines[1:], strict=True):
            rate = keras.ops.where(step < start, rate, cosine(step - start))
        return rate
