import ipaddress
from builtins import list as _list  # where a method is called so
from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import timedelta
from io import FileIO
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Final, Literal, Protocol, TypeAlias, TypedDict, TypeVar, final

from typing_extensions import Self, Unpack

from macvlan._enums import (
    AcceptRa,
    AddrGenMode,
    Detached,
    DifferenceKind,
    EndpointKind,
    Family,
    FindingKind,
    KeepEventKind,
    Life,
    LinkKind,
    LinkState,
    MacFrom,
    Mode,
    NeighbourState,
    Order,
    ReconciledKind,
    RouteKind,
    Scope,
    VlanProtocol,
)
from macvlan._errors import MacvlanError
from macvlan._events import Event
from macvlan._values import (
    Address6,
    Collected,
    ConflictingAddress,
    Ensured,
    Holder,
    HostStatus,
    MacAddr,
    NetNsId,
    NetNsMark,
    Retained,
    Updated,
    VisibleNamespaces,
)

__all__ = [
    "AddressInfo",
    "Announce",
    "Announcement",
    "Attached",
    "Attachment",
    "Cancel",
    "Connection",
    "DetachHandle",
    "Diagnosis",
    "Difference",
    "Endpoint",
    "EtcdStore",
    "Finding",
    "Handle",
    "Host",
    "HostAccess",
    "HostLink",
    "KeepEvent",
    "Keeper",
    "Lease",
    "LinkInfo",
    "LinkStatistics",
    "MacvlanOptions",
    "NeighbourInfo",
    "NetNs",
    "Network",
    "Networks",
    "NextHop",
    "Offloads",
    "Parent",
    "PendingMove",
    "Pool",
    "Probe",
    "PromiscGuard",
    "Rate",
    "Reconciled",
    "Route",
    "RouteInfo",
    "Rule",
    "Subnet",
    "VisibleNetNs",
    "VlanOptions",
    "Watch",
    "__version__",
    "address_text",
    "error_kinds",
    "mac_from_ipv4",
    "mac_text",
    "names",
    "run_command",
]

_T = TypeVar("_T")

class _HasFileno(Protocol):
    def fileno(self) -> int: ...

# What is taken.
_Interface: TypeAlias = str | ipaddress.IPv4Interface | ipaddress.IPv6Interface
_Ip: TypeAlias = str | ipaddress.IPv4Address | ipaddress.IPv6Address
_Subnet: TypeAlias = str | ipaddress.IPv4Network | ipaddress.IPv6Network
_Range: TypeAlias = _Ip | _Subnet
_Net: TypeAlias = _Subnet | ipaddress.IPv4Address | ipaddress.IPv6Address
_Mac: TypeAlias = str | bytes
_Link: TypeAlias = str | int | LinkInfo | Attachment
_Parent: TypeAlias = str | int | Parent | LinkInfo | Mapping[str, Any]
_NetNs: TypeAlias = NetNs | int | str | PathLike[str]
_Seconds: TypeAlias = float | timedelta
_Probe: TypeAlias = Probe | Literal["quick", "rfc"] | Mapping[str, Any]
_Announce: TypeAlias = Announce | Literal["once", "rfc"] | Mapping[str, Any]
_Rate: TypeAlias = Rate | str | int
_Fd: TypeAlias = int | _HasFileno
_Map: TypeAlias = Mapping[int, int] | Iterable[tuple[int, int]]
_Texts: TypeAlias = Mapping[str, str] | Iterable[tuple[str, str]]

# Enumerations, whose members are also taken by their text.
_AcceptRa: TypeAlias = AcceptRa | Literal["never", "unless-forwarding", "always"]
_AddrGenMode: TypeAlias = AddrGenMode | Literal["eui64", "none", "stable_secret", "random"]
_EndpointKind: TypeAlias = EndpointKind | Literal["macvlan", "macvtap", "vlan"]
_Family: TypeAlias = Family | Literal[4, 6, "ipv4", "ipv6", "v4", "v6"]
_FindingKind: TypeAlias = (
    FindingKind
    | Literal[
        "link-gone",
        "link-down",
        "mac-changed",
        "parent-gone",
        "parent-down",
        "no-carrier",
        "parent-is-port",
        "wireless",
        "no-address",
        "no-route",
        "peer-is-host",
        "not-sent",
        "no-answer",
        "mac-filtered",
        "not-promiscuous",
        "answer-lost",
        "several-answer",
        "mac-elsewhere",
        "other-vlans",
        "wrong-neighbour",
        "address-duplicate",
        "address-tentative",
        "connected-route-missing",
        "sibling-mode",
        "arp-off",
        "routed-elsewhere",
    ]
)
_Life: TypeAlias = Life | Literal["process", "agent", "declared"]
_LinkKind: TypeAlias = LinkKind | Literal["macvlan", "macvtap", "vlan", "veth", "dummy", "bridge"]
_MacFrom: TypeAlias = MacFrom | Literal["address", "container"]
_Mode: TypeAlias = Mode | Literal["private", "vepa", "bridge", "passthru", "source"]
_Order: TypeAlias = Order | Literal["first", "next", "random"]
_RouteKind: TypeAlias = RouteKind | Literal["unicast", "blackhole", "unreachable", "prohibit"]
_Scope: TypeAlias = Scope | Literal["global", "site", "link", "host", "nowhere"]
_VlanProtocol: TypeAlias = VlanProtocol | Literal["802.1Q", "802.1ad"]

# What is given.
_Interfaces: TypeAlias = tuple[ipaddress.IPv4Interface | Address6, ...]
_IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_Wanted: TypeAlias = (
    str
    | int
    | bool
    | AddrGenMode
    | ipaddress.IPv4Interface
    | Address6
    | Rate
    | Route
    | Rule
    | VlanOptions
    | None
)
_IpNetwork: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

__version__: Final[str]

def error_kinds() -> list[tuple[str, int]]:
    """Returns all kinds of errors with their error numbers, for comparison with `ErrorKind`."""

def address_text(address: _Interface) -> tuple[str, str]:
    """Returns the address with its prefix length, and the mode of duplicate address detection."""

def mac_from_ipv4(address: str | ipaddress.IPv4Address) -> str:
    """Returns the text of the MAC address that is derived from an IPv4 address."""

def mac_text(mac: _Mac) -> str:
    """Returns the text of a MAC address, in lower case."""

def names() -> list[tuple[str, list[str]]]:
    """Returns the names of all members in order, by class, for comparison with `_enums.py`."""

def run_command(arguments: list[str]) -> int:
    """Runs the command macvlan and returns its exit status.

    The arguments begin with the program's name. The command writes to the descriptors 1 and 2, not
    to sys.stdout and sys.stderr.
    """

@final
class Cancel:
    """A token that cancels functions that wait, from another thread.

    It cancels those of a host from Host.cancelled_by(). A function that waits undoes its changes
    and raises a MacvlanError of the kind CANCELLED. A function that does not need to wait is
    carried out. A token stays cancelled. Ctrl-C does not need one.
    """

    def __new__(cls) -> Self: ...
    def cancel(self) -> None:
        """Cancels all functions that wait with this token, now and in the future."""
    @property
    def cancelled(self) -> bool:
        """Returns whether cancel() was called."""

@final
class Host:
    """A session on the namespace with the parent links, which attaches and detaches endpoints.

    The namespace is the calling thread's by default. Open one and keep it; threads can share it.
    Arguments that are a namespace can be a NetNs, a pid, a name of `ip netns` or a path.
    """

    def __new__(cls, netns: _NetNs | None = None) -> Self: ...
    @property
    def netns(self) -> NetNs:
        """Returns the namespace with the parent links."""
    def handle(self) -> Handle:
        """Opens a handle on the host's namespace, for the operations of `ip`."""
    def cancelled_by(self, cancel: Cancel) -> Host:
        """Makes a host on the same namespace whose waits, such as for a probe, can be cancelled.

        This one is not affected.
        """
    def attach(self, endpoint: Endpoint, netns: _NetNs) -> Attachment:
        """Attaches an endpoint to a container.

        Creates its link, addresses and routes, or changes nothing.

        Ctrl-C ends it during a probe, blocking announcements or mac_conflict_timeout; its changes
        are undone first.
        """
    def detach(self, attachment: Attachment) -> Detached:
        """Detaches an endpoint: deletes its link, addresses, routes and rules.

        Also removes the parent, if that is an unused VLAN that was made on demand. Returns when the
        kernel has finished, after about 16 ms.

        Returns Detached.ALREADY_GONE if the link or the container no longer exists.
        """
    def detach_later(self, attachment: Attachment) -> DetachHandle:
        """Starts a detach in a thread of its own.

        The DetachHandle has its result.
        """
    def attach_all(
        self, pairs: Iterable[tuple[Endpoint, _NetNs]]
    ) -> list[Attachment | MacvlanError]:
        """Attaches several endpoints.

        Returns an Attachment or an exception for each pair of an endpoint and a namespace, in their
        order. A failure does not stop the others.
        """
    def detach_all(self, attachments: Iterable[Attachment]) -> list[Detached | MacvlanError]:
        """Detaches several attachments, with overlapping waits.

        Returns a Detached or an exception for each, in their order. A failure does not stop the
        others.
        """
    def check(self, endpoint: Endpoint, netns: _NetNs) -> list[Difference]:
        """Returns the differences between an endpoint and its actual state.

        The list is empty if there are none. Changes nothing. Additional objects, such as further
        addresses, are not differences.
        """
    def ensure(self, endpoint: Endpoint, netns: _NetNs, *, replace: bool = False) -> Ensured:
        """Ensures that an endpoint is attached as requested.

        Attaches it if it is missing, and repairs differences. Only reads if there are none. Returns
        the attachment and the repaired differences.

        A difference that cannot be changed on the link (kind, parent, number of queues, to or from
        mode passthru) is refused, or, with replace=True, resolved by a replacement of the link.
        """
    def remove_unused_parents(self) -> None:
        """Removes unused VLANs that were made on demand.

        They remain if a container ends without a detach.
        """
    def pool(self, parent: _Parent, size: int) -> Pool:
        """Makes a pool of namespaces with a macvlan in mode bridge on this parent, and fills it."""
    def pool_of(self, template: Endpoint, size: int) -> Pool:
        """Makes a pool of links like the template.

        They have its kind, parent, MTU, queues, group, transmit queue length, promisc and lo_up.
        """
    def attached(self, endpoint: Endpoint, netns: _NetNs) -> Attached:
        """Makes a context manager that attaches an endpoint for the time of a with block.

        It yields the Attachment, and detaches it at the end, also on an exception.
        """
    def attachments(self, netns: _NetNs) -> list[Attachment]:
        """Returns the interfaces in a container that are on this host's links.

        These are macvlans, macvtaps and VLANs, also those that other programs have created.
        """
    def probe_addresses(
        self, parent: _Parent, addresses: Iterable[_Ip], *, probe: _Probe = "rfc"
    ) -> list[Holder]:
        """Probes addresses on a parent's network, all at once.

        Returns a Holder for each that is in use; the others are free. Neighbour tables are not
        changed.

        Containers in modes private and vepa do not receive the probes.
        """
    def access(
        self,
        parent: _Parent,
        *,
        name: str | None = None,
        addresses: Iterable[_Ip] = (),
        routes: Iterable[_Net] = (),
        keep: bool = False,
    ) -> HostAccess:
        """Gives the host access to the containers on a parent.

        The host gets a macvlan of its own with the parent's addresses, and a route to each
        container that is attached with HostAccess.attach(). On a failure nothing is changed.

        name: the name of the host's link. Defaults to the parent's name and "-host".
        addresses: addresses of the link's own, which replace the parent's.
        routes: subnets of containers only, with one route each instead of one to each container.
        keep: whether the link is kept when the last container is detached and when the HostAccess
            is closed; this method finds it again. Defaults to False.
        """
    def keep(self, pairs: Iterable[tuple[Endpoint, _NetNs]]) -> Keeper:
        """Attaches endpoints like ensure(), and keeps them attached.

        When their parent is removed and returns, they are attached again. Waits for parents that do
        not exist yet.

        If one fails otherwise, or on Ctrl-C, those that were attached by this call are detached
        again. The Keeper works while it is asked for its next event.
        """
    def diagnose(self, attachment: Attachment, peer: _Ip) -> Diagnosis:
        """Diagnoses why a container does not reach a peer on its network.

        Checks its link, its parent and its addresses, sends a request for the peer (or the gateway
        to it) from the container, and captures frames on the parent.

        Takes a third of a second if the peer answers, and up to two seconds if it does not.
        """
    def close(self) -> None:
        """Closes the file descriptors.

        Attached interfaces stay.
        """
    @property
    def closed(self) -> bool:
        """Returns whether it is closed."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class Attached:
    """The context manager of Host.attached()."""

    def __enter__(self) -> Attachment: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class DetachHandle:
    """A detach in the background, from Host.detach_later().

    It continues if this object is dropped.
    """

    @property
    def is_finished(self) -> bool:
        """Returns whether the detach has finished, successfully or not."""
    def wait(self) -> Detached:
        """Waits for the end of the detach, and returns its result or raises its exception."""

@final
class Pool:
    """Namespaces that already have a link, for containers that have to start quickly.

    From Host.pool().

    attach() takes one out, whose link then gets its name, addresses and routes in a fraction of the
    time. The container's process has to join that namespace, the attachment's netns. The pool is
    not filled automatically: call fill() at a suitable time. Unused namespaces end with the pool.
    """

    def fill(self) -> int:
        """Creates namespaces until the pool is full, and returns their number."""
    def attach(self, endpoint: Endpoint) -> tuple[NetNs, Attachment]:
        """Takes a namespace from the pool and attaches an endpoint in it.

        Creates one if the pool is empty. Returns a NetNs, which the container's process has to
        join, or the namespace ends with it, and the Attachment.

        The endpoint may differ from the pool's links in name, MAC address, addresses, gateways,
        routes, source routing, alias, alternative names and address generation.
        """
    def namespaces(self) -> list[NetNs]:
        """Returns the namespaces that are ready, in the order in which they will be used."""
    def __len__(self) -> int: ...
    def close(self) -> None:
        """Drops the unused namespaces."""
    @property
    def closed(self) -> bool:
        """Returns whether it is closed."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class Difference:
    """A difference between an endpoint and the actual state.

    Its text, str(), is a sentence.
    """

    @property
    def kind(self) -> DifferenceKind:
        """Returns the kind of the difference."""
    @property
    def found(self) -> MacAddr | int | Rate | None:
        """Returns the actual value of a MAC address, MTU, rate or sysctl; None for other kinds.

        A sysctl is text, "accept_ra=1".
        """
    @property
    def wanted(self) -> _Wanted:
        """Returns the requested value, or the missing object; None if the kind says it all."""
    @property
    def needs_replacement(self) -> bool:
        """Returns whether only a replacement of the link resolves the difference."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class NetNs:
    """A handle on a network namespace, such as a container's or the host's.

    It keeps the namespace in existence, even if no process is in it, until close() or the end of a
    with block. Two handles are equal if they are on the same namespace.
    """

    @staticmethod
    def from_pid(pid: int) -> NetNs:
        """Opens the network namespace of a process.

        The process is pinned by a pidfd first, so a reused pid cannot lead to the wrong namespace.
        """
    @staticmethod
    def from_pidfd(pidfd: _Fd) -> NetNs:
        """Opens the network namespace of a pidfd's process.

        The pidfd stays the caller's.
        """
    @staticmethod
    def from_name(name: str) -> NetNs:
        """Opens a named namespace, created by create() or `ip netns add`."""
    @staticmethod
    def from_path(path: str | PathLike[str]) -> NetNs:
        """Opens a namespace by a path, such as /proc/2084/ns/net or a container runtime's."""
    @staticmethod
    def from_fd(fd: _Fd) -> NetNs:
        """Makes a handle from a file descriptor, or an object that has one.

        It stays the caller's.
        """
    @staticmethod
    def current() -> NetNs:
        """Opens the calling thread's network namespace."""
    @staticmethod
    def anonymous() -> NetNs:
        """Creates a namespace without a name.

        It exists as long as the handle and the processes in it.
        """
    @staticmethod
    def create(name: str) -> NetNs:
        """Creates a named namespace, like `ip netns add`.

        It exists until it is deleted, also without a handle.
        """
    @staticmethod
    def delete(name: str) -> None:
        """Deletes a namespace's name, like `ip netns delete`."""
    @staticmethod
    def visible() -> VisibleNamespaces:
        """Lists the network namespaces that exist.

        These have a name, a thread, an open descriptor or a mount. Also lists the files that could
        not be read and may lead to further ones.
        """
    @property
    def id(self) -> NetNsId:
        """Returns the identity of the namespace, which no other namespace has at the same time.

        It is the device and inode number of its file.
        """
    def same_as(self, other: NetNs) -> bool:
        """Returns whether both are handles on the same namespace, like ==."""
    def run(self, callable: Callable[[], _T]) -> _T:
        """Calls a function in the namespace and returns its result or raises its exception.

        It runs on a new thread that ends afterwards.

        Sockets opened by it stay in the namespace, and processes started by it begin there. /sys is
        not remounted, unlike with `ip netns exec`. Ctrl-C, and other exceptions of signal handlers,
        end the wait, but not the function: its thread continues.
        """
    def fileno(self) -> int:
        """Returns the file descriptor, which stays the handle's."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def close(self) -> None:
        """Closes the handle.

        The namespace exists as long as a process or another handle is in it.
        """
    @property
    def closed(self) -> bool:
        """Returns whether it is closed."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class VisibleNetNs:
    """A network namespace that exists, from NetNs.visible(), and the ways to open it."""

    @property
    def id(self) -> NetNsId:
        """Returns the identity of the namespace, as NetNs.id."""
    @property
    def names(self) -> tuple[str, ...]:
        """Returns the names, as `ip netns` lists them."""
    @property
    def pids(self) -> tuple[int, ...]:
        """Returns the processes whose main thread is in the namespace."""
    @property
    def paths(self) -> tuple[Path, ...]:
        """Returns the other files that lead to the namespace.

        They are of further threads, open descriptors and mounts.
        """
    def open(self) -> NetNs:
        """Opens the namespace in the first way that still leads to it.

        Raises NotFoundError if none does.
        """

