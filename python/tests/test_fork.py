"""Objects opened before a fork work in the child, with its own sockets."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING

import pytest
from hosts import ip_link

from macvlan import Detached, Endpoint, ErrorKind, Handle, InvalidError, MacvlanError, NetNs

if TYPE_CHECKING:
    from collections.abc import Callable

    from hosts import Lab

    from macvlan import Host

CHILDREN = 4
ROUNDS = 10


def work(host: Host) -> None:
    """Attaches a valid endpoint, and checks that an invalid one is refused."""
    inside = NetNs.anonymous()
    good = Endpoint("eth0", parent="ens33", addresses=["192.168.15.99/24"])
    bad = Endpoint("eth0", parent="ens33", mtu=9000)
    for _ in range(ROUNDS):
        with pytest.raises(MacvlanError) as refused:
            host.attach(bad, inside)
        assert refused.value.kind == ErrorKind.MTU_TOO_LARGE
        attachment = host.attach(good, inside)
        assert ip_link(inside, "eth0")["address"] == str(attachment.mac)
        host.detach(attachment)


def test_children_and_their_parent_at_once(lab: Lab) -> None:
    host = lab.a.host
    host.handle()  # so that there is a socket
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=work, args=(host,)) for _ in range(CHILDREN)]
    for child in children:
        child.start()
    work(host)
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * CHILDREN


def test_events_are_their_openers(lab: Lab) -> None:
    watch = Handle(lab.a.netns).watch()

    def refused() -> None:
        with pytest.raises(MacvlanError, match="before a fork"):
            watch.next_within(0)

    child = multiprocessing.get_context("fork").Process(target=refused)
    child.start()
    child.join()
    assert child.exitcode == 0
    watch.close()


def in_child(work: Callable[[], object]) -> None:
    """Runs a function in a forked child, which must succeed."""
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join()
    assert child.exitcode == 0


def test_an_attached_block_is_its_openers(lab: Lab) -> None:
    inside = NetNs.anonymous()
    endpoint = Endpoint("eth0", parent="ens33", addresses=["192.168.15.98/24"])
    block = lab.a.host.attached(endpoint, inside)
    with block:
        # As sys.exit() in a child that was forked within the block.
        in_child(lambda: block.__exit__(None, None, None))
        assert ip_link(inside, "eth0")
    with Handle(inside) as handle:
        assert [link.name for link in handle.links()] == ["lo"]


def test_a_detach_in_the_background_is_its_openers(lab: Lab) -> None:
    inside = NetNs.anonymous()
    attachment = lab.a.host.attach(Endpoint("eth0", parent="ens33"), inside)
    detaching = lab.a.host.detach_later(attachment)

    def refused() -> None:
        with pytest.raises(InvalidError, match="before a fork"):
            detaching.wait()

    in_child(refused)
    assert detaching.wait() == Detached.REMOVED
