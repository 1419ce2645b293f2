"""How the programs take their options and tell what they found."""

from __future__ import annotations

import argparse
import json


def options(description: str | None, **defaults: object) -> argparse.Namespace:
    """Read the command line: an option for each name, of its default's type; of a tuple one may be chosen."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in defaults.items():
        flag = f"--{name.replace('_', '-')}"
        if isinstance(default, tuple):
            parser.add_argument(flag, default=default[0], choices=default)
        else:
            parser.add_argument(flag, default=default, type=type(default))
    return parser.parse_args()


def conclude(found: dict[str, object], asked: dict[str, bool]) -> int:
    """Print what was found and whether it is what was asked; return the exit code."""
    print(json.dumps({**found, "asked": asked}, indent=1))
    return int(not all(asked.values()))
