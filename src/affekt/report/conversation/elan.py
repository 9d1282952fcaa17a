"""The answers to the lines of a conversation as an ELAN document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from affekt.core.answers.prediction import Prediction
from affekt.core.wording import count
from affekt.report.annotations.eaf import Tier, write_tiers
from affekt.report.annotations.rows import in_rows
from affekt.report.conversation.lines import (
    Conversation,
    check_timed,
    conversations,
    in_time,
    labels_of,
    one_line,
    score_of,
)

# Start and end in seconds, and the answer.
_Timed = tuple[float, float, Prediction]


def write_eaf(path: Path, predictions: Sequence[Prediction]) -> None:
    """Write an ELAN document with tiers for each speaker, named as ELAN users name them: `label@Ana`.

    `Ana` holds her words at their times. `label@Ana` and `confidence@Ana` hold the answers, linked to the
    words by symbolic association; `notes@Ana` the limitations of a line, where there are any. Without
    speakers the tier is `words`.

    Annotations of a tier must not overlap in ELAN. A line that overlaps an earlier one of the same speaker
    keeps its times and goes to a further tier, `Ana (2)`. A line of no duration is given a millisecond.

    Raises:
        UsageError: Lines have no times, or are of several dialogues.
    """
    check_timed(path, predictions)
    conversation = conversations(predictions)[0]
    sources = dict.fromkeys(line.provenance for line in conversation.lines)
    facts = {
        "method": ", ".join(dict.fromkeys(source.method for source in sources)),
        "weights_sha256": ", ".join(dict.fromkeys(source.weights_sha256 for source in sources)),
        "modality": conversation.lines[0].modality,
        **({"dialogue": conversation.name} if conversation.name else {}),
        "lines": count(conversation.lines, "line"),
    }
    write_tiers(path, _tiers(conversation), facts=facts)


def _tiers(conversation: Conversation) -> Iterator[Tier]:
    taken: set[str] = set()
    for speaker in (*conversation.speakers, None):
        for number, lane in enumerate(in_rows(in_time(conversation.said_by(speaker))), 1):
            wanted = (speaker or "words") + (f" ({number})" if number > 1 else "")
            yield _tier(_free(one_line(wanted), taken), speaker or "", lane)


def _tier(name: str, speaker: str, lane: Sequence[_Timed]) -> Tier:
    lines = [line for _, _, line in lane]
    linked: dict[str, list[str | None]] = {
        f"label@{name}": [", ".join(labels_of(line)) or None for line in lines],
        f"confidence@{name}": [_scores(line) for line in lines],
    }
    if any(line.notes for line in lines):
        linked[f"notes@{name}"] = ["; ".join(line.notes) or None for line in lines]
    return Tier(name, [(start, end, line.text or "") for start, end, line in lane], speaker, linked)


def _scores(line: Prediction) -> str | None:
    scores = [score_of(line, name) for name in labels_of(line)]
    return ", ".join(f"{score:.2f}" for score in scores if score is not None) or None


def _free(name: str, taken: set[str]) -> str:
    """A name such that neither its tier nor the tiers linked to it have the name of another."""
    number, found = 1, name
    while not taken.isdisjoint(_names(found)):
        number += 1
        found = f"{name} [{number}]"
    taken.update(_names(found))
    return found


def _names(tier: str) -> set[str]:
    return {tier, f"label@{tier}", f"confidence@{tier}", f"notes@{tier}"}
