"""A figure of words: lengths, turns, repeated lines and speakers by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from affekt.core.wording import counted
from affekt.report.colors.scheme import LINE
from affekt.report.save import save_figure
from affekt.report.style import PARTS, styled
from affekt.report.wording import printable

SPEAKERS = 10  # with most lines


@styled
def draw_text(description: Mapping[str, Any], path: Path) -> None:
    """Draw the description of `describe_text` to a PNG; panels without content are left out."""
    parts = description["parts"]
    panels = [_draw_words]
    if any(part["dialogues"] for part in parts.values()):
        panels.append(_draw_turns)
    if description["repeated"]["seen"]:
        panels.append(_draw_seen)
    if any(part["speakers"] for part in parts.values()):
        panels.append(_draw_speakers)
    rows, columns = (2, 2) if len(panels) == 4 else (1, len(panels))
    figure = Figure(figsize=(5.4 * columns, 3.7 * rows), layout="constrained")
    grid: Sequence[Axes] = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for axes, draw in zip(grid, panels, strict=True):
        draw(axes, description)
    save_figure(figure, path, dpi=130)


def _draw_words(axes: Axes, description: Mapping[str, Any]) -> None:
    for name, part in description["parts"].items():
        _draw_shares(axes, part["lengths"], name, f"{name}, {counted(part['lines'], 'line')}")
    axes.set(
        title="Words of a line",
        xlabel="words, at least",
        ylabel="share of lines",
        xscale="log",
        ylim=(0, 1.02),
    )
    axes.set_xticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
    axes.minorticks_off()
    axes.legend()


def _draw_turns(axes: Axes, description: Mapping[str, Any]) -> None:
    for name, part in description["parts"].items():
        if part["dialogues"]:
            _draw_shares(axes, part["turn_counts"], name, f"{name}, {part['dialogues']} dialogues")
    axes.set(
        title="Turns of a dialogue", xlabel="turns, at least", ylabel="share of dialogues", ylim=(0, 1.02)
    )
    axes.legend()


def _draw_shares(axes: Axes, histogram: Sequence[Sequence[int]], name: str, label: str) -> None:
    """The share of items that have at least a number."""
    values, counts = np.array(histogram).T
    shares = counts[::-1].cumsum()[::-1] / counts.sum()
    axes.step(values, shares, where="pre", color=PARTS[name], label=label)


def _draw_seen(axes: Axes, description: Mapping[str, Any]) -> None:
    seen = description["repeated"]["seen"]
    places = np.arange(len(seen))
    shares = [100 * part["lines"] / part["of"] for part in seen]
    same = [100 * part["agree"] / part["of"] for part in seen]
    bars = axes.bar(places, shares, 0.5, color=LINE.light, label="another label")
    axes.bar(
        places,
        same,
        0.5,
        color=[PARTS[part["part"]] for part in seen],
        label="the label they mostly have there",
    )
    axes.bar_label(
        bars, [f"{counted(part['lines'], 'line')}, {part['agree']} agree" for part in seen], fontsize=8
    )
    axes.set(
        title="Lines whose words are also in train", ylabel="% of the part", ylim=(0, 1.4 * max([*shares, 1]))
    )
    axes.legend(loc="upper left")
    axes.set_xticks(places, [part["part"] for part in seen])
    axes.set_xlim(-0.7, len(seen) - 0.3)


def _draw_speakers(axes: Axes, description: Mapping[str, Any]) -> None:
    parts = description["parts"]
    lines = {name: dict(part["lines_by_speaker"]) for name, part in parts.items()}
    total: dict[str, int] = {}
    for found in lines.values():
        for speaker, number in found.items():
            total[speaker] = total.get(speaker, 0) + number
    shown = sorted(total, key=lambda speaker: -total[speaker])[:SPEAKERS]
    places = np.arange(len(shown))[::-1]
    left = np.zeros(len(shown))
    for name, found in lines.items():
        widths = np.array([found.get(speaker, 0) for speaker in shown])
        axes.barh(places, widths, left=left, color=PARTS[name])
        left += widths
    axes.set_yticks(places, [_short(speaker) for speaker in shown], fontsize=8)
    more = len(total) - len(shown)
    axes.set(title="Speakers" + (f", and {more} more" if more else ""), xlabel="lines")


def _short(name: str) -> str:
    name = printable(name)
    return name if len(name) <= 18 else f"{name[:16]}..."
