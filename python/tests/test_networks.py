"""Networks: creating, connecting, describing, and reconciling with the kernel."""

from __future__ import annotations

import errno
import json
import os
import pickle
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from functools import partial
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hosts import (
    PATIENCE,
    eventually,
    ip,
    ip_addresses,
    ip_lines,
    ip_link,
    ip_text,
    ping,
    process,
    silent,
    surprises,
)

from macvlan import (
    AcceptRa,
    Collected,
    Detached,
    Endpoint,
    ErrorKind,
    EtcdStore,
    ExistsError,
    Handle,
    InvalidError,
    Lease,
    MacAddr,
    MacFrom,
    MacvlanError,
    Mode,
    NetNs,
    Network,
    Networks,
    NotFoundError,
    Order,
    Parent,
    PermissionDenied,
    Probe,
    Reconciled,
    ReconciledKind,
    Retained,
    Subnet,
    Updated,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hosts import Lab


@pytest.fixture
def networks(lab: Lab, tmp_path: Path) -> Iterator[Networks]:
    """A session on host a, in a file."""
    with Networks(lab.a.host, tmp_path / "networks.db", host_name="a") as made:
        yield made


def lan(
    networks: Networks, name: str = "lan", subnet: str = "10.1.0.0/24", **others: Any
) -> Network:
    return networks.create(name, parent="ens33", subnets=[subnet], **others)


def refusal(
    call: Callable[[], object], kind: ErrorKind, *words: str, family: type = MacvlanError
) -> MacvlanError:
    with pytest.raises(MacvlanError) as caught:
        call()
    error = caught.value
    assert (error.kind, type(error)) == (kind, family), error
    assert error.errno > 0
    assert error.strerror in str(error)
    for word in words:
        assert word in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), vars(again)) == (str(error), vars(error))
    return error


def links(netns: NetNs) -> list[str]:
    return [link["ifname"] for link in ip(netns, "link show")]


def default_routes(netns: NetNs) -> list[str]:
    routes = ip_lines(netns, "-4 route show default")
    return [route.removesuffix(" proto 109") for route in routes]


def test_one_subnet_over_two_hosts(lab: Lab, tmp_path: Path) -> None:
    """Each host leases its own part of it, and all containers reach each other."""
    places = []
    with ExitStack() as stack:
        for host, part in ((lab.a, 64), (lab.b, 128)):
            store = tmp_path / f"{part}.db"
            networks = stack.enter_context(Networks(host.host, store, host_name=f"h{part}"))
            split = Subnet(
                "192.168.15.0/24",
                gateway="192.168.15.1",
                ip_range=f"192.168.15.{part}/26",
                reserved={"printer": f"192.168.15.{part + 1}"},
            )
            network = networks.create("lan", parent="ens33", subnets=[split, f"fd15:{part}::/64"])
            for at, first in enumerate((part, part + 2)):
                inside = lab.container()
                made = network.connect(f"c{at}", inside, name=f"test{at}")
                v4, v6 = IPv4Address(f"192.168.15.{first}"), IPv6Address(f"fd15:{part}::{at + 2}")
                assert made.addresses == (v4, v6)
                assert made.interface == made.attachment.name == "eth0"
                assert made.mac == MacAddr.from_ipv4(v4) == ip_link(inside, "eth0")["address"]
                assert ip_addresses(inside, "eth0") == [f"{v4}/24", f"{v6}/64"]
                assert default_routes(inside) == ["default via 192.168.15.1 dev eth0"]
                assert network.resolve(f"test{at}") == [v4, v6]
                assert made.lease == network.lease(f"c{at}") != network.lease("c9")
                places.append((f"h{part}c{at}", inside, str(v4)))
        assert surprises(places, [[True] * 4] * 4) == []
        assert ping(places[0][1], "192.168.15.2") is not None


def test_names_and_all_that_is_told(lab: Lab, networks: Networks, tmp_path: Path) -> None:
    network = networks.create(
        "vlan10",
        parent="ens33",
        subnets=[
            Subnet("10.0.10.0/24", ip_range="10.0.10.64/26", reserved={"printer": "10.0.10.70"}),
            "fd10::/64",
        ],
        mode="private",
        mtu=1400,
        order=Order.NEXT,
        mac_from="container",
        duplicate_detection=True,
        block_size=16,
        reservation_ttl=timedelta(minutes=1),
        options={"colour": "blue"},
        labels=[("a", "b")],
    )
    inside = lab.container()
    made = network.connect("4f1c9a", inside, name="test101", interface="lan0")
    address = IPv4Address("10.0.10.64")
    assert made.addresses == (address, IPv6Address("fd10::2"))
    assert (network.name, network.parent, network.isolated) == ("vlan10", "ens33", False)
    assert (network.mode, network.order) == (Mode.PRIVATE, Order.NEXT)
    assert network.mac_from is MacFrom.CONTAINER
    assert made.mac.startswith("0a:")
    assert (network.mtu, network.block_size, network.reservation_ttl) == (1400, 16, 60.0)
    assert (network.internal, network.probe, network.duplicate_detection) == (False, False, True)
    assert (network.options, network.labels) == ({"colour": "blue"}, {"a": "b"})
    assert network.subnets[1] == Subnet("fd10::/64")
    assert network.subnets[0].ip_range == IPv4Network("10.0.10.64/26")
    assert re.fullmatch(r"[0-9a-f]{64}", network.id)
    assert repr(network) == '<Network "vlan10", 10.0.10.0/24, fd10::/64>'
    assert networks.list() == [network]
    assert networks.network(network.id) == network
    assert hash(networks.network("vlan10")) == hash(network)

    (lease,) = network.leases()
    assert isinstance(lease, Lease)
    assert lease == made.lease == network.lease("4f1c9a")
    assert (lease.network, lease.container, lease.name) == (network.id, "4f1c9a", "test101")
    assert (lease.host, lease.interface, lease.mac) == ("a", "lan0", made.mac)
    assert lease.addresses == (IPv4Interface("10.0.10.64/24"), IPv6Interface("fd10::2/64"))
    assert lease.default_route
    assert lease.netns is not None
    assert lease.netns.inode == inside.id.inode
    assert lease.netns.boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert "4f1c9a" in repr(lease)
    assert network.lease("other") is None

    for name in ("test101", "test101.vlan10", "4f1c9a"):
        assert network.resolve(name) == list(made.addresses)
    assert network.resolve("nobody") == []
    lines = "10.0.10.64\ttest101 test101.vlan10\nfd10::2\ttest101 test101.vlan10\n"
    assert network.hosts() == lines
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1\tlocalhost\n")
    network.write_hosts(hosts)
    assert hosts.read_text().startswith("127.0.0.1\tlocalhost\n# macvlan-network vlan10: begin\n")
    assert lines in hosts.read_text()

    told = network.inspect()
    assert json.loads(json.dumps(told)) == told
    assert (told["Name"], told["Id"], told["Created"]) == ("vlan10", network.id, network.created)
    assert (told["Scope"], told["Driver"], told["Internal"]) == ("local", "macvlan", False)
    assert told["IPAM"]["Config"] == [
        {
            "Subnet": "10.0.10.0/24",
            "IPRange": "10.0.10.64/26",
            "Gateway": "10.0.10.1",
            "AuxiliaryAddresses": {"printer": "10.0.10.70"},
        },
        {"Subnet": "fd10::/64", "Gateway": "fd10::1"},
    ]
    assert told["Options"] == {
        "macvlan_mode": "private",
        "parent": "ens33",
        "com.docker.network.driver.mtu": "1400",
        "colour": "blue",
    }
    assert told["Containers"]["4f1c9a"] == {
        "Name": "test101",
        "EndpointID": lease.endpoint,
        "MacAddress": made.mac,
        "IPv4Address": "10.0.10.64/24",
        "IPv6Address": "fd10::2/64",
        "Host": "a",
        "Interface": "lan0",
        "Namespace": "there",
        "GwPriority": 0,
    }


