"""The package's examples do what they say, with `ip` as the witness."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hosts import ip, ip_addresses, ip_link, process

from macvlan import NetNs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hosts import Lab

PYTHON = Path(__file__).parents[1]


@contextmanager
def example_runs(netns: NetNs, name: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Starts an example on a host, and waits until it has succeeded."""
    words = [sys.executable, "-W", "error", str(PYTHON / "examples" / name), *map(str, arguments)]
    running = netns.run(
        lambda: subprocess.Popen(words, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    )
    try:
        yield running
        assert running.wait(60) == 0
    finally:
        running.kill()
        running.communicate()


def line_of(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    return running.stdout.readline().rstrip()


def test_attach(lab: Lab) -> None:
    with (
        process() as pid,
        example_runs(lab.a.netns, "attach.py", pid, "ens33", "10.0.0.2/24@10.0.0.1") as running,
    ):
        inside = NetNs.from_pid(pid)
        line = line_of(running)
        assert line == f"eth0 has {ip_link(inside, 'eth0')['address']}; press Enter to detach it"
        assert ip_addresses(inside, "eth0") == ["10.0.0.2/24"]
        assert ip(inside, "route show default")[0]["gateway"] == "10.0.0.1"
        running.communicate("\n")
        assert {link["ifname"] for link in ip(inside, "link show")} == {"lo"}


def test_watch(lab: Lab) -> None:
    with (
        process() as pid,
        example_runs(lab.a.netns, "watch.py", pid, "ens33", "10.0.0.2/24") as running,
    ):
        lines = running.communicate(timeout=60)[0].splitlines()
        assert lines[0] == "address 10.0.0.2/24"
        assert lines[-1] == "eth0 is gone"


def test_networks(lab: Lab, tmp_path: Path) -> None:
    database = tmp_path / "networks.db"
    for name, address in [("one", "10.1.0.2"), ("two", "10.1.0.3")]:
        with (
            process() as pid,
            example_runs(
                lab.a.netns, "networks.py", database, "ens33", "10.1.0.0/24", pid, name
            ) as running,
        ):
            assert running.communicate(timeout=60)[0].splitlines() == [
                f"eth0 has {address}",
                f"{name} is at {address}",
            ]
            assert ip_addresses(NetNs.from_pid(pid), "eth0") == [f"{address}/24"]


def test_keep(lab: Lab) -> None:
    with ExitStack() as container:
        pid = container.enter_context(process())
        with example_runs(lab.a.netns, "keep.py", pid, "ens33", "10.0.0.2/24") as running:
            inside = NetNs.from_pid(pid)
            line = line_of(running)
            mac = ip_link(inside, "eth0")["address"]
            assert line == f"eth0 has {mac}"
            lab.a.handle.delete_link("ens33")
            assert line_of(running).endswith("the parent ens33 is gone")
            assert {link["ifname"] for link in ip(inside, "link show")} == {"lo"}
            inside.close()
            container.close()
            lab.a.handle.add_link("ens33", kind="veth", peer="cable", up=True)
            assert "no longer kept" in line_of(running)


def test_each_is_tested() -> None:
    for example in (PYTHON / "examples").glob("*.py"):
        assert f"test_{example.stem}" in globals() or example.stem == "lab"


@pytest.mark.needs("vlan")
def test_the_lab() -> None:
    example = PYTHON / "examples" / "lab.py"
    lines = example.read_text().splitlines()
    assert len(lines) <= 50
    done = subprocess.run(
        [sys.executable, "-W", "error", str(example)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    assert len(told) == 7
    assert told[0].startswith("container0 ")
    assert told[0].endswith(" in VLAN 10 reaches container1, container2")
    assert told[6] == " ".join(["removed"] * 6)