class _EndpointChanges(TypedDict, total=False):
    name: str
    parent: _Parent
    kind: _EndpointKind | None
    mode: _Mode | None
    options: MacvlanOptions | VlanOptions | None
    mac: _Mac | None
    mtu: int | None
    addresses: Iterable[_Interface]
    gateways: Iterable[_Ip]
    routes: Iterable[Route | str]
    on_link_gateways: bool
    promisc: bool
    lo_up: bool
    replace_default_route: bool
    source_routing: int | None
    alias: str | None
    alternative_names: Iterable[str]
    group: int | None
    tx_queue_len: int | None
    queues: tuple[int, int] | None
    addr_gen_mode: _AddrGenMode | None
    accept_ra: _AcceptRa | None
    autoconf: bool | None
    disable_ipv6: bool | None
    mac_conflict_timeout: _Seconds
    probe: _Probe | None
    announce: _Announce | None
    rate: _Rate | None
    gateway_metric: int | None
    allmulticast: bool | None

@final
class Endpoint:
    """The description of a container interface: a value, validated without any system call.

    `name` is the name in the container, `parent` the link on the host: a name, an index or a
    Parent; "ens33.100" is VLAN 100 of ens33. Host.attach() creates the interface in a container's
    namespace.

    kind: "macvlan", "macvtap" (for a VM monitor) or "vlan". Defaults to the kind of the options, or
        "macvlan".
    mode: the macvlan mode. Defaults to "bridge".
    options: all options of the kind: MacvlanOptions(…), including the mode, or VlanOptions(…),
        which a VLAN needs.
    mac: the MAC address. Defaults to the parent's in mode passthru and for a VLAN, otherwise to a
        random one.
    mtu: the MTU in bytes, at most the parent's. Defaults to the parent's.
    addresses: "10.0.0.2/24", "fd00::2/64 nodad", or ipaddress interfaces. "@GATEWAY" at the end, as
        in pipework's notation, adds the gateway.
    gateways: the gateways of the default routes, at most one per address family.
    on_link_gateways: whether gateways outside all subnets are assumed to be on the link. Defaults
        to False: the kernel then refuses them unless a route leads to them.
    gateway_metric: the metric of the gateways' default routes. Defaults to the kernel's, 0 for IPv4
        and 1024 for IPv6.
    routes: further routes, as Route or in the format of `ip route`.
    promisc: whether the link is promiscuous. Defaults to False.
    allmulticast: whether the link receives all multicast frames. By default a flag that is set in
        the container is kept.
    lo_up: whether the container's lo is set up. Defaults to True.
    replace_default_route: whether the container's default routes of the gateways' families are
        replaced. Defaults to False.
    source_routing: the routing table for packets from the endpoint's addresses, which then leave
        through the endpoint. By default there is none.
    alias, alternative_names, group, tx_queue_len (packets), queues (transmit, receive): as in
        ip-link(8).
    addr_gen_mode: how the IPv6 link-local address is made; "none" for no address. Defaults to the
        namespace's default.
    accept_ra: whether router advertisements are accepted: "never", "unless-forwarding" or "always".
        Defaults to the container's default. With "never" the container has only the endpoint's
        addresses and routes, apart from the link-local address.
    autoconf: whether addresses are configured from advertised prefixes. Defaults to the container's
        default.
    disable_ipv6: whether IPv6 is disabled on the link. Defaults to the container's default.
    mac_conflict_timeout: how long to retry while another link on the parent has the MAC address, in
        seconds or as a timedelta. Defaults to 0. That link is often one of a container that is
        being removed.
    probe: how the addresses are probed on the network before they are used: "quick", "rfc" or a
        Probe. By default they are not. The exception has the holder of an address in use.
    announce: how the addresses are announced to the neighbours: "once", "rfc" or an Announce. By
        default they are not.
    rate: the rate limit for sent packets: "10mbit", bits per second, or a Rate. By default there is
        none.
    """

    def __new__(
        cls,
        name: str,
        *,
        parent: _Parent,
        kind: _EndpointKind | None = None,
        mode: _Mode | None = None,
        options: MacvlanOptions | VlanOptions | None = None,
        mac: _Mac | None = None,
        mtu: int | None = None,
        addresses: Iterable[_Interface] = (),
        gateways: Iterable[_Ip] = (),
        routes: Iterable[Route | str] = (),
        on_link_gateways: bool = False,
        promisc: bool = False,
        lo_up: bool = True,
        replace_default_route: bool = False,
        source_routing: int | None = None,
        alias: str | None = None,
        alternative_names: Iterable[str] = (),
        group: int | None = None,
        tx_queue_len: int | None = None,
        queues: tuple[int, int] | None = None,
        addr_gen_mode: _AddrGenMode | None = None,
        accept_ra: _AcceptRa | None = None,
        autoconf: bool | None = None,
        disable_ipv6: bool | None = None,
        mac_conflict_timeout: _Seconds = 0.0,
        probe: _Probe | None = None,
        announce: _Announce | None = None,
        rate: _Rate | None = None,
        gateway_metric: int | None = None,
        allmulticast: bool | None = None,
    ) -> Self: ...
    PROTOCOL: Final[int]
    RULE_PRIORITY: Final[int]
    def replace(self, **changes: Unpack[_EndpointChanges]) -> Endpoint:
        """Makes a copy with other values for these arguments.

        New options replace the mode as well.
        """
    def __replace__(self, **changes: Unpack[_EndpointChanges]) -> Endpoint: ...
    def plan(self) -> str:
        """Returns the steps of an attach as the equivalent `ip` commands."""
    @property
    def name(self) -> str:
        """Returns the name in the container."""
    @property
    def parent(self) -> str | int | Parent:
        """Returns the parent on the host.

        It is a name, an index, or a Parent if these are not sufficient.
        """
    @property
    def kind(self) -> EndpointKind:
        """Returns the kind of link."""
    @property
    def mode(self) -> Mode | None:
        """Returns the mode of a macvlan or macvtap; None for a VLAN."""
    @property
    def options(self) -> MacvlanOptions | VlanOptions:
        """Returns the options of the kind, as a MacvlanOptions or a VlanOptions."""
    @property
    def mac(self) -> MacAddr | None:
        """Returns the MAC address, if it was set."""
    @property
    def mtu(self) -> int | None:
        """Returns the MTU in bytes, if it was set."""
    @property
    def addresses(self) -> _Interfaces:
        """Returns the addresses, as ipaddress.IPv4Interface and Address6."""
    @property
    def gateways(self) -> tuple[_IpAddress, ...]:
        """Returns the gateways of the default routes."""
    @property
    def routes(self) -> tuple[Route, ...]:
        """Returns the routes, without the gateways' default routes."""
    @property
    def on_link_gateways(self) -> bool:
        """Returns whether gateways outside all subnets are assumed to be on the link."""
    @property
    def gateway_metric(self) -> int | None:
        """Returns the metric of the gateways' default routes, if it was set."""
    @property
    def allmulticast(self) -> bool | None:
        """Returns whether the link receives all multicast frames, if it was set."""
    @property
    def promisc(self) -> bool:
        """Returns whether the link is promiscuous."""
    @property
    def lo_up(self) -> bool:
        """Returns whether the container's lo is set up."""
    @property
    def replace_default_route(self) -> bool:
        """Returns whether the container's default routes are replaced."""
    @property
    def source_routing(self) -> int | None:
        """Returns the table of the source routing, if it was set."""
    @property
    def alias(self) -> str | None:
        """Returns the alias, if it was set."""
    @property
    def alternative_names(self) -> tuple[str, ...]:
        """Returns the alternative names."""
    @property
    def group(self) -> int | None:
        """Returns the group, if it was set."""
    @property
    def tx_queue_len(self) -> int | None:
        """Returns the length of the transmit queue in packets, if it was set."""
    @property
    def queues(self) -> tuple[int, int] | None:
        """Returns the number of transmit and receive queues, if they were set."""
    @property
    def addr_gen_mode(self) -> AddrGenMode | None:
        """Returns how the IPv6 link-local address is made, if it was set."""
    @property
    def accept_ra(self) -> AcceptRa | None:
        """Returns whether router advertisements are accepted, if it was set."""
    @property
    def autoconf(self) -> bool | None:
        """Returns whether addresses are configured from advertised prefixes, if it was set."""
    @property
    def disable_ipv6(self) -> bool | None:
        """Returns whether IPv6 is disabled on the link, if it was set."""
    @property
    def mac_conflict_timeout(self) -> float:
        """Returns how long to retry while another link has the MAC address, in seconds."""
    @property
    def probe(self) -> Probe | None:
        """Returns how the addresses are probed, if it was set."""
    @property
    def announce(self) -> Announce | None:
        """Returns how the addresses are announced, if it was set."""
    @property
    def rate(self) -> Rate | None:
        """Returns the rate limit for sent packets, if it was set."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def as_dict(self) -> dict[str, Any]:
        """Returns the values as a dict of plain data.

        These are dict, list, tuple, str, int, float, bool and None. from_dict() makes an equal
        object from it.
        """
    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Endpoint:
        """Makes an object from a dict as as_dict() returns it.

        Optional values may be omitted. Raises InvalidError if a field is unknown, missing or
        invalid; its argument is the name of the field.
        """
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Parent:
    """The link on the host that an endpoint is on, if a name is not sufficient.

    Arguments that are a parent can be its name: "ens33" is a link, and "ens33.100" is the link with
    this name if it exists; otherwise it is VLAN 100 of ens33, which is created for the first
    endpoint and removed with the last one. Parent.vlan() is such a VLAN with another name or
    protocol; Parent.link() is a link that must exist, even if its name is in VLAN notation.
    """

    ON_DEMAND_GROUP: ClassVar[int]
    @staticmethod
    def link(link: _Link) -> Parent:
        """Makes a parent that is an existing link.

        It is given by name, alternative name of up to 127 bytes, or index.
        """
    @staticmethod
    def vlan(
        base: _Parent,
        id: int,
        *,
        protocol: _VlanProtocol = "802.1Q",
        name: str | None = None,
    ) -> Parent:
        """Makes a parent that is VLAN `id` of a base.

        Defaults to the protocol 802.1Q and the name BASE.ID.
        """
    @property
    def id(self) -> str | int:
        """Returns the link's name, alternative name or index."""
    @property
    def base(self) -> str | int | Parent | None:
        """Returns the base of a VLAN that is created on demand; None for an existing link.

        It is a name, an index or a Parent.
        """
    @property
    def vlan_id(self) -> int | None:
        """Returns the id of a VLAN that is created on demand."""
    @property
    def protocol(self) -> VlanProtocol | None:
        """Returns the protocol of a VLAN that is created on demand."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Attachment:
    """An attached endpoint: a container interface as it was set up.

    Its properties are the values that were set, without asking the kernel; refresh() reads the
    current ones. It does not keep the container's namespace in existence. To detach, it finds the
    namespace by the NetNs that was used to attach, as long as that exists, and then opens it again
    in the same way: by pid, pidfd, name or path. A namespace that was opened by a descriptor needs
    that NetNs, or another one set with set_netns().

    Two are equal if all their values are and the namespace is the same. The hash does not change
    with refresh().

    It cannot be pickled or copied. Another process finds it with Host.attachments().
    """

    @property
    def name(self) -> str:
        """Returns the link's name in the container."""
    @property
    def kind(self) -> EndpointKind:
        """Returns the kind of link: macvlan, macvtap or vlan."""
    @property
    def index(self) -> int:
        """Returns the link's index in the container."""
    @property
    def mac(self) -> MacAddr:
        """Returns the link's MAC address, including one that was chosen at random."""
    @property
    def mtu(self) -> int | None:
        """Returns the link's MTU in bytes; None if it was not set and there was no refresh()."""
    @property
    def parent(self) -> str | int:
        """Returns the parent on the host: its name, or its index."""
    @property
    def parent_index(self) -> int:
        """Returns the parent's index on the host."""
    @property
    def netns(self) -> NetNs:
        """Returns a handle on the container's namespace.

        Raises MacvlanError of the kind NAMESPACE_GONE if the namespace was opened in a way that no
        longer leads to it.
        """
    @property
    def netns_id(self) -> NetNsId:
        """Returns the identity of the container's namespace, as NetNs.id."""
    def set_netns(self, netns: _NetNs) -> None:
        """Sets the NetNs by which the container's namespace is found.

        One on another namespace is refused.
        """
    @property
    def addresses(self) -> _Interfaces:
        """Returns the addresses, as ipaddress.IPv4Interface and Address6."""
    @property
    def routes(self) -> tuple[Route, ...]:
        """Returns the endpoint's routes, including those that lead through other links."""
    @property
    def rules(self) -> tuple[Rule, ...]:
        """Returns the policy rules of source_routing."""
    @property
    def tap_path(self) -> Path | None:
        """Returns the device file of a macvtap; None for other kinds.

        It is /dev/tapN with the link's index.
        """
    def open_tap(self) -> FileIO:
        """Opens the device file of a macvtap for reading and writing.

        QEMU's `-netdev tap,fd=` takes the file's fileno(). Each call adds a queue.
        """
    def announce(self, announce: _Announce = "once") -> Announcement:
        """Makes announcements of the addresses: "once", "rfc" or an Announce.

        The caller sends them with Announcement.run() or send(), on any thread.
        """
    def refresh(self) -> None:
        """Reads the current state from the kernel.

        This includes the name, the MAC address, the MTU, addresses, routes and rules.
        """
    def as_dict(self) -> dict[str, Any]:
        """Returns the values as a dict of plain data, with the identity of the namespace."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Handle:
    """The links, addresses and routes of one network namespace.

    It is the calling thread's by default.

    Each method corresponds to a command of `ip`. Links are given by name ("eth0"), index, LinkInfo
    or Attachment. Threads can share a handle.
    """

    def __new__(cls, netns: _NetNs | None = None) -> Self: ...
    @property
    def netns(self) -> NetNs:
        """Returns the namespace of the handle."""
    def add_link(
        self,
        name: str,
        *,
        kind: _LinkKind | None = None,
        parent: _Link | None = None,
        mode: _Mode | None = None,
        options: MacvlanOptions | VlanOptions | None = None,
        peer: str | None = None,
        peer_netns: _NetNs | None = None,
        netns: _NetNs | None = None,
        index: int | None = None,
        mac: _Mac | None = None,
        mtu: int | None = None,
        up: bool = False,
        promisc: bool = False,
        group: int | None = None,
        tx_queue_len: int | None = None,
        queues: tuple[int, int] | None = None,
    ) -> None:
        """Creates a link, like `ip link add`.

        The kind is "macvlan", "macvtap", "vlan", "veth", "dummy" or "bridge".

        Mode and options are those of Endpoint. kind defaults to the kind of the options. peer is
        the name of a veth's peer, and peer_netns the peer's namespace; netns is the namespace in
        which the link is created. The parent is in the handle's namespace in either case.
        """
    def delete_link(self, link: _Link) -> None:
        """Deletes a link, like `ip link delete`.

        Returns when the kernel has finished, after about 16 ms.
        """
    def link(self, link: _Link) -> LinkInfo:
        """Returns a link, like `ip -d link show dev`."""
    def links(
        self, *, kind: _LinkKind | None = None, controller: _Link | None = None
    ) -> list[LinkInfo]:
        """Returns links, like `ip -d link show [type KIND] [master LINK]`.

        These are all, or those of a kind or in a bridge, bond or VRF. All are returned if the
        kernel does not know the kind.
        """
    def set_up(self, link: _Link) -> None:
        """Sets a link up, like `ip link set dev LINK up`."""
    def set_down(self, link: _Link) -> None:
        """Sets a link down, like `ip link set dev LINK down`.

        The kernel takes about 14 ms for it.
        """
    def rename(self, link: _Link, name: str) -> None:
        """Renames a link, like `ip link set dev LINK name NAME`.

        Kernels before 6.0 refuse it while the link is up.
        """
    def set_mac(self, link: _Link, mac: _Mac) -> None:
        """Sets a link's MAC address, like `ip link set dev LINK address MAC`."""
    def set_mtu(self, link: _Link, mtu: int) -> None:
        """Sets a link's MTU in bytes, like `ip link set dev LINK mtu BYTES`."""
    def set_promisc(self, link: _Link, on: bool) -> None:
        """Sets a link's promisc flag, like `ip link set dev LINK promisc on|off`.

        The flag has no owners; see hold_promisc().
        """
    def set_allmulticast(self, link: _Link, on: bool) -> None:
        """Sets a link's allmulti flag, like `ip link set dev LINK allmulticast on|off`."""
    def set_alias(self, link: _Link, alias: str) -> None:
        """Sets a link's alias, like `ip link set dev LINK alias TEXT`.

        An empty text removes it.
        """
    def set_group(self, link: _Link, group: int) -> None:
        """Sets a link's group, like `ip link set dev LINK group NUMBER`."""
    def set_tx_queue_len(self, link: _Link, packets: int) -> None:
        """Sets the length of a link's transmit queue in packets.

        Like `ip link set dev LINK txqueuelen PACKETS`.
        """
    def set_addr_gen_mode(self, link: _Link, mode: _AddrGenMode) -> None:
        """Sets how a link's IPv6 link-local address is made.

        Like `ip link set dev LINK addrgenmode MODE`. It applies when the link next comes up.
        """
    def add_alternative_name(self, link: _Link, name: str) -> None:
        """Adds an alternative name of up to 127 bytes to a link.

        Like `ip link property add dev LINK altname NAME`.
        """
    def delete_alternative_name(self, link: _Link, name: str) -> None:
        """Deletes an alternative name of a link.

        Like `ip link property delete dev LINK altname NAME`.
        """
    def set_macvlan(
        self,
        link: _Link,
        *,
        mode: _Mode | None = None,
        nopromisc: bool | None = None,
        nodst: bool | None = None,
        bc_queue_len: int | None = None,
        bc_cutoff: int | None = None,
        source_macs: Iterable[_Mac] | None = None,
        add_source_mac: _Mac | None = None,
        delete_source_mac: _Mac | None = None,
    ) -> None:
        """Changes the given options of a macvlan or macvtap.

        Like `ip link set dev LINK type macvlan …`.

        The kernel sets the flags nopromisc and nodst together: if only one is given, the other is
        cleared. source_macs replaces the whole list, () empties it; add_source_mac and
        delete_source_mac change one entry.
        """
    def set_vlan(
        self,
        link: _Link,
        *,
        reorder_hdr: bool | None = None,
        gvrp: bool | None = None,
        mvrp: bool | None = None,
        loose_binding: bool | None = None,
        bridge_binding: bool | None = None,
        ingress_qos: _Map = (),
        egress_qos: _Map = (),
    ) -> None:
        """Changes the given flags of a VLAN and adds entries to its QoS maps.

        Like `ip link set dev LINK type vlan …`. Id and protocol cannot be changed.
        """
    def hold_promisc(self, link: _Link) -> PromiscGuard:
        """Holds a link promiscuous until the guard is closed or the process ends.

        The kernel counts the holders, so others are not affected.
        """
    def move_link(self, link: _Link, to: _NetNs, *, name: str | None = None) -> None:
        """Moves a link to another namespace, like `ip link set dev LINK netns … [name NAME]`.

        It loses its addresses and routes and is down afterwards, and the kernel takes about 16 ms
        for it; add_link(…, netns=…) creates it there in a hundredth of that.
        """
    def add_address(self, link: _Link, address: _Interface) -> None:
        """Adds an address to a link, like `ip address add … dev LINK`."""
    def replace_address(self, link: _Link, address: _Interface) -> None:
        """Adds an address to a link or updates an existing one.

        Like `ip address replace … dev LINK`.
        """
    def delete_address(self, link: _Link, address: _Interface) -> None:
        """Deletes an address from a link, like `ip address delete … dev LINK`."""
    def is_local(self, address: _Ip) -> bool:
        """Returns whether an address is local, which means that a link of the namespace has it.

        The kernel then answers "local" to `ip route get ADDRESS`.
        """
    def addresses(
        self, link: _Link | None = None, *, family: _Family | None = None
    ) -> list[AddressInfo]:
        """Returns addresses, like `ip [-4|-6] address show [dev LINK]`; family is 4 or 6."""
    def neighbours(
        self, link: _Link | None = None, *, family: _Family | None = None
    ) -> list[NeighbourInfo]:
        """Returns neighbour entries, like `ip [-4|-6] neighbour show [dev LINK]`."""
    def add_route(self, route: Route | str) -> None:
        """Adds a route, a Route or its text, like `ip route add`."""
    def replace_route(self, route: Route | str) -> None:
        """Adds or replaces a route, like `ip route replace`.

        It replaces the one to the same destination with the same metric in the same table.
        """
    def delete_route(self, route: Route | str) -> None:
        """Deletes the first route that matches, like `ip route delete`."""
    def routes(
        self,
        link: _Link | None = None,
        *,
        family: _Family | None = None,
        table: int | None = None,
        kind: _RouteKind | None = None,
        protocol: int | None = None,
    ) -> list[RouteInfo]:
        """Returns routes, like `ip [-4|-6] route show table all`.

        These are all, or those of a table, link, type or routing protocol (2 kernel, 3 boot, 4
        static). The local and broadcast routes that the kernel adds for each address are left out.
        """
    def add_rule(self, rule: Rule | str) -> None:
        """Adds a policy rule, a Rule or its text, like `ip rule add`."""
    def delete_rule(self, rule: Rule | str) -> None:
        """Deletes the first policy rule that matches, like `ip rule delete`."""
    def rules(self) -> list[Rule]:
        """Returns the policy rules of both families that select a table, like `ip rule show`."""
    def watch(self) -> Watch:
        """Watches links, addresses and routes from now on, like `ip monitor`.

        Returns a Watch.
        """
    def close(self) -> None:
        """Closes the file descriptors."""
    @property
    def closed(self) -> bool:
        """Returns whether it is closed."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class Watch:
    """The events of one namespace, since Handle.watch() opened it.

    As an iterator it waits for each event and never ends; next_within() waits for a limited time.
    `async for` waits in the running asyncio loop. For other loops, fileno() becomes readable; then
    call next_within(0) until it returns None. Only one caller can wait at a time; a second one gets
    a RuntimeError.
    """

    def next_within(self, timeout: _Seconds) -> Event | None:
        """Waits for the next event and returns it, or None after this time.

        It is in seconds or a timedelta.
        """
    def fileno(self) -> int:
        """Returns the file descriptor, which becomes readable when there may be an event."""
    def _closing(self) -> int: ...
    def close(self) -> None:
        """Stops watching.

        A wait in another thread or task ends with a ValueError.
        """
    @property
    def closed(self) -> bool:
        """Returns whether it is closed."""
    def __iter__(self) -> Self: ...
    def __next__(self) -> Event: ...
    def __aiter__(self) -> Self: ...
    def __anext__(self) -> Coroutine[Any, Any, Event]: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class PromiscGuard:
    """Holds a link promiscuous until it is closed or collected, or its process ends.

    The kernel counts the holders.
    """

    def fileno(self) -> int:
        """Returns the file descriptor, which stays the guard's."""
    def close(self) -> None:
        """Releases the link."""
    @property
    def closed(self) -> bool:
        """Returns whether it is closed."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

class _MacvlanOptionsChanges(TypedDict, total=False):
    mode: _Mode
    nopromisc: bool
    nodst: bool
    source_macs: Iterable[_Mac]
    bc_queue_len: int | None
    bc_cutoff: int | None

@final
class MacvlanOptions:
    """The options of a macvlan or macvtap.

    They are a value, for Endpoint(options=…) and Handle.add_link(), and from LinkInfo.

    mode: the macvlan mode. Defaults to "bridge".
    nopromisc: whether mode passthru leaves the parent as promiscuous as it is. Defaults to False.
    nodst: whether mode source checks only the source address. Defaults to False.
    source_macs: the MAC addresses from which frames are accepted in mode source.
    bc_queue_len: the length of the broadcast queue in frames. Defaults to the kernel's, 1000.
    bc_cutoff: the broadcast cutoff (`bclim`), of which the kernel has one value for each parent.
    """

    def __new__(
        cls,
        mode: _Mode = "bridge",
        *,
        nopromisc: bool = False,
        nodst: bool = False,
        source_macs: Iterable[_Mac] = (),
        bc_queue_len: int | None = None,
        bc_cutoff: int | None = None,
    ) -> Self: ...
    def replace(self, **changes: Unpack[_MacvlanOptionsChanges]) -> MacvlanOptions:
        """Makes a copy with other values for these arguments."""
    def __replace__(self, **changes: Unpack[_MacvlanOptionsChanges]) -> MacvlanOptions: ...
    @property
    def mode(self) -> Mode:
        """Returns the macvlan mode."""
    @property
    def nopromisc(self) -> bool:
        """Returns whether mode passthru leaves the parent as promiscuous as it is."""
    @property
    def nodst(self) -> bool:
        """Returns whether mode source checks only the source address."""
    @property
    def source_macs(self) -> tuple[MacAddr, ...]:
        """Returns the MAC addresses from which frames are accepted in mode source."""
    @property
    def bc_queue_len(self) -> int | None:
        """Returns the length of the broadcast queue in frames that this link requests."""
    @property
    def bc_cutoff(self) -> int | None:
        """Returns the broadcast cutoff (`bclim`).

        The kernel has one value for each parent.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def as_dict(self) -> dict[str, Any]:
        """Returns the values as a dict of plain data.

        These are dict, list, tuple, str, int, float, bool and None. from_dict() makes an equal
        object from it.
        """
    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> MacvlanOptions:
        """Makes an object from a dict as as_dict() returns it.

        Optional values may be omitted. Raises InvalidError if a field is unknown, missing or
        invalid; its argument is the name of the field.
        """
    def __reduce__(self) -> tuple[Any, ...]: ...

