"""Values: accepted arguments, attributes, and round trips."""

from __future__ import annotations

import copy
import ipaddress
import json
import pickle
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface
from typing import Any

import pytest

import macvlan
from macvlan import (
    AcceptRa,
    Address6,
    AddrGenMode,
    Announce,
    DuplicateDetection,
    Endpoint,
    EndpointKind,
    Family,
    Holder,
    InvalidError,
    LinkState,
    MacAddr,
    MacvlanOptions,
    Mode,
    NetNsId,
    Parent,
    Probe,
    Rate,
    Route,
    RouteKind,
    Rule,
    Scope,
    VlanOptions,
    VlanProtocol,
)

FULL = Endpoint(
    "eth0",
    parent="ens33.100",
    kind="macvlan",
    mac="02:42:AC:10:D5:B4",
    mtu=1400,
    addresses=["172.16.213.180/16", "fd00::2/64 nodad", "fd01::2/64"],
    gateways=["172.16.213.2", "fd00::1"],
    routes=["10.0.0.0/8 via 172.16.0.9 metric 7", "blackhole fd00:9::/32"],
    on_link_gateways=True,
    promisc=True,
    lo_up=False,
    replace_default_route=True,
    source_routing=None,
    alias="of the test",
    alternative_names=["a-long-name-of-the-test"],
    group=7,
    tx_queue_len=500,
    queues=(2, 3),
    addr_gen_mode="none",
    accept_ra="never",
    autoconf=False,
    disable_ipv6=False,
    mac_conflict_timeout=0.25,
    probe="quick",
    announce=Announce(3, interval=0.5),
    rate="10mbit",
    gateway_metric=50,
    allmulticast=True,
    options=MacvlanOptions(
        "source",
        nodst=True,
        source_macs=["02:00:00:00:00:01", b"\x02\x00\x00\x00\x00\x02"],
        bc_queue_len=2000,
        bc_cutoff=-1,
    ),
)
VALUES = [
    FULL,
    Endpoint("eth0", parent="ens33"),
    Endpoint("tap0", parent=7, kind="macvtap", options=MacvlanOptions("passthru", nopromisc=True)),
    Endpoint(
        "eth0",
        parent=Parent.vlan("eth0", 20, protocol="802.1ad", name="service"),
        options=VlanOptions(
            200,
            protocol="802.1ad",
            reorder_hdr=False,
            gvrp=True,
            mvrp=False,
            loose_binding=True,
            bridge_binding=False,
            ingress_qos={1: 2, 3: 4},
            egress_qos=[(5, 6)],
        ),
    ),
    Endpoint("prio", parent="ens33", options=VlanOptions("priority-tags")),
    Endpoint("tap0", parent="ens33", kind="macvtap", mode="vepa"),
    Endpoint("eth0", parent="ens33", addresses=["10.0.0.2/24"], source_routing=100),
    Endpoint("eth0", parent="ens33", probe=Probe(2, wait=0.25), announce="rfc", rate=9600),
    Probe(),
    Probe(5, start=0, interval=0.06, jitter=0.001, wait=timedelta(milliseconds=130), deadline=9),
    Probe.quick(),
    Announce(),
    Announce.rfc(),
    Announce(4, interval=0.1, blocking=True),
    Rate("1500kbit"),
    Parent.link("ens33.100"),
    Parent.link(7),
    Parent.vlan("ens33", 100),
    Parent.vlan(Parent.vlan("ens33", 20, protocol=VlanProtocol.DOT1AD), 200, name="customer"),
    Route("10.0.0.0/8", gateway="10.0.0.1"),
    Route(
        "default", gateway=IPv6Address("fe80::1"), device="eth0", metric=1, table=2, on_link=True
    ),
    Route("0.0.0.0/0", gateway="fe80::1", device=3),
    Route("::/0", device="eth0", source="fd00::1", mtu=1400, advmss=1300),
    Route("10.0.0.0/8", device="eth0", scope="link"),
    Route("10.0.0.0/8", device="eth0", scope=17),
    Route("10.0.0.0/8", kind=RouteKind.PROHIBIT),
    Rule(100, from_="10.0.0.2/32"),
    Rule(100, from_=IPv4Address("10.0.0.2"), to=IPv4Network("10.1.0.0/16"), priority=5),
    Rule(7, ipv6=True),
    MacvlanOptions(),
    MacvlanOptions("source", source_macs=["02:00:00:00:00:01"], nodst=True, bc_cutoff=3),
    VlanOptions(100),
    VlanOptions("priority-tags", gvrp=True),
    VlanOptions(100, protocol="802.1ad", egress_qos={0: 1}),
    MacAddr("02:42:ac:10:d5:b4"),
    Address6("fd00::2/64"),
    Address6("fd00::2/64 nodad"),
    NetNsId(4, 4026531840),
    *Mode,
    *VlanProtocol,
    *Family,
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_comes_back_as_it_went(value: object) -> None:
    again = eval(repr(value), vars(macvlan))
    assert again == value
    assert hash(again) == hash(value)
    assert type(again) is type(value)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(value, protocol)) == value
    assert copy.copy(value) == value
    assert copy.deepcopy(value) == value
    assert repr(pickle.loads(pickle.dumps(value))) == repr(value)


