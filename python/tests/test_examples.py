"""The package's example works as described."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PYTHON = Path(__file__).parents[1]


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
