"""Values that are subclasses of Python's own classes."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, NamedTuple

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
    "Ensured",
    "Foreign",
    "Holder",
    "MacAddr",
    "NetNsId",
    "NetNsMark",
    "Retained",
    "Updated",
    "VisibleNamespaces",
]


class MacAddr(str):
    """A MAC address that a link can have: not zero, not multicast; in lower case.

    It is its text, and equal to that; packed has the six bytes.
    """

    __slots__ = ()

    def __new__(cls, mac: str | bytes) -> Self:
        return str.__new__(cls, mac_text(mac))

    @classmethod
    def from_ipv4(cls, address: str | ipaddress.IPv4Address) -> Self:
        """02:42: and the four bytes of the address, as Docker derives them."""
        return cls(mac_from_ipv4(address))

    @property
    def packed(self) -> bytes:
        """The six bytes, first on the wire first."""
        return bytes.fromhex(self.replace(":", ""))

    def __repr__(self) -> str:
        return f"MacAddr({str(self)!r})"

    def __getnewargs__(self) -> tuple[str]:
        return (str(self),)


class Address6(ipaddress.IPv6Interface):
    """An IPv6 address with its prefix length that knows how duplicates are detected.

    "fd00::2/64 nodad" and "fd00::2/64 optimistic" say so as `ip` does. Two are equal when address
    and prefix length are, as for every ipaddress.IPv6Interface.
    """

    def __init__(
        self,
        address: str | ipaddress.IPv6Interface,
        *,
        duplicate_detection: DuplicateDetection | str | None = None,
    ) -> None:
        text, how = address_text(address)
        super().__init__(text)
        self._how = DuplicateDetection(how if duplicate_detection is None else duplicate_detection)

    @property
    def duplicate_detection(self) -> DuplicateDetection:
        """What the kernel does before it uses the address."""
        return self._how

    def __repr__(self) -> str:
        return f"Address6({self._text()!r})"

    def __reduce__(self) -> tuple[type[Address6], tuple[str]]:
        return (Address6, (self._text(),))

    def _text(self) -> str:
        plain = self._how is DuplicateDetection.KERNEL
        return str(self) if plain else f"{self} {self._how}"


class NetNsId(NamedTuple):
    """What tells one network namespace from all others that exist at the same time."""

    device: int
    """The device number of the kernel's nsfs."""
    inode: int
    """The inode number on it."""

    def __str__(self) -> str:
        return f"net:[{self.inode}]"


class VisibleNamespaces(NamedTuple):
    """What NetNs.visible() found."""

    namespaces: list[VisibleNetNs]
    """Each namespace once."""
    unseen: list[Path]
    """Files and directories that could not be looked at, behind which there may be more."""


class Ensured(NamedTuple):
    """What Host.ensure() found and left."""

    attachment: Attachment
    """The endpoint, as it is now."""
    repaired: tuple[Difference, ...]
    """What was not as it should be, and is now; empty if nothing had to be done."""


class Holder(NamedTuple):
    """Who on the network has an address."""

    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    """The address."""
    mac: MacAddr | None
    """The MAC address of who has it; None if the kernel found it, and nobody was heard."""

    def __str__(self) -> str:
        return f"{self.mac or 'somebody'} has {self.address}"


class NetNsMark(NamedTuple):
    """What tells one network namespace from all others that ever were."""

    boot: str
    """The boot that it was made in (/proc/sys/kernel/random/boot_id)."""
    inode: int
    """Its inode number, by which it can be found: that of NetNs.id."""
    cookie: int | None
    """The kernel's cookie for it; None before Linux 5.14."""


class Foreign(NamedTuple):
    """An address that somebody has who is no container of the network."""

    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    """The address."""
    found: int
    """When it was found, in seconds since 1970."""


class Collected(NamedTuple):
    """What Networks.collect() took back."""

    leases: list[Lease]
    """Leases whose namespace is gone, or whose host is."""
    expired: int
    """How many addresses were kept for containers that did not return in time."""


class Updated(NamedTuple):
    """What came of Network.update(), Network.set_parent() or Networks.ensure()."""

    network: Network
    """The network as it is now."""
    outdated: list[Lease]
    """The containers whose interfaces are not as the network says now.

    Network.connect() makes each as it should be, and so does Networks.reconcile() on their hosts.
    """
    unaffected: list[Lease]
    """The containers whose interfaces are as before, and as the network says.

    None where the network was left as it is.
    """
    created: bool
    """Whether the network did not exist before."""


class Retained(NamedTuple):
    """What came of Network.retain()."""

    released: list[Lease]
    """The leases that were taken back, and whose interfaces are gone."""
    failed: list[tuple[Lease, MacvlanError]]
    """The leases of which something failed, and why."""


def rebuild_parent(maker: str, positional: tuple[Any, ...], named: dict[str, Any]) -> Parent:
    """Makes a Parent again; pickle calls it."""
    make: Callable[..., Parent] = getattr(Parent, maker)
    return make(*positional, **named)