def test_requested_values_and_conflicts(lab: Lab, networks: Networks) -> None:
    network = lan(networks, subnet="10.1.0.0/29")
    one, two = lab.container(), lab.container()
    made = network.connect(
        "c1", one, name="x", addresses=["10.1.0.4"], mac="02:00:00:00:00:01", interface="lan"
    )
    assert made.addresses == (IPv4Address("10.1.0.4"),)
    assert (made.mac, made.interface) == ("02:00:00:00:00:01", "lan")
    assert network.connect("c1", one).lease == made.lease, "once more changes nothing"

    def connect(**others: Any) -> Callable[[], object]:
        return lambda: network.connect("c2", two, **others)

    address = IPv4Address("10.1.0.4")
    error = refusal(
        connect(addresses=[address]),
        ErrorKind.NETWORK_ADDRESS_TAKEN,
        "10.1.0.4",
        '"c1"',
        family=ExistsError,
    )
    assert (error.network, error.operation) == ("lan", 'connect container "c2"')
    assert str(error).startswith('network "lan": cannot connect container "c2": ')
    assert (error.errno, error.link, error.argument) == (errno.EADDRINUSE, None, None)
    refusal(connect(name="x"), ErrorKind.NETWORK_NAME_TAKEN, '"c1"', family=ExistsError)
    for unusable in ("10.1.0.1", "10.2.0.2", "10.1.0.7"):
        refusal(connect(addresses=[unusable]), ErrorKind.NETWORK_ADDRESS_UNUSABLE, unusable)
    again = ErrorKind.NETWORK_ALREADY_CONNECTED
    error = refusal(lambda: network.connect("c1", two), again)
    assert error.hint == "disconnect it there first"
    refusal(lambda: network.connect("c1", one, addresses=["10.1.0.5"]), again)
    missing = ErrorKind.NETWORK_NOT_CONNECTED
    refusal(lambda: network.disconnect("c2"), missing, '"c2"', family=NotFoundError)
    refusal(network.remove, ErrorKind.NETWORK_IN_USE, 'container "c1"')
    assert links(two) == ["lo"]

    network.add_conflicting_address("10.1.0.2")
    (foreign,) = network.conflicting_addresses()
    assert foreign.address == IPv4Address("10.1.0.2")
    assert abs(foreign.found - time.time()) < 60
    refusal(connect(addresses=["10.1.0.2"]), ErrorKind.NETWORK_ADDRESS_CONFLICT, "10.1.0.2")
    taken = ErrorKind.NETWORK_ADDRESS_TAKEN
    refusal(lambda: network.add_conflicting_address(address), taken, '"c1"', family=ExistsError)
    assert network.connect("c2", two).addresses == (IPv4Address("10.1.0.3"),)
    assert network.remove_conflicting_address("10.1.0.2") is True
    assert network.remove_conflicting_address("10.1.0.2") is False
    for at in (2, 5, 6):
        network.add_conflicting_address(f"10.1.0.{at}")
    error = refusal(
        lambda: network.connect("c3", lab.container()),
        ErrorKind.NETWORK_POOL_EXHAUSTED,
        "10.1.0.0/29",
    )
    assert error.errno == errno.ENOSPC

    create = networks.create
    for call, kind, family in (
        (lambda: lan(networks, subnet="10.9.0.0/24"), ErrorKind.NETWORK_EXISTS, ExistsError),
        (
            lambda: lan(networks, "b", "10.1.0.0/16"),
            ErrorKind.NETWORK_SUBNET_OVERLAPS,
            MacvlanError,
        ),
        (
            lambda: lan(networks, "b", "10.9.0.0/24", mode="passthru"),
            ErrorKind.NETWORK_PARENT_CLASH,
            MacvlanError,
        ),
        (
            lambda: create("b", subnets=[Subnet("10.9.0.0/24", gateway="10.8.0.1")]),
            ErrorKind.INVALID_VALUE,
            InvalidError,
        ),
        (lambda: networks.network("none"), ErrorKind.NETWORK_NOT_FOUND, NotFoundError),
    ):
        refusal(call, kind, family=family)
    assert [one.name for one in networks.list()] == ["lan"]
    assert network.disconnect("c1", one) is Detached.REMOVED
    assert network.disconnect("c2") is Detached.REMOVED
    assert links(one) == links(two) == ["lo"]
    network.remove()
    assert networks.list() == []
    refusal(network.remove, ErrorKind.NETWORK_NOT_FOUND, '"lan"', family=NotFoundError)


