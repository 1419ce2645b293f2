"""Training a recipe: a loop that can be cut at any step and resumes as if it had not been.

What is shown comes from the seed and the step alone (`training.material`), so a checkpoint holds no generator. It holds
the weights, their moving average, the optimiser with its step count (and so the schedule), and the running sums of the
epoch.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGTERM, signal
from types import FrameType
from typing import Any, cast

import keras
import numpy as np
import tensorflow as tf

from app.artifacts import Artifact, ModelCard
from training.batches import predict_logits
from training.datasets import LabelledImages
from training.figures import mean_per_class
from training.material import OUTLIER, Material
from training.networks import build_network
from training.prior import logit_adjustment, prior_correction
from training.progress import STDERR, progress
from training.recipes import Recipe
from training.runs import (
    CHECKPOINTS,
    LASTING,
    LOG_FILE,
    OF_OFFSETS,
    START_FILE,
    WEIGHTS_FILE,
    RunError,
    Weights,
    claim,
    forget_epochs_after,
    load_weights,
    log_epoch,
    network_of,
    network_of_model,
    run_identity,
    save_weights,
)
from training.split import Images, Labels
from training.workers import ALONE, Workers, lost_process

CHECKPOINT_SECONDS = 180.0


class Run:
    """One training run in its folder.

    There are `run.json`, `degraded.npy` (the training images as read off pages), `labels.npy` (their labels by shape,
    where the recipe wants them), `start.npz` (the weights that it began with, where it goes on from a model),
    `log.jsonl` (a line an epoch), `checkpoints/` and, after every epoch, `weights.npz`.
    """

    @lost_process()
    def __init__(
        self,
        recipe: Recipe,
        data: LabelledImages,
        folder: Path,
        foreign: LabelledImages | None = None,
        workers: Workers = ALONE,
        start: Artifact | None = None,
    ) -> None:
        """Prepare a run, or pick up the one that the folder holds.

        Args:
            recipe: what to do.
            data: its data set's training part.
            folder: of the run.
            foreign: the training part of its outliers' data set, where it has one.
            workers: who trains it together. The chief's folder is the run's; the others keep only what they make of the
                data.
            start: the model of the recipe's `start`, where it has one.

        Raises:
            RunError: `start` or `foreign` is missing; `start` was made in another way or of other data; the folder
                holds a run of another recipe or other data, one that began with other weights, or a damaged one; the
                images do not fill a batch; or another process has another recipe or other data, or has ended.
            DatasetError: an image shows no character.
            FontsMissing: the recipe draws with handwriting fonts, and they are not installed.
        """
        self.recipe = recipe
        self.folder = folder if workers.chief else folder / f"worker-{workers.index}"
        self._workers = workers
        if recipe.outliers.batch and recipe.outliers.dataset and foreign is None:
            raise RunError(f"{recipe.name} learns from outliers of {recipe.outliers.dataset}, which are not there.")
        identity = run_identity(recipe, data)
        # Before the claim, so that a process whose recipe differs leaves a new folder to the right one.
        if not workers.agree(identity):
            raise RunError("The processes that train together have different recipes or data.")
        first = self._model_to_start_with(start, data)
        claim(self.folder, identity)
        self._material = Material(recipe, data, self.folder, foreign)
        self._prior = logit_adjustment(recipe, data)
        self._correction = prior_correction(recipe, data, self.folder)
        weights = None if first is None or start is None else self._first_weights(first, start.card)
        with workers.strategy.scope():
            self._make_variables(len(data.classes), weights)
        self._counted = time.monotonic()
        self._train_step = self._build_step()
        self._checkpoints = tf.train.CheckpointManager(
            tf.train.Checkpoint(
                network=self._network,
                average=self._average,
                optimiser=self._optimiser,
                sums=self._sums,
                seconds=self._seconds,
            ),
            str(self.folder / CHECKPOINTS),
            max_to_keep=2,
        )
        if workers.chief and self._checkpoints.latest_checkpoint:
            self._checkpoints.checkpoint.restore(self._checkpoints.latest_checkpoint).assert_consumed()
        workers.share(self._state())
        forget_epochs_after(self.folder / LOG_FILE, self.step // self._material.steps_per_epoch)

    def _model_to_start_with(self, start: Artifact | None, data: LabelledImages) -> keras.Model | None:
        if self.recipe.start is None:
            return None
        if start is None or start.card.version != self.recipe.start:
            raise RunError(f"The run begins with {self.recipe.model} {self.recipe.start}, which is not there.")
        same = LASTING if start.card.logit_offsets else LASTING + OF_OFFSETS
        try:
            return network_of_model(start, self.recipe, data, same)
        except RunError as error:
            raise RunError(f"{error} A run begins with random weights with --from-scratch.") from error

    def _first_weights(self, model: keras.Model, card: ModelCard) -> Weights:
        """Return the weights that the run begins with, and have the chief's folder keep them."""
        # Its logits were corrected for answering; what is trained has none of that.
        added = np.asarray(card.logit_offsets, np.float32) if card.logit_offsets else self._correction
        model.get_layer("logits").bias.assign_sub(added)
        weights = cast("Weights", model.get_weights())
        kept = self.folder / START_FILE
        if kept.exists():
            if not all(map(np.array_equal, load_weights(kept), weights)):
                raise RunError(
                    f"The run in {self.folder} began with other weights than {self.recipe.model} {card.version} has."
                )
        elif self._workers.chief:
            save_weights(kept, weights)
        return weights

    def _make_variables(self, classes: int, weights: Weights | None) -> None:
        """Make all that a checkpoint holds; the network with weights of its folded form, where some are given."""
        self._network = build_network(
            self.recipe.network,
            classes,
            folded=weights is not None,
            seed=self.recipe.seed,
            synchronised=not self._workers.alone,
            precision=self.recipe.precision,
        )
        if weights is not None:
            self._network.set_weights(weights)
        self._average = [tf.Variable(weight, trainable=False) for weight in self._network.weights]
        self._optimiser = _optimiser(self.recipe, self._material.steps_per_epoch)
        self._optimiser.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
        self._optimiser.build(self._network.trainable_variables)
        # Of the epoch under way: summed loss, right answers, images; and the seconds of the whole run.
        self._sums = [tf.Variable(0.0), tf.Variable(0.0), tf.Variable(0.0)]
        self._seconds = tf.Variable(0.0, dtype=tf.float64)

    def _state(self) -> list[tf.Variable]:
        kept = [*self._network.weights, *self._optimiser.variables]
        return [*(variable.value for variable in kept), *self._average, *self._sums, self._seconds]

    @property
    def step(self) -> int:
        """Steps done since the start of the run."""
        return int(_value(self._optimiser.iterations.value))

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.recipe.epochs * self._material.steps_per_epoch

    @lost_process()
    def train(self, max_steps: int | None = None) -> bool:
        """Train until the recipe's last epoch, an interrupt (Ctrl-C, SIGTERM), or a number of steps.

        Args:
            max_steps: stop, with a checkpoint, after this many steps of the run.

        Returns:
            Whether the run is complete.

        Raises:
            RunError: another process has ended.
        """
        last = self.steps if max_steps is None else min(max_steps, self.steps)
        self._counted = time.monotonic()
        if self.step:
            STDERR.print(f"resuming at step {self.step} of {self.steps}")
        with _sigterm_as_interrupt():
            try:
                if _value(self._sums[2]) and self.step % self._material.steps_per_epoch == 0:
                    # The last call was cut between an epoch's last step and its end.
                    self._close_epoch(self.step // self._material.steps_per_epoch - 1)
                for epoch in range(self.step // self._material.steps_per_epoch, self.recipe.epochs):
                    if not self._train_epoch(epoch, last):
                        break
            except KeyboardInterrupt:
                STDERR.print("interrupted; the same command goes on from here")
            self._save()
        return self.step == self.steps and not _value(self._sums[2])

    def average_weights(self) -> Weights:
        """Return the moving average of the weights, in the order of the network's `weights`."""
        return [weight.numpy() for weight in self._average]

    def _train_epoch(self, epoch: int, last: int) -> bool:
        """Train to the end of an epoch; False where `last` came first."""
        saved = time.monotonic()
        with progress() as bar:
            task = bar.add_task(f"epoch {epoch + 1} of {self.recipe.epochs}", total=self._material.steps_per_epoch)
            for images, labels in self._material.batches(epoch, self.step):
                if self.step >= last:
                    return False
                self._train_step(images, labels)
                bar.update(task, completed=self.step - epoch * self._material.steps_per_epoch)
                if time.monotonic() - saved > CHECKPOINT_SECONDS:
                    saved = time.monotonic()
                    self._save()
        self._close_epoch(epoch)
        return True

    def _save(self) -> None:
        self._count_seconds()
        if self._workers.chief:
            self._checkpoints.save()

    def _count_seconds(self) -> None:
        now = time.monotonic()
        self._seconds.assign_add(now - self._counted)
        self._counted = now

    def _close_epoch(self, epoch: int) -> None:
        self._count_seconds()
        if self._workers.chief:
            self._write_down(epoch)
        for value in self._sums:
            value.assign(0.0)
        self._save()

    def _write_down(self, epoch: int) -> None:
        loss, right, seen = (_value(value) for value in self._sums)
        network = network_of(self.recipe, self.average_weights(), self._correction)
        record: dict[str, Any] = {
            "epoch": epoch + 1,
            "step": self.step,
            "seconds": round(_value(self._seconds), 1),
            "learning_rate": float(self._optimiser.learning_rate),
            "training_loss": loss / seen,
            "training_accuracy": right / seen,
            **_validation_figures(network, *self._material.validation),
        }
        STDERR.print("  ".join(f"{key} {value:.5g}" for key, value in record.items()))
        # The weights come first: the log's last line says that they are there.
        save_weights(self.folder / WEIGHTS_FILE, self.average_weights())
        log_epoch(self.folder / LOG_FILE, record)

    def _build_step(self) -> tf.types.experimental.PolymorphicFunction:
        recipe, network, optimiser = self.recipe, self._network, self._optimiser
        classes = network.output_shape[-1]
        prior = tf.constant(self._prior, tf.float32)

        workers = self._workers

        def learn(images: tf.Tensor, labels: tf.Tensor) -> list[tf.Tensor]:
            """Learn from a replica's rows; return their part of the batch's loss, right answers, and non-outliers."""
            known = tf.cast(labels != OUTLIER, tf.float32)
            targets = tf.one_hot(labels, classes) * (1 - recipe.label_smoothing) + recipe.label_smoothing / classes
            targets = tf.where(known[:, None] > 0, targets, 1 / classes)
            weights = known + recipe.outliers.weight * (1 - known)
            with tf.GradientTape() as tape:
                logits = network(images, training=True) + prior * known[:, None]
                losses = weights * tf.nn.softmax_cross_entropy_with_logits(targets, logits)
                # Of the whole batch, whose gradients the optimiser sums over the replicas.
                loss = tf.reduce_sum(losses) / (tf.reduce_sum(known) if workers.alone else recipe.batch_size)
            gradients = tape.gradient(loss, network.trainable_variables)
            optimiser.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
            return [loss, tf.reduce_sum(tf.cast(tf.argmax(logits, -1) == labels, tf.float32)), tf.reduce_sum(known)]

        # Without XLA, whose convolutions take a fifth longer on CPUs than oneDNN's and know no bfloat16 there.
        @tf.function
        def train_step(images: tf.Tensor, labels: tf.Tensor) -> None:
            loss, right, count = workers.run(learn, images, labels)
            # A young average follows the weights closely, so that it does not drag their random start along; this is
            # the warm-up of TensorFlow's own ExponentialMovingAverage.
            done = tf.cast(optimiser.iterations, tf.float32)
            decay = tf.minimum(recipe.ema_decay, (1 + done) / (10 + done))
            for average, weight in zip(self._average, network.weights, strict=True):
                average.assign(decay * average + (1 - decay) * weight)
            for total, value in zip(self._sums, (loss * count, right, count), strict=True):
                total.assign_add(value)

        return train_step


def _value(variable: tf.Variable) -> float:
    """Return the number in a variable, which may be one of a strategy's, that Python cannot convert itself."""
    return float(tf.convert_to_tensor(variable))


def _validation_figures(network: keras.Model, images: Images, labels: Labels) -> dict[str, float]:
    if len(labels) == 0:
        return {}
    logits = predict_logits(network, images)
    right = logits.argmax(axis=1) == labels
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits).numpy()
    return {
        "validation_loss": float(losses.mean()),
        "validation_accuracy": float(right.mean()),
        "validation_mean_per_class": mean_per_class(labels, right),
    }


def _optimiser(recipe: Recipe, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    warmup = round(recipe.warmup_epochs * steps_per_epoch)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        warmup_target=recipe.peak_learning_rate,
        warmup_steps=warmup,
        decay_steps=max(1, recipe.epochs * steps_per_epoch - warmup),
    )
    return keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay)


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal(SIGTERM, interrupt)
    try:
        yield
    finally:
        signal(SIGTERM, before)
