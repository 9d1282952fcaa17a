"""`bench`: latency, throughput, memory and first answer of a bundle on this machine, within a time limit."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.errors import AffektError, UsageError
from affekt.core.wording import counted, singular
from affekt.deploy.bench.child import WARM_UP
from affekt.deploy.bench.machine import free_bytes, load_of_others, machine_facts, usable_cores, versions
from affekt.deploy.bench.matrix_product import product_multiply_adds
from affekt.deploy.bench.processes import measure
from affekt.deploy.bench.report import (
    P95_CALLS,
    BenchReport,
    BenchSettings,
    BundleFacts,
    FirstAnswer,
    InputFacts,
    Latency,
    Memory,
    ProductRate,
    Reading,
    Work,
)

LIMIT_S = 90.0
ROW_SIZES, CELL_SIZES = (1, 8, 32), (16, 128, 512)
STARTS = READS = 3  # processes of the first answer, answers to a file
_FEWEST_CALLS = 3
_MEMORY_SHARE = 0.8  # of the memory that is free
# Shares of the time: of the limit for further processes of the first answer; of what is left for further
# answers to the file, one call of a further size, and counting; of the limit that is kept for calls in turn.
_START_SHARE, _READ_SHARE, _CALL_SHARE, _COUNT_SHARE, _TURNS_SHARE = 0.15, 0.25, 0.1, 0.4, 0.5
_MORE = "give more time with --limit-s"

Step = Callable[[str], None]


def bench(
    bundle: Path,
    *,
    backend: str = "auto",
    precision: str = "f32",
    file: Path | None = None,
    threads: Sequence[int] = (),
    sizes: Sequence[int] = (),
    limit_s: float = LIMIT_S,
    on_step: Step = lambda text: None,
) -> BenchReport:
    """Measure a bundle in processes of their own.

    The first answer and the memory of each size come from new processes. Calls of all pairs of threads and
    size alternate in one process, so that a machine whose speed drifts changes all of them alike. What does
    not fit into the time or memory is skipped and listed.

    Args:
        backend: Engine; `auto` is chosen once, by time, and then used for all but the first answer.
        file: A real input, which is decoded; else random arrays of the bundle's shapes.
        threads: Numbers of threads; 1 and all cores if empty.
        sizes: Rows of a batch; for long video cells of one medium. Empty: a few usual ones.
        limit_s: Seconds for all measurements.
        on_step: Called with what is measured next.

    Raises:
        FolderError: The path is no bundle, or the bundle is incomplete or altered.
        MediaError: The file cannot be read.
        UsageError: The engine is not installed, or a value is impossible.
    """
    for name, values in (("threads", threads), ("batch sizes", sizes), ("seconds", (limit_s,))):
        if any(value <= 0 for value in values):
            raise UsageError(f"{name} must be above 0, found {', '.join(map(str, values))}")
    if not bundle.exists():
        raise UsageError(f"{bundle} does not exist: give the folder or .affekt file that affekt export wrote")
    if (bundle / "recipe.toml").is_file():
        raise UsageError(f"{bundle} is a run, which PyTorch computes: affekt export {bundle}")
    if file is not None and not file.is_file():
        raise UsageError(f"{file} does not exist, or is no file")
    with tempfile.TemporaryDirectory() as folder:
        job = {
            "bundle": str(bundle),
            "backend": backend,
            "precision": precision,
            "file": str(file) if file else None,
            "arrays": str(Path(folder) / "inputs.npz"),
        }
        return _Bench(job, tuple(threads), tuple(sizes), limit_s, on_step).run()


@dataclass
class _Bench:
    """One measurement; its parts share what they learn about time and memory.

    Attributes:
        asked: The job that all processes share.
    """

    asked: dict[str, Any]
    threads: tuple[int, ...]
    sizes: tuple[int, ...]
    limit_s: float
    on_step: Step
    skipped: list[str] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)
    busy: float | None = field(default_factory=load_of_others)

    def left(self) -> float:
        """Seconds of the limit that are left."""
        return self.begun + self.limit_s - time.monotonic()

    def run(self) -> BenchReport:
        self.on_step("opening the bundle")
        facts = measure({**self.asked, "job": "probe"}, seconds=self.left())
        if not facts.lines:
            raise AffektError(
                f"{self.asked['bundle']} could not be opened: {facts.ended}"
                + (f": {_MORE}" if self.left() <= 0 else "")
            )
        found = facts.lines[0]
        engine: str = found["engine"]
        job = {**self.asked, "backend": engine.split()[0], "by_cells": found["by_cells"]}
        self.threads = tuple(sorted(set(self.threads or (1, usable_cores()))))
        self.sizes = tuple(sorted(set(self.sizes or (CELL_SIZES if found["by_cells"] else ROW_SIZES))))
        first = self.first_answer(job)
        reading = self.reading(job) if self.asked["file"] else None
        memory, estimates = self.memory(job)
        work = self.work(job, estimates)
        latency, product = self.latency(job, found["unit"], estimates, work)
        settings = BenchSettings(
            backend=self.asked["backend"],
            precision=self.asked["precision"],
            engine=engine,
            threads=self.threads,
            sizes=self.sizes,
            unit=found["unit"],
            limit_s=self.limit_s,
            warm_up=WARM_UP,
        )
        return BenchReport(
            bundle=BundleFacts.model_validate(found["bundle"]),
            machine=machine_facts(),
            versions=versions(),
            settings=settings,
            input=InputFacts(rows=found["rows"], file=found["file"], file_rows=found["file_rows"]),
            first_answer=first,
            reading=reading,
            latency=latency,
            memory=memory,
            work=work,
            product=product,
            busy=self.busy,
            skipped=tuple(self.skipped),
            seconds=time.monotonic() - self.begun,
        )

    def first_answer(self, job: dict[str, Any]) -> FirstAnswer | None:
        """Medians of some new processes, which choose the engine as for one input."""
        self.on_step("first answer of a new process")
        found: list[dict[str, Any]] = []
        asked = {
            **job,
            "job": "start",
            "backend": self.asked["backend"],
            "expected": 1,
            "size": self.sizes[0],
        }
        end = self.left() - _START_SHARE * self.limit_s
        while len(found) < STARTS and (not found or self.left() > end):
            measured = measure(asked, seconds=self.left())
            found += measured.lines
            if not measured.lines:
                self.skipped.append(f"first answer: {measured.ended}")
                break
        if not found:
            return None

        def median(name: str) -> float:
            return statistics.median(one[name] for one in found)

        peaks = [one["peak_bytes"] for one in found if one["peak_bytes"] is not None]
        totals = [one["import_s"] + one["load_s"] + one["run_s"] for one in found]
        return FirstAnswer(
            engine=found[0]["engine"],
            import_s=median("import_s"),
            load_s=median("load_s"),
            run_s=median("run_s"),
            total_s=statistics.median(totals),
            peak_bytes=max(peaks, default=None),
            processes=len(found),
        )

    def reading(self, job: dict[str, Any]) -> Reading | None:
        """Time of the answer to the file, split."""
        self.on_step("answers to the file")
        seconds = _READ_SHARE * self.left()  # for turns after the first
        measured = measure({**job, "job": "read", "turns": READS, "seconds": seconds}, seconds=self.left())
        if not measured.lines:
            self.skipped.append(f"answers to the file: {measured.ended}")
            return None
        medians = {
            name: statistics.median(one[name] for one in measured.lines)
            for name in ("decode_s", "network_s", "answer_s")
        }
        return Reading(**medians, items=measured.lines[0]["items"], turns=len(measured.lines))

    def memory(self, job: dict[str, Any]) -> tuple[tuple[Memory, ...], dict[int, float]]:
        """The most memory of a process for each size, and the seconds of its call; small sizes first."""
        found: list[Memory] = []
        seconds: dict[int, float] = {}
        loaded = 0
        for size in self.sizes:
            if found:  # by the size before
                share = size / found[-1].size
                time_s = seconds[found[-1].size] * share
                bytes_ = loaded + (found[-1].peak_bytes - loaded) * share
                if reason := self.too_much(time_s, bytes_):
                    self.skipped.append(f"{size} at a time: {reason}")
                    continue
                if self.left() < _TURNS_SHARE * self.limit_s:
                    seconds[size] = time_s
                    self.skipped.append(f"memory of {size} at a time: the time is kept for the calls in turn")
                    continue
            self.on_step(f"memory of {size} at a time")
            measured = measure(
                {**job, "job": "start", "file": None, "expected": None, "size": size}, seconds=self.left()
            )
            if not measured.lines:
                self.skipped.append(f"{size} at a time: {measured.ended}")
                break
            one = measured.lines[0]
            seconds[size], loaded = one["run_s"], one["loaded_bytes"] or 0
            if one["peak_bytes"] is not None:
                found.append(Memory(size=size, peak_bytes=one["peak_bytes"]))
        if not found:
            self.skipped.append("memory: this system does not tell what a process used")
        return tuple(found), seconds

    def too_much(self, seconds: float, bytes_: float) -> str:
        """Why a call of that cost is not made; empty if it is."""
        if seconds > _CALL_SHARE * self.left():
            return f"one call takes about {seconds:.1f} s of {self.left():.0f} s that are left: {_MORE}"
        free = free_bytes()
        if free is not None and bytes_ > _MEMORY_SHARE * free:
            return f"it needs about {bytes_ / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free"
        return ""

    def work(self, job: dict[str, Any], estimates: dict[int, float]) -> tuple[Work, ...]:
        """Multiply-adds of each size: proportional to the number of rows, but not to that of cells."""
        if not estimates:
            return ()
        self.on_step("multiply-adds")
        sizes = sorted(estimates) if job["by_cells"] else [1]
        seconds = min(_COUNT_SHARE * self.left(), self.left() - _TURNS_SHARE / 2 * self.limit_s)
        if seconds <= 0:
            self.skipped.append("multiply-adds: the time is kept for the calls in turn")
            return ()
        measured = measure({**job, "job": "count", "sizes": sizes}, seconds=seconds)
        found = [Work.model_validate(one) for one in measured.lines]
        if missing := [str(size) for size in sizes[len(found) :]]:
            self.skipped.append(f"multiply-adds of {', '.join(missing)}: {measured.ended}")
        if job["by_cells"] or not found:
            return tuple(found)
        one = found[0]
        return tuple(
            one.model_copy(update={"size": size, "multiply_adds": size * one.multiply_adds})
            for size in sorted(estimates)
        )

    def latency(
        self, job: dict[str, Any], unit: str, estimates: dict[int, float], work: Sequence[Work]
    ) -> tuple[tuple[Latency, ...], tuple[ProductRate, ...]]:
        """Calls of all pairs of threads and size in turn."""
        pairs = self.plan(unit, estimates)
        if not pairs:
            return (), ()
        self.on_step(f"calls in turn: {len(pairs)} pairs of threads and size")
        measured = measure(
            {**job, "job": "turns", "pairs": pairs, "seconds": self.left() - 1}, seconds=self.left() + 1
        )
        times: dict[tuple[int, int], list[float]] = {}
        for one in measured.lines:
            times.setdefault((one["threads"], one["size"]), []).append(one["seconds"])
        rates = {
            threads: product_multiply_adds() / min(taken)  # a limit: the best that was seen
            for (threads, size), taken in times.items()
            if size == 0
        }
        amounts = {one.size: one.multiply_adds for one in work if not one.not_counted}
        rows: list[Latency] = []
        for threads, size in pairs:
            taken = times.get((threads, size), [])
            if not taken:
                why = measured.ended or "no time was left"
                pair = f"{counted(size, singular(unit))} at {counted(threads, 'thread')}"
                self.skipped.append(f"{pair}: {why}")
                continue
            median = statistics.median(taken)
            rate = rates.get(threads)
            rows.append(
                Latency(
                    threads=threads,
                    size=size,
                    calls=len(taken),
                    median_s=median,
                    p95_s=float(np.percentile(taken, 95)) if len(taken) >= P95_CALLS else None,
                    per_s=size / median,
                    peak_share=amounts[size] / median / rate if rate and size in amounts else None,
                )
            )
        product = [ProductRate(threads=n, multiply_adds_per_s=rate) for n, rate in sorted(rates.items())]
        return tuple(rows), tuple(product)

    def plan(self, unit: str, estimates: dict[int, float]) -> list[tuple[int, int]]:
        """Pairs of threads and size whose warm-up and fewest calls fit into the time, the cheapest first."""
        cores, time_s = usable_cores(), self.left() - 3
        costs = {
            (threads, size): seconds * max(1.0, cores / threads)
            for threads in self.threads
            for size, seconds in estimates.items()
        }
        kept: list[tuple[int, int]] = []
        for (threads, size), cost in sorted(costs.items(), key=lambda one: one[1]):
            whole = cost * (WARM_UP + _FEWEST_CALLS)
            pair = f"{counted(size, singular(unit))} at {counted(threads, 'thread')}"
            if time_s <= 0:
                self.skipped.append(f"{pair}: no time was left: {_MORE}")
            elif whole > time_s:
                self.skipped.append(
                    f"{pair}: {WARM_UP} calls of warm-up and {_FEWEST_CALLS} more take about {whole:.0f} s: "
                    f"{_MORE}"
                )
            else:
                time_s -= whole
                kept.append((threads, size))
        return sorted(kept)
