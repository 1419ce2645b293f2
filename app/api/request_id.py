"""The id of the request under way, taken over from the client where it is sane."""

from __future__ import annotations

import random
import re

from app.telemetry import Record, begin_record

HEADER = "X-Request-ID"
#: Short, and harmless in a header, a log line and a page.
SANE_ID = re.compile(r"[A-Za-z0-9._\-]{1,128}")


def begin_request(wanted: str | None) -> Record:
    """Begin the record of this request, under the client's id where it is a sane token, else under a new one."""
    # An id is no secret. The system's own source of chance took a fortieth of a request's time under load.
    return begin_record(wanted if wanted and SANE_ID.fullmatch(wanted) else f"{random.getrandbits(128):032x}")
