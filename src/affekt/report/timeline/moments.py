"""Moments and segments of an answer in words: which ones matter, with times and scores as text."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from affekt.core.answers.prediction import Moment, Prediction
from affekt.core.segment import Segment
from affekt.metrics.localization import is_salient, segments_from_attention


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive salient moments with the same most likely label.

    Attributes:
        score: Mean probability of the label over the stretch.
    """

    start_s: float
    end_s: float
    label: str
    score: float

    def __str__(self) -> str:
        return f"{self.label} {percent(self.score)}"


def key_spans(prediction: Prediction) -> tuple[np.ndarray, np.ndarray]:
    """The spans (m, 2) in seconds on which an answer is based, and their weights (m,).

    For a localization answer: its segments and their scores. Otherwise: runs of salient moments and their
    mean attention.
    """
    if prediction.segments is not None:
        spans = np.array([(segment.start_s, segment.end_s) for segment in prediction.segments], float)
        return spans.reshape(-1, 2), np.array([confidence(segment) for segment in prediction.segments], float)
    spans = np.array([(moment.start_s, moment.end_s) for moment in prediction.moments], float)
    return segments_from_attention(attention_of(prediction), spans.reshape(-1, 2))


def stretches(prediction: Prediction) -> list[Stretch]:
    """Runs of salient moments with one most likely label, in order of time; none if attention is zero."""
    groups: list[list[Moment]] = []
    before: Moment | None = None
    for moment, salient in zip(prediction.moments, is_salient(attention_of(prediction)), strict=True):
        if salient:
            if before is not None and likeliest(before) == likeliest(moment):
                groups[-1].append(moment)
            else:
                groups.append([moment])
        before = moment if salient else None
    return [
        Stretch(
            group[0].start_s,
            group[-1].end_s,
            likeliest(group[0]),
            float(np.mean([moment.scores[likeliest(moment)] for moment in group])),
        )
        for group in groups
    ]


def without_overlaps(segments: Iterable[Segment]) -> list[Segment]:
    """Of overlapping segments of one label, keep the one with the highest score; the first of equal ones.

    Subtitles and annotation tiers show one segment of a label at a time. The result is in order of time.

    Example:
        >>> joy, less = Segment(0.0, 4.0, "joy", 0.9), Segment(3.0, 6.0, "joy", 0.5)
        >>> [one.label for one in without_overlaps([less, joy, Segment(3.0, 6.0, "fear", 0.4)])]
        ['joy', 'fear']
    """
    kept: dict[str, list[Segment]] = {}
    for segment in sorted(segments, key=confidence, reverse=True):
        same = kept.setdefault(segment.label, [])
        place = bisect(same, segment.start_s, key=lambda other: other.start_s)
        if place and same[place - 1].end_s > segment.start_s:
            continue
        if place < len(same) and same[place].start_s < segment.end_s:
            continue
        same.insert(place, segment)
    return sorted((one for same in kept.values() for one in same), key=lambda one: (one.start_s, one.end_s))


def confidence(segment: Segment) -> float:
    """The score of a segment; infinite for an annotated one, which has no score."""
    return math.inf if segment.score is None else segment.score


def scored(segment: Segment) -> str:
    """Label and score; not in percent, because the score ranks segments and is not a probability.

    Example:
        >>> scored(Segment(0.0, 4.0, "joy", 0.6249)), scored(Segment(0.0, 4.0, "joy"))
        ('joy 0.62', 'joy')
    """
    return segment.label if segment.score is None else f"{segment.label} {segment.score:z.2f}"


def attention_of(prediction: Prediction) -> np.ndarray:
    """Attention of each moment: (s,)."""
    return np.array([moment.attention for moment in prediction.moments], float)


def likeliest(moment: Moment) -> str:
    """The label with the highest score; the first of equal ones."""
    return max(moment.scores, key=lambda name: moment.scores[name])


def percent(share: float | None) -> str:
    """A share in percent, empty if there is none; rounding never gives 0 or 100 % for other values.

    Example:
        >>> percent(0.812), percent(0.9999), percent(0.0001), percent(1.0)
        ('81 %', '>99 %', '<1 %', '100 %')
    """
    if share is None:
        return ""
    if 0.995 <= share < 1:
        return ">99 %"
    if 0 < share < 0.005:
        return "<1 %"
    return f"{100 * share:.0f} %"


def clock(seconds: float, *, places: int = 0) -> str:
    """A time in the notation of media players.

    Args:
        places: Decimals of the seconds.

    Example:
        >>> clock(9.64), clock(9.64, places=1), clock(59.99), clock(3725.0)
        ('0:10', '0:09.6', '1:00', '1:02:05')
    """
    units = round(seconds * 10**places)
    whole, rest = divmod(units, 10**places)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    text = f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
    return f"{text}.{rest:0{places}d}" if places else text
