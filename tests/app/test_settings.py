from __future__ import annotations

import hashlib

import pytest
from pydantic import ValidationError

from app import settings as module
from app.settings import Settings, variable


def test_every_option_is_documented() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_options_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INKLING_PORT", "9000")
    monkeypatch.setenv("INKLING_MODEL_VERSIONS", '{"digit": 2}')
    monkeypatch.setenv("INKLING_API_KEYS", f"{'a' * 64}, {'b' * 64}")
    monkeypatch.setenv("INKLING_CORS_ORIGINS", "https://example.org,http://localhost:3000")
    settings = Settings(_env_file=None)
    assert settings.port == 9000
    assert settings.cors_origins == ("https://example.org", "http://localhost:3000")
    assert settings.model_versions == {"digit": 2}
    assert settings.api_keys == ("a" * 64, "b" * 64)


def test_the_log_level_may_be_written_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    for level in ("WARNING", "Warning", "warning"):
        monkeypatch.setenv("INKLING_LOG_LEVEL", level)
        assert Settings(_env_file=None).log_level == "warning"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("INKLING_PORT", "99999"),
        ("INKLING_API_KEYS", "secret"),
        ("INKLING_API_KEYS", hashlib.sha256(b"").hexdigest()),
        ("INKLING_RUNTIME", "abacus"),
        ("INKLING_LOG_LEVEL", "loud"),
        ("INKLING_CORS_ORIGINS", "https://example.org/"),
        ("INKLING_CORS_ORIGINS", "example.org"),
        ("INKLING_WORKERS", "0"),
        ("INKLING_WORKERS", "many"),
        ("INKLING_MAX_BATCH_WAIT_MS", "-1"),
        ("INKLING_MAX_BATCH_WAIT_MS", "2000"),
    ],
)
def test_nonsense_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings(_env_file=None)


def test_the_cpus_are_shared_among_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "usable_cpus", lambda: 8)
    assert Settings(_env_file=None).imaging_threads == Settings(_env_file=None).runtime_batches == 8
    assert Settings(workers=3, _env_file=None).imaging_threads == 2
    assert Settings(workers=20, _env_file=None).imaging_threads == 1
    assert Settings(workers=20, imaging_threads=5, _env_file=None).imaging_threads == 5


def test_a_process_of_many_takes_the_cpus_that_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "usable_cpus", lambda: 8)
    given = Settings(imaging_threads=5, _env_file=None).with_cpus(3)
    assert (given.imaging_threads, given.runtime_batches) == (5, 3)
    given = Settings(runtime_batches=2, _env_file=None).with_cpus(1)
    assert (given.imaging_threads, given.runtime_batches) == (1, 2)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_an_option_set_to_nothing_has_its_default(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    default = getattr(Settings(_env_file=None), name)
    monkeypatch.setenv(variable(name), "")
    assert getattr(Settings(_env_file=None), name) == default


def test_no_image_is_made_to_wait_past_its_deadline() -> None:
    with pytest.raises(ValidationError, match="INKLING_MAX_BATCH_WAIT_MS"):
        Settings(max_batch_wait_ms=500, deadline_seconds=0.5, _env_file=None)


@pytest.mark.parametrize(("queue", "batch"), [(64, 56), (7, 7), (1, 1)])
def test_a_full_batch_fits_beside_what_is_kept_for_single_images(queue: int, batch: int) -> None:
    settings = Settings(queue_images=queue, max_batch_files=batch, _env_file=None)
    assert settings.max_batch_files + settings.kept_for_singles == queue
    with pytest.raises(ValidationError, match=f"INKLING_QUEUE_IMAGES={queue} leaves room for batches of {batch}, "):
        Settings(queue_images=queue, max_batch_files=batch + 1, _env_file=None)
