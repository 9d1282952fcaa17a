"""Timing on a machine whose speed drifts: calls alternate, ratios are computed within each round."""

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
PAUSE_S = 0.005  # threads of one engine spin for a moment after a call and would slow the next one


@dataclass(frozen=True)
class Timed:
    """Median seconds of a call, and the median ratio of the first call's time to it in the same round."""

    seconds: float
    ratio: float

    @property
    def milliseconds(self) -> str:
        """The median as text."""
        return f"{self.seconds * 1e3:.1f} ms"


def in_turns(
    calls: Mapping[str, Call], repeats: int, *, clock: Callable[[], float] = time.perf_counter
) -> dict[str, Timed]:
    """Time alternating calls, A B C A B C ..., after one round of warm-up.

    Args:
        clock: `time.process_time` measures computation alone, on a machine that does other work as well.
    """
    for call in calls.values():
        call()
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            time.sleep(PAUSE_S)
            start = clock()
            call()
            taken[name].append(clock() - start)
    first = taken[next(iter(calls))]
    return {
        name: Timed(
            statistics.median(times), statistics.median(a / b for a, b in zip(first, times, strict=True))
        )
        for name, times in taken.items()
    }


def repeats_for(call: Call, *, budget_s: float, most: int) -> int:
    """Number of calls that fit into a time budget, at least three."""
    start = time.perf_counter()
    call()
    return max(3, min(most, int(budget_s / (time.perf_counter() - start))))


def machine() -> str:
    """One line about the machine and the relevant extensions of its processor."""
    flags = subprocess.run(["lscpu"], capture_output=True, text=True, check=False).stdout.split()
    wanted = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
    return (
        f"Machine: {platform.machine()}, {os.cpu_count()} cores, with "
        f"{', '.join(flag for flag in wanted if flag in flags) or 'no known vector extension'}; "
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
    """Write a report, and print it."""
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