@pytest.mark.parametrize("values", [VALUES])
def test_different_values_differ(values: list[object]) -> None:
    different = [v for v in values if not isinstance(v, (str, int, tuple, Address6))]
    assert len(set(different)) == len(different)
    assert all(value != "something else" for value in different)


def test_properties_of_an_endpoint() -> None:
    assert FULL.name == "eth0"
    assert FULL.parent == "ens33.100"
    assert (FULL.kind, FULL.mode) == (EndpointKind.MACVLAN, Mode.SOURCE)
    assert FULL.mac == "02:42:ac:10:d5:b4"
    assert FULL.mtu == 1400
    assert FULL.addresses == (
        IPv4Interface("172.16.213.180/16"),
        IPv6Interface("fd00::2/64"),
        IPv6Interface("fd01::2/64"),
    )
    how = [a.duplicate_detection for a in FULL.addresses if isinstance(a, Address6)]
    assert how == [DuplicateDetection.SKIP, DuplicateDetection.KERNEL]
    assert FULL.gateways == (IPv4Address("172.16.213.2"), IPv6Address("fd00::1"))
    assert [str(r) for r in FULL.routes] == [
        "10.0.0.0/8 via 172.16.0.9 metric 7",
        "blackhole fd00:9::/32",
    ]
    assert (FULL.on_link_gateways, FULL.promisc, FULL.lo_up) == (True, True, False)
    assert FULL.replace_default_route
    assert FULL.source_routing is None
    assert FULL.alias == "of the test"
    assert FULL.alternative_names == ("a-long-name-of-the-test",)
    assert (FULL.group, FULL.tx_queue_len, FULL.queues) == (7, 500, (2, 3))
    assert FULL.addr_gen_mode is AddrGenMode.NONE
    assert FULL.accept_ra is AcceptRa.NEVER
    assert (FULL.autoconf, FULL.disable_ipv6) == (False, False)
    assert (FULL.gateway_metric, FULL.allmulticast) == (50, True)
    assert (Endpoint.PROTOCOL, Endpoint.RULE_PRIORITY) == (109, 30000)
    assert FULL.mac_conflict_timeout == 0.25
    options = FULL.options
    assert isinstance(options, MacvlanOptions)
    assert options.mode is Mode.SOURCE
    assert (options.nopromisc, options.nodst) == (False, True)
    assert options.source_macs == ("02:00:00:00:00:01", "02:00:00:00:00:02")
    assert (options.bc_queue_len, options.bc_cutoff) == (2000, -1)


def test_properties_of_a_vlan_endpoint() -> None:
    vlan = VALUES[3]
    assert isinstance(vlan, Endpoint)
    assert vlan.kind is EndpointKind.VLAN
    assert vlan.mode is None
    options = vlan.options
    assert isinstance(options, VlanOptions)
    assert (options.id, options.protocol) == (200, VlanProtocol.DOT1AD)
    assert (options.reorder_hdr, options.gvrp, options.mvrp) == (False, True, False)
    assert (options.loose_binding, options.bridge_binding) == (True, False)
    assert (options.ingress_qos, options.egress_qos) == ({1: 2, 3: 4}, {5: 6})
    parent = vlan.parent
    assert isinstance(parent, Parent)
    assert (parent.id, parent.base, parent.vlan_id) == ("service", "eth0", 20)
    assert parent.protocol is VlanProtocol.DOT1AD
    assert Endpoint(
        "p", parent="x", kind="vlan", options=VlanOptions("priority-tags")
    ).options == VlanOptions("priority-tags")
    assert VlanOptions("priority-tags").id == 0


