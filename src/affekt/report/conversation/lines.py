"""Lines of a conversation: their dialogues and speakers, their times, and their answers in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from affekt.core.answers.prediction import Prediction
from affekt.core.errors import UsageError
from affekt.core.sample import Sample
from affekt.core.task import find_task
from affekt.core.wording import count
from affekt.report.timeline.moments import percent
from affekt.report.wording import printable


@dataclass(frozen=True)
class Conversation:
    """The answers to one dialogue.

    Attributes:
        name: None if the input states no dialogue.
        lines: In the order of their turns.
    """

    name: str | None
    lines: tuple[Prediction, ...]

    @cached_property
    def speakers(self) -> tuple[str, ...]:
        """Who speaks, in order of first appearance; lines without a speaker are left out."""
        return tuple(dict.fromkeys(line.speaker for line in self.lines if line.speaker))

    @cached_property
    def has_times(self) -> bool:
        """Whether all lines have times."""
        return bool(self.lines) and all(line.span_s is not None for line in self.lines)

    @property
    def span_s(self) -> tuple[float, float]:
        """Start of the first line and end of the last one; (0, 0) without times."""
        spans = [line.span_s for line in self.lines if line.span_s is not None]
        return min((start for start, _ in spans), default=0.0), max((end for _, end in spans), default=0.0)

    def said_by(self, speaker: str | None) -> Sequence[Prediction]:
        """Lines of a speaker; of None, those without one."""
        return self._by_speaker.get(speaker, ())

    @cached_property
    def _by_speaker(self) -> dict[str | None, list[Prediction]]:
        found: dict[str | None, list[Prediction]] = {}
        for line in self.lines:
            found.setdefault(line.speaker or None, []).append(line)
        return found


def is_conversation(predictions: Sequence[Prediction]) -> bool:
    """Whether the answers are to words, and not to a clip over time that also has words."""
    return bool(predictions) and all(
        one.text is not None and not one.moments and one.segments is None for one in predictions
    )


def conversations(predictions: Sequence[Prediction]) -> list[Conversation]:
    """The dialogues in order of first appearance, each in the order of its turns, if all lines state them."""
    found: dict[str | None, list[Prediction]] = {}
    for one in predictions:
        found.setdefault(one.dialogue, []).append(one)
    for lines in found.values():
        turns = [line.turn for line in lines if line.turn is not None]
        if len(turns) == len(lines):
            lines.sort(key=lambda line: line.turn or 0)
    return [Conversation(name, tuple(lines)) for name, lines in found.items()]


def check_timed(path: Path, lines: Iterable[Sample | Prediction]) -> None:
    """Refuse lines that subtitles and ELAN documents cannot hold. Samples can be checked before predicting.

    Raises:
        UsageError: Lines have no times, end before they start, or are of several dialogues.
    """
    lines = list(lines)
    if untimed := [line.id for line in lines if line.span_s is None]:
        raise UsageError(
            f"{path}: {path.suffix} shows lines at their times, but {len(untimed)} of "
            f"{count(lines, 'line')} {'has' if len(untimed) == 1 else 'have'} none (first: {untimed[0]}). "
            "Subtitles state times, and tables in columns for start and end. Without times, write "
            ".csv, .jsonl or .html"
        )
    for line in lines:
        start, end = line.span_s or (0.0, 0.0)
        if not 0 <= start <= end:
            raise UsageError(
                f"{path}: {line.id} is said from {start:g} s to {end:g} s, which {path.suffix} cannot hold: "
                "correct its times, or write .csv, .jsonl or .html"
            )
    names = list(dict.fromkeys(line.dialogue for line in lines))
    if len(names) > 1:
        raise UsageError(
            f"{path}: {path.suffix} holds one conversation, but the lines are of {len(names)} dialogues, "
            f"each with its own clock ({', '.join(str(name) for name in names[:3])}"
            f"{', ...' if len(names) > 3 else ''}): name one file, or write .csv, .jsonl or .html"
        )


def in_time(lines: Iterable[Prediction]) -> list[tuple[float, float, Prediction]]:
    """Start, end and answer of lines with times, in order of their start."""
    timed = [(*line.span_s, line) for line in lines if line.span_s is not None]
    return sorted(timed, key=lambda one: one[:2])


def labels_of(line: Prediction) -> tuple[str, ...]:
    """The label of a line; of answers with several labels, those above their thresholds, perhaps none."""
    return line.labels if has_several(line) else (line.label,)


def has_several(line: Prediction) -> bool:
    """Whether a line can have several labels at once, or none."""
    # The name of a task of several heads begins with that of the first one, whose answer this is.
    return find_task(line.task.partition("+")[0]).has_several


def verdict(line: Prediction) -> str:
    """Labels with their scores.

    Example: `joy 62 %`, for several labels `joy 62 %, surprise 51 %`, or `no label`.
    """
    return (
        ", ".join(f"{name} {percent(score_of(line, name))}".strip() for name in labels_of(line)) or "no label"
    )


def score_of(line: Prediction, label: str) -> float | None:
    """The score of a label; the confidence of the answer's own label."""
    return line.confidence if label == line.label else line.scores.get(label)


def one_line(text: object) -> str:
    """Words with single spaces, without line ends and characters that cannot be shown."""
    return " ".join(printable(text).split())
