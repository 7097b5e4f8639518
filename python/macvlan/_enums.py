"""Enumerations, whose members are equal to their names in iproute2 and the kernel."""

from __future__ import annotations

from enum import Enum

__all__ = [
    "AcceptRa",
    "AddrGenMode",
    "Detached",
    "DifferenceKind",
    "DuplicateDetection",
    "EndpointKind",
    "ErrorKind",
    "Family",
    "FindingKind",
    "KeepEventKind",
    "Life",
    "LinkKind",
    "LinkState",
    "MacFrom",
    "Mode",
    "NeighbourState",
    "Order",
    "ReconciledKind",
    "RouteKind",
    "Scope",
    "VlanProtocol",
]


class _Named(str, Enum):
    """Members whose value is their name in the kernel or `ip`."""

    def __str__(self) -> str:
        return str.__str__(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    @classmethod
    def _missing_(cls, value: object) -> _Named | None:
        """Finds a member by its value or name in any case."""
        if not isinstance(value, str):
            return None
        wanted = value.lower()
        return next((m for m in cls if wanted in (m.value.lower(), m.name.lower())), None)


class Mode(_Named):
    """The mode of a macvlan, which determines the hosts that it reaches."""

    PRIVATE = "private"
    """Reaches the network, but no other macvlan on the same parent."""
    VEPA = "vepa"
    """Reaches the network, and macvlans on the same parent if the switch reflects their frames."""
    BRIDGE = "bridge"
    """Reaches the network and, directly, other macvlans on the same parent."""
    PASSTHRU = "passthru"
    """Has the parent for itself and shares its MAC address."""
    SOURCE = "source"
    """Receives only frames from a list of source MAC addresses."""


class VlanProtocol(_Named):
    """The protocol (EtherType) of a VLAN tag."""

    DOT1Q = "802.1Q"
    """802.1Q, the customer tag (0x8100)."""
    DOT1AD = "802.1ad"
    """802.1ad, the service tag of QinQ (0x88a8)."""


class AcceptRa(_Named):
    """The acceptance of router advertisements (RFC 4861)."""

    NEVER = "never"
    """Never accepted."""
    UNLESS_FORWARDING = "unless-forwarding"
    """Accepted unless the link forwards IPv6, the kernel's default."""
    ALWAYS = "always"
    """Accepted even if the link forwards IPv6."""


class AddrGenMode(_Named):
    """The way in which the kernel makes a link's IPv6 link-local address."""

    EUI64 = "eui64"
    """Derived from the MAC address (RFC 4291), the kernel's default."""
    NONE = "none"
    """No link-local address."""
    STABLE_SECRET = "stable_secret"  # noqa: S105, the kernel's name
    """Stable and opaque (RFC 7217), derived from the sysctl stable_secret of the namespace."""
    RANDOM = "random"
    """As STABLE_SECRET, with a random secret for each link."""


class DuplicateDetection(_Named):
    """The duplicate address detection (RFC 4862) of an IPv6 address, by the kernel."""

    KERNEL = "kernel"
    """As the link's sysctl accept_dad says; the address is tentative for a second or two."""
    SKIP = "nodad"
    """No detection: the address is usable at once."""
    OPTIMISTIC = "optimistic"
    """Optimistic detection (RFC 4429): the address is usable during the detection."""


class RouteKind(_Named):
    """The type of a route: what happens to packets that match."""

    UNICAST = "unicast"
    """Packets are sent to the gateway or the link."""
    BLACKHOLE = "blackhole"
    """Packets are dropped silently; local senders get EINVAL."""
    UNREACHABLE = "unreachable"
    """Packets are rejected with "host unreachable"; local senders get EHOSTUNREACH."""
    PROHIBIT = "prohibit"
    """Packets are rejected with "administratively prohibited"; local senders get EACCES."""


class Scope(_Named):
    """The scope of an address or a route: the distance to the destination."""

    GLOBAL = "global"
    """Any destination, through a gateway."""
    SITE = "site"
    """A destination inside this site."""
    LINK = "link"
    """A destination directly on the link."""
    HOST = "host"
    """A destination on this machine."""
    NOWHERE = "nowhere"
    """A destination that does not exist."""


class LinkState(_Named):
    """The operational state of a link (RFC 2863)."""

    UNKNOWN = "UNKNOWN"
    """The driver does not report it; the link works if it is up."""
    NOT_PRESENT = "NOTPRESENT"
    """A component is missing."""
    DOWN = "DOWN"
    """The link does not work."""
    LOWER_LAYER_DOWN = "LOWERLAYERDOWN"
    """The link below does not work."""
    TESTING = "TESTING"
    """The link is being tested."""
    DORMANT = "DORMANT"
    """The link is waiting for an external event, such as authentication."""
    UP = "UP"
    """The link works."""


class NeighbourState(_Named):
    """The state of a neighbour entry (RFC 4861), an NUD_… value of the kernel."""

    INCOMPLETE = "INCOMPLETE"
    """The MAC address is being resolved."""
    REACHABLE = "REACHABLE"
    """The neighbour was reachable recently."""
    STALE = "STALE"
    """The neighbour was reachable some time ago; the entry is used and verified when used."""
    DELAY = "DELAY"
    """The entry is about to be verified."""
    PROBE = "PROBE"
    """The entry is being verified."""
    FAILED = "FAILED"
    """The neighbour did not answer."""
    NOARP = "NOARP"
    """The entry needs no verification, on a link without ARP."""
    PERMANENT = "PERMANENT"
    """The entry was added by an administrator."""
    NONE = "NONE"
    """None of these states."""


class EndpointKind(_Named):
    """The kinds of link that an endpoint can have."""

    MACVLAN = "macvlan"
    """A macvlan on the parent."""
    MACVTAP = "macvtap"
    """A macvtap on the parent."""
    VLAN = "vlan"
    """A VLAN of the parent."""


class LinkKind(_Named):
    """The kinds of link that Handle.add_link() creates."""

    MACVLAN = "macvlan"
    """A macvlan on a parent."""
    MACVTAP = "macvtap"
    """A macvtap on a parent."""
    VLAN = "vlan"
    """A VLAN of a parent."""
    VETH = "veth"
    """A pair of virtual Ethernet links."""
    DUMMY = "dummy"
    """A dummy link, which drops all packets."""
    BRIDGE = "bridge"
    """A bridge."""


class ErrorKind(_Named):
    """The kind of a MacvlanError."""

    INVALID_VALUE = "invalid-value"
    """An invalid value, refused before any system call."""
    PARENT_NOT_FOUND = "parent-not-found"
    """The parent link does not exist in the host's namespace."""
    PARENT_BUSY = "parent-busy"
    """The parent is a bridge, bond or team port, has ipvlan links, or cannot have macvlan links."""
    PASSTHRU_CONFLICT = "passthru-conflict"
    """Passthru needs the parent for itself, and the parent has another macvlan."""
    MTU_TOO_LARGE = "mtu-too-large"
    """The requested MTU is above the parent's."""
    NAME_TAKEN = "name-taken"
    """The namespace has a link with this name or alternative name."""
    MAC_IN_USE = "mac-in-use"
    """The parent or another link on it has this MAC address."""
    ADDRESS_TAKEN = "address-taken"
    """The link already has this address."""
    ROUTE_EXISTS = "route-exists"
    """The namespace already has this route or rule."""
    GATEWAY_UNREACHABLE = "gateway-unreachable"
    """The gateway is not on a subnet that the namespace reaches directly."""
    NAMESPACE_GONE = "namespace-gone"
    """The process has ended, or the named namespace or the file does not exist."""
    NOT_A_NAMESPACE = "not-a-namespace"
    """The path or file descriptor is not a network namespace."""
    PERMISSION_DENIED = "permission-denied"
    """A capability is missing; the message names it and where it is needed."""
    UNSUPPORTED = "unsupported"
    """The kernel does not support the operation."""
    NOT_FOUND = "not-found"
    """The link, address, route or other object does not exist."""
    EXISTS = "exists"
    """An object of this name exists that is not a link, such as a named namespace."""
    IPV6_DISABLED = "ipv6-disabled"
    """IPv6 is disabled in the namespace or on the link."""
    PROTOCOL = "protocol"
    """The kernel's reply was lost or malformed."""
    INTERRUPTED = "interrupted"
    """A listing was interrupted by changes too often, or a lock was not free in time."""
    SYSTEM = "system"
    """Any other refusal by the kernel; see errno and kernel_message."""
    BUG = "bug"
    """An error in this library."""
    PARENT_DOWN = "parent-down"
    """The parent is down or has no carrier: the link cannot come up or use the network."""
    NEEDS_REPLACEMENT = "needs-replacement"
    """The existing link can only be replaced, not changed, and replacing was not allowed."""
    ADDRESS_IN_USE = "address-in-use"
    """Another machine on the network has this address; see holder."""
    TIMED_OUT = "timed-out"
    """The operation timed out."""
    CANCELLED = "cancelled"
    """The operation was cancelled by Cancel.cancel()."""
    NETWORK_EXISTS = "network-exists"
    """A network with this name exists."""
    NETWORK_NOT_FOUND = "network-not-found"
    """No network has this name or id, or it was removed."""
    NETWORK_IN_USE = "network-in-use"
    """Containers are connected to the network that is to be removed."""
    NETWORK_SUBNET_OVERLAPS = "network-subnet-overlaps"
    """The subnet overlaps a subnet of another network."""
    NETWORK_PARENT_CLASH = "network-parent-clash"
    """The networks cannot share the parent, because one of them needs it for itself."""
    NETWORK_NO_FREE_SUBNET = "network-no-free-subnet"
    """Every default subnet is in use, and none was given."""
    NETWORK_POOL_EXHAUSTED = "network-pool-exhausted"
    """No address is left in the network."""
    NETWORK_ADDRESS_TAKEN = "network-address-taken"
    """Another container of the network has the requested address."""
    NETWORK_ADDRESS_CONFLICT = "network-address-conflict"
    """A machine on the LAN that is not a container of the network has the address."""
    NETWORK_ADDRESS_UNUSABLE = "network-address-unusable"
    """The network does not assign the requested address."""
    NETWORK_NAME_TAKEN = "network-name-taken"
    """Another container in the network has the name."""
    NETWORK_ALREADY_CONNECTED = "network-already-connected"
    """The container is already connected, in another namespace or with another address."""
    NETWORK_NOT_CONNECTED = "network-not-connected"
    """The container is not connected to the network."""
    NETWORK_KERNEL = "network-kernel"
    """The kernel refused an operation that only networks need."""
    NETWORK_STORE_UNAVAILABLE = "network-store-unavailable"
    """The store cannot be reached, or does not answer in time. No address was leased."""
    NETWORK_STORE_UNUSABLE = "network-store-unusable"
    """The store was written by a later version, or its contents are invalid."""
    NETWORK_CONTENDED = "network-contended"
    """The same data in the store was changed too often by others, or is held by another one."""
    NETWORK_FILE = "network-file"
    """A file could not be read or written."""
    NETWORK_OTHER_MACHINE = "network-other-machine"
    """The store's file, or this host's name in the store, belongs to another machine."""
    NETWORK_LEASE_LOST = "network-lease-lost"
    """The lease was lost while the process was stopped for longer than its host's lifetime."""
    NETWORK_STORE_REFUSED = "network-store-refused"
    """The store refuses the user, the password, the certificate or the access."""
    NETWORK_HOST_ALIVE = "network-host-alive"
    """The host that is to be forgotten is still alive."""
    NETWORK_HOST_NOT_ALIVE = "network-host-not-alive"
    """A lease would not outlive this process: no agent runs on this host; it is not declared."""


class Detached(_Named):
    """The result of a detach."""

    REMOVED = "removed"
    """The link was deleted."""
    ALREADY_GONE = "already-gone"
    """The link no longer existed."""


class DifferenceKind(_Named):
    """The kind of a Difference."""

    LINK_MISSING = "link-missing"
    """The link does not exist."""
    IMMUTABLE = "immutable"
    """The link is of another kind or has an option that cannot be changed."""
    PARENT = "parent"
    """The link is on another parent, or the parent no longer exists."""
    MAC = "mac"
    """The MAC address differs."""
    MTU = "mtu"
    """The MTU differs."""
    MACVLAN = "macvlan"
    """Changeable options of a macvlan or macvtap differ."""
    VLAN = "vlan"
    """Changeable options of a VLAN differ."""
    DOWN = "down"
    """The link is down."""
    PROMISC = "promisc"
    """The promisc flag differs."""
    ALIAS = "alias"
    """The alias differs."""
    ALTERNATIVE_NAME = "alternative-name"
    """An alternative name is missing."""
    GROUP = "group"
    """The group differs."""
    TX_QUEUE_LEN = "tx-queue-len"
    """The transmit queue length differs."""
    ADDR_GEN_MODE = "addr-gen-mode"
    """The address generation mode differs."""
    ADDRESS_MISSING = "address-missing"
    """An address is missing."""
    ROUTE_MISSING = "route-missing"
    """A route is missing."""
    RULE_MISSING = "rule-missing"
    """A policy rule is missing."""
    LOOPBACK_DOWN = "loopback-down"
    """lo is down."""
    RATE = "rate"
    """The rate limit differs."""
    SYSCTL = "sysctl"
    """A sysctl of the link differs."""
    ADDRESS_DUPLICATE = "address-duplicate"
    """Another host has an IPv6 address of the link."""
    ADDRESS_TENTATIVE = "address-tentative"
    """An IPv6 address of the link has been tentative for too long."""
    ALLMULTICAST = "allmulticast"
    """The allmulti flag differs."""
    RULE_OUTDATED = "rule-outdated"
    """A policy rule for an address is left of an earlier state."""
    ADDRESS_EXPIRING = "address-expiring"
    """An address has a limited lifetime."""
    ARP_OFF = "arp-off"
    """ARP and neighbour discovery are off on the link."""


class FindingKind(_Named):
    """The kind of a Finding."""

    LINK_GONE = "link-gone"
    """The container's link no longer exists."""
    LINK_DOWN = "link-down"
    """The container's link is down."""
    MAC_CHANGED = "mac-changed"
    """The container's link has another MAC address than it was given."""
    PARENT_GONE = "parent-gone"
    """The parent no longer exists."""
    PARENT_DOWN = "parent-down"
    """The parent, or a link below it, is down."""
    NO_CARRIER = "no-carrier"
    """The parent, or a link below it, has no carrier."""
    PARENT_IS_PORT = "parent-is-port"
    """The parent, or a link below it, is a port of a bridge, bond or VRF, which gets its frames."""
    WIRELESS = "wireless"
    """The parent is wireless."""
    NO_ADDRESS = "no-address"
    """The link has no address of the peer's family."""
    NO_ROUTE = "no-route"
    """No route leads to the peer through the link."""
    PEER_IS_HOST = "peer-is-host"
    """The peer is the host itself, which its own macvlans cannot reach."""
    NOT_SENT = "not-sent"
    """The container's request did not leave through the parent."""
    NO_ANSWER = "no-answer"
    """The request was sent, but not answered."""
    MAC_FILTERED = "mac-filtered"
    """The peer answers the parent but not the container, whose MAC address does not pass."""
    NOT_PROMISCUOUS = "not-promiscuous"
    """The answer is only received while the parent is promiscuous."""
    ANSWER_LOST = "answer-lost"
    """The answer reached the parent but not the container."""
    SEVERAL_ANSWER = "several-answer"
    """Several hosts answer for one address."""
    MAC_ELSEWHERE = "mac-elsewhere"
    """Another host uses the container's MAC address."""
    OTHER_VLANS = "other-vlans"
    """The network carries other VLANs than this one."""
    WRONG_NEIGHBOUR = "wrong-neighbour"
    """The container's neighbour entry has another MAC address than the peer."""
    ADDRESS_DUPLICATE = "address-duplicate"
    """The kernel does not use an IPv6 address of the container: another host has it."""
    ADDRESS_TENTATIVE = "address-tentative"
    """An IPv6 address of the container has been tentative for longer than a detection takes."""
    CONNECTED_ROUTE_MISSING = "connected-route-missing"
    """The connected route of an address was deleted."""
    SIBLING_MODE = "sibling-mode"
    """The peer is a macvlan on the same parent, and not both are in mode bridge."""
    ARP_OFF = "arp-off"
    """ARP and neighbour discovery are off on the container's link."""
    ROUTED_ELSEWHERE = "routed-elsewhere"
    """The container's routing drops packets for the peer, or sends them through another link."""


class KeepEventKind(_Named):
    """The kind of a KeepEvent."""

    GONE = "gone"
    """The parent of an attachment is gone, and its link with it. The keeper waits for it."""
    ATTACHED = "attached"
    """The endpoint was attached again, with the same name, MAC address, addresses and routes."""
    RENAMED = "renamed"
    """The parent of an attachment was renamed."""
    FAILED = "failed"
    """An endpoint could not be attached or checked. It is retried."""
    ENDED = "ended"
    """The container has ended or its namespace cannot be opened: it is no longer kept."""


class Family(int, Enum):
    """An address family, equal to an ipaddress object's version."""

    V4 = 4
    V6 = 6

    def __repr__(self) -> str:
        return f"Family.{self.name}"

    @classmethod
    def _missing_(cls, value: object) -> Family | None:
        if not isinstance(value, str):
            return None
        return {"v4": cls.V4, "ipv4": cls.V4, "v6": cls.V6, "ipv6": cls.V6}.get(value.lower())


class Order(_Named):
    """The order in which a network assigns free addresses."""

    FIRST = "first"
    """The lowest free address."""
    NEXT = "next"
    """The next free address after the last assigned one; a released one stays unused for long."""
    RANDOM = "random"
    """A random free address."""


class MacFrom(_Named):
    """The source of a container's MAC address, if none is set."""

    ADDRESS = "address"
    """The IPv4 address, like Docker: 02:42: and the four bytes. Without one, as CONTAINER."""
    CONTAINER = "container"
    """The network and the container's id: it does not change with the address."""


class Life(_Named):
    """By what a host counts as alive in etcd, so that other hosts leave its leases alone."""

    PROCESS = "process"
    """By each process that has Networks open, and for a while after it."""
    AGENT = "agent"
    """By an agent, or by a declaration. For processes that end at once."""
    DECLARED = "declared"
    """By a declaration, see Networks.declare_host()."""


class ReconciledKind(_Named):
    """The kind of a change that reconciled kernel and store."""

    RELEASED = "released"
    """A lease whose namespace or host no longer exists was released."""
    REPAIRED = "repaired"
    """The interface of a lease was missing or changed, and was repaired."""
    ADOPTED = "adopted"
    """An interface that was not stored, of an existing network, has a lease now."""
    REMOVED = "removed"
    """An interface of a container in a network that no longer exists was deleted."""
    FAILED = "failed"
    """A difference could not be resolved, for the reason in str(); the others were."""
    EXPIRED = "expired"
    """Addresses that were reserved for containers are free again."""
    DISPLACED = "displaced"
    """A container's interface or address was deleted because it now belongs to another one."""