class _VlanOptionsChanges(TypedDict, total=False):
    id: int | str
    protocol: _VlanProtocol
    reorder_hdr: bool | None
    gvrp: bool | None
    mvrp: bool | None
    loose_binding: bool | None
    bridge_binding: bool | None
    ingress_qos: _Map
    egress_qos: _Map

@final
class VlanOptions:
    """The options of a VLAN.

    They are a value, for Endpoint(options=…) and Handle.add_link(), and from LinkInfo.

    id: from 1 to 4094, also as text; "priority-tags" stands for 0: frames with a priority but no
        VLAN.
    protocol: the tag's protocol. Defaults to 802.1Q.
    reorder_hdr, gvrp, mvrp, loose_binding, bridge_binding: as in ip-link(8). By default the kernel
        chooses them. Each is known for an existing link.
    ingress_qos: the priority in the kernel for each received tag's priority.
    egress_qos: the sent tag's priority for each priority in the kernel.
    """

    def __new__(
        cls,
        id: int | str,
        *,
        protocol: _VlanProtocol = "802.1Q",
        reorder_hdr: bool | None = None,
        gvrp: bool | None = None,
        mvrp: bool | None = None,
        loose_binding: bool | None = None,
        bridge_binding: bool | None = None,
        ingress_qos: _Map = (),
        egress_qos: _Map = (),
    ) -> Self: ...
    def replace(self, **changes: Unpack[_VlanOptionsChanges]) -> VlanOptions:
        """Makes a copy with other values for these arguments."""
    def __replace__(self, **changes: Unpack[_VlanOptionsChanges]) -> VlanOptions: ...
    @property
    def id(self) -> int:
        """Returns the id; 0 for priority tags."""
    @property
    def protocol(self) -> VlanProtocol:
        """Returns the tag's protocol."""
    @property
    def reorder_hdr(self) -> bool | None:
        """Returns whether the tag is removed from received frames."""
    @property
    def gvrp(self) -> bool | None:
        """Returns whether the VLAN is registered with the switch by GVRP."""
    @property
    def mvrp(self) -> bool | None:
        """Returns whether the VLAN is registered with the switch by MVRP."""
    @property
    def loose_binding(self) -> bool | None:
        """Returns whether the link stays up when its parent goes down."""
    @property
    def bridge_binding(self) -> bool | None:
        """Returns whether the link's state follows the bridge ports in this VLAN."""
    @property
    def ingress_qos(self) -> dict[int, int]:
        """Returns the priority in the kernel for each received tag's priority."""
    @property
    def egress_qos(self) -> dict[int, int]:
        """Returns the sent tag's priority for each priority in the kernel."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]: ...
    def as_dict(self) -> dict[str, Any]:
        """Returns the values as a dict of plain data.

        These are dict, list, tuple, str, int, float, bool and None. from_dict() makes an equal
        object from it.
        """
    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> VlanOptions:
        """Makes an object from a dict as as_dict() returns it.

        Optional values may be omitted. Raises InvalidError if a field is unknown, missing or
        invalid; its argument is the name of the field.
        """
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Route:
    """A route, as in `ip route`.

    destination: a subnet, or "default", whose family is the gateway's, and IPv4 without one. An
        IPv4 destination may have an IPv6 gateway; the IPv4 default route with one is
        Route("0.0.0.0/0", gateway="fe80::1").
    device: the link through which packets leave. Defaults to the endpoint's in an endpoint's
        routes.
    metric, table, source, mtu (bytes), advmss (bytes), scope: as in ip-route(8).
    protocol: the number of the routing protocol, the route's origin. Defaults to 3 (boot). A route
        that is to be deleted must have it.
    on_link: whether the gateway is assumed to be on the link, whatever the addresses are.
    kind: "unicast", "blackhole", "unreachable" or "prohibit".

    Route.parse() reads the format of `ip route`, and str() returns it.
    """

    def __new__(
        cls,
        destination: _Net,
        *,
        gateway: _Ip | None = None,
        device: _Link | None = None,
        metric: int | None = None,
        table: int | None = None,
        source: _Ip | None = None,
        scope: _Scope | int | None = None,
        mtu: int | None = None,
        advmss: int | None = None,
        on_link: bool = False,
        kind: _RouteKind = "unicast",
        protocol: int | None = None,
    ) -> Self: ...
    @staticmethod
    def parse(text: str) -> Route:
        """Parses a route in the format of `ip route`: "default via 10.0.0.1 metric 100"."""
    @property
    def destination(self) -> _IpNetwork:
        """Returns the destination."""
    @property
    def is_default(self) -> bool:
        """Returns whether it is a default route."""
    @property
    def gateway(self) -> _IpAddress | None:
        """Returns the gateway."""
    @property
    def device(self) -> str | int | None:
        """Returns the link through which packets leave: a name, or an index."""
    @property
    def metric(self) -> int | None:
        """Returns the metric."""
    @property
    def table(self) -> int:
        """Returns the routing table; 254 (main) by default."""
    @property
    def source(self) -> _IpAddress | None:
        """Returns the preferred source address."""
    @property
    def scope(self) -> Scope | int | None:
        """Returns the scope; a number if it has no name."""
    @property
    def mtu(self) -> int | None:
        """Returns the path MTU in bytes."""
    @property
    def advmss(self) -> int | None:
        """Returns the advertised maximum segment size in bytes."""
    @property
    def on_link(self) -> bool:
        """Returns whether the gateway is assumed to be on the link."""
    @property
    def protocol(self) -> int | None:
        """Returns the number of the routing protocol, if it was set."""
    @property
    def kind(self) -> RouteKind:
        """Returns the type of the route."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]: ...

