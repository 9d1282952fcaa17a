"""What a measurement found, as a document that two machines or versions are compared by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from affekt.core.errors import UsageError
from affekt.core.files.whole import write_text
from affekt.core.settings import Settings, validate
from affekt.core.wording import singular

FORMAT = 1
P95_CALLS = 20  # the 95th percentile of fewer calls would be their slowest one


class BundleFacts(Settings):
    """The bundle that was measured.

    Attributes:
        precision: Of its weights, as its manifest states it.
        version: Start of the digest of its manifest, which states the digests of its files.
    """

    method: str
    task: str
    modality: str
    precision: str
    weights_sha256: str
    version: str


class InputFacts(Settings):
    """The input that was used.

    Attributes:
        rows: Shape of one row of each input of the network.
        file: Suffix and content hash of a real file; empty if the input was generated.
        file_rows: Rows (views) or cells that were read from the file for the batches.
    """

    rows: dict[str, tuple[int, ...]]
    file: str = ""
    file_rows: int = 0


class BenchSettings(Settings):
    """What was asked.

    Attributes:
        engine: The one that computed, such as `onnxruntime f32`.
        unit: What sizes are counted in: `rows` of a batch, or `cells` of one medium.
        warm_up: Calls of each pair of threads and size before those that count.
    """

    backend: str
    precision: str
    engine: str
    threads: tuple[int, ...]
    sizes: tuple[int, ...]
    unit: str
    limit_s: float
    warm_up: int

    @property
    def one(self) -> str:
        """The unit in the singular."""
        return singular(self.unit)


class FirstAnswer(Settings):
    """Seconds from the start of a process to its first answer; medians of processes.

    Attributes:
        engine: What computed it: for one input, `auto` does not try OpenVINO.
        import_s: Interpreter and libraries.
        load_s: Bundle checked, graph opened in the engine.
        run_s: One answer: of the file, decoding included, or of one generated row.
        peak_bytes: The most memory of such a process; None where the system does not tell.
    """

    engine: str
    import_s: float
    load_s: float
    run_s: float
    total_s: float
    peak_bytes: int | None
    processes: int


class Reading(Settings):
    """Seconds of the answer to a file: medians of `turns`.

    Attributes:
        decode_s: Decoding and preprocessing: all before the network's last call that is not the network.
        network_s: The network.
        answer_s: From the last output to the answer.
        items: Answers to the file.
    """

    decode_s: float
    network_s: float
    answer_s: float
    items: int
    turns: int


class Latency(Settings):
    """Calls of one pair of threads and size.

    Attributes:
        p95_s: 95th percentile; None for fewer than `P95_CALLS` calls.
        per_s: Rows or cells a second, by the median.
        peak_share: Multiply-adds a second, by the median, over those of the fastest large matrix product of
            the same engine and threads in the same turns; None if one of the two is not known.
    """

    threads: int
    size: int
    calls: int
    median_s: float
    p95_s: float | None
    per_s: float
    peak_share: float | None = None


class Memory(Settings):
    """The most memory of a process that loads the bundle and computes one batch of this size."""

    size: int
    peak_bytes: int


class Work(Settings):
    """Multiply-adds of a batch.

    Attributes:
        not_counted: Operators that are left out, because their multiply-adds are not known.
    """

    size: int
    multiply_adds: int
    not_counted: tuple[str, ...] = ()


class ProductRate(Settings):
    """Multiply-adds a second of a large matrix product."""

    threads: int
    multiply_adds_per_s: float


class BenchReport(Settings):
    """All that was measured of a bundle on one machine.

    Attributes:
        busy: Processes that wanted a core in the minute before, for each core; None if that is not known.
        skipped: What did not fit into the time or memory, a sentence each.
        seconds: Of all measurements.
    """

    kind: Literal["affekt bench"] = "affekt bench"
    format: Literal[1] = FORMAT
    bundle: BundleFacts
    machine: dict[str, str | int | tuple[str, ...]]
    versions: dict[str, str]
    settings: BenchSettings
    input: InputFacts
    first_answer: FirstAnswer | None
    reading: Reading | None = None
    latency: tuple[Latency, ...]
    memory: tuple[Memory, ...]
    work: tuple[Work, ...]
    product: tuple[ProductRate, ...]
    busy: float | None
    skipped: tuple[str, ...]
    seconds: float

    def save(self, file: Path) -> None:
        """Write the report as JSON.

        Raises:
            UsageError: The place cannot be written.
        """
        write_text(file, json.dumps(self.model_dump(mode="json"), indent=1) + "\n", error=UsageError)


def read_report(file: Path) -> BenchReport:
    """A report that `save` wrote.

    Raises:
        UsageError: The file does not exist, or is no such report.
    """
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not JSON"
        raise UsageError(f"{file} cannot be read: {reason}") from None
    if not isinstance(values, dict) or values.get("kind") != "affekt bench":
        raise UsageError(f"{file} is not a report of affekt bench: write one with --save")
    if values.get("format") != FORMAT:
        raise UsageError(
            f"{file} has format {values.get('format')!r}, and this affekt reads {FORMAT}: "
            "measure both with one version of affekt"
        )
    report, problems = validate(BenchReport, values)
    if report is None:
        raise UsageError("\n  ".join([f"{file} cannot be used", *problems]))
    return report
