"""Handles on namespaces."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hosts import eventually, ip, process

from macvlan import ExistsError, Handle, Host, NetNs, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.root


@pytest.fixture
def name() -> Iterator[str]:
    """A name that no namespace has, before and after the test."""
    name = f"macvlan-{uuid.uuid4().hex[:8]}"
    yield name
    if Path("/run/netns", name).exists():
        NetNs.delete(name)


def inode() -> int:
    return Path("/proc/thread-self/ns/net").stat().st_ino


def test_the_namespaces_that_exist(name: str) -> None:
    with NetNs.create(name) as named, NetNs.anonymous() as held, process() as pid:
        visible = NetNs.visible()
        found = {one.id: one for one in visible.namespaces}
        assert len(found) == len(visible.namespaces)
        assert all(isinstance(path, Path) for path in visible.unseen)
        of_pid = NetNs.from_pid(pid)
        assert found[named.id].names == (name,)
        assert found[of_pid.id].pids == (pid,)
        only_held = found[held.id]
        assert (only_held.names, only_held.pids) == ((), ())
        assert Path(f"/proc/{os.getpid()}/fd/{held.fileno()}") in only_held.paths
        for netns in (named, held, of_pid):
            assert found[netns.id].open() == netns
        assert repr(only_held).startswith(f"VisibleNetNs(id={held.id!r}, names=(), pids=(), paths=")
    with pytest.raises(NotFoundError, match="no name, process or path leads to it any more"):
        only_held.open()


def test_all_ways_lead_to_the_same() -> None:
    with process() as pid:
        netns = NetNs.from_pid(pid)
        path = f"/proc/{pid}/ns/net"
        pidfd = os.pidfd_open(pid)
        with open(path) as opened:
            ways = [
                NetNs.from_path(path),
                NetNs.from_path(Path(path)),
                NetNs.from_fd(opened),
                NetNs.from_fd(opened.fileno()),
                NetNs.from_fd(netns),
                NetNs.from_pidfd(pidfd),
                Handle(pid).netns,
                Handle(str(pid)).netns,
                Handle(path).netns,
                Handle(Path(path)).netns,
                Host(netns).netns,
                netns.run(NetNs.current),
            ]
        os.close(pidfd)
    for way in ways:
        assert way == netns
        assert way.same_as(netns)
        assert hash(way) == hash(netns)
        assert way.id == netns.id
        assert way.run(inode) == netns.id.inode
    assert str(netns.id) == f"net:[{netns.id.inode}]"
    assert netns != NetNs.current()
    assert netns != "something else"
    assert str(netns) == f"the network namespace of pid {pid}"


def test_with_a_name_as_ip_has_it(name: str) -> None:
    with NetNs.create(name) as made:
        listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True)
        assert name in listed.stdout.split()
        assert NetNs.from_name(name) == made
        assert Handle(name).netns == made
        with pytest.raises(ExistsError, match=name):
            NetNs.create(name)
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        assert Handle(made).link("lo").is_up
    # Leaving the block has closed the handle, but not deleted the name.
    assert NetNs.from_name(name).run(inode)
    NetNs.delete(name)
    with pytest.raises(NotFoundError, match=name):
        NetNs.from_name(name)
    subprocess.run(["ip", "netns", "add", name], check=True)
    with NetNs.from_name(name) as found:
        assert [link["ifname"] for link in ip(found, "link show")] == ["lo"]


def test_run_returns_and_raises() -> None:
    netns = NetNs.anonymous()
    home = inode()
    assert netns.run(inode) == netns.id.inode != home
    assert inode() == home
    marker = object()
    assert netns.run(lambda: marker) is marker
    assert netns.run(lambda: None) is None

    def fails() -> None:
        raise LookupError("inside")

    with pytest.raises(LookupError, match="inside") as caught:
        netns.run(fails)
    assert "fails" in {entry.name for entry in caught.traceback}
    with pytest.raises(SystemExit):
        netns.run(lambda: sys.exit(3))
    # On a separate thread, which has ended.
    assert netns.run(threading.get_native_id) != threading.get_native_id()
    # One inside the other.
    other = NetNs.anonymous()
    assert netns.run(lambda: other.run(inode)) == other.id.inode


def test_control_c_ends_the_wait_for_a_call() -> None:
    netns, inside, over = NetNs.anonymous(), threading.Event(), threading.Event()

    def serve() -> None:
        inside.set()
        over.wait(600)
        inside.clear()

    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        netns.run(serve)
    assert time.monotonic() - started < 10
    timer.join()
    # It continues by itself, and the namespace can be used as before.
    assert inside.is_set()
    assert netns.run(inode) == netns.id.inode
    over.set()
    eventually(lambda: not inside.is_set())


def test_sockets_and_processes_stay_inside() -> None:
    netns = NetNs.anonymous()
    Handle(netns).set_up("lo")
    with netns.run(lambda: socket.create_server(("127.0.0.1", 0))) as server:
        address = server.getsockname()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, timeout=1)
        with netns.run(lambda: socket.create_connection(address)) as client:
            accepted, _ = server.accept()
            with accepted:
                client.sendall(b"hello")
                assert accepted.recv(5) == b"hello"
    started = netns.run(lambda: subprocess.check_output(["readlink", "/proc/self/ns/net"]))
    assert started.decode().strip() == str(netns.id)


def test_closing_lets_go() -> None:
    netns = NetNs.anonymous()
    descriptor = netns.fileno()
    assert os.readlink(f"/proc/self/fd/{descriptor}") == str(netns.id)
    assert not os.get_inheritable(descriptor)
    identity, known = netns.id, hash(netns)
    with netns as entered:
        assert entered is netns
        assert not netns.closed
    assert netns.closed
    assert not os.path.exists(f"/proc/self/fd/{descriptor}")
    netns.close()
    for use in (netns.fileno, lambda: netns.run(inode), lambda: Handle(netns), netns.__enter__):
        with pytest.raises(ValueError, match="the NetNs is closed"):
            use()
    assert (netns.id, hash(netns)) == (identity, known)
    assert "closed" in repr(netns)


def test_a_handle_keeps_the_namespace() -> None:
    with process() as pid:
        netns = NetNs.from_pid(pid)
        Handle(netns).add_link("left", kind="veth", peer="right")
    assert {link.name for link in Handle(netns).links()} >= {"lo", "left", "right"}


def test_handles_of_handles_live_on() -> None:
    netns = NetNs.anonymous()
    handle = Handle(netns)
    again = handle.netns
    netns.close()
    handle.set_up("lo")
    handle.close()
    with pytest.raises(ValueError, match="the Handle is closed"):
        handle.links()
    assert again.run(lambda: Path("/proc/thread-self/net/dev").read_text())