def test_refusals_of_the_kernel(lab: Lab, networks: Networks, tmp_path: Path) -> None:
    """Its cause is the core's, and the line is complete."""
    inside = lab.container()
    large = lan(networks, "large", "10.2.0.0/24", mtu=9000)
    error = refusal(lambda: large.connect("c1", inside), ErrorKind.MTU_TOO_LARGE)
    assert (error.network, error.link, error.parent) == ("large", "eth0", "ens33")
    assert error.errno == errno.EINVAL
    assert error.netns is not None
    assert error.hint == "lower it or raise the parent's"
    assert str(error).startswith('network "large": cannot connect container "c1": "eth0" on parent')
    gone = networks.create("gone", parent="eth7", subnets=["10.3.0.0/24"])
    error = refusal(
        lambda: gone.connect("c1", inside), ErrorKind.PARENT_NOT_FOUND, family=NotFoundError
    )
    assert (error.network, error.parent) == ("gone", "eth7")
    assert large.leases() == gone.leases() == []
    assert links(inside) == ["lo"]
    nowhere = tmp_path / "nowhere" / "hosts"
    network = lan(networks)
    network.connect("c1", inside, name="x")
    error = refusal(
        lambda: network.write_hosts(nowhere), ErrorKind.NETWORK_FILE, family=NotFoundError
    )
    assert error.errno == errno.ENOENT
    refusal(lambda: network.write_hosts(tmp_path), ErrorKind.NETWORK_FILE, str(tmp_path))
    file = ErrorKind.NETWORK_FILE
    error = refusal(lambda: Networks(lab.a.host, nowhere / "db"), file, family=NotFoundError)
    assert error.errno == errno.ENOENT
    assert isinstance(error, FileNotFoundError)
    refusal(lambda: Networks(lab.a.host, ""), ErrorKind.INVALID_VALUE, family=InvalidError)
    assert Networks(lab.a.host, nowhere).unreadable() == []
    assert not nowhere.parent.exists()
    text = tmp_path / "text"
    text.write_text("no database " * 100)
    refusal(lambda: Networks(lab.a.host, text), ErrorKind.NETWORK_STORE_UNUSABLE, str(text))


