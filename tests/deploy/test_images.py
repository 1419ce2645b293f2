"""That what the images are built from fits together: locks, Dockerfile, build context, compose file."""

from __future__ import annotations

import re
import tomllib
from typing import get_args

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app.settings import Settings, variable
from tests.e2e.server import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
RUNTIMES = get_args(Settings.model_fields["runtime"].annotation)
TENSORFLOW = {"tensorflow", "tensorflow-cpu", "keras"}


def lock(name: str) -> dict[str, set[str]]:
    """Return a lock file's packages with their versions, of which there may be one a Python."""
    found: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / name).read_text(), re.M):
        found.setdefault(canonicalize_name(package), set()).add(version)
    return found


def needed(*extras: str) -> list[Requirement]:
    extra = [line for name in extras for line in PROJECT["optional-dependencies"][name]]
    return [Requirement(line) for line in (*PROJECT["dependencies"], *extra)]


@pytest.mark.parametrize(
    ("name", "extras", "without"),
    [("requirements.lock", (), set()), ("requirements-litert.lock", ("litert",), TENSORFLOW)],
)
def test_a_lock_holds_all_that_serving_needs(name: str, extras: tuple[str, ...], without: set[str]) -> None:
    locked = lock(name)
    assert not without & locked.keys()
    for requirement in needed(*extras):
        if requirement.name not in without:
            versions = locked[canonicalize_name(requirement.name)]
            assert all(requirement.specifier.contains(version) for version in versions), requirement
    assert "setuptools" in locked, "our own package is built with it"


def test_locks_agree() -> None:
    tested = lock("requirements-dev.lock")
    for name in ("requirements.lock", "requirements-litert.lock"):
        assert {package: versions - tested[package] for package, versions in lock(name).items()} == {
            package: set() for package in lock(name)
        }


def test_the_light_lock_is_the_other_without_tensorflow() -> None:
    excluded = {
        line for line in (ROOT / "deploy/without-tensorflow.txt").read_text().splitlines() if not line.startswith("#")
    }
    assert excluded == {requirement.name for requirement in needed() if requirement.name in TENSORFLOW}


def test_every_file_that_an_image_is_built_from_reaches_the_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for sources in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.M):
        for source in sources.split():
            assert (ROOT / source).exists(), source
            assert f"!{source.rstrip('/')}" in ignored, source


def test_every_runtime_has_an_image() -> None:
    (choice,) = re.findall(r'case "\$RUNTIME" in (.*?) \*\)', DOCKERFILE, re.S)
    choices = re.findall(r"([\w|-]+)\) lock=([\w.-]+)", choice)
    locks = {runtime: lock for runtimes, lock in choices for runtime in runtimes.split("|")}
    light = "requirements-litert.lock"
    assert locks == {"savedmodel": "requirements.lock", "litert": light, "litert-float32": light}
    assert locks.keys() == set(RUNTIMES)
    # An argument before the first stage counts in a stage only where that names it again.
    for stage in re.split(r"^FROM ", DOCKERFILE, flags=re.M)[1:]:
        assert "\nARG RUNTIME\n" in stage
    assert "INKLING_RUNTIME=${RUNTIME}" in DOCKERFILE


def test_the_light_service_is_the_other_on_litert() -> None:
    full, light = SERVICES["inkling"], SERVICES["inkling-light"]
    assert light["build"] == {**full["build"], "args": {**full["build"]["args"], "RUNTIME": "litert"}}
    assert light["environment"] == {**full["environment"], "INKLING_RUNTIME": "litert"}
    assert light["profiles"] == ["light"]
    assert "profiles" not in full
    # Both may run: a profile adds to what starts anyway.
    assert light["ports"] != full["ports"]
    own = {"build", "image", "profiles", "ports", "environment"}
    assert {key: light[key] for key in light.keys() - own} == {key: full[key] for key in full.keys() - own}


@pytest.mark.parametrize("name", ["inkling", "inkling-light"])
def test_compose_sets_options_that_exist_and_a_port_that_is_served(name: str) -> None:
    service = SERVICES[name]
    assert service["environment"].keys() <= {variable(option) for option in Settings.model_fields}
    (port,) = service["ports"]
    assert port.partition(":")[2] == service["environment"]["INKLING_PORT"]
    seconds = int(service["stop_grace_period"].removesuffix("s"))
    assert seconds > Settings.model_fields["drain_seconds"].default
