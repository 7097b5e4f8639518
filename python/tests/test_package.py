"""The package: its exports, its metadata, and that it covers the core."""

from __future__ import annotations

import ast
import importlib.metadata
import inspect
import re
import subprocess
import sys
from enum import Enum
from pathlib import Path

import macvlan
from macvlan import _enums, _errors, _events, _macvlan, _values

PYTHON = Path(__file__).parents[1]
CRATES = {name: PYTHON.parent / f"macvlan-{name}" / "src" for name in ("core", "network")}
HIDDEN = {
    "Attached",
    "address_text",
    "error_kinds",
    "mac_from_ipv4",
    "mac_text",
    "names",
    "run_command",
}

# Functions that Python offers in another way, or does not need.
NOT_REACHED = {
    # Values that the constructors accept, and text.
    "change_options": "replace() of the MacvlanOptions",
    "default_via": "Route('default', gateway=…)",
    "default_v4": "Route('0.0.0.0/0')",
    "default_v6": "Route('::/0')",
    "gateway": "of Assignment: its text is taken",
    "options": "the keywords of Endpoint",
    "prefix_len": "ipaddress has it",
    "ip": "ipaddress has it",
    "octets": "MacAddr.packed",
    "changes": "the plan's text",
    "phases": "the plan's text",
    # The kernel's numbers of enumerations, which have names here.
    "from_kernel": "names",
    "link_type": "names",
    # Functions that another one includes.
    "is_empty": "len()",
    "links": "find_links with a filter that may be empty",
    "neighbours": "find_neighbours with a filter that may be empty",
    "set_cancel": "Watch.close() and Keeper.close() from another thread, and Ctrl-C",
    "netns_id": "the id of the attachment's netns",
}

NOT_REACHED_OF_NETWORKS = {
    "of": "a lease tells the mark of its namespace",
    "is_of_this_boot": "of a mark, whose boot is told",
    "path": "of a SqliteStore, whose path Networks() was given",
    "store": "Networks() was given it",
    "last": "of a range, which is a network or text",
    "with_dead_hosts": "for agents; the command is one",
    "prune_if": "list() and remove()",
    "gives": "of a NetworkConfig: the networks ask it when they lease",
    # Lists are given whole, to Subnet(), create() and update().
    "clear_excluded": "excluded=[]",
    "clear_labels": "labels={}",
    "clear_options": "options={}",
    "clear_ranges": "ranges=[]",
    "clear_reserved": "reserved={}",
    "clear_routes": "routes=[]",
    "clear_subnets": "subnets=[]",
}


def test_everything_is_exported() -> None:
    everything = set(macvlan.__all__)
    assert sorted(everything) == sorted(macvlan.__all__)
    assert all(hasattr(macvlan, name) for name in everything)
    for module in (_enums, _errors, _events, _values):
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


def test_enumerations_have_the_names_of_the_core() -> None:
    told = _macvlan.names()
    assert len(told) == 9
    for name, names in told:
        members = list(getattr(_enums, name))
        assert [member.value for member in members] == names
        assert [member.name.lower().replace("_", "-") for member in members] == names


def test_type_checkers_know_the_same_names() -> None:
    """The stubs have the values of the enumerations, and the keywords of constructors."""
    stubs = ast.parse((PYTHON / "macvlan" / "_macvlan.pyi").read_text())
    compared = 0
    for node in stubs.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            name = node.target.id.removeprefix("_")
            members = getattr(_enums, name, None)
            if members and name != "Family":
                texts = [one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant)]
                assert texts == [member.value for member in members], name
                compared += 1
    assert compared > 10
    classes = {node.name: node for node in stubs.body if isinstance(node, ast.ClassDef)}
    for name in ("Endpoint", "MacvlanOptions", "VlanOptions"):
        new = next(
            node.args
            for node in classes[name].body
            if isinstance(node, ast.FunctionDef) and node.name == "__new__"
        )
        arguments = {
            one.arg: ast.unparse(one.annotation)
            for one in new.args[1:] + new.kwonlyargs
            if one.annotation
        }
        changes = {
            node.target.id: ast.unparse(node.annotation)
            for node in classes[f"_{name}Changes"].body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        }
        assert changes == arguments


def test_pip_lists_missing_compilers(tmp_path: Path) -> None:
    """Without the compilers, before it has built anything."""
    ask = "import build_backend; build_backend.get_requires_for_build_wheel()"
    command = [sys.executable, "-c", ask]
    environment = {"PATH": str(tmp_path), "PYTHONPATH": str(PYTHON), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "macvlan is compiled from source, which needs:",
        "- Rust 1.85 or later, with cargo on PATH: see https://rustup.rs",
        "- a C compiler: cc is not on PATH; install gcc or clang",
    ]
    old = tmp_path / "cargo"
    old.write_text("#!/bin/sh\necho cargo 1.63.0\n")
    old.chmod(0o755)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "- Rust 1.85 or later, not cargo 1.63.0: run rustup update" in done.stderr
    workspace = (PYTHON.parent / "Cargo.toml").read_text()
    assert '\nrust-version = "1.85"\n' in workspace


def test_importing_takes_nothing_big_along() -> None:
    """Importing is fast enough for the command line."""
    code = "import sys, macvlan; print(*sys.modules)"
    command = [sys.executable, "-I", "-c", code]
    modules = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "macvlan._events" in modules
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


def functions(crate: str) -> set[str]:
    found = set()
    for source in CRATES[crate].rglob("*.rs"):
        # These are private, or for Rust's runtimes, the fuzzer and the other crates.
        others = ("tokio.rs", "internals.rs", "document.rs")
        if {"netlink", "rtnl"} & set(source.parts) or source.name in others:
            continue
        # Hidden functions are for the other crates of this project.
        text = re.sub(r"#\[doc\(hidden\)\].*\s+pub fn", "", source.read_text())
        found |= set(re.findall(r"^\s*pub fn (\w+)", text, re.MULTILINE))
    return found


def faces(*only: str) -> str:
    """Returns the extension module's sources."""
    sources = (PYTHON / "src").rglob("*.rs")
    return "\n".join(one.read_text() for one in sources if not only or one.name in only)


def reached(names: set[str], text: str) -> set[str]:
    return {name for name in names if re.search(rf"(?:\.|::){name}\b", text)}


def test_every_function_of_the_core_is_reached() -> None:
    """Each new function of the core gets its Python interface in the same change."""
    core = functions("core")
    found = reached(core, faces())
    assert len(found) > 200
    assert core - found - NOT_REACHED.keys() == set()
    assert NOT_REACHED.keys() - core == set(), "they are gone from the core"


def test_every_function_of_the_networks_is_reached() -> None:
    """By the test files about them, because many names are the core's too."""
    about = (
        "networks",
        "network",
        "config",
        "session",
        "config",
        "subnet",
        "connection",
        "host_link",
        "lease",
        "reconciled",
        "etcd",
        "error",
    )
    networks = functions("network")
    found = reached(networks, faces(*(f"{name}.rs" for name in about)))
    assert len(found) > 70
    assert networks - found - NOT_REACHED_OF_NETWORKS.keys() == set()
    assert NOT_REACHED_OF_NETWORKS.keys() - networks == set(), "they are gone from the networks"
