"""The links on a host's links, with their namespaces, for `python -m macvlan show`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from macvlan._errors import MacvlanError, NotFoundError
from macvlan._macvlan import Handle
from macvlan._values import Address6

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from ipaddress import IPv4Interface

    from macvlan._macvlan import Host, LinkInfo, NetNs, VisibleNetNs


@dataclass
class Node:
    """A link, and the links on it."""

    link: LinkInfo
    addresses: list[IPv4Interface | Address6]
    place: VisibleNetNs | None
    children: list[Node] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """Returns an object for json.dumps."""
        link = self.link
        found: dict[str, object] = {"name": link.name, "index": link.index, "kind": link.kind}
        if link.macvlan is not None:
            found["mode"] = link.macvlan.mode
        if link.vlan is not None:
            found["vlan_id"] = link.vlan.id
            found["vlan_protocol"] = link.vlan.protocol
        found |= {"mac": link.mac, "mtu": link.mtu, "state": link.state}
        found["addresses"] = [str(address) for address in self.addresses]
        found["netns"] = None if self.place is None else _as_json(self.place)
        found["children"] = [child.as_json() for child in self.children]
        return found

    def lines(self) -> Iterator[str]:
        """Yields the lines of the tree, this link first."""
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
        words += [f"mtu {link.mtu}", str(link.state)]
        # Every link has a link-local address, which is of no interest.
        words += [
            str(a) for a in self.addresses if not isinstance(a, Address6) or not a.is_link_local
        ]
        if self.place is not None:
            words.append(f"in {_words(self.place)}")
        return "  ".join(words)


def _words(place: VisibleNetNs) -> str:
    """Returns the name of a namespace, or its processes."""
    if place.names:
        return " ".join(place.names)
    if not place.pids:
        return str(place.paths[0])
    pid = min(place.pids)
    try:
        command = Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:  # it has just ended
        return f"pid {pid}"
    return f"pid {pid} ({command})"


def _as_json(place: VisibleNetNs) -> dict[str, object]:
    """Returns an object for json.dumps."""
    return {
        "inode": place.id.inode,
        "names": place.names,
        "pids": sorted(place.pids),
        "paths": [str(path) for path in place.paths],
    }


def tree(
    host: Host, elsewhere: Iterable[VisibleNetNs], wanted: Collection[int] = ()
) -> tuple[list[Node], list[str]]:
    """Returns the host's links that have links on them, with these, and messages about failures.

    These are the top-level ones, or those with the wanted indices.
    """
    nodes = _of_host(host)
    complaints = []
    for place in elsewhere:
        if place.id == host.netns.id:
            continue
        try:
            with place.open() as netns:
                for parent, node in _inside(host, netns, place):
                    if parent in nodes:
                        nodes[parent].children.append(node)
        except NotFoundError:
            continue  # it has just ended
        except MacvlanError as error:
            complaints.append(str(error))
    hangs = set()
    for node in nodes.values():
        node.children.sort(key=lambda child: (child.place is not None, child.link.name))
        hangs |= {child.link.index for child in node.children if child.place is None}
    found = wanted or [index for index in nodes if index not in hangs]
    return [nodes[index] for index in found if nodes[index].children], complaints


def _of_host(host: Host) -> dict[int, Node]:
    """Returns all links of the host by index; those on others are also the others' children."""
    with host.handle() as handle:
        nodes = {link.index: Node(link, [], None) for link in handle.links()}
        for address in handle.addresses():
            if address.link in nodes:
                nodes[address.link].addresses.append(address.address)
    for node in nodes.values():
        link = node.link
        if (link.macvlan or link.vlan) and link.parent_netns is None and link.parent in nodes:
            nodes[link.parent].children.append(node)
    return nodes


def _inside(host: Host, netns: NetNs, place: VisibleNetNs) -> Iterator[tuple[int, Node]]:
    attachments = host.attachments(netns)
    if not attachments:
        return
    with Handle(netns) as handle:
        for attachment in attachments:
            link = handle.link(attachment)
            yield attachment.parent_index, Node(link, list(attachment.addresses), place)
