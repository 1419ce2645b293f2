"""Training on several processes, or several GPUs, as if it were one: each has its share of every batch.

`TF_CONFIG`, as for any other TensorFlow program, says which processes there are and which of them this is. They make
the same batches; each learns from its own rows, the gradients are summed and batch normalisation sees the statistics of
the whole batch, so that the run is the run of a single process up to float rounding.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from training.runs import RunError

TF_CONFIG = "TF_CONFIG"
#: What TensorFlow raises in a process whose peer is gone: at once where the connection breaks, later where the peer is
#: waited for in vain, or where what it should have taken part in is given up.
LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.DeadlineExceededError,
    tf.errors.CancelledError,
)
#: What a process that trains may be called.
TASKS = ("chief", "worker")
EXAMPLE = (
    'For example, of the first of two: {"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, '
    '"task": {"type": "worker", "index": 0}}'
)


@contextmanager
def lost_process() -> Iterator[None]:
    """Decorate what processes do together, so that the end of one of them is a `RunError` in the others."""
    try:
        yield
    except LOST as error:
        raise RunError(
            "A process of the run has ended, or does not answer. Start them all again: they go on together."
        ) from error


@dataclass(frozen=True)
class Workers:
    """Who trains together.

    strategy: TensorFlow's; the default one where this process trains alone.
    index: of this process among them; 0 is the chief, whose folder and log are the run's.
    """

    strategy: tf.distribute.Strategy
    index: int = 0

    @property
    def alone(self) -> bool:
        """Whether one device of one process does it all."""
        return not isinstance(self.strategy, tf.distribute.MultiWorkerMirroredStrategy)

    @property
    def chief(self) -> bool:
        """Whether this process keeps the run: log, checkpoints, weights."""
        return self.index == 0

    def run(self, step: Callable[..., list[tf.Tensor]], *batch: tf.Tensor) -> list[tf.Tensor]:
        """Let every replica do a step on its rows of a batch, and return the sums of what they return."""

        def on_a_replica() -> list[tf.Tensor]:
            context = tf.distribute.get_replica_context()
            mine = (tensor[context.replica_id_in_sync_group :: context.num_replicas_in_sync] for tensor in batch)
            return step(*mine)

        if self.alone:
            return step(*batch)
        sums = self.strategy.run(on_a_replica)
        return [self.strategy.reduce(tf.distribute.ReduceOp.SUM, value, axis=None) for value in sums]

    def share(self, variables: Sequence[tf.Variable]) -> None:
        """Give every process the chief's values of variables."""
        if self.alone:
            return

        @tf.function
        def of_the_chief() -> list[tf.Tensor]:
            def on_a_replica() -> list[tf.Tensor]:
                context = tf.distribute.get_replica_context()
                first = context.replica_id_in_sync_group == 0
                # As float64, which holds float32 and step counts exactly, since all are summed in one go.
                own = [tf.cast(variable, tf.float64) for variable in variables]
                own = [tf.where(first, value, tf.zeros_like(value)) for value in own]
                return list(context.all_reduce(tf.distribute.ReduceOp.SUM, own))

            return [self.strategy.experimental_local_results(value)[0] for value in self.strategy.run(on_a_replica)]

        for variable, value in zip(variables, of_the_chief(), strict=True):
            variable.assign(tf.cast(value, variable.dtype))

    def agree(self, identity: object) -> bool:
        """Tell whether every process has the same as this one of something that JSON can hold."""
        if self.alone:
            return True
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).digest()
        mine = tf.constant(np.frombuffer(digest, np.uint8).astype(np.float32))

        @tf.function
        def mean() -> tf.Tensor:
            return self.strategy.reduce(
                tf.distribute.ReduceOp.MEAN,
                self.strategy.run(lambda: tf.stack([mine, tf.square(mine)])),
                axis=None,
            )

        first, second = mean().numpy()
        # Equal numbers have no variance.
        return bool(np.abs(second - np.square(first)).max() < 0.01 and np.abs(first - mine.numpy()).max() < 0.01)

    @lost_process()
    def wait(self) -> None:
        """Return once every process has come here.

        Raises:
            RunError: one has ended.
        """
        self.agree(None)


#: This process, by itself.
ALONE = Workers(tf.distribute.get_strategy())


@lost_process()
def workers() -> Workers:
    """Return who trains together by `TF_CONFIG`, once all are there; this process alone where it is not set or empty.

    To be called before TensorFlow does anything else.

    Raises:
        RunError: it does not say which processes train and which of them this is; or one of them does not come.
    """
    if not os.environ.get(TF_CONFIG, "").strip():
        return ALONE
    index = _index()
    return Workers(tf.distribute.MultiWorkerMirroredStrategy(), index)


def _index() -> int:
    """Return which of the processes of `TF_CONFIG` this is, the chief first."""
    cluster = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    try:
        processes, task, index = cluster.cluster_spec(), cluster.task_type, cluster.task_id
        # Raises ValueError where there is no such process.
        processes.task_address(task, index)
    except (TypeError, ValueError) as error:
        raise RunError(f"TF_CONFIG is not as TensorFlow wants it ({error}). {EXAMPLE}") from error
    if task not in TASKS:
        raise RunError(f"TF_CONFIG makes this process a {task}, and only {' and '.join(TASKS)} train. {EXAMPLE}")
    return int(index) + (1 if "chief" in processes.jobs and task != "chief" else 0)
