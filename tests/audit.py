"""`make audit`: what the lock files pin, against the advisories of PyPI.

On top of pip-audit, which calls a service that answers nothing useful "no known vulnerabilities found".
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: How pip-audit ends, in its last words, where the service is not there.
UNREACHABLE = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "Could not connect", "ServiceError", "ProxyError")
SERVICE_SECONDS = 15


@dataclass(frozen=True)
class Verdict:
    """What came of one lock file: whether it may pass, and the reason in words."""

    passed: bool
    reason: str


def judge(lock: str, output: str, complaints: str) -> Verdict:
    """Say what pip-audit found.

    Args:
        lock: name of the file that was audited.
        output: pip-audit's standard output, JSON where it got that far.
        complaints: its standard error.
    """
    last = complaints.strip().rpartition("\n")[2]
    try:
        found = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        if any(word in complaints for word in UNREACHABLE):
            return Verdict(True, f"{lock}: not audited, the advisory service could not be reached ({last[:200]})")
        return Verdict(False, f"{lock}: pip-audit did not run: {last[:500]}")
    known = [item for item in found if "skip_reason" not in item]
    unknown = sorted(item["name"] for item in found if "skip_reason" in item)
    vulnerable = [item for item in known if item["vulns"]]
    if vulnerable:
        lines = [
            f"  {item['name']} {item['version']}: {vulnerability['id']}"
            f"{''.join(f' ({alias})' for alias in vulnerability['aliases'][:1])}, "
            f"mended in {', '.join(vulnerability['fix_versions']) or 'no version yet'}"
            for item in vulnerable
            for vulnerability in item["vulns"]
        ]
        return Verdict(False, "\n".join([f"{lock}: {len(vulnerable)} packages have known vulnerabilities", *lines]))
    if not known:
        # A mirror, or a network that lets nothing through, knows no package at all.
        return Verdict(True, f"{lock}: not audited, the advisory service knew none of {len(unknown)} packages")
    left = f"; it does not know {', '.join(unknown)}" if unknown else ""
    return Verdict(True, f"{lock}: {len(known)} packages audited, no known vulnerability{left}")


def audit(lock: Path) -> Verdict:
    """Ask about one lock file."""
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--requirement", str(lock)),
            *("--format", "json", "--progress-spinner", "off", "--timeout", str(SERVICE_SECONDS)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return judge(lock.name, ended.stdout, ended.stderr)


def main(locks: Sequence[str]) -> int:
    """Print a verdict for each lock file; return 1 where one does not pass."""
    verdicts = [audit(Path(lock)) for lock in locks]
    for verdict in verdicts:
        print(verdict.reason)
    return int(not all(verdict.passed for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
