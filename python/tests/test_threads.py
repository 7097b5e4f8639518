"""The GIL is released while the kernel works, and all objects can be shared by threads."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TYPE_CHECKING

import pytest
from hosts import PATIENCE, ip, ip_link

from macvlan import (
    Attachment,
    Detached,
    Endpoint,
    Handle,
    Host,
    MacvlanError,
    NetNs,
    Networks,
    Probe,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hosts import Lab


class Counter:
    """A thread that counts whenever it can run, and lets others run."""

    def __init__(self) -> None:
        self.count = 0
        self.over = False
        self.patience = PATIENCE
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self.over:
            self.count += 1
            time.sleep(0)

    def assert_let(self, work: Callable[[], object]) -> None:
        """Asserts that it continues during an operation, without interrupting another thread."""
        before = sys.getswitchinterval()
        # Another thread runs only if the GIL is released.
        sys.setswitchinterval(1000)
        # Threads that already wait use the previous interval.
        self.get_on()
        try:
            assert self.gets_on_during(work)
        finally:
            sys.setswitchinterval(before)

    def gets_on_during(self, work: Callable[[], object]) -> bool:
        """Returns True if it ever continues during an operation; each one may be too short."""
        before = self.count
        until = time.monotonic() + self.patience
        while self.count == before and time.monotonic() < until:
            work()
        return self.count != before

    def get_on(self) -> None:
        """Lets it continue."""
        before = self.count
        while self.count == before:
            time.sleep(0.001)

    def __enter__(self) -> Counter:
        self.thread.start()
        while self.count == 0:
            time.sleep(0.001)
        return self

    def __exit__(self, *_: object) -> None:
        self.over = True
        self.thread.join()


def test_others_run_while_the_kernel_works(lab: Lab) -> None:
    host, inside = lab.a.host, lab.container()
    endpoint = Endpoint("eth0", parent="ens33", addresses=["10.0.0.2/24"])
    eth1 = host.attach(endpoint.replace(name="eth1"), inside)
    gone = host.attach(endpoint, inside)
    host.detach(gone)
    with Counter() as counter, Handle(lab.a.netns) as handle, handle.watch() as watch:

        def attach() -> None:
            for result in host.attach_all([(endpoint, NetNs.anonymous())]):
                assert isinstance(result, Attachment)

        counter.patience = 0.2
        with pytest.raises(AssertionError):
            counter.assert_let(endpoint.plan)  # to see that it would be noticed
        counter.patience = PATIENCE
        for work in (
            NetNs.current,
            NetNs.anonymous,
            lambda: NetNs.from_path("/proc/self/ns/net"),
            lambda: NetNs.from_fd(inside),
            lambda: NetNs.from_pid(os.getpid()),
            lambda: Handle(lab.a.netns),
            lambda: Host(NetNs.from_fd(lab.a.netns)),
            lambda: host.attach(endpoint, NetNs.anonymous()),
            attach,
            lambda: host.check(endpoint, inside),
            lambda: host.ensure(endpoint.replace(name="eth1"), inside),
            lambda: host.attachments(inside),
            eth1.refresh,
            lambda: host.detach(gone),
            lambda: host.detach_all([gone]),
            lambda: host.detach_later(gone).wait(),
            host.remove_unused_parents,
            lambda: host.pool("ens33", 1),
            lambda: host.probe_addresses("ens33", ["10.0.0.9"], probe=Probe(1, start=0, wait=0.01)),
            lambda: host.access("ens33").close(),
            lambda: host.keep([(endpoint.replace(name="eth1"), inside)]).close(),
            lambda: eth1.announce().send(),
            lambda: host.diagnose(eth1, "192.168.15.1"),
            handle.links,
            handle.addresses,
            handle.routes,
            handle.rules,
            handle.neighbours,
            lambda: handle.link("ens33"),
            lambda: handle.set_mtu("ens33", 1500),
            lambda: handle.hold_promisc("ens33"),
            handle.watch,
            lambda: watch.next_within(0),
            lambda: inside.run(lambda: None),
        ):
            counter.assert_let(work)


def test_others_run_while_the_store_works(lab: Lab, tmp_path: Path) -> None:
    store, inside = tmp_path / "networks.db", lab.container()
    with Counter() as counter, Networks(lab.a.host, store) as networks:
        network = networks.create("lan", parent="ens33", subnets=["10.1.0.0/24"])
        for work in (
            lambda: Networks(lab.a.host, store),
            lambda: networks.create("other", parent="ens33", subnets=["10.2.0.0/24"]).remove(),
            lambda: networks.network("lan"),
            networks.list,
            lambda: network.connect("c1", inside),
            networks.collect,
            networks.reconcile,
            lambda: network.resolve("c1"),
            network.hosts,
            lambda: network.write_hosts(tmp_path / "hosts"),
            network.inspect,
            network.leases,
            lambda: network.lease("c1"),
            network.conflicting_addresses,
            lambda: network.add_conflicting_address("10.1.0.9"),
            lambda: network.remove_conflicting_address("10.1.0.9"),
        ):
            counter.assert_let(work)
        network.disconnect("c1")


def test_networks_closed_by_another_thread(lab: Lab, tmp_path: Path) -> None:
    """Current operations finish."""
    networks = Networks(lab.a.host, tmp_path / "networks.db", host_name="a")
    network = networks.create("lan", parent="ens33", subnets=["10.1.0.0/24"], order="random")
    failures: list[BaseException] = []

    def use(number: int) -> None:
        with NetNs.anonymous() as inside:
            try:
                while True:
                    network.connect(f"c{number}", inside)
                    network.disconnect(f"c{number}", inside)
            except (ValueError, MacvlanError) as error:
                failures.append(error)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    networks.close()
    for thread in threads:
        thread.join(PATIENCE)
    assert [str(failure) for failure in failures] == ["the Networks is closed"] * 4


def test_many_threads_share_a_host(lab: Lab) -> None:
    def live(number: int) -> list[str]:
        endpoint = Endpoint("eth0", parent="ens33", addresses=[f"10.0.{number}.2/24"])
        surprises = []
        for turn in range(5):
            with NetNs.anonymous() as inside, lab.a.host.attached(endpoint, inside) as eth0:
                told = ip_link(inside, "eth0") if turn == 0 else {"address": eth0.mac}
                if told["address"] != eth0.mac:
                    surprises.append(f"{number}: {told}")
                if [a.name for a in lab.a.host.attachments(inside)] != ["eth0"]:
                    surprises.append(f"{number}: not found")
        return surprises

    with ThreadPoolExecutor(16) as threads:
        assert [*chain(*threads.map(live, range(16)))] == []
    assert {link["ifname"] for link in ip(lab.a.netns, "link show")} == {"lo", "ens33"}


def test_threads_on_one_attachment(lab: Lab) -> None:
    inside = lab.container()
    eth0 = lab.a.host.attach(Endpoint("eth0", parent="ens33"), inside)
    with ThreadPoolExecutor(8) as threads:
        for _ in range(20):
            threads.submit(eth0.refresh)
            threads.submit(lambda: (eth0.name, eth0.addresses, eth0.routes))
    assert eth0.mtu == 1500
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda _: lab.a.host.detach(eth0), range(8)))
    assert results.count(Detached.REMOVED) == 1
    assert results.count(Detached.ALREADY_GONE) == 7


def test_a_handle_closed_by_another_thread(lab: Lab) -> None:
    handle = Handle(lab.a.netns)
    failures: list[BaseException] = []

    def use() -> None:
        try:
            while True:
                handle.links()
        except ValueError as error:
            failures.append(error)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    handle.close()
    for thread in threads:
        thread.join(PATIENCE)
    assert [str(failure) for failure in failures] == ["the Handle is closed"] * 4


def test_asyncio_to_thread(lab: Lab) -> None:
    """The example of the README: other tasks continue during the kernel's work."""

    async def main() -> None:
        inside = lab.container()
        endpoint = Endpoint("eth0", parent="ens33", addresses=["10.0.0.2/24"])
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.001)
                ticks += 1

        ticking = asyncio.create_task(tick())
        # The kernel takes some milliseconds, in which a busy machine may not run the ticker; but it
        # does at some attempt. On one processor the operation may be finished at once.
        for _ in range(20):
            eth0 = lab.a.host.attach(endpoint, inside)
            assert ip_link(inside, "eth0")["address"] == eth0.mac
            before = ticks
            assert await asyncio.to_thread(lab.a.host.detach, eth0) is Detached.REMOVED
            if os.cpu_count() == 1 or ticks - before >= 2:
                break
        else:
            pytest.fail("the loop stood still")
        before = ticks
        await asyncio.to_thread(inside.run, lambda: time.sleep(0.3))
        assert ticks - before >= 2, "the loop stood still"
        namespaces = [NetNs.anonymous() for _ in range(10)]
        made = await asyncio.gather(
            *(asyncio.to_thread(lab.a.host.attach, endpoint, netns) for netns in namespaces)
        )
        assert await asyncio.to_thread(lab.a.host.detach_all, made) == [Detached.REMOVED] * 10
        detaching = lab.a.host.detach_later(lab.a.host.attach(endpoint, inside))
        assert await asyncio.to_thread(detaching.wait) is Detached.REMOVED
        with pytest.raises(FileNotFoundError):
            await asyncio.to_thread(lab.a.host.attach, endpoint.replace(parent="nope"), inside)
        ticking.cancel()

    asyncio.run(main())
