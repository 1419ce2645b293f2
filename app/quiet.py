"""What native libraries write to standard error while they start."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

STANDARD_ERROR = 2


@contextmanager
def quiet_start() -> Iterator[None]:
    """Hold back standard error, and show what was written only where the block fails.

    TensorFlow 2.21 announces oneDNN before its own log level is in force. Python's file object does not see that, so
    the descriptor itself is turned aside; nothing else should run meanwhile.
    """
    sys.stderr.flush()
    kept = os.dup(STANDARD_ERROR)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), STANDARD_ERROR)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, STANDARD_ERROR)
            os.close(kept)
