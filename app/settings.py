"""Every option of the service, read from the environment (prefix `INKLING_`) or a `.env` file."""

from __future__ import annotations

import hashlib
import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from dotenv import dotenv_values
from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.inference import usable_cpus
from app.packages import is_installed

PREFIX = "INKLING_"
#: One part in so many of the images under way is kept for those that are sent singly.
SINGLES_SHARE = 8

RuntimeName = Literal["savedmodel", "litert", "litert-float32"]


class LogFormat(StrEnum):
    """How log lines look."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"

    @property
    def json_lines(self) -> bool | None:
        """Whether lines are JSON; None where it depends on who reads them: see `app.telemetry.configure_logs`."""
        return None if self is LogFormat.AUTO else self is LogFormat.JSON


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _is_sha256(digests: tuple[str, ...]) -> tuple[str, ...]:
    for digest in digests:
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise ValueError("a key is given as the 64 lower-case hexadecimal digits of its SHA-256")
        if digest == hashlib.sha256(b"").hexdigest():
            raise ValueError("this is the SHA-256 of an empty key, as an unset variable has it")
    return digests


def _is_origin(origins: tuple[str, ...]) -> tuple[str, ...]:
    for origin in origins:
        # A path or a trailing slash would match nothing that a browser sends.
        if origin != "*" and not re.fullmatch(r"https?://[^/\s?#@]+", origin):
            raise ValueError("an origin is a scheme and a host, such as https://example.org, without a path")
    return origins


def _share_of_cpus(others: dict[str, Any]) -> int:
    """Return how many CPUs each worker has to itself, at least 1."""
    # Without `workers` where that is no number of them, which is told then.
    workers: int = others.get("workers", 1)
    return max(1, usable_cpus() // workers)


def _installed_runtime() -> RuntimeName:
    return "savedmodel" if is_installed("tensorflow") else "litert"


class Settings(BaseSettings):
    """The options, each with its default."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for every interface.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 lets the system choose.")
    workers: int = Field(1, ge=1, le=64, description="Processes that serve; each loads the models for itself.")
    models_dir: Path = Field(Path("models"), description="Folder of the models, `<name>/<version>/` each.")
    model_versions: dict[str, int] = Field(
        default_factory=dict, description='Versions to pin, as JSON: `{"digit": 1}`. The highest is served otherwise.'
    )
    runtime: RuntimeName = Field(
        default_factory=_installed_runtime,
        description="What runs the networks: `savedmodel`, on TensorFlow; `litert`, on 8 bits; or `litert-float32`. "
        "Default: `savedmodel` where TensorFlow is installed, `litert` elsewhere.",
    )
    runtime_threads: int = Field(1, ge=1, description="Threads inside one operation of a network.")
    runtime_batches: int = Field(
        default_factory=_share_of_cpus,
        ge=1,
        description="Batches of one model that run at once where large uploads wait, each on a thread of its own; only "
        "`savedmodel` does so. Default: the CPUs it may use, shared among the workers.",
    )
    imaging_threads: int = Field(
        default_factory=_share_of_cpus,
        ge=1,
        description="Threads that decode images. Default: the CPUs it may use, shared among the workers.",
    )
    max_upload_bytes: int = Field(10 * 2**20, ge=1, description="Largest image file, in bytes.")
    max_batch_bytes: int = Field(64 * 2**20, ge=1, description="Largest batch request, in bytes.")
    max_batch_files: int = Field(64, ge=1, le=1000, description="Most images in a batch request.")
    max_pending_bytes: int = Field(256 * 2**20, ge=1, description="Most bytes of uploads held at once; 429 beyond.")
    upload_seconds: float = Field(60.0, gt=0, description="Longest time for an upload to arrive.")
    max_image_pixels: int = Field(64_000_000, ge=1, description="Most pixels of an image, checked before decoding.")
    target_error: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Share of wrong answers among those not marked `uncertain`, 0 to 1. Default: each model's own.",
    )
    queue_images: int = Field(
        320,
        ge=1,
        description="Most images under way at once, an eighth of them kept for those sent singly; 429 beyond.",
    )
    max_batch_wait_ms: float = Field(
        0.0,
        ge=0,
        le=1000,
        description="How long an image may wait for others to fill its batch, in milliseconds; 0 takes what is there.",
    )
    deadline_seconds: float = Field(
        10.0, gt=0, description="Longest time from the end of the upload to its answer; 504 beyond."
    )
    drain_seconds: int = Field(30, ge=1, description="Longest time to finish accepted requests after SIGTERM.")
    api_keys: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_is_sha256)] = Field(
        (), description="SHA-256 of each accepted API key, comma-separated. Empty: no key is needed."
    )
    admin_keys: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_is_sha256)] = Field(
        (), description="SHA-256 of each key for `POST /admin/reload`, comma-separated. Empty: there is no such call."
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_is_origin)] = Field(
        (), description="Origins whose pages may call the API from a browser, comma-separated; `*` for all."
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = Field(
        "info", description="`debug`, `info`, `warning` or `error`: what is less severe is not logged."
    )
    log_format: LogFormat = Field(
        LogFormat.AUTO, description="`text`, `json`, or `auto`: text on a terminal, JSON otherwise."
    )

    @model_validator(mode="after")
    def _limits_fit(self) -> Self:
        room = self.queue_images - self.kept_for_singles
        if room < self.max_batch_files:
            raise ValueError(
                f"INKLING_QUEUE_IMAGES={self.queue_images} leaves room for batches of {room}, an eighth being kept for "
                f"single images: a full one of INKLING_MAX_BATCH_FILES={self.max_batch_files} would never be taken. "
                "Lower the one or raise the other"
            )
        if self.max_batch_wait_ms >= self.deadline_seconds * 1e3:
            raise ValueError("INKLING_MAX_BATCH_WAIT_MS is not below INKLING_DEADLINE_SECONDS: no image would make it")
        if self.max_pending_bytes < self.max_batch_bytes:
            raise ValueError("INKLING_MAX_PENDING_BYTES is below INKLING_MAX_BATCH_BYTES")
        if self.max_batch_bytes < self.max_upload_bytes:
            raise ValueError("INKLING_MAX_BATCH_BYTES is below INKLING_MAX_UPLOAD_BYTES")
        return self

    def with_cpus(self, cpus: int) -> Self:
        """Return the same for a process that has so many CPUs, where nothing else was chosen for it."""
        not_chosen = {"runtime_batches", "imaging_threads"} - self.model_fields_set
        return self.model_copy(update=dict.fromkeys(not_chosen, cpus))

    @property
    def kept_for_singles(self) -> int:
        """How many of the images under way have to be sent singly."""
        return self.queue_images // SINGLES_SHARE


def variable(name: object) -> str:
    """Return the environment variable of an option."""
    return f"{PREFIX}{name}".upper()


def unknown_variables() -> list[str]:
    """Return variables of our prefix, in the environment and `.env`, that are no option: misspelt, most likely."""
    known = {variable(name) for name in Settings.model_fields}
    given = {**dotenv_values(".env"), **os.environ}
    return sorted(name for name in given if name.upper().startswith(PREFIX) and name.upper() not in known)


def settings_table() -> str:
    """Return every option, its default and its meaning as a Markdown table."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default_factory or field.default in ((), None) else f"`{field.default}`"
        rows.append(f"| `{variable(name)}` | {default} | {field.description} |")
    return "\n".join(rows)