def test_defaults_equal_missing_arguments() -> None:
    plain = Endpoint("eth0", parent="ens33")
    said = Endpoint(
        "eth0", parent="ens33", kind=None, mode=None, options=None, mac=None, mtu=None,
        addresses=(), gateways=(), routes=(), on_link_gateways=False, promisc=False, lo_up=True,
        replace_default_route=False, source_routing=None, alias=None, alternative_names=(),
        group=None, tx_queue_len=None, queues=None, addr_gen_mode=None, accept_ra=None,
        autoconf=None, disable_ipv6=None, mac_conflict_timeout=0, probe=None, announce=None,
        rate=None, gateway_metric=None, allmulticast=None,
    )  # fmt: skip
    assert said == plain
    assert repr(said) == "Endpoint('eth0', parent='ens33')"
    assert Endpoint("eth0", parent="ens33", kind="macvlan", mode="bridge") == plain
    assert Endpoint("eth0", parent="ens33", options=MacvlanOptions()) == plain
    assert plain.options == MacvlanOptions()


def test_options_say_the_kind_and_the_mode() -> None:
    vlan = Endpoint("eth0", parent="ens33", options=VlanOptions(5))
    assert vlan == Endpoint("eth0", parent="ens33", kind="vlan", options=VlanOptions(5))
    assert repr(vlan) == "Endpoint('eth0', parent='ens33', options=VlanOptions(5))"
    private = Endpoint("eth0", parent="ens33", mode="private")
    assert private == Endpoint("eth0", parent="ens33", options=MacvlanOptions("private"))
    assert repr(private) == "Endpoint('eth0', parent='ens33', mode='private')"
    queue = MacvlanOptions("vepa", bc_queue_len=5)
    tap = Endpoint("eth0", parent="ens33", kind="macvtap", options=queue)
    assert (tap.kind, tap.mode, tap.options) == (EndpointKind.MACVTAP, Mode.VEPA, queue)
    assert repr(tap).endswith("kind='macvtap', options=MacvlanOptions('vepa', bc_queue_len=5))")
    # Each replaces the other.
    assert private.replace(options=queue).options == queue
    assert private.replace(options=VlanOptions(5)) == vlan
    assert vlan.replace(options=None, mode="private") == private
    with pytest.raises(InvalidError, match="argument 'mode'"):
        tap.replace(mode="bridge")


def test_replace() -> None:
    endpoint = Endpoint("eth0", parent="ens33", addresses=["10.0.0.2/24"])
    other = endpoint.replace(name="eth1", mtu=1400)
    assert other == Endpoint("eth1", parent="ens33", addresses=["10.0.0.2/24"], mtu=1400)
    assert endpoint.mtu is None
    assert other.replace(mtu=None, name="eth0") == endpoint
    assert endpoint.replace() == endpoint
    assert FULL.replace(addresses=()).addresses == ()
    assert MacvlanOptions("vepa", bc_queue_len=5).replace(mode="private") == MacvlanOptions(
        "private", bc_queue_len=5
    )
    assert VlanOptions(5, gvrp=True).replace(id=6, gvrp=None) == VlanOptions(6)
    if hasattr(copy, "replace"):  # Python 3.13
        assert copy.replace(VlanOptions(5), id=6) == VlanOptions(6)
        assert copy.replace(MacvlanOptions(), mode="vepa") == MacvlanOptions("vepa")
        assert copy.replace(endpoint, mtu=1400).mtu == 1400


def test_values_are_frozen() -> None:
    values: list[Any] = [
        FULL,
        Route("10.0.0.0/8"),
        Rule(5),
        VlanOptions(1),
        MacvlanOptions(),
        Parent.link("a"),
    ]
    for value in values:
        with pytest.raises(AttributeError):
            value.name = "eth1"
        with pytest.raises(AttributeError):
            value.table = 5


