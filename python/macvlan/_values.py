"""Values that are subclasses of Python's own classes."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from macvlan._enums import DuplicateDetection
from macvlan._macvlan import (
    Attachment,
    Difference,
    Lease,
    Network,
    Parent,
    VisibleNetNs,
    address_text,
    mac_from_ipv4,
    mac_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from typing_extensions import Self

    from macvlan._errors import MacvlanError

__all__ = [
    "Address6",
    "Collected",
    "ConflictingAddress",
    "Ensured",
    "Holder",
    "HostStatus",
    "MacAddr",
    "NetNsId",
    "NetNsMark",
    "Retained",
    "Updated",
    "VisibleNamespaces",
]


class MacAddr(str):
    """A MAC address that a link can have: not zero, not multicast; in lower case.

    It is a str, and equal to its text in any case; packed has the six bytes. Its hash is that of
    the text in lower case, so keys of dicts and members of sets have to be a MacAddr or lower case.
    """

    __slots__ = ()
    __hash__ = str.__hash__

    def __new__(cls, mac: str | bytes) -> Self:
        return str.__new__(cls, mac_text(mac))

    @classmethod
    def from_ipv4(cls, address: str | ipaddress.IPv4Address) -> Self:
        """Derives a MAC address from an IPv4 address like Docker: 02:42: and the four bytes."""
        return cls(mac_from_ipv4(address))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str):
            return NotImplemented
        return str.__eq__(self, other.lower())

    def __ne__(self, other: object) -> bool:
        if not isinstance(other, str):
            return NotImplemented
        return str.__ne__(self, other.lower())

    @property
    def packed(self) -> bytes:
        """Returns the six bytes, in network order."""
        return bytes.fromhex(self.replace(":", ""))

    def __repr__(self) -> str:
        return f"MacAddr({str(self)!r})"

    def __getnewargs__(self) -> tuple[str]:
        return (str(self),)


class Address6(ipaddress.IPv6Interface):
    """An IPv6 address with its prefix length and a mode of duplicate address detection.

    The text may have the mode as in `ip`: "fd00::2/64 nodad", "fd00::2/64 optimistic", and str()
    returns it; with_prefixlen has the address alone. Two are equal if address and prefix length
    are, as for every ipaddress.IPv6Interface.
    """

    def __init__(
        self,
        address: str | ipaddress.IPv6Interface,
        *,
        duplicate_detection: DuplicateDetection
        | Literal["kernel", "nodad", "optimistic"]
        | None = None,
    ) -> None:
        text, how = address_text(address)
        super().__init__(text)
        self._how = DuplicateDetection(how if duplicate_detection is None else duplicate_detection)

    @property
    def duplicate_detection(self) -> DuplicateDetection:
        """Returns the mode of duplicate address detection."""
        return self._how

    @property
    def compressed(self) -> str:
        """Returns the address with its prefix length, without the mode."""
        return self.with_prefixlen

    def __str__(self) -> str:
        plain = self._how is DuplicateDetection.KERNEL
        return self.with_prefixlen if plain else f"{self.with_prefixlen} {self._how}"

    def __repr__(self) -> str:
        return f"Address6({str(self)!r})"

    def __reduce__(self) -> tuple[type[Address6], tuple[str]]:
        return (Address6, (str(self),))


class NetNsId(NamedTuple):
    """The identity of a network namespace, which no other namespace has at the same time."""

    device: int
    """The device number of the kernel's nsfs."""
    inode: int
    """The inode number on it."""

    def __str__(self) -> str:
        return f"net:[{self.inode}]"


class VisibleNamespaces(NamedTuple):
    """The result of NetNs.visible()."""

    namespaces: list[VisibleNetNs]
    """The namespaces, each once."""
    unseen: list[Path]
    """Files and directories that could not be read and may lead to further namespaces."""


class Ensured(NamedTuple):
    """The result of Host.ensure()."""

    attachment: Attachment
    """The attachment, in its current state."""
    repaired: tuple[Difference, ...]
    """The differences that were repaired; empty if there were none."""


class Holder(NamedTuple):
    """The holder of an address on the network."""

    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    """The address."""
    mac: MacAddr | None
    """The holder's MAC address; None if the kernel found the duplicate without a frame from it."""

    def __str__(self) -> str:
        return f"{self.mac or 'another host'} has {self.address}"


class NetNsMark(NamedTuple):
    """The identity of a network namespace among all that ever existed."""

    boot: str
    """The id of the boot in which it was created (/proc/sys/kernel/random/boot_id)."""
    inode: int
    """The inode number, as in NetNs.id."""
    cookie: int | None
    """The kernel's cookie; None before Linux 5.14."""


class ConflictingAddress(NamedTuple):
    """An address that is used by a machine that is not a container of the network."""

    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    """The address."""
    found: int
    """The time at which it was found, in seconds since 1970."""


class HostStatus(NamedTuple):
    """The state of a host in a store for many hosts."""

    name: str
    """The host's name."""
    is_alive: bool
    """True if the host counts as alive."""
    is_declared: bool
    """True if the host is declared, see Networks.declare_host()."""
    agents: int
    """The number of its agents that count as alive."""
    processes: int
    """The number of its other processes that count as alive."""
    machine: str | None
    """The machine that has the name, by its machine-id and its boot id; None if none has it yet."""


class Collected(NamedTuple):
    """The result of Networks.collect()."""

    leases: list[Lease]
    """The released leases."""
    expired: int
    """The number of addresses that were reserved for containers that did not return in time."""


class Updated(NamedTuple):
    """The result of Network.update(), Network.set_parent() or Networks.ensure()."""

    network: Network
    """The network with its current configuration."""
    outdated: list[Lease]
    """The containers whose interfaces differ from the new configuration.

    Network.connect() updates each of them, and so does Networks.reconcile() on their hosts.
    """
    unaffected: list[Lease]
    """The containers whose interfaces already agree with the new configuration.

    Empty if the network was not changed.
    """
    created: bool
    """True if the network was created."""


class Retained(NamedTuple):
    """The result of Network.retain()."""

    released: list[Lease]
    """The released leases, whose interfaces no longer exist."""
    failed: list[tuple[Lease, MacvlanError]]
    """The failed leases with their errors."""


def rebuild_parent(maker: str, positional: tuple[Any, ...], named: dict[str, Any]) -> Parent:
    """Makes a Parent for pickle."""
    make: Callable[..., Parent] = getattr(Parent, maker)
    return make(*positional, **named)
