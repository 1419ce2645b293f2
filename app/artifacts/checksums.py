"""`SHA256SUMS`, in the format of GNU coreutils, so that `sha256sum -c SHA256SUMS` checks an artifact by hand."""

from __future__ import annotations

import hashlib
from pathlib import Path

from app.artifacts.errors import ArtifactDamaged

FILE_NAME = "SHA256SUMS"


def write_checksums(folder: Path) -> None:
    """Write the checksums of every file below a folder."""
    lines = [f"{sha256(folder / name)}  {name}\n" for name in sorted(_files(folder))]
    (folder / FILE_NAME).write_text("".join(lines))


def verify_checksums(folder: Path) -> str:
    """Check every file below a folder against `SHA256SUMS`.

    Returns:
        The SHA-256 of `SHA256SUMS` itself, which stands for the whole artifact.

    Raises:
        ArtifactDamaged: a file is missing, not listed, or differs.
    """
    sums = folder / FILE_NAME
    try:
        pairs = [line.split("  ", 1) for line in sums.read_text().splitlines()]
        listed = {name: digest for digest, name in pairs}
    except (OSError, ValueError) as error:
        raise ArtifactDamaged(f"{sums} is missing or unreadable, so the model cannot be verified.") from error
    present = _files(folder)
    if missing := sorted(listed.keys() - present):
        raise ArtifactDamaged(f"{folder} lacks {', '.join(missing)}. Restore the model from where you had it.")
    if unexpected := sorted(present - listed.keys()):
        raise ArtifactDamaged(f"{folder} holds files that {FILE_NAME} does not list: {', '.join(unexpected)}.")
    for name, expected in listed.items():
        if sha256(folder / name) != expected:
            raise ArtifactDamaged(f"{folder / name} is damaged: its SHA-256 differs from {FILE_NAME}.")
    return sha256(sums)


def _files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.name != FILE_NAME
    }


def sha256(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
