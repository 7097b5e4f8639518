"""Prints results like Rust's test harness, so that tests/run can add them up with all others."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


class Reporter:
    """Replaces pytest's own reporter for `--libtest`."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.counts = {"ok": 0, "FAILED": 0, "ignored": 0}
        self.failed: dict[str, str] = {}
        self.times: dict[str, float] = {}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._tell(name_of(report.nodeid), "FAILED", str(report.longrepr))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if session.config.option.collectonly:
            for item in session.items:
                print(f"{name_of(item.nodeid)}: test")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = name_of(report.nodeid)
        self.times[name] = self.times.get(name, 0) + report.duration
        if report.failed:
            if name not in self.failed:
                self._tell(name, "FAILED", f"{report.longreprtext}\n{report.capstdout}")
        elif report.skipped:
            assert isinstance(report.longrepr, tuple)
            reason = report.longrepr[2].removeprefix("Skipped: ")
            self._tell(name, f"ignored, {reason}")
        elif report.when == "call":
            self._tell(name, "ok")

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if session.config.option.collectonly:
            return
        if self.failed:
            print("\nfailures:")
            for name, words in self.failed.items():
                print(f"\n---- {name} ----\n{words}")
        slowest = sorted(self.times.items(), key=lambda each: -each[1])[:10]
        print("\nslowest:", ", ".join(f"{name} {took:.1f} s" for name, took in slowest))
        word = "FAILED" if self.failed else "ok"
        ok, failed, ignored = self.counts.values()
        print(
            f"\ntest result: {word}. {ok} passed; {failed} failed; {ignored} ignored; 0 measured; "
            f"0 filtered out; finished in {time.monotonic() - self.started:.2f}s",
            flush=True,
        )

    def _tell(self, name: str, outcome: str, words: str = "") -> None:
        self.counts[outcome.split(",", maxsplit=1)[0]] += 1
        if outcome == "FAILED":
            self.failed[name] = words
        print(f"test {name} ... {outcome}", flush=True)


def name_of(nodeid: str) -> str:
    """Returns `file::test` instead of `tests/file.py::test`, without spaces."""
    file, _, test = nodeid.partition("::")
    return f"{file.rpartition('/')[2].removesuffix('.py')}::{test}".replace(" ", "_")
