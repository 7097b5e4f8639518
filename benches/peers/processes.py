#!/usr/bin/env python3
"""Contenders that start processes: this project's command, iproute2, pipework's commands, the CNI
plugins, netavark.

usage: processes.py macvlan|ip|ip-batch|pipework|cni-v4|cni|netavark PARENT

The environment variable MACVLAN is the path of the command.

Reads pids from standard input, one per line, gives each one's container its interface, and prints the
time in nanoseconds. For a pid with a minus sign, deletes the interface.
"""

import ctypes
import json
import os
import subprocess
import sys
import time

V4, V6 = "10.77.0.2/16", "fd77::2/64"
GATEWAY4, GATEWAY6 = "10.77.0.1", "fd77::1"
CNI = "/usr/lib/cni"
NETAVARK = "/usr/lib/podman/netavark"


def run(command, text=None, environment=None):
    done = subprocess.run(
        command,
        input=text,
        text=True,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        close_fds=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stdout}")


def inside(pid, *command, text=None):
    # nsenter becomes the command, so this is one process.
    run(["nsenter", "-t", pid, "-n", *command], text)


COMMANDS = [
    f"address add {V4} broadcast + dev eth0",
    f"address add {V6} nodad dev eth0",
    "link set dev eth0 up",
    f"route add default via {GATEWAY4}",
    f"-6 route add default via {GATEWAY6}",
    "link set dev lo up",
]


class Macvlan:
    """This project's command."""

    def __init__(self, parent):
        self.parent = parent

    def attach(self, pid):
        addresses = [f"{V4}@{GATEWAY4}", f"{V6} nodad", "--gateway", GATEWAY6]
        run([os.environ["MACVLAN"], "attach", self.parent, pid, *addresses])

    def detach(self, pid):
        run([os.environ["MACVLAN"], "detach", pid])


class Ip:
    """One command, one process."""

    def __init__(self, parent):
        self.parent = parent

    def create(self, pid):
        link = f"ip link add link {self.parent} name eth0 netns {pid} type macvlan mode bridge"
        run(link.split())

    def attach(self, pid):
        self.create(pid)
        for command in COMMANDS:
            inside(pid, "ip", *command.split())

    def detach(self, pid):
        inside(pid, "ip", "link", "delete", "dev", "eth0")


class IpBatch(Ip):
    """One process on the host, one inside."""

    def attach(self, pid):
        self.create(pid)
        # In a batch, the family belongs to the command line: its addresses show it as well.
        commands = [command.removeprefix("-6 ") for command in COMMANDS]
        inside(pid, "ip", "-batch", "-", text="\n".join(commands) + "\n")


class Pipework(Ip):
    """The commands that the shell script pipework runs, for both families and without its checks."""

    SCRIPT = f"""
        set -e
        mkdir -p /run/netns
        ln -sf "/proc/$2/ns/net" "/run/netns/$2"
        ip link add link "$1" dev "ph$2" type macvlan mode bridge
        ip link set "$1" up
        ip link set "ph$2" netns "$2"
        ip netns exec "$2" ip link set "ph$2" name eth0
        ip netns exec "$2" ip address add {V4} broadcast + dev eth0
        ip netns exec "$2" ip address add {V6} nodad dev eth0
        ip netns exec "$2" ip -4 route delete default 2>/dev/null || true
        ip netns exec "$2" ip -6 route delete default 2>/dev/null || true
        ip netns exec "$2" ip link set eth0 up
        ip netns exec "$2" ip -4 route replace default via {GATEWAY4} dev eth0
        ip netns exec "$2" ip -6 route replace default via {GATEWAY6} dev eth0
        ip netns exec "$2" ip link set lo up
        rm -f "/run/netns/$2"
    """

    def __init__(self, parent):
        super().__init__(parent)
        # The names of namespaces are links in /run, which here is seen by these processes only.
        new_mount_namespace = 0x20000
        if ctypes.CDLL(None, use_errno=True).unshare(new_mount_namespace):
            sys.exit(os.strerror(ctypes.get_errno()))
        run(["mount", "--make-rprivate", "/"])
        run(["mount", "-t", "tmpfs", "tmpfs", "/run"])

    def attach(self, pid):
        run(["sh", "-c", self.SCRIPT, "sh", self.parent, pid])


class Cni:
    """The plugins `loopback` and `macvlan`, the latter starting `static` for the addresses."""

    def __init__(self, parent, families=("4", "6")):
        addresses = {"4": (V4, GATEWAY4, "0.0.0.0/0"), "6": (V6, GATEWAY6, "::/0")}
        chosen = [addresses[family] for family in families]
        network = {"cniVersion": "0.4.0", "name": "peers"}
        self.loopback = json.dumps({**network, "type": "loopback"})
        self.macvlan = json.dumps(
            {
                **network,
                "type": "macvlan",
                "master": parent,
                "mode": "bridge",
                "ipam": {
                    "type": "static",
                    "addresses": [{"address": a, "gateway": g} for a, g, _ in chosen],
                    "routes": [{"dst": d, "gw": g} for _, g, d in chosen],
                },
            }
        )

    def plugin(self, name, verb, pid, text, link):
        environment = {
            "CNI_COMMAND": verb,
            "CNI_CONTAINERID": f"c{pid}",
            "CNI_NETNS": f"/proc/{pid}/ns/net",
            "CNI_IFNAME": link,
            "CNI_PATH": CNI,
            "PATH": os.environ["PATH"],
        }
        run([f"{CNI}/{name}"], text, environment)

    def attach(self, pid):
        self.plugin("loopback", "ADD", pid, self.loopback, "lo")
        self.plugin("macvlan", "ADD", pid, self.macvlan, "eth0")

    def detach(self, pid):
        self.plugin("macvlan", "DEL", pid, self.macvlan, "eth0")


class Netavark:
    """Podman's."""

    def __init__(self, parent):
        network = {
            "name": "peers",
            "id": "1" * 64,
            "driver": "macvlan",
            "network_interface": parent,
            "created": "2024-01-01T00:00:00Z",
            "subnets": [
                {"subnet": "10.77.0.0/16", "gateway": GATEWAY4},
                {"subnet": "fd77::/64", "gateway": GATEWAY6},
            ],
            "ipv6_enabled": True,
            "internal": False,
            "dns_enabled": False,
            "ipam_options": {"driver": "host-local"},
        }
        options = {"interface_name": "eth0", "static_ips": [V4.split("/")[0], V6.split("/")[0]]}
        self.options = {"networks": {"peers": options}, "network_info": {"peers": network}}
        self.directory = os.environ["MACVLAN_PEERS_DIRECTORY"]

    def call(self, verb, pid):
        name = {"container_id": f"{int(pid):064}", "container_name": f"c{pid}"}
        command = [NETAVARK, "--config", self.directory, verb, f"/proc/{pid}/ns/net"]
        run(command, json.dumps({**name, **self.options}))

    def attach(self, pid):
        self.call("setup", pid)

    def detach(self, pid):
        self.call("teardown", pid)


def main():
    kind, parent = sys.argv[1:]
    peer = {
        "macvlan": Macvlan,
        "ip": Ip,
        "ip-batch": IpBatch,
        "pipework": Pipework,
        "cni-v4": lambda parent: Cni(parent, ["4"]),
        "cni": Cni,
        "netavark": Netavark,
    }[kind](parent)
    for line in iter(sys.stdin.readline, ""):
        pid = line.strip()
        start = time.monotonic_ns()
        peer.detach(pid[1:]) if pid.startswith("-") else peer.attach(pid)
        print(time.monotonic_ns() - start, flush=True)


if __name__ == "__main__":
    main()
