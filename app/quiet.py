"""What native libraries write to standard error while they start."""

from __future__ import annotations

import faulthandler
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import IO

STANDARD_ERROR = 2
#: Lines in which TensorFlow, absl and LiteRT tell how they are set up. TensorFlow 2.21 announces oneDNN before its own
#: log level is in force.
ANNOUNCEMENT = re.compile(rb"I\d{4} |INFO: |WARNING: All log messages before absl::InitializeLog\(\)")

#: There is one standard error, whoever turns it aside.
_turn = threading.Lock()


@contextmanager
def quiet_start() -> Iterator[None]:
    """Hold back what is written to standard error, and show it afterwards, but for announcements where all went well.

    Python's file object does not see what native code writes, so the descriptor itself is turned aside. What should be
    shown meanwhile has to be written elsewhere: see `part_standard_error`.
    """
    with _turn, _file_to_hold() or nullcontext() as held:
        if held is None:
            yield
            return
        sys.stderr.flush()
        kept = os.dup(STANDARD_ERROR)
        # Where native code ends the process, nobody is left to show what is held: this says at least where it was.
        watched = not faulthandler.is_enabled()
        if watched:
            faulthandler.enable(kept)
        os.dup2(held.fileno(), STANDARD_ERROR)
        failed = True
        try:
            yield
            failed = False
        finally:
            sys.stderr.flush()
            os.dup2(kept, STANDARD_ERROR)
            if watched:
                faulthandler.disable()
            os.close(kept)
            held.seek(0)
            for line in held:
                if failed or not ANNOUNCEMENT.match(line):
                    os.write(STANDARD_ERROR, line)


def _file_to_hold() -> IO[bytes] | None:
    """Return a file for lines; None where the system has no room for one, since nothing depends on it."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return None


def part_standard_error() -> None:
    """Give Python a standard error of its own from here on, so that logs go on while `quiet_start` holds back."""
    sys.stderr.flush()
    own = os.dup(STANDARD_ERROR)
    sys.stderr = os.fdopen(own, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
