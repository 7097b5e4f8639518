#!/usr/bin/env python3
"""pyroute2, in process: usage: pyroute2_peer.py PARENT; see processes.py for what it reads."""

import socket
import sys
import time

from pyroute2 import IPRoute, NetNS


def attach(host, parent, pid):
    with open(f"/proc/{pid}/ns/net") as netns:
        host.link(
            "add",
            ifname="eth0",
            kind="macvlan",
            link=parent,
            macvlan_mode="bridge",
            net_ns_fd=netns.fileno(),
        )
    with NetNS(f"/proc/{pid}/ns/net", flags=0) as inside:
        eth0 = inside.link_lookup(ifname="eth0")[0]
        inside.addr("add", index=eth0, address="10.77.0.2", prefixlen=16, broadcast="10.77.255.255")
        # 2 is IFA_F_NODAD.
        inside.addr("add", index=eth0, address="fd77::2", prefixlen=64, flags=2)
        inside.link("set", index=eth0, state="up")
        inside.route("add", dst="default", gateway="10.77.0.1")
        inside.route("add", family=socket.AF_INET6, dst="default", gateway="fd77::1")
        inside.link("set", index=1, state="up")


def detach(pid):
    with NetNS(f"/proc/{pid}/ns/net", flags=0) as inside:
        inside.link("del", index=inside.link_lookup(ifname="eth0")[0])


def main():
    with IPRoute() as host:
        parent = host.link_lookup(ifname=sys.argv[1])[0]
        for line in iter(sys.stdin.readline, ""):
            pid = line.strip()
            start = time.monotonic_ns()
            detach(pid[1:]) if pid.startswith("-") else attach(host, parent, pid)
            print(time.monotonic_ns() - start, flush=True)


if __name__ == "__main__":
    main()
