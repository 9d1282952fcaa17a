"""Scores of labels over time, as lines of which the telling ones are strong and named at their end."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from affekt.report.timeline.parts import COLORS, Places, corners

ENDS = 8  # labels that fit beside the lines
_END_GAP = 10.5  # between two of them, in percent of the plot's height


def describe_lines(
    x: Sequence[float],
    scores: Mapping[str, Sequence[float]],
    strong: Collection[str],
    places: Places,
    *,
    words: str,
    behind: str = "",
) -> dict[str, Any]:
    """A line for each label.

    Args:
        x: In units of the drawing.
        scores: In [0, 1], one for each x.
        words: The same in words.
        behind: The corners of a shape that is drawn before the lines.
    """
    drawn: list[dict[str, str]] = []
    ends: dict[str, float] = {}
    for label in sorted(scores, key=lambda label: label in strong):
        y = [100 * (1 - score) for score in scores[label]]
        kinds = ["leads"] * (label in strong) + ["dashed"] * (places[label] >= COLORS)
        drawn.append({"label": label, "kind": " ".join(kinds), "points": corners(zip(x, y, strict=True))})
        if label in strong:
            ends[label] = y[-1]
    return {"words": words, "behind": behind, "drawn": drawn, "ends": _apart(ends)}


def _apart(ends: Mapping[str, float]) -> list[tuple[str, float]]:
    """Heights for names beside line ends, in percent, moved so that they do not cover each other."""
    names = sorted(ends, key=lambda name: ends[name])
    heights: list[float] = []
    for name in names:
        heights.append(max(ends[name], heights[-1] + _END_GAP if heights else ends[name]))
    limit = 100.0
    for number in reversed(range(len(heights))):
        heights[number] = min(heights[number], limit)
        limit = heights[number] - _END_GAP
    return list(zip(names, heights, strict=True))
