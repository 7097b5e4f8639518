"""The commands, programs, outputs and links on the project's pages work as they stand."""

from __future__ import annotations

import re
import runpy
import subprocess
from typing import TYPE_CHECKING

import pytest
from pages import PAGES, PROJECT, TARGET, Block, Network, blocks, pattern, sections, steady

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from _pytest.mark import ParameterSet

# Blocks that are run by other tests, by how they begin.
ELSEWHERE = {
    # Builds and installations: `tests/run` has a step for each.
    "cargo install --path macvlan-cli",
    "cargo run --release --example quickstart",
    "make -C macvlan-ffi",
    "pip install ./python",
    "systemctl enable --now macvlan-agent",
    "cargo build --workspace",
    "cargo update --workspace",
    # The tests and benchmarks themselves.
    "benches/run",
    "grep undo target/tests-run/programs",
    "MACVLAN_SECONDS=600",
    "python/tests/run",
    "tests/c/run",
    "tests/run",
    "UPDATE_API=1",
    "UPDATE_HEADER=1",
    # `macvlan-network/tests/formats`.
    "let endpoint: macvlan_core::Endpoint = serde_json",
    # With Docker and Podman: `macvlan-cli/tests/clients`.
    "let machine = machine(Debian",
    "docker run",
    "docker network create",
    "macvlan docker",
    "mkdir -p /var/lib/macvlan",
    "resolvectl dns",
    "systemctl restart macvlan-agent",
    "mkdir -p /usr/local/libexec/netavark",
    "mkdir -p /opt/cni/bin",
}
# The project's pages on the web, which the Python package's page links.
WEB = "https://github.com/macvlan/macvlan/blob/main/"


def name_of(page: Path) -> str:
    return str(page.relative_to(PROJECT))


def anchor(heading: str) -> str:
    """Returns the anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def runnable(text: str, language: str) -> list[Block]:
    return [
        block
        for block in blocks(text)
        if block.language == language and not block.text.startswith(tuple(ELSEWHERE))
    ]


def all_sections() -> Iterator[ParameterSet]:
    for page in PAGES:
        for heading, text in sections(page.read_text()):
            for language in ("sh", "python", "rust"):
                found = runnable(text, language)
                # A fragment of Rust is only compiled.
                is_vlan = language != "rust" and any(
                    re.search(r"ens33\.[{\d]", block.text) for block in found
                )
                needs = (*(["rustc"] if language == "rust" else []), *(["vlan"] if is_vlan else []))
                marks = [pytest.mark.root, pytest.mark.needs(*needs)]
                name = f"{name_of(page)}-{anchor(heading)}-{language}"
                if found:
                    yield pytest.param(found, is_vlan, id=name, marks=marks)


@pytest.mark.parametrize(("found", "is_vlan"), list(all_sections()))
def test_a_section(found: list[Block], *, is_vlan: bool, tmp_path: Path) -> None:
    with Network(tmp_path, vlans=is_vlan) as network:
        for block in found:
            output = network.run(block)
            if block.shown is None:
                is_right = "exit status" not in output
            else:
                is_right = bool(pattern(block.shown).fullmatch(steady(output)))
            if not is_right:
                pytest.fail(f"{block.text}{'-' * 20}\n{output}", pytrace=False)


def test_blocks_that_are_run_elsewhere_exist() -> None:
    every = [block for page in PAGES for block in blocks(page.read_text())]
    for beginning in ELSEWHERE:
        assert any(block.text.startswith(beginning) for block in every), beginning


@pytest.mark.root
def test_the_quickstarts_output() -> None:
    readme = blocks((PROJECT / "README.md").read_text())
    (block,) = (block for block in readme if "--example quickstart" in block.text)
    program = TARGET / "debug" / "examples" / "quickstart"
    done = subprocess.run([program], capture_output=True, text=True, check=True)
    assert block.shown is not None
    assert steady(done.stdout).strip() == steady(block.shown).strip()


def test_the_picture_is_the_scripts(tmp_path: Path) -> None:
    script = PROJECT / "docs" / "picture.py"
    runpy.run_path(str(script))["draw"](tmp_path / "picture.svg")
    assert (tmp_path / "picture.svg").read_text() == script.with_suffix(".svg").read_text()


def test_the_oldest_kernel_is_the_same_everywhere() -> None:
    told = re.findall(r"Linux (\S+) or later", "".join(page.read_text() for page in PAGES))
    assert len(told) >= 2
    assert len(set(told)) == 1


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Yields the files and anchors that a page's links lead to, if they are in this project."""
    text = re.sub(r"```.*?^ *```$|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(WEB):
            path, _, place = target.removeprefix(WEB).partition("#")
            yield PROJECT / path, place
        elif "://" not in target:
            path, _, place = target.partition("#")
            yield (page.parent / path).resolve() if path else page, place


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for path, place in links(page):
        assert path.exists(), path
        if place:
            headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
            assert place in map(anchor, headings), f"{path}#{place}"


def test_the_readme_leads_to_every_page() -> None:
    reached: set[Path] = set()
    waiting = [PROJECT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            waiting += [path for path, _ in links(page)]
    # A crate's own page is for those who have only the crate.
    assert {page for page in PAGES if not page.parent.name.startswith("macvlan-")} <= reached
