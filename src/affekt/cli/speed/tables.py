"""The tables of `affekt bench`."""

from __future__ import annotations

from affekt.cli.show import say
from affekt.cli.tables import as_table
from affekt.core.wording import counted
from affekt.deploy.bench.compare import Comparison
from affekt.deploy.bench.report import P95_CALLS, BenchReport

BUSY = 0.3  # processes for each core in the minute before, from which a measurement is not to be trusted


def show_report(report: BenchReport) -> None:
    """A report as tables on standard output, notes on standard error."""
    settings, facts, machine = report.settings, report.bundle, report.machine
    sets = machine["instruction_sets"]
    say(
        f"{facts.method}, weights {facts.precision}, {settings.engine}; {machine['processor']}, "
        f"{counted(int(str(machine['cores'])), 'core')}, "
        f"{' '.join(sets) if isinstance(sets, tuple) else sets}"
    )
    if first := report.first_answer:
        as_table(
            ("import ms", "load ms", "first run ms", "total ms", "peak MB"),
            [
                (
                    *(_ms(one) for one in (first.import_s, first.load_s, first.run_s, first.total_s)),
                    _mb(first.peak_bytes),
                )
            ],
            title=f"first answer, new processes: {first.processes}, medians",
        )
    if reading := report.reading:
        as_table(
            ("decoding ms", "network ms", "answer ms", "items"),
            [(_ms(reading.decode_s), _ms(reading.network_s), _ms(reading.answer_s), reading.items)],
            title=f"the file, all cores, median of {reading.turns}",
        )
    if report.latency:
        memory = {one.size: one.peak_bytes for one in report.memory}
        as_table(
            (
                "threads",
                settings.unit,
                "median ms",
                "p95 ms",
                f"{settings.unit}/s",
                "of peak",
                "peak MB",
                "calls",
            ),
            [
                (
                    row.threads,
                    row.size,
                    _ms(row.median_s),
                    _ms(row.p95_s),
                    _digits(row.per_s),
                    f"{row.peak_share:.0%}" if row.peak_share is not None else "",
                    _mb(memory.get(row.size)),
                    row.calls,
                )
                for row in report.latency
            ],
            title=f"network, calls in turn after {settings.warm_up} calls of warm-up each",
        )
    for line in _explanations(report):
        say(line)
    for line in report.skipped:
        say(f"skipped: {line}")


def show_comparison(found: Comparison, first: str, second: str) -> None:
    """Two reports side by side on standard output, differences on standard error."""
    as_table(
        ("", "unit", first, second, "ratio"),
        [
            (row.what, row.unit, _digits(row.first), _digits(row.second), f"{row.ratio:.2f}x")
            for row in found.rows
        ],
    )
    say("ratio: the first over the second; above 1x the second is faster or smaller")
    for line in found.notes:
        say(f"they differ in {line}" if not line.startswith("only") else line)


def _explanations(report: BenchReport) -> list[str]:
    """What the numbers are, as far as the report has them."""
    settings, lines = report.settings, []
    source = (
        f"of the file ({counted(report.input.file_rows, settings.one)})"
        if report.input.file
        else "random, of usual sizes"
    )
    shapes = ", ".join(f"{name} {_shape(shape)}" for name, shape in report.input.rows.items())
    lines.append(f"input: {source}; one {settings.one} is {shapes}")
    if report.product:
        rates = ", ".join(
            f"{one.multiply_adds_per_s / 1e9:.1f} at {counted(one.threads, 'thread')}"
            for one in report.product
        )
        kind = settings.precision
        lines.append(
            f"peak: the fastest matrix product in {kind} of these turns, 1e9 multiply-adds a second: {rates}"
        )
    if report.work:
        one = report.work[0]
        lines.append(
            f"multiply-adds of {counted(one.size, settings.one)}: "
            f"{one.multiply_adds / 1e9:.4g}e9"
            + (f", without {', '.join(one.not_counted)}" if one.not_counted else "")
        )
    if report.bundle.precision != "f32" and report.product:
        lines.append(
            f"the bundle computes in {report.bundle.precision}: its share of that peak can be above 100 %"
        )
    if (first := report.first_answer) and first.engine != settings.engine:
        lines.append(f"the first answer is that of {first.engine}, which auto chooses for one input")
    if report.memory:
        apart = ", without that of Jittor's own process" if settings.engine.startswith("jittor") else ""
        lines.append(
            f"peak MB: the most memory of a process that loads the bundle and computes one batch{apart}"
        )
    if report.busy is not None and report.busy > BUSY:
        lines.append(
            f"the machine was busy: {report.busy:.1f} processes for each core in the minute before; "
            "times and shares of the peak are not to be trusted, measure again when nothing else runs"
        )
    if any(row.p95_s is None for row in report.latency):
        lines.append(f"p95: where {P95_CALLS} calls were made")
    return lines


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "1"


def _ms(seconds: float | None) -> str:
    return "" if seconds is None else _digits(seconds * 1e3)


def _digits(value: float) -> str:
    """Four digits, without an exponent for large values."""
    return f"{value:.0f}" if value >= 1000 else f"{value:.4g}"


def _mb(size: int | None) -> str:
    return "" if size is None else f"{size / 1e6:.0f}"