@final
class Rule:
    """A policy rule, which selects a routing table for matching packets, as in `ip rule`.

    from_, to: the subnet, or address, of the packets' source and destination.
    priority: rules with smaller numbers come first. By default the kernel chooses it.
    ipv6: whether it matches IPv6 packets instead of IPv4, if neither from_ nor to is given.
        Defaults to False.

    Rule.parse() reads the format of `ip rule`, and str() returns it.
    """

    def __new__(
        cls,
        table: int,
        *,
        from_: _Net | None = None,
        to: _Net | None = None,
        priority: int | None = None,
        ipv6: bool = False,
    ) -> Self: ...
    @staticmethod
    def parse(text: str) -> Rule:
        """Parses a rule in the format of `ip rule`: "from 10.0.0.2/32 table 100"."""
    @property
    def table(self) -> int:
        """Returns the routing table."""
    @property
    def from_(self) -> _IpNetwork | None:
        """Returns the subnet of the packets' source."""
    @property
    def to(self) -> _IpNetwork | None:
        """Returns the subnet of the packets' destination."""
    @property
    def priority(self) -> int | None:
        """Returns the priority."""
    @property
    def ipv6(self) -> bool:
        """Returns whether it is for IPv6."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]: ...

@final
class LinkInfo:
    """A link as reported by the kernel."""

    @property
    def index(self) -> int:
        """Returns the index in the link's namespace."""
    @property
    def name(self) -> str:
        """Returns the name."""
    @property
    def kind(self) -> str | None:
        """Returns the kernel's name for the kind of link, such as "vlan".

        None for hardware and lo.
        """
    @property
    def macvlan(self) -> MacvlanOptions | None:
        """Returns the options of a macvlan or macvtap; None for other kinds."""
    @property
    def vlan(self) -> VlanOptions | None:
        """Returns the options of a VLAN, with every flag; None for other kinds."""
    @property
    def parent(self) -> int | None:
        """Returns the index of the link below.

        It is the parent of a macvlan or VLAN, or the peer of a veth. It is an index in another
        namespace if parent_netns is given.
        """
    @property
    def parent_netns(self) -> int | None:
        """Returns the id of the namespace of the link below; None if it is the same.

        The id is the number that this namespace has for it.
        """
    @property
    def controller(self) -> int | None:
        """Returns the index of the bridge, bond or VRF of which it is a port."""
    @property
    def mac(self) -> MacAddr | None:
        """Returns the MAC address; None if there is none, as for lo."""
    @property
    def mtu(self) -> int:
        """Returns the MTU in bytes."""
    @property
    def min_mtu(self) -> int:
        """Returns the minimum MTU in bytes."""
    @property
    def max_mtu(self) -> int:
        """Returns the driver's maximum MTU in bytes, 0 for none."""
    @property
    def flags(self) -> int:
        """Returns the flags, the kernel's IFF_… bits."""
    @property
    def is_up(self) -> bool:
        """Returns whether the link is set up (administratively; see also state)."""
    @property
    def is_promisc(self) -> bool:
        """Returns whether the promisc flag is set.

        A link can be promiscuous without it.
        """
    @property
    def is_allmulticast(self) -> bool:
        """Returns whether the allmulti flag is set."""
    @property
    def is_loopback(self) -> bool:
        """Returns whether the link is lo."""
    @property
    def state(self) -> LinkState:
        """Returns the operational state (RFC 2863), which the kernel updates asynchronously."""
    @property
    def carrier(self) -> bool | None:
        """Returns whether there is a carrier; None if the kernel does not report it."""
    @property
    def promiscuity(self) -> int:
        """Returns the promiscuity reference count; 0 if the link is not promiscuous."""
    @property
    def allmulticast_count(self) -> int | None:
        """Returns the allmulticast reference count; None before Linux 6.0."""
    @property
    def alternative_names(self) -> tuple[str, ...]:
        """Returns the alternative names."""
    @property
    def alias(self) -> str | None:
        """Returns the alias, if there is one."""
    @property
    def group(self) -> int:
        """Returns the link group."""
    @property
    def tx_queue_len(self) -> int:
        """Returns the length of the transmit queue in packets."""
    @property
    def queues(self) -> tuple[int, int]:
        """Returns the number of transmit and receive queues."""
    @property
    def qdisc(self) -> str | None:
        """Returns the root queueing discipline."""
    @property
    def addr_gen_mode(self) -> AddrGenMode | None:
        """Returns how the IPv6 link-local address is made; None without IPv6."""
    @property
    def accept_ra(self) -> AcceptRa | None:
        """Returns whether router advertisements are accepted; None without IPv6."""
    @property
    def autoconf(self) -> bool | None:
        """Returns whether addresses are configured from advertised prefixes; None without IPv6."""
    @property
    def disable_ipv6(self) -> bool | None:
        """Returns whether IPv6 is disabled on the link; None if the kernel has no IPv6."""
    @property
    def offloads(self) -> Offloads:
        """Returns the limits of segmentation and receive offloads."""
    @property
    def statistics(self) -> LinkStatistics:
        """Returns the traffic counters."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def as_dict(self) -> dict[str, Any]:
        """Returns the values as a dict of plain data.

        These are dict, list, tuple, str, int, float, bool and None. from_dict() makes an equal
        object from it.
        """
    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> LinkInfo:
        """Makes an object from a dict as as_dict() returns it.

        Optional values may be omitted, and unknown fields are ignored. Raises InvalidError if a
        field is missing or invalid; its argument is the name of the field.
        """
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Offloads:
    """Limits of segmentation and receive offloads of a link, in bytes and segments.

    They are None if the kernel does not report them.
    """

    @property
    def gso_max_size(self) -> int | None:
        """Returns the generic segmentation limit of a packet in bytes."""
    @property
    def gso_max_segs(self) -> int | None:
        """Returns the generic segmentation limit in segments."""
    @property
    def gso_ipv4_max_size(self) -> int | None:
        """Returns the IPv4 generic segmentation limit in bytes (Linux 6.3)."""
    @property
    def tso_max_size(self) -> int | None:
        """Returns the hardware segmentation limit of a packet in bytes (Linux 5.19)."""
    @property
    def tso_max_segs(self) -> int | None:
        """Returns the hardware segmentation limit in segments (Linux 5.19)."""
    @property
    def gro_max_size(self) -> int | None:
        """Returns the generic receive limit of a packet in bytes (Linux 5.19)."""
    @property
    def gro_ipv4_max_size(self) -> int | None:
        """Returns the IPv4 generic receive limit in bytes (Linux 6.3)."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def as_dict(self) -> dict[str, Any]:
        """Returns the values as a dict of plain data.

        These are dict, list, tuple, str, int, float, bool and None. from_dict() makes an equal
        object from it.
        """
    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Offloads:
        """Makes an object from a dict as as_dict() returns it.

        Optional values may be omitted, and unknown fields are ignored. Raises InvalidError if a
        field is missing or invalid; its argument is the name of the field.
        """
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class LinkStatistics:
    """Traffic counters of a link since its creation."""

    @property
    def rx_packets(self) -> int:
        """Returns the number of packets received."""
    @property
    def tx_packets(self) -> int:
        """Returns the number of packets sent."""
    @property
    def rx_bytes(self) -> int:
        """Returns the number of bytes received."""
    @property
    def tx_bytes(self) -> int:
        """Returns the number of bytes sent."""
    @property
    def rx_errors(self) -> int:
        """Returns the number of bad packets received."""
    @property
    def tx_errors(self) -> int:
        """Returns the number of packets that could not be sent."""
    @property
    def rx_dropped(self) -> int:
        """Returns the number of packets received and dropped."""
    @property
    def tx_dropped(self) -> int:
        """Returns the number of packets dropped while sending."""
    @property
    def multicast(self) -> int:
        """Returns the number of multicast packets received."""
    @property
    def collisions(self) -> int:
        """Returns the number of collisions."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def as_dict(self) -> dict[str, Any]:
        """Returns the values as a dict of plain data.

        These are dict, list, tuple, str, int, float, bool and None. from_dict() makes an equal
        object from it.
        """
    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> LinkStatistics:
        """Makes an object from a dict as as_dict() returns it.

        Optional values may be omitted, and unknown fields are ignored. Raises InvalidError if a
        field is missing or invalid; its argument is the name of the field.
        """
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class AddressInfo:
    """An address as reported by the kernel."""

    @property
    def address(self) -> ipaddress.IPv4Interface | Address6:
        """Returns the address with its prefix length."""
    @property
    def link(self) -> int:
        """Returns the index of its link."""
    @property
    def scope(self) -> Scope | int:
        """Returns the scope."""
    @property
    def label(self) -> str | None:
        """Returns the label, IPv4 only."""
    @property
    def broadcast(self) -> ipaddress.IPv4Address | None:
        """Returns the broadcast address, IPv4 only."""
    @property
    def flags(self) -> int:
        """Returns the kernel's IFA_F_… bits."""
    @property
    def protocol(self) -> int | None:
        """Returns the origin (IFA_PROTO).

        It is 1 for the kernel on lo, 2 for a router advertisement, 3 for a link-local address by
        the kernel; None if it was not set, and before Linux 5.18.
        """
    @property
    def is_tentative(self) -> bool:
        """Returns whether the kernel is still checking the address for duplicates (tentative)."""
    @property
    def is_duplicate(self) -> bool:
        """Returns whether the kernel has found that another host has the address."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def as_dict(self) -> dict[str, Any]:
        """Returns the values as a dict of plain data.

        These are dict, list, tuple, str, int, float, bool and None. from_dict() makes an equal
        object from it.
        """
    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> AddressInfo:
        """Makes an object from a dict as as_dict() returns it.

        Optional values may be omitted, and unknown fields are ignored. Raises InvalidError if a
        field is missing or invalid; its argument is the name of the field.
        """
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class RouteInfo:
    """A route as reported by the kernel."""

    @property
    def route(self) -> Route:
        """Returns the route; its device is an index."""
    @property
    def link_name(self) -> str | None:
        """Returns the name of the link when the route was listed.

        It is None in events, in which the kernel reports the index alone.
        """
    @property
    def protocol(self) -> int:
        """Returns the routing protocol, the route's origin.

        It is 2 for the kernel, 3 for boot (and `ip`), 4 for static; see rtnetlink(7).
        """
    @property
    def next_hops(self) -> tuple[NextHop, ...]:
        """Returns the next hops of a multipath route."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def as_dict(self) -> dict[str, Any]:
        """Returns the values as a dict of plain data.

        These are dict, list, tuple, str, int, float, bool and None. from_dict() makes an equal
        object from it.
        """
    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> RouteInfo:
        """Makes an object from a dict as as_dict() returns it.

        Optional values may be omitted, and unknown fields are ignored. Raises InvalidError if a
        field is missing or invalid; its argument is the name of the field.
        """
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class NextHop:
    """One of the next hops of a multipath route."""

    @property
    def link(self) -> int:
        """Returns the link's index."""
    @property
    def link_name(self) -> str | None:
        """Returns the link's name, as in RouteInfo."""
    @property
    def gateway(self) -> _IpAddress | None:
        """Returns the gateway, if there is one."""
    @property
    def weight(self) -> int:
        """Returns the weight, 1 to 256."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def as_dict(self) -> dict[str, Any]:
        """Returns the values as a dict of plain data.

        These are dict, list, tuple, str, int, float, bool and None. from_dict() makes an equal
        object from it.
        """
    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> NextHop:
        """Makes an object from a dict as as_dict() returns it.

        Optional values may be omitted, and unknown fields are ignored. Raises InvalidError if a
        field is missing or invalid; its argument is the name of the field.
        """
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class NeighbourInfo:
    """A neighbour entry, of ARP for IPv4 and of neighbour discovery for IPv6."""

    @property
    def ip(self) -> _IpAddress:
        """Returns the neighbour's address."""
    @property
    def mac(self) -> MacAddr | None:
        """Returns the neighbour's MAC address; None during its resolution."""
    @property
    def link(self) -> int:
        """Returns the index of the link."""
    @property
    def state(self) -> NeighbourState:
        """Returns the state of the entry (RFC 4861)."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def as_dict(self) -> dict[str, Any]:
        """Returns the values as a dict of plain data.

        These are dict, list, tuple, str, int, float, bool and None. from_dict() makes an equal
        object from it.
        """
    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> NeighbourInfo:
        """Makes an object from a dict as as_dict() returns it.

        Optional values may be omitted, and unknown fields are ignored. Raises InvalidError if a
        field is missing or invalid; its argument is the name of the field.
        """
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Probe:
    """The settings of probes of addresses before their use.

    These are ARP probes (RFC 5227) for IPv4, and the kernel's duplicate address detection (RFC
    4862) for IPv6, whose result is awaited. Times are in seconds or timedeltas.

    count: the number of requests for each address, at least 1.
    start: the maximum random delay before the first request.
    interval: the minimum time between requests.
    jitter: the maximum random addition to that time.
    wait: how long to wait for an answer to the last request.
    deadline: how long to wait for the kernel's duplicate address detection.

    The defaults are those of RFC 5227, 4 to 7 seconds in total. Probe.quick() takes a quarter of a
    second.
    """

    def __new__(
        cls,
        count: int = 3,
        *,
        start: _Seconds = 1.0,
        interval: _Seconds = 1.0,
        jitter: _Seconds = 1.0,
        wait: _Seconds = 2.0,
        deadline: _Seconds = 5.0,
    ) -> Self: ...
    @staticmethod
    def rfc() -> Probe:
        """Makes a probe as in RFC 5227.

        It takes 4 to 7 seconds, meant for thousands of hosts that start at once.
        """
    @staticmethod
    def quick() -> Probe:
        """Makes a probe of a quarter of a second.

        On a LAN, hosts answer within a few milliseconds.
        """
    @property
    def count(self) -> int:
        """Returns the number of requests for each address."""
    @property
    def start(self) -> float:
        """Returns the maximum random delay before the first request, in seconds."""
    @property
    def interval(self) -> float:
        """Returns the minimum time between requests, in seconds."""
    @property
    def jitter(self) -> float:
        """Returns the maximum random addition to that time, in seconds."""
    @property
    def wait(self) -> float:
        """Returns how long to wait for an answer to the last request, in seconds."""
    @property
    def deadline(self) -> float:
        """Returns how long to wait for the kernel's duplicate address detection, in seconds."""
    @property
    def longest(self) -> float:
        """Returns the maximum duration of a probe of IPv4 addresses, in seconds.

        It is that without an answer.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]: ...

@final
class Announce:
    """The settings of announcements of addresses to the neighbours.

    They are sent as gratuitous ARP and unsolicited neighbour advertisements. A neighbour that has
    an entry for a previous holder of the address then updates it at once.

    count: the number of announcements, at least 1.
    interval: the time between announcements, in seconds or as a timedelta.
    blocking: whether attach waits until all are sent. Otherwise it sends only the first one, and
        Attachment.announce(…).run() sends the others.
    """

    def __new__(
        cls, count: int = 1, *, interval: _Seconds = 2.0, blocking: bool = False
    ) -> Self: ...
    @staticmethod
    def once() -> Announce:
        """Makes announcements that are sent once.

        The kernel sends them when it starts to use the address, at almost no cost.
        """
    @staticmethod
    def rfc() -> Announce:
        """Makes announcements as in RFC 5227: two, two seconds apart."""
    @property
    def count(self) -> int:
        """Returns the number of announcements."""
    @property
    def interval(self) -> float:
        """Returns the time between announcements in seconds."""
    @property
    def blocking(self) -> bool:
        """Returns whether attach waits until all announcements are sent."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]: ...

