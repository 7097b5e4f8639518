"""The enumerations: a member is equal to its name in iproute2 and the kernel."""

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
    """Members whose value is what the kernel or `ip` calls them."""

    def __str__(self) -> str:
        return str.__str__(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    @classmethod
    def _missing_(cls, value: object) -> _Named | None:
        """Finds a member by its value or name in whatever case."""
        if not isinstance(value, str):
            return None
        wanted = value.lower()
        return next((m for m in cls if wanted in (m.value.lower(), m.name.lower())), None)


class Mode(_Named):
    """Who a macvlan may talk to."""

    PRIVATE = "private"
    """Everybody on the wire, but no sibling on the same parent."""
    VEPA = "vepa"
    """Siblings too, if the switch outside sends their frames back (802.1Qbg reflective relay)."""
    BRIDGE = "bridge"
    """Siblings directly, and everybody on the wire."""
    PASSTHRU = "passthru"
    """The parent is this link's alone, which has the parent's MAC address."""
    SOURCE = "source"
    """Only frames from a list of MAC addresses come in."""


class VlanProtocol(_Named):
    """The EtherType of a VLAN's tag."""

    DOT1Q = "802.1Q"
    """The customer tag, 0x8100."""
    DOT1AD = "802.1ad"
    """The service tag of QinQ, 0x88a8."""


class AcceptRa(_Named):
    """Whether a link accepts router advertisements."""

    NEVER = "never"
    """Never."""
    UNLESS_FORWARDING = "unless-forwarding"
    """Unless the link forwards IPv6, the kernel's default."""
    ALWAYS = "always"
    """Always, even if the link forwards IPv6."""


class AddrGenMode(_Named):
    """How the kernel makes a link's IPv6 link-local address."""

    EUI64 = "eui64"
    """From the MAC address (RFC 4291), what the kernel does by itself."""
    NONE = "none"
    """Not at all."""
    STABLE_SECRET = "stable_secret"  # noqa: S105, the kernel's name
    """Stable, and telling nothing (RFC 7217), from the namespace's sysctl."""
    RANDOM = "random"
    """As STABLE_SECRET, from a secret that the kernel makes up."""


class DuplicateDetection(_Named):
    """What the kernel does before it uses an IPv6 address (RFC 4862)."""

    KERNEL = "kernel"
    """What the namespace's sysctl accept_dad says: the address is tentative for a second or two."""
    SKIP = "nodad"
    """Nothing: the address can be used at once."""
    OPTIMISTIC = "optimistic"
    """It can be used while it is being checked (RFC 4429), where the kernel was built so."""


class RouteKind(_Named):
    """What happens to packets that a route matches."""

    UNICAST = "unicast"
    """They go to the gateway or the link."""
    BLACKHOLE = "blackhole"
    """They vanish; local senders get EINVAL."""
    UNREACHABLE = "unreachable"
    """They vanish, and the sender is told "host unreachable"."""
    PROHIBIT = "prohibit"
    """They vanish, and the sender is told "administratively prohibited"."""


class Scope(_Named):
    """How far away a destination is."""

    GLOBAL = "global"
    """Anywhere, through a gateway."""
    SITE = "site"
    """Inside this site."""
    LINK = "link"
    """Directly on the link."""
    HOST = "host"
    """On this machine."""
    NOWHERE = "nowhere"
    """Nowhere: a destination that does not exist."""


class LinkState(_Named):
    """Whether a link works (RFC 2863)."""

    UNKNOWN = "UNKNOWN"
    """The driver does not tell; it works if it is up."""
    NOT_PRESENT = "NOTPRESENT"
    """Something is missing."""
    DOWN = "DOWN"
    """It does not work."""
    LOWER_LAYER_DOWN = "LOWERLAYERDOWN"
    """The link below does not work."""
    TESTING = "TESTING"
    """It is being tested."""
    DORMANT = "DORMANT"
    """It waits for something, such as authentication."""
    UP = "UP"
    """It works."""


class NeighbourState(_Named):
    """How sure a neighbour entry is (RFC 4861)."""

    INCOMPLETE = "INCOMPLETE"
    """Being asked for."""
    REACHABLE = "REACHABLE"
    """Confirmed lately."""
    STALE = "STALE"
    """Confirmed some time ago; used, and checked when used."""
    DELAY = "DELAY"
    """About to be checked."""
    PROBE = "PROBE"
    """Being checked."""
    FAILED = "FAILED"
    """It did not answer."""
    NOARP = "NOARP"
    """Needs no asking, on a link that knows no such thing."""
    PERMANENT = "PERMANENT"
    """Somebody said so."""
    NONE = "NONE"
    """None of these."""


class EndpointKind(_Named):
    """The kinds of link that an endpoint can be."""

    MACVLAN = "macvlan"
    """A MAC address of its own on the parent's wire."""
    MACVTAP = "macvtap"
    """The same, and a VM monitor reads and writes its frames."""
    VLAN = "vlan"
    """A VLAN of the parent, and nothing in between."""


class LinkKind(_Named):
    """The kinds of link that Handle.add_link() makes."""

    MACVLAN = "macvlan"
    """A MAC address of its own on the parent's wire."""
    MACVTAP = "macvtap"
    """The same, and a VM monitor reads and writes its frames."""
    VLAN = "vlan"
    """A VLAN of a parent."""
    VETH = "veth"
    """A cable, with a name for each end."""
    DUMMY = "dummy"
    """It leads nowhere."""
    BRIDGE = "bridge"
    """A software switch."""


class ErrorKind(_Named):
    """The cause of a MacvlanError, as far as it could be told."""

    INVALID_VALUE = "invalid-value"
    """A value that can never be right, refused before any system call."""
    PARENT_NOT_FOUND = "parent-not-found"
    """The parent link does not exist in the host's namespace."""
    PARENT_BUSY = "parent-busy"
    """The parent is a port of a bridge, bond or team, carries ipvlan, or can carry no such link."""
    PASSTHRU_CONFLICT = "passthru-conflict"
    """Passthru needs the parent for itself, and somebody else is on it."""
    MTU_TOO_LARGE = "mtu-too-large"
    """The MTU asked for is above what the parent allows."""
    NAME_TAKEN = "name-taken"
    """A link of that name exists in the namespace."""
    MAC_IN_USE = "mac-in-use"
    """The parent or a sibling already has this MAC address."""
    ADDRESS_TAKEN = "address-taken"
    """The link already has this address."""
    ROUTE_EXISTS = "route-exists"
    """The namespace already has this route, or rule."""
    GATEWAY_UNREACHABLE = "gateway-unreachable"
    """The gateway is on no subnet that the namespace can reach directly."""
    NAMESPACE_GONE = "namespace-gone"
    """The process is gone, and its namespace with it, or the named namespace does not exist."""
    NOT_A_NAMESPACE = "not-a-namespace"
    """A path or file descriptor that is something else than a network namespace."""
    PERMISSION_DENIED = "permission-denied"
    """A capability is missing; the message says which one, and where."""
    UNSUPPORTED = "unsupported"
    """The kernel lacks what was asked for."""
    NOT_FOUND = "not-found"
    """The link, address or route to be changed, read or deleted does not exist."""
    EXISTS = "exists"
    """Something of that name exists that is not a link: a named namespace, for example."""
    IPV6_DISABLED = "ipv6-disabled"
    """IPv6 is switched off in the namespace or on the link."""
    PROTOCOL = "protocol"
    """The kernel's reply could not be understood, or did not come."""
    INTERRUPTED = "interrupted"
    """A listing was interrupted by changes again and again."""
    SYSTEM = "system"
    """Any other refusal by the kernel; see errno and kernel_message."""
    BUG = "bug"
    """A fault of this library."""
    PARENT_DOWN = "parent-down"
    """The parent is down or has no carrier: the link cannot come up, or nobody can be asked."""
    NEEDS_REPLACEMENT = "needs-replacement"
    """The endpoint's link is one that cannot be changed into what is wanted, only be replaced."""
    ADDRESS_IN_USE = "address-in-use"
    """Somebody else on the network has this address; see holder."""
    TIMED_OUT = "timed-out"
    """What was waited for did not come in time."""
    CANCELLED = "cancelled"
    """It was cancelled, by Cancel.cancel()."""
    NETWORK_EXISTS = "network-exists"
    """A network of that name exists."""
    NETWORK_NOT_FOUND = "network-not-found"
    """No network has that name or id."""
    NETWORK_IN_USE = "network-in-use"
    """Containers are still connected to the network that is to be removed."""
    NETWORK_SUBNET_OVERLAPS = "network-subnet-overlaps"
    """The subnet overlaps one of another network."""
    NETWORK_PARENT_CLASH = "network-parent-clash"
    """The networks cannot share the parent: one of them needs it for itself."""
    NETWORK_NO_FREE_SUBNET = "network-no-free-subnet"
    """Every subnet that is tried when none is given is in use."""
    NETWORK_POOL_EXHAUSTED = "network-pool-exhausted"
    """No address is left in the network."""
    NETWORK_ADDRESS_TAKEN = "network-address-taken"
    """Another container has the address that was asked for."""
    NETWORK_ADDRESS_FOREIGN = "network-address-foreign"
    """Somebody on the wire who is no container has the address that was asked for."""
    NETWORK_ADDRESS_UNUSABLE = "network-address-unusable"
    """The address that was asked for is not one that the network gives."""
    NETWORK_NAME_TAKEN = "network-name-taken"
    """Another container in the network has the name."""
    NETWORK_ALREADY_CONNECTED = "network-already-connected"
    """The container is connected already, in another namespace or with another address."""
    NETWORK_NOT_CONNECTED = "network-not-connected"
    """The container is not connected to the network."""
    NETWORK_KERNEL = "network-kernel"
    """The kernel refused something that is not of links, addresses or routes."""
    NETWORK_STORE_UNAVAILABLE = "network-store-unavailable"
    """The store cannot be reached, or does not answer in time: nothing has been given."""
    NETWORK_STORE_UNUSABLE = "network-store-unusable"
    """The store was written by a later version, or holds what it never should."""
    NETWORK_CONTENDED = "network-contended"
    """So many others changed the same at the same time that it was given up."""
    NETWORK_FILE = "network-file"
    """A file could not be read or written."""
    NETWORK_OTHER_MACHINE = "network-other-machine"
    """The store's file, or this host's name in the store, belongs to another machine."""
    NETWORK_LEASE_LOST = "network-lease-lost"
    """The lease was lost while this process was stopped for longer than its host was alive."""
    NETWORK_STORE_REFUSED = "network-store-refused"
    """The store does not accept the user, password or certificate, or refuses the request."""
    NETWORK_HOST_ALIVE = "network-host-alive"
    """The host that is to be forgotten is alive."""


class Detached(_Named):
    """What there was to detach."""

    REMOVED = "removed"
    """The link was there, and is gone now."""
    ALREADY_GONE = "already-gone"
    """The link was gone already."""


class DifferenceKind(_Named):
    """What differs from what an endpoint says."""

    LINK_MISSING = "link-missing"
    """There is no link of that name."""
    MADE = "made"
    """The link is of another kind, or has an option that cannot be changed."""
    PARENT = "parent"
    """The link hangs on another parent, or the parent is gone."""
    MAC = "mac"
    """The link's MAC address."""
    MTU = "mtu"
    """The link's MTU."""
    MACVLAN = "macvlan"
    """Options of a macvlan or macvtap that can be changed."""
    VLAN = "vlan"
    """Options of a VLAN that can be changed."""
    DOWN = "down"
    """The link is down."""
    PROMISC = "promisc"
    """The link's promisc flag."""
    ALIAS = "alias"
    """The link's alias."""
    ALTERNATIVE_NAME = "alternative-name"
    """An alternative name is missing."""
    GROUP = "group"
    """The link's group."""
    TX_QUEUE_LEN = "tx-queue-len"
    """The link's transmit queue length."""
    ADDR_GEN_MODE = "addr-gen-mode"
    """The link's address generation mode."""
    ADDRESS_MISSING = "address-missing"
    """An address is missing."""
    ROUTE_MISSING = "route-missing"
    """A route is missing."""
    RULE_MISSING = "rule-missing"
    """A policy rule is missing."""
    LOOPBACK_DOWN = "loopback-down"
    """lo is down."""
    RATE = "rate"
    """How much the link may send."""
    SYSCTL = "sysctl"
    """A sysctl of the link."""
    ADDRESS_DUPLICATE = "address-duplicate"
    """Another host has an IPv6 address of the link."""
    ADDRESS_TENTATIVE = "address-tentative"
    """An IPv6 address of the link has been tentative for too long."""
    ALLMULTICAST = "allmulticast"
    """The link's allmulticast flag."""


class FindingKind(_Named):
    """What a finding of Host.diagnose() is about."""

    LINK_GONE = "link-gone"
    """The container's link does not exist any more."""
    LINK_DOWN = "link-down"
    """The container's link is down."""
    MAC_CHANGED = "mac-changed"
    """The container's link has another MAC address than it was given."""
    PARENT_GONE = "parent-gone"
    """The parent does not exist any more."""
    PARENT_DOWN = "parent-down"
    """The parent, or a link below it, is down."""
    NO_CARRIER = "no-carrier"
    """The parent, or a link below it, has no carrier."""
    PARENT_IS_PORT = "parent-is-port"
    """The parent, or a link below it, is a port (of a bridge, bond, VRF) that takes its frames."""
    WIRELESS = "wireless"
    """The parent is wireless."""
    NO_ADDRESS = "no-address"
    """The link has no address of the peer's family."""
    NO_ROUTE = "no-route"
    """No route leads to the peer by this link."""
    PEER_IS_HOST = "peer-is-host"
    """The peer is the host itself, which its own macvlans do not reach."""
    NOT_SENT = "not-sent"
    """The container's question did not leave by the parent."""
    NO_ANSWER = "no-answer"
    """The question went out, and nobody has answered."""
    MAC_FILTERED = "mac-filtered"
    """The peer answers the parent, and not the container, whose MAC address does not pass."""
    NOT_PROMISCUOUS = "not-promiscuous"
    """The answer arrives only while the parent is promiscuous."""
    ANSWER_LOST = "answer-lost"
    """The answer has reached the parent, and not the container."""
    SEVERAL_ANSWER = "several-answer"
    """Several answer for one address."""
    MAC_ELSEWHERE = "mac-elsewhere"
    """Somebody else sends with the container's MAC address."""
    OTHER_VLANS = "other-vlans"
    """The wire carries other VLANs than this one."""
    WRONG_NEIGHBOUR = "wrong-neighbour"
    """The container remembers another MAC address than the peer has."""
    ADDRESS_DUPLICATE = "address-duplicate"
    """The kernel does not use an IPv6 address of the container: another host has it."""
    ADDRESS_TENTATIVE = "address-tentative"
    """The kernel has looked for a duplicate of an IPv6 address for longer than that takes."""
    CONNECTED_ROUTE_MISSING = "connected-route-missing"
    """The route to the subnet of an address was deleted."""


class KeepEventKind(_Named):
    """What a Keeper has seen or done."""

    GONE = "gone"
    """The parent is gone, and the link with it. It is waited for."""
    ATTACHED = "attached"
    """The endpoint is attached again: same name, MAC address, addresses and routes."""
    RENAMED = "renamed"
    """The parent has another name now. Nothing had to be done."""
    FAILED = "failed"
    """An endpoint could not be attached, or looked at; it is tried again."""
    ENDED = "ended"
    """The container's namespace is gone: its endpoint is not kept from now on."""


class Family(int, Enum):
    """IPv4 or IPv6, by the number that ipaddress has as an address's version."""

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
    """Which free address a network gives next."""

    FIRST = "first"
    """The lowest that is free."""
    NEXT = "next"
    """The next after the one that was given last, so that one that was given back rests long."""
    RANDOM = "random"
    """Any, by chance."""


class MacFrom(_Named):
    """What a container's MAC address follows from, when it is given none."""

    ADDRESS = "address"
    """Its IPv4 address, as Docker has it: 02:42: and the four bytes. Without one, as CONTAINER."""
    CONTAINER = "container"
    """The network and the container's id: it stays when the address changes."""


class ReconciledKind(_Named):
    """How Networks.reconcile() has brought kernel and store together."""

    RELEASED = "released"
    """A lease whose namespace, or host, is gone was taken back."""
    REPAIRED = "repaired"
    """A connected container's interface was missing or had changed, and is as it should be."""
    ADOPTED = "adopted"
    """A container's interface was there, and no lease for it; it has one again."""
    REMOVED = "removed"
    """An interface of a container in a network that does not exist any more was taken away."""
    FAILED = "failed"
    """Something could not be brought together, which str() tells; the rest was."""
    EXPIRED = "expired"
    """Addresses that were kept for containers are free again."""
    DISPLACED = "displaced"
    """A container's interface, or an address of it, was removed since it is another's by now."""
