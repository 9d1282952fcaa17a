"""Outcomes of cases, and their table."""

from collections import Counter
from dataclasses import dataclass

KINDS = ("clean error", "answer", "foreign traceback", "NaN", "hang", "memory", "signal")
ACCEPTED = KINDS[:2]


@dataclass(frozen=True)
class Outcome:
    """What became of a case.

    Attributes:
        kind: One of `KINDS`.
        case: `READER:NUMBER`.
        detail: What was raised, and where; or the limit that was passed.
    """

    kind: str
    case: str
    detail: str = ""

    @property
    def reader(self) -> str:
        return self.case.rpartition(":")[0]


def table(outcomes: list[Outcome]) -> str:
    """Cases per reader and kind, as Markdown."""
    counts = Counter((one.reader, one.kind) for one in outcomes)
    readers = list(dict.fromkeys(one.reader for one in outcomes))
    lines = [f"| reader | files | {' | '.join(KINDS)} |", "| --- |" + " ---: |" * (len(KINDS) + 1)]

    def row(name: str, numbers: list[int]) -> str:
        return f"| {name} | {sum(numbers)} | {' | '.join(map(str, numbers))} |"

    lines += [row(reader, [counts[reader, kind] for kind in KINDS]) for reader in sorted(readers)]
    lines.append(row("all", [sum(one.kind == kind for one in outcomes) for kind in KINDS]))
    return "\n".join(lines)
