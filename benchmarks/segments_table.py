"""TSL-Net on long shapes: by modality, by the sign of the contrastive term, by annotation errors of points.

    python benchmarks/segments_table.py [--store DIR --runs DIR] [--only NAME ...] [--seeds N] [--output DIR]

The corpus is generated: events of 6 to 25 s in videos of 3 to 6 minutes, a third of them visible, a third
audible, a third both. It is encoded as video and sound files first (`--store`), features are computed from
these, and networks are trained on points with the annotation errors of TSL-300. They are tested on subjects
that were not in training, and compared with answers without a network and with a classifier of sliding
windows on the same features and points. Finished runs in `--runs` are reused.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from timing import as_table, machine, write_report

from affekt.core.dataset import Corpus
from affekt.core.recipe import Recipe
from affekt.core.sample import Localized, Sample
from affekt.data.open import open_dataset
from affekt.data.prepare.clip import annotated
from affekt.data.prepare.prepare import prepare
from affekt.data.store.index import CLIPS, ClipEntry, read_index, write_index
from affekt.deploy.load import load
from affekt.deploy.runtime.predictor import Predictor
from affekt.engine.splits import part
from affekt.engine.train import train
from affekt.engine.weights.convert import convert
from affekt.evaluation.evaluate import evaluate
from affekt.metrics.detection import TSL_THRESHOLDS, detection_intervals, detection_scores
from affekt.metrics.intervals import units_of
from affekt.metrics.proposals import suppress
from affekt.metrics.segments import Segments
from affekt.report.colors.labels import LabelColors
from affekt.report.colors.scheme import ACCENT, INK, SECOND
from affekt.report.style import styled
from affekt.tasks.localization.task import localize

OUTPUT = Path(__file__).parent / "results"
DATA = "long_shapes"
PALE = "#8b93a1"
FAR_S = 15.0  # least distance from any point of background windows of the classifier
WINDOWS_S = (6.0, 10.0, 16.0, 24.0)  # lengths of sliding windows
OVERLAP = 0.5  # tIoU above which non-maximum suppression removes a window
SHOWN = 2  # test videos in the figure


@dataclass(frozen=True)
class Variant:
    """A row of the table: the recipe of the method with changes, and the error rate of points."""

    title: str
    overrides: tuple[str, ...] = ()
    recipe: str = "tsl_net/long_shapes"
    point_noise: float = 1.0

    @property
    def sees(self) -> bool:
        """Whether it needs a frame encoder."""
        return self.recipe != "tsl_net/long_shapes_audio"


VARIANTS: Mapping[str, Variant] = {
    "both": Variant("picture + sound"),
    "video": Variant("picture", recipe="tsl_net/long_shapes_video"),
    "audio": Variant("sound", recipe="tsl_net/long_shapes_audio"),
    "reference-sign": Variant(
        "picture + sound, sign of the contrastive term as in the reference",
        ("config.contrast_sign=reference",),
    ),
    "no-contrast": Variant("picture + sound, no contrastive term", ("config.loss.contrast=0.0",)),
    "clean": Variant("picture + sound, no annotation errors", point_noise=0.0),
    "noisy": Variant("picture + sound, twice the annotation errors", point_noise=2.0),
}


@dataclass(frozen=True)
class Row:
    """Results of one detector: scores of each seed, and an interval of the mAP of the first seed."""

    title: str
    scores: Sequence[Mapping[str, float]]
    interval: tuple[float, float]

    def mean(self, name: str) -> float:
        """A score, mean over seeds."""
        return float(np.mean([one.get(name, np.nan) for one in self.scores]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--store", type=Path, help="folder of encoded videos; default: temporary")
    parser.add_argument("--runs", type=Path, help="folder of runs; default: temporary")
    parser.add_argument("--only", choices=VARIANTS, action="append", help="may be repeated")
    parser.add_argument("--seeds", type=int, default=1, help="number of trainings of each row")
    parser.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        help="a=b, a change of the recipes, for a quick test",
    )
    parser.add_argument("--videos", type=int, help="number of videos, for a quick test")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="folder of table and figure")
    options = parser.parse_args()
    chosen = {name: VARIANTS[name] for name in options.only or VARIANTS}
    with tempfile.TemporaryDirectory() as folder:
        stores = Stores(options.store or Path(folder) / "store", options.videos)
        runs = options.runs or Path(folder) / "runs"
        rows = [row_of(variant, stores, runs, options.changes, options.seeds) for variant in chosen.values()]
        recipe, root = recipe_of(VARIANTS["both"], stores, options.changes, seed=0), stores.at(1.0)
        corpus = open_dataset(DATA, root, recipe.data.options)
        parts = part(corpus.samples, recipe.split)
        run = train(recipe, data_root=root, runs=runs, weights=[encoder_of(runs)], resume=True)
        predictor = load(run.path)
        references = references_of(parts.train, parts.test, corpus, predictor)
        shown = [(sample, localize(predictor, sample)) for sample in parts.test[:SHOWN]]
        quick = f" A quick test: {', '.join(options.changes)}." if options.changes or options.videos else ""
        write_report(
            options.output / "segments.md", report(rows, references, parts.test, options.seeds, quick)
        )
        draw(rows, references, shown, corpus, options.output / "segments.png")


# ---- data


class Stores:
    """Stores of the encoded corpus: one for each error rate of points, with the same media files."""

    def __init__(self, root: Path, videos: int | None) -> None:
        self.root = root
        whole = Recipe.load([VARIANTS["both"].recipe]).data.options
        self.options: dict[str, Any] = {**whole, **({"videos": videos} if videos else {})}

    def at(self, point_noise: float) -> Path:
        """The store with an error rate of points."""
        plain = self.root / "1"
        prepare(DATA, plain, options=self.options, on_item=print_progress)
        if point_noise == 1.0:
            return plain
        other = self.root / f"{point_noise:g}"
        if not other.is_dir():
            self._copy_with_points(plain, other, point_noise)
        return other

    def _copy_with_points(self, plain: Path, other: Path, point_noise: float) -> None:
        (other / CLIPS).mkdir(parents=True)
        for file in (plain / CLIPS).iterdir():
            os.link(file, other / CLIPS / file.name)
        index = read_index(plain)
        chosen = {**index.header.options, "point_noise": point_noise}
        samples = {sample.id: sample for sample in open_dataset(DATA, None, chosen).samples}
        entries: tuple[ClipEntry, ...] = tuple(annotated(entry, samples[entry.id]) for entry in index.entries)
        header = index.header.model_copy(update={"options": chosen})
        write_index(other, index.model_copy(update={"header": header, "entries": entries}))


def print_progress(done: int, total: int) -> None:
    """Print the progress of encoding, every ten videos."""
    if done % 10 == 0:
        print(f"encoded {done} of {total} videos", flush=True)


def recipe_of(variant: Variant, stores: Stores, changes: Sequence[str], *, seed: int) -> Recipe:
    """The recipe of the method with the changes of a variant."""
    data = {**stores.options, "point_noise": variant.point_noise}
    return Recipe.load(
        [variant.recipe],
        [
            *variant.overrides,
            *(f"data.options.{key}={value}" for key, value in data.items()),
            f"seed={seed}",
            *changes,
        ],
    )


def encoder_of(runs: Path) -> Path:
    """A frame encoder that was trained on short clips of moving shapes, which have other labels."""
    folder = runs / "encoder"
    if not folder.is_dir():
        recipe = Recipe.load(["vaanet/moving_shapes"], ["config.streams=visual"])
        run = train(recipe, runs=runs, resume=True)
        convert("tsl_net", run.best / "model.safetensors", folder)
    return folder


def row_of(variant: Variant, stores: Stores, runs: Path, changes: Sequence[str], seeds: int) -> Row:
    """Train and evaluate, or read the results of an earlier call."""
    scores: list[dict[str, float]] = []
    intervals: list[tuple[float, float]] = []
    root = stores.at(variant.point_noise)
    weights = [encoder_of(runs)] if variant.sees else []
    for seed in range(seeds):
        recipe = recipe_of(variant, stores, changes, seed=seed)
        run = train(recipe, data_root=root, runs=runs, weights=weights, resume=True)
        folder = run.evaluation("test")
        if not (folder / "predictions.csv").is_file():
            folder = evaluate(run.path, data_root=root).folder
        document = json.loads((folder / "scores.json").read_text())
        scores.append(document["scores"])
        intervals.append(tuple(document["intervals"]["map"]))
        print(f"{variant.title}, seed {seed}: mAP {scores[-1]['map']:.3f}  {run.path}", flush=True)
    return Row(variant.title, scores, intervals[0])


# ---- answers without a network, and sliding windows


def references_of(
    training: Sequence[Sample], tests: Sequence[Sample], corpus: Corpus, predictor: Predictor
) -> list[Row]:
    """All neutral, the whole video, and a classifier of windows on the features of the network."""
    names = corpus.labels.names
    truths = {sample.id: Segments.of(sample.segments or ()) for sample in tests}
    durations = {sample.id: float(sample.facts["duration_s"]) for sample in tests}
    whole = {
        name: Segments(np.array([[0.0, length]] * len(names)), np.ones(len(names)), np.array(names))
        for name, length in durations.items()
    }
    windows = sliding(training, tests, corpus, predictor)
    subjects = {sample.id: sample.subject for sample in tests}
    return [
        scored("all neutral", {}, truths, names, subjects),
        scored("the whole video, both classes", whole, truths, names, subjects),
        scored("sliding windows, logistic regression", windows, truths, names, subjects),
    ]


def scored(
    title: str,
    found: Mapping[str, Segments],
    truths: Mapping[str, Segments],
    names: Sequence[str],
    subjects: Mapping[str, str | None],
) -> Row:
    """A row of a detector without seeds."""
    scores = detection_scores(found, truths, labels=names).to_dict()
    intervals = detection_intervals(found, truths, labels=names, subjects=subjects)
    return Row(title, [scores], intervals.ranges["map"])


def sliding(
    training: Sequence[Sample], tests: Sequence[Sample], corpus: Corpus, predictor: Predictor
) -> dict[str, Segments]:
    """Windows of several lengths, by a classifier trained on windows around points and far from points."""
    names = corpus.labels.names
    rows: list[np.ndarray] = []
    classes: list[int] = []
    rng = np.random.default_rng(0)
    for sample in training:
        cells, cell_s = features_of(sample, predictor)
        places = [point.time_s for point in sample.points]
        for point in sample.points:
            rows.append(window(cells, cell_s, point.time_s - WINDOWS_S[0] / 2, WINDOWS_S[0]))
            classes.append(names.index(point.label))
        free = [t for t in np.arange(0, len(cells) * cell_s - WINDOWS_S[0], 2.0).tolist() if _far(t, places)]
        for start_s in rng.permutation(free)[: 2 * len(places)]:
            rows.append(window(cells, cell_s, float(start_s), WINDOWS_S[0]))
            classes.append(len(names))
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=2000)
    )
    model.fit(np.stack(rows), classes)
    return {sample.id: slide(sample, predictor, model, names) for sample in tests}


def slide(sample: Sample, predictor: Predictor, model: Any, names: Sequence[str]) -> Segments:
    """Windows of one video by decreasing probability, after non-maximum suppression."""
    cells, cell_s = features_of(sample, predictor)
    end_s = len(cells) * cell_s
    spans = [
        (start, min(start + length, end_s))
        for length in WINDOWS_S
        for start in np.arange(0, max(end_s - length, 0) + 1e-6, length / 4).tolist()
    ]
    chances = model.predict_proba(np.stack([window(cells, cell_s, a, b - a) for a, b in spans]))
    found: list[tuple[tuple[float, float], float, str]] = []
    for label, name in enumerate(names):
        kept = suppress(np.array(spans), chances[:, label], overlap=OVERLAP)
        found += [(spans[place], float(chances[place, label]), name) for place in kept.tolist()]
    places, scores, labels = zip(*found, strict=True)
    return Segments(np.array(places), np.array(scores), np.array(labels))


def features_of(sample: Sample, predictor: Predictor) -> tuple[np.ndarray, float]:
    """Features of each cell, (t, d), and the duration of a cell.

    Features are mean and standard deviation of mel rows and the features of the encoder, and all of these
    minus their median over the video.
    """
    network: Any = predictor.network
    preprocess: Any = predictor.preprocess
    rows: list[np.ndarray] = []
    for part_ in preprocess.parts(sample):
        heard = part_["logmel"]
        middle = heard[:, heard.shape[1] // 3 : 2 * heard.shape[1] // 3]  # a cell without its neighbours
        seen = network.encode(part_[network.encoded])
        rows.append(np.concatenate([middle.mean(axis=1), middle.std(axis=1), seen], axis=1))
    cells = np.concatenate(rows)
    cells = np.concatenate([cells, cells - np.median(cells, axis=0)], axis=1)
    return cells, 16 / float(sample.facts["rate_hz"])


def window(cells: np.ndarray, cell_s: float, start_s: float, length_s: float) -> np.ndarray:
    """Mean of the cells of a window."""
    first = max(0, round(start_s / cell_s))
    return cells[first : max(first + 1, round((start_s + length_s) / cell_s))].mean(axis=0)


def _far(start_s: float, places: Sequence[float]) -> bool:
    return all(place < start_s - FAR_S or place > start_s + WINDOWS_S[0] + FAR_S for place in places)


# ---- the table


def report(
    rows: Sequence[Row], references: Sequence[Row], tests: Sequence[Sample], seeds: int, quick: str
) -> list[str]:
    """Lines of the Markdown file."""
    columns = (
        *((f"mAP@{threshold:g}", f"map@{threshold:g}") for threshold in TSL_THRESHOLDS[::2]),
        ("AP negative", "ap/negative"),
        ("AP positive", "ap/positive"),
        ("recall", "recall"),
        ("TSL Recall", "tsl_recall"),
        ("TSL F2", "tsl_f2"),
    )
    segments = sum(len(sample.segments or ()) for sample in tests)
    length = sum(float(sample.facts["duration_s"]) for sample in tests) / 60
    each = "one training each" if seeds == 1 else f"means of {seeds} trainings each"
    return [
        f"Written by `make segments-table SEEDS={seeds}`. Long shapes, test split: {len(tests)} videos, "
        f"{length:.0f} minutes, {segments} events, of subjects that were not in training; {each}; "
        f"95 % intervals {over(tests)}.{quick} {machine()}",
        "",
        "mAP: mean average precision over both classes and tIoU 0.1, 0.15, 0.2, 0.25, 0.3. Networks are "
        "trained on points with the annotation errors of TSL-300, unless a row states another rate. Settings "
        "of both modalities together and of each alone were chosen by validation mAP; the rows below these "
        "have the settings of both. TSL Recall and F2 are the authors' means over ranks.",
        "",
        *as_table(
            (
                "detector",
                "mAP",
                "mAP of each training (interval of the first)",
                *(name for name, _ in columns),
            ),
            [
                (
                    row.title,
                    f"**{row.mean('map'):.3f}**",
                    each_map(row),
                    *(f"{row.mean(name):.3f}" for _, name in columns),
                )
                for row in (*rows, *references)
            ],
        ),
        "",
        "![mAP of each, average precision over tIoU, and curves of two test videos](segments.png)",
    ]


def over(tests: Sequence[Sample]) -> str:
    """The units of the intervals, as in `evaluate`."""
    units = units_of(len(tests), [sample.subject for sample in tests], items="videos")
    return units.note or f"over {'subjects' if units.over == 'subjects' else 'videos'}"


def each_map(row: Row) -> str:
    """The mAP of each seed, the first with its interval."""
    first, *others = (f"{one['map']:.3f}" for one in row.scores)
    low, high = row.interval
    return ", ".join((f"{first} ({low:.3f} to {high:.3f})", *others))


# ---- the figure


@styled
def draw(
    rows: Sequence[Row],
    references: Sequence[Row],
    shown: Sequence[tuple[Sample, Localized]],
    corpus: Corpus,
    path: Path,
) -> None:
    """Scores with intervals, precision over tIoU, and class curves of some test videos."""
    figure = Figure(figsize=(12, 4.2 + 1.9 * len(shown)), layout="constrained")
    grid = figure.add_gridspec(2, 1, height_ratios=(4.2, 1.9 * len(shown)), hspace=0.08)
    upper, lower = figure.add_subfigure(grid[0]), figure.add_subfigure(grid[1])
    left, right = upper.subplots(1, 2, width_ratios=(1, 1))
    draw_map(left, rows, references)
    draw_thresholds(right, rows, references)
    lower.suptitle(
        "Class curves of two test videos; true events above",
        fontsize=10,
        x=0.01,
        ha="left",
    )
    for axes, (sample, answer) in zip(np.atleast_1d(lower.subplots(len(shown), 1)).flat, shown, strict=True):
        draw_curves(axes, sample, answer, corpus.labels.names)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def draw_map(axes: Axes, rows: Sequence[Row], references: Sequence[Row]) -> None:
    """One row each, with interval and seeds."""
    every = [*rows, *references]
    y = np.arange(len(every))
    colors = [ACCENT.light] * len(rows) + [PALE] * len(references)
    low, high = np.array([row.interval for row in every]).T
    axes.hlines(y, low, high, colors=colors, linewidth=5, alpha=0.28)
    axes.scatter([row.mean("map") for row in every], y, c=colors, s=62, zorder=3)
    for place, row in enumerate(every):
        if len(row.scores) > 1:
            axes.scatter(
                [one["map"] for one in row.scores], [place] * len(row.scores), c=INK.light, s=8, zorder=4
            )
    axes.set_yticks(y, [row.title for row in every])
    axes.set(
        xlim=(0, None),
        ylim=(len(every) - 0.4, -0.6),
        xlabel="mAP, tIoU 0.1 to 0.3 (bands: interval of the first training)",
    )
    axes.set_title("Detection", fontsize=10, loc="left")
    axes.tick_params(length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)


def draw_thresholds(axes: Axes, rows: Sequence[Row], references: Sequence[Row]) -> None:
    """Mean average precision over tIoU."""
    styles, markers = ("-", "--", ":", "-."), "os^"
    for place, row in enumerate((*rows, *references)):
        own = place < len(rows)
        axes.plot(
            TSL_THRESHOLDS,
            [row.mean(f"map@{threshold:g}") for threshold in TSL_THRESHOLDS],
            color=(ACCENT if place == 0 else SECOND).light if own else PALE,
            linestyle=styles[place % len(styles)],
            alpha=1.0 if place == 0 or not own else 0.7,
            marker=markers[place // len(styles)],
            markersize=4,
            label=row.title,
        )
    axes.set(ylim=(0, 1), xlabel="threshold of temporal IoU", ylabel="mean of both classes")
    axes.set_title("Average precision", fontsize=10, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=7, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def draw_curves(axes: Axes, sample: Sample, answer: Localized, names: Sequence[str]) -> None:
    """Curves of both classes, and true events with their cues."""
    colors = {name: color.light for name, color in LabelColors(names).items()}
    middle = answer.cells_s.mean(axis=1)
    for column, name in enumerate(names):
        axes.plot(middle, answer.curves[:, column], color=colors[name], linewidth=1.1, label=name)
    for place, one in enumerate(sample.segments or ()):
        axes.axvspan(one.start_s, one.end_s, ymin=0.86, ymax=0.96, color=colors[one.label], alpha=0.85)
        axes.axvspan(one.start_s, one.end_s, ymax=0.86, color=colors[one.label], alpha=0.1)
        axes.text(
            (one.start_s + one.end_s) / 2,
            1.17,
            sample.facts.get("cues", sample.facts.get("told"))[place],  # "told": stores of earlier versions
            ha="center",
            fontsize=6.5,
            color=INK.light,
        )
    axes.set(ylim=(0, 1.16), xlim=(0, float(answer.cells_s[-1, 1])))
    axes.set_title(sample.id, fontsize=9, loc="left", pad=12)
    axes.xaxis.set_major_formatter("{x:g} s")
    axes.legend(frameon=False, fontsize=7, loc="upper right", bbox_to_anchor=(1.0, 0.86))
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
