"""Seeing to it that endpoints are attached again when their parent has gone and come back."""

from __future__ import annotations

import select
import time
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike
    from types import TracebackType

    from typing_extensions import Self

    from macvlan._macvlan import Attachment, Endpoint, KeepEvent, Keeping, NetNs

__all__ = ["Keeper"]


class Keeper:
    """Keeps endpoints attached, from when Host.keep() made it.

    When their parent disappears and comes back, also with another index, or, known by its MAC
    address, with another name, they are attached again: same name, MAC address, addresses, routes.
    That a link goes down is no reason to do anything.

    It works when it is asked for the next event: as an iterator, which never ends, or by
    next_within(). `async for` does so in the running asyncio loop. For other loops, fileno()
    becomes readable; then, and after patience() seconds, call next_within(0) until it gives None.
    One waits at a time. When it is closed, the endpoints stay as they are.
    """

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping

    def add(self, endpoint: Endpoint, netns: NetNs | int | str | PathLike[str]) -> None:
        """Keeps one more, as Host.keep() does."""
        self._keeping.add(endpoint, netns)

    def release(self, name: str, netns: NetNs | int | str | PathLike[str]) -> Attachment | None:
        """Does not keep an endpoint any more, and gives its attachment, as it is.

        None if there is none with this name in this namespace, or its parent is gone now.
        """
        return self._keeping.release(name, netns)

    def attachments(self) -> list[Attachment]:
        """What is attached at this moment."""
        return self._keeping.attachments()

    def next_within(self, timeout: float | timedelta) -> KeepEvent | None:
        """Sees to what has happened; the next event, or None if none comes within this time.

        In seconds. An endpoint's probe takes its own time.
        """
        seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
        return self._wait(time.monotonic() + seconds)

    def _wait(self, deadline: float | None) -> KeepEvent | None:
        event = self._keeping.next()
        if event is not None:
            return event
        # Python's own poll: signals are heard while it waits.
        poll = select.poll()
        poll.register(self._keeping.fileno(), select.POLLIN)
        while event is None:
            waits = [] if deadline is None else [deadline - time.monotonic()]
            if waits and waits[0] <= 0:
                return None
            patience = self._keeping.patience()
            if patience is not None:
                waits.append(patience)
            poll.poll(min(waits) * 1000 if waits else None)
            event = self._keeping.next()
        return event

    def patience(self) -> float | None:
        """How many seconds another loop may wait until it calls next_within(); None for ever.

        Something that failed is to be tried again then, though fileno() has not become readable.
        """
        return self._keeping.patience()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> KeepEvent:
        while True:
            event = self._wait(None)
            if event is not None:
                return event

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> KeepEvent:
        # Whoever waits here has it already; for all others it would be most of `import macvlan`.
        import asyncio  # noqa: PLC0415

        while (event := self._keeping.next()) is None:
            loop = asyncio.get_running_loop()
            something = asyncio.Event()
            fd = self.fileno()
            loop.add_reader(fd, something.set)
            patience = self.patience()
            timer = None if patience is None else loop.call_later(patience, something.set)
            try:
                await something.wait()
            finally:
                loop.remove_reader(fd)
                if timer is not None:
                    timer.cancel()
        return event

    def fileno(self) -> int:
        """Its file descriptor, which becomes readable when something has happened, or may have."""
        return self._keeping.fileno()

    def close(self) -> None:
        """Keeps nothing any more; what is attached stays so."""
        self._keeping.close()

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self._keeping.closed

    def __repr__(self) -> str:
        if self.closed:
            return "<Keeper, closed>"
        return f"<Keeper, {len(self.attachments())} attached>"

    def __enter__(self) -> Self:
        self.fileno()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
