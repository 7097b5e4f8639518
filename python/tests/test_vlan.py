"""VLAN scenarios: two hosts over one trunk cable, and VLANs created on demand."""

from __future__ import annotations

import multiprocessing
import random
import socket
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from conftest import GUEST
from hosts import (
    eventually,
    ip,
    ip_addresses,
    ip_lines,
    ip_link,
    ip_text,
    ping,
    silent,
    surprises,
    sysctl,
)
from wire import Wire, tags

from macvlan import (
    Detached,
    Endpoint,
    EndpointKind,
    ErrorKind,
    Host,
    InvalidError,
    MacvlanError,
    MacvlanOptions,
    NetNs,
    NotFoundError,
    Parent,
    VlanOptions,
    VlanProtocol,
)

if TYPE_CHECKING:
    from hosts import Lab

pytestmark = pytest.mark.needs("vlan")

# Only the guest has VLANs for certain, where each of these takes seconds. The scenes with
# `only_long` are also those of the Rust tests `vlan`, `on_demand` and `on_demand_crowd`.


def names(netns: NetNs) -> list[str]:
    return [link["ifname"] for link in ip(netns, "link show")]


@pytest.mark.only_long
def test_containers_on_a_vlan_of_two_hosts(lab: Lab) -> None:
    places: list[tuple[str, NetNs, int, int]] = []
    for host, number in ((lab.a, 1), (lab.b, 2)):
        host.handle.add_link("ens33.100", parent="ens33", options=VlanOptions(100), up=True)
        host.handle.add_address("ens33.100", f"192.168.100.{number}/24")
        host.handle.add_address("ens33.100", f"fd00:100::{number}/64 nodad")
        data = ip_link(host.netns, "ens33.100")["linkinfo"]["info_data"]
        assert (data["id"], data["protocol"]) == (100, "802.1Q")
        info = host.handle.link("ens33.100")
        assert info.vlan is not None
        assert (info.vlan.id, info.vlan.protocol) == (100, VlanProtocol.DOT1Q)
        places.append((f"host {number}", host.netns, 100, number))
    # The last one is in another subnet.
    for name, host, subnet, number in (
        ("a1", lab.a, 100, 11),
        ("a2", lab.a, 100, 12),
        ("b1", lab.b, 100, 21),
        ("b2", lab.b, 100, 22),
        ("stranger", lab.a, 101, 31),
    ):
        addresses = [f"192.168.{subnet}.{number}/24", f"fd00:{subnet}::{number}/64 nodad"]
        endpoint = Endpoint("eth0", parent="ens33.100", addresses=addresses)
        places.append((name, lab.start(host, endpoint), subnet, number))

    owner, stranger = "abaabba", 6

    def expected(i: int, j: int) -> bool:
        own_container = owner[i] == owner[j] and (i < 2) != (j < 2)
        return (i == stranger) == (j == stranger) and not own_container

    matrix = [[expected(i, j) for j in range(len(places))] for i in range(len(places))]
    v4 = [(name, netns, f"192.168.{subnet}.{n}") for name, netns, subnet, n in places]
    v6 = [(name, netns, f"fd00:{subnet}::{n}") for name, netns, subnet, n in places]
    assert surprises(v4, matrix) == []
    assert surprises(v6, matrix) == []
    # The hosts' addresses outside the VLAN are another subnet, too, on the same cable.
    for outside in ("192.168.15.1", "192.168.15.2", "fd15::1"):
        assert silent(places[2][1], outside)
    assert ping(lab.a.netns, "192.168.15.2") == 64


def in_vlan(name: str, vlan: int, number: int, *, gateway: bool = False) -> Endpoint:
    gateways = (f"10.{vlan}.0.254", f"fd00:{vlan}::254") if gateway else ()
    return Endpoint(
        name,
        parent=f"ens33.{vlan}",
        addresses=[f"10.{vlan}.0.{number}/24", f"fd00:{vlan}::{number}/64 nodad"],
        gateways=gateways,
    )


