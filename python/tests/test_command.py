"""python -m macvlan and the script macvlan, which are the native command."""

from __future__ import annotations

import importlib.metadata
import json
import select
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from hosts import ip, ip_link, process

import macvlan
from macvlan import NetNs, _macvlan

if TYPE_CHECKING:
    import pytest
    from hosts import Lab


def run(lab: Lab, *arguments: object, status: int = 0) -> str:
    """Runs the command on host a, and returns its output or its one line of errors."""
    command = [sys.executable, "-W", "error", "-m", "macvlan", *map(str, arguments)]
    done = lab.a.netns.run(
        lambda: subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    )
    assert done.returncode == status, done
    if status == 0:
        return done.stdout
    assert done.stderr.startswith("macvlan: ")
    assert (done.stdout, done.stderr.count("\n")) == ("", 1), done
    return done.stderr


def test_attach_and_detach(lab: Lab) -> None:
    with process() as pid:
        said = run(lab, "attach", "ens33", pid, "172.16.104.10/24@172.16.104.1")
        inside = NetNs.from_pid(pid)
        assert said == f"eth0 {ip_link(inside, 'eth0')['address']} 172.16.104.10/24\n"
        (parent,) = json.loads(run(lab, "show", "--json"))
        assert parent["children"][0]["netns"]["pids"] == [pid]
        assert "a link with this name exists" in run(lab, "attach", "ens33", pid, status=4)
        assert run(lab, "detach", pid) == ""
        assert [link["ifname"] for link in ip(inside, "link show")] == ["lo"]


def test_statuses(lab: Lab) -> None:
    assert "the process does not exist" in run(lab, "detach", 2**22 + 1, status=3)
    assert "unrecognized subcommand 'destroy'" in run(lab, "destroy", status=2)
    assert run(lab, "--version") == f"macvlan {macvlan.__version__}\n"


def test_the_script_is_installed() -> None:
    scripts = importlib.metadata.entry_points(group="console_scripts", name="macvlan")
    assert [script.value for script in scripts] == ["macvlan.__main__:main"]


def test_control_c(lab: Lab) -> None:
    """Python does not delay it until the command has ended."""
    command = [sys.executable, "-m", "macvlan", "watch"]
    running = lab.a.netns.run(
        lambda: subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/")
    )
    with running:
        assert running.stdout is not None
        changes = 0
        while not select.select([running.stdout], [], [], 0.05)[0]:
            changes += 1
            lab.a.handle.set_alias("ens33", f"change {changes}")
        running.send_signal(signal.SIGINT)
        assert running.wait() == -signal.SIGINT


def test_in_this_process(capfd: pytest.CaptureFixture[str]) -> None:
    assert _macvlan.run_command(["macvlan", "--version"]) == 0
    assert _macvlan.run_command(["macvlan", "destroy"]) == 2
    out, err = capfd.readouterr()
    assert out == f"macvlan {macvlan.__version__}\n"
    assert err.startswith("macvlan: ")
