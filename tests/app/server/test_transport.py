from __future__ import annotations

import asyncio
from typing import Any, cast

from app.server.transport import MAX_JOINED_BYTES, JoiningTransport


class Sent:
    """A transport that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[bytes | str] = []
        self.closing = False

    def write(self, data: bytes) -> None:
        self.told.append(bytes(data))

    def close(self) -> None:
        self.told.append("closed")

    def abort(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def get_write_buffer_size(self) -> int:
        return 100


def joining(sent: Sent) -> JoiningTransport:
    return JoiningTransport(cast("Any", sent), asyncio.get_running_loop())


def test_what_is_written_in_one_turn_is_sent_in_one_piece() -> None:
    async def main() -> None:
        transport = joining(sent := Sent())
        transport.write(b"head ")
        transport.write(b"body")
        assert sent.told == []
        assert transport.get_write_buffer_size() == 100 + len(b"head body")
        await asyncio.sleep(0)
        assert sent.told == [b"head body"]
        assert transport.get_write_buffer_size() == 100
        transport.write(b"next")
        await asyncio.sleep(0)
        assert sent.told == [b"head body", b"next"]

    asyncio.run(main())


def test_much_is_sent_at_once_in_its_order() -> None:
    async def main() -> None:
        transport, much = joining(sent := Sent()), bytes(MAX_JOINED_BYTES)
        transport.write(b"head")
        transport.write(much)
        assert sent.told == [b"head" + much]
        transport.write(b"end")
        await asyncio.sleep(0)
        assert sent.told == [b"head" + much, b"end"]

    asyncio.run(main())


def test_a_connection_is_closed_after_what_was_written() -> None:
    async def main() -> None:
        transport = joining(sent := Sent())
        transport.write(b"last")
        transport.close()
        await asyncio.sleep(0)
        assert sent.told == [b"last", "closed"]

    asyncio.run(main())


def test_nothing_is_sent_on_a_connection_that_has_been_broken() -> None:
    async def main() -> None:
        transport = joining(sent := Sent())
        transport.write(b"late")
        transport.abort()
        assert transport.is_closing()
        await asyncio.sleep(0)
        assert sent.told == []

    asyncio.run(main())
