"""The verbs of ip: set by the library and read by ip, set by ip and read by the library."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Interface, ip_address
from typing import TYPE_CHECKING

import pytest
from hosts import ip, ip_addresses, ip_lines, ip_link, ip_text, ping, works

from macvlan import (
    AddrGenMode,
    Family,
    Handle,
    LinkInfo,
    LinkState,
    MacvlanOptions,
    Mode,
    NeighbourState,
    NetNs,
    NotFoundError,
    Route,
    RouteKind,
    Rule,
    Scope,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hosts import Lab


@pytest.fixture
def handle(request: pytest.FixtureRequest) -> Iterator[Handle]:
    """A namespace with one end of a cable, v0."""
    request.applymarker("root")
    with NetNs.anonymous() as netns, Handle(netns) as made:
        made.add_link("v0", kind="veth", peer="v1", up=True)
        made.set_up("v1")
        works(made, "v0")
        yield made


def test_links_of_every_kind(handle: Handle) -> None:
    netns = handle.netns
    with NetNs.anonymous() as other:
        handle.add_link(
            "a0", kind="veth", peer="a1", peer_netns=other, mac="02:00:00:00:00:01", mtu=1400,
            index=77, group=5, tx_queue_len=9, queues=(2, 3), promisc=True,
        )  # fmt: skip
        link = ip_link(netns, "a0")
        assert (link["address"], link["mtu"], link["ifindex"]) == ("02:00:00:00:00:01", 1400, 77)
        assert (link["group"], link["txqlen"], link["num_tx_queues"]) == ("5", 9, 2)
        assert "PROMISC" in link["flags"]
        assert ip_link(other, "a1")["linkinfo"]["info_kind"] == "veth"
        handle.add_link("m0", kind="macvlan", parent="v0", mode="vepa", netns=other, up=True)
        assert ip_link(other, "m0")["linkinfo"]["info_data"]["mode"] == "vepa"
        with Handle(other) as inside:
            info = inside.link("m0")
            assert (info.kind, info.macvlan) == (
                "macvlan",
                MacvlanOptions("vepa", bc_queue_len=1000),
            ) or (info.macvlan is not None and info.macvlan.mode is Mode.VEPA)
            assert info.parent_netns is not None
        # While the peer's namespace is open, which deletes both when it ends.
        handle.delete_link("a0")
    with pytest.raises(NotFoundError):
        handle.link("a0")


@pytest.mark.needs("dummy", "bridge")
def test_dummies_and_bridges(handle: Handle) -> None:
    handle.add_link("d0", kind="dummy")
    handle.add_link("br0", kind="bridge", up=True)
    ip_text(handle.netns, "link set d0 master br0")
    assert [link.name for link in handle.links(kind="dummy")] == ["d0"]
    assert [link.name for link in handle.links(controller="br0")] == ["d0"]
    assert handle.link("d0").controller == handle.link("br0").index


def test_changes_are_seen_by_ip(handle: Handle) -> None:
    netns = handle.netns
    handle.add_link("m0", kind="macvlan", parent="v0")
    handle.set_down("m0")
    handle.rename("m0", "m9")
    handle.set_mac("m9", b"\x02\0\0\0\0\x09")
    handle.set_mtu("m9", 1300)
    handle.set_alias("m9", "of the test")
    handle.set_group("m9", 9)
    handle.set_tx_queue_len("m9", 99)
    handle.set_addr_gen_mode("m9", AddrGenMode.NONE)
    handle.set_allmulticast("m9", True)
    handle.set_promisc("m9", True)
    handle.add_alternative_name("m9", "a-name-that-is-longer-than-fifteen")
    handle.set_up("m9")
    link = ip_link(netns, "m9")
    assert (link["address"], link["mtu"], link["txqlen"]) == ("02:00:00:00:00:09", 1300, 99)
    assert (link["ifalias"], link["group"]) == ("of the test", "9")
    assert link["inet6_addr_gen_mode"] == "none"
    assert {"UP", "PROMISC", "ALLMULTI"} <= set(link["flags"])
    assert link["altnames"] == ["a-name-that-is-longer-than-fifteen"]
    info = handle.link("a-name-that-is-longer-than-fifteen"[:15]) if False else handle.link("m9")
    assert (info.is_up, info.is_promisc, info.is_allmulticast) == (True, True, True)
    assert (info.alias, info.group, info.tx_queue_len) == ("of the test", 9, 99)
    assert info.alternative_names == ("a-name-that-is-longer-than-fifteen",)
    assert info.addr_gen_mode is AddrGenMode.NONE
    handle.delete_alternative_name("m9", "a-name-that-is-longer-than-fifteen")
    handle.set_alias("m9", "")
    handle.set_promisc(info, False)
    handle.set_allmulticast(info.index, False)
    info = handle.link(info)
    assert (info.is_promisc, info.is_allmulticast) == (False, False)
    assert (info.alias, info.alternative_names) == (None, ())


def test_changes_of_ip_are_seen(handle: Handle) -> None:
    netns = handle.netns
    ip_text(
        netns,
        "link add link v0 name m0 address 02:00:00:00:00:07 mtu 1234 type macvlan mode private",
    )
    told, info = ip_link(netns, "m0"), handle.link("m0")
    assert info.index == told["ifindex"]
    assert (info.name, info.kind) == ("m0", "macvlan")
    assert info.macvlan is not None
    assert info.macvlan.mode is Mode.PRIVATE
    assert info.parent == ip_link(netns, "v0")["ifindex"]
    assert (info.parent_netns, info.controller, info.vlan) == (None, None, None)
    assert (info.mac, info.mtu) == ("02:00:00:00:00:07", 1234)
    assert (info.min_mtu, info.max_mtu) == (told["min_mtu"], told["max_mtu"])
    assert (info.is_up, info.state) == (False, LinkState.DOWN)
    assert (info.tx_queue_len, info.queues[0]) == (told["txqlen"], told["num_tx_queues"])
    assert info.promiscuity == told["promiscuity"]
    assert info.qdisc == told["qdisc"]
    assert info.offloads.gso_max_size == told["gso_max_size"]
    assert info.statistics.tx_packets == 0
    assert info.carrier in (True, False, None)
    assert handle.link("lo").is_loopback
    assert handle.link("lo").mac is None
    # Its counters and its carrier may have changed between the two.
    links = sorted(handle.links(), key=lambda link: link.index)
    assert [(link.index, link.name, link.mac, link.mtu) for link in links] == [
        (told["ifindex"], told["ifname"], handle.link(told["ifindex"]).mac, told["mtu"])
        for told in ip(netns, "link show")
    ]
    assert hash(info) == hash(LinkInfo.from_dict(info.as_dict()))


def test_macvlan_options_of_a_living_link(handle: Handle) -> None:
    netns = handle.netns
    macs = ["02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03"]
    handle.add_link(
        "m0", kind="macvlan", parent="v0", options=MacvlanOptions("source", source_macs=macs[:2])
    )

    def listed() -> list[str]:
        return sorted(ip_link(netns, "m0")["linkinfo"]["info_data"]["macaddr_data"])

    assert listed() == macs[:2]
    handle.set_macvlan("m0", add_source_mac=macs[2])
    assert listed() == macs
    handle.set_macvlan("m0", delete_source_mac=macs[0])
    assert listed() == macs[1:]
    handle.set_macvlan("m0", source_macs=[macs[0]], bc_queue_len=2222)
    assert listed() == macs[:1]
    info = handle.link("m0")
    assert info.macvlan is not None
    assert (info.macvlan.source_macs, info.macvlan.bc_queue_len) == ((macs[0],), 2222)
    handle.set_macvlan("m0", source_macs=())
    assert "macaddr_data" not in ip_link(netns, "m0")["linkinfo"]["info_data"]
    handle.set_macvlan("m0", nodst=True)
    assert "nodst" in ip_text(netns, "-d link show m0")
    handle.set_macvlan("m0", mode="bridge", nodst=False)
    assert ip_link(netns, "m0")["linkinfo"]["info_data"]["mode"] == "bridge"


def test_promisc_is_held_and_let_go(handle: Handle) -> None:
    def promiscuity() -> int:
        return handle.link("v0").promiscuity

    with handle.hold_promisc("v0") as first:
        assert ip_link(handle.netns, "v0")["promiscuity"] == promiscuity() == 1
        second = handle.hold_promisc("v0")
        assert promiscuity() == 2
        assert first.fileno() != second.fileno()
    assert first.closed
    assert promiscuity() == 1
    del second
    assert promiscuity() == 0
    with pytest.raises(ValueError, match="the PromiscGuard is closed"):
        first.fileno()


def test_a_link_moves(handle: Handle) -> None:
    with NetNs.anonymous() as other, Handle(other) as there:
        handle.move_link("v1", other, name="moved")
        assert there.link("moved").kind == "veth"
        there.move_link("moved", handle.netns)
        assert handle.link("moved").kind == "veth"


def test_addresses(handle: Handle) -> None:
    netns = handle.netns
    handle.add_address("v0", "10.0.0.1/24")
    handle.add_address("v0", IPv6Interface("fd00::1/64"))
    handle.replace_address("v0", "fd00::1/64 nodad")
    assert ip_addresses(netns, "v0") == ["10.0.0.1/24", "fd00::1/64"]
    (v4,) = handle.addresses("v0", family=4)
    assert v4.address == IPv4Interface("10.0.0.1/24")
    assert (v4.broadcast, v4.label, v4.scope) == (IPv4Address("10.0.0.255"), "v0", Scope.GLOBAL)
    assert v4.link == handle.link("v0").index
    assert (v4.is_tentative, v4.is_duplicate) == (False, False)
    v6 = handle.addresses(handle.link("v0"), family=Family.V6)
    assert {a.scope for a in v6} == {Scope.GLOBAL, Scope.LINK}
    assert all(a.address.version == 6 and a.broadcast is None for a in v6)
    assert len(handle.addresses()) >= 4
    assert handle.addresses("lo", family="ipv4") == []
    assert handle.is_local("10.0.0.1")
    assert not handle.is_local("10.0.0.2")
    handle.delete_address("v0", v4.address)
    assert ip_addresses(netns, "v0") == ["fd00::1/64"]


def test_routes(handle: Handle) -> None:
    netns = handle.netns
    handle.add_address("v0", "10.0.0.1/24")
    handle.add_route(Route("10.1.0.0/16", gateway="10.0.0.2", metric=5))
    handle.replace_route("10.1.0.0/16 via 10.0.0.3 metric 5")
    handle.add_route(Route("10.3.0.0/16", gateway="10.0.0.2", protocol=109))
    assert ip_lines(netns, "route show proto 109") == ["10.3.0.0/16 via 10.0.0.2 dev v0"]
    handle.delete_route("10.3.0.0/16 proto 109")
    handle.add_route(Route("10.2.0.0/16", kind="unreachable", table=77))
    handle.add_route(Route("fd01::/64", device="v0"))
    assert ip_lines(netns, "route show 10.1.0.0/16") == ["10.1.0.0/16 via 10.0.0.3 dev v0 metric 5"]
    assert ip_lines(netns, "route show table 77") == ["unreachable 10.2.0.0/16"]
    (of_table,) = handle.routes(table=77)
    assert of_table.route == Route("10.2.0.0/16", kind="unreachable", table=77, scope="global")
    assert of_table.protocol in {3, 4}
    assert handle.routes(table=78) == []
    v0 = handle.link("v0").index
    (via,) = (r.route for r in handle.routes("v0", family=4, protocol=of_table.protocol))
    (listed,) = (r for r in handle.routes("v0", family=4) if r.protocol == 2)
    assert listed.link_name == "v0"
    assert str(listed) == "10.0.0.0/24 dev v0 proto kernel scope link src 10.0.0.1"
    assert (via.gateway, via.device, via.metric) == (ip_address("10.0.0.3"), v0, 5)
    assert {r.route.destination.version for r in handle.routes(family=6)} == {6}
    assert [r.route for r in handle.routes(kind=RouteKind.UNREACHABLE)] == [of_table.route]
    ip_text(netns, "route add 10.3.0.0/16 nexthop via 10.0.0.4 weight 2 nexthop via 10.0.0.5")
    several = next(r for r in handle.routes("v0") + handle.routes() if r.next_hops)
    assert several.route.destination == IPv4Network("10.3.0.0/16")
    assert str(several) == (
        "10.3.0.0/16 nexthop via 10.0.0.4 dev v0 weight 2 nexthop via 10.0.0.5 dev v0 weight 1"
    )
    hops = [(hop.link, str(hop.gateway), hop.weight) for hop in several.next_hops]
    assert hops == [(v0, "10.0.0.4", 2), (v0, "10.0.0.5", 1)]
    handle.delete_route("10.1.0.0/16 via 10.0.0.3")
    assert ip_lines(netns, "route show 10.1.0.0/16") == []


def test_rules(handle: Handle) -> None:
    netns = handle.netns
    rule = Rule(77, from_="10.0.0.1/32", priority=500)
    handle.add_rule(rule)
    handle.add_rule("from fd00::1/128 table 78 priority 501")
    assert "500: from 10.0.0.1 lookup 77" in ip_lines(netns, "rule show")
    assert "501: from fd00::1 lookup 78" in ip_lines(netns, "-6 rule show")
    assert rule in handle.rules()
    handle.delete_rule(rule)
    assert rule not in handle.rules()
    handle.delete_rule("from fd00::1/128 table 78")
    assert ip_lines(netns, "-6 rule show") == [
        "0: from all lookup local",
        "32766: from all lookup main",
    ]


def test_neighbours(lab: Lab) -> None:
    assert ping(lab.a.netns, "192.168.15.2") == 64
    (found,) = lab.a.handle.neighbours("ens33", family=4)
    assert str(found.ip) == "192.168.15.2"
    assert found.mac == ip_link(lab.b.netns, "ens33")["address"]
    assert found.state in (NeighbourState.REACHABLE, NeighbourState.DELAY, NeighbourState.STALE)
    assert found.link == lab.a.handle.link("ens33").index
    assert ping(lab.a.netns, "192.168.15.77", patience=0.1) is None
    unanswered = {n.state for n in lab.a.handle.neighbours() if str(n.ip) == "192.168.15.77"}
    assert unanswered <= {NeighbourState.INCOMPLETE, NeighbourState.FAILED}
    assert unanswered


def test_statistics_count(lab: Lab) -> None:
    before = lab.a.handle.link("ens33").statistics
    assert ping(lab.a.netns, "192.168.15.2") == 64
    after = lab.a.handle.link("ens33").statistics
    assert after.tx_packets > before.tx_packets
    assert after.rx_bytes > before.rx_bytes
    assert after != before


def test_repr_is_to_be_read(handle: Handle) -> None:
    info = handle.link("v0")
    assert repr(info).startswith(f"LinkInfo(index={info.index}, name='v0', kind='veth', ")
    assert repr(info.statistics).startswith("LinkStatistics(rx_packets=")
    handle.add_address("v0", "10.0.0.1/24")
    assert "IPv4Interface('10.0.0.1/24')" in repr(handle.addresses("v0", family=4))
    assert "Route('10.0.0.0/24', device=" in repr(handle.routes("v0", family=4))
    assert repr(handle).startswith("<Handle in the network namespace net:[")
