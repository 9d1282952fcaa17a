"""Two reports side by side: ratios of what both measured, and what differs between them."""

from __future__ import annotations

from typing import NamedTuple

from affekt.core.errors import UsageError
from affekt.core.settings import dotted
from affekt.core.wording import counted, singular
from affekt.deploy.bench.report import BenchReport, Latency

MB = 1e6


class Compared(NamedTuple):
    """One quantity of two reports.

    Attributes:
        ratio: The first over the second: above 1 where the second is faster or smaller.
    """

    what: str
    unit: str
    first: float
    second: float
    ratio: float


class Comparison(NamedTuple):
    """What both reports hold, and a sentence for each difference that explains it."""

    rows: list[Compared]
    notes: list[str]


def compare(first: BenchReport, second: BenchReport) -> Comparison:
    """Compare what both measured.

    Other machines, versions, engines and weights are what one compares, and are noted. Other networks are
    not comparable.

    Raises:
        UsageError: The methods, the inputs of the networks or the units differ; or they have no quantity in
            common.
    """
    for what, one, other in (
        ("method", first.bundle.method, second.bundle.method),
        ("task", first.bundle.task, second.bundle.task),
        ("inputs of the network", _shapes(first), _shapes(second)),
        ("unit of sizes", first.settings.unit, second.settings.unit),
    ):
        if one != other:
            raise UsageError(
                f"the two reports cannot be compared, their {what} differ: {one} and {other}; "
                "measure bundles of one method on inputs of one shape"
            )
    rows = [*_first_answers(first, second), *_latencies(first, second), *_memories(first, second)]
    rows += _readings(first, second)
    if not rows:
        raise UsageError("the two reports have no pair of threads and batch size in common: measure again")
    return Comparison(rows, _notes(first, second))


def _row(what: str, unit: str, one: float, other: float) -> Compared:
    return Compared(what, unit, one, other, one / other if other else float("inf"))


def _first_answers(first: BenchReport, second: BenchReport) -> list[Compared]:
    one, other = first.first_answer, second.first_answer
    if one is None or other is None:
        return []
    parts = {"import": "import_s", "load": "load_s", "first run": "run_s", "total": "total_s"}
    rows = [
        _row(f"first answer, {part}", "ms", getattr(one, name) * 1e3, getattr(other, name) * 1e3)
        for part, name in parts.items()
    ]
    if one.peak_bytes and other.peak_bytes:
        rows.append(_row("first answer, memory", "MB", one.peak_bytes / MB, other.peak_bytes / MB))
    return rows


def _latencies(first: BenchReport, second: BenchReport) -> list[Compared]:
    theirs = {(row.threads, row.size): row for row in second.latency}
    rows: list[Compared] = []
    for one in first.latency:
        other = theirs.get((one.threads, one.size))
        if other is None:
            continue
        what = _pair(one, first.settings.unit)
        rows.append(_row(f"{what}, median", "ms", one.median_s * 1e3, other.median_s * 1e3))
        if one.p95_s is not None and other.p95_s is not None:
            rows.append(_row(f"{what}, 95th percentile", "ms", one.p95_s * 1e3, other.p95_s * 1e3))
    return rows


def _memories(first: BenchReport, second: BenchReport) -> list[Compared]:
    theirs = {row.size: row.peak_bytes for row in second.memory}
    return [
        _row(
            f"{_many(one.size, first.settings.unit)}, memory",
            "MB",
            one.peak_bytes / MB,
            theirs[one.size] / MB,
        )
        for one in first.memory
        if one.size in theirs
    ]


def _readings(first: BenchReport, second: BenchReport) -> list[Compared]:
    one, other = first.reading, second.reading
    if one is None or other is None or first.input.file != second.input.file:
        return []
    parts = {"decoding": "decode_s", "network": "network_s", "answer": "answer_s"}
    return [
        _row(f"file, {part}", "ms", getattr(one, name) * 1e3, getattr(other, name) * 1e3)
        for part, name in parts.items()
    ]


def _pair(row: Latency, unit: str) -> str:
    return f"{_many(row.size, unit)}, {_many(row.threads, 'threads')}"


def _shapes(report: BenchReport) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in report.input.rows.items())


def _notes(first: BenchReport, second: BenchReport) -> list[str]:
    """What differs, a line each; sizes that only one of them measured as well."""
    notes: list[str] = []
    for name in ("machine", "versions", "bundle", "settings", "input"):
        one, other = (dotted(report.model_dump(mode="json")[name]) for report in (first, second))
        for key in dict.fromkeys((*one, *other)):
            if one.get(key) != other.get(key):
                notes.append(f"{name}, {key.replace('_', ' ')}: {_shown(one, key)} and {_shown(other, key)}")
    pairs = [
        {(row.threads, row.size): _pair(row, first.settings.unit) for row in one.latency}
        for one in (first, second)
    ]
    for number, (mine, theirs) in enumerate((pairs, pairs[::-1])):
        alone = [text for pair, text in mine.items() if pair not in theirs]
        if alone:
            notes.append(f"only the {('first', 'second')[number]} report has {'; '.join(alone)}")
    return notes


def _shown(values: dict[str, object], key: str) -> str:
    value = values.get(key)
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    return "none" if value in (None, "") else str(value)


def _many(number: int, unit: str) -> str:
    """A number of things whose name in the plural is `unit`."""
    return counted(number, singular(unit))