@pytest.mark.parametrize(
    "given",
    [
        ["172.16.213.180/16", "fd00::2/64"],
        [IPv4Interface("172.16.213.180/16"), IPv6Interface("fd00::2/64")],
        (ipaddress.ip_interface(a) for a in ("172.16.213.180/16", "fd00::2/64")),
        {"172.16.213.180/16": 1, "fd00::2/64": 2},
    ],
)
def test_addresses_are_taken_as_text_and_as_objects(given: object) -> None:
    endpoint = Endpoint("eth0", parent="ens33", addresses=given)  # type: ignore[arg-type]
    assert endpoint.addresses == (IPv4Interface("172.16.213.180/16"), IPv6Interface("fd00::2/64"))
    assert [type(address) for address in endpoint.addresses] == [IPv4Interface, Address6]
    assert endpoint.replace(addresses=endpoint.addresses) == endpoint


def test_pipeworks_notation_brings_the_gateway_along() -> None:
    endpoint = Endpoint("eth0", parent="ens33", addresses=["172.16.104.10/24@172.16.104.1"])
    assert endpoint == Endpoint(
        "eth0", parent="ens33", addresses=["172.16.104.10/24"], gateways=["172.16.104.1"]
    )


def test_a_parent_by_a_long_alternative_name() -> None:
    name = "a-card-with-a-long-name.100"
    parent = Parent.link(name)
    assert (parent.id, parent.base, str(parent)) == (name, None, name)
    assert pickle.loads(pickle.dumps(parent)) == parent
    assert repr(parent) == f"Parent.link({name!r})"
    assert Endpoint("eth0", parent="x" * 127).parent == "x" * 127
    with pytest.raises(InvalidError):
        Parent.link("x" * 128)


def test_parents() -> None:
    assert Endpoint("e", parent="ens33").parent == "ens33"
    assert Endpoint("e", parent=7).parent == 7
    assert Endpoint("e", parent="eth0.20.200").parent == "eth0.20.200"
    assert Endpoint("e", parent=Parent.vlan("eth0.20", 200)).parent == "eth0.20.200"
    exact = Endpoint("e", parent=Parent.link("eth0.20"))
    assert exact.parent == Parent.link("eth0.20")
    assert exact != Endpoint("e", parent="eth0.20")
    assert str(exact.parent) == "eth0.20"
    assert Parent.vlan("eth0", 20).base == "eth0"
    assert (Parent.link("eth0").base, Parent.link("eth0").vlan_id) == (None, None)
    assert Parent.link("eth0").protocol is None
    assert Parent.link(7).id == 7
    assert int.from_bytes(b"macv", "big") == Parent.ON_DEMAND_GROUP


def test_the_plan_is_text() -> None:
    endpoint = Endpoint("eth0", parent="ens33", addresses=["10.0.0.2/24@10.0.0.1"])
    assert endpoint.plan() == (
        "host:   ip link add link ens33 name eth0 up netns CONTAINER type macvlan mode bridge\n"
        "inside: ip address add 10.0.0.2/24 broadcast + dev eth0\n"
        "inside: ip route add default via 10.0.0.1 dev eth0\n"
        "inside: ip link set lo up\n"
    )


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("default via 10.0.0.1 metric 100", Route("default", gateway="10.0.0.1", metric=100)),
        (
            "default via inet6 fe80::1 dev eth0",
            Route("0.0.0.0/0", gateway="fe80::1", device="eth0"),
        ),
        ("blackhole fd00:1::/32 table 7", Route("fd00:1::/32", kind="blackhole", table=7)),
        ("10.0.0.0/8 dev if7 scope link", Route(IPv4Network("10.0.0.0/8"), device=7, scope="link")),
    ],
)
def test_routes_have_ips_text(text: str, route: Route) -> None:
    assert Route.parse(text) == route
    assert str(route) == text
    assert Endpoint("e", parent="p", routes=[text]) == Endpoint("e", parent="p", routes=[route])


