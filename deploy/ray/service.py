"""The service on Ray Serve: the same application, in as many processes as there is work for.

`serve run deploy/ray/config.yaml`, in the folder of the repository; README.md beside this file says more.
"""

from __future__ import annotations

import asyncio
import math
import sys

import ray
import structlog
from fastapi import FastAPI
from ray import serve

from app.main import create_app
from app.server import SWITCH_SECONDS
from app.settings import Settings, variable
from app.telemetry import configure_logs

_log = structlog.get_logger(__name__)


def build() -> FastAPI:
    """Build the application of one replica.

    Raises:
        ValidationError: an option is wrong.
        ArtifactError: a model is missing, damaged or incompatible.
    """
    settings = Settings()
    configure_logs(level=settings.log_level, json_lines=True)
    # The machine's other CPUs have replicas of their own.
    cpus = ray.get_runtime_context().get_assigned_resources().get("CPU", 1)
    settings = settings.with_cpus(max(1, math.floor(cpus)))
    if settings.admin_keys:
        _log.warning("one replica of many would reload: there is no such call on Ray", variable=variable("admin_keys"))
        settings = settings.model_copy(update={"admin_keys": ()})
    sys.setswitchinterval(SWITCH_SECONDS)
    return create_app(settings)


@serve.deployment
@serve.ingress(build)
class Inkling:
    """A replica. How many there are, and what each may use, stands in config.yaml."""

    async def check_health(self) -> None:
        """Tell Ray whether the replica can answer; the first time, before it gets requests, once the models are there.

        Raises:
            InferenceError: it cannot; Ray then starts another in its place.
        """
        registry = self.app.state.registry
        await asyncio.to_thread(registry.loaded.wait)
        registry.check_ready()


app = Inkling.bind()
