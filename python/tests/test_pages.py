"""What stands on the project's pages works as it is described: commands, programs, outputs, links."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pages import BLOCK, PAGES, PROJECT, TARGET, Block, Network, blocks, pattern, sections, steady

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _pytest.mark import ParameterSet

# Blocks that run elsewhere, or that take a tool which cannot be here, by their first lines.
ELSEWHERE: set[str] = set()


def name_of_page(page: Path) -> str:
    return str(page.relative_to(PROJECT))


def anchor(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def runnable(text: str, language: str) -> list[Block]:
    return [
        block
        for block in blocks(text)
        if block.language == language and block.first not in ELSEWHERE
    ]


def all_sections() -> Iterator[ParameterSet]:
    for page in PAGES:
        for heading, text in sections(page.read_text()):
            for language in ("sh", "python"):
                found = runnable(text, language)
                is_vlan = any(re.search(r"ens33\.[{\d]", block.text) for block in found)
                marks = [pytest.mark.root, *([pytest.mark.needs("vlan")] if is_vlan else [])]
                name = f"{name_of_page(page)}-{anchor(heading)}-{language}"
                if found:
                    yield pytest.param(found, is_vlan, id=name, marks=marks)


@pytest.mark.parametrize(("found", "is_vlan"), list(all_sections()))
def test_a_section(found: list[Block], is_vlan: bool, tmp_path: Path) -> None:
    with Network(tmp_path, is_vlan) as network:
        for block in found:
            output = network.run(block)
            if block.shown is None:
                is_right = "exit status" not in output
            else:
                is_right = pattern(block.shown).fullmatch(steady(output))
            if not is_right:
                pytest.fail(f"{block.text}{'-' * 20}\n{output}", pytrace=False)