def test_a_file_of_another_machine(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "networks.db"
    with Networks(lab.a.host, path) as networks:
        lan(networks)
    other = "1" * 32
    with closing(sqlite3.connect(path)) as file:
        file.execute("UPDATE store SET boot = 'other', machine = ?", [other])
        file.commit()
    # If this machine has no machine-id, the other boot may have been its own.
    if Path("/etc/machine-id").exists():
        kind = ErrorKind.NETWORK_OTHER_MACHINE
        error = refusal(lambda: Networks(lab.a.host, path), kind, other, str(path))
        assert error.errno == errno.EREMOTE
    with Networks(lab.a.host, path, moved=True) as networks:
        networks.network("lan").remove()
    with Networks(lab.a.host, path) as networks:
        assert networks.list() == []
    with pytest.raises(TypeError, match="argument 'moved'"):
        Networks(lab.a.host, path, moved="yes")  # type: ignore[arg-type]


def test_default_routes(lab: Lab, networks: Networks) -> None:
    inner = lan(networks, "inner", "10.3.0.0/24", internal=True)
    one, two = lan(networks, "one", "10.1.0.0/24"), lan(networks, "two", "10.2.0.0/24")
    inside, other = lab.container(), lab.container()
    assert inner.connect("c1", inside).interface == "eth0"
    assert default_routes(inside) == []
    assert one.connect("c1", inside).interface == "eth1"
    assert two.connect("c1", inside).lease.gw_priority == 0
    assert default_routes(inside) == ["default via 10.1.0.1 dev eth1"]
    assert two.connect("c1", inside, default_route=True).lease.gw_priority == 1
    assert default_routes(inside) == ["default via 10.2.0.1 dev eth2"]
    two.disconnect("c1")
    assert default_routes(inside) == ["default via 10.1.0.1 dev eth1"]
    assert not one.connect("c2", other, default_route=False).lease.default_route
    assert two.connect("c2", other, gw_priority=-7).lease.default_route
    assert default_routes(other) == ["default via 10.2.0.1 dev eth1"]
    assert networks.reconcile() == []


def test_default_routes_of_others(lab: Lab, networks: Networks) -> None:
    one, inside = lan(networks, "one", "10.1.0.0/24"), lab.container()
    ip_text(inside, "link add d0 type veth peer name d1")
    ip_text(inside, "link set d0 up")
    ip_text(inside, "address add 172.17.0.2/16 dev d0")
    ip_text(inside, "route add default via 172.17.0.1 dev d0 onlink")
    theirs = ip_lines(inside, "-4 route show default")
    one.connect("c1", inside)
    assert ip_lines(inside, "-4 route show default") == theirs
    one.connect("c1", inside, replace_default_route=True)
    assert default_routes(inside) == ["default via 10.1.0.1 dev eth0"]


def test_names_and_addresses(lab: Lab, networks: Networks) -> None:
    network = lan(networks, "one", "10.1.0.0/24")
    inside, other = lab.container(), lab.container()
    made = network.connect(
        "c1",
        inside,
        aliases=["web", "www"],
        addresses=["10.1.0.7", "10.1.0.8"],
        link_local_addresses=["169.254.1.7"],
    )
    lease = made.lease
    assert (lease.aliases, lease.sequence) == (("web", "www"), 0)
    assert lease.netns_path is None or lease.netns_path.startswith("/")
    assert lease.link_local_addresses == (IPv4Address("169.254.1.7"),)
    there = {"10.1.0.7/24", "10.1.0.8/24", "169.254.1.7/16"}
    assert set(ip_addresses(inside, "eth0")) == there
    network.connect("c2", other, aliases=["web"])
    assert network.resolve("web") == [*made.addresses, IPv4Address("10.1.0.2")]
    with pytest.raises(MacvlanError, match="already connected with MAC address"):
        network.connect("c1", inside, mac="02:00:00:00:00:09")
    assert network.inspect()["Containers"]["c1"]["Namespace"] == "there"


def test_prune(networks: Networks) -> None:
    lan(networks, "one", "10.1.0.0/24")
    (told,) = networks.summary()
    assert (told["Name"], told["Parent"], told["Containers"]) == ("one", "ens33", 0)
    assert networks.network(told["Id"][:12]).name == "one"
    assert networks.prune() == ["one"]
    assert networks.list() == []


@pytest.mark.needs("dummy")
def test_without_a_parent(lab: Lab, networks: Networks) -> None:
    inside, other = lab.container(), lab.container()
    alone = networks.create("alone")
    assert alone.isolated
    assert alone.subnets == (Subnet("172.17.0.0/16"),)
    assert alone.parent == f"dm-{alone.id[:12]}"
    assert ip_link(lab.a.netns, alone.parent)["linkinfo"]["info_kind"] == "dummy"
    here, there = alone.connect("c1", inside), alone.connect("c2", other, interface="lan")
    assert (here.interface, there.interface) == ("eth0", "lan")
    assert here.addresses == (IPv4Address("172.17.0.2"),)
    assert ping(inside, "172.17.0.3") is not None
    nobody = Endpoint("eth0", parent="ens33", addresses=["172.17.0.9/16"])
    assert silent(lab.start(lab.b, nobody), "172.17.0.2")
    for container in ("c1", "c2"):
        alone.disconnect(container)
    alone.remove()
    assert set(links(lab.a.netns)) == {"lo", "ens33"}


def test_an_address_in_use_is_skipped(lab: Lab, tmp_path: Path) -> None:
    """Docker would choose it."""
    lab.b.handle.add_address("ens33", "10.1.0.2/24")
    with Networks(lab.a.host, tmp_path / "networks.db", probe="quick") as networks:
        network = lan(networks, probe=True)
        made = network.connect("c1", lab.container())
        assert made.addresses == (IPv4Address("10.1.0.3"),)
        assert [one.address for one in network.conflicting_addresses()] == [IPv4Address("10.1.0.2")]


def test_control_c_ends_a_probe(lab: Lab, tmp_path: Path) -> None:
    """Leases are released."""
    slow = Probe(1, start=0, wait=2 * PATIENCE)
    with Networks(lab.a.host, tmp_path / "networks.db", probe=slow) as networks:
        network = lan(networks, probe=True)
        inside = lab.container()
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            network.connect("c1", inside)
        assert network.leases() == []
        assert [link["ifname"] for link in ip(inside, "link show")] == ["lo"]


def test_kernel_and_store_are_brought_together(lab: Lab, networks: Networks) -> None:
    network = lan(networks)
    inside = lab.container()
    made = network.connect("c1", inside)
    assert networks.reconcile() == []
    ip_text(inside, "link delete eth0")
    (done,) = networks.reconcile()
    assert isinstance(done, Reconciled)
    assert done.kind is ReconciledKind.REPAIRED
    assert (done.container, done.interface, done.lease) == ("c1", "eth0", made.lease)
    assert done.repaired == ("the link does not exist",)
    assert str(done) == 'repaired "eth0" of container "c1": the link does not exist'
    assert ip_addresses(inside, "eth0") == ["10.1.0.2/24"]
    assert ip_link(inside, "eth0")["address"] == made.mac

    with process() as pid:
        network.connect("c2", pid, name="db", aliases=["sql"], gw_priority=3)
    # Its namespace has ended with the process.
    collected = networks.collect()
    assert isinstance(collected, Collected)
    ((lease,), expired) = collected
    assert (lease.container, expired) == ("c2", 0)
    again = network.connect("c2", lab.container())
    assert again.addresses == (lease.addresses[0].ip,)
    assert (again.lease.name, again.lease.aliases, again.lease.gw_priority) == ("db", ("sql",), 3)
    with process() as pid:
        network.connect("c3", pid)
    (done,) = network.reconcile()
    assert (done.kind, done.container) == (ReconciledKind.RELEASED, "c3")
    assert done.lease is not None
    assert done.lease.container == "c3"
    assert (done.repaired, done.expired) == ((), 0)
    network.disconnect("c2")
    ip_text(inside, "link set eth0 down")
    ip_text(inside, "link set eth0 name lan0")
    assert network.inspect()["Containers"]["c1"]["Link"] == "lan0"
    network.disconnect("c1")


def test_addresses_are_reserved_for_returning_containers(lab: Lab, networks: Networks) -> None:
    kept = lan(networks, "kept", "10.2.0.0/24", reservation_ttl=4.0, order="first")
    first, second = lab.container(), lab.container()
    assert kept.connect("c1", first).addresses == (IPv4Address("10.2.0.2"),)
    kept.disconnect("c1", first)
    assert kept.connect("c2", second).addresses == (IPv4Address("10.2.0.3"),)
    found: list[Collected] = []

    def expired() -> bool:
        found.append(networks.collect())
        return found[-1] != ([], 0)

    eventually(expired)
    assert found[-1] == ([], 1)
    assert networks.collect() == ([], 0)


def test_a_session_is_closed_for_its_networks_too(lab: Lab, tmp_path: Path) -> None:
    store = tmp_path / "networks.db"
    with Networks(lab.a.host, str(store), host_name="a") as networks:
        network = lan(networks)
        network.connect("c1", lab.container())
        assert networks.host_name == "a"
        assert networks.host.netns == lab.a.netns
        assert repr(networks) == '<Networks of host "a">'
    assert networks.closed
    networks.close()
    assert (network.name, network.subnets[0].net) == ("lan", IPv4Network("10.1.0.0/24"))
    for call in (networks.list, network.leases, lambda: networks.host, networks.__enter__):
        with pytest.raises(ValueError, match="the Networks is closed"):
            call()
    assert repr(networks) == "<Networks, closed>"
    with Networks(lab.a.host, store, host_name="a") as again:
        assert again.list() == [network]
        assert [lease.container for lease in again.network("lan").leases()] == ["c1"]
    lab.a.host.close()
    with pytest.raises(ValueError, match="the Host is closed"):
        Networks(lab.a.host, store)


def test_a_subnet_is_a_value() -> None:
    plain = Subnet("10.1.0.0/24")
    assert plain == Subnet(IPv4Network("10.1.0.0/24")) == Subnet(plain) != Subnet("10.2.0.0/24")
    assert (plain.net, plain.gateway) == (IPv4Network("10.1.0.0/24"), IPv4Address("10.1.0.1"))
    assert (plain.ip_range, plain.reserved, str(plain)) == (None, {}, "10.1.0.0/24")
    assert Subnet("10.1.0.0/24", gateway=None).gateway is None
    assert repr(plain) == "Subnet('10.1.0.0/24')"
    for subnet in (
        plain,
        Subnet("10.1.0.0/24", gateway=None),
        Subnet("10.1.0.0/24", gateway="10.1.0.1"),
        Subnet(
            IPv4Network("10.1.0.0/24"),
            gateway=IPv4Address("10.1.0.254"),
            ip_range=IPv4Network("10.1.0.64/26"),
            reserved={"printer": IPv4Address("10.1.0.70")},
        ),
        Subnet("fd00::/64", gateway="fd00::5", reserved=[("x", "fd00::9")]),
        Subnet("10.1.0.0/24", gateway="10.2.0.1", on_link_gateway=True),
        Subnet("10.1.0.0/24", ip_range="10.1.0.10-10.1.0.99", exclude="10.1.0.64/29"),
        Subnet(
            "10.1.0.0/24", ip_range=["10.1.0.64/26", "10.1.0.8-10.1.0.9"], exclude=["10.1.0.70"]
        ),
    ):
        assert eval(repr(subnet)) == subnet
        assert pickle.loads(pickle.dumps(subnet)) == subnet
        assert len({subnet, eval(repr(subnet))}) == 1


def test_ranges_of_a_subnet() -> None:
    several = Subnet(
        "10.1.0.0/24",
        ip_range=[IPv4Network("10.1.0.64/26"), "10.1.0.8-10.1.0.10"],
        exclude=[IPv4Address("10.1.0.70"), "10.1.0.80-10.1.0.82"],
    )
    assert several.ip_range == IPv4Network("10.1.0.64/26")
    assert several.ip_ranges == (IPv4Network("10.1.0.64/26"), "10.1.0.8-10.1.0.10")
    assert several.excluded == (IPv4Network("10.1.0.70/32"), "10.1.0.80-10.1.0.82")
    assert not several.on_link_gateway
    assert Subnet("10.1.0.0/24").ip_ranges == Subnet("10.1.0.0/24").excluded == ()
    with pytest.raises(InvalidError, match="before the first"):
        Subnet("10.1.0.0/24", ip_range="10.1.0.9-10.1.0.8")
    with pytest.raises(TypeError, match="ip_range"):
        Subnet("10.1.0.0/24", ip_range=7)  # type: ignore[arg-type]


def test_settings_of_interfaces(lab: Lab, networks: Networks) -> None:
    network = lan(
        networks,
        mtu=1400,
        routes=["10.9.0.0/16 via 10.1.0.254 metric 5"],
        metric=50,
        accept_ra="unless-forwarding",
        allmulticast=True,
    )
    assert [str(route) for route in network.routes] == ["10.9.0.0/16 via 10.1.0.254 metric 5"]
    assert (network.metric, network.disable_ipv6, network.leave_ipv6) == (50, None, False)
    assert (network.accept_ra, network.allmulticast) == (AcceptRa.UNLESS_FORWARDING, True)
    assert (network.without_addresses, network.ipv6, network.warnings) == (False, False, ())
    inside = lab.container()
    network.connect("c1", inside)
    assert default_routes(inside) == ["default via 10.1.0.1 dev eth0 proto 109 metric 50"]
    assert len(ip_lines(inside, "-4 route show 10.9.0.0/16")) == 1
    assert "ALLMULTI" in ip_link(inside, "eth0")["flags"]

    bare = networks.create("bare", parent=Parent.link("ens33"), without_addresses=True)
    assert bare.without_addresses
    assert bare.subnets == ()
    assert bare.connect("c1", inside).addresses == ()
    own = networks.create("own", parent="ens77", ipv6=True)
    assert own.subnets[1].net.prefixlen == 64
    assert str(own.subnets[1]).startswith("fd")
    assert "ens77 does not exist" in own.warnings[0]
    assert networks.network("own").warnings == ()


def test_a_network_is_changed(lab: Lab, networks: Networks) -> None:
    network = lan(networks, labels={"a": "b"})
    inside = lab.container()
    network.connect("c1", inside)
    updated = network.update(mtu=1400, labels={})
    assert isinstance(updated, Updated)
    assert [lease.container for lease in updated.outdated] == ["c1"]
    assert updated.unaffected == []
    now = updated.network
    assert (now, now.mtu, now.labels) == (network, 1400, {})
    assert (now.parent, now.subnets) == (network.parent, network.subnets)
    network.connect("c1", inside)
    assert ip_link(inside, "eth0")["mtu"] == 1400
    with pytest.raises(MacvlanError, match="the network was changed"):
        network.update(mtu=None)
    again = now.update(mtu=None, labels={"c": "d"})
    assert (again.network.mtu, again.network.labels) == (None, {"c": "d"})
    elsewhere = network.set_parent(Parent.link("ens77")).network
    assert elsewhere.parent == "ens77"
    assert "ens77 does not exist" in elsewhere.warnings[0]
    with pytest.raises(MacvlanError, match=r"container \"c1\" has 10\.1\.0\.2/24"):
        elsewhere.update(subnets=["10.7.0.0/24"])
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        network.update(colour="blue")  # type: ignore[call-arg]


def test_a_network_is_ensured(networks: Networks) -> None:
    made = networks.ensure("lan", parent="ens33")
    assert isinstance(made, Updated)
    assert made.created
    again = networks.ensure("lan", parent="ens33", mtu=1400)
    assert not again.created
    assert (again.network, again.network.subnets) == (made.network, made.network.subnets)
    assert networks.network("lan").mtu == 1400
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        networks.ensure("lan", colour="blue")  # type: ignore[call-arg]


def test_several_interfaces(lab: Lab, networks: Networks) -> None:
    network = lan(networks)
    inside = lab.container()
    network.connect("c1", inside, name="web")
    second = network.connect("c1", inside, interface="net1")
    assert [lease.interface for lease in network.leases_of("c1")] == ["eth0", "net1"]
    assert network.lease("c1/net1") == second.lease
    assert network.resolve("web") == [IPv4Address("10.1.0.2"), IPv4Address("10.1.0.3")]
    with pytest.raises(MacvlanError, match="by several interfaces: eth0, net1"):
        network.connect("c1", inside)
    assert network.retain(["c1/net1"]).released[0].interface == "eth0"
    assert network.disconnect("c1/net1") == Detached.REMOVED
    assert network.leases_of("c1") == []


def test_addresses_before_there_is_a_container(lab: Lab, networks: Networks) -> None:
    network = lan(networks)
    pending = network.allocate(addresses=["10.1.0.7"], mac="02:00:00:00:00:07", ipv6=False)
    assert pending.container == pending.endpoint
    assert pending.netns is None
    assert pending.netns_path is None
    assert pending.link is None
    assert pending.pending_age is not None
    assert pending.pending_age < PATIENCE
    assert pending.pending_since is not None
    assert pending.pending_since > 1_700_000_000
    assert networks.collect().leases == []
    inside = lab.container()
    made = network.connect("c1", inside, take=[pending.endpoint])
    assert made.addresses == (IPv4Address("10.1.0.7"),)
    assert made.mac == MacAddr("02:00:00:00:00:07")
    assert made.lease.pending_since is None
    assert made.lease.pending_age is None
    with pytest.raises(MacvlanError, match="is not pending") as caught:
        network.create_link("c2", take=[pending.endpoint])
    assert caught.value.kind is ErrorKind.NETWORK_LEASE_LOST
    other = network.allocate()
    network.disconnect(other.endpoint)
    assert len(network.leases()) == 1
    with pytest.raises(InvalidError, match="no subnet of a requested family"):
        network.allocate(ipv4=False)


def test_a_link_that_is_moved(lab: Lab, networks: Networks, tmp_path: Path) -> None:
    network = lan(networks, routes=["10.9.0.0/16 via 10.1.0.254"])
    link = network.create_link("c1", name="web", aliases=["www"], interface="eth0")
    assert re.fullmatch(r"mv-[0-9a-f]{12}", link.name)
    assert link.lease.link == link.name
    assert link.addresses == (IPv4Interface("10.1.0.2/24"),)
    assert link.gateways == (IPv4Address("10.1.0.1"),)
    assert [str(route) for route in link.routes] == ["10.9.0.0/16 via 10.1.0.254"]
    assert ip_link(lab.a.netns, link.name)["ifindex"] == link.index
    assert ip_link(lab.a.netns, link.name)["address"] == str(link.mac)
    inside = lab.container()
    with pytest.raises(MacvlanError, match="has not been moved") as caught:
        network.bind("c1", inside)
    assert caught.value.kind is ErrorKind.NETWORK_NOT_CONNECTED
    lab.a.handle.move_link(link.name, inside, name="eth5")
    bound = network.bind("c1", inside)
    assert bound.interface == "eth5"
    assert bound.netns is not None
    assert network.disconnect("c1") == Detached.REMOVED
    again = network.create_link("c1")
    with Networks(networks.host, tmp_path / "networks.db", host_name="a", pending_age=0) as old:
        assert old.collect().leases == [again.lease]
    assert network.leases() == []


def test_retain_disconnects_invalid_containers(lab: Lab, networks: Networks) -> None:
    network = lan(networks)
    inside, other = lab.container(), lab.container()
    network.connect("c1", inside)
    network.connect("c2", other)
    retained = network.retain(["c1"])
    assert isinstance(retained, Retained)
    assert [lease.container for lease in retained.released] == ["c2"]
    assert retained.failed == []
    assert [lease.container for lease in network.leases()] == ["c1"]
    with pytest.raises(TypeError, match="argument 'valid': expected a sequence"):
        network.retain("c1")
    assert not networks.forget_host("a")


@pytest.mark.parametrize(
    ("arguments", "argument", "words"),
    [
        ({"subnets": ["10.1.0.1/24"]}, "subnets[0]", "the subnet is 10.1.0.0/24"),
        ({"subnets": ["10.1.0.0"]}, "subnets[0]", "prefix length"),
        ({"mode": "ipvlan"}, "mode", "ipvlan"),
        ({"order": "last"}, "order", "first, next or random"),
        ({"mac_from": "host"}, "mac_from", "address or container"),
        ({"reservation_ttl": -1}, "reservation_ttl", "negative"),
        ({"mtu": -1}, "mtu", "-1"),
        ({"block_size": 2**32}, "block_size", str(2**32)),
        ({"block_size": 0}, None, "at least one address"),
        ({"name": "a/b"}, None, "can only contain letters"),
        ({"parent": "a name that is too long"}, "parent", "a name that is too long"),
        ({"parent": "ens33.4095"}, None, "4095 is not an id from 1 to 4094"),
        ({"subnets": ["127.0.0.0/8"]}, "subnets[0]", "loopback"),
        ({"subnets": ["::ffff:10.0.0.0/120"]}, "subnets[0]", "IPv4-mapped"),
        ({"routes": ["somewhere"]}, "routes[0]", "somewhere"),
        ({"routes": ["default via 10.1.0.9"]}, None, "is a default route"),
        ({"accept_ra": "perhaps"}, "accept_ra", "perhaps"),
        ({"mtu": 67}, None, "MTU 67 is not from 68 to 65535"),
    ],
)
def test_values_that_are_refused(
    networks: Networks, arguments: dict[str, Any], argument: str | None, words: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        networks.create(**{"name": "net", "subnets": ["10.1.0.0/24"], **arguments})
    assert caught.value.argument == argument
    assert words in str(caught.value)
    assert networks.list() == []


def test_types_that_are_refused(lab: Lab, networks: Networks, tmp_path: Path) -> None:
    network = lan(networks)
    # Calls that a type checker rejects.
    create: Any = networks.create
    connect: Any = network.connect
    subnet: Any = Subnet
    session: Any = Networks
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: create(5), "argument 'name': expected a str, got 5"),
        (lambda: create("x", subnets="10.1.0.0/24"), "argument 'subnets': expected a seq"),
        (lambda: create("x", subnets=[5]), r"'subnets\[0\]': expected a subnet as str"),
        (lambda: create("x", internal=1), "argument 'internal': expected a bool"),
        (lambda: create("x", order=None), "argument 'order': expected Order"),
        (lambda: create("x", labels={"a": 1}), r"'labels\[0\]\[1\]': expected a str"),
        (lambda: create("x", labels="ab"), "argument 'labels': expected a sequence"),
        (lambda: create("x", colour="blue"), "colour"),
        (lambda: connect("c1"), "netns"),
        (lambda: connect(1, lab.a.netns), "argument 'container': expected a str"),
        (lambda: connect("c1", lab.a.netns, addresses=[1]), r"'addresses\[0\]'"),
        (lambda: connect("c1", lab.a.netns, default_route="yes"), "expected a bool"),
        (lambda: subnet("10.1.0.0/24", gateway=5), "argument 'gateway': expected an IP address"),
        (lambda: subnet("10.1.0.0/24", reserved=["x"]), r"'reserved\[0\]': expected a pair"),
        (lambda: session(lab.a.netns, tmp_path / "x"), "argument 'host': expected a Host"),
        (lambda: session(lab.a.host, 5), "argument 'store': expected a path"),
        (lambda: EtcdStore("a", "http://127.0.0.1"), "argument 'endpoints': expected a sequence"),
    ]
    for call, words in calls:
        with pytest.raises(TypeError, match=words):
            call()
    for call, words in (
        (lambda: network.connect("a/b", lab.a.netns), "can only contain letters"),
        (lambda: network.connect("c1", lab.a.netns, name="two words"), "a container's name"),
        (lambda: network.connect("c1", lab.a.netns, interface="a name that is too long"), "15"),
        (lambda: network.connect("c1", lab.a.netns, addresses=["10.1.0.9", "10.1.0.9"]), "twice"),
        (lambda: network.connect("c1", lab.a.netns, mac="ff:ff:ff:ff:ff:ff"), "argument 'mac'"),
        (lambda: network.resolve("\ud800"), "UTF-8"),
        (lambda: Subnet("10.1.0.0/24", gateway="last"), "argument 'gateway'"),
        (lambda: Networks(lab.a.host, tmp_path / "y", host_name="a b"), "a host's name"),
        (lambda: Networks(lab.a.host, tmp_path / "y", probe="slow"), "argument 'probe'"),  # type: ignore[arg-type]
    ):
        with pytest.raises(InvalidError, match=words):
            call()
    assert network.leases() == []


