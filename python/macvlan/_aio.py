"""Waits for the next event of a Watch or a Keeper in asyncio's loop."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, overload

from macvlan._macvlan import Keeper, Watch

if TYPE_CHECKING:
    from macvlan._events import Event
    from macvlan._macvlan import KeepEvent

# The awaited sources, each by one task. (A loop has one reader for each descriptor.)
_waited_for: dict[Watch | Keeper, object] = {}


@overload
async def next_event(source: Watch) -> Event: ...
@overload
async def next_event(source: Keeper) -> KeepEvent: ...
async def next_event(source: Watch | Keeper) -> Event | KeepEvent:
    """Waits for the next event; called by the extension module's classes."""
    claim = object()
    if _waited_for.setdefault(source, claim) is not claim:
        message = "another task waits for the next event already"
        raise RuntimeError(message)
    try:
        while (event := source.next_within(0)) is None:
            await _something(source)
    finally:
        del _waited_for[source]
    return event


async def _something(source: Watch | Keeper) -> None:
    """Waits until there may be an event, or the source is closed."""
    # A waiting task has imported it already; for others it would be most of `import macvlan`.
    import asyncio  # noqa: PLC0415

    loop = asyncio.get_running_loop()
    something = asyncio.Event()
    patience = source.patience() if isinstance(source, Keeper) else None
    timer = None if patience is None else loop.call_later(patience, something.set)
    # Duplicates: the source's descriptors may be closed, and reused for another file, during this.
    descriptors: list[int] = []
    try:
        descriptors.append(os.dup(source.fileno()))
        descriptors.append(source._closing())  # noqa: SLF001
        for descriptor in descriptors:
            loop.add_reader(descriptor, something.set)
        await something.wait()
    finally:
        for descriptor in descriptors:
            loop.remove_reader(descriptor)
            os.close(descriptor)
        if timer is not None:
            timer.cancel()
