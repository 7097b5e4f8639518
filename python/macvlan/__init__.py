"""Give a container, sandbox or VM its place on the real network.

One call sets up a macvlan, macvtap or VLAN link inside a network namespace, its addresses and its
routes; either all of it, in the time the kernel needs and no more, or nothing, with an exception
that says why.

    import macvlan

    with macvlan.Host() as host, host.attached(
        macvlan.Endpoint(
            "eth0",
            parent="ens33",
            addresses=["172.16.213.180/16"],
            gateways=["172.16.213.2"],
        ),
        macvlan.NetNs.from_pid(2084),
    ) as eth0:
        print(eth0.mac, eth0.addresses)

Host attaches and detaches; NetNs is a handle on a namespace; Endpoint says what a container's
interface should be, and Attachment what it became; Handle has the verbs of `ip`; MacvlanError, an
OSError, says what went wrong.
"""

from macvlan import _enums, _errors, _keep, _values, _watch
from macvlan._enums import (
    AddrGenMode,
    Detached,
    DifferenceKind,
    DuplicateDetection,
    EndpointKind,
    ErrorKind,
    Family,
    FindingKind,
    KeepEventKind,
    LinkKind,
    LinkState,
    Mode,
    NeighbourState,
    RouteKind,
    Scope,
    VlanProtocol,
)
from macvlan._errors import (
    ExistsError,
    InvalidError,
    MacvlanError,
    NotFoundError,
    PermissionDenied,
    TimedOut,
)
from macvlan._keep import Keeper
from macvlan._macvlan import (
    AddressInfo,
    Announce,
    Announcement,
    Attachment,
    Detaching,
    Diagnosis,
    Difference,
    Endpoint,
    Finding,
    Handle,
    Host,
    HostAccess,
    KeepEvent,
    LinkInfo,
    LinkStatistics,
    Macvlan,
    Moving,
    NeighbourInfo,
    NetNs,
    NextHop,
    Offloads,
    Parent,
    Pool,
    Probe,
    PromiscGuard,
    Rate,
    Route,
    RouteInfo,
    Rule,
    Vlan,
    __version__,
)
from macvlan._values import Address6, Ensured, Holder, MacAddr, NetNsId
from macvlan._watch import (
    DelAddress,
    DelLink,
    DelRoute,
    Event,
    Lost,
    NewAddress,
    NewLink,
    NewRoute,
    Watch,
)

__all__ = [
    "AddrGenMode",
    "Address6",
    "AddressInfo",
    "Announce",
    "Announcement",
    "Attachment",
    "DelAddress",
    "DelLink",
    "DelRoute",
    "Detached",
    "Detaching",
    "Diagnosis",
    "Difference",
    "DifferenceKind",
    "DuplicateDetection",
    "Endpoint",
    "EndpointKind",
    "Ensured",
    "ErrorKind",
    "Event",
    "ExistsError",
    "Family",
    "Finding",
    "FindingKind",
    "Handle",
    "Holder",
    "Host",
    "HostAccess",
    "InvalidError",
    "KeepEvent",
    "KeepEventKind",
    "Keeper",
    "LinkInfo",
    "LinkKind",
    "LinkState",
    "LinkStatistics",
    "Lost",
    "MacAddr",
    "Macvlan",
    "MacvlanError",
    "Mode",
    "Moving",
    "NeighbourInfo",
    "NeighbourState",
    "NetNs",
    "NetNsId",
    "NewAddress",
    "NewLink",
    "NewRoute",
    "NextHop",
    "NotFoundError",
    "Offloads",
    "Parent",
    "PermissionDenied",
    "Pool",
    "Probe",
    "PromiscGuard",
    "Rate",
    "Route",
    "RouteInfo",
    "RouteKind",
    "Rule",
    "Scope",
    "TimedOut",
    "Vlan",
    "VlanProtocol",
    "Watch",
    "__version__",
]

# In tracebacks and reprs they are called after where they are imported from.
for _module in (_enums, _errors, _keep, _values, _watch):
    for _name in _module.__all__:
        if isinstance(getattr(_module, _name), type):
            getattr(_module, _name).__module__ = __name__
del _module, _name