def test_processes_share_a_file(lab: Lab, networks: Networks, tmp_path: Path) -> None:
    """Another process sees the network, and gets another address."""
    network = lan(networks)
    code = (
        "import sys, macvlan\n"
        "with macvlan.Host(sys.argv[1]) as host, macvlan.Networks(host, sys.argv[2], "
        "host_name='a') as networks:\n"
        "    print(*networks.network('lan').connect('c1', sys.argv[3]).addresses)\n"
    )
    with process() as pid:
        arguments = [f"/proc/self/fd/{lab.a.netns.fileno()}", str(tmp_path / "networks.db")]
        command = [sys.executable, "-W", "error", "-c", code, *arguments, f"/proc/{pid}/ns/net"]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            pass_fds=[lab.a.netns.fileno()],
        )
        assert (done.stdout, done.stderr) == ("10.1.0.2\n", "")
        assert network.connect("c2", lab.container()).addresses == (IPv4Address("10.1.0.3"),)
        assert [lease.container for lease in network.leases()] == ["c1", "c2"]


def test_many_threads(networks: Networks) -> None:
    """No address is leased twice."""
    network = lan(networks, order="random")
    given: list[IPv4Address | IPv6Address] = []
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with NetNs.anonymous() as inside:
                for _ in range(3):
                    given.extend(network.connect(f"c{number}", inside).addresses)
                network.disconnect(f"c{number}", inside)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (len(given), len(set(given))) == (24, 8)
    assert network.leases() == []


