"""Attaches a container and reads the events inside, with asyncio.

watch.py PID PARENT ADDRESS/LENGTH
"""

import asyncio
import sys

from macvlan import DelLink, Endpoint, Handle, Host, NewAddress


async def print_events(handle: Handle) -> None:
    """Prints what happens to the container's addresses, until an interface is gone."""
    with handle.watch() as watch:
        async for event in watch:
            match event:
                case NewAddress(info):
                    print("address", info.address)
                case DelLink(link):
                    print(link.name, "is gone")
                    return


async def main(pid: int, parent: str, address: str) -> None:
    """Attaches and detaches while another task reads the events."""
    with Host() as host, Handle(pid) as handle:
        events = asyncio.create_task(print_events(handle))
        await asyncio.sleep(0)  # the task begins to watch
        endpoint = Endpoint("eth0", parent=parent, addresses=[address])
        # The calls block, but only for the kernel's time.
        eth0 = await asyncio.to_thread(host.attach, endpoint, pid)
        await asyncio.to_thread(host.detach, eth0)
        await events


asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
