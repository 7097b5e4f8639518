"""Plain data: as_dict() and from_dict(), pickling, hashes, and texts that can be parsed."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hosts import eventually
from test_values import FULL, VALUES

from macvlan import (
    Address6,
    AddressInfo,
    Announce,
    Endpoint,
    Handle,
    InvalidError,
    Lease,
    LinkInfo,
    MacAddr,
    MacvlanOptions,
    NeighbourInfo,
    NetNs,
    Networks,
    NewLink,
    Parent,
    Probe,
    Rate,
    Route,
    RouteInfo,
    Rule,
    Subnet,
    VlanOptions,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hosts import Lab

PLAIN = (str, int, float, bool, type(None))


def is_plain(data: object) -> bool:
    """Returns whether it consists of Python's own types."""
    if isinstance(data, dict):
        return type(data) is dict and all(type(k) is str and is_plain(v) for k, v in data.items())
    if isinstance(data, (list, tuple)):
        return all(map(is_plain, data))
    return type(data) in PLAIN


def comes_back(value: Any) -> None:
    """Checks that an equal object is made of the plain data, also after it was JSON."""
    data = value.as_dict()
    assert is_plain(data), data
    again = type(value).from_dict(json.loads(json.dumps(data)))
    assert again == value
    assert hash(again) == hash(value)
    assert again.as_dict() == data


def unknown_fields_are_ignored(value: Any) -> None:
    """Checks that information with a field of a later version can be read."""
    assert type(value).from_dict(value.as_dict() | {"of_a_later_version": 1}) == value


def through_another_process(values: object) -> Any:
    """Returns values that another process has unpickled and pickled again."""
    code = (
        "import pickle, sys; sys.stdout.buffer.write(pickle.dumps(pickle.load(sys.stdin.buffer)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code],
        input=pickle.dumps(values),
        capture_output=True,
        check=True,
    )
    return pickle.loads(done.stdout)


def test_information_from_the_kernel_is_data(lab: Lab) -> None:
    endpoint = Endpoint("eth0", parent="ens33", addresses=["10.9.0.2/24", "fd09::2/64 nodad"])
    inside = lab.start(lab.a, endpoint)
    with Handle(inside) as handle:
        handle.add_route("10.8.0.0/16 via 10.9.0.1 dev eth0")
        handle.add_route("blackhole fd07::/64 metric 5")
        links, addresses, routes = handle.links(), handle.addresses(), handle.routes()
        index = handle.link("eth0").index
    found: list[Any] = [*links, *addresses, *routes]
    assert {type(one) for one in found} == {LinkInfo, AddressInfo, RouteInfo}
    for one in found:
        comes_back(one)
        unknown_fields_are_ignored(one)
    assert through_another_process(found) == found
    assert len(set(found)) == len(found)
    link = next(link for link in links if link.index == index)
    assert link.macvlan
    assert link.as_dict()["macvlan"] == link.macvlan.as_dict()
    assert link.statistics.as_dict() == link.as_dict()["statistics"]
    assert link.offloads.from_dict(link.offloads.as_dict()) == link.offloads
    assert len({NewLink(link), NewLink(LinkInfo.from_dict(link.as_dict()))}) == 1
    texts = [address.as_dict()["address"] for address in addresses]
    assert {"10.9.0.2/24", "fd09::2/64 nodad"} <= set(texts)


def test_neighbours_are_data(lab: Lab) -> None:
    inside = lab.start(lab.a, Endpoint("eth0", parent="ens33", addresses=["10.9.0.2/24"]))

    def neighbours() -> list[NeighbourInfo]:
        inside.run(lambda: subprocess.run(["ping", "-c1", "-W1", "10.9.0.9"], check=False))
        with Handle(inside) as handle:
            return handle.neighbours()

    eventually(neighbours)
    for one in neighbours():
        comes_back(one)
        assert through_another_process(one) == one


def test_attachments_are_compared(lab: Lab) -> None:
    inside = NetNs.anonymous()
    eth0 = lab.a.host.attach(Endpoint("eth0", parent="ens33", addresses=["10.9.0.2/24"]), inside)
    eth1 = lab.a.host.attach(Endpoint("eth1", parent="ens33"), inside)
    assert eth0 != eth1
    assert eth0 != "something else"
    before = hash(eth0)
    eth0.refresh()
    again = next(one for one in lab.a.host.attachments(inside) if one.name == "eth0")
    again.refresh()
    assert again == eth0
    assert hash(again) == hash(eth0) == before
    assert len({eth0, eth1, again}) == 2
    data = eth0.as_dict()
    assert is_plain(data)
    assert (data["name"], data["index"], data["mac"]) == ("eth0", eth0.index, eth0.mac)
    assert data["addresses"][0] == "10.9.0.2/24"
    assert data["netns_id"] == {"device": inside.id.device, "inode": inside.id.inode}


def test_attachments_are_not_pickled(lab: Lab) -> None:
    inside = NetNs.anonymous()
    eth0 = lab.a.host.attach(Endpoint("eth0", parent="ens33"), inside)
    for copied in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot pickle or copy an Attachment"):
            copied(eth0)


