"""Why a prepared image got no probabilities."""

from __future__ import annotations


class InferenceError(Exception):
    """The service could not answer, through no fault of the image."""


class Overloaded(InferenceError):
    """The queue is full."""


class NotReady(InferenceError):
    """The models are not loaded yet, or a worker has died."""


class Draining(InferenceError):
    """The service is going down and takes no new work."""


class DeadlineExceeded(InferenceError):
    """The answer would come too late to be of use."""


class RuntimeFailed(InferenceError):
    """The runtime raised on a batch: a defect."""
