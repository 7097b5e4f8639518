"""The lab: hosts, cables and containers in temporary namespaces, checks with ip, and ping."""

from __future__ import annotations

import ipaddress
import itertools
import json
import socket
import struct
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from macvlan import Endpoint, Handle, Host, LinkState, NetNs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PARENT = "ens33"
# The timeout for all conditions: far longer than needed on a busy machine.
PATIENCE = 60.0
# The interval between requests while waiting for an answer.
AGAIN = 0.25
# The time to wait for answers that must not come.
SILENCE = 0.35


def eventually(is_so: Callable[[], object]) -> None:
    """Waits until a condition is met."""
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, "it does not come about"
        time.sleep(0.005)


def quick(seconds: float, work: Callable[[], float]) -> None:
    """Repeats an operation until it takes less than this time, which it measures itself.

    A busy machine may hold it up, but not each time.
    """
    took = []
    for _ in range(20):
        took.append(work())
        if took[-1] < seconds:
            return
    raise AssertionError(took)


def ip_text(netns: NetNs, arguments: str, text: str | None = None) -> str:
    """Returns the output of `ip …` inside a namespace."""
    command = ["ip", *arguments.split()]
    # A child starts in the namespace of the thread that creates it.
    done = netns.run(
        lambda: subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    )
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return done.stdout


def ip_batch(netns: NetNs, commands: list[str]) -> None:
    """Runs several commands of `ip` inside a namespace, in one process."""
    ip_text(netns, "-batch -", "".join(f"{command}\n" for command in commands))


def ip(netns: NetNs, arguments: str) -> Any:
    """Returns the output of `ip -d -j …` inside a namespace, with links by their indexes.

    An older kernel lists them in the order of a hash of the indexes. The output is empty for an
    empty list.
    """
    told = json.loads(ip_text(netns, f"-d -j {arguments}").strip() or "[]")
    return sorted(told, key=lambda one: one.get("ifindex", 1 << 32))


def ip_link(netns: NetNs, name: str) -> Any:
    """Returns the link of `ip -d -j link show dev …`."""
    return ip(netns, f"link show dev {name}")[0]


def ip_addresses(netns: NetNs, name: str) -> list[str]:
    """Returns the link's addresses with their lengths, without the kernel's own."""
    found = ip(netns, f"address show dev {name}")[0]["addr_info"]
    return [f"{a['local']}/{a['prefixlen']}" for a in found if not a["local"].startswith("fe80:")]


def ip_lines(netns: NetNs, arguments: str) -> list[str]:
    """Returns the output of `ip …` inside a namespace, line by line."""
    return [" ".join(line.split()) for line in ip_text(netns, arguments).splitlines() if line]


def sysctl(netns: NetNs, name: str, value: str) -> None:
    """Sets a sysctl under net."""
    netns.run(lambda: Path("/proc/sys/net", name).write_text(value))


def ping(
    netns: NetNs, to: str, *, source: str | None = None, patience: float = PATIENCE
) -> int | None:
    """Sends echo requests until an answer comes; returns its TTL or hop limit, or None."""
    return netns.run(lambda: _ask(ipaddress.ip_address(to), source, patience))


def silent(netns: NetNs, to: str) -> bool:
    """Returns True if no answer comes."""
    return ping(netns, to, patience=SILENCE) is None


_identifiers = itertools.count(1)


def _ask(
    to: ipaddress.IPv4Address | ipaddress.IPv6Address, source: str | None, patience: float
) -> int | None:
    v6 = to.version == 6
    family, protocol = (
        (socket.AF_INET6, socket.IPPROTO_ICMPV6) if v6 else (socket.AF_INET, socket.IPPROTO_ICMP)
    )
    identifier = next(_identifiers) & 0xFFFF
    started = time.monotonic()
    with socket.socket(family, socket.SOCK_RAW, protocol) as line:
        if v6:
            line.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        if source is not None:
            line.bind((source, 0))
        for sequence in itertools.count():
            with suppress(OSError):  # no route, or nobody has the address
                line.sendto(_echo(identifier, sequence, v6=v6), (str(to), 0))
            until = started + min(patience, (sequence + 1) * AGAIN)
            while (left := until - time.monotonic()) > 0:
                line.settimeout(left)
                try:
                    message, control, _, sender = line.recvmsg(1500, 64)
                except OSError:  # also what an earlier question came to
                    continue
                start = 0 if v6 else (message[0] & 15) * 4
                kind, _, _, who = struct.unpack("!BBHH", message[start : start + 6])
                if kind == (129 if v6 else 0) and who == identifier and sender[0] == str(to):
                    return struct.unpack("@i", control[0][2])[0] if v6 else message[8]
            if time.monotonic() - started >= patience:
                return None
    return None


