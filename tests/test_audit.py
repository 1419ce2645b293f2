from __future__ import annotations

from pathlib import Path

import pytest

from tests.audit import LOCKS, ROOT, look_up, told

SOUND = {"name": "numpy", "version": "2.4.0", "vulns": []}
BAD = {"name": "pillow", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["2.0"]}]}
SKIPPED = {"name": "inkling", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("dependencies", "held", "said"),
    [
        ([SOUND], True, "1 packages looked up, 0 known"),
        ([SOUND, BAD], False, "pillow 1.0: CVE-1, mended in 2.0"),
        ([SOUND, SKIPPED], True, "inkling could not be looked up: not found"),
        ([SKIPPED], True, "nothing was audited"),
    ],
)
def test_a_known_vulnerability_and_nothing_else_holds_a_change_up(
    dependencies: list[dict], held: bool, said: str
) -> None:
    well, lines = told({"dependencies": dependencies, "fixes": []})
    assert well is held
    assert said in "\n".join(lines)


def test_a_service_that_cannot_be_reached_is_said_and_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nothing listens there
    report = look_up(ROOT / LOCKS[0])
    assert report is None
    assert told(report) == (True, ["the advisory service could not be reached: nothing was audited"])


def test_a_lock_file_that_cannot_be_read_is_no_such_thing(tmp_path: Path) -> None:
    (tmp_path / "wrong.lock").write_text("numpy>=2\n")
    with pytest.raises(RuntimeError):
        look_up(tmp_path / "wrong.lock")
