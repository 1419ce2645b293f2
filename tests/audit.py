"""Looks what is locked up among the known vulnerabilities of the Python Package Index: `make audit`.

Ends with 1 where one is known, or where a lock file cannot be read. Where the advisory service cannot be reached, or
knows none of the packages, it says so and ends with 0: that is no reason to hold a change up.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
#: What ships. What only tests need has no strangers' files to fear.
LOCKS = ("requirements.lock", "requirements-litert.lock")
#: In what pip-audit says where it could not ask.
UNREACHABLE = ("requests.exceptions.", "Could not connect", "is not redirecting", "ServiceError")
TIMEOUT_SECONDS = 15


def look_up(lock: Path) -> dict[str, Any] | None:
    """Return pip-audit's report on a lock file; None where its service could not be asked.

    Raises:
        RuntimeError: it failed for another reason.
    """
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner=off"]
    command += ["--format=json", f"--timeout={TIMEOUT_SECONDS}", "-r", str(lock)]
    ended = subprocess.run(command, capture_output=True, text=True)
    try:
        return dict(json.loads(ended.stdout))
    except ValueError:
        if any(sign in ended.stderr for sign in UNREACHABLE):
            return None
        raise RuntimeError(ended.stderr) from None


def told(report: dict[str, Any] | None) -> tuple[bool, list[str]]:
    """Return whether a report is no reason to stop, and what to say of it."""
    if report is None:
        return True, ["the advisory service could not be reached: nothing was audited"]
    found = report["dependencies"]
    known = [item for item in found if "vulns" in item]
    if not known:
        return True, ["the advisory service knows none of the packages: nothing was audited"]
    lines = [f"{item['name']} could not be looked up: {item['skip_reason']}" for item in found if "vulns" not in item]
    bad = [
        f"{item['name']} {item['version']}: {vulnerability['id']}, mended in "
        f"{', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for item in known
        for vulnerability in item["vulns"]
    ]
    return not bad, [*lines, *bad, f"{len(known)} packages looked up, {len(bad)} known vulnerabilities"]


def main() -> int:
    """Audit every lock file that ships."""
    well = True
    for name in LOCKS:
        held, lines = told(look_up(ROOT / name))
        well &= held
        print("\n".join(f"{name}: {line}" for line in lines))
    return int(not well)


if __name__ == "__main__":
    sys.exit(main())
