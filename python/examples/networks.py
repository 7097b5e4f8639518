"""Connects a container to a network with an address from its pool, and finds it by its name.

networks.py DATABASE PARENT SUBNET PID NAME

The networks and leases of the host are in one SQLite file, which many processes can use.
"""

import sys

from macvlan import Host, Networks

database, parent, subnet, pid, name = sys.argv[1:]
with Host() as host, Networks(host, database) as networks:
    # Creates the network, or finds it as it is described.
    lan = networks.ensure("lan", parent=parent, subnets=[subnet]).network
    connection = lan.connect(name, int(pid), name=name)
    print(connection.interface, "has", *connection.addresses)
    print(name, "is at", *lan.resolve(name))
    # lan.disconnect(name) takes the interface and releases the addresses, also after the
    # container's end.