@contextmanager
def etcd(directory: Path, scheme: str = "http", *options: str) -> Iterator[NetNs]:
    """A real etcd, on the loopback link of a namespace; clients have to be there."""
    client, peer = f"{scheme}://127.0.0.1:2379", "http://127.0.0.1:2380"
    health = "http://127.0.0.1:2381"
    command = ["etcd", "--data-dir", str(directory / "etcd"), "--log-level", "error", *options]
    command += ["--listen-client-urls", client, "--advertise-client-urls", client]
    command += ["--listen-metrics-urls", health]
    command += ["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer]
    command += ["--initial-cluster", f"default={peer}"]

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"{health}/health", timeout=5) as answer:
                return b'"health":"true"' in answer.read()
        except OSError:
            return False

    with NetNs.anonymous() as netns, Handle(netns) as handle, (directory / "log").open("w") as log:
        handle.set_up("lo")
        server = netns.run(lambda: subprocess.Popen(command, stdout=log, stderr=log, cwd="/"))
        try:
            eventually(lambda: netns.run(answers))
            yield netns
        finally:
            server.kill()
            server.wait()


@pytest.mark.needs("etcd")
def test_many_hosts(lab: Lab, tmp_path: Path) -> None:
    """Two hosts, one store: names resolve on both, no address is leased twice; etcd is stopped."""
    with ExitStack() as stack:
        with etcd(tmp_path) as netns:

            def session(name: str) -> Networks:
                host = lab.a.host if name == "a" else lab.b.host
                store = EtcdStore(
                    name,
                    ["http://127.0.0.1:2379"],
                    ttl=600,
                    life="declared",
                    timeout=timedelta(minutes=1),
                )
                assert (store.host, store.endpoints) == (name, ("http://127.0.0.1:2379",))
                assert repr(store) == f'<EtcdStore of host "{name}" at http://127.0.0.1:2379>'
                return stack.enter_context(netns.run(lambda: Networks(host, store)))

            a, b = session("a"), session("b")
            refusal(a.check_life, ErrorKind.NETWORK_HOST_NOT_ALIVE, 'host "a" is not declared')
            assert a.declare_host("a")
            assert a.declare_host("b")
            assert not b.declare_host("b")
            b.check_life()
            known = [(host.name, host.is_alive, host.is_declared) for host in a.hosts()]
            assert known == [("a", True, True), ("b", True, True)]
            told = EtcdStore("a", ["http://127.0.0.1:2379"])
            with pytest.raises(InvalidError, match='the store was opened for host "a"'):
                netns.run(lambda: Networks(lab.a.host, told, host_name="b"))
            assert (a.host_name, b.host_name) == ("a", "b")
            here = lan(a, subnet="192.168.15.0/24", block_size=8)
            there = b.network("lan")
            assert there == here
            one = here.connect("c1", lab.container(), name="x")
            inside = lab.container()
            two = there.connect("c2", inside, name="y")
            assert set(one.addresses).isdisjoint(two.addresses)
            assert (there.resolve("x"), here.resolve("y")) == (
                list(one.addresses),
                list(two.addresses),
            )
            assert ping(inside, str(one.addresses[0])) is not None
            assert here.inspect()["Scope"] == "global"
            refused = ErrorKind.NETWORK_ALREADY_CONNECTED
            refusal(lambda: here.disconnect("c2"), refused, 'host "b"')
            alive = ErrorKind.NETWORK_HOST_ALIVE
            refusal(lambda: a.forget_host("b"), alive, 'cannot forget host "b"')
            assert not a.forget_host("nobody")
        error = refusal(
            lambda: here.connect("c3", lab.container()), ErrorKind.NETWORK_STORE_UNAVAILABLE
        )
        assert error.network == "lan"
        assert ping(inside, str(one.addresses[0])) is not None, "connected containers are affected"
        assert (there.name, there.block_size) == ("lan", 8)