def has_routes(netns: NetNs, routes: list[str]) -> bool:
    found = ip_lines(netns, "-4 route show") + ip_lines(netns, "-6 route show")
    return sorted(found) == sorted(routes)


def table_main(name: str, vlan: int, number: int, *, default: bool) -> list[str]:
    routes = [
        f"10.{vlan}.0.0/24 dev {name} proto kernel scope link src 10.{vlan}.0.{number}",
        f"fd00:{vlan}::/64 dev {name} proto kernel metric 256 pref medium",
        f"fe80::/64 dev {name} proto kernel metric 256 pref medium",
    ]
    if default:
        routes.append(f"default via 10.{vlan}.0.254 dev {name}")
        routes.append(f"default via fd00:{vlan}::254 dev {name} metric 1024 pref medium")
    return routes


@pytest.mark.only_long
def test_two_vlans_and_a_router(lab: Lab) -> None:
    container0 = lab.start(lab.a, in_vlan("eth0", 10, 10, gateway=True))
    container1 = lab.start(lab.b, in_vlan("eth0", 10, 11, gateway=True), in_vlan("eth1", 20, 11))
    container2 = lab.start(lab.a, in_vlan("eth0", 20, 12, gateway=True))
    for netns, interfaces in (
        (container0, [("eth0", 10, 10, True)]),
        (container1, [("eth0", 10, 11, True), ("eth1", 20, 11, False)]),
        (container2, [("eth0", 20, 12, True)]),
    ):
        assert sorted(names(netns)) == sorted(["lo", *(name for name, *_ in interfaces)])
        routes: list[str] = []
        for name, vlan, number, default in interfaces:
            assert ip_addresses(netns, name) == [
                f"10.{vlan}.0.{number}/24",
                f"fd00:{vlan}::{number}/64",
            ]
            assert ip_link(netns, name)["linkinfo"]["info_kind"] == "macvlan"
            routes += table_main(name, vlan, number, default=default)

        # A link-local address appears after the kernel has reported that its link works.
        eventually(partial(has_routes, netns, routes))

    def hops(netns: NetNs, vlan: int, number: int) -> list[int | None]:
        return [ping(netns, f"10.{vlan}.0.{number}"), ping(netns, f"fd00:{vlan}::{number}")]

    # Inside each VLAN.
    assert hops(container0, 10, 11) == [64, 64]
    assert hops(container1, 10, 10) == [64, 64]
    assert hops(container1, 20, 12) == [64, 64]
    assert hops(container2, 20, 11) == [64, 64]
    # Between them: to the one, and to the other VLAN's side of the one that is in both.
    for netns, vlan in ((container0, 20), (container2, 10)):
        for number in (11, 12 if vlan == 20 else 10):
            assert silent(netns, f"10.{vlan}.0.{number}")
            assert silent(netns, f"fd00:{vlan}::{number}")

    router = lab.start(lab.b, in_vlan("lan10", 10, 254), in_vlan("lan20", 20, 254))
    sysctl(router, "ipv4/ip_forward", "1")
    sysctl(router, "ipv6/conf/all/forwarding", "1")
    assert hops(container0, 20, 12) == [63, 63]
    assert hops(container2, 10, 10) == [63, 63]
    assert hops(container0, 10, 254) == [64, 64]


def tags_of_a_ping(lab: Lab, netns: NetNs, to: str) -> list[tuple[int, int, int]]:
    with Wire(lab.b.netns, "ens33") as wire:
        assert ping(netns, to) is not None
        # An IPv4 header without options ends with the destination, followed by the echo request.
        wanted = socket.inet_aton(to) + b"\x08\x00"
        frame = wire.find(lambda frame: wanted in frame)
        assert frame is not None
        return tags(frame)


