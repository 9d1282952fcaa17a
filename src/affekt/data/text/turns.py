"""What data sets of words share: their form, files of parts, times of turns, and what is reported of them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Split
from affekt.core.wording import count
from affekt.media.text.clean import plain_words
from affekt.report.wording import some

SHORT_S, LONG_S = 0.1, 30.0  # a turn of subtitles hardly lasts less or more
_CLOCK = re.compile(r"(?:(?:(\d{1,9}):)?(\d{1,2}):)?(\d{1,9}(?:[.,]\d+)?)")

# Words for the parts in file names, and the parts that they name.
PARTS: Mapping[str, Split] = {"train": "train", "dev": "validation", "test": "test"}


def words_of(cell: object) -> str:
    """The words of a cell in this form; empty for None.

    Nothing is stripped before: U+0085 counts as a blank, but in older editions it stands for three dots.
    """
    return plain_words(str(cell)) if cell is not None else ""


def seconds_of(text: str | None) -> float | None:
    """A time such as `0:16:16,059`, `00:16:16.059`, `16:16` or `976.059` in seconds; None if it is not one.

    Example:
        >>> seconds_of("0:16:16,059"), seconds_of("976.5"), seconds_of("soon")
        (976.059, 976.5, None)
    """
    found = _CLOCK.fullmatch((text or "").strip())
    if found is None:
        return None
    hours, minutes, seconds = found.groups()
    return round(3600 * int(hours or 0) + 60 * int(minutes or 0) + float(seconds.replace(",", ".")), 6)


def span_of(start: str | None, end: str | None) -> tuple[float, float] | None:
    """Start and end in seconds; None where one is not a time, or the end is before the start."""
    one, other = seconds_of(start), seconds_of(end)
    return (one, other) if one is not None and other is not None and one <= other else None


def name_in(labels: LabelSet, word: str | None) -> str | None:
    """The label that a word is in any case; None if it is none of them."""
    by_word = {name.casefold(): name for name in labels.names}
    return by_word.get((word or "").strip().casefold())


def files_of_parts(folders: Iterable[Path], names: Sequence[str]) -> dict[str, Path]:
    """The file of each part in the first folder that has any.

    Args:
        names: File names with `{}` for the word of a part, the preferred one first.
    """
    for folder in folders:
        for name in names:
            found = {
                part: folder / name.format(part) for part in PARTS if (folder / name.format(part)).is_file()
            }
            if found:
                return found
    return {}


def absent_parts(found: Iterable[str]) -> list[str]:
    """A sentence about parts of which there is no file."""
    missing = [part for part in PARTS if part not in set(found)]
    return [f"no file of the {' and the '.join(missing)} part was found"] if missing else []


def strange_times(spans: Mapping[str, tuple[float, float] | None]) -> list[str]:
    """Sentences about turns, by id, without times and with implausible durations."""
    without = [name for name, span in spans.items() if span is None]
    lengths = {name: span[1] - span[0] for name, span in spans.items() if span is not None}
    short = [f"{name} ({length:.3g} s)" for name, length in lengths.items() if length <= SHORT_S]
    long = [f"{name} ({length:.3g} s)" for name, length in lengths.items() if length > LONG_S]
    found = [
        f"{count(names, 'turn')} of {what}, such as {some(names)}: their times are doubtful"
        for names, what in ((short, f"{SHORT_S:g} s or less"), (long, f"more than {LONG_S:g} s"))
        if names
    ]
    if without and lengths:
        found.append(
            f"{count(without, 'turn')} without a start and an end in seconds, such as {some(without)}"
        )
    return found


def shared_people(samples: Iterable[Sample], *, why: str) -> list[str]:
    """A sentence about speakers who are in several parts.

    Args:
        why: What the published split keeps apart.
    """
    seen: dict[str, set[str]] = defaultdict(set)
    lines: Counter[str] = Counter()
    for sample in samples:
        if sample.split and sample.speaker:
            seen[sample.split].add(person_of(sample))
            lines[person_of(sample)] += 1
    pairs = [(one, other) for one, other in combinations(seen, 2) if "train" in (one, other)]
    shared = [
        (other if one == "train" else one, seen[one] & seen[other])
        for one, other in pairs
        if seen[one] & seen[other]
    ]
    if not shared:
        return []
    most = [name for name, _ in lines.most_common() if any(name in people for _, people in shared)]
    parts = ", ".join(f"{len(people)} of {len(seen[part])} speakers of {part}" for part, people in shared)
    return [
        f"{parts} also speak in train, such as {some(most)}: {why}, so scores do not hold for new speakers"
    ]


def person_of(sample: Sample) -> str:
    """Who speaks, over all dialogues: the fact `person` where speakers are named within a dialogue only."""
    person = sample.facts.get("person")
    return person if isinstance(person, str) else sample.speaker or ""
