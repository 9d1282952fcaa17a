"""Answering a file of lines: memory and lines per second of `affekt predict` at 1,000 and 10,000 lines.

    python benchmarks/lines.py BUNDLE [--lines 1000 10000] [--words 8] [--output .csv .jsonl]

Each measurement is a process of its own, `affekt predict BUNDLE lines.csv --output answers.csv`; its peak
memory is what the operating system counted. The lines are one conversation of four speakers.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORDS = (
    "I",
    "you",
    "it",
    "is",
    "was",
    "not",
    "know",
    "think",
    "like",
    "what",
    "that",
    "oh",
    "well",
    "no",
    "yes",
)
SPEAKERS = ("Ann", "Ben", "Cas", "Dee")
MEGABYTE = 2**20


def main() -> None:
    """Print one row per number of lines and kind of output."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("bundle", type=Path)
    options.add_argument("--lines", type=int, nargs="+", default=[1000, 10_000])
    options.add_argument("--words", type=int, default=8, help="mean number of words of a line")
    options.add_argument("--output", nargs="+", default=[".csv", ".jsonl"])
    options.add_argument("--threads", type=int, default=1)
    stated = options.parse_args()
    print(f"{stated.bundle}, {stated.words} words a line, {stated.threads} thread(s)")
    print("lines   output  peak memory MB  seconds  lines/s beyond the first measurement")
    with tempfile.TemporaryDirectory() as folder:
        for suffix in stated.output:
            first: tuple[int, float] | None = None
            for count in stated.lines:
                source = Path(folder) / f"{count}.csv"
                source.write_text(conversation(count, stated.words))
                peak, seconds = measured(
                    stated.bundle, source, Path(folder) / f"answers{suffix}", threads=stated.threads
                )
                # Loading the bundle takes the same time at any length: it is not counted.
                speed = f"{(count - first[0]) / (seconds - first[1]):.0f}" if first else ""
                first = first or (count, seconds)
                print(f"{count:<7} {suffix:<7} {peak / MEGABYTE:14.1f} {seconds:8.1f}  {speed}", flush=True)


def conversation(lines: int, words: int) -> str:
    """A table of invented lines."""
    rng = random.Random(0)
    rows = ["speaker,text"]
    for _ in range(lines):
        said = " ".join(rng.choices(WORDS, k=rng.randint(1, 2 * words - 1)))
        rows.append(f"{rng.choice(SPEAKERS)},{said}")
    return "\n".join(rows) + "\n"


def measured(bundle: Path, source: Path, output: Path, *, threads: int) -> tuple[int, float]:
    """Peak memory in bytes and seconds of one process."""
    code = "from affekt.cli.main import run; run()"
    command = [sys.executable, "-c", code, "predict", str(bundle), str(source), "--output", str(output)]
    start = time.perf_counter()
    process = subprocess.Popen([*command, "--threads", str(threads)], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"affekt predict failed on {source}: run it by hand to see why")
    kilobytes = usage.ru_maxrss  # bytes on macOS
    return kilobytes * (1 if sys.platform == "darwin" else 1024), seconds


if __name__ == "__main__":
    main()
