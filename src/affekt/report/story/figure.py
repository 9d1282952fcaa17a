"""A figure of a timeline: a lane for each person and modality, over one axis of time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from affekt.core.labels import emotion_of
from affekt.core.timeline.timeline import Timeline
from affekt.report.colors.labels import LabelColors
from affekt.report.colors.scheme import HOVER, INK, PAPER, SECOND, SOFT
from affekt.report.story.disagreement import Disagreement, disagreements
from affekt.report.story.lanes import Lane, lanes_of
from affekt.report.story.stretches import Stretch, at_most, covered, joined
from affekt.report.style import styled
from affekt.report.timeline.parts import Scale, time_axis

DRAWN = 1500  # bands of a lane: finer than a figure shows
_HEIGHT, _FIRST = 0.62, 0.86  # of a lane, and of the first one of a person
_WEAKEST = 0.18  # opacity of a band of no confidence


@styled
def draw_story(
    timeline: Timeline, *, width: float = 10.0, title: str | None = None, dark: bool = False
) -> Figure:
    """Draw the lanes of a timeline; those of a part of it come from `Timeline.filter`.

    Colours are labels, and stronger with confidence. Hatched stretches are unsure, dashed ones were not seen
    or heard, and marks above a lane are disagreements of modalities.

    Args:
        width: In inches; the height follows from the number of lanes.
        title: By default the name of the medium.
        dark: For dark pages.
    """
    lanes = [lane for lane in lanes_of(timeline) if lane.answers] if timeline.medium.duration_s else []
    apart = disagreements(timeline, lanes_of(timeline))
    figure = Figure(figsize=(width, 1.5 + 0.36 * max(len(lanes), 1)), layout="constrained")
    axes = figure.subplots()
    colors = LabelColors(
        _canonical(one.label) for lane in lanes for one in lane.stretches if one.kind != "unsure"
    )
    for number, lane in enumerate(lanes):
        is_first = number == 0 or lanes[number - 1].person != lane.person
        marks = [it for it in apart if it.person == lane.person] if is_first else []
        _draw_lane(axes, timeline, lane, number, colors, marks, dark=dark)
        if is_first and number:
            axes.axhline(number - 0.5, color=SOFT[dark], linewidth=0.6)
    axes.set(xlim=(0, timeline.medium.duration_s or 1), ylim=(max(len(lanes), 1) - 0.5, -0.6))
    axes.set_yticks(range(len(lanes)), [_name(lanes, number) for number in range(len(lanes))])
    scale = Scale((0.0, timeline.medium.duration_s or 1.0))
    ticks = time_axis(scale)
    axes.set_xticks([share / 100 * scale.length for share, _ in ticks], [text for _, text in ticks])
    axes.grid(visible=False, axis="y")
    axes.set_title(PurePath(timeline.medium.path).name if title is None else title)
    for cut, _ in timeline.shots[1:] if len(timeline.shots) < 200 else ():
        axes.axvline(cut, color=SOFT[dark], linewidth=0.5, alpha=0.5)
    if lanes:
        _draw_legend(axes, colors, has_unsure=_has_unsure(lanes), dark=dark)
    else:
        what = "nothing was found" if timeline.medium.duration_s else "a picture has no course over time"
        axes.text(0.5, 0.5, what, transform=axes.transAxes, ha="center", color=SOFT[dark])
    return figure


def _draw_lane(
    axes: Axes,
    timeline: Timeline,
    lane: Lane,
    number: int,
    colors: LabelColors,
    marks: Sequence[Disagreement],
    *,
    dark: bool,
) -> None:
    height = _FIRST if lane.modality == "fused" else _HEIGHT
    low = number - height / 2
    for it in timeline.missing:
        if it.modality == lane.modality and it.start_s is not None:
            end = timeline.medium.duration_s if it.end_s is None else it.end_s
            axes.broken_barh(
                [(it.start_s, end - it.start_s)],
                (low, height),
                facecolors="none",
                edgecolors=SOFT[dark],
                linestyles="dashed",
                linewidths=0.7,
                zorder=0.9,  # under the answers of those who have one meanwhile
            )
    # The ground of the lane hides the frames of what is missing where there are answers.
    for start, end in covered((one.start_s, one.end_s) for one in lane.answers):
        axes.broken_barh([(start, end - start)], (low, height), facecolors=PAPER[dark], zorder=1)
    by_look: dict[tuple[str, float], list[tuple[float, float]]] = {}
    for one in joined(at_most(joined(lane.answers, levels=10), DRAWN), levels=10):
        by_look.setdefault(_look(one), []).append((one.start_s, one.duration_s))
    for (label, opacity), stretches in by_look.items():
        if label:
            shade = colors[label]
            axes.broken_barh(
                stretches,
                (low, height),
                facecolors=shade.dark if dark else shade.light,
                alpha=opacity,
                linewidths=0,
                hatch="////" if shade.striped else None,
                edgecolors=HOVER[dark],
                zorder=2,
            )
        else:
            axes.broken_barh(
                stretches,
                (low, height),
                facecolors=HOVER[dark],
                edgecolors=SOFT[dark],
                hatch="/////",
                linewidths=0,
                zorder=2,
            )
    if marks:
        axes.broken_barh(
            [(it.start_s, it.end_s - it.start_s) for it in marks], (low - 0.14, 0.09), color=SECOND[dark]
        )


def _look(one: Stretch) -> tuple[str, float]:
    """Label and opacity; without a label for what is unsure."""
    if one.kind == "unsure":
        return "", 1.0
    strength = 1.0 if one.confidence is None else min(max(one.confidence, 0.0), 1.0)
    return _canonical(one.label), round(_WEAKEST + (1 - _WEAKEST) * strength, 1)


def _draw_legend(axes: Axes, colors: LabelColors, *, has_unsure: bool, dark: bool) -> None:
    handles = [
        Patch(
            facecolor=shade.dark if dark else shade.light,
            hatch="////" if shade.striped else None,
            edgecolor=HOVER[dark],
            linewidth=0,
            label=name,
        )
        for name, shade in colors.items()
    ]
    if has_unsure:
        handles.append(
            Patch(facecolor=HOVER[dark], edgecolor=SOFT[dark], hatch="/////", linewidth=0, label="unsure")
        )
    axes.get_figure(root=True).legend(  # type: ignore[reportOptionalMemberAccess]
        handles=handles,
        loc="outside lower left",
        ncols=8,
        labelcolor=INK[dark],
        handlelength=1.2,
    )


def _has_unsure(lanes: Sequence[Lane]) -> bool:
    return any(one.kind == "unsure" for lane in lanes for one in lane.answers)


def _name(lanes: Sequence[Lane], number: int) -> str:
    """The modality, with the person in the first lane of each."""
    lane = lanes[number]
    is_first = number == 0 or lanes[number - 1].person != lane.person
    return f"{lane.who}  {lane.modality}" if is_first else lane.modality


def _canonical(label: str) -> str:
    return emotion_of(label) or label
