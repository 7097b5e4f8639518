"""What Watch tells: events of the links, addresses and routes of a namespace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

    from macvlan._macvlan import AddressInfo, LinkInfo, RouteInfo

__all__ = [
    "DelAddress",
    "DelLink",
    "DelRoute",
    "Event",
    "Lost",
    "NewAddress",
    "NewLink",
    "NewRoute",
]


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link was made, or has changed."""

    link: LinkInfo


@dataclass(frozen=True, slots=True)
class DelLink:
    """A link was deleted, or has left for another namespace."""

    link: LinkInfo


@dataclass(frozen=True, slots=True)
class NewAddress:
    """An address was added, or has changed: it is not tentative any more, for example."""

    address: AddressInfo


@dataclass(frozen=True, slots=True)
class DelAddress:
    """An address was deleted."""

    address: AddressInfo


@dataclass(frozen=True, slots=True)
class NewRoute:
    """A route was added or replaced."""

    route: RouteInfo


@dataclass(frozen=True, slots=True)
class DelRoute:
    """A route was deleted. That a link took its IPv4 routes along, the kernel does not tell."""

    route: RouteInfo


@dataclass(frozen=True, slots=True)
class Lost:
    """Events were lost: whoever keeps a picture of the namespace has to list everything anew."""


Event: TypeAlias = NewLink | DelLink | NewAddress | DelAddress | NewRoute | DelRoute | Lost
"""Something that happened in a namespace."""
