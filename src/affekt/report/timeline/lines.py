"""Scores of labels over time, as lines of which the telling ones are strong and named at their end."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from affekt.report.timeline.parts import COLORS, WIDTH, Places, color_of, corners, svg, tag, text

ENDS = 8  # labels that fit beside the lines
_END_GAP = 10.5  # between two of them, in percent of the plot's height
_LEVELS = ((0, "100 %", ""), (50, "50 %", ""), (100, "0 %", " floor"))


def lines(
    x: Sequence[float],
    scores: Mapping[str, Sequence[float]],
    strong: Collection[str],
    places: Places,
    *,
    label: str,
    behind: str = "",
) -> str:
    """A line for each label.

    Args:
        x: In units of the drawing.
        scores: In [0, 1], one for each x.
        label: The same in words.
        behind: What is drawn before the lines.
    """
    drawn = behind + "".join(f'<line x1="0" x2="{WIDTH}" y1="{y}" y2="{y}"/>' for y in (0, 50, 100))
    ends = {}
    for name in sorted(scores, key=lambda name: name in strong):
        y = [100 * (1 - score) for score in scores[name]]
        look = " ".join(
            word
            for word, applies in (("leads", name in strong), ("dashed", places[name] >= COLORS))
            if applies
        )
        drawn += (
            f'<polyline class="{look}" style="{color_of(name, places)}" '
            f'points="{corners(zip(x, y, strict=True))}"/>'
        )
        if name in strong:
            ends[name] = y[-1]
    names = "".join(
        f'<span class="end" style="top: {y:.1f}%; {color_of(name, places)}">{text(name)}</span>'
        for name, y in _apart(ends).items()
    )
    levels = "".join(
        f'<span class="level{kind}" style="top: {y}%">{share}</span>' for y, share, kind in _LEVELS
    )
    return svg(drawn, height=100, label=label) + levels + names


def _apart(ends: Mapping[str, float]) -> dict[str, float]:
    """Heights for names beside line ends, in percent, moved so that they do not cover each other."""
    names = sorted(ends, key=lambda name: ends[name])
    heights: list[float] = []
    for name in names:
        heights.append(max(ends[name], heights[-1] + _END_GAP if heights else ends[name]))
    limit = 100.0
    for number in reversed(range(len(heights))):
        heights[number] = min(heights[number], limit)
        limit = heights[number] - _END_GAP
    return dict(zip(names, heights, strict=True))


def legend(names: Sequence[str], places: Places) -> str:
    """Names of the strong lines, where there is no method at their ends."""
    return f'<ul class="legend">{"".join(f"<li>{tag(name, places)}</li>" for name in names)}</ul>'
