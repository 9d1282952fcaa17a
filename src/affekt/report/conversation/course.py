"""The emotional course of each speaker: a lane of bars over time, or over turns where there are no times."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, NamedTuple

from affekt.core.answers.prediction import Prediction
from affekt.core.wording import count as how_many
from affekt.report.colors.labels import LabelColors
from affekt.report.conversation.lines import Conversation, labels_of, score_of, verdict
from affekt.report.timeline.moments import clock
from affekt.report.timeline.parts import WIDTH, Scale, time_axis

LANES = 12  # speakers that are drawn: those with the most lines
BARS = 150  # lines of a lane that are drawn one by one; with more, all lanes are counted in stretches
_STRETCHES = 50  # of a lane that is counted
_TICKS = 8
_THINNEST = 3.5  # units of the drawing: a bar that can be seen and clicked


class _Place(NamedTuple):
    """A line and its stretch on the axis."""

    number: int
    start: float
    end: float
    line: Prediction


def describe_course(conversation: Conversation, colors: LabelColors) -> dict[str, Any] | None:
    """Values for the figure; None for a single line, and for lines that are no conversation.

    Lines without dialogue, turn and time are in no order, so that they have no course.
    """
    lines = conversation.lines
    is_ordered = conversation.name is not None or all(line.turn is not None for line in lines)
    if len(lines) < 2 or not (is_ordered or conversation.has_times):
        return None
    placed, unit = _placed(conversation)
    scale = Scale((min(place.start for place in placed), max(place.end for place in placed)))
    speakers = Counter(place.line.speaker or None for place in placed)
    # The lanes in order of first appearance, whatever the number of lines.
    drawn = {name for name, _ in speakers.most_common(LANES)}
    is_counted = any(number > BARS for number in speakers.values())
    lanes = [
        _lane(
            name,
            [place for place in placed if (place.line.speaker or None) == name],
            scale,
            colors,
            is_counted=is_counted,
        )
        for name in speakers
        if name in drawn
    ]
    return {
        "axis": time_axis(scale) if unit == "time" else _number_axis(scale),
        "unit": unit,
        "lanes": lanes,
        "undrawn": len(speakers) - len(lanes),
        "counted_in": _stretch_in_words(scale, unit) if is_counted else "",
    }


def _placed(conversation: Conversation) -> tuple[list[_Place], str]:
    """Lines with their stretches of the axis, and what the axis counts: `time`, `turn` or `line`."""
    lines = conversation.lines
    if conversation.has_times:
        spans = [line.span_s or (0.0, 0.0) for line in lines]
        return [
            _Place(n, *span, line) for n, (span, line) in enumerate(zip(spans, lines, strict=True), 1)
        ], "time"
    turns = [line.turn for line in lines if line.turn is not None]
    unit = "turn" if len(set(turns)) == len(lines) else "line"
    numbers = turns if unit == "turn" else range(1, len(lines) + 1)
    placed = [
        _Place(n, number - 0.5, number + 0.5, line)
        for n, (number, line) in enumerate(zip(numbers, lines, strict=True), 1)
    ]
    return placed, unit


def _lane(
    speaker: str | None, placed: Sequence[_Place], scale: Scale, colors: LabelColors, *, is_counted: bool
) -> dict[str, Any]:
    counts = Counter(name for place in placed for name in labels_of(place.line))
    each = ", ".join(f"{number} {name}" for name, number in counts.most_common(5))
    return {
        "speaker": speaker,
        "said": how_many(placed, "line"),
        "words": f"{speaker or 'all lines'}: {how_many(placed, 'line')}; {each or 'no label'}",
        "bars": [] if is_counted else [bar for place in placed for bar in _bars(place, scale)],
        "stacks": _stacks(placed, scale, colors) if is_counted else [],
    }


def _bars(place: _Place, scale: Scale) -> Iterator[dict[str, Any]]:
    """A bar for each label of a line, as high as its score; several labels share the width."""
    start, end = scale.x(place.start), scale.x(place.end)
    width = max(end - start, _THINNEST)
    start = min(start, WIDTH - width)
    names = labels_of(place.line)
    for number, name in enumerate(names):
        score = score_of(place.line, name)
        height = 100 * min(max(1.0 if score is None else score, 0.02), 1.0)
        yield {
            "number": place.number,
            "label": name,
            "x": round(start + number * width / len(names), 1),
            "y": round(100 - height, 1),
            "width": round(max(width / len(names), 1.0), 1),
            "height": round(height, 1),
            "words": verdict(place.line),
        }


def _stacks(placed: Sequence[_Place], scale: Scale, colors: LabelColors) -> list[tuple[str, str]]:
    """For each label the shape of its shares; in each stretch of the axis they add up to the height."""
    counts: list[Counter[str]] = [Counter() for _ in range(_STRETCHES)]
    for place in placed:
        middle = scale.share((place.start + place.end) / 2)
        counts[min(int(middle * _STRETCHES / 100), _STRETCHES - 1)].update(labels_of(place.line))
    width = WIDTH / _STRETCHES
    shapes: dict[str, list[str]] = {}
    for number, found in enumerate(counts):
        top, total = 100.0, found.total()
        for name in sorted(found, key=lambda name: colors[name].place):
            height = 100 * found[name] / total
            top -= height
            shapes.setdefault(name, []).append(
                f"M{number * width:.1f},{top:.1f}h{width:.1f}v{height:.1f}h-{width:.1f}z"
            )
    return [(name, "".join(shapes[name])) for name in sorted(shapes, key=lambda name: colors[name].place)]


def _stretch_in_words(scale: Scale, unit: str) -> str:
    length = scale.length / _STRETCHES
    if unit == "time":
        return clock(length, places=1 if length < 10 else 0)
    return f"{math.ceil(length)} {unit}s"


def _number_axis(scale: Scale) -> list[tuple[float, str]]:
    """Round numbers: their positions in percent of the width, and their text."""
    sizes = (size * 10**power for power in count(0) for size in (1, 2, 5))
    step = next(size for size in sizes if scale.length / size <= _TICKS)
    # The first and the last number are half a unit from the ends of the axis.
    first, last = math.ceil(scale.start), math.floor(scale.end)
    numbers = list(range(-(-first // step) * step, last + 1, step))
    if not numbers or numbers[0] != first:
        numbers.insert(0, first)
    return [(scale.share(float(number)), str(number)) for number in numbers]
