"""The code in the READMEs and the example works as described."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hosts import ip, process

if TYPE_CHECKING:
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