def certificates(directory: Path) -> None:
    """An authority, and certificates for a server on 127.0.0.1 and a client."""
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    openssl("req", "-x509", *new, "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.pem")
    (directory / "extensions").write_text("subjectAltName=IP:127.0.0.1\n")
    for name in ("server", "client"):
        key, request, made = f"{name}.key", f"{name}.csr", f"{name}.pem"
        openssl("req", *new, "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        sign = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions"]
        openssl("x509", "-req", "-in", request, *sign, "-days", "2", "-out", made)


@pytest.mark.needs("etcd")
def test_etcd_over_tls(lab: Lab, tmp_path: Path) -> None:
    certificates(tmp_path)
    ca, cert, key = (tmp_path / name for name in ("ca.pem", "client.pem", "client.key"))
    endpoint = ["https://127.0.0.1:2379"]
    files = {"cert": "server.pem", "key": "server.key", "trusted-ca": "ca.pem"}
    options = [f"--{option}-file={tmp_path / name}" for option, name in files.items()]
    with etcd(tmp_path, "https", "--client-cert-auth", *options) as netns:
        for store in (
            EtcdStore("a", endpoint, ca=ca, cert=str(cert), key=key),
            EtcdStore(
                "a", endpoint, ca=ca.read_bytes(), cert=cert.read_bytes(), key=key.read_bytes()
            ),
        ):
            with netns.run(partial(Networks, lab.a.host, store)) as networks:
                lan(networks).remove()
        stranger = EtcdStore("a", endpoint, ca=ca)
        kind = ErrorKind.NETWORK_STORE_REFUSED
        refusal(
            lambda: netns.run(lambda: Networks(lab.a.host, stranger)),
            kind,
            "client certificate",
            family=PermissionDenied,
        )
        missing = EtcdStore("a", endpoint, ca=tmp_path / "missing.pem")
        error = refusal(
            lambda: Networks(lab.a.host, missing), ErrorKind.NETWORK_FILE, family=NotFoundError
        )
        assert error.errno == errno.ENOENT
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: EtcdStore("a", []), "no endpoint is given"),
        (lambda: EtcdStore("a", endpoint), "needs a CA"),
        (lambda: EtcdStore("a", endpoint, ca=ca, key=key), "without its certificate"),
        (lambda: EtcdStore("a", endpoint, ca=ca, cert=cert), "without its key"),
        (lambda: EtcdStore("a", ["http://a:1"], ca=ca), "not encrypted"),
        (lambda: EtcdStore("a", ["http://a:1"], user="root"), "password is empty"),
        (lambda: EtcdStore("a", ["http://a:1"], password="secret"), "name or password"),
    ]
    for call, words in calls:
        with pytest.raises(InvalidError, match=words):
            call()
    with pytest.raises(TypeError, match="argument 'ca': expected a path"):
        EtcdStore("a", endpoint, ca=5)  # type: ignore[arg-type]