def _echo(identifier: int, sequence: int, *, v6: bool) -> bytes:
    def message(checksum: int) -> bytes:
        return struct.pack("!BBHHH", 128 if v6 else 8, 0, checksum, identifier, sequence)

    words = struct.unpack("!4H", message(0))
    total = sum(words)
    total = (total & 0xFFFF) + (total >> 16)
    return message(~(total + (total >> 16)) & 0xFFFF)


def works(handle: Handle, link: str) -> None:
    """Waits until the kernel reports that a link works, some moments after it does."""
    eventually(lambda: handle.link(link).state is LinkState.UP)


@dataclass
class LabHost:
    """A host: a namespace with a parent link."""

    netns: NetNs
    host: Host
    handle: Handle

    @classmethod
    def make(cls) -> LabHost:
        """Creates one without links."""
        netns = NetNs.anonymous()
        # Link-local addresses can be used at once.
        sysctl(netns, "ipv6/conf/default/accept_dad", "0")
        handle = Handle(netns)
        handle.set_up("lo")
        return cls(netns, Host(netns), handle)


@dataclass
class Lab:
    """Two hosts, connected by a cable whose ends are the parent links, both called ens33."""

    a: LabHost = field(default_factory=LabHost.make)
    b: LabHost = field(default_factory=LabHost.make)
    running: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.cable(PARENT)
        for host, number in ((self.a, 1), (self.b, 2)):
            host.handle.add_address(PARENT, f"192.168.15.{number}/24")
            host.handle.add_address(PARENT, f"fd15::{number}/64 nodad")

    def cable(self, name: str) -> None:
        """Adds another cable between the two, with the same name at both ends."""
        self.a.handle.add_link(name, kind="veth", peer=name, peer_netns=self.b.netns, up=True)
        self.b.handle.set_up(name)
        for host in (self.a, self.b):
            works(host.handle, name)

    def container(self) -> NetNs:
        """A container: the namespace of a process that ends with the lab."""
        pid = self.running.enter_context(process())
        return self.running.enter_context(NetNs.from_pid(pid))

    def start(self, host: LabHost, *endpoints: Endpoint) -> NetNs:
        """A container with interfaces."""
        netns = self.container()
        for endpoint in endpoints:
            host.host.attach(endpoint, netns)
        return netns

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self.running.close()
        for host in (self.a, self.b):
            host.host.close()
            host.handle.close()
            host.netns.close()


@contextmanager
def process(netns: NetNs | None = None) -> Iterator[int]:
    """Yields the pid of a process in a new namespace, as a container runtime creates it."""
    # It reads from a pipe without input, so it waits, and ends with this process.
    with netns or NetNs.anonymous() as inside:
        started = inside.run(
            lambda: subprocess.Popen(
                ["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd="/"
            )
        )
    with started:
        yield started.pid
        assert started.stdin is not None
        started.stdin.close()


def surprises(
    places: Sequence[tuple[str, NetNs, str]], expected: Sequence[Sequence[bool]]
) -> list[str]:
    """Pings between all pairs at once; returns unexpected results."""

    def one(pair: tuple[int, int]) -> str | None:
        (who, netns, _), (whom, _, address) = places[pair[0]], places[pair[1]]
        wanted = expected[pair[0]][pair[1]]
        reached = ping(netns, address) is not None if wanted else not silent(netns, address)
        if reached == wanted:
            return None
        return f"{who} {'reaches' if reached else 'does not reach'} {whom} at {address}"

    pairs = list(itertools.product(range(len(places)), repeat=2))
    with ThreadPoolExecutor(len(pairs)) as threads:
        return [told for told in threads.map(one, pairs) if told is not None]
