"""Events of a Watch: of the links, addresses and routes of a namespace."""

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
    """A link was created or changed."""

    link: LinkInfo


@dataclass(frozen=True, slots=True)
class DelLink:
    """A link was deleted or moved to another namespace."""

    link: LinkInfo


@dataclass(frozen=True, slots=True)
class NewAddress:
    """An address was added or changed; for example, it is no longer tentative."""

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
    """A route was deleted.

    The kernel does not report the IPv4 routes that are deleted with their link.
    """

    route: RouteInfo


@dataclass(frozen=True, slots=True)
class Lost:
    """Events were lost because they were not read in time; objects have to be listed again."""


Event: TypeAlias = NewLink | DelLink | NewAddress | DelAddress | NewRoute | DelRoute | Lost
"""An event of a namespace."""
