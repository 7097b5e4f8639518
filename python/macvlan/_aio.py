"""How asyncio's loop waits for the next event of a Watch or a Keeper."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from macvlan._macvlan import Keeper, Watch

if TYPE_CHECKING:
    from macvlan._events import Event
    from macvlan._macvlan import KeepEvent


@overload
async def next_event(source: Watch) -> Event: ...
@overload
async def next_event(source: Keeper) -> KeepEvent: ...
async def next_event(source: Watch | Keeper) -> Event | KeepEvent:
    """The next event; the extension module's classes call it."""
    # Whoever waits here has it already; for all others it would be most of `import macvlan`.
    import asyncio  # noqa: PLC0415

    while (event := source.next_within(0)) is None:
        loop = asyncio.get_running_loop()
        something = asyncio.Event()
        fd = source.fileno()
        loop.add_reader(fd, something.set)
        patience = source.patience() if isinstance(source, Keeper) else None
        timer = None if patience is None else loop.call_later(patience, something.set)
        try:
            await something.wait()
        finally:
            loop.remove_reader(fd)
            if timer is not None:
                timer.cancel()
    return event