def test_properties_of_a_route() -> None:
    route = Route(
        "10.0.0.0/8", gateway=IPv4Address("10.0.0.1"), device="eth0", metric=1, table=2,
        source="10.0.0.9", scope="global", mtu=1400, advmss=1300, on_link=True,
    )  # fmt: skip
    assert route.destination == IPv4Network("10.0.0.0/8")
    assert (route.gateway, route.source) == (IPv4Address("10.0.0.1"), IPv4Address("10.0.0.9"))
    assert (route.device, route.metric, route.table) == ("eth0", 1, 2)
    assert (route.scope, route.kind) == (Scope.GLOBAL, RouteKind.UNICAST)
    assert (route.mtu, route.advmss, route.on_link) == (1400, 1300, True)
    assert not route.is_default
    assert Route("default", gateway="fd00::1").destination == ipaddress.IPv6Network("::/0")
    assert Route("10.0.0.0/8", scope=17).scope == 17
    assert Route("10.0.0.0/8").gateway is None


def test_rules_have_ips_text() -> None:
    rule = Rule(100, from_="10.0.0.2/32", to="10.1.0.0/16", priority=5)
    assert str(rule) == "from 10.0.0.2/32 to 10.1.0.0/16 table 100 priority 5"
    assert Rule.parse(str(rule)) == rule
    assert (rule.from_, rule.to) == (IPv4Network("10.0.0.2/32"), IPv4Network("10.1.0.0/16"))
    assert (rule.table, rule.priority, rule.ipv6) == (100, 5, False)
    assert Rule(1, to="fd00::/8").ipv6


def test_mac_addresses_are_text_and_bytes() -> None:
    mac = MacAddr("0A:0B:0C:0D:0E:0F")
    assert mac == "0a:0b:0c:0d:0e:0f"
    assert mac.packed == bytes.fromhex("0a0b0c0d0e0f")
    assert MacAddr(mac.packed) == mac
    assert MacAddr.from_ipv4("172.16.213.180") == "02:42:ac:10:d5:b4"
    assert MacAddr.from_ipv4(IPv4Address("172.16.213.180")) == "02:42:ac:10:d5:b4"
    assert mac == "0A:0B:0c:0d:0e:0f"
    assert "0A:0B:0C:0D:0E:0F" == mac  # noqa: SIM300
    assert not mac != "0A:0B:0C:0D:0E:0F"  # noqa: SIM202
    assert mac != "0a:0b:0c:0d:0e:00"
    assert mac != 5
    assert {mac} == {"0a:0b:0c:0d:0e:0f"}
    assert hash(mac) == hash("0a:0b:0c:0d:0e:0f")
    assert json.dumps({"mac": mac}) == '{"mac": "0a:0b:0c:0d:0e:0f"}'


def test_ipv6_addresses_know_how_duplicates_are_detected() -> None:
    plain, nodad = Address6("fd00::2/64"), Address6("fd00::2/64 nodad")
    assert plain.duplicate_detection is DuplicateDetection.KERNEL
    assert nodad.duplicate_detection is DuplicateDetection.SKIP
    assert plain == nodad == IPv6Interface("fd00::2/64")
    assert str(nodad) == "fd00::2/64 nodad"
    assert nodad.with_prefixlen == nodad.compressed == "fd00::2/64"
    assert nodad.exploded == "fd00:0000:0000:0000:0000:0000:0000:0002/64"
    assert f"{nodad}" == str(nodad)
    assert Rule(1, from_=nodad.network) == Rule(1, from_="fd00::/64")
    assert nodad.ip == IPv6Address("fd00::2")
    assert Address6(IPv6Interface("fd00::2/64"), duplicate_detection="nodad") == nodad
    assert Address6(nodad).duplicate_detection is DuplicateDetection.SKIP
    # An endpoint differs if it gets its addresses in another way.
    endpoints = {Endpoint("e", parent="p", addresses=[a]) for a in (plain, nodad)}
    assert len(endpoints) == 2


