#!/usr/bin/env python3
"""attach.py PARENT: the hot path from Python, as a contender of `reach`.

Reads pids, gives the container of each its interface, and prints the time in nanoseconds, from the
pid to closing the last descriptor. `benches/run reach` runs it.
"""

from __future__ import annotations

import sys
import time

from macvlan import Endpoint, Host, NetNs


def main() -> None:
    """Does the work of macvlan_benches::work."""
    endpoint = Endpoint(
        "eth0",
        parent=sys.argv[1],
        addresses=["10.77.0.2/16", "fd77::2/64 nodad"],
        gateways=["10.77.0.1", "fd77::1"],
    )
    with Host() as host:
        for line in sys.stdin:
            pid = int(line)
            start = time.perf_counter_ns()
            with NetNs.from_pid(pid) as netns:
                attachment = host.attach(endpoint, netns)
                del attachment
            del netns
            print(time.perf_counter_ns() - start, flush=True)


if __name__ == "__main__":
    main()
