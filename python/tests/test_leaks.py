"""Every operation thousands of times: no descriptor, thread, reference or memory leaks."""

from __future__ import annotations

import gc
import os
import pickle
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import GUEST
from hosts import eventually

from macvlan import (
    Attachment,
    Detached,
    Endpoint,
    ExistsError,
    Handle,
    Host,
    InvalidError,
    Mode,
    NetNs,
    Networks,
    NotFoundError,
    Probe,
    Route,
    Rule,
    Subnet,
    VlanOptions,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from hosts import Lab

# Enough for a leak of one block in each; ten thousand are enough for one in thirty.
CYCLES = (1_000 if GUEST else 10_000) if os.environ.get("MACVLAN_LONG") else 400
# An interpreter may allocate this by itself: caches of code, of attributes, of threads.
BLOCKS = 300
KILOBYTES = 4_000


def held() -> tuple[int, int, int, int]:
    """Descriptors, threads, Python's memory blocks, and the process's memory in KiB."""
    gc.collect()
    status = Path("/proc/self/status").read_text().split("VmRSS:")[1]
    return (
        len(os.listdir("/proc/self/fd")),
        len(os.listdir("/proc/self/task")),
        sys.getallocatedblocks(),
        int(status.split()[0]),
    )


def read(*_: object) -> None:
    """Consumes the results."""


def assert_nothing_is_lost(cycle: Callable[[], object], cycles: int = CYCLES) -> None:
    for _ in range(min(20 + cycles // 10, cycles)):  # what is kept is kept once
        cycle()
    descriptors, threads, blocks, memory = held()
    shared = (Mode.BRIDGE, InvalidError, Endpoint, int.__add__, cycle)
    references = [sys.getrefcount(one) for one in shared]
    for _ in range(cycles):
        cycle()
    # The kernel lists a joined thread for a moment longer.
    eventually(lambda: held()[:2] == (descriptors, threads))
    assert held()[2] - blocks <= BLOCKS
    assert held()[3] - memory <= KILOBYTES
    after = [sys.getrefcount(one) for one in shared]
    assert all(abs(new - old) < 10 for new, old in zip(after, references, strict=True)), (
        references,
        after,
    )


def test_values() -> None:
    def cycle() -> None:
        endpoint = Endpoint(
            "eth0",
            parent="ens33.100",
            mode=Mode.BRIDGE,
            mac="02:00:00:00:00:01",
            addresses=["10.0.0.2/24@10.0.0.1", "fd00::2/64 nodad"],
            routes=[Route("10.1.0.0/16", gateway="10.0.0.3"), "blackhole 10.2.0.0/16"],
        )
        other = endpoint.replace(mtu=1400)
        assert other != endpoint
        assert hash(other)
        assert repr(other)
        assert other.plan()
        read(other.addresses, other.gateways, other.routes, other.parent, other.mode, other.mac)
        assert str(Rule(7, from_="10.0.0.0/8")) + repr(VlanOptions(5, egress_qos={1: 2}))

    assert_nothing_is_lost(cycle)


def test_pickles() -> None:
    endpoint = Endpoint("eth0", parent="ens33", addresses=["10.0.0.2/24"])
    assert_nothing_is_lost(lambda: pickle.loads(pickle.dumps(endpoint)))


def test_refusals() -> None:
    def cycle() -> None:
        for arguments in ({"mtu": -1}, {"mode": "x"}, {"mtu": 5}, {"addresses": ["10.0.0.1"]}):
            with pytest.raises(InvalidError):
                Endpoint("eth0", parent="ens33", **arguments)
        for wrong in ({"mtu": "5"}, {"mtuu": 5}, {"addresses": 5}):
            with pytest.raises(TypeError):
                Endpoint("eth0", parent="ens33", **wrong)

    assert_nothing_is_lost(cycle, CYCLES // 5)


def test_namespaces(lab: Lab) -> None:
    path = f"/proc/self/fd/{lab.a.netns.fileno()}"

    def cycle() -> None:
        with NetNs.from_path(path) as one, NetNs.from_fd(one) as two, NetNs.current() as home:
            assert one == two != home
        NetNs.from_pid(os.getpid())  # closed when it is collected
        with pytest.raises(NotFoundError):
            NetNs.from_name("no-such-namespace")

    assert_nothing_is_lost(cycle)


def test_on_a_real_network(lab: Lab) -> None:
    endpoint = Endpoint("eth0", parent="ens33", addresses=["192.168.15.10/24"])
    inside = lab.start(lab.a, endpoint)
    (eth0,) = lab.a.host.attachments(inside)
    probe = Probe(1, start=0, wait=0.001)

    def cycle() -> None:
        with lab.a.host.access("ens33") as access, lab.a.host.keep([(endpoint, inside)]) as keeper:
            access.add(eth0)
            with access.move_addresses(30) as moving:
                moving.undo()
            read(keeper.next_within(0), access.routes)
        assert eth0.announce("rfc").send() >= 1  # closed when it is collected
        (holder,) = lab.a.host.probe_addresses("ens33", ["192.168.15.1"], probe=probe)
        assert holder.mac is not None

    assert_nothing_is_lost(cycle, 3 if GUEST else 10)


def test_calls_inside(lab: Lab) -> None:
    def fails() -> None:
        raise LookupError("inside")

    def cycle() -> None:
        assert lab.a.netns.run(lambda: 5) == 5
        with pytest.raises(LookupError):
            lab.a.netns.run(fails)

    assert_nothing_is_lost(cycle, CYCLES // 2)


def test_handles_and_hosts(lab: Lab) -> None:
    def cycle() -> None:
        with NetNs.from_fd(lab.a.netns) as netns, Handle(netns) as handle, Host(netns) as host:
            handle.set_mtu("ens33", 1500)
            host.handle()
            with pytest.raises(NotFoundError):
                handle.set_mtu(54321, 1500)

    assert_nothing_is_lost(cycle)


def test_links_that_are_not_there(lab: Lab) -> None:
    """The kernel may start modprobe for each unknown name."""

    def cycle() -> None:
        with pytest.raises(NotFoundError):
            lab.a.handle.link("nope")

    assert_nothing_is_lost(cycle, 20 if GUEST else CYCLES)


def test_listings(lab: Lab) -> None:
    def cycle() -> None:
        for link in lab.a.handle.links():
            assert link.name
            read(link.mac, link.state, link.statistics, link.offloads, link.queues)
        assert [a.address for a in lab.a.handle.addresses()]
        assert [r.route.destination for r in lab.a.handle.routes()]
        assert lab.a.handle.rules()
        lab.a.handle.neighbours()

    assert_nothing_is_lost(cycle, CYCLES // 5)


def test_watches(lab: Lab) -> None:
    def cycle() -> None:
        with lab.a.handle.watch() as watch:
            watch.next_within(0)
        lab.a.handle.watch()

    assert_nothing_is_lost(cycle, CYCLES)


def test_guards(lab: Lab) -> None:
    """The kernel waits when a packet socket is closed."""

    def cycle() -> None:
        with lab.a.handle.hold_promisc("ens33"):
            lab.a.handle.hold_promisc("ens33")

    assert_nothing_is_lost(cycle, CYCLES // 100)
    assert lab.a.handle.link("ens33").promiscuity == 0


def test_attaching_and_detaching(lab: Lab) -> None:
    """All of them in one namespace, where many are deleted by one request."""
    inside, host = lab.container(), lab.a.host
    at_once = 200
    endpoints = [
        Endpoint(f"eth{at}", parent="ens33", addresses=[f"10.{at}.0.2/24"]) for at in range(at_once)
    ]

    def cycle() -> None:
        made = [host.attach(endpoint, inside) for endpoint in endpoints]
        assert host.detach_all(made) == [Detached.REMOVED] * at_once

    cycle()
    before = held()
    for _ in range(CYCLES // at_once):
        cycle()
    eventually(lambda: held()[:2] == before[:2])
    after = held()
    assert after[2] - before[2] <= BLOCKS
    assert after[3] - before[3] <= KILOBYTES


def test_one_by_one(lab: Lab, *, long: bool) -> None:
    """Each detach waits for the kernel, so ten thousand are only for the long run."""
    inside, host = lab.container(), lab.a.host
    endpoint = Endpoint("eth0", parent="ens33", addresses=["10.0.0.2/24", "fd00::2/64 nodad"])

    def cycle() -> None:
        with host.attached(endpoint, inside) as eth0:
            eth0.refresh()
        assert host.detach(eth0) is Detached.ALREADY_GONE
        with pytest.raises(NotFoundError):
            host.attach(endpoint.replace(parent="nope"), inside)
        result = host.attach_all([(endpoint, inside)])[0]
        assert isinstance(result, Attachment)
        host.detach_later(result).wait()

    assert_nothing_is_lost(cycle, CYCLES if long else 30)


def test_networks(lab: Lab, tmp_path: Path, *, long: bool) -> None:
    """Operations synced to a disk are not repeated ten thousand times."""
    store = tmp_path / "networks.db"
    subnet = Subnet("10.1.0.0/24", reserved={"printer": "10.1.0.9"})
    with NetNs.anonymous() as inside, Networks(lab.a.host, store, host_name="a") as networks:
        network = networks.create("lan", parent="ens33", subnets=[subnet, "fd00::/64"])

        def cycle() -> None:
            made = network.connect("c1", inside, name="x")
            read(made.attachment, made.addresses, made.mac, made.lease.netns, network.inspect())
            with pytest.raises(ExistsError):
                network.connect("c2", inside, name="x")
            network.add_conflicting_address("10.1.0.7")
            assert network.conflicting_addresses()
            assert network.remove_conflicting_address("10.1.0.7")
            assert network.resolve("x") == [address.ip for address in made.lease.addresses]
            assert eval(repr(network.subnets[0])) == subnet
            network.disconnect("c1", inside)

        assert_nothing_is_lost(cycle, 50 if long and not GUEST else 10)

        def session() -> None:
            with Networks(lab.a.host, store, host_name="a") as other:
                assert other.list() == [network]
            Networks(lab.a.host, store).network("lan")  # closed when it is collected

        assert_nothing_is_lost(session, 200 if long and not GUEST else 20)


def test_pools(lab: Lab) -> None:
    endpoint = Endpoint("eth0", parent="ens33")

    def cycle() -> None:
        with lab.a.host.pool("ens33", 2) as pool:
            pool.attach(endpoint)
            pool.fill()

    assert_nothing_is_lost(cycle, 20)
