"""Scores of labels over time as curves; the most relevant ones are strong and named at their end."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from affekt.report.colors.labels import LabelColors
from affekt.report.line_ends import spread
from affekt.report.timeline.parts import corners

ENDS = 8  # labels that fit beside the curves
_END_GAP = 10.5  # between two labels, in percent of the plot's height


def describe_curves(
    x: Sequence[float],
    scores: Mapping[str, Sequence[float]],
    strong: Collection[str],
    colors: LabelColors,
    *,
    words: str,
    behind: str = "",
) -> dict[str, Any]:
    """Values for the macro `curves`: a line for each label.

    Args:
        x: In units of the drawing.
        scores: In [0, 1], one for each x.
        strong: Labels with a strong line.
        words: The content in words, for screen readers.
        behind: Corners of a shape that is drawn behind the lines.
    """
    drawn: list[dict[str, str]] = []
    ends: dict[str, float] = {}
    for label in sorted(scores, key=lambda label: label in strong):
        y = [100 * (1 - score) for score in scores[label]]
        kinds = ["strong"] * (label in strong) + ["dashed"] * (colors[label].striped)
        drawn.append({"label": label, "kind": " ".join(kinds), "points": corners(zip(x, y, strict=True))})
        if label in strong:
            ends[label] = y[-1]
    return {"words": words, "behind": behind, "drawn": drawn, "ends": _apart(ends)}


def _apart(ends: Mapping[str, float]) -> list[tuple[str, float]]:
    """Heights of the names at line ends, in percent from the top, moved apart so that they do not overlap."""
    names = sorted(ends, key=lambda name: ends[name])
    return list(zip(names, spread([ends[name] for name in names], _END_GAP, 0.0, 100.0), strict=True))
