from __future__ import annotations

import subprocess
import sys

from tests.e2e.server import ROOT


def test_the_client_costs_none_of_the_services_libraries() -> None:
    heavy = {"tensorflow", "keras", "cv2", "numpy", "PIL", "fastapi", "starlette", "pydantic"}
    program = f"import sys, app.client; print(sorted({heavy!r} & sys.modules.keys()))"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout.strip() == "[]"
