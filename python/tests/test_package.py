"""The package as such: what it exports, its metadata, and that nothing of the core is missing."""

from __future__ import annotations

import importlib.metadata
import inspect
import re
import subprocess
import sys
from enum import Enum
from pathlib import Path

import macvlan
from macvlan import _enums, _errors, _keep, _macvlan, _values, _watch

PYTHON = Path(__file__).parents[1]
CORE = PYTHON.parent / "macvlan-core" / "src"
HIDDEN = {"Attached", "Keeping", "Listener", "address_text", "mac_text"}

# What Python says another way, or does not need.
NOT_REACHED = {
    # Values that the constructors take, and text.
    "default_v4": "Route('0.0.0.0/0')",
    "default_v6": "Route('::/0')",
    "from_ipv4": "MacAddr.from_ipv4, which is Python",
    "gateway": "of Assignment: its text is taken",
    "options": "the keywords of Endpoint",
    "prefix_len": "ipaddress has it",
    "ip": "ipaddress has it",
    "octets": "MacAddr.packed",
    "steps": "the plan's text",
    # Numbers of the kernel's for enumerations, which are called by their names here.
    "from_kernel": "names",
    # What another function does as well.
    "has": "the kinds are compared by their names",
    "is_empty": "len()",
    "links": "find_links with a filter that may be empty",
    "neighbours": "find_neighbours with a filter that may be empty",
    "netns_id": "the id of the attachment's netns",
}


def test_everything_is_exported() -> None:
    everything = set(macvlan.__all__)
    assert sorted(everything) == sorted(macvlan.__all__)
    assert all(hasattr(macvlan, name) for name in everything)
    for module in (_enums, _errors, _keep, _values, _watch):
        assert set(module.__all__) <= everything
    assert set(_macvlan.__all__) - HIDDEN <= everything
    assert HIDDEN.isdisjoint(everything)


def test_everything_is_documented_and_called_after_the_package() -> None:
    for name in macvlan.__all__:
        one = getattr(macvlan, name)
        if not isinstance(one, type):
            continue
        assert one.__module__ == "macvlan", name
        assert one.__doc__, name
        for attribute, value in vars(one).items():
            if inspect.ismemberdescriptor(value):  # of a dataclass, which its class documents
                continue
            if not attribute.startswith("_") and not isinstance(value, (int, str, Enum)):
                assert inspect.getdoc(getattr(one, attribute)), f"{name}.{attribute}"


def test_importing_takes_nothing_big_along() -> None:
    """People at a shell wait for it."""
    code = "import sys, macvlan; print(*sys.modules)"
    command = [sys.executable, "-I", "-c", code]
    modules = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "macvlan._watch" in modules
    assert {"asyncio", "logging", "socket", "ssl", "subprocess"}.isdisjoint(modules)


def test_metadata() -> None:
    told = importlib.metadata.metadata("macvlan")
    workspace = (PYTHON.parent / "Cargo.toml").read_text()
    assert told["Version"] == macvlan.__version__
    assert f'\nversion = "{macvlan.__version__}"\n' in workspace
    assert told["Requires-Python"] == ">=3.10"
    assert f'\nlicense = "{told["License-Expression"]}"\n' in workspace
    assert sorted(told.get_all("License-File") or ()) == ["LICENSE-APACHE", "LICENSE-MIT"]
    assert "Typing :: Typed" in (told.get_all("Classifier") or ())
    assert told["Description-Content-Type"].startswith("text/markdown")
    description = told.json["description"]
    assert isinstance(description, str)
    assert description.strip() == (PYTHON / "README.md").read_text().strip()
    package = Path(macvlan.__file__).parent
    assert (package / "py.typed").exists()
    assert (package / "_macvlan.pyi").exists()
    assert not told.get_all("Requires-Dist")


def test_every_function_of_the_core_is_reached() -> None:
    """Whatever the core gains is to have its Python face in the same change."""
    functions = set()
    for source in CORE.rglob("*.rs"):
        # The one is private, and the other for Rust's runtimes.
        if "netlink" in source.parts or source.name == "tokio.rs":
            continue
        functions |= set(re.findall(r"^\s*pub fn (\w+)", source.read_text(), re.MULTILINE))
    faces = "\n".join(source.read_text() for source in (PYTHON / "src").glob("*.rs"))
    reached = {name for name in functions if re.search(rf"(?:\.|::){name}\b", faces)}
    assert len(reached) > 200
    assert functions - reached - NOT_REACHED.keys() == set()
    assert NOT_REACHED.keys() - functions == set(), "they are gone from the core"
