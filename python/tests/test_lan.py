"""On a real network: probes, announcements, the host's access, keeping, diagnoses, rates."""

from __future__ import annotations

import asyncio
import errno
import os
import select
import signal
import subprocess
import threading
import time
from datetime import timedelta
from functools import partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
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
    quick,
    silent,
)
from wire import Wire

from macvlan import (
    Announce,
    Attachment,
    Cancel,
    DifferenceKind,
    Endpoint,
    ErrorKind,
    FindingKind,
    Holder,
    InvalidError,
    Keeper,
    KeepEvent,
    KeepEventKind,
    MacAddr,
    MacvlanError,
    NetNs,
    NotFoundError,
    Probe,
    Rate,
    TimedOut,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hosts import Lab, LabHost

HELD = "02:42:00:00:00:05"
STALE = "02:42:00:00:00:99"
# The kernel's check of an IPv6 address takes up to two seconds.
PATIENT = Probe(3, start=0, interval=0.06, jitter=0, wait=0.13, deadline=PATIENCE)


@pytest.fixture
def inside() -> Iterator[NetNs]:
    with NetNs.anonymous() as netns:
        yield netns


def eth0(*addresses: str, **others: Any) -> Endpoint:
    return Endpoint("eth0", parent="ens33", addresses=addresses).replace(**others)


def both(last: int) -> tuple[str, str]:
    """Returns an address of each family."""
    return f"192.168.15.{last}/24", f"fd15::{last}/64 nodad"


def station(lab: Lab) -> NetNs:
    """A station on the other host that has .5 and ::5."""
    return lab.start(lab.b, eth0(*both(5), mac=HELD))


def links(netns: NetNs) -> list[str]:
    return [link["ifname"] for link in ip(netns, "link show")]


def entries(netns: NetNs) -> list[tuple[str, str | None]]:
    """Returns the entries of the neighbour tables."""
    return [(entry["dst"], entry.get("lladdr")) for entry in ip(netns, "neigh show")]


def interrupted(seconds: float, call: Callable[[], object]) -> float:
    """Returns the time from Ctrl-C, pressed at this moment, to the end of the call."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    started = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        call()
    timer.join()
    return time.monotonic() - started


# Probes.


def test_a_conflict_names_the_holder(lab: Lab, inside: NetNs) -> None:
    there = station(lab)
    assert ping(lab.a.netns, "192.168.15.5") is not None
    before = [entries(netns) for netns in (lab.a.netns, lab.b.netns, there)]
    wanted = eth0("192.168.15.4/24", "192.168.15.5/24", probe="quick")
    with pytest.raises(MacvlanError, match=f"address 192.168.15.5: {HELD} on this") as caught:
        lab.a.host.attach(wanted, inside)
    error = caught.value
    assert error.kind is ErrorKind.ADDRESS_IN_USE
    assert error.holder == Holder(IPv4Address("192.168.15.5"), MacAddr(HELD))
    assert isinstance(error.holder.mac, MacAddr)
    assert error.hint is not None
    assert error.leftovers == ()
    assert links(inside) == ["lo"]
    assert [entries(netns) for netns in (lab.a.netns, lab.b.netns, there)] == before
    # Of several, each has its own.
    results = lab.a.host.attach_all([(wanted, inside), (eth0(probe="quick"), inside)])
    assert isinstance(results[0], MacvlanError)
    assert results[0].holder == error.holder
    assert isinstance(results[1], Attachment)


def test_the_kernels_verdict_is_waited_for(lab: Lab, inside: NetNs) -> None:
    station(lab)
    with pytest.raises(MacvlanError) as caught:
        lab.a.host.attach(eth0("fd15::5/64", probe=PATIENT), inside)
    assert caught.value.kind is ErrorKind.ADDRESS_IN_USE
    assert caught.value.holder is not None
    assert caught.value.holder.address == IPv6Address("fd15::5")
    with pytest.raises(TimedOut) as too_late:
        lab.a.host.attach(eth0("fd15::6/64", probe=Probe(1, deadline=0.05)), inside)
    assert isinstance(too_late.value, TimeoutError)
    assert too_late.value.kind is ErrorKind.TIMED_OUT
    assert links(inside) == ["lo"]


def test_free_addresses_are_used(lab: Lab, inside: NetNs) -> None:
    started = time.monotonic()
    endpoint = eth0("192.168.15.6/24", probe=Probe.quick())
    made = lab.a.host.attach(endpoint, inside)
    assert time.monotonic() - started >= Probe.quick().longest
    assert ip_addresses(inside, "eth0") == ["192.168.15.6/24"]
    assert lab.a.host.ensure(endpoint, inside).repaired == ()
    lab.a.host.detach(made)
    with lab.a.host.attached(endpoint, inside) as again:
        assert again.addresses == made.addresses


def test_probe_addresses(lab: Lab) -> None:
    station(lab)
    wanted: list[str | IPv4Address | IPv6Address]
    wanted = ["192.168.15.9", IPv4Address("192.168.15.5"), "fd15::5", "192.168.15.1", "fd15::77"]
    held = lab.a.host.probe_addresses("ens33", wanted, probe="quick")
    parent = MacAddr(ip_link(lab.a.netns, "ens33")["address"])
    assert held == [
        Holder(IPv4Address("192.168.15.1"), parent),
        Holder(IPv4Address("192.168.15.5"), MacAddr(HELD)),
        Holder(IPv6Address("fd15::5"), MacAddr(HELD)),
    ]
    assert lab.a.host.probe_addresses("ens33", []) == []
    with pytest.raises(InvalidError, match=r"argument 'addresses\[1\]'"):
        lab.a.host.probe_addresses("ens33", ["10.0.0.1", "10.0.0.0/8"])
    with pytest.raises(NotFoundError):
        lab.a.host.probe_addresses("nope", ["10.0.0.1"])
    assert links(lab.a.netns) == ["lo", "ens33"]


# Listens for longer than any timeout, unless it is ended.
ENDLESS = Probe(1, start=0, wait=2 * PATIENCE, deadline=2 * PATIENCE)


def test_control_c_ends_an_attach_at_once(lab: Lab, inside: NetNs) -> None:
    host, slow = lab.a.host, eth0("192.168.15.6/24", probe=ENDLESS)

    def pressed(call: Callable[[], object]) -> None:
        quick(0.2 + 1.0, lambda: interrupted(0.2, call))
        assert links(inside) == ["lo"]
        assert links(lab.a.netns) == ["lo", "ens33"]

    pressed(lambda: host.attach(slow, inside))
    pressed(lambda: host.attach_all([(slow, inside)]))
    pressed(lambda: host.attached(slow, inside).__enter__())
    pressed(lambda: host.ensure(slow, inside))
    pressed(lambda: host.keep([(slow, inside)]))
    pressed(partial(host.probe_addresses, "ens33", ["192.168.15.6"], probe=ENDLESS))
    checked = eth0("fd15::6/64", probe=ENDLESS)
    inside.run(lambda: Path("/proc/sys/net/ipv6/conf/default/dad_transmits").write_text("3600"))
    pressed(lambda: host.attach(checked, inside))
    taken = eth0(mac="02:42:00:00:00:09", mac_conflict_timeout=2 * PATIENCE)
    with NetNs.anonymous() as other:
        host.attach(taken, other)
        pressed(lambda: host.attach(taken, inside))
    # The host is not cancelled with it.
    made = host.attach(eth0("192.168.15.6/24", probe="quick"), inside)
    assert made.addresses


def test_control_c_ends_an_attach_that_the_host_is_to_reach(lab: Lab, inside: NetNs) -> None:
    slow = eth0("192.168.15.6/24", probe=ENDLESS)
    with lab.a.host.access("ens33") as access:
        assert interrupted(0.2, lambda: access.attach(slow, inside)) < PATIENCE
        assert links(inside) == ["lo"]


def test_another_thread_cancels_an_attach(lab: Lab, inside: NetNs) -> None:
    cancel = Cancel()
    host = lab.a.host.cancelled_by(cancel)
    assert not cancel.cancelled
    assert repr(cancel) == "<Cancel>"
    threading.Timer(0.2, cancel.cancel).start()
    with pytest.raises(MacvlanError, match="the operation was cancelled") as caught:
        host.attach(eth0("192.168.15.6/24", probe=ENDLESS), inside)
    assert caught.value.kind is ErrorKind.CANCELLED
    assert caught.value.errno == errno.EINTR
    assert links(inside) == ["lo"]
    assert cancel.cancelled
    assert repr(cancel) == "<Cancel, cancelled>"
    with pytest.raises(MacvlanError, match="the operation was cancelled"):
        host.attach(eth0("192.168.15.6/24", probe="quick"), inside)
    assert lab.a.host.attach(eth0("192.168.15.6/24", probe="quick"), inside).addresses
    with pytest.raises(TypeError):
        host.cancelled_by(cancel=1)


def test_control_c_ends_a_keepers_probe(lab: Lab, inside: NetNs) -> None:
    """Ends the probes of a returned parent's endpoint and of an added one; it continues."""
    slow = Endpoint("eth0", parent="later", addresses=["192.168.15.6/24"], probe=ENDLESS)
    keeper = lab.a.host.keep([(slow, inside)])
    for what in ("ens33 down", "ens33 name later", "later up"):
        ip_text(lab.a.netns, f"link set {what}")

    def asked() -> None:
        # It fails until the parent has a carrier.
        while next(keeper).kind is KeepEventKind.FAILED:
            pass

    assert interrupted(0.5, asked) < PATIENCE
    assert links(inside) == ["lo"]
    with NetNs.anonymous() as other:
        later = Endpoint("eth1", parent="later", addresses=["192.168.15.7/24"], probe=ENDLESS)
        quick(0.2 + 1.0, lambda: interrupted(0.2, lambda: keeper.add(later, other)))
        assert links(other) == ["lo"]
        keeper.add(Endpoint("eth2", parent="later"), other)
        assert keeper.release("eth0", inside) is None
        # While the namespace is open: its end would be an event.
        assert keeper.next_within(0) is None
    keeper.close()


def test_closing_a_keeper_ends_its_probe(lab: Lab, inside: NetNs) -> None:
    keeper = lab.a.host.keep(
        [(Endpoint("eth0", parent="later", addresses=["192.168.15.6/24"], probe=ENDLESS), inside)]
    )
    caught: list[BaseException] = []

    def waiting() -> None:
        try:
            # It fails until the parent is up again.
            while next(keeper).kind is KeepEventKind.FAILED:
                pass
        except ValueError as closed:
            caught.append(closed)

    thread = threading.Thread(target=waiting)
    thread.start()
    for what in ("ens33 down", "ens33 name later", "later up"):
        ip_text(lab.a.netns, f"link set {what}")
    eventually(lambda: links(inside) == ["lo", "eth0"])
    keeper.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert str(caught[0]) == "the Keeper is closed"
    assert links(inside) == ["lo"]


# Announcements.


def stale(host: LabHost) -> None:
    for address in ("192.168.15.5", "fd15::5"):
        ip_text(host.netns, f"neigh replace {address} lladdr {STALE} dev ens33 nud stale")


def remembered(host: LabHost) -> set[str | None]:
    table = dict(entries(host.netns))
    return {table.get("192.168.15.5"), table.get("fd15::5")}


def learns(host: LabHost, mac: str) -> None:
    eventually(lambda: remembered(host) == {mac})


def test_neighbours_are_told(lab: Lab, inside: NetNs) -> None:
    stale(lab.b)
    silently = lab.a.host.attach(eth0(*both(5), mac=HELD), inside)
    time.sleep(0.05)
    assert remembered(lab.b) == {STALE}
    lab.a.host.detach(silently)
    made = lab.a.host.attach(eth0(*both(5), mac=HELD, announce="once"), inside)
    learns(lab.b, HELD)
    # By hand, any number of times.
    stale(lab.b)
    with made.announce() as announcement:
        assert announcement.send() == 2
        learns(lab.b, HELD)
    assert announcement.closed
    with pytest.raises(ValueError, match="the Announcement is closed"):
        announcement.send()
    started = time.monotonic()
    assert made.announce(Announce(3, interval=0.05)).run() == 6
    assert 0.1 <= time.monotonic() - started < 5
    assert made.announce("rfc").send() == 2
    assert interrupted(0.2, made.announce(Announce(2, interval=30)).run) < 10


def test_attaching_waits_for_announcements_if_told_to(lab: Lab, inside: NetNs) -> None:
    def is_announcement(frame: bytes) -> bool:
        of_5 = bytes((192, 168, 15, 5))
        return frame[12:14] == b"\x08\x06" and frame[28:32] == frame[38:42] == of_5

    announce = Announce(3, interval=timedelta(milliseconds=100), blocking=True)
    with Wire(lab.b.netns, "ens33") as wire:
        started = time.monotonic()
        lab.a.host.attach(eth0("192.168.15.5/24", announce=announce), inside)
        assert time.monotonic() - started >= 0.2
        assert all(wire.find(is_announcement) is not None for _ in range(3))


# The host's access.


def reach_each_other(host: NetNs, container: NetNs, last: int) -> bool:
    return all(
        ping(who, whom) is not None
        for who, whom in (
            (host, f"192.168.15.{last}"),
            (host, f"fd15::{last}"),
            (container, "192.168.15.1"),
            (container, "fd15::1"),
        )
    )


def test_host_and_container_reach_each_other(lab: Lab) -> None:
    here = lab.a.netns
    first, second = lab.container(), lab.container()
    before = lab.a.host.attach(eth0(*both(10)), first)
    assert silent(here, "192.168.15.10")
    with lab.a.host.access("ens33") as access:
        assert (access.name, access.routes) == ("ens33-host", ())
        assert access.index == ip_link(here, "ens33-host")["ifindex"]
        access.add(before)
        made = access.attach(eth0(*both(11)), second)
        assert reach_each_other(here, first, 10)
        assert reach_each_other(here, second, 11)
        assert access.routes == (
            IPv4Network("192.168.15.10/32"),
            IPv6Network("fd15::10/128"),
            IPv4Network("192.168.15.11/32"),
            IPv6Network("fd15::11/128"),
        )
        assert repr(access) == "<HostAccess by ens33-host, 4 routes>"
        ip_text(here, "link delete ens33-host")
        access.refresh()
        assert reach_each_other(here, first, 10)
        assert access.detach(made) == "removed"
        assert links(second) == ["lo"]
        access.remove(before)
        assert (access.name, access.index) == (None, None)
        assert repr(access) == "<HostAccess, without a link now>"
        # The next one creates it again.
        access.attach(eth0(*both(11)), second)
        assert access.name == "ens33-host"
        with pytest.raises(InvalidError, match="only macvlans in mode bridge"):
            access.attach(eth0(mode="private"), lab.container())
    assert access.closed
    assert links(here) == ["lo", "ens33"]
    assert silent(here, "192.168.15.11")
    with pytest.raises(ValueError, match="the HostAccess is closed"):
        access.attach(eth0(), second)
    access.close()


def test_access_with_all_options(lab: Lab) -> None:
    inside = lab.start(lab.a, eth0(*both(10)))
    with lab.a.host.access(
        "ens33",
        name="shim",
        addresses=[IPv4Address("192.168.15.250")],
        routes=["192.168.15.8/29"],
        keep=True,
    ) as access:
        assert access.routes == (IPv4Network("192.168.15.8/29"),)
        assert ip_addresses(lab.a.netns, "shim") == ["192.168.15.250/32"]
        assert ping(lab.a.netns, "192.168.15.10") is not None
        assert ping(inside, "192.168.15.250") is not None
    # It was to be kept, and is found again.
    index = ip_link(lab.a.netns, "shim")["ifindex"]
    addresses, routes = ["192.168.15.250"], ["192.168.15.8/29"]
    with lab.a.host.access("ens33", name="shim", addresses=addresses, routes=routes) as access:
        assert access.index == index
    assert links(lab.a.netns) == ["lo", "ens33"]
    with pytest.raises(NotFoundError):
        lab.a.host.access("nope")


def test_addresses_are_moved_and_confirmed_or_moved_back(lab: Lab) -> None:
    here = lab.a.netns
    ip_text(here, "route add default via 192.168.15.2 dev ens33")
    ip_text(lab.b.netns, "address add 10.1.1.1/32 dev lo")
    ours = ["192.168.15.1/24", "fd15::1/64"]

    def moved() -> bool:
        assert ping(here, "10.1.1.1") is not None
        parent, shim = ip_addresses(here, "ens33"), ip_addresses(here, "ens33-host")
        through = "ens33" if parent else "ens33-host"
        assert f"default via 192.168.15.2 dev {through}" in ip_lines(here, "route show")
        assert parent in (ours, [])
        assert set(ours).issubset(shim) != bool(parent)
        return not parent

    access = lab.a.host.access("ens33")
    inside = lab.container()
    access.attach(eth0(*both(10)), inside)
    # Confirmed at the end of a block.
    with access.move_addresses(600) as moving:
        assert moving.is_pending
        assert repr(moving) == "<PendingMove, to be confirmed>"
        assert moved()
        assert reach_each_other(here, inside, 10)
        with pytest.raises(InvalidError, match="already moved"):
            access.move_addresses(600)
    assert not moving.is_pending
    assert repr(moving) == "<PendingMove, over>"
    assert moved()
    with pytest.raises(ValueError, match="already been confirmed or undone"):
        moving.confirm()
    access.move_back()
    assert not moved()
    # Undone by an exception, by hand, and when dropped.

    def fail_when_moved() -> None:
        with access.move_addresses(timedelta(minutes=10)):
            assert moved()
            raise ConnectionError

    with pytest.raises(ConnectionError):
        fail_when_moved()
    assert not moved()
    with access.move_addresses(600) as moving:
        moving.undo()
        assert not moved()
    moving = access.move_addresses(600)
    assert moved()
    del moving
    assert not moved()
    # Too late.
    moving = access.move_addresses(0.1)
    eventually(lambda: not moving.is_pending)
    with pytest.raises(TimedOut, match="the addresses were moved back"):
        moving.confirm()
    assert not moved()
    access.move_addresses(600).confirm()
    assert moved()
    access.close()
    assert links(here) == ["lo", "ens33"]
    assert ip_addresses(here, "ens33") == ours
    assert ping(here, "10.1.1.1") is not None


# Keeping.


def unplug(lab: Lab) -> None:
    ip_text(lab.a.netns, "link del dev ens33")


def plug_in(lab: Lab) -> None:
    lab.cable("ens33")
    lab.b.handle.add_address("ens33", "192.168.15.2/24")


def told(keeper: Keeper) -> KeepEvent:
    event = keeper.next_within(PATIENCE)
    assert event is not None
    return event


def attached_again(keeper: Keeper) -> KeepEvent:
    while (event := told(keeper)).kind is KeepEventKind.FAILED:
        assert isinstance(event.error, MacvlanError)
        assert event.attachment is None
    return event


def test_a_keeper_lets_go_of_a_container_that_ended(lab: Lab) -> None:
    with process() as pid:
        identity = NetNs.from_pid(pid).id
        keeper = lab.a.host.keep([(eth0("192.168.15.10/24"), pid)])
    with keeper:
        ended = told(keeper)
        assert (ended.kind, ended.name, ended.netns_id) == (KeepEventKind.ENDED, "eth0", identity)
        assert isinstance(ended.error, MacvlanError)
        assert ended.error.kind is ErrorKind.NAMESPACE_GONE
        with pytest.raises(MacvlanError):
            _ = ended.netns
        assert keeper.attachments() == []
    eventually(lambda: silent(lab.b.netns, "192.168.15.10"))


def test_a_keeper_attaches_again(lab: Lab, inside: NetNs) -> None:
    endpoint = eth0("192.168.15.10/24", gateways=["192.168.15.2"])
    with lab.a.host.keep([(endpoint, inside)]) as keeper:
        (made,) = keeper.attachments()

        def seen() -> tuple[str, list[str]]:
            return ip_link(inside, "eth0")["address"], ip_lines(inside, "route show")

        before = seen()
        assert before[0] == made.mac
        assert keeper.next_within(0) is None
        assert keeper.patience() is None
        # Down and up again needs no action.
        lab.a.handle.set_down("ens33")
        lab.a.handle.set_up("ens33")
        assert keeper.next_within(timedelta(milliseconds=50)) is None
        unplug(lab)
        gone = told(keeper)
        assert (gone.kind, gone.name, gone.netns) == (KeepEventKind.GONE, "eth0", inside)
        assert gone.attachment is not None
        assert gone.attachment.mac == made.mac
        assert (gone.error, gone.parent) == (None, None)
        assert str(gone).endswith("the parent ens33 is gone")
        assert keeper.attachments() == []
        assert repr(keeper) == "<Keeper, 0 attached>"
        plug_in(lab)
        back = attached_again(keeper)
        assert back.kind is KeepEventKind.ATTACHED
        assert back.attachment is not None
        assert back.attachment.index == ip_link(inside, "eth0")["ifindex"]
        # Routes show a moment later that the link works.
        eventually(lambda: seen() == before)
        assert ping(inside, "192.168.15.2") is not None
        lab.a.handle.set_down("ens33")
        lab.a.handle.rename("ens33", "lan0")
        lab.a.handle.set_up("lan0")
        renamed = told(keeper)
        assert (renamed.kind, renamed.parent) == (KeepEventKind.RENAMED, "lan0")
        lab.a.handle.set_down("lan0")
        lab.a.handle.rename("lan0", "ens33")
        assert told(keeper).parent == "ens33"
        # One more, and one less.
        other = NetNs.anonymous()
        keeper.add(eth0("192.168.15.11/24"), other)
        assert len(keeper.attachments()) == 2
        released = keeper.release("eth0", other)
        assert released is not None
        assert released.netns == other
        assert keeper.release("eth0", other) is None
    assert keeper.closed
    assert repr(keeper) == "<Keeper, closed>"
    assert links(inside) == ["lo", "eth0"]
    with pytest.raises(ValueError, match="the Keeper is closed"):
        keeper.next_within(0)


def test_a_keeper_waits_as_others_do(lab: Lab, inside: NetNs) -> None:
    keeper = lab.a.host.keep([(eth0("192.168.15.10/24"), inside)])
    assert interrupted(0.2, lambda: next(keeper)) < 10
    # As an iterator on a thread, while other threads continue.
    events: list[KeepEvent] = []

    def listen() -> None:
        for event in keeper:
            events.append(event)
            if event.kind is KeepEventKind.ATTACHED:
                return

    thread = threading.Thread(target=listen)
    thread.start()
    unplug(lab)
    plug_in(lab)
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert [events[0].kind, events[-1].kind] == ["gone", "attached"]
    # In a loop over descriptors.
    unplug(lab)
    assert select.select([keeper.fileno()], [], [], PATIENCE)[0]
    assert told(keeper).kind is KeepEventKind.GONE

    # In asyncio's.
    async def again() -> KeepEvent:
        async for event in keeper:
            if event.kind is KeepEventKind.ATTACHED:
                return event
        raise AssertionError

    async def both_at_once() -> KeepEvent:
        waiting = asyncio.create_task(again())
        await asyncio.sleep(0)
        plug_in(lab)
        return await asyncio.wait_for(waiting, PATIENCE)

    assert asyncio.run(both_at_once()).name == "eth0"
    keeper.close()


def test_a_failed_keep_leaves_nothing(lab: Lab, inside: NetNs) -> None:
    other = NetNs.anonymous()
    bad = eth0("192.168.15.11/24", mtu=9000)
    with pytest.raises(MacvlanError) as caught:
        lab.a.host.keep([(eth0("192.168.15.10/24"), inside), (bad, other)])
    assert caught.value.kind is ErrorKind.MTU_TOO_LARGE
    assert links(inside) == ["lo"]
    with pytest.raises(TypeError, match=r"argument 'pairs\[0\]'"):
        lab.a.host.keep([eth0()])  # type: ignore[list-item]
    # A parent that does not exist yet is waited for.
    later = eth0("192.168.15.12/24", parent="ens34")
    with lab.a.host.keep([(later, other)]) as keeper:
        assert keeper.attachments() == []
        lab.cable("ens34")
        assert attached_again(keeper).kind is KeepEventKind.ATTACHED
        assert ip_addresses(other, "eth0") == ["192.168.15.12/24"]


# Diagnoses.


def test_a_diagnosis(lab: Lab) -> None:
    inside = lab.container()
    made = lab.a.host.attach(eth0("192.168.15.10/24"), inside)
    # An answer is waited for a fifth of a second.
    eventually(lambda: lab.a.host.diagnose(made, "192.168.15.2").answered)
    well = lab.a.host.diagnose(made, "192.168.15.2")
    assert (well.answered, well.findings) == (True, ())
    assert well.facts
    assert str(well).startswith("no problems found\n  ")
    assert not well.has(FindingKind.NO_ANSWER)
    off = lab.a.host.diagnose(made, IPv4Address("192.168.15.99"))
    assert not off.answered
    assert off.has("no-answer")
    assert off.has(FindingKind.NO_ANSWER)
    finding = next(one for one in off.findings if one.kind is FindingKind.NO_ANSWER)
    assert str(finding) == f"no-answer: {finding.text}; {finding.remedy}"
    assert str(finding) in str(off)
    assert off != well
    assert lab.a.host.diagnose(made, "192.168.15.1").has(FindingKind.PEER_IS_HOST)
    assert lab.a.host.diagnose(made, "fd15::2").has(FindingKind.NO_ROUTE)
    lab.a.handle.set_down("ens33")
    dark = lab.a.host.diagnose(made, "192.168.15.2")
    assert dark.findings[0].kind is FindingKind.PARENT_DOWN
    assert dark.findings[0].remedy
    with pytest.raises(InvalidError, match="argument 'kind'"):
        dark.has("wet")  # type: ignore[arg-type]
    with pytest.raises(InvalidError, match="argument 'peer'"):
        lab.a.host.diagnose(made, "somebody")
    lab.a.handle.set_up("ens33")
    assert interrupted(0.1, lambda: lab.a.host.diagnose(made, "192.168.15.98")) < 10


# Rates.


def test_a_rate_is_set_or_refused_in_words(lab: Lab, inside: NetNs) -> None:
    def tc(arguments: str) -> subprocess.CompletedProcess[str]:
        return inside.run(
            lambda: subprocess.run(
                ["tc", *arguments.split()], capture_output=True, text=True, check=False
            )
        )

    tried = tc("qdisc add dev lo root tbf rate 1mbit burst 16kb latency 50ms")
    endpoint = eth0("192.168.15.10/24", rate="10mbit")
    if tried.returncode == 0:
        lab.a.host.attach(endpoint, inside)
        told = tc("qdisc show dev eth0").stdout
        assert told.startswith("qdisc tbf ")
        assert "rate 10Mbit" in told
        assert ping(inside, "192.168.15.2") is not None
        assert lab.a.host.check(endpoint, inside) == []
        tc("qdisc replace dev eth0 root tbf rate 1mbit burst 16kb latency 50ms")
        (difference,) = lab.a.host.check(endpoint, inside)
        assert difference.kind is DifferenceKind.RATE
        assert (difference.found, difference.wanted) == (Rate("1mbit"), Rate("10mbit"))
        assert lab.a.host.ensure(endpoint, inside).repaired == (difference,)
        assert "rate 10Mbit" in tc("qdisc show dev eth0").stdout
    else:
        with pytest.raises(MacvlanError, match=r"token bucket filters \(tbf\)") as caught:
            lab.a.host.attach(endpoint, inside)
        assert caught.value.kind is ErrorKind.UNSUPPORTED
        assert "sch_tbf" in (caught.value.hint or "")
        assert links(inside) == ["lo"]
