"""When to try again, and after how long. Recognising changes nothing, so every call may be repeated."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx2

#: Statuses that say "later": the queue is full; starting, or going down while another replica takes over.
LATER = (429, 503)
#: Failures of the connection. A reply that takes too long is none: the next would take as long.
BROKEN = (httpx2.NetworkError, httpx2.RemoteProtocolError, httpx2.ConnectTimeout)


@dataclass(frozen=True)
class Retries:
    """How often and how patiently to try again.

    Before the nth repetition a client waits `first_seconds` * 2 ** (n - 1), at most `longest_seconds`, less up to
    half of it at random so that many clients do not come back at once. Where the service names a time in
    `Retry-After`, that is waited first; where it names more than `longest_seconds`, the problem is raised at once.

    attempts: requests in all.
    first_seconds: before the first repetition.
    longest_seconds: that either wait may take.
    chance: gives a number in 0..1.
    """

    attempts: int = 4
    first_seconds: float = 0.25
    longest_seconds: float = 30.0
    chance: Callable[[], float] = random.random

    def seconds_after(self, reply: httpx2.Response | httpx2.RequestError, attempt: int) -> float | None:
        """Return how long to wait before the next attempt, or None where there is to be none.

        Args:
            reply: to the last attempt.
            attempt: its number, from 1.
        """
        asked = 0.0
        if isinstance(reply, httpx2.Response):
            if reply.status_code not in LATER:
                return None
            asked = retry_after(reply) or 0.0
        elif not isinstance(reply, BROKEN):
            return None
        if attempt >= self.attempts or asked > self.longest_seconds:
            return None
        own: float = min(self.longest_seconds, self.first_seconds * 2.0 ** (attempt - 1))
        return asked + own * (1 - self.chance() / 2)


NO_RETRIES = Retries(attempts=1)


def retry_after(response: httpx2.Response, now: Callable[[], float] = time.time) -> float | None:
    """Return the seconds that `Retry-After` names, as a number or as a date; None where it names neither."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now())
    except (ValueError, OverflowError):
        return None