def test_enumerations_take_their_names() -> None:
    assert Mode("bridge") is Mode("BRIDGE") is Mode["BRIDGE"] is Mode(Mode.BRIDGE) is Mode.BRIDGE
    assert [str(mode) for mode in Mode] == list(Mode)
    assert FULL.mode == "source"
    assert f"{Mode.BRIDGE} {Mode.BRIDGE!s} {Mode.BRIDGE!r}" == "bridge bridge Mode.BRIDGE"
    assert VlanProtocol("802.1AD") is VlanProtocol("dot1ad") is VlanProtocol.DOT1AD
    assert LinkState("up") is LinkState.UP
    assert Family(4) is Family("ipv4") is Family("V4") is Family.V4
    assert list(Family) == [4, 6]
    for wrong in ("bridged", 4, None):
        with pytest.raises(ValueError, match="is not a valid Mode"):
            Mode(wrong)
    modes: list[Any] = [Mode.PRIVATE, "private", "PRIVATE", "Private"]
    for mode in modes:
        assert Endpoint("e", parent="p", mode=mode).mode is Mode.PRIVATE


def test_times_are_seconds_or_timedeltas() -> None:
    for given in (1.5, timedelta(seconds=1.5)):
        assert Endpoint("e", parent="p", mac_conflict_timeout=given).mac_conflict_timeout == 1.5
    assert Endpoint("e", parent="p", mac_conflict_timeout=2).mac_conflict_timeout == 2.0


def test_probes_and_announcements_are_said_by_words_and_by_numbers() -> None:
    assert Endpoint("e", parent="p").probe is None
    assert Endpoint("e", parent="p", probe="rfc").probe == Probe() == Probe.rfc()
    assert Endpoint("e", parent="p", probe="QUICK").probe == Probe.quick() != Probe.rfc()  # type: ignore[arg-type]
    assert (Probe().count, Probe().start, Probe().interval, Probe().jitter) == (3, 1.0, 1.0, 1.0)
    assert (Probe().wait, Probe().deadline, Probe().longest) == (2.0, 5.0, 7.0)
    assert Probe.quick().longest == 0.25
    assert str(Probe.quick()) == "3 probes, within 250ms"
    assert Endpoint("e", parent="p", announce="once").announce == Announce() == Announce.once()
    assert Announce.rfc() == Announce(2, interval=timedelta(seconds=2), blocking=False)
    announce = Announce(3, interval=0.5, blocking=True)
    assert (announce.count, announce.interval, announce.blocking) == (3, 0.5, True)
    assert str(Announce.rfc()) == "2 times, 2s apart"
    assert FULL.probe == Probe.quick()
    assert "probe='quick', announce=Announce(count=3, interval=0.5), rate='10mbit'" in repr(FULL)
    assert FULL.replace(probe=None, announce="once").probe is None
    for wrong in (0, -1):
        with pytest.raises(InvalidError, match="argument 'count'"):
            Probe(wrong)
    with pytest.raises(InvalidError, match=r"argument 'count': .* the minimum is 1"):
        Announce(0)
    with pytest.raises(InvalidError, match=r"argument 'probe': .* expected quick or rfc"):
        Endpoint("e", parent="p", probe="slow")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="argument 'announce': expected an Announce"):
        Endpoint("e", parent="p", announce=True)  # type: ignore[arg-type]


def test_rates() -> None:
    rate = Rate("10mbit")
    assert (rate.bits_per_second, str(rate), repr(rate)) == (10**7, "10mbit", "Rate('10mbit')")
    assert rate == Rate(10_000_000) == Rate("10000kbit") == Rate(rate)
    assert rate < Rate("1gbit")
    for given in (rate, "10mbit", 10**7):
        assert Endpoint("e", parent="p", rate=given).rate == rate
    for wrong in ("10", "10 mbit", 7):
        with pytest.raises(InvalidError, match="argument 'rate'"):
            Endpoint("e", parent="p", rate=wrong)
    with pytest.raises(TypeError, match="argument 'rate'"):
        Rate(1.5)  # type: ignore[arg-type]


def test_holders_say_who() -> None:
    assert str(Holder(IPv4Address("10.0.0.2"), MacAddr("02:42:ac:10:d5:b4"))) == (
        "02:42:ac:10:d5:b4 has 10.0.0.2"
    )
    assert str(Holder(IPv6Address("fd00::2"), None)) == "another host has fd00::2"
