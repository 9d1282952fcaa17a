"""Timing that is fair on a machine whose speed drifts: calls take turns, ratios are taken within a turn."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

Call = Callable[[], object]
PAUSE_S = 0.005  # threads of one engine go on spinning for a moment and would slow the next one


@dataclass(frozen=True)
class Timed:
    """Median seconds of a call, and the median of how much longer the first call took in the same turn."""

    seconds: float
    ratio: float

    @property
    def milliseconds(self) -> str:
        """Readable."""
        return f"{self.seconds * 1e3:.1f} ms"


def in_turns(calls: Mapping[str, Call], repeats: int) -> dict[str, Timed]:
    """Time calls that take turns, A B C A B C ..., after one turn that does not count."""
    for call in calls.values():
        call()
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            time.sleep(PAUSE_S)
            start = time.perf_counter()
            call()
            taken[name].append(time.perf_counter() - start)
    first = taken[next(iter(calls))]
    return {
        name: Timed(
            statistics.median(times), statistics.median(a / b for a, b in zip(first, times, strict=True))
        )
        for name, times in taken.items()
    }


def repeats_for(call: Call, *, budget_s: float, most: int) -> int:
    """How often a call fits into a budget: at least three times."""
    start = time.perf_counter()
    call()
    return max(3, min(most, int(budget_s / (time.perf_counter() - start))))


def machine() -> str:
    """One line about the machine and what of its processor matters here."""
    flags = subprocess.run(["lscpu"], capture_output=True, text=True, check=False).stdout.split()
    wanted = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
    return (
        f"Machine: {platform.machine()}, {os.cpu_count()} cores, with "
        f"{', '.join(flag for flag in wanted if flag in flags) or 'no vector extension known here'}; "
        f"Python {platform.python_version()}, torch {torch.__version__}."
    )


def as_table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    """Lines of a Markdown table."""
    return [
        "| " + " | ".join(columns) + " |",
        "|" + " --- |" * len(columns),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def write_report(path: Path, lines: list[str]) -> None:
    """Write a report, and show it."""
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
