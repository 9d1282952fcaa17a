"""Lines of a data set by part, and words for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from affekt.core.sample import Sample
from affekt.core.task import Task
from affekt.data.text.turns import person_of
from affekt.report.wording import UNASSIGNED

ORDER = ("train", "validation", "test", UNASSIGNED)


class TextLine(NamedTuple):
    """A sample with words. `labels` are those under which it is counted; empty if it is not annotated."""

    id: str
    text: str
    labels: frozenset[str]
    dialogue: str | None
    turn: int | None
    speaker: str | None


def lines_by_part(samples: Sequence[Sample], task: Task) -> dict[str, list[TextLine]]:
    """Samples with words in the usual order of the parts."""
    found: dict[str, list[TextLine]] = {}
    for sample in samples:
        text = sample.media.get("text")
        if isinstance(text, str):
            labels = frozenset(task.classes_of(sample)) if task.has_classes else frozenset[str]()
            speaker = person_of(sample) or None
            line = TextLine(sample.id, text, labels, sample.dialogue, sample.turn, speaker)
            found.setdefault(sample.split or UNASSIGNED, []).append(line)
    return {part: found[part] for part in ORDER if part in found}