@pytest.mark.only_long
def test_a_vlan_in_a_service_vlan(lab: Lab) -> None:
    service = Parent.vlan("ens33", 20, protocol="802.1ad")
    inside = [
        lab.start(
            host,
            Endpoint("eth0", parent=Parent.vlan(service, 200), addresses=[f"10.200.0.{number}/24"]),
        )
        for host, number in ((lab.a, 1), (lab.b, 2))
    ]
    for host in (lab.a, lab.b):
        for name, below, protocol, vlan_id in (
            ("ens33.20", "ens33", "802.1ad", 20),
            ("ens33.20.200", "ens33.20", "802.1Q", 200),
        ):
            link = ip_link(host.netns, name)
            assert link["link"] == below
            data = link["linkinfo"]["info_data"]
            assert (data["protocol"], data["id"]) == (protocol, vlan_id)
            assert host.handle.link(name).vlan == VlanOptions(
                vlan_id, protocol=VlanProtocol(protocol), reorder_hdr=True, gvrp=False, mvrp=False,
                loose_binding=False, bridge_binding=False,
            )  # fmt: skip
    assert tags_of_a_ping(lab, inside[0], "10.200.0.2") == [(0x88A8, 0, 20), (0x8100, 0, 200)]
    # Containers only in the service VLAN, or only in VLAN 200, are in other networks.
    for parent in (service, "ens33.200"):
        outsider = lab.start(lab.a, Endpoint("e", parent=parent, addresses=["10.200.0.3/24"]))
        assert silent(outsider, "10.200.0.1")
        assert silent(outsider, "10.200.0.2")


def test_a_vlan_as_the_containers_own_interface(lab: Lab) -> None:
    plain = Endpoint("eth0", parent="ens33", kind="vlan", options=VlanOptions(30))
    other = lab.start(lab.b, plain.replace(addresses=["10.30.0.2/24"]))
    endpoint = plain.replace(
        mac="02:42:0a:1e:00:01",
        addresses=["10.30.0.1/24@10.30.0.2"],
        options=VlanOptions(30, egress_qos={0: 5}),
    )
    inside = lab.container()
    eth0 = lab.a.host.attach(endpoint, inside)
    assert eth0.kind is EndpointKind.VLAN
    link = ip_link(inside, "eth0")
    assert (link["address"], link["linkinfo"]["info_data"]["id"]) == (eth0.mac, 30)
    assert ip_lines(inside, "route show default") == ["default via 10.30.0.2 dev eth0"]
    # Without a MAC address of its own it has its parent's.
    parents = ip_link(lab.b.netns, "ens33")["address"]
    assert ip_link(other, "eth0")["address"] == parents
    assert tags_of_a_ping(lab, inside, "10.30.0.2") == [(0x8100, 5, 30)]
    (found,) = lab.a.host.attachments(inside)
    assert (found.name, found.kind) == ("eth0", EndpointKind.VLAN)
    assert lab.a.host.check(endpoint, inside) == []
    lab.a.host.detach(eth0)
    assert silent(other, "10.30.0.1")


def test_priority_tags_are_not_a_vlan(lab: Lab) -> None:
    lab.a.handle.add_link(
        "prio0", parent="ens33", options=VlanOptions("priority-tags", egress_qos={0: 6}), up=True
    )
    lab.a.handle.add_address("prio0", "10.31.0.1/24")
    with Wire(lab.b.netns, "ens33") as wire:
        assert silent(lab.a.netns, "10.31.0.2")
        arp = wire.find(lambda frame: frame[16:18] == b"\x08\x06")
    assert arp is not None
    assert tags(arp) == [(0x8100, 6, 0)]
    info = lab.a.handle.link("prio0")
    assert info.vlan is not None
    assert (info.vlan.id, info.vlan.egress_qos) == (0, {0: 6})


