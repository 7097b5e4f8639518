"""Gives a container, found by the pid of one of its processes, an interface on the LAN.

attach.py PID PARENT ADDRESS/LENGTH[@GATEWAY]
"""

import sys

from macvlan import Endpoint, Host, MacvlanError, NetNs

pid, parent, address = sys.argv[1:]
endpoint = Endpoint("eth0", parent=parent, addresses=[address])
try:
    with (
        Host() as host,
        NetNs.from_pid(int(pid)) as container,
        # Detached when the block ends, also by an exception.
        host.attached(endpoint, container) as eth0,
    ):
        input(f"{eth0.name} has {eth0.mac}; press Enter to detach it\n")
except MacvlanError as error:
    sys.exit(str(error))
