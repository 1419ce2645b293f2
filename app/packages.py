"""Which packages are installed, of those that only some uses of the project need."""

from __future__ import annotations

import importlib.util


def is_installed(package: str) -> bool:
    """Tell whether a package can be imported, without importing it; a folder that merely has its name cannot."""
    found = importlib.util.find_spec(package)
    return found is not None and found.origin is not None