def test_every_option_of_a_vlan(lab: Lab) -> None:
    handle, netns = lab.a.handle, lab.a.netns
    options = VlanOptions(
        5, protocol="802.1ad", reorder_hdr=False, gvrp=False, mvrp=False, loose_binding=True,
        ingress_qos={1: 10, 2: 20}, egress_qos=[(30, 3)],
    )  # fmt: skip
    handle.add_link("v5", kind="vlan", parent="ens33", options=options)
    data = ip_link(netns, "v5")["linkinfo"]["info_data"]
    assert data["flags"] == ["LOOSE_BINDING"]
    assert data["ingress_qos"] == [{"from": 1, "to": 10}, {"from": 2, "to": 20}]
    assert data["egress_qos"] == [{"from": 30, "to": 3}]
    info = handle.link("v5")
    assert info.vlan == VlanOptions(
        5, protocol="802.1ad", reorder_hdr=False, gvrp=False, mvrp=False, loose_binding=True,
        bridge_binding=False, ingress_qos={1: 10, 2: 20}, egress_qos={30: 3},
    )  # fmt: skip
    handle.set_vlan("v5", reorder_hdr=True, loose_binding=False, egress_qos={31: 4})
    data = ip_link(netns, "v5")["linkinfo"]["info_data"]
    assert data["flags"] == ["REORDER_HDR"]
    assert data["egress_qos"] == [{"from": 30, "to": 3}, {"from": 31, "to": 4}]
    ip_text(netns, "link add link ens33 name v6 type vlan id 6 gvrp on")
    told = handle.link("v6").vlan
    assert told is not None
    assert (told.id, told.gvrp, told.reorder_hdr) == (6, True, True)
    assert {link.name for link in handle.links(kind="vlan")} == {"v5", "v6"}


def test_made_used_and_removed(lab: Lab) -> None:
    host, netns = lab.a.host, lab.a.netns
    lab.b.handle.add_link("ens33.100", parent="ens33", options=VlanOptions(100), up=True)
    lab.b.handle.add_address("ens33.100", "10.100.0.1/24")
    before = names(netns)
    endpoint = Endpoint("eth0", parent="ens33.100", addresses=["10.100.0.11/24"])
    first, second = lab.container(), lab.container()
    one = host.attach(endpoint, first)
    vlan = ip_link(netns, "ens33.100")
    assert (vlan["link"], vlan["linkinfo"]["info_data"]["id"]) == ("ens33", 100)
    assert vlan["group"] == str(Parent.ON_DEMAND_GROUP)
    assert (one.parent, one.parent_index) == ("ens33.100", vlan["ifindex"])
    two = host.attach(endpoint.replace(addresses=["10.100.0.12/24"]), second)
    assert two.parent_index == one.parent_index
    assert ping(first, "10.100.0.1") == ping(first, "10.100.0.12") == 64
    host.detach(one)
    assert ping(second, "10.100.0.1") == 64
    host.detach(two)
    assert names(netns) == before


def test_a_parent_under_another_name(lab: Lab) -> None:
    host, inside = lab.a.host, lab.container()
    parent = Parent.vlan("ens33", 4094, protocol="802.1ad", name="service")
    eth0 = host.attach(Endpoint("eth0", parent=parent), inside)
    data = ip_link(lab.a.netns, "service")["linkinfo"]["info_data"]
    assert (data["id"], data["protocol"]) == (4094, "802.1ad")
    assert eth0.parent == "service"
    host.detach(eth0)
    assert "service" not in names(lab.a.netns)
    with pytest.raises(NotFoundError) as caught:
        host.attach(Endpoint("eth0", parent=Parent.link("ens33.7")), inside)
    assert caught.value.kind is ErrorKind.PARENT_NOT_FOUND


