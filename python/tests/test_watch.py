"""Events: in order, with and without waiting, for asyncio, and with Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import threading
import time
from contextlib import suppress
from datetime import timedelta
from functools import partial
from ipaddress import IPv4Interface
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hosts import PATIENCE, eventually, ip_text

from macvlan import (
    DelAddress,
    DelLink,
    DelRoute,
    Event,
    Handle,
    Lost,
    NetNs,
    NewAddress,
    NewLink,
    NewRoute,
    Route,
    Watch,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.root


@pytest.fixture
def netns() -> Iterator[NetNs]:
    with NetNs.anonymous() as made:
        yield made


@pytest.fixture
def watch(netns: NetNs) -> Iterator[Watch]:
    with Handle(netns) as handle, handle.watch() as opened:
        yield opened


def words(event: Event | None) -> str:
    """Returns an event as a short text."""
    match event:
        case NewLink(link) | DelLink(link):
            return f"{type(event).__name__} {link.name}"
        case NewAddress(address) | DelAddress(address):
            return f"{type(event).__name__} {address.address}"
        case NewRoute(route) | DelRoute(route):
            return f"{type(event).__name__} {route.route.destination}"
        case Lost():
            return "Lost"
        case None:
            return "nothing"


def all_of(watch: Watch) -> list[str]:
    found = []
    while (event := watch.next_within(0.2)) is not None:
        found.append(words(event))
    return found


def test_changes_of_ip_are_events(netns: NetNs, watch: Watch) -> None:
    assert watch.next_within(0) is None
    ip_text(netns, "link add v0 type veth peer name v1")
    assert all_of(watch) == ["NewLink v1", "NewLink v0"]
    ip_text(netns, "link set v0 up")
    ip_text(netns, "link set v1 up")
    ip_text(netns, "address add 10.0.0.1/24 dev v0")
    ip_text(netns, "route add 10.1.0.0/16 via 10.0.0.2")
    told = all_of(watch)
    assert "NewAddress 10.0.0.1/24" in told
    assert told.index("NewAddress 10.0.0.1/24") < told.index("NewRoute 10.1.0.0/16")
    ip_text(netns, "route delete 10.1.0.0/16")
    ip_text(netns, "address delete 10.0.0.1/24 dev v0")
    ip_text(netns, "link delete v0")
    told = all_of(watch)
    wanted = ["DelRoute 10.1.0.0/16", "DelAddress 10.0.0.1/24", "DelLink v0"]
    assert [event for event in told if event in wanted] == wanted


def test_events_carry_their_objects(netns: NetNs, watch: Watch) -> None:
    with Handle(netns) as handle:
        handle.set_up("lo")
        handle.add_address("lo", "10.0.0.1/32")
        handle.add_route(Route("10.1.0.0/16", device="lo"))
        found: dict[type, Event] = {}
        while (event := watch.next_within(0.2)) is not None:
            found[type(event)] = event
        link, address, route = found[NewLink], found[NewAddress], found[NewRoute]
        assert isinstance(link, NewLink)
        assert link.link.is_up
        assert isinstance(address, NewAddress)
        assert isinstance(route, NewRoute)
        assert IPv4Interface("10.0.0.1/32") in {a.address for a in handle.addresses()}
        assert str(route.route.route.destination) == "10.1.0.0/16"
        assert NewLink(link.link) == link


def test_iterating_waits(netns: NetNs, watch: Watch) -> None:
    def later() -> None:
        time.sleep(0.1)
        with Handle(netns) as handle:
            handle.add_link("v0", kind="veth", peer="v1")

    thread = threading.Thread(target=later)
    started = time.monotonic()
    thread.start()
    told = [words(event) for event in islice(watch, 2)]
    assert time.monotonic() - started >= 0.1
    assert told == ["NewLink v1", "NewLink v0"]
    thread.join()


def test_waiting_ends_with_its_time(watch: Watch) -> None:
    for timeout in (0.1, timedelta(milliseconds=100)):
        started = time.monotonic()
        assert watch.next_within(timeout) is None
        assert 0.1 <= time.monotonic() - started < 2
    assert watch.next_within(0) is None
    assert watch.next_within(-1) is None


def test_the_descriptor_becomes_readable(netns: NetNs, watch: Watch) -> None:
    assert select.select([watch], [], [], 0) == ([], [], [])
    ip_text(netns, "link set lo up")
    assert select.select([watch], [], [], PATIENCE) == ([watch], [], [])
    assert "NewLink lo" in all_of(watch)


def test_lost_events_are_an_event(netns: NetNs, watch: Watch) -> None:
    # The maximum size of a program's socket buffer in bytes; each change is more than 256.
    most = int(Path("/proc/sys/net/core/rmem_max").read_text())
    rounds = min(most, 8 << 20) // 256
    with Handle(netns) as handle:
        for at in range(rounds):
            handle.set_mtu("lo", 1500 + at % 2)
        told = []
        while (event := watch.next_within(0)) is not None:
            told.append(words(event))
        assert told.count("Lost") == 1
        assert len(told) < rounds
        # And it continues.
        handle.set_up("lo")
        assert "NewLink lo" in all_of(watch)


def test_control_c_ends_the_wait(watch: Watch) -> None:
    waits: list[Callable[[], object]] = [lambda: next(watch), lambda: watch.next_within(60)]
    for wait in waits:
        timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        started = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            wait()
        assert time.monotonic() - started < 10
        timer.join()


def test_other_signals_do_not(watch: Watch) -> None:
    heard = []
    before = signal.signal(signal.SIGUSR1, lambda *_: heard.append(1))
    try:
        timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1))
        timer.start()
        started = time.monotonic()
        assert watch.next_within(0.3) is None
        assert time.monotonic() - started >= 0.3
        timer.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert heard == [1]


def test_async_for(netns: NetNs, watch: Watch) -> None:
    async def first_two() -> list[str]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        def later() -> None:
            # After the loop has continued; otherwise it never does.
            until = time.monotonic() + PATIENCE
            while ticks < 3 and time.monotonic() < until:
                time.sleep(0.01)
            with Handle(netns) as handle:
                handle.add_link("v0", kind="veth", peer="v1")

        ticking, adding = asyncio.create_task(tick()), threading.Thread(target=later)
        adding.start()
        told = []
        async for event in watch:
            told.append(words(event))
            if len(told) == 2:
                break
        adding.join()
        ticking.cancel()
        assert ticks >= 3, "the loop stood still"
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(anext(watch), 0.05)
        return told

    assert asyncio.run(first_two()) == ["NewLink v1", "NewLink v0"]


def test_closing(netns: NetNs) -> None:
    with Handle(netns) as handle:
        watch = handle.watch()
    descriptor = watch.fileno()
    with watch as entered:
        assert entered is watch
        assert not watch.closed
    assert watch.closed
    assert not os.path.exists(f"/proc/self/fd/{descriptor}")
    for use in (watch.fileno, lambda: next(watch), lambda: watch.next_within(0)):
        with pytest.raises(ValueError, match="the Watch is closed"):
            use()


def in_thread(work: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """A started thread, and its result or exception."""
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(work())
        except Exception as error:  # noqa: BLE001
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def test_closing_ends_the_wait_of_another_thread(netns: NetNs) -> None:
    waits: list[Callable[[Watch], object]] = [next, lambda watch: watch.next_within(2 * PATIENCE)]
    for wait in waits:
        with Handle(netns) as handle:
            watch = handle.watch()
        thread, outcome = in_thread(partial(wait, watch))
        # It waits soon, and ends in the same way if it has not begun to.
        time.sleep(0.1)
        watch.close()
        thread.join(PATIENCE)
        assert not thread.is_alive()
        assert isinstance(outcome[0], ValueError)
        assert str(outcome[0]) == "the Watch is closed"


def test_a_second_wait_is_refused(netns: NetNs, watch: Watch) -> None:
    def first() -> Event:
        while True:
            with suppress(RuntimeError):  # the other one was earlier
                return next(watch)

    def refused() -> bool:
        try:
            watch.next_within(0.01)
        except RuntimeError as error:
            return str(error) == "another thread already waits for the next event"
        return False

    thread, outcome = in_thread(first)
    eventually(refused)
    with Handle(netns) as handle:
        handle.set_up("lo")
    thread.join(PATIENCE)
    assert not isinstance(outcome[0], Exception)
    # Then it may wait itself.
    while watch.next_within(0.01) is not None:
        pass


def test_closing_ends_the_wait_of_a_task_and_a_second_one_is_refused(watch: Watch) -> None:
    async def two() -> None:
        first = asyncio.ensure_future(anext(watch))
        await asyncio.sleep(0.01)
        with pytest.raises(RuntimeError, match="another task waits"):
            await anext(watch)
        watch.close()
        with pytest.raises(ValueError, match="the Watch is closed"):
            await asyncio.wait_for(first, PATIENCE)

    before = len(os.listdir("/proc/self/fd"))
    asyncio.run(two())
    assert len(os.listdir("/proc/self/fd")) < before
