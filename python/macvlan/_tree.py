"""What hangs on a host's links, and in which namespace: for `python -m macvlan show`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from macvlan._errors import MacvlanError, NotFoundError
from macvlan._macvlan import Handle, NetNs
from macvlan._values import NetNsId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from macvlan._macvlan import Host, LinkInfo

_NAMED = Path("/run/netns")
_PROCESSES = Path("/proc")


@dataclass
class Place:
    """A network namespace, and how it can be called."""

    id: NetNsId
    names: list[str] = field(default_factory=list)
    pids: list[int] = field(default_factory=list)

    def open(self) -> NetNs:
        """A handle on it; fails if nobody is in it any more."""
        for name in self.names:
            netns = NetNs.from_name(name)
            if netns.id == self.id:
                return netns
        for pid in self.pids:
            try:
                netns = NetNs.from_pid(pid)
            except NotFoundError:
                continue
            if netns.id == self.id:
                return netns
        raise ProcessLookupError(f"nobody is left in {self.id}")

    def __str__(self) -> str:
        if self.names:
            return " ".join(self.names)
        pid = min(self.pids)
        try:
            command = (_PROCESSES / str(pid) / "comm").read_text().strip()
        except OSError:  # it has just ended
            return f"pid {pid}"
        return f"pid {pid} ({command})"

    def as_json(self) -> dict[str, object]:
        """What json.dumps takes."""
        return {"inode": self.id.inode, "names": self.names, "pids": sorted(self.pids)}


@dataclass
class Node:
    """A link, and what hangs on it."""

    link: LinkInfo
    addresses: list[str]
    place: Place | None
    children: list[Node] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """What json.dumps takes."""
        link = self.link
        found: dict[str, object] = {"name": link.name, "index": link.index, "kind": link.kind}
        if link.macvlan is not None:
            found["mode"] = link.macvlan.mode
        if link.vlan is not None:
            found["vlan_id"] = link.vlan.id
            found["vlan_protocol"] = link.vlan.protocol
        found |= {"mac": link.mac, "mtu": link.mtu, "state": link.state}
        found["addresses"] = self.addresses
        found["netns"] = None if self.place is None else self.place.as_json()
        found["children"] = [child.as_json() for child in self.children]
        return found

    def lines(self) -> Iterator[str]:
        """The tree in text, this link first."""
        yield self._words()
        for at, child in enumerate(self.children):
            last = at + 1 == len(self.children)
            first, *rest = child.lines()
            yield ("└─ " if last else "├─ ") + first
            for line in rest:
                yield ("   " if last else "│  ") + line

    def _words(self) -> str:
        link = self.link
        words = [link.name]
        if link.macvlan is not None:
            words.append(f"{link.kind} {link.macvlan.mode}")
        elif link.vlan is not None:
            words.append(f"{link.kind} {link.vlan.id} {link.vlan.protocol}")
        if link.mac is not None:
            words.append(link.mac)
        words += [f"mtu {link.mtu}", str(link.state), *self.addresses]
        if self.place is not None:
            words.append(f"in {self.place}")
        return "  ".join(words)


def places() -> tuple[list[Place], int]:
    """The namespaces that have a name or a process inside, and how many could not be looked at."""
    found: dict[NetNsId, Place] = {}
    hidden = 0

    def place(path: Path) -> Place | None:
        nonlocal hidden
        try:
            stat = path.stat()
        except (FileNotFoundError, ProcessLookupError):
            return None
        except PermissionError:
            hidden += 1
            return None
        netns = NetNsId(stat.st_dev, stat.st_ino)
        return found.setdefault(netns, Place(netns))

    for name in sorted(os.listdir(_NAMED)) if _NAMED.is_dir() else ():
        if (named := place(_NAMED / name)) is not None:
            named.names.append(name)
    for pid in filter(str.isdecimal, os.listdir(_PROCESSES)):
        if (of_process := place(_PROCESSES / pid / "ns" / "net")) is not None:
            of_process.pids.append(int(pid))
    return list(found.values()), hidden


def tree(host: Host, elsewhere: Iterable[Place]) -> tuple[list[Node], list[str]]:
    """The host's links that something hangs on, with it, and the complaints on the way."""
    complaints = []
    with host.handle() as handle:
        nodes = {link.index: Node(link, [], None) for link in handle.links()}
        for address in handle.addresses():
            nodes[address.link].addresses.append(str(address.address))
    top = dict(nodes)
    for index, node in nodes.items():
        parent = node.link.parent
        on_host = node.link.parent_netns is None and parent in nodes
        if (node.link.macvlan or node.link.vlan) and parent is not None and on_host:
            nodes[parent].children.append(node)
            del top[index]
    for place in elsewhere:
        if place.id == host.netns.id:
            continue
        try:
            with place.open() as netns:
                for parent, node in _inside(host, netns, place):
                    if parent in nodes:
                        nodes[parent].children.append(node)
        except (NotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        except MacvlanError as error:
            complaints.append(str(error))
    for node in nodes.values():
        node.children.sort(key=lambda child: (child.place is not None, child.link.name))
    return [node for node in top.values() if node.children], complaints


def _inside(host: Host, netns: NetNs, place: Place) -> Iterator[tuple[int, Node]]:
    attachments = host.attachments(netns)
    if not attachments:
        return
    with Handle(netns) as handle:
        for attachment in attachments:
            link = handle.link(attachment)
            yield attachment.parent_index, Node(link, [str(a) for a in attachment.addresses], place)