@pytest.mark.only_long
def test_vlans_of_others_or_in_use_stay(lab: Lab) -> None:
    host, netns = lab.a.host, lab.a.netns
    endpoint = Endpoint("eth0", parent="ens33.100")
    ip_text(netns, "link add link ens33 name ens33.100 up type vlan id 100")
    host.detach(host.attach(endpoint, lab.container()))
    assert "ens33.100" in names(netns)
    ip_text(netns, "link delete ens33.100")
    eth0 = host.attach(endpoint, lab.container())
    ip_text(netns, "address add 192.168.7.1/24 dev ens33.100")
    host.detach(eth0)
    assert "ens33.100" in names(netns)


@pytest.mark.only_long
def test_the_last_of_many_takes_the_vlan_along(lab: Lab) -> None:
    endpoint = Endpoint("eth0", parent="ens33.100")
    containers = [lab.container() for _ in range(5)]
    made = [lab.a.host.attach(endpoint, netns) for netns in containers]
    assert lab.a.host.detach_all(made) == [Detached.REMOVED] * 5
    assert "ens33.100" not in names(lab.a.netns)


def test_vlans_of_ended_containers_are_removed(lab: Lab) -> None:
    inside = NetNs.anonymous()
    eth0 = lab.a.host.attach(Endpoint("eth0", parent="ens33.100"), inside)
    del eth0
    inside.close()

    def is_removed() -> bool:
        lab.a.host.remove_unused_parents()  # as soon as the kernel has taken the namespace apart
        return "ens33.100" not in names(lab.a.netns)

    eventually(is_removed)


def come_and_go(path: str, seed: int, failures: Any) -> None:
    """A process that attaches to a VLAN on demand, finds it working, and detaches."""
    chance = random.Random(seed)
    try:
        for turn in range(3):
            time.sleep(chance.random() / 20)
            with Host(path) as host, NetNs.anonymous() as inside:
                address = f"10.100.{turn + 1}.{seed + 10}/16"
                endpoint = Endpoint("eth0", parent="ens33.100", addresses=[address])
                with host.attached(endpoint, inside):
                    if ping(inside, "10.100.0.1") is None:
                        failures.put(f"{seed}: gone too early")
    except Exception as error:
        failures.put(f"{seed}: {error}")
        raise


@pytest.mark.only_long
def test_processes_come_and_go_on_one_vlan(lab: Lab, *, long: bool) -> None:
    lab.b.handle.add_link("ens33.100", parent="ens33", options=VlanOptions(100), up=True)
    lab.b.handle.add_address("ens33.100", "10.100.0.1/16")
    context = multiprocessing.get_context("forkserver")
    failures: Any = context.SimpleQueue()
    path = f"/proc/{multiprocessing.current_process().pid}/fd/{lab.a.netns.fileno()}"
    processes = [
        context.Process(target=come_and_go, args=(path, seed, failures))
        for seed in range(12 if long else 2 if GUEST else 4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    told = []
    while not failures.empty():
        told.append(failures.get())
    assert (told, [process.exitcode for process in processes]) == ([], [0] * len(processes))
    assert "ens33.100" not in names(lab.a.netns)


def test_the_kernels_refusals(lab: Lab) -> None:
    lab.a.handle.add_link("v5", parent="ens33", options=VlanOptions(5))
    with pytest.raises(FileExistsError, match="VLAN"):
        lab.a.handle.add_link("v6", parent="ens33", options=VlanOptions(5))
    with pytest.raises(NotFoundError):
        lab.a.handle.add_link("v6", parent="nope", options=VlanOptions(5))
    with pytest.raises(MacvlanError):
        lab.a.handle.set_vlan("ens33", gvrp=True)


def test_bad_values_are_refused_before_any_system_call() -> None:
    for wrong in (
        lambda: Parent.vlan("eth0", 4095),
        lambda: Endpoint("e", parent="verylongname0.4094"),
        lambda: VlanOptions(1, egress_qos={0: 8}),
        lambda: MacvlanOptions(source_macs=["02:00:00:00:00:01"]),
    ):
        with pytest.raises(InvalidError):
            wrong()
