"""Shared by all tests: the lab, requirements of the kernel, and the reporting of results."""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hosts import Lab
from libtest import Reporter, name_of

from macvlan import ErrorKind, Handle, LinkKind, MacvlanError, NetNs, VlanOptions

if TYPE_CHECKING:
    from collections.abc import Iterator


# Programs that a test may need, and where they come from.
PROGRAMS = {"etcd": "Debian's etcd-server", "rustc": "https://rustup.rs"}


@cache
def lacks(kind: str) -> str | None:
    """Returns why links of a kind cannot be created, or a program is missing, found by trying."""
    if kind in PROGRAMS:
        return None if shutil.which(kind) else f"there is no {kind} ({PROGRAMS[kind]})"
    try:
        with NetNs.anonymous() as netns, Handle(netns) as handle:
            handle.add_link("cable", kind="veth", peer="other")
            if kind in ("dummy", "bridge"):
                handle.add_link("tried", kind=LinkKind(kind))
            elif kind != "veth":
                options = VlanOptions(100) if kind == "vlan" else None
                handle.add_link("tried", kind=LinkKind(kind), parent="cable", options=options)
    except MacvlanError as error:
        if error.kind is ErrorKind.PERMISSION_DENIED:
            return "it takes root (CAP_SYS_ADMIN and CAP_NET_ADMIN)"
        if error.kind is ErrorKind.UNSUPPORTED:
            return f"the kernel has no {'8021q' if kind == 'vlan' else kind}"
        raise
    return None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--libtest", action="store_true", help="tell results as Rust's harness does")
    parser.addoption("--name", action="append", help="only tests with this in their names there")
    parser.addoption("--share", type=Path, help="run the tests that no other process marks here")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--libtest"):  # together with -p no:terminal
        config.pluginmanager.register(Reporter())
    config.addinivalue_line(
        "markers", "needs(kind, …): the kernel can make links of these kinds, or there is a program"
    )
    config.addinivalue_line("markers", "root: it makes network namespaces")
    config.addinivalue_line("markers", "only_long: without --long there is no such test")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not os.environ.get("MACVLAN_LONG"):
        items[:] = [item for item in items if not item.get_closest_marker("only_long")]
    names = config.getoption("--name")
    if names:
        items[:] = [item for item in items if any(name in name_of(item.nodeid) for name in names)]


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    share = session.config.getoption("--share")
    if share is None:
        return None
    for number, item in enumerate(session.items):
        try:
            (share / str(number)).touch(exist_ok=False)
        except FileExistsError:
            continue  # Another process runs it.
        # What follows is not known yet, so nothing stays set up for it.
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    return True


# A user-mode Linux takes about ten times as long. The core's own tests cover differences between
# kernels; there it runs tests with kinds of links that another kernel may lack, and one other.
GUEST = "User Mode Linux" in Path("/proc/cpuinfo").read_text()
OPTIONAL = {"vlan", "dummy", "ipvlan"}
IN_GUEST = ("test_four_containers_on_two_hosts",)


def pytest_runtest_setup(item: pytest.Item) -> None:
    kinds = [kind for mark in item.iter_markers("needs") for kind in mark.args]
    passed_over = GUEST and OPTIONAL.isdisjoint(kinds) and item.name not in IN_GUEST
    if passed_over and not os.environ.get("MACVLAN_LONG"):
        pytest.skip("in the guest only with --long")
    if kinds or "lab" in getattr(item, "fixturenames", ()) or item.get_closest_marker("root"):
        for kind in ("macvlan", *kinds):
            reason = lacks(kind)
            if reason is not None:
                pytest.skip(reason)


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Two hosts with a cable between them."""
    with Lab() as made:
        yield made


@pytest.fixture
def long() -> bool:
    """True if the long form of a test is requested."""
    return bool(os.environ.get("MACVLAN_LONG"))
