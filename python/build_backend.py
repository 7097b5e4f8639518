"""The build backend: maturin, after a check that the compilers are installed.

maturin would download Rust if it is missing, and a missing C compiler is only found after minutes,
in the output of one of many crates.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import maturin
from maturin import (
    build_editable,
    build_sdist,
    build_wheel,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

RUST = (1, 85)


def missing() -> list[str]:
    """Returns what has to be installed before the package can be built."""
    problems = []
    needed = ".".join(map(str, RUST))
    cargo = shutil.which("cargo")
    if not cargo:
        problems.append(f"Rust {needed} or later, with cargo on PATH: see https://rustup.rs")
    else:
        said = subprocess.run([cargo, "--version"], capture_output=True, text=True, check=False)
        version = re.match(r"cargo (\d+)\.(\d+)", said.stdout)
        if not version:
            problems.append(f"a cargo that works; this one fails: {said.stderr.strip()}")
        elif tuple(map(int, version.groups())) < RUST:
            problems.append(f"Rust {needed} or later, not {said.stdout.strip()}: run rustup update")
    compilers = {shlex.split(os.environ.get("CC") or "cc")[0], "cc"}
    problems += [
        f"a C compiler: {compiler} is not on PATH; install gcc or clang"
        for compiler in sorted(compilers)
        if not shutil.which(compiler)
    ]
    return problems


def get_requires_for_build_wheel(settings: Mapping[str, Any] | None = None) -> list[str]:
    """Returns the packages that the build needs; exits if a compiler is missing."""
    if problems := missing():
        raise SystemExit(
            "\n".join(
                ["macvlan is compiled from source, which needs:", *(f"- {p}" for p in problems)]
            )
        )
    requirements: list[str] = maturin.get_requires_for_build_wheel(settings)
    return requirements


get_requires_for_build_editable = get_requires_for_build_wheel
