from __future__ import annotations

import json

from tests.audit import judge

SOUND = {"name": "numpy", "version": "2.4.0", "vulns": []}
UNKNOWN = {"name": "inkling", "skip_reason": "Dependency not found on PyPI"}
LEAKY = {
    "name": "pillow",
    "version": "11.0.0",
    "vulns": [{"id": "PYSEC-2026-1", "aliases": ["CVE-2026-25990"], "fix_versions": ["12.1.1"], "description": "..."}],
}


def output(*dependencies: dict) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


def test_a_vulnerability_fails_and_says_what_mends_it() -> None:
    verdict = judge("a.lock", output(SOUND, LEAKY, UNKNOWN), "Found 1 known vulnerability")
    assert not verdict.passed
    for word in ("a.lock", "pillow 11.0.0", "CVE-2026-25990", "12.1.1"):
        assert word in verdict.reason


def test_what_is_not_known_is_named() -> None:
    verdict = judge("a.lock", output(SOUND, UNKNOWN), "")
    assert verdict.passed
    assert "1 packages audited" in verdict.reason
    assert "inkling" in verdict.reason


def test_a_service_that_knows_nothing_is_no_clean_bill() -> None:
    verdict = judge("a.lock", output(UNKNOWN, UNKNOWN), "No known vulnerabilities found")
    assert verdict.passed
    assert "not audited" in verdict.reason


def test_a_service_out_of_reach_passes_and_says_so() -> None:
    verdict = judge("a.lock", "", "Traceback ...\nrequests.exceptions.ConnectionError: Failed to resolve the name")
    assert verdict.passed
    assert "could not be reached" in verdict.reason


def test_a_lock_that_cannot_be_read_fails() -> None:
    verdict = judge("a.lock", "", "ERROR:pip_audit._cli:requirement numpy is not pinned")
    assert not verdict.passed
    assert "not pinned" in verdict.reason
