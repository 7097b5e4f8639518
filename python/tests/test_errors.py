"""Refused operations: the exceptions and their attributes, without traces in the kernel."""

from __future__ import annotations

import copy
import errno
import os
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hosts import ip, ip_text, sysctl

from macvlan import (
    Endpoint,
    ErrorKind,
    ExistsError,
    InvalidError,
    MacvlanError,
    NetNs,
    NotFoundError,
    PermissionDenied,
    _macvlan,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hosts import Lab


def refusal(call: Callable[[], object]) -> MacvlanError:
    with pytest.raises(MacvlanError) as caught:
        call()
    error = caught.value
    assert isinstance(error, OSError)
    assert error.args == (error.errno, error.strerror)
    assert error.errno > 0
    assert error.strerror in str(error)
    assert "\n" not in str(error)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert vars(again) == vars(error)
        assert again.args == error.args
    return error


def test_a_refusal_tells_all(lab: Lab) -> None:
    inside = lab.container()
    lab.a.handle.add_address("ens33", "10.0.0.1/24")
    before = ip(inside, "address show"), ip(lab.a.netns, "link show")
    endpoint = Endpoint("eth0", parent="ens33", mtu=9000)
    error = refusal(lambda: lab.a.host.attach(endpoint, inside))
    assert type(error) is MacvlanError
    assert error.kind is ErrorKind.MTU_TOO_LARGE
    assert error.errno == errno.EINVAL
    assert error.strerror == "MTU 9000 is above the parent's 1500"
    assert (error.link, error.parent) == ("eth0", "ens33")
    assert error.operation == "create macvlan"
    assert error.netns is not None
    assert error.netns.startswith("the network namespace of pid ")
    assert error.hint == "lower it or raise the parent's"
    assert error.leftovers == ()
    assert error.argument is None
    assert str(error) == (
        f'"eth0" on parent "ens33" in {error.netns}: cannot create macvlan: MTU 9000 is above the '
        "parent's 1500; lower it or raise the parent's"
    )
    assert (ip(inside, "address show"), ip(lab.a.netns, "link show")) == before


def test_existing_objects(lab: Lab) -> None:
    host, handle, inside = lab.a.host, lab.a.handle, lab.container()
    endpoint = Endpoint("eth0", parent="ens33", mac="02:00:00:00:00:01")
    host.attach(endpoint, inside)
    error = refusal(lambda: host.attach(endpoint.replace(mac=None), inside))
    assert isinstance(error, ExistsError)
    assert isinstance(error, FileExistsError)
    assert (error.kind, error.errno) == (ErrorKind.NAME_TAKEN, errno.EEXIST)
    error = refusal(lambda: handle.add_address("ens33", "192.168.15.1/24"))
    assert isinstance(error, ExistsError)
    assert error.kind is ErrorKind.ADDRESS_TAKEN
    handle.add_route("10.0.0.0/8 via 192.168.15.9")
    error = refusal(lambda: handle.add_route("10.0.0.0/8 via 192.168.15.8"))
    assert isinstance(error, ExistsError)
    assert error.kind is ErrorKind.ROUTE_EXISTS
    # A MAC address is not a file.
    error = refusal(lambda: host.attach(endpoint.replace(name="eth1"), inside))
    assert not isinstance(error, FileExistsError)
    assert (error.kind, error.errno) == (ErrorKind.MAC_IN_USE, errno.EADDRINUSE)


def test_missing_objects(lab: Lab) -> None:
    inside = lab.container()
    error = refusal(lambda: lab.a.host.attach(Endpoint("eth0", parent="nope"), inside))
    assert isinstance(error, NotFoundError)
    assert isinstance(error, FileNotFoundError)
    assert (error.kind, error.parent) == (ErrorKind.PARENT_NOT_FOUND, "nope")
    error = refusal(lambda: lab.a.handle.link("nope"))
    assert isinstance(error, NotFoundError)
    assert (error.kind, error.link) == (ErrorKind.NOT_FOUND, "nope")
    error = refusal(lambda: lab.a.handle.delete_route("10.0.0.0/8"))
    assert isinstance(error, NotFoundError)


@pytest.mark.root
def test_namespaces_that_are_not_there(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    for call in (
        lambda: NetNs.from_pid(ended.pid),
        lambda: NetNs.from_name("no-such-namespace"),
        lambda: NetNs.from_path(tmp_path / "nothing"),
    ):
        error = refusal(call)
        assert isinstance(error, NotFoundError)
        assert error.kind is ErrorKind.NAMESPACE_GONE
    file = tmp_path / "file"
    file.touch()
    error = refusal(lambda: NetNs.from_path(file))
    assert error.kind is ErrorKind.NOT_A_NAMESPACE
    with file.open() as opened:
        assert refusal(lambda: NetNs.from_fd(opened)).kind is ErrorKind.NOT_A_NAMESPACE
    error = refusal(lambda: NetNs.from_path("/proc/self/ns/uts"))
    assert error.kind is ErrorKind.NOT_A_NAMESPACE
    unused = os.open("/dev/null", os.O_RDONLY)
    os.close(unused)
    assert refusal(lambda: NetNs.from_fd(unused)).errno == errno.EBADF


def test_causes_are_named(lab: Lab) -> None:
    host, inside = lab.a.host, lab.container()

    def kind(endpoint: Endpoint) -> ErrorKind:
        before = ip(inside, "address show")
        error = refusal(lambda: host.attach(endpoint, inside))
        assert error.leftovers == ()
        assert ip(inside, "address show") == before
        return error.kind

    gateway = Endpoint("eth0", parent="ens33", addresses=["10.0.0.2/24"], gateways=["10.9.9.9"])
    assert kind(gateway) is ErrorKind.GATEWAY_UNREACHABLE
    host.attach(Endpoint("other", parent="ens33"), lab.container())
    passthru = Endpoint("eth0", parent="ens33", mode="passthru")
    assert kind(passthru) is ErrorKind.PASSTHRU_CONFLICT
    sysctl(inside, "ipv6/conf/default/disable_ipv6", "1")
    v6 = Endpoint("eth0", parent="ens33", addresses=["fd00::2/64"])
    assert kind(v6) is ErrorKind.IPV6_DISABLED


@pytest.mark.needs("bridge")
def test_a_parent_that_is_a_bridge_port(lab: Lab) -> None:
    lab.a.handle.add_link("br0", kind="bridge")
    ip_text(lab.a.netns, "link set ens33 master br0")
    error = refusal(lambda: lab.a.host.attach(Endpoint("eth0", parent="ens33"), lab.container()))
    assert error.kind is ErrorKind.PARENT_BUSY
    assert "br0" in str(error)


def test_the_kernels_own_words(lab: Lab) -> None:
    error = refusal(lambda: lab.a.handle.set_mtu("ens33", 10))
    assert error.kernel_message == "mtu less than device minimum"
    assert f"(the kernel says: {error.kernel_message})" in str(error)


@pytest.mark.root
def test_without_the_capability() -> None:
    # Root in the machine's user namespace, without the needed capability.
    code = (
        "import macvlan, pickle, sys\n"
        "try: macvlan.NetNs.anonymous()\n"
        "except PermissionError as error: sys.stdout.buffer.write(pickle.dumps(error))\n"
    )
    command = [
        "setpriv",
        "--bounding-set=-all",
        "--inh-caps=-all",
        sys.executable,
        "-P",
        "-c",
        code,
    ]
    if sys.version_info < (3, 11):
        command.remove("-P")
    done = subprocess.run(command, capture_output=True, check=True, cwd="/")
    error = pickle.loads(done.stdout)
    assert type(error) is PermissionDenied
    assert isinstance(error, PermissionError)
    assert (error.kind, error.errno) == (ErrorKind.PERMISSION_DENIED, errno.EPERM)
    assert error.hint is not None
    assert "CAP_SYS_ADMIN" in error.hint


def test_classes() -> None:
    assert issubclass(ExistsError, (MacvlanError, FileExistsError))
    assert issubclass(NotFoundError, MacvlanError)
    assert issubclass(NotFoundError, FileNotFoundError)
    assert issubclass(PermissionDenied, MacvlanError)
    assert issubclass(PermissionDenied, PermissionError)
    assert issubclass(InvalidError, MacvlanError)
    assert issubclass(InvalidError, ValueError)
    assert issubclass(MacvlanError, OSError)
    assert {c.__module__ for c in (MacvlanError, ExistsError, InvalidError)} == {"macvlan"}
    # They can be created by hand, for tests of other programs.
    by_hand = NotFoundError(errno.ENOENT, "there is none", kind="not-found")
    assert str(by_hand) == "[Errno 2] there is none"
    assert by_hand.kind is ErrorKind.NOT_FOUND
    assert by_hand.hint is None


def test_every_cause_has_its_name_and_number() -> None:
    kinds = _macvlan.error_kinds()
    assert [kind.value for kind in ErrorKind] == [name for name, _ in kinds]
    assert {kind.name for kind in ErrorKind} == {
        name.upper().replace("-", "_") for name, _ in kinds
    }
    assert all(number in errno.errorcode for _, number in kinds)
