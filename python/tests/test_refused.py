"""Wrong arguments: TypeError or InvalidError, and the message names the argument and the value."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

import pytest

from macvlan import (
    Address6,
    Endpoint,
    ErrorKind,
    Handle,
    Host,
    InvalidError,
    MacAddr,
    MacvlanError,
    MacvlanOptions,
    NetNs,
    Parent,
    Route,
    Rule,
    VlanOptions,
)

if TYPE_CHECKING:
    from collections.abc import Callable

INVALID: list[tuple[dict[str, Any], str, str]] = [
    ({"name": "a/b"}, "name", "a/b"),
    ({"name": ""}, "name", '""'),
    ({"name": "sixteen-bytes-xx"}, "name", "sixteen-bytes-xx"),
    ({"name": "\udc80"}, "name", r"\udc80"),
    ({"parent": "verylongname0.4094"}, "parent", "verylongname0.4094"),
    ({"parent": -1}, "parent", "-1"),
    ({"parent": 2**40}, "parent", str(2**40)),
    ({"parent": 2**80}, "parent", str(2**80)),
    ({"kind": "ipvlan"}, "kind", "ipvlan"),
    ({"mode": "bridged"}, "mode", "bridged"),
    ({"mac": "01:00:5e:00:00:01"}, "mac", "01:00:5e:00:00:01"),
    ({"mac": "02:42"}, "mac", "02:42"),
    ({"mac": b"\x02\x42"}, "mac", r"b'\x02B'"),
    ({"mtu": -1}, "mtu", "-1"),
    ({"mtu": 2**32}, "mtu", str(2**32)),
    ({"addresses": ["10.0.0.1"]}, "addresses[0]", "10.0.0.1"),
    ({"addresses": ["10.0.0.1/8", "10.0.0.256/8"]}, "addresses[1]", "10.0.0.256"),
    ({"addresses": ["10.0.0.1/33"]}, "addresses[0]", "10.0.0.1/33"),
    ({"addresses": [IPv4Address("10.0.0.1")]}, "addresses[0]", "10.0.0.1"),
    ({"addresses": ["10.0.0.1/8@fd00::1"]}, "addresses[0]", "fd00::1"),
    ({"addresses": ["10.0.0.1/8 nodad"]}, "addresses[0]", "10.0.0.1/8"),
    ({"gateways": ["10.0.0.1/8"]}, "gateways[0]", "10.0.0.1/8"),
    ({"gateways": ["fe80::1%eth0"]}, "gateways[0]", "fe80::1%eth0"),
    ({"routes": ["10.0.0.1/8"]}, "routes[0]", "10.0.0.1/8"),
    ({"routes": ["10.0.0.0/8 by 10.0.0.1"]}, "routes[0]", "10.0.0.0/8 by 10.0.0.1"),
    ({"source_routing": -5}, "source_routing", "-5"),
    ({"group": -5}, "group", "-5"),
    ({"addr_gen_mode": "eui-64"}, "addr_gen_mode", "eui-64"),
    ({"accept_ra": "no"}, "accept_ra", "no"),
    ({"mac_conflict_timeout": -1}, "mac_conflict_timeout", "-1"),
    ({"mac_conflict_timeout": float("nan")}, "mac_conflict_timeout", "nan"),
    ({"options": VlanOptions(5), "mode": "private"}, "mode", "private"),
    ({"options": MacvlanOptions("private"), "mode": "private"}, "mode", "private"),
    ({"options": VlanOptions(5), "kind": "macvlan"}, "options", "VlanOptions(5)"),
    ({"options": VlanOptions(5), "kind": "macvtap"}, "options", "VlanOptions(5)"),
    ({"options": MacvlanOptions(), "kind": "vlan"}, "options", "MacvlanOptions('bridge')"),
]


@pytest.mark.parametrize(("arguments", "argument", "value"), INVALID, ids=lambda v: str(v)[:40])
def test_a_wrong_value_is_named(arguments: dict[str, Any], argument: str, value: str) -> None:
    with pytest.raises(InvalidError) as caught:
        Endpoint(**{"name": "eth0", "parent": "ens33"} | arguments)
    error = caught.value
    assert error.argument == argument
    assert str(error).startswith(f"argument '{argument}': cannot ")
    assert value in str(error)
    assert error.strerror in str(error)
    assert error.kind is ErrorKind.INVALID_VALUE
    assert error.errno == 22
    assert isinstance(error, (ValueError, OSError, MacvlanError))
    assert "\n" not in str(error)


TOGETHER: list[tuple[dict[str, Any], str]] = [
    ({"mtu": 60}, "MTU 60 is below the minimum, 68"),
    ({"gateways": ["10.0.0.1", "10.0.0.2"]}, "10.0.0.1 and 10.0.0.2 cannot both be the gateway"),
    ({"gateways": ["0.0.0.0"]}, "0.0.0.0 cannot be a gateway"),
    ({"addresses": ["10.0.0.1/8", "10.0.0.1/8"]}, "10.0.0.1/8 is given twice"),
]


@pytest.mark.parametrize(("arguments", "words"), TOGETHER, ids=lambda v: str(v)[:40])
def test_values_that_do_not_go_together(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidError, match=re.escape(words)):
        Endpoint("eth0", parent="ens33", **arguments)


WRONG_TYPES: list[tuple[dict[str, Any], str]] = [
    ({"name": 5}, "argument 'name': expected a link's name as str, got 5 (int)"),
    ({"name": b"eth0"}, "argument 'name': expected a link's name as str, got b'eth0' (bytes)"),
    ({"parent": 1.5}, "argument 'parent': expected a link"),
    ({"parent": None}, "argument 'parent': expected a link"),
    ({"parent": True}, "argument 'parent': expected a link"),
    ({"kind": 5}, "argument 'kind': expected EndpointKind or its name, got 5 (int)"),
    ({"mode": 4}, "argument 'mode': expected Mode or its name, got 4 (int)"),
    ({"options": 5}, "argument 'options': expected a MacvlanOptions or a VlanOptions, got 5 (int)"),
    ({"mac": 5}, "argument 'mac': expected a MAC address as str, or its six bytes, got 5 (int)"),
    ({"mtu": "1500"}, "argument 'mtu': expected an int, got '1500' (str)"),
    ({"mtu": 1500.0}, "argument 'mtu': expected an int, got 1500.0 (float)"),
    ({"mtu": True}, "argument 'mtu': expected an int, got True (bool)"),
    ({"addresses": "10.0.0.1/8"}, "argument 'addresses': expected a sequence, got '10.0.0.1/8'"),
    ({"addresses": None}, "argument 'addresses': expected a sequence, got None (NoneType)"),
    ({"addresses": 5}, "argument 'addresses': expected a sequence, got 5 (int)"),
    ({"addresses": [5]}, "argument 'addresses[0]': expected an address with its prefix length"),
    (
        {"addresses": [IPv4Network("10.0.0.0/8")]},
        "str or of ipaddress, got IPv4Network('10.0.0.0/8') (IPv4Network)",
    ),
    ({"gateways": [5]}, "argument 'gateways[0]': expected an IP address as str or of ipaddress"),
    ({"routes": [5]}, "argument 'routes[0]': expected a Route, or its text"),
    ({"promisc": "yes"}, "argument 'promisc': expected a bool, got 'yes' (str)"),
    ({"promisc": 1}, "argument 'promisc': expected a bool, got 1 (int)"),
    ({"lo_up": None}, "argument 'lo_up': expected a bool, got None (NoneType)"),
    ({"alias": 5}, "argument 'alias': expected a str, got 5 (int)"),
    ({"queues": 5}, "argument 'queues': expected a pair, got 5 (int)"),
    ({"queues": (1, 2, 3)}, "argument 'queues': expected a pair, got (1, 2, 3) (tuple)"),
    (
        {"mac_conflict_timeout": "1"},
        "argument 'mac_conflict_timeout': expected a number of seconds",
    ),
    ({"kind": "vlan"}, "argument 'options' is missing: a link of kind vlan needs a VlanOptions"),
    (
        {"kind": "vlan", "options": 5},
        "argument 'options': expected a MacvlanOptions or a VlanOptions",
    ),
    ({"mtuu": 5}, "unexpected keyword argument 'mtuu'"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG_TYPES, ids=lambda v: str(v)[:40])
def test_a_wrong_type_is_named(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=re.escape(words)):
        Endpoint(**{"name": "eth0", "parent": "ens33"} | arguments)


def test_only_the_name_is_positional() -> None:
    with pytest.raises(TypeError, match="missing 1 required keyword argument: 'parent'"):
        Endpoint("eth0")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional"):
        Endpoint("eth0", "ens33")  # type: ignore[call-arg]


OTHERS: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: Endpoint("e", parent="p").replace(mtuu=5), TypeError, "'mtuu'"),  # type: ignore[call-arg]
    (lambda: Endpoint("e", parent="p").replace(mtu="5"), TypeError, "argument 'mtu'"),  # type: ignore[arg-type]
    (lambda: Endpoint("e", parent="p").replace(mtu=5), InvalidError, "MTU 5"),
    (lambda: Parent.vlan("eth0", 4095), InvalidError, "argument 'id': cannot use 4095"),
    (lambda: Parent.vlan("eth0", 5, name="a/b"), InvalidError, "argument 'name'"),
    (lambda: Parent.vlan("verylongname0", 4094), InvalidError, "a shorter name"),
    (lambda: Parent.vlan(7, 5), InvalidError, "the base is given without a name"),
    (lambda: Parent.vlan("eth0", 5, protocol=5), TypeError, "argument 'protocol'"),  # type: ignore[arg-type]
    (lambda: Route("defaults"), InvalidError, "argument 'destination'"),
    (lambda: Route("10.0.0.1/8"), InvalidError, "use 10.0.0.0/8, the subnet"),
    (lambda: Route("10.0.0.0/8 via 10.0.0.1"), InvalidError, "a number from 0 to 32"),
    (lambda: Route("fd00::/8", gateway="10.0.0.1"), InvalidError, "IPv4 gateway"),
    (lambda: Route("10.0.0.0/8", scope="universe"), InvalidError, "argument 'scope'"),  # type: ignore[arg-type]
    (lambda: Route("10.0.0.0/8", scope=256), InvalidError, "argument 'scope'"),
    (lambda: Route("10.0.0.0/8", kind="local"), InvalidError, "argument 'kind'"),  # type: ignore[arg-type]
    (lambda: Route(5), TypeError, "argument 'destination'"),  # type: ignore[arg-type]
    (lambda: Route.parse("10.0.0.0/8 via"), InvalidError, "argument 'text'"),
    (lambda: Route.parse(5), TypeError, "argument 'text'"),  # type: ignore[arg-type]
    (lambda: Rule(0), InvalidError, "the table must not be 0"),
    (lambda: Rule(5, from_="10.0.0.0/8", to="fd00::/8"), InvalidError, "different families"),
    (lambda: Rule.parse("from all"), InvalidError, "the table is missing"),
    (lambda: VlanOptions(4095), InvalidError, "argument 'id': cannot use 4095"),
    (lambda: VlanOptions(0), InvalidError, "argument 'id'"),
    (lambda: VlanOptions(70000), InvalidError, "argument 'id': cannot use 70000"),
    (lambda: VlanOptions("0100"), InvalidError, "argument 'id': cannot use \"0100\""),
    (lambda: VlanOptions(1.5), TypeError, "argument 'id': expected a VLAN's id as int"),  # type: ignore[arg-type]
    (lambda: VlanOptions(5, protocol="802.1x"), InvalidError, "argument 'protocol'.*802.1x"),  # type: ignore[arg-type]
    (lambda: VlanOptions(5, egress_qos={0: 8}), InvalidError, "argument 'egress_qos'.*8"),
    (lambda: VlanOptions(5, ingress_qos={8: 0}), InvalidError, "argument 'ingress_qos'.*8"),
    (
        lambda: VlanOptions(5, ingress_qos={300: 0}),
        InvalidError,
        r"argument 'ingress_qos\[0\]\[0\]'.*300",
    ),
    (lambda: VlanOptions(5, egress_qos=5), TypeError, "argument 'egress_qos': expected a sequence"),  # type: ignore[arg-type]
    (lambda: VlanOptions(5).replace(idd=6), TypeError, "'idd'"),  # type: ignore[call-arg]
    (lambda: MacvlanOptions("bridge", nodst=True), InvalidError, "mode source only"),
    (lambda: MacvlanOptions(nopromisc=True), InvalidError, "nopromisc is for mode passthru only"),
    (
        lambda: MacvlanOptions(source_macs=["02:00:00:00:00:01"]),
        InvalidError,
        "source MAC addresses are for mode source only",
    ),
    (
        lambda: MacvlanOptions("source", source_macs=["x"]),
        InvalidError,
        r"argument 'source_macs\[0\]'",
    ),
    (
        lambda: MacvlanOptions("source").replace(mode="bridge", nodst=True),
        InvalidError,
        "mode source",
    ),
    (lambda: MacvlanOptions("x"), InvalidError, "argument 'mode'"),  # type: ignore[arg-type]
    (lambda: MacAddr("x"), InvalidError, "argument 'mac'"),
    (lambda: MacAddr(5), TypeError, "argument 'mac'"),  # type: ignore[arg-type]
    (lambda: Address6("fd00::1"), InvalidError, "prefix length is missing"),
    (lambda: Address6("10.0.0.1/8"), ValueError, "10.0.0.1"),
    (lambda: NetNs.from_pid(0), InvalidError, "pid 0"),
    (lambda: NetNs.from_pid(-1), InvalidError, "argument 'pid'"),
    (lambda: NetNs.from_pid("1"), TypeError, "argument 'pid'"),  # type: ignore[arg-type]
    (lambda: NetNs.from_name("a/b"), InvalidError, "a/b"),
    (lambda: NetNs.from_path(5), TypeError, "argument 'path'"),  # type: ignore[arg-type]
    (lambda: NetNs.from_fd(-1), InvalidError, "argument 'fd'"),
    (lambda: NetNs.from_fd("1"), TypeError, "argument 'fd'"),  # type: ignore[arg-type]
    (lambda: NetNs.current().run(5), TypeError, "argument 'callable'"),  # type: ignore[arg-type]
    (lambda: Host("a\0b"), InvalidError, "single path component"),
    (lambda: Host(1.5), TypeError, "argument 'netns'"),  # type: ignore[arg-type]
    (lambda: Host(True), TypeError, "argument 'netns'"),
    (lambda: Host().attach(5, 5), TypeError, "argument 'endpoint'"),  # type: ignore[arg-type]
    (lambda: Host().detach(5), TypeError, "argument 'attachment'"),  # type: ignore[arg-type]
    (lambda: Host().attach_all([5]), TypeError, r"argument 'pairs\[0\]'"),  # type: ignore[list-item]
    (
        lambda: Host().attach_all([(Endpoint("eth0", parent="p"), 5.5)]),  # type: ignore[list-item]
        TypeError,
        r"argument 'pairs\[0\]\[1\]': expected a NetNs, a pid, a name or a path, got 5.5",
    ),
    (lambda: Host().pool("p", -1), InvalidError, "argument 'size'"),
    (lambda: Handle().link(1.5), TypeError, "argument 'link'"),  # type: ignore[arg-type]
    (lambda: Handle().add_link("a"), TypeError, "argument 'kind' is missing"),
    (
        lambda: Handle().add_link("a", options=VlanOptions(5)),
        TypeError,
        "argument 'parent' is missing",
    ),
    (
        lambda: Handle().add_link("a", kind="veth", peer="b", options=VlanOptions(5)),
        InvalidError,
        "opti",
    ),
    (lambda: Handle().add_link("a", kind="bond"), InvalidError, "argument 'kind'"),  # type: ignore[arg-type]
    (lambda: Handle().add_link("a", kind="veth"), TypeError, "argument 'peer' is missing"),
    (lambda: Handle().add_link("a", kind="vlan"), TypeError, "argument 'parent' is missing"),
    (lambda: Handle().add_link("a", kind="dummy", parent="b"), InvalidError, "'parent'"),
    (lambda: Handle().add_link("a", kind="dummy", mode="vepa"), InvalidError, "'mode'"),
    (lambda: Handle().addresses(family=5), InvalidError, "argument 'family'"),  # type: ignore[arg-type]
    (lambda: Handle().addresses(family="ipx"), InvalidError, "argument 'family'"),  # type: ignore[arg-type]
    (lambda: Handle().routes(protocol=256), InvalidError, "argument 'protocol'"),
    (lambda: Handle().add_address("lo", 5), TypeError, "argument 'address'"),  # type: ignore[arg-type]
    (
        lambda: Handle().set_macvlan("lo", source_macs=(), add_source_mac="02:00:00:00:00:01"),
        TypeError,
        "one at a time",
    ),
]


@pytest.mark.parametrize(("call", "kind", "words"), OTHERS, ids=range(len(OTHERS)))
def test_other_calls(call: Callable[[], object], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        call()


def test_exceptions_of_iterators_are_raised() -> None:
    def addresses() -> Any:
        yield "10.0.0.1/8"
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        Endpoint("eth0", parent="ens33", addresses=addresses())


def test_type_checkers_find_wrong_names() -> None:
    """With --strict, mypy refuses an ignored error that it does not find."""
    endpoint = Endpoint("eth0", parent="ens33")
    with pytest.raises(InvalidError):
        Endpoint("eth0", parent="ens33", mode="brigde")  # type: ignore[arg-type]
    with pytest.raises(InvalidError):
        Endpoint("eth0", parent="ens33", kind="macvaln")  # type: ignore[arg-type]
    with pytest.raises(InvalidError):
        Endpoint("eth0", parent="ens33", probe="slow")  # type: ignore[arg-type]
    with pytest.raises(InvalidError):
        MacvlanOptions("brigde")  # type: ignore[arg-type]
    with pytest.raises(InvalidError):
        VlanOptions(5, protocol="802.1x")  # type: ignore[arg-type]
    with pytest.raises(InvalidError):
        Route("10.0.0.0/8", kind="blackwhole")  # type: ignore[arg-type]
    with pytest.raises(InvalidError):
        endpoint.replace(mode="brigde")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        endpoint.replace(nmae="eth1")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        MacvlanOptions().replace(mdoe="vepa")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        VlanOptions(5).replace(di=6)  # type: ignore[call-arg]
