"""Watching what happens to the links, addresses and routes of a namespace."""

from __future__ import annotations

import select
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from types import TracebackType
    from typing import TypeAlias

    from typing_extensions import Self

    from macvlan._macvlan import AddressInfo, LinkInfo, Listener, RouteInfo

__all__ = [
    "DelAddress",
    "DelLink",
    "DelRoute",
    "Event",
    "Lost",
    "NewAddress",
    "NewLink",
    "NewRoute",
    "Watch",
]


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link was made, or has changed."""

    link: LinkInfo


@dataclass(frozen=True, slots=True)
class DelLink:
    """A link was deleted, or has left for another namespace."""

    link: LinkInfo


@dataclass(frozen=True, slots=True)
class NewAddress:
    """An address was added, or has changed: it is not tentative any more, for example."""

    address: AddressInfo


@dataclass(frozen=True, slots=True)
class DelAddress:
    """An address was deleted."""

    address: AddressInfo


@dataclass(frozen=True, slots=True)
class NewRoute:
    """A route was added or replaced."""

    route: RouteInfo


@dataclass(frozen=True, slots=True)
class DelRoute:
    """A route was deleted. That a link took its IPv4 routes along, the kernel does not tell."""

    route: RouteInfo


@dataclass(frozen=True, slots=True)
class Lost:
    """Events were lost: whoever keeps a picture of the namespace has to list everything anew."""


Event: TypeAlias = NewLink | DelLink | NewAddress | DelAddress | NewRoute | DelRoute | Lost
"""Something that happened in a namespace."""


class Watch:
    """The events of one namespace, from when Handle.watch() opened it.

    As an iterator it waits for each event and never ends; next_within() waits a given time. `async
    for` waits in the running asyncio loop. For other loops, fileno() becomes readable; then call
    next_within(0) until it gives None. One waits at a time.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def next_within(self, timeout: float | timedelta) -> Event | None:
        """The next event; None if none comes within this time, in seconds."""
        seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
        return self._wait(time.monotonic() + seconds)

    def _wait(self, deadline: float | None) -> Event | None:
        event = self._listener.next()
        if event is not None:
            return event
        # Python's own poll: signals are heard while it waits.
        poll = select.poll()
        poll.register(self._listener.fileno(), select.POLLIN)
        while event is None:
            left = None if deadline is None else (deadline - time.monotonic()) * 1000
            if left is not None and left <= 0:
                return None
            poll.poll(left)
            event = self._listener.next()
        return event

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        while True:
            event = self._wait(None)
            if event is not None:
                return event

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        # Whoever waits here has it already; for all others it would be most of `import macvlan`.
        import asyncio  # noqa: PLC0415

        while (event := self._listener.next()) is None:
            loop = asyncio.get_running_loop()
            readable = loop.create_future()
            fd = self.fileno()
            loop.add_reader(fd, _set, readable)
            try:
                await readable
            finally:
                loop.remove_reader(fd)
        return event

    def fileno(self) -> int:
        """Its file descriptor, which becomes readable when there is an event, or may be."""
        return self._listener.fileno()

    def close(self) -> None:
        """Stops watching."""
        self._listener.close()

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self._listener.closed

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


def _set(future: asyncio.Future[None]) -> None:
    """The loop may call it once more before the one who waits has run."""
    if not future.done():
        future.set_result(None)