@pytest.mark.needs("etcd")
def test_etcd_with_a_user(lab: Lab, tmp_path: Path) -> None:
    endpoint = "http://127.0.0.1:2379"
    with etcd(tmp_path) as netns:

        def ask(what: str, **content: object) -> None:
            request = urllib.request.Request(
                f"{endpoint}/v3/auth/{what}", json.dumps(content).encode(), method="POST"
            )
            urllib.request.urlopen(request, timeout=60).close()

        def enable() -> None:
            ask("user/add", name="root", password="secret")
            ask("role/add", name="root")
            ask("user/grant", user="root", role="root")
            ask("enable")

        def opened(user: str | None, password: str | None) -> Networks:
            store = EtcdStore("a", [endpoint], user=user, password=password)
            return netns.run(lambda: Networks(lab.a.host, store))

        kind = ErrorKind.NETWORK_STORE_REFUSED
        denied = PermissionDenied
        refusal(lambda: opened("root", "secret"), kind, "remove the user", family=denied)
        netns.run(enable)
        refusal(lambda: opened(None, None), kind, "requires a user", family=denied)
        refusal(lambda: opened("root", "wrong"), kind, "refuses", family=denied)
        with opened("root", "secret") as networks:
            lan(networks).remove()


@pytest.mark.root
def test_without_the_capability(tmp_path: Path) -> None:
    code = (
        "import macvlan, sys\n"
        "with macvlan.Host() as host, macvlan.Networks(host, sys.argv[1]) as networks:\n"
        "    lan = networks.create('lan', parent='lo', subnets=['10.1.0.0/24'])\n"
        "    try: lan.connect('c1', sys.argv[2])\n"
        "    except PermissionError as error: print(type(error).__name__, error.network)\n"
    )
    command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-c", code]
    with NetNs.anonymous() as somewhere, NetNs.anonymous() as inside:
        fd = inside.fileno()
        done = somewhere.run(
            lambda: subprocess.run(
                [*command, str(tmp_path / "networks.db"), f"/proc/self/fd/{fd}"],
                pass_fds=[fd],
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
            )
        )
    assert (done.stdout, done.stderr) == (f"{PermissionDenied.__name__} lan\n", "")
