"""The code in the READMEs and the example works as described."""

from __future__ import annotations

import re
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

    from _pytest.mark import ParameterSet
    from hosts import Lab

PYTHON = Path(__file__).parents[1]
README = (PYTHON / "README.md").read_text()
# The project's README has a section on Python, and so has the page on networks.
OTHERS = [PYTHON.parent / "README.md", PYTHON.parent / "docs" / "networks.md"]
ALL = README + "".join(path.read_text() for path in OTHERS)
BLOCKS = re.findall(r"```python\n(.*?)```", ALL, re.DOTALL)
COMMANDS = re.findall(r"^python (-m macvlan .*)$", README, re.MULTILINE)


def test_there_are_examples() -> None:
    assert len(BLOCKS) == ALL.count("```python") >= 10
    assert len(COMMANDS) == 9
    assert {f"python {command}" for command in COMMANDS} >= set(
        re.findall(r"^python -m macvlan .*$", ALL, re.MULTILINE)
    )


def example(at: int, text: str) -> ParameterSet:
    marks = [pytest.mark.needs("vlan")] if "ens33." in text else []
    return pytest.param(text, id=f"block{at}", marks=marks)


@pytest.mark.parametrize("block", [example(at, text) for at, text in enumerate(BLOCKS)])
def test_the_readmes_python(lab: Lab, block: str, tmp_path: Path) -> None:
    with process() as pid:
        code = block.replace("2084", str(pid)).replace("/var/lib/macvlan", str(tmp_path))
        done = lab.a.netns.run(
            lambda: subprocess.run(
                [sys.executable, "-W", "error", "-c", code],
                capture_output=True,
                text=True,
                cwd="/",
                timeout=600,
                check=False,
            )
        )
        assert (done.returncode, done.stderr) == (0, "")
        if "error.kind" in block:
            (message,) = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
            assert done.stdout == message.replace("2084", str(pid))
        else:
            assert done.stdout or "print" not in block
    assert {link["ifname"] for link in ip(lab.a.netns, "link show")} == {"lo", "ens33"}


def test_the_readmes_commands(lab: Lab, tmp_path: Path) -> None:
    lab.b.handle.add_address("ens33", "172.16.104.1/24")
    with process() as pid:
        for command in COMMANDS:
            here = command.replace("2084", str(pid)).replace("/var/lib/macvlan", str(tmp_path))
            words = [sys.executable, *here.split()]
            done = lab.a.netns.run(
                lambda words=words: subprocess.run(  # type: ignore[misc]
                    words, capture_output=True, text=True, cwd="/", check=False
                )
            )
            assert done.returncode == 0, done.stderr


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