@final
class Announcement:
    """Announcements of an attachment's addresses, to be sent by the caller.

    From Attachment.announce(). It holds a socket until it is closed.
    """

    def run(self) -> int:
        """Sends all announcements and returns the number of frames sent, after the last one.

        Ctrl-C ends it.
        """
    def send(self) -> int:
        """Announces each address once, now, and returns the number of frames sent.

        Skips addresses that the link no longer has or that the kernel is still checking.
        """
    def close(self) -> None:
        """Closes the socket."""
    @property
    def closed(self) -> bool:
        """Returns whether it is closed."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class Rate:
    """A rate limit for sent packets, enforced by the kernel's token bucket filter (tbf).

    rate: in the format of `tc`, "10mbit", "512kbit", "1gbit", "9600bit", or bits per second as an
        int. str() returns the text.
    """

    def __new__(cls, rate: _Rate) -> Self: ...
    @property
    def bits_per_second(self) -> int:
        """Returns the rate in bits per second."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __lt__(self, other: Rate, /) -> bool: ...
    def __le__(self, other: Rate, /) -> bool: ...
    def __gt__(self, other: Rate, /) -> bool: ...
    def __ge__(self, other: Rate, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs__(self) -> tuple[str]: ...

@final
class HostAccess:
    """The host's access to the containers on one parent, through a macvlan of its own (a shim).

    From Host.access().

    The host can reach containers in mode bridge that are attached with attach(), and these can
    reach the host at the parent's addresses. The host's link is deleted when the last container is
    detached with detach() or the access is closed, unless it is kept. A with block closes the
    access at its end.
    """

    @property
    def name(self) -> str | None:
        """Returns the last known name of the host's link; None while there is no container."""
    @property
    def index(self) -> int | None:
        """Returns the index of the host's link; None while there is no link."""
    @property
    def routes(self) -> tuple[_IpNetwork, ...]:
        """Returns the destinations that the host reaches through the link."""
    def attach(self, endpoint: Endpoint, netns: _NetNs) -> Attachment:
        """Attaches an endpoint like Host.attach(), and adds routes to its addresses on the host.

        On a failure nothing is changed. The endpoint must be a macvlan or macvtap in mode bridge on
        the same parent.
        """
    def add(self, attachment: Attachment) -> None:
        """Adds routes to the addresses of a container that is already attached."""
    def refresh(self) -> None:
        """Updates the borrowed addresses of the host's link, and restores a deleted link.

        Only reads if there is nothing to do.

        Call it after events of Handle.watch() for addresses of the parent or for the host's link.
        """
    def detach(self, attachment: Attachment) -> Detached:
        """Detaches like Host.detach(), and deletes the host's routes to the container.

        With the last container, this also deletes the host's link, unless it is kept.
        """
    def remove(self, attachment: Attachment) -> None:
        """Deletes the host's routes to a container without a change in the container."""
    def move_addresses(self, deadline: _Seconds) -> PendingMove:
        """Moves the parent's addresses, and the routes through it, to the host's link.

        Host and containers are then ordinary neighbours. On a failure nothing is changed.

        Unless it is confirmed before the deadline, in seconds or as a timedelta, the addresses are
        moved back, so an administrator who is cut off only has to wait. A with block confirms at
        its end, and undoes on an exception. A DHCP client or network manager has to be reconfigured
        separately.
        """
    def move_back(self) -> None:
        """Moves the addresses and routes back to the parent, if they were moved.

        They may have been moved by this process or, for a link that was kept, by another one.
        """
    def close(self) -> None:
        """Deletes the host's link with its routes, unless it is kept.

        Moved addresses are moved back first.
        """
    @property
    def closed(self) -> bool:
        """Returns whether it is closed."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class PendingMove:
    """A move of addresses that is to be confirmed, from HostAccess.move_addresses().

    If it is not confirmed until the deadline, or is collected, the addresses are moved back. A with
    block confirms at its end, and undoes on an exception, unless one of these was done in it.
    """

    def confirm(self) -> None:
        """Confirms the move, so that the addresses stay.

        Raises TimedOut if they were moved back at the deadline.
        """
    def undo(self) -> None:
        """Moves the addresses back now."""
    @property
    def is_pending(self) -> bool:
        """Returns whether the move is neither confirmed nor undone."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class Diagnosis:
    """The result of Host.diagnose().

    Its text, str(), has the findings with their remedies, and the facts, one on each line.
    """

    @property
    def answered(self) -> bool:
        """Returns whether the peer, or the gateway to it, has answered the container."""
    @property
    def findings(self) -> tuple[Finding, ...]:
        """Returns the findings, the most severe first; empty if no problems were found."""
    @property
    def facts(self) -> tuple[str, ...]:
        """Returns the facts, for people: states of links, neighbour entries, frames, VLANs."""
    def has(self, kind: _FindingKind) -> bool:
        """Returns whether there is a finding of this kind."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def as_dict(self) -> dict[str, Any]:
        """Returns the values as a dict of plain data.

        These are dict, list, tuple, str, int, float, bool and None. from_dict() makes an equal
        object from it.
        """
    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Diagnosis:
        """Makes an object from a dict as as_dict() returns it.

        Optional values may be omitted, and unknown fields are ignored. Raises InvalidError if a
        field is missing or invalid; its argument is the name of the field.
        """
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Finding:
    """A problem. str() returns its description."""

    @property
    def kind(self) -> FindingKind:
        """Returns the kind of the finding."""
    @property
    def text(self) -> str:
        """Returns a description of the problem."""
    @property
    def remedy(self) -> str:
        """Returns a remedy for the problem."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def as_dict(self) -> dict[str, Any]:
        """Returns the values as a dict of plain data.

        These are dict, list, tuple, str, int, float, bool and None. from_dict() makes an equal
        object from it.
        """
    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Finding:
        """Makes an object from a dict as as_dict() returns it.

        Optional values may be omitted, and unknown fields are ignored. Raises InvalidError if a
        field is missing or invalid; its argument is the name of the field.
        """
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Keeper:
    """Keeps endpoints attached across the removal of their parent, from Host.keep().

    When the parent returns, they are attached again with the same name, MAC address, addresses and
    routes. A returning parent is identified by its index and MAC address, by its MAC address, or by
    its name, if that is not another card's. The keeper does not react if a link goes down. It does
    not keep namespaces in existence; for a container that has ended there is an event.

    It works while it is asked for its next event: as an iterator, which never ends, or by
    next_within(). `async for` does so in the running asyncio loop. For other loops, fileno()
    becomes readable; then, and after patience() seconds, call next_within(0) until it returns None.
    Only one caller can wait at a time; a second one gets a RuntimeError. The endpoints stay
    attached when it is closed.
    """

    def add(self, endpoint: Endpoint, netns: _NetNs) -> None:
        """Keeps another endpoint attached, like Host.keep()."""
    def release(self, name: str, netns: _NetNs) -> Attachment | None:
        """Stops keeping an endpoint, and returns its attachment, which stays attached.

        None if there is none with this name in this namespace, or its parent is gone.
        """
    def attachments(self) -> list[Attachment]:
        """Returns the current attachments."""
    def next_within(self, timeout: _Seconds) -> KeepEvent | None:
        """Does the pending work, and returns the next event, or None after this time.

        It is in seconds or a timedelta. An endpoint's probe takes additional time.
        """
    def patience(self) -> float | None:
        """Returns the time in seconds after which next_within() has to be called.

        It has to be called then even if fileno() is not readable, because a failed attach is due
        for a retry. None if there is no such limit.
        """
    def fileno(self) -> int:
        """Returns the file descriptor, which becomes readable when there may be work."""
    def _closing(self) -> int: ...
    def close(self) -> None:
        """Stops keeping all endpoints, which stay attached.

        A wait in another thread or task ends with a ValueError, and a running probe is cancelled.
        """
    @property
    def closed(self) -> bool:
        """Returns whether it is closed."""
    def __iter__(self) -> Self: ...
    def __next__(self) -> KeepEvent: ...
    def __aiter__(self) -> Self: ...
    def __anext__(self) -> Coroutine[Any, Any, KeepEvent]: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class KeepEvent:
    """An event of a Keeper. str() returns a sentence."""

    @property
    def kind(self) -> KeepEventKind:
        """Returns the kind of the event."""
    @property
    def name(self) -> str:
        """Returns the name of the endpoint."""
    @property
    def netns(self) -> NetNs:
        """Opens the container's namespace.

        Raises MacvlanError if the container has ended.
        """
    @property
    def netns_id(self) -> NetNsId:
        """Returns the identity of that namespace, also of one that has ended, as NetNs.id."""
    @property
    def attachment(self) -> Attachment | None:
        """Returns the attachment, if the event has one.

        It is the former one for GONE, the current one for ATTACHED and RENAMED, and None for other
        kinds.
        """
    @property
    def parent(self) -> str | None:
        """Returns the parent's new name for RENAMED; None for other kinds."""
    @property
    def error(self) -> MacvlanError | None:
        """Returns the reason for FAILED and ENDED; None for other kinds.

        It is an exception that is not raised.
        """

@final
class Subnet:
    """A subnet from which a network assigns addresses: a value.

    gateway: the gateway's address; "first" for the subnet's first address, like Docker's; or None:
        no default route, and the first address may be assigned to a container. It is in the subnet,
        or a link-local IPv6 address. Defaults to "first".
    on_link_gateway: whether a gateway outside the subnet is assumed to be on the link (onlink).
        Defaults to False.
    ip_range: the range of the subnet from which addresses are assigned, or a sequence of ranges:
        "10.0.0.64/26", "10.0.0.10-10.0.0.99", or of ipaddress. Defaults to the whole subnet.
    exclude: addresses that are never assigned to a container, as ranges or single ones.
    reserved: addresses that only the container with a name gets: {"printer": "10.0.0.9"}.

    Gateway, ranges and reserved addresses are validated when a network is created.
    """

    def __new__(
        cls,
        subnet: _Subnet | Subnet,
        *,
        gateway: _Ip | None = "first",
        on_link_gateway: bool = False,
        ip_range: _Range | Iterable[_Range] | None = None,
        exclude: _Range | Iterable[_Range] = (),
        reserved: Mapping[str, _Ip] | Iterable[tuple[str, _Ip]] = (),
    ) -> Self: ...
    @property
    def net(self) -> _IpNetwork:
        """Returns the subnet."""
    @property
    def gateway(self) -> _IpAddress | None:
        """Returns the gateway's address; None if there is none."""
    @property
    def on_link_gateway(self) -> bool:
        """Returns whether a gateway outside the subnet is assumed to be on the link."""
    @property
    def ip_range(self) -> _IpNetwork | str | None:
        """Returns the first range from which addresses are assigned; None for the whole subnet.

        A range that is not a subnet is text: "10.0.0.10-10.0.0.99".
        """
    @property
    def ip_ranges(self) -> tuple[_IpNetwork | str, ...]:
        """Returns the ranges from which addresses are assigned; empty for the whole subnet."""
    @property
    def excluded(self) -> tuple[_IpNetwork | str, ...]:
        """Returns the addresses that are never assigned."""
    @property
    def reserved(self) -> dict[str, _IpAddress]:
        """Returns the reserved addresses, by the container's name."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __getnewargs_ex__(self) -> tuple[tuple[Any, ...], dict[str, Any]]: ...

@final
class EtcdStore:
    """A store of networks and leases in etcd, which several hosts use at once.

    Networks() connects to it.

    host: this host's name in the store, which is unique.
    endpoints: the endpoints of etcd, such as http://10.0.0.7:2379; at least one.
    prefix: the prefix of all keys. Defaults to "/macvlan/".
    timeout: the timeout of requests, in seconds or as a timedelta. Defaults to 5 seconds.
    ttl: how long this host counts as alive after its last process with open Networks has ended or
        lost etcd, in seconds or as a timedelta. Defaults to 60 seconds. Afterwards others may
        collect its containers' leases.
    life: by what this host counts as alive when this process has ended. Defaults to "process".
        With "agent" or "declared", a process gets leases only while "macvlan agent" runs on this
        host or the host is declared (Networks.declare_host()). For processes that end at once.
    agent: whether this process is an agent, which keeps this host alive for those with
        life="agent". Defaults to False.
    user, password: the user and the password for an etcd with authentication. The user's role has
        to have read and write permission for all keys with the prefix.
    ca: the certificates of the authorities that may sign etcd's certificate, for endpoints with
        https://: the path of a PEM file, or its bytes. Those of the system are not used.
    cert, key: the certificate of this host for etcd, with its chain, and its key, in the same
        formats.

    Needs a build with etcd: pip install ./python --config-settings=build-args="--features etcd"
    """

    def __new__(
        cls,
        host: str,
        endpoints: Iterable[str],
        *,
        prefix: str = "/macvlan/",
        timeout: _Seconds = 5.0,
        ttl: _Seconds = 60.0,
        life: _Life = "process",
        agent: bool = False,
        user: str | None = None,
        password: str | None = None,
        ca: str | PathLike[str] | bytes | None = None,
        cert: str | PathLike[str] | bytes | None = None,
        key: str | PathLike[str] | bytes | None = None,
    ) -> Self: ...
    @property
    def host(self) -> str:
        """Returns this host's name in the store."""
    @property
    def endpoints(self) -> tuple[str, ...]:
        """Returns the endpoints of etcd."""

@final
class Networks:
    """A session that creates and finds networks.

    host: the Host on which containers are connected.
    store: the store of networks and leases: a local file, which is created if it does not exist and
        many processes can use; or an EtcdStore, which several hosts can use.
    host_name: this host's name in the store, which must not change while it has containers.
        Defaults to its host name. An EtcdStore has a name of its own.
    probe: how addresses are probed for networks with probe=True: a Probe, "quick" or "rfc".
    moved: whether a file that another machine wrote last is accepted and becomes this machine's at
        the next write, because it was moved here permanently or the machine got another machine-id.
        Defaults to False: such a file is refused.
    pending_age: how long a lease may be pending before collect() and reconcile() release it, in
        seconds or as a timedelta. Defaults to ten minutes.

    Open one and keep it; threads can share it. After it is closed, its networks cannot be used any
    more; containers stay connected.
    """

    def __new__(
        cls,
        host: Host,
        store: str | PathLike[str] | EtcdStore,
        *,
        host_name: str | None = None,
        probe: _Probe = "quick",
        moved: bool = False,
        pending_age: _Seconds | None = None,
    ) -> Self: ...
    @property
    def host(self) -> Host:
        """Returns the host on which containers are connected."""
    @property
    def host_name(self) -> str:
        """Returns this host's name in the store."""
    def create(
        self,
        name: str,
        *,
        parent: _Parent | None = None,
        subnets: Iterable[_Subnet | Subnet | Mapping[str, Any]] = (),
        without_addresses: bool = False,
        ipv6: bool = False,
        mode: _Mode = "bridge",
        internal: bool = False,
        mtu: int | None = None,
        routes: Iterable[Route | str] = (),
        metric: int | None = None,
        disable_ipv6: bool | None = None,
        accept_ra: _AcceptRa | None = None,
        leave_ipv6: bool = False,
        allmulticast: bool | None = None,
        order: _Order = "first",
        mac_from: _MacFrom = "address",
        probe: bool = False,
        duplicate_detection: bool = False,
        block_size: int | None = None,
        reservation_ttl: _Seconds = 0.0,
        options: _Texts = (),
        labels: _Texts = (),
    ) -> Network:
        """Creates a network.

        parent: the link on the host that the containers' links are on: "ens33", or "ens33.100",
            which is created for the first container and removed with the last one; or a Parent,
            which can have a VLAN's name and protocol. Without a parent the network is isolated: its
            containers are on a dummy link of its own. Network.warnings reports one that does not
            exist.
        subnets: the subnets; a container gets one address of each family. Defaults to the first of
            Docker's default subnets that is not used by another network or by a link or route of
            this host.
        without_addresses: whether the containers' interfaces have no addresses from the network:
            they get them by DHCP or router advertisements, or have none. The container's own
            sysctls of IPv6 apply. Defaults to False.
        ipv6: whether an IPv6 subnet is chosen if none is given: a /64 of the store's unique local
            addresses. Defaults to False.
        mode: the macvlan mode. Defaults to "bridge".
        internal: whether containers get no default route through the network. Defaults to False.
        mtu: the MTU of the containers' interfaces in bytes. Defaults to the parent's.
        routes: routes that each container gets on its interface, as Route or in the format of `ip
            route`. One with a gateway in a subnet is only for containers with an address in it.
        metric: the metric of the default routes. Defaults to the kernel's.
        disable_ipv6: whether IPv6 is disabled on the containers' interfaces. By default it is if
            the network has no IPv6 subnet and accepts no router advertisements.
        accept_ra: whether the containers' interfaces accept router advertisements. Defaults to
            "never".
        leave_ipv6: whether the container's own sysctls of IPv6 apply, except for those that are set
            here. Defaults to False.
        allmulticast: whether the containers' interfaces receive all multicast frames. By default
            they receive those of the groups that are joined.
        order: the order in which free addresses are assigned. Defaults to "first".
        mac_from: the source of a container's MAC address. Defaults to "address".
        probe: whether an address is probed on the LAN before it is assigned; one that is in use is
            skipped and recorded as conflicting. Takes a quarter of a second. Defaults to False.
        duplicate_detection: whether the kernel checks IPv6 addresses for duplicates on the LAN, for
            one or two seconds. Defaults to False.
        block_size: the number of addresses that a host reserves at a time, if several hosts use one
            store. By default all hosts assign addresses from one pool.
        reservation_ttl: how long a released address stays reserved for its container, in seconds or
            as a timedelta. Defaults to 0.
        options, labels: text by key, for readers of Network.inspect().
        """
    def ensure(
        self,
        name: str,
        *,
        parent: _Parent | None = None,
        subnets: Iterable[_Subnet | Subnet | Mapping[str, Any]] = (),
        without_addresses: bool = False,
        ipv6: bool = False,
        mode: _Mode = "bridge",
        internal: bool = False,
        mtu: int | None = None,
        routes: Iterable[Route | str] = (),
        metric: int | None = None,
        disable_ipv6: bool | None = None,
        accept_ra: _AcceptRa | None = None,
        leave_ipv6: bool = False,
        allmulticast: bool | None = None,
        order: _Order = "first",
        mac_from: _MacFrom = "address",
        probe: bool = False,
        duplicate_detection: bool = False,
        block_size: int | None = None,
        reservation_ttl: _Seconds = 0.0,
        options: _Texts = (),
        labels: _Texts = (),
    ) -> Updated:
        """Ensures that a network is as configured.

        Creates it, or changes the existing one with this name, or changes nothing. The keywords are
        those of create(); without subnets, an existing network keeps its own. Returns an Updated,
        which has whether it was created.

        Only reads if there are no differences, so programs may call it before each use, and at the
        same time.
        """
    def network(self, name: str) -> Network:
        """Finds a network by its name, its id or a unique prefix of the id."""
    def summary(self) -> list[dict[str, Any]]:
        """Returns a summary like `docker network ls`.

        It has a dict for each network, with Id, Name, Driver, Scope, Parent, Internal, Subnets, and
        the number of connected Containers on all hosts.
        """
    def prune(self) -> list[str]:
        """Removes the networks that have no containers on any host, and their dummy links.

        Returns their names. A container that has ended counts until its lease is collected.
        """
    def unreadable(self) -> _list[MacvlanError]:
        """Returns the stored networks and leases that cannot be read.

        They are exceptions that are not raised. Other lists do not have them, and their addresses
        are not leased.
        """
    def list(self) -> _list[Network]:
        """Returns the networks that can be read, ordered by name; see also unreadable()."""
    def collect(self) -> Collected:
        """Releases leases that are no longer used.

        They are of this host's containers whose namespace no longer exists, also after a reboot, or
        of hosts that the store considers dead; addresses that were reserved long enough are
        released too. Returns a Collected.

        Since Linux 6.18 the kernel says whether a namespace exists. On earlier kernels, all
        processes and mounts are searched for it, which needs root on the host, not in a container.
        If that does not show whether it exists, a MacvlanError is raised, and no such lease is
        released.
        """
    def hosts(self) -> _list[HostStatus]:
        """Returns a HostStatus for each host that the store knows, also for dead ones.

        They are ordered by name. In a store for one machine there are none.
        """
    def declare_host(self, name: str) -> bool:
        """Declares that a host is alive, also without a process and across reboots.

        Until forget_host(), only the host itself releases the leases of its containers. Returns
        False if it was declared already. A host that is not alive yet can be declared ahead.
        """
    def forget_host(self, name: str) -> bool:
        """Ends the declaration of a host.

        Returns whether it was declared; in a file no host is. On another host this is for one that
        has permanently ended: others then collect the leases of its containers, and another machine
        may have its name.

        The addresses of its containers may then be leased to others, so these must not run any
        more. Refused while a process of it has Networks open, and after one was killed, for as long
        as a host counts as alive; and on the host itself, while it has leases and no agent.
        """
    def check_life(self) -> None:
        """Checks that leases outlive this process, if the store was opened for that.

        See EtcdStore's life. connect() checks it as well.
        """
    def reconcile(self) -> _list[Reconciled]:
        """Reconciles the kernel with the store on this host, and returns the changes.

        The list is empty if there were none. For a program that starts again after a failure.

        Leases of namespaces that no longer exist are released. Interfaces that are missing or
        changed are repaired. Interfaces that are not stored get a lease if their network exists,
        and are deleted if it does not.

        An interface gets a lease for those of its addresses that were not leased to another
        container; the others are deleted from it. It is deleted if none would remain, or if its
        container is now connected elsewhere. An interface is identified by its alias, if only the
        store can have made it; any other is reported as FAILED and left unchanged.
        """
    def close(self) -> None:
        """Closes the store, and its host's file descriptors.

        Containers stay connected.
        """
    @property
    def closed(self) -> bool:
        """Returns whether it is closed."""
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class Network:
    """An existing network, from Networks.create(), network() or list().

    Connects containers to it, and lists them.

    Its configuration is read without asking the store. Two objects are equal if they are the same
    network.
    """

    @property
    def id(self) -> str:
        """Returns the network's id: 64 hexadecimal digits."""
    def as_dict(self) -> dict[str, Any]:
        """Returns the configuration as a dict of plain data, without what has its default.

        The keys are the arguments of Networks.create().
        """
    @property
    def name(self) -> str:
        """Returns the network's name."""
    @property
    def created(self) -> str:
        """Returns the time of its creation: "2024-05-01T12:00:00Z"."""
    @property
    def parent(self) -> str:
        """Returns the link that the containers' links are on.

        It is the parent, or, for an isolated network, its own dummy link.
        """
    @property
    def isolated(self) -> bool:
        """Returns whether it has no parent.

        Its containers then reach only one another, on one host.
        """
    @property
    def warnings(self) -> tuple[str, ...]:
        """Returns problems that would have prevented a connection, as sentences.

        An example is a parent that does not exist. They are those at the time when the network was
        created or changed by this object; none for a network that was found.
        """
    @property
    def without_addresses(self) -> bool:
        """Returns whether the containers' interfaces have no addresses from the network."""
    @property
    def ipv6(self) -> bool:
        """Returns whether an IPv6 subnet is chosen if none is given."""
    @property
    def routes(self) -> tuple[Route, ...]:
        """Returns the routes, without the gateways' default routes."""
    @property
    def metric(self) -> int | None:
        """Returns the metric of the default routes; None for the kernel's."""
    @property
    def disable_ipv6(self) -> bool | None:
        """Returns whether IPv6 is disabled on the containers' interfaces, if it was set."""
    @property
    def accept_ra(self) -> AcceptRa | None:
        """Returns whether the interfaces accept router advertisements, if it was set."""
    @property
    def leave_ipv6(self) -> bool:
        """Returns whether the container's sysctls of IPv6 apply, except for those that were set."""
    @property
    def allmulticast(self) -> bool | None:
        """Returns whether the interfaces receive all multicast frames, if it was set."""
    @property
    def mode(self) -> Mode:
        """Returns the macvlan mode."""
    @property
    def subnets(self) -> tuple[Subnet, ...]:
        """Returns the subnets."""
    @property
    def internal(self) -> bool:
        """Returns whether containers get no default route through the network."""
    @property
    def mtu(self) -> int | None:
        """Returns the MTU of the containers' interfaces in bytes; None for the parent's."""
    @property
    def order(self) -> Order:
        """Returns the order in which free addresses are assigned."""
    @property
    def mac_from(self) -> MacFrom:
        """Returns the source of a container's MAC address."""
    @property
    def probe(self) -> bool:
        """Returns whether an address is probed on the LAN before it is assigned."""
    @property
    def duplicate_detection(self) -> bool:
        """Returns whether the kernel checks IPv6 addresses for duplicates on the LAN."""
    @property
    def block_size(self) -> int | None:
        """Returns the number of addresses that a host reserves at a time, if it was set.

        Otherwise all hosts assign addresses from one pool.
        """
    @property
    def reservation_ttl(self) -> float:
        """Returns how long a released address stays reserved for its container, in seconds."""
    @property
    def options(self) -> dict[str, str]:
        """Returns the options."""
    @property
    def labels(self) -> dict[str, str]:
        """Returns the labels."""
    def connect(
        self,
        container: str,
        netns: _NetNs,
        *,
        name: str | None = None,
        addresses: Iterable[_Ip] = (),
        interface: str | None = None,
        mac: _Mac | None = None,
        default_route: bool | None = None,
        aliases: Iterable[str] = (),
        link_local_addresses: Iterable[_Ip] = (),
        gw_priority: int | None = None,
        replace_default_route: bool = False,
        take: Iterable[str] = (),
    ) -> Connection:
        """Connects a container.

        Leases its addresses and attaches its interface, or changes nothing.

        container: its id, which does not change: when it returns, it gets its addresses again.
        name: the name by which others find it, which is unique in the network. By default it has
            none.
        aliases: further names, which several containers may share.
        addresses: the requested addresses; one is chosen of each family without a requested one.
        link_local_addresses: additional link-local addresses. The network does not check that they
            are unique.
        interface: the interface's name in the container. Defaults to the first free ethN.
        mac: the interface's MAC address. Defaults to one that is derived from the address or the
            container.
        default_route: whether the container's default routes lead through this network: never, if
            False; if True, before all other networks of the container. By default gw_priority
            decides.
        gw_priority: the network's priority for the container's default routes. The network with the
            highest one gets them, among equal ones the first that was connected. Defaults to 0.
        replace_default_route: whether other default routes of the container, which this library did
            not add, are replaced. Defaults to False: they stay.
        take: the ids (Lease.endpoint) of pending leases, as from allocate(), whose addresses and
            MAC address it takes; then no address is chosen.

        A container that is already connected in the same namespace stays connected; its name,
        aliases and default routes are updated, and differences of its interface are repaired. If
        the namespace in which it was connected no longer exists, it is connected again with the
        same addresses, and with the same name, aliases, link-local addresses and priority, unless
        others are given; also if its lease was collected in between, except for a name that another
        container has by now. disconnect() forgets them. Waits while another process connects or
        disconnects the container.

        On Ctrl-C during a wait, with probe=True or in etcd, the connection is completed and stays;
        disconnect() undoes it.
        """
    def allocate(
        self,
        *,
        addresses: Iterable[_Ip] = (),
        ipv4: bool = True,
        ipv6: bool = True,
        mac: _Mac | None = None,
    ) -> Lease:
        """Leases addresses before the container exists.

        For callers that are asked for an address first. The lease is pending until a container
        takes it, by its id (Lease.endpoint), or until it is released by disconnect() with that id.
        collect() releases one that is pending for longer than the session's pending_age, or since
        another boot.

        addresses: the requested addresses; one is chosen of each family without a requested one.
        ipv4, ipv6: whether one of the family is chosen. Both default to True.
        mac: the MAC address. Defaults to a derived one.
        """
    def create_link(
        self,
        container: str,
        *,
        name: str | None = None,
        addresses: Iterable[_Ip] = (),
        interface: str | None = None,
        mac: _Mac | None = None,
        aliases: Iterable[str] = (),
        link_local_addresses: Iterable[_Ip] = (),
        take: Iterable[str] = (),
    ) -> HostLink:
        """Leases addresses for a container and creates its link in the host's namespace.

        The link is down and without addresses, for a caller that moves it to the container and
        configures it there. On a failure nothing is changed. The arguments are as for connect().

        The lease is pending until bind() or reconcile() finds the link in the container's
        namespace. Until then, collect() releases the lease and deletes the link if it is older than
        the session's pending_age. disconnect() deletes the link, also if it was moved back. The
        caller manages addresses and routes in the container; they are not repaired.
        """
    def bind(self, container: str, netns: _NetNs) -> Lease:
        """Binds a container's pending lease to the namespace to which its link was moved.

        The container is given by its id, or by "ID/INTERFACE" if it has several, and the link by
        its name there. A lease that is already bound to it is unchanged.
        """
    def disconnect(self, container: str, netns: _NetNs | None = None) -> Detached:
        """Disconnects a container, by its id, or one of its interfaces, by "ID/INTERFACE".

        Detaches its interfaces and releases its addresses. Returns Detached.ALREADY_GONE if they no
        longer existed.

        A pending lease is released, by the id of its container, or by its own id if it has none,
        and the link that was created for it is deleted. The container's namespace is looked up,
        unless netns is given; it is refused if the container is now connected in another one.
        Refused for a container of another host while that host is alive.
        """
    def resolve(self, name: str) -> list[_IpAddress]:
        """Resolves a container's name to its addresses, on all hosts.

        The addresses of the container with this name come first, then those of containers that have
        it as an alias; if neither exists, those of the container with this id. The list is empty if
        there is none. The network's name may be appended, as in "test101.vlan10".
        """
    def hosts(self) -> str:
        """Returns lines for /etc/hosts.

        There is one for each address of a container that has a name or an alias: the address, and
        each name alone and with a dot and the network's name.
        """
    def write_hosts(self, path: str | PathLike[str]) -> None:
        """Writes the lines of hosts() to a file.

        They are between two comment lines, and replaced the next time. The rest of the file stays
        unchanged, with its line ends.

        The file is written in place, so that it changes wherever it is mounted, and keeps its
        owner, mode and links. One process at a time writes it. If the file cannot be written, as on
        a full disk, it keeps its text.
        """
    def inspect(self) -> dict[str, Any]:
        """Returns the object that `docker network inspect` prints for a network.

        It has the containers on all hosts; each also has the Host, the Interface, and as Namespace
        "there", "gone" or "unknown". Link is the name that the interface has inside now, if it was
        renamed, or None, if it is not there.
        """
    def leases(self) -> list[Lease]:
        """Returns the leases of the containers of all hosts, including pending ones.

        There is one for each interface.
        """
    def leases_of(self, container: str) -> list[Lease]:
        """Returns the leases of a container, in the order of their connection.

        It is given by its id, or one of its interfaces by "ID/INTERFACE".
        """
    def lease(self, container: str) -> Lease | None:
        """Returns the lease of a container; None if it is not connected.

        It is given by its id, or one of its interfaces by "ID/INTERFACE"; the first lease is
        returned if it has several.
        """
    def add_conflicting_address(self, address: _Ip) -> None:
        """Records an address as used by a machine that is not a container of this network.

        It is no longer assigned. Refused if a container has it.
        """
    def remove_conflicting_address(self, address: _Ip) -> bool:
        """Deletes the record of an address.

        Returns whether there was one.
        """
    def conflicting_addresses(self) -> list[ConflictingAddress]:
        """Returns a ConflictingAddress for each address that is recorded as conflicting.

        These are used by machines that are not containers of this network.
        """
    def update(
        self,
        *,
        parent: _Parent | None = ...,
        subnets: Iterable[_Subnet | Subnet | Mapping[str, Any]] = ...,
        without_addresses: bool = ...,
        ipv6: bool = ...,
        mode: _Mode = ...,
        internal: bool = ...,
        mtu: int | None = ...,
        routes: Iterable[Route | str] = ...,
        metric: int | None = ...,
        disable_ipv6: bool | None = ...,
        accept_ra: _AcceptRa | None = ...,
        leave_ipv6: bool = ...,
        allmulticast: bool | None = ...,
        order: _Order = ...,
        mac_from: _MacFrom = ...,
        probe: bool = ...,
        duplicate_detection: bool = ...,
        block_size: int | None = ...,
        reservation_ttl: _Seconds = ...,
        options: _Texts = ...,
        labels: _Texts = ...,
    ) -> Updated:
        """Changes the network to another configuration, or changes nothing.

        The keywords are those of Networks.create(); others keep this object's value. Containers
        stay connected unchanged; the result, an Updated, lists those to be connected again.

        Refused if a container has an address that would no longer be in the network, and if others
        have changed it since it was read.
        """
    def set_parent(self, parent: _Parent) -> Updated:
        """Sets the network's parent, independently of concurrent changes by others.

        Otherwise like update().
        """
    def retain(self, valid: Iterable[str]) -> Retained:
        """Disconnects all containers on this host except those with these ids.

        Returns a Retained with the released and the failed leases. For a runtime that has a list of
        its containers, such as CNI's GC.

        Like disconnect(), releases a lease only if the interface was detached or the namespace no
        longer exists. Leases of other hosts, and of containers that were connected after the start
        of the call, stay.
        """
    def reconcile(self) -> list[Reconciled]:
        """Reconciles this network like Networks.reconcile().

        That does it for all networks of this host at once.
        """
    def remove(self) -> None:
        """Removes the network from the store, and, if it is isolated, its dummy link.

        Refused while containers are connected.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Connection:
    """A container that is connected to a network: its lease and its attachment."""

    @property
    def lease(self) -> Lease:
        """Returns the lease, as stored."""
    @property
    def attachment(self) -> Attachment:
        """Returns the attachment."""
    @property
    def addresses(self) -> tuple[_IpAddress, ...]:
        """Returns the addresses."""
    @property
    def interface(self) -> str:
        """Returns the interface's name in the container."""
    @property
    def mac(self) -> MacAddr:
        """Returns the interface's MAC address."""

@final
class HostLink:
    """A link in the host's namespace that the caller moves to a container.

    It has the configuration for the container.
    """

    @property
    def lease(self) -> Lease:
        """Returns the lease, as stored."""
    @property
    def name(self) -> str:
        """Returns the link's name in the host's namespace: "mv-" and 12 hexadecimal digits."""
    @property
    def index(self) -> int:
        """Returns the link's index in the host's namespace."""
    @property
    def mac(self) -> MacAddr:
        """Returns the link's MAC address, which it keeps when it is moved."""
    @property
    def addresses(self) -> tuple[ipaddress.IPv4Interface | ipaddress.IPv6Interface, ...]:
        """Returns the addresses for the container, each with the prefix length of its subnet."""
    @property
    def gateways(self) -> tuple[_IpAddress, ...]:
        """Returns the gateways of the subnets, one of each family that has one.

        An internal network has none.
        """
    @property
    def routes(self) -> tuple[Route, ...]:
        """Returns the routes of the network that lead through the link."""

@final
class Lease:
    """The lease of one interface of a container in one network, as stored."""

    @property
    def network(self) -> str:
        """Returns the network's id."""
    @property
    def container(self) -> str:
        """Returns the container's id, as given by the caller.

        For addresses that were allocated without a container it is the lease's own id.
        """
    @property
    def name(self) -> str | None:
        """Returns the name by which others find the container; None if it has none."""
    @property
    def host(self) -> str:
        """Returns the name of the host that the container runs on."""
    @property
    def endpoint(self) -> str:
        """Returns the lease's id, which is different for every lease of the container."""
    @property
    def interface(self) -> str:
        """Returns the interface's name in the container."""
    @property
    def mac(self) -> MacAddr | None:
        """Returns the interface's MAC address; None in mode passthru, where it is the parent's."""
    @property
    def addresses(self) -> tuple[ipaddress.IPv4Interface | ipaddress.IPv6Interface, ...]:
        """Returns the addresses, each with the prefix length of its subnet."""
    @property
    def aliases(self) -> tuple[str, ...]:
        """Returns the aliases.

        These are further names by which others find the container, which several containers may
        share.
        """
    @property
    def link_local_addresses(self) -> tuple[_IpAddress, ...]:
        """Returns the link-local addresses, which are not in a subnet of the network."""
    @property
    def gw_priority(self) -> int:
        """Returns the network's priority for the container's default routes."""
    @property
    def sequence(self) -> int:
        """Returns the sequence number of the connection among those of the container.

        Later ones are higher.
        """
    @property
    def default_route(self) -> bool:
        """Returns whether the container's default routes may lead through this network.

        They lead through the one with the highest priority of those that may and that have a
        gateway of the family.
        """
    @property
    def netns(self) -> NetNsMark | None:
        """Returns the identity of the container's namespace; None for a pending lease."""
    @property
    def netns_path(self) -> str | None:
        """Returns the path by which the namespace was found, if it was found by one.

        The path may have come to lead to another namespace.
        """
    @property
    def pending_since(self) -> int | None:
        """Returns since when the lease is pending, in seconds since 1970, if it is."""
    @property
    def pending_age(self) -> int | None:
        """Returns for how long the lease is pending, in seconds, if it is.

        For a lease of another host this compares the clocks of both.
        """
    @property
    def link(self) -> str | None:
        """Returns the name of the link in the host's namespace, if it was created there."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def as_dict(self) -> dict[str, Any]:
        """Returns the values as a dict of plain data.

        These are dict, list, tuple, str, int, float, bool and None. from_dict() makes an equal
        object from it.
        """
    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Lease:
        """Makes an object from a dict as as_dict() returns it.

        Optional values may be omitted, and unknown fields are ignored. Raises InvalidError if a
        field is missing or invalid; its argument is the name of the field.
        """
    def __reduce__(self) -> tuple[Any, ...]: ...

@final
class Reconciled:
    """A change that reconciled kernel and store, from Networks.reconcile().

    Its text, str(), is a sentence.
    """

    @property
    def kind(self) -> ReconciledKind:
        """Returns the kind of the change."""
    @property
    def lease(self) -> Lease | None:
        """Returns the lease for RELEASED, REPAIRED and ADOPTED; None for other kinds."""
    @property
    def container(self) -> str | None:
        """Returns the container's id, if there is one."""
    @property
    def interface(self) -> str | None:
        """Returns the interface's name in the container, if there is one."""
    @property
    def repaired(self) -> tuple[str, ...]:
        """Returns descriptions of the repaired differences for REPAIRED."""
    @property
    def expired(self) -> int:
        """Returns the number of reserved addresses that are free again for EXPIRED."""
