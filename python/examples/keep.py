"""Keeps a container attached while its parent goes and comes back, until the container ends.

keep.py PID PARENT ADDRESS/LENGTH
"""

import sys

from macvlan import Endpoint, Host, KeepEventKind

pid, parent, address = sys.argv[1:]
endpoint = Endpoint("eth0", parent=parent, addresses=[address])
with Host() as host, host.keep([(endpoint, int(pid))]) as keeper:
    for eth0 in keeper.attachments():
        print(eth0.name, "has", eth0.mac, flush=True)
    for event in keeper:
        print(event, flush=True)
        if event.kind is KeepEventKind.ENDED:
            break
