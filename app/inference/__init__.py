"""Batches in, probabilities out: runtimes, the batcher, the registry. Knows no HTTP."""

from app.inference.answers import Candidate, UnknownCharacters, check_allowed, is_uncertain, rank
from app.inference.batcher import BATCH_SIZES, Batcher, Pending, warm_up
from app.inference.cpus import usable_cpus
from app.inference.errors import (
    DeadlineExceeded,
    Draining,
    InferenceError,
    NotReady,
    Overloaded,
    RuntimeFailed,
)
from app.inference.registry import RUNTIMES, Model, Registry, State
from app.inference.reload import Reloader, ReloadOutcome
from app.inference.runtime import LiteRTFloat32Runtime, LiteRTRuntime, Runtime, SavedModelRuntime, first_file

__all__ = [
    "BATCH_SIZES",
    "RUNTIMES",
    "Batcher",
    "Candidate",
    "DeadlineExceeded",
    "Draining",
    "InferenceError",
    "LiteRTFloat32Runtime",
    "LiteRTRuntime",
    "Model",
    "NotReady",
    "Overloaded",
    "Pending",
    "Registry",
    "ReloadOutcome",
    "Reloader",
    "Runtime",
    "RuntimeFailed",
    "SavedModelRuntime",
    "State",
    "UnknownCharacters",
    "check_allowed",
    "first_file",
    "is_uncertain",
    "rank",
    "usable_cpus",
    "warm_up",
]