def test_leases_and_networks_are_data(lab: Lab, tmp_path: Path) -> None:
    with Networks(lab.a.host, tmp_path / "networks.db") as networks:
        subnets = [
            Subnet("10.7.0.0/24", ip_range="10.7.0.10-10.7.0.20", reserved={"p": "10.7.0.9"}),
            Subnet("fd07::/64", gateway=None),
        ]
        lan = networks.create("lan", parent="ens33", subnets=subnets, labels={"of": "test"})
        lan.connect("c1", NetNs.anonymous())
        leases = [*lan.leases(), lan.allocate()]
        for lease in leases:
            comes_back(lease)
            unknown_fields_are_ignored(lease)
        assert through_another_process(leases) == leases
        assert {type(lease) for lease in leases} == {Lease}
        config = lan.as_dict()
        assert is_plain(config)
        assert (config["name"], config["parent"]) == ("lan", "ens33")
        for lease in leases:
            lan.disconnect(lease.container)
        lan.remove()
        assert networks.create(**json.loads(json.dumps(config))).as_dict() == config


def test_endpoints_are_made_of_data() -> None:
    data = {"name": "eth0", "parent": "ens33", "addresses": ["10.0.0.2/24"]}
    endpoint = Endpoint.from_dict(data)
    assert endpoint == Endpoint("eth0", parent="ens33", addresses=["10.0.0.2/24"])
    assert endpoint.as_dict() == data
    for value in VALUES:
        if isinstance(value, (Endpoint, MacvlanOptions, VlanOptions)):
            comes_back(value)
    assert FULL.as_dict()["options"] == {
        "nodst": True,
        "source_macs": ["02:00:00:00:00:01", "02:00:00:00:00:02"],
        "bc_queue_len": 2000,
        "bc_cutoff": -1,
    }


def test_arguments_can_be_documents() -> None:
    endpoint = Endpoint(
        "eth0",
        parent={"base": "ens33", "vlan_id": 20, "protocol": "802.1ad"},
        probe={"count": 2, "interval": 0.25},
        announce={"count": 3, "blocking": True},
    )
    assert endpoint.parent == Parent.vlan("ens33", 20, protocol="802.1ad")
    assert endpoint.probe == Probe(2, interval=0.25)
    assert endpoint.announce == Announce(3, blocking=True)
    assert Endpoint("eth0", parent="ens33", probe={}).probe == Probe.rfc()
    with pytest.raises(InvalidError) as caught:
        Endpoint("eth0", parent="ens33", probe={"cuont": 2})
    assert caught.value.argument == "cuont"
    with pytest.raises(InvalidError) as caught:
        Endpoint("eth0", parent="ens33", announce={"count": 0})
    assert caught.value.argument == "count"


@pytest.mark.parametrize(
    ("changed", "argument", "cause"),
    [
        ({"nmae": "eth0"}, "nmae", "unknown field `nmae`"),
        ({"mtu": "big"}, "mtu", ""),
        ({"mode": "brigde"}, "mode", "brigde"),
        ({"addresses": ["10.0.0.2"]}, "addresses", "10.0.0.2"),
        ({"options": {"source_macs": ["zz"]}}, "options.source_macs", "zz"),
        ({"options": {"sorce": 1}}, "options.sorce", "unknown field `sorce`"),
        ({"parent": {"base": "eth0"}}, "parent.vlan_id", "missing field `vlan_id`"),
        ({"mode": "bridge", "options": {"nopromisc": True}}, None, "nopromisc"),
        ({"promisc": "off"}, "promisc", "expected a boolean"),
        ({"lo_up": 0}, "lo_up", "expected a boolean"),
        ({"options": {"nopromisc": "no"}}, "options.nopromisc", "expected a boolean"),
        ({"announce": {"blocking": "no"}}, "announce.blocking", "expected a boolean"),
        ({"mtu": True}, "mtu", "expected u32"),
        ({"mtu": 1400.5}, "mtu", "expected u32"),
        ({"addresses": "10.0.0.2/24"}, "addresses", "expected a sequence"),
        ({"queues": "12"}, "queues", "expected a tuple"),
        ({"alias": 5}, "alias", "expected a string"),
        ({"probe": {"interval": float("nan")}}, "probe.interval", "NaN"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(changed: dict[str, Any], argument: str, cause: str) -> None:
    with pytest.raises(InvalidError) as caught:
        Endpoint.from_dict({"name": "eth0", "parent": "ens33"} | changed)
    assert caught.value.argument == argument
    assert cause in str(caught.value)


def test_other_types_are_refused() -> None:
    with pytest.raises(InvalidError) as caught:
        Endpoint.from_dict({"name": "eth0"})
    assert caught.value.argument == "parent"
    for wrong in (None, 5, "eth0", ["eth0"]):
        with pytest.raises(InvalidError) as caught:
            Endpoint.from_dict(wrong)  # type: ignore[arg-type]
        assert caught.value.argument == "values"


TEXTS: list[tuple[object, Callable[[str], object]]] = [
    (MacAddr("02:42:AC:10:D5:B4"), MacAddr),
    (Address6("fd00::2/64"), Address6),
    (Address6("fd00::2/64 nodad"), Address6),
    (Address6("fd00::2/64 optimistic"), Address6),
    (Rate("1500kbit"), Rate),
    (Route("default", gateway="fe80::1", device="eth0", on_link=True), Route.parse),
    (Route("0.0.0.0/0", gateway="fe80::1", device=3, protocol=4), Route.parse),
    (Rule(100, from_="10.0.0.2/32", to="10.1.0.0/16", priority=5), Rule.parse),
    (Rule(7, ipv6=True), Rule.parse),
]


@pytest.mark.parametrize(("value", "parse"), TEXTS, ids=[repr(value) for value, _ in TEXTS])
def test_texts_are_parsed_to_equal_values(value: Any, parse: Callable[[str], Any]) -> None:
    again = parse(str(value))
    assert again == value
    assert repr(again) == repr(value)
