"""python -m macvlan: its effects, output and exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from hosts import ip, ip_addresses, ip_lines, ip_link, ip_text, process

import macvlan
from macvlan import Endpoint, Host, NetNs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hosts import Lab


class Command:
    """Runs the command on a host, with the pids of its containers."""

    def __init__(self, host: NetNs) -> None:
        self.host = host

    def run(self, *arguments: object, status: int = 0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "error", "-m", "macvlan", *map(str, arguments)]
        done = self.host.run(
            lambda: subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        )
        assert done.returncode == status, done
        # At most one line on standard error. (Processes that even root may not examine are
        # reported.)
        if status == 0 and "show" in arguments:
            assert done.stderr == "" or done.stderr.startswith("python -m macvlan: not shown is"), (
                done
            )
        else:
            assert done.stderr.count("\n") == (status != 0), done.stderr
        if status != 0:
            assert done.stdout == ""
            assert done.stderr.startswith("python -m macvlan")
        return done

    def words(self, *arguments: object, status: int = 0) -> str:
        done = self.run(*arguments, status=status)
        return done.stderr if status else done.stdout

    def json(self, *arguments: object) -> Any:
        return json.loads(self.run(*arguments, "--json").stdout)


@pytest.fixture
def command(lab: Lab) -> Command:
    return Command(lab.a.netns)


@pytest.fixture
def pid() -> Iterator[int]:
    with process() as pid:
        yield pid


@pytest.fixture
def name() -> Iterator[str]:
    name = f"macvlan-{uuid.uuid4().hex[:8]}"
    NetNs.create(name).close()
    yield name
    NetNs.delete(name)


def test_attach_show_detach(lab: Lab, command: Command, pid: int) -> None:
    inside = NetNs.from_pid(pid)
    said = command.words("attach", "ens33", pid, "172.16.104.10/24@172.16.104.1")
    eth0 = ip_link(inside, "eth0")
    assert said == f"eth0 {eth0['address']} 172.16.104.10/24\n"
    assert ip_lines(inside, "route show default") == ["default via 172.16.104.1 dev eth0"]
    lines = command.words("show").splitlines()
    parent = ip_link(lab.a.netns, "ens33")
    assert [line.split("  ") for line in lines] == [
        ["ens33", parent["address"], "mtu 1500", "UP", "192.168.15.1/24", "fd15::1/64"],
        [
            *("└─ eth0", "macvlan bridge", eth0["address"], "mtu 1500", "UP", "172.16.104.10/24"),
            f"in pid {pid} (cat)",
        ],
    ]
    assert command.words("detach", pid) == ""
    assert [link["ifname"] for link in ip(inside, "link show")] == ["lo"]
    assert command.words("show") == ""


def test_all_that_can_be_said(command: Command, name: str) -> None:
    told = command.json(
        "attach", "ens33", name, "10.0.0.2/24@10.0.0.1", "fd00::2/64 nodad", "--name", "lan",
        "--mode", "private", "--mac", "02:00:00:00:00:09", "--mtu", 1400, "--gateway", "fd01::1",
        "--on-link-gateways", "--route", "10.1.0.0/16 via 10.0.0.3", "--promisc",
    )  # fmt: skip
    with NetNs.from_name(name) as inside:
        link = ip_link(inside, "lan")
        assert (link["address"], link["mtu"]) == ("02:00:00:00:00:09", 1400)
        assert link["linkinfo"]["info_data"]["mode"] == "private"
        assert "PROMISC" in link["flags"]
        assert ip_addresses(inside, "lan") == ["10.0.0.2/24", "fd00::2/64"]
        assert told == {
            "name": "lan",
            "index": link["ifindex"],
            "kind": "macvlan",
            "mac": "02:00:00:00:00:09",
            "mtu": 1400,
            "parent": "ens33",
            "addresses": ["10.0.0.2/24", "fd00::2/64"],
            "routes": [
                "default via 10.0.0.1",
                "default via fd01::1 onlink",
                "10.1.0.0/16 via 10.0.0.3",
            ],
        }


def test_show_as_json(lab: Lab, command: Command, pid: int, name: str) -> None:
    lab.a.host.attach(Endpoint("eth0", parent="ens33", addresses=["10.0.0.2/24"]), pid)
    lab.a.host.attach(Endpoint("eth0", parent="ens33", mode="private"), name)
    lab.a.handle.add_link("shim", kind="macvlan", parent="ens33", up=True)
    (parent,) = command.json("show")
    assert (parent["name"], parent["kind"], parent["netns"]) == ("ens33", "veth", None)
    shim, *others = parent["children"]
    assert (shim["name"], shim["netns"], shim["mode"]) == ("shim", None, "bridge")
    by_place = {str(child["netns"]["names"] or child["netns"]["pids"]): child for child in others}
    of_pid, of_name = by_place[str([pid])], by_place[str([name])]
    assert (of_pid["name"], of_pid["mode"]) == ("eth0", "bridge")
    assert of_pid["addresses"][0] == "10.0.0.2/24"
    assert of_pid["mac"] == ip_link(NetNs.from_pid(pid), "eth0")["address"]
    assert of_pid["netns"]["inode"] == NetNs.from_pid(pid).id.inode
    assert (of_name["mode"], of_name["children"]) == ("private", [])
    outline = [(child["name"], child["netns"]) for child in parent["children"]]

    def outlined(command: Command, *arguments: str) -> list[tuple[str, object]]:
        (found,) = command.json(*arguments)
        assert found["index"] == parent["index"]
        return [(child["name"], child["netns"]) for child in found["children"]]

    assert outlined(command, "show", "ens33") == outline
    assert command.words("show", "nope", status=3).endswith("the link does not exist\n")
    # From another namespace, with the host given.
    elsewhere = Command(lab.b.netns)
    assert elsewhere.json("show") == []
    path = f"/proc/{os.getpid()}/fd/{lab.a.netns.fileno()}"
    assert outlined(elsewhere, "--host", path, "show") == outline


@pytest.mark.needs("vlan")
def test_vlans_in_the_tree(lab: Lab, command: Command, pid: int) -> None:
    command.words("attach", "ens33.100", pid, "10.0.0.2/24")
    command.words("attach", "ens33", pid, "--kind", "vlan", "--vlan-id", 7, "--name", "eth1")
    shown = command.words("show").splitlines()
    lines = [line.lstrip("│├└─ ").split("  ") for line in shown]
    assert [line[0] for line in lines] == ["ens33", "ens33.100", "eth0", "eth1"]
    assert [line[1] for line in lines[1:]] == ["vlan 100 802.1Q", "macvlan bridge", "vlan 7 802.1Q"]
    (tree,) = command.json("show")
    vlan, eth1 = tree["children"]
    assert (vlan["name"], vlan["vlan_id"], vlan["vlan_protocol"]) == ("ens33.100", 100, "802.1Q")
    assert [child["name"] for child in vlan["children"]] == ["eth0"]
    assert (eth1["kind"], eth1["vlan_id"], eth1["netns"]["pids"]) == ("vlan", 7, [pid])
    assert command.json("show", "ens33.100") == [vlan]
    command.words("detach", pid, "--all")
    assert command.words("show") == ""
    assert {link["ifname"] for link in ip(lab.a.netns, "link show")} == {"lo", "ens33"}


def test_which_one_to_detach(lab: Lab, command: Command, pid: int) -> None:
    inside = NetNs.from_pid(pid)
    assert "nothing hangs on the host's links there" in command.words("detach", pid, status=3)
    for name in ("eth0", "eth1", "eth2"):
        lab.a.host.attach(Endpoint(name, parent="ens33"), pid)
    lab.b.host.attach(Endpoint("other", parent="ens33"), pid)
    said = command.words("detach", pid, status=2)
    assert "which one? say --all, or some of" in said
    assert {"eth0", "eth1", "eth2"} <= set(said.split())
    assert "no 'nope' hangs" in command.words("detach", pid, "eth0", "nope", status=3)
    command.words("detach", pid, "--all", "eth0", status=2)
    assert len(ip(inside, "link show")) == 5, "nothing has been done so far"
    command.words("detach", pid, "eth1")
    assert sorted(link["ifname"] for link in ip(inside, "link show")) == [
        "eth0",
        "eth2",
        "lo",
        "other",
    ]
    command.words("detach", f"/proc/{pid}/ns/net", "--all")
    assert [link["ifname"] for link in ip(inside, "link show")] == ["lo", "other"]


def test_the_plan_does_nothing(command: Command, pid: int) -> None:
    said = command.words("attach", "ens33", pid, "10.0.0.2/24@10.0.0.1", "--plan")
    assert said == Endpoint("eth0", parent="ens33", addresses=["10.0.0.2/24@10.0.0.1"]).plan()
    assert len(ip(NetNs.from_pid(pid), "link show")) == 1


def test_networks_in_a_file(lab: Lab, command: Command, pid: int, tmp_path: Path) -> None:
    inside = NetNs.from_pid(pid)
    network = ("network", "--db", tmp_path / "networks.db")
    subnets = ["--subnet", "10.1.0.0/24@10.1.0.254", "--subnet", "fd10::/64"]
    made = command.words(*network, "create", "lan", "--parent", "ens33", *subnets, "--mtu", 1400)
    described = f"lan ens33 10.1.0.0/24 fd10::/64 {made[:12]} macvlan containers="
    assert command.words(*network, "ls") == f"{described}0\n"
    wishes = ("--name", "x", "--alias", "y", "--ip", "10.1.0.9", "--gw-priority", 3)
    said = command.words(*network, "connect", "lan", "c1", pid, *wishes)
    assert command.words(*network, "ls") == f"{described}1\n"
    eth0 = ip_link(inside, "eth0")
    assert said == f"eth0 {eth0['address']} 10.1.0.9/24 fd10::2/64\n"
    assert eth0["mtu"] == 1400
    assert ip_lines(inside, "-4 route show default") == [
        "default via 10.1.0.254 dev eth0 proto 109"
    ]
    again = ("connect", "lan", "c1", pid, "--no-default-route")
    command.words(*network, *again)
    assert ip_lines(inside, "-4 route show default") == []
    assert command.words(*network, "prune") == ""
    (told,) = json.loads(command.words(*network, "inspect", "lan"))
    assert told["Id"] == made.strip()
    assert told["Containers"]["c1"]["Name"] == "x"
    command.words(*network, "rm", "lan", status=1)
    ip_text(inside, "link delete eth0")
    assert "the link does not exist" in command.words(*network, "reconcile")
    assert command.words(*network, "disconnect", "lan", "c1") == ""
    assert [link["ifname"] for link in ip(inside, "link show")] == ["lo"]
    for arguments, status, words in (
        (["create", "lan"], 4, "a network with this name exists"),
        (["create", "b", "--subnet", "10.1.0.1/24"], 2, "the subnet is 10.1.0.0/24"),
        (["disconnect", "lan", "c1"], 3, "not connected"),
        (["inspect", "wan"], 3, "no network has this name"),
        ([], 2, "required: VERB"),
    ):
        assert words in command.words(*network, *arguments, status=status)
    assert "required: --db" in command.words("network", "ls", status=2)
    command.words(*network, "create", "unused", "--parent", "ens33", "--subnet", "10.2.0.0/24")
    command.words(*network, "rm", "lan")
    assert command.words(*network, "prune") == "unused\n"
    assert command.words(*network, "ls") == ""
    assert {link["ifname"] for link in ip(lab.a.netns, "link show")} == {"lo", "ens33"}


def test_statuses_and_one_line(lab: Lab, command: Command, pid: int) -> None:
    for arguments, status, words in (
        (["attach", "ens33", pid, "10.0.0.300/24"], 2, "argument 'addresses[0]': cannot parse"),
        (["attach", "ens33", pid, "--mtu", 9000], 1, "MTU 9000 is above the parent's 1500"),
        (["attach", "ens33", pid, "--mtu", "much"], 2, "argument --mtu: invalid int value: 'much'"),
        (["attach", "ens33", pid, "--mode", "x"], 2, "argument -m/--mode: invalid choice: 'x'"),
        (["attach", "nope", pid], 3, "the parent does not exist"),
        (["attach", "ens33", 2**22 + 1], 3, "the process does not exist"),
        (["attach", "ens33", "no-such-name"], 3, "no-such-name"),
        (["attach", "ens33", "/dev/null"], 1, "not a network namespace"),
        (["attach", "ens33"], 2, "the following arguments are required: NETNS"),
        (["attach", "ens33", pid, "--what"], 2, "unrecognized arguments: --what"),
        (["destroy"], 2, "invalid choice: 'destroy'"),
        ([], 2, "the following arguments are required: COMMAND"),
        (["--host", "no-such-name", "show"], 3, "no-such-name"),
    ):
        assert words in command.words(*arguments, status=status)
    lab.a.host.attach(Endpoint("eth0", parent="ens33"), pid)
    assert "a link with this name exists" in command.words("attach", "ens33", pid, status=4)


@pytest.mark.root
def test_without_capabilities() -> None:
    command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-m", "macvlan"]
    command += ["attach", "lo", "/proc/self/ns/net"]
    with NetNs.anonymous() as somewhere:
        done = somewhere.run(
            lambda: subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
        )
    assert done.returncode == 5, done
    assert "CAP_NET_ADMIN" in done.stderr
    assert done.stderr.count("\n") == 1


def test_help_and_version(command: Command) -> None:
    said = command.words("--help")
    assert "exit status:" in said
    for name in ("attach", "show", "detach"):
        assert name in said
        assert "NETNS" in command.words(name, "--help") or name == "show"
    assert command.words("--version") == f"macvlan {macvlan.__version__}\n"


def test_nobody_reads_on(lab: Lab) -> None:
    script = f"{sys.executable} -m macvlan --help | true; exit ${{PIPESTATUS[0]}}"
    lab.a.host.attach(Endpoint("eth0", parent="ens33"), lab.container())
    script += f"; {sys.executable} -m macvlan show | true"
    done = lab.a.netns.run(
        lambda: subprocess.run(
            ["bash", "-c", script], capture_output=True, text=True, cwd="/", check=False
        )
    )
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_control_c(lab: Lab) -> None:
    """It ends like an interrupted command, without output."""
    code = (
        "import os, signal, macvlan.__main__ as command\n"
        "command.tree = lambda *_: os.kill(os.getpid(), signal.SIGINT)\n"
        "raise SystemExit(command.main(['show']))\n"
    )
    done = lab.a.netns.run(
        lambda: subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd="/", check=False
        )
    )
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGINT, "", "")


def test_namespaces_come_and_go_meanwhile(lab: Lab, command: Command) -> None:
    with Host(lab.a.netns) as host:
        for _ in range(3):
            with process() as one:
                host.attach(Endpoint("eth0", parent="ens33"), one)
                assert f"pid {one}" in command.words("show")
