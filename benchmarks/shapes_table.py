"""Scores of vaanet and cten on moving shapes, by modality, and localization of events by their attention.

    python benchmarks/shapes_table.py [--runs DIR] [--only NAME ...] [--epochs N --clips N --output DIR]

In this generated corpus the picture expresses valence and the sound arousal. Networks are trained with the
recipes of the methods and tested on subjects that were not in training. The true events are not used in
training; they are compared with the segments that attention selects. Finished runs in `--runs` are reused.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from timing import as_table, machine, write_report

from affekt.core.answers.prediction import Prediction
from affekt.core.recipe import Recipe
from affekt.core.sample import Sample
from affekt.data.open import open_dataset
from affekt.deploy.load import load
from affekt.engine.train import train
from affekt.evaluation.evaluate import evaluate
from affekt.invented.moving_shapes.corpus import AROUSED, LABELS
from affekt.metrics.intervals import score_intervals, units_of
from affekt.metrics.localization import THRESHOLDS, Segments, mean_average_precision
from affekt.report.colors.scheme import ACCENT, INK, SECOND
from affekt.report.style import styled

OUTPUT = Path(__file__).parent / "results"
DRAWS = 200  # random positions of the reference segment
STRIPS = 4  # test clips in the figure: the first of each emotion, not selected by the prediction
FRAMES = 8  # frames of a clip in the figure
PALE = "#8b93a1"
POSITIVE = tuple(name for name in LABELS.names if LABELS.polarity_of(name) == "positive")
# Classes that are merged in each score: none, by polarity, by arousal.
GROUPINGS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "accuracy": tuple((name,) for name in LABELS.names),
    "polarity": (POSITIVE, tuple(name for name in LABELS.names if name not in POSITIVE)),
    "arousal": (AROUSED, tuple(name for name in LABELS.names if name not in AROUSED)),
}


@dataclass(frozen=True)
class Variant:
    """A row of the table: the recipe of a method with changes."""

    method: str
    takes: str
    overrides: tuple[str, ...] = ()
    note: str = ""

    @property
    def title(self) -> str:
        """Name in the table."""
        return f"{self.method}, {self.takes}{f', {self.note}' if self.note else ''}"


REFERENCE_START = "initialized as in the reference"  # attention and non-local blocks start as random mixtures
VARIANTS: Mapping[str, Variant] = {
    "vaanet": Variant("vaanet", "picture + sound", ("config.streams=visual+audio",)),
    "vaanet-visual": Variant("vaanet", "picture", ("config.streams=visual",)),
    "vaanet-audio": Variant("vaanet", "sound", ("config.streams=audio",)),
    "cten": Variant("cten", "picture + sound"),
    "cten-visual": Variant("cten", "picture", ("config.streams=visual",)),
    "vaanet-mixed": Variant("vaanet", "picture + sound", ("config.even_attention=false",), REFERENCE_START),
    "cten-mixed": Variant(
        "cten",
        "picture + sound",
        ("config.even_attention=false", "config.local_start=false"),
        REFERENCE_START,
    ),
    "cten-whole": Variant("cten", "picture + sound", ("config.erase=false",), "no erasing"),
}
COLORS = {"vaanet": ACCENT.light, "cten": SECOND.light}


@dataclass(frozen=True)
class Result:
    """Results of one network.

    Attributes:
        scores: Accuracy and its interval, by grouping.
        localization: Average precision by tIoU, and their mean.
        shown: Predictions for the clips in the figure.
    """

    variant: Variant
    scores: Mapping[str, tuple[float, tuple[float, float]]]
    localization: Mapping[str, float]
    shown: Sequence[Prediction]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=Path, help="folder of runs; default: temporary")
    parser.add_argument("--only", choices=VARIANTS, action="append", help="may be repeated")
    parser.add_argument("--epochs", type=int, help="number of epochs, for a quick test")
    parser.add_argument("--clips", type=int, help="number of clips, for a quick test")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder of table and figure")
    options = parser.parse_args()
    changes = [
        *([f"train.epochs={options.epochs}"] if options.epochs else []),
        *([f"data.options.clips={options.clips}"] if options.clips else []),
    ]
    chosen = {name: VARIANTS[name] for name in options.only or VARIANTS}
    recipes = {name: recipe_of(variant, changes) for name, variant in chosen.items()}
    data = next(iter(recipes.values())).data
    tests = [s for s in open_dataset(data.name, None, data.options).samples if s.split == "test"]
    drawn = first_of_each(tests)
    with tempfile.TemporaryDirectory() as folder:
        runs = options.runs or Path(folder)
        found = [result_of(chosen[name], recipe, runs, drawn) for name, recipe in recipes.items()]
    references = {"the whole clip": whole(tests), "a random position": random_position(tests)}
    quick = f" A quick test, with {', '.join(changes)}." if changes else ""
    write_report(options.output / "shapes.md", report(found, references, tests, quick))
    draw(found, references, drawn, options.output / "shapes.png")


def recipe_of(variant: Variant, changes: Sequence[str]) -> Recipe:
    """The recipe of the method with the changes of a variant."""
    return Recipe.load([f"{variant.method}/moving_shapes"], [*variant.overrides, *changes])


def result_of(variant: Variant, recipe: Recipe, runs: Path, drawn: Sequence[Sample]) -> Result:
    """Train and evaluate, or read the results of an earlier call."""
    run = train(recipe, runs=runs, resume=True, progress=True)
    folder = run.evaluation("test")
    if not (folder / "predictions.csv").is_file():
        folder = evaluate(run.path).folder
    with (folder / "predictions.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    localization = json.loads((folder / "scores.json").read_text())["localization"]
    shown = [answer for answer in load(run.path).predict(drawn) if isinstance(answer, Prediction)]
    return Result(variant, scores_by_grouping(rows), localization, shown)


def scores_by_grouping(rows: Sequence[Mapping[str, str]]) -> dict[str, tuple[float, tuple[float, float]]]:
    """Accuracy of each grouping, with an interval over subjects."""
    found = {}
    subjects = [row["subject"] for row in rows]
    for name, classes in GROUPINGS.items():
        place = {label: number for number, group in enumerate(classes) for label in group}
        truth, predicted = (np.array([place[row[key]] for row in rows]) for key in ("true", "predicted"))
        intervals = score_intervals(truth, predicted, len(classes), subjects)
        found[name] = (float((truth == predicted).mean()), intervals.ranges["accuracy"])
    return found


# ---- localization


def events_of(sample: Sample) -> np.ndarray:
    """True events (m, 2) in seconds."""
    return np.array([(event.start_s, event.end_s) for event in sample.segments or ()])


def duration_of(sample: Sample) -> float:
    """Duration of a clip in seconds."""
    return float(sample.media["video"].end_s)


def whole(samples: Sequence[Sample]) -> dict[str, float]:
    """Localization scores if the whole clip is selected."""
    return localization_of(samples, np.array([(0.0, duration_of(sample)) for sample in samples]))


def random_position(samples: Sequence[Sample]) -> dict[str, float]:
    """Localization scores of a segment of the mean event length at a random position: mean of many draws."""
    rng = np.random.default_rng(0)
    length = float(np.mean([np.diff(events_of(sample), axis=1).mean() for sample in samples]))
    latest = np.array([duration_of(sample) for sample in samples]) - length
    starts = rng.uniform(0.0, latest, (DRAWS, len(samples)))
    each = [localization_of(samples, np.stack([row, row + length], axis=1)) for row in starts]
    return {key: float(np.mean([one[key] for one in each])) for key in each[0]}


def localization_of(samples: Sequence[Sample], spans_s: np.ndarray) -> dict[str, float]:
    """Localization scores of one segment per clip, with equal scores."""
    truths = {sample.id: Segments(events_of(sample)) for sample in samples}
    found = {
        sample.id: Segments(span[None], np.ones(1)) for sample, span in zip(samples, spans_s, strict=True)
    }
    return mean_average_precision(found, truths)


# ---- the table


def report(
    found: Sequence[Result],
    references: Mapping[str, Mapping[str, float]],
    tests: Sequence[Sample],
    quick: str,
) -> list[str]:
    """Lines of the Markdown file."""
    subjects = len({sample.subject for sample in tests})
    units = units_of(len(tests), [sample.subject for sample in tests])
    keys = [*(f"{threshold:g}" for threshold in THRESHOLDS), "mean"]
    right = [(one.variant.title, *(cell(*one.scores[name]) for name in GROUPINGS)) for one in found]
    when = [
        *((one.variant.title, one.localization) for one in found if one.localization),
        *((f"reference: {name}", values) for name, values in references.items()),
    ]
    return [
        f"Moving shapes, test split: {len(tests)} clips of {subjects} subjects that were not in training; "
        f"95 % intervals {units.note or 'over subjects'}.{quick} {machine()}",
        "",
        "The picture expresses polarity (joy and trust against anger and sadness), the sound arousal (joy "
        "and anger against trust and sadness); each is independent of the other.",
        "",
        *as_table(("network", "accuracy", "polarity", "arousal"), right),
        "",
        "Localization: average precision of the segments that attention selects, against the true events, by "
        "temporal IoU. Networks were trained on labels of whole clips. References do not use the media: one "
        "segment per clip, with equal scores; the segment at a random position has the mean length of "
        f"events, mean of {DRAWS} draws.",
        "",
        *as_table(
            ("segments of", *(f"{key}" if key == "mean" else f"tIoU {key}" for key in keys)),
            [(name, *(f"{values[key]:.3f}" for key in keys)) for name, values in when],
        ),
        "",
        "![accuracy by modality, average precision, and attention of some test clips](shapes.png)",
    ]


def cell(value: float, span: tuple[float, float]) -> str:
    """A share with its interval."""
    return f"{value:.3f} ({span[0]:.3f} to {span[1]:.3f})"


# ---- the figure


def first_of_each(samples: Sequence[Sample]) -> list[Sample]:
    """The first clip of each emotion, each of another subject if there are enough."""
    drawn: list[Sample] = []
    for label in LABELS.names[:STRIPS]:
        own = [sample for sample in samples if sample.label == label]
        seen = {sample.subject for sample in drawn}
        drawn.append(next((sample for sample in own if sample.subject not in seen), own[0]))
    return drawn


@styled
def draw(
    found: Sequence[Result],
    references: Mapping[str, Mapping[str, float]],
    drawn: Sequence[Sample],
    path: Path,
) -> None:
    """Accuracy by modality, average precision over tIoU, and attention with true events."""
    timed = [one for one in found if one.shown and one.shown[0].moments]
    heights = max(0.4 * len(found) + 1.9, 3.1), 2 * (0.3 * len(timed) + 1.4)
    figure = Figure(figsize=(11, sum(heights) + 0.3), layout="constrained")
    grid = figure.add_gridspec(2, 1, height_ratios=heights, hspace=0.08)
    upper = figure.add_subfigure(grid[0])
    lower = figure.add_subfigure(grid[1])
    left, right = upper.subplots(1, 2, width_ratios=(1.45, 1))
    draw_accuracy(left, found)
    draw_precision(right, found, references)
    lower.suptitle(
        "Attention in the first test clip of each emotion; framed: the true event, not used in training",
        fontsize=10,
        x=0.01,
        ha="left",
    )
    for number, (axes, sample) in enumerate(zip(lower.subplots(2, 2).flat, drawn, strict=True)):
        draw_attention(axes, timed, number, sample, names=number % 2 == 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def draw_accuracy(axes: Axes, found: Sequence[Result]) -> None:
    """A row per network: all four emotions with an interval, and polarity and arousal separately."""
    y = np.arange(len(found))
    colors = [COLORS[one.variant.method] for one in found]
    value, span = zip(*(one.scores["accuracy"] for one in found), strict=True)
    low, high = 100 * np.array(span).T
    axes.hlines(y, low, high, colors=colors, linewidth=5, alpha=0.28)
    axes.scatter(100 * np.array(value), y, c=colors, s=62, zorder=3)
    for name, marker, color in (("polarity", "<", "#b07d00"), ("arousal", ">", "#0a8d6b")):
        points = [100 * one.scores[name][0] for one in found]
        axes.scatter(points, y - 0.24, marker=marker, s=30, c=color, zorder=3, label=name)
    axes.scatter([], [], c=PALE, s=62, label="all four emotions")
    for chance, text in ((25, "chance"), (50, "one dimension known,\nor chance of one")):
        axes.axvline(chance, color=PALE, linewidth=0.8, linestyle=":", zorder=0)
        axes.annotate(
            text,
            (chance, 0),
            (3, 3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            fontsize=7,
            color=PALE,
        )
    axes.set_yticks(y, [one.variant.title for one in found])
    axes.set(xlim=(0, 103), ylim=(len(found) - 0.1, -0.6), xlabel="accuracy on test subjects, %")
    axes.set_title("Accuracy by modality", fontsize=10, loc="left")
    axes.tick_params(length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.legend(
        frameon=False,
        fontsize=8,
        ncols=3,
        loc="upper left",
        bbox_to_anchor=(-0.02, -0.17),
        handletextpad=0.2,
        columnspacing=1.2,
    )


def draw_precision(
    axes: Axes, found: Sequence[Result], references: Mapping[str, Mapping[str, float]]
) -> None:
    """Average precision over temporal IoU, references in grey."""
    styles = {"picture + sound": "-", "picture": "--", "sound": ":"}
    for one in found:
        if not one.localization:
            continue
        whole_clips = bool(one.variant.note)
        axes.plot(
            THRESHOLDS,
            [one.localization[f"{threshold:g}"] for threshold in THRESHOLDS],
            color=COLORS[one.variant.method],
            linestyle=styles[one.variant.takes],
            marker="o",
            markersize=4,
            markerfacecolor="white" if whole_clips else None,
            alpha=0.6 if whole_clips else 1.0,
            label=one.variant.title,
            clip_on=False,
        )
    for (name, values), style in zip(references.items(), ("-", "--"), strict=True):
        axes.plot(
            THRESHOLDS,
            [values[f"{threshold:g}"] for threshold in THRESHOLDS],
            color=PALE,
            linestyle=style,
            linewidth=1.2,
            label=name,
            clip_on=False,
            zorder=1,
        )
    axes.set(ylim=(0, 1), xlabel="threshold of temporal IoU", xticks=THRESHOLDS)
    axes.set_title("Localization: average precision of key segments", fontsize=10, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=7.5, loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)


def draw_attention(axes: Axes, found: Sequence[Result], number: int, sample: Sample, *, names: bool) -> None:
    """Frames of a clip, and a strip per network: attention over time, relative to its maximum."""
    duration = duration_of(sample)
    pixels = sample.media["video"].pixels
    edges = np.linspace(0, duration, FRAMES + 1)
    for shown, start, end in zip(range(FRAMES), edges[:-1], edges[1:], strict=True):
        frame = pixels[int((shown + 0.5) / FRAMES * len(pixels))]
        axes.imshow(frame, extent=(start, end, 0.5, -0.95), aspect="auto", interpolation="bicubic")
    for row, one in enumerate(found, 1):
        answer = one.shown[number]
        attention = np.array([moment.attention for moment in answer.moments])
        axes.pcolormesh(
            [moment.start_s for moment in answer.moments] + [answer.moments[-1].end_s],
            [row - 0.36, row + 0.36],
            (attention / (attention.max() or 1.0))[None],
            cmap="Blues" if one.variant.method == "vaanet" else "Oranges",
            vmin=0,
            vmax=1.15,  # the darkest tones would hide the frame
        )
        if answer.label != sample.label:
            axes.text(duration * 1.015, row, f"predicted {answer.label}", va="center", fontsize=7.5)
    for start, end in events_of(sample):
        axes.add_patch(
            Rectangle((start, -1.04), end - start, len(found) + 1.54, fill=False, edgecolor=INK.light, lw=1.6)
        )
    axes.grid(visible=False)
    axes.set(xlim=(0, duration), ylim=(len(found) + 0.6, -1.15))
    rows = ["", *(one.variant.title if names else "" for one in found)]
    axes.set_yticks(range(len(rows)), rows, fontsize=8)
    axes.set_title(f"{sample.label} ({sample.subject})", fontsize=9, loc="left")
    axes.xaxis.set_major_formatter("{x:g} s")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


if __name__ == "__main__":
    main()
