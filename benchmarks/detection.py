"""Detection scores of simple answers on real annotations, and the time of their computation.

    python benchmarks/detection.py --data-root DIR --published FILE

`--data-root` is the folder of TSL-300 with `gt.json` and `len_duration_dict.json`; its 100 test videos are
scored. `--published` is a JSON file with the detections of a network, `{"predictions_compact": {VIDEO:
[[label, score, start_s, end_s], ...]}}`, such as the parity case `metric_tsl300_real.json` of TSL-Net.

The answers are made from the annotations, without a network, so that the expected score of most of them is
known from theory: the table shows how to interpret a score, and checks that the scores are right.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from timing import as_table, in_turns, machine, repeats_for, write_report

from affekt.metrics.detection import TSL_THRESHOLDS, detection_intervals, detection_scores
from affekt.metrics.proposals import ProposalSettings, find_proposals
from affekt.metrics.segments import Segments, temporal_iou

OUTPUT = Path(__file__).parent / "results" / "detection.md"
NAMES = {"n": "negative", "p": "positive"}
LABELS = tuple(NAMES.values())
DRAWS = 20  # of a random answer
ALARM_S = 0.01  # length of a false alarm, too short to match: the shortest true segment lasts 1.1 s
BUDGET_S = 6.0  # for one row of the table of times

Detections = dict[str, Segments]
Random = np.random.Generator


@dataclass(frozen=True)
class Annotations:
    """True segments of videos, and the durations of the videos."""

    truths: Mapping[str, Segments]
    durations_s: Mapping[str, float]

    @classmethod
    def read(cls, folder: Path) -> Annotations:
        database = json.loads((folder / "gt.json").read_text())["database"]
        durations = json.loads((folder / "len_duration_dict.json").read_text())
        truths = {
            video: Segments(
                np.array([[float(time) for time in note["segment"]] for note in entry["annotations"]]),
                labels=np.array([NAMES[note["label"]] for note in entry["annotations"]], str),
            )
            for video, entry in database.items()
            if entry["subset"] == "test"
        }
        return cls(truths, {video: float(durations[video]) for video in truths})

    def of(self, label: str) -> int:
        """Number of true segments of a class."""
        return sum(int((labels_of(segments) == label).sum()) for segments in self.truths.values())


def labels_of(segments: Segments) -> np.ndarray:
    """The labels of segments, which must exist."""
    if segments.labels is None:
        raise ValueError("segments without labels")
    return segments.labels


# ---- answers


def equal(spans_s: np.ndarray, labels: np.ndarray, score: float = 0.5) -> Segments:
    """Detections with equal scores."""
    return Segments(spans_s, np.full(len(labels), score), labels)


def whole(data: Annotations, rng: Random) -> Detections:
    """The whole video, for each class."""
    ends = data.durations_s
    return {v: equal(np.array([[0.0, ends[v]]] * len(LABELS)), np.array(LABELS)) for v in data.truths}


def anywhere(count: int) -> Callable[[Annotations, Random], Detections]:
    """Segments between two random times, `count` per class and video, with random scores."""

    def answer(data: Annotations, rng: Random) -> Detections:
        labels = np.repeat(LABELS, count)
        return {
            video: Segments(
                np.sort(rng.uniform(0, data.durations_s[video], (len(labels), 2)), axis=1),
                rng.random(len(labels)),
                labels,
            )
            for video in data.truths
        }

    return answer


def oracle(data: Annotations, rng: Random) -> Detections:
    """The true segments, with equal scores."""
    return {video: equal(true.spans_s, labels_of(true)) for video, true in data.truths.items()}


def moved(share: float) -> Callable[[Annotations, Random], Detections]:
    """The true segments, each end shifted by up to a share of the length; ends that cross are swapped."""

    def answer(data: Annotations, rng: Random) -> Detections:
        return {
            video: equal(
                np.sort(
                    true.spans_s
                    + share * np.diff(true.spans_s, axis=1) * rng.uniform(-1, 1, true.spans_s.shape),
                    axis=1,
                ),
                labels_of(true),
            )
            for video, true in data.truths.items()
        }

    return answer


def flipped(share: float) -> Callable[[Annotations, Random], Detections]:
    """The true segments, a share of each class with the label of the other."""

    def answer(data: Annotations, rng: Random) -> Detections:
        labels = np.concatenate([labels_of(true) for true in data.truths.values()])
        said = labels.copy()
        for label, other in (LABELS, LABELS[::-1]):
            places = np.flatnonzero(labels == label)
            said[rng.choice(places, round(share * len(places)), replace=False)] = other
        ends = np.cumsum([len(true) for true in data.truths.values()])
        return {
            video: equal(true.spans_s, names)
            for (video, true), names in zip(data.truths.items(), np.split(said, ends[:-1]), strict=True)
        }

    return answer


def with_alarms(copies: int, score: float) -> Callable[[Annotations, Random], Detections]:
    """The true segments with score 0.5, and for each a number of false alarms of its class."""

    def answer(data: Annotations, rng: Random) -> Detections:
        found: Detections = {}
        for video, true in data.truths.items():
            starts = rng.uniform(0, data.durations_s[video], copies * len(true))
            labels = labels_of(true)
            found[video] = Segments(
                np.concatenate([true.spans_s, np.stack([starts, starts + ALARM_S], axis=1)]),
                np.repeat([0.5, score], [len(true), copies * len(true)]),
                np.concatenate([labels, np.repeat(labels, copies)]),
            )
        return found

    return answer


# ---- expected mean average precision


def whole_in_theory(data: Annotations) -> float:
    """If h of V detections match a long enough true segment, one point of the curve: h / n * h / V."""
    values = []
    for label in LABELS:
        shares = np.array(
            [
                np.diff(true.spans_s[labels_of(true) == label], axis=1).max(initial=0.0) / duration
                for true, duration in zip(data.truths.values(), data.durations_s.values(), strict=True)
            ]
        )
        hits = [(shares >= bar).sum() for bar in TSL_THRESHOLDS]
        values.append([hit / data.of(label) * hit / len(data.truths) for hit in hits])
    return float(np.mean(values))


def moved_in_theory(share: float) -> float:
    """A share p of the detections matches, the same share of the true segments is found: p * p."""
    steps = share * (np.arange(-999, 1000, 2) / 1000)
    edges = np.sort(np.stack(np.broadcast_arrays(steps[:, None], 1 + steps[None]), axis=-1), axis=-1)
    common = np.maximum(np.minimum(edges[..., 1], 1) - np.maximum(edges[..., 0], 0), 0)
    overlap = common / (1 + edges[..., 1] - edges[..., 0] - common)
    return float(np.mean([(overlap >= bar).mean() ** 2 for bar in TSL_THRESHOLDS]))


def flipped_in_theory(data: Annotations, share: float) -> float:
    """If h of n true segments keep their label: h / n * h / (h + flips of the other class)."""
    values = []
    for label, other in (LABELS, LABELS[::-1]):
        hits = data.of(label) - round(share * data.of(label))
        values.append(hits / data.of(label) * hits / (hits + round(share * data.of(other))))
    return float(np.mean(values))


def anywhere_in_theory(data: Annotations, count: int) -> float:
    """Approximation: a detection matches a true segment with a probability q of its length and position.

    After a share u of the ranking, a true segment is found with probability 1 - (1 - q) ** (count * u); AP is
    the integral of precision over recall, both from these means. Matches with the second best true segment
    are neglected.
    """
    passed = np.linspace(0, 1, 501)[1:, None, None]
    values = []
    for label in LABELS:
        chances = np.concatenate(
            [
                chances_to_hit(true.spans_s[labels_of(true) == label], duration)
                for true, duration in zip(data.truths.values(), data.durations_s.values(), strict=True)
            ]
        )
        found = (1 - (1 - chances) ** (count * passed)).sum(axis=1)
        precision = found / (passed[:, 0] * count * len(data.truths))
        values.append((np.diff(found, axis=0, prepend=0) * precision).sum(axis=0) / len(chances))
    return float(np.mean(values))


def chances_to_hit(spans_s: np.ndarray, duration_s: float, steps: int = 150) -> np.ndarray:
    """Share of the segments between any two times that match each span best and reach each tIoU."""
    moments = (np.arange(steps) + 0.5) * duration_s / steps
    first, last = np.triu_indices(steps, 1)
    overlap = temporal_iou(spans_s, np.stack([moments[first], moments[last]], axis=1))
    best = overlap == overlap.max(axis=0, initial=0.0)
    return np.stack([(best & (overlap >= bar)).mean(axis=1) for bar in TSL_THRESHOLDS], axis=1)


@dataclass(frozen=True)
class Answer:
    """A row of the table.

    Attributes:
        theory: Its expected mean average precision.
        exact: Whether this value is exact or an approximation.
    """

    name: str
    make: Callable[[Annotations, Random], Detections]
    theory: float
    exact: bool = True


def answers(data: Annotations) -> list[Answer]:
    """The rows, from no detection to all true segments."""
    return [
        Answer("no detection", lambda data, rng: {}, 0.0),
        Answer("the whole video, for each class", whole, whole_in_theory(data)),
        *(
            Answer(
                f"between two random times, {count} per class and video",
                anywhere(count),
                anywhere_in_theory(data, count),
                exact=False,
            )
            for count in (1, 5, 20, 100)
        ),
        Answer("true segments", oracle, 1.0),
        *(
            # With larger shifts a detection may match a neighbouring segment.
            Answer(
                f"true segments, ends shifted by up to {share:.0%} of the length",
                moved(share),
                moved_in_theory(share),
                exact=share <= 0.35,
            )
            for share in (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
        ),
        *(
            Answer(
                f"true segments, {share:.0%} of the labels exchanged",
                flipped(share),
                flipped_in_theory(data, share),
            )
            for share in (0.1, 0.3)
        ),
        *(
            Answer(
                f"true segments, and {copies} false alarms of lower score for each",
                with_alarms(copies, 0.1),
                1.0,
            )
            for copies in (1, 10)
        ),
        *(
            Answer(
                f"true segments, and {copies} false alarms of equal score for each",
                with_alarms(copies, 0.5),
                1 / (1 + copies),
            )
            for copies in (1, 10)
        ),
    ]


def score_row(answer: Answer, data: Annotations) -> tuple[str, ...]:
    """The scores of an answer, means over draws, and the expected value."""
    found = [answer.make(data, np.random.default_rng(draw)) for draw in range(DRAWS)]
    drawn = [detection_scores(one, data.truths, labels=LABELS).to_dict() for one in found]
    mean = {name: float(np.mean([each[name] for each in drawn])) for name in drawn[0]}
    if answer.exact and abs(mean["map"] - answer.theory) > 1e-9:
        raise AssertionError(f"{answer.name}: {mean['map']}, but {answer.theory} was expected")
    count = sum(map(len, found[0].values()))
    expected = f"{answer.theory:.3f}" if answer.exact else f"about {answer.theory:.3f}"
    return (answer.name, f"{count:,}", *figures(mean), expected)


def figures(scores: Mapping[str, float]) -> tuple[str, ...]:
    """Cells of the table."""
    names = ("map", *(f"ap/{label}" for label in LABELS), "recall", "tsl_recall", "tsl_f2")
    return tuple(f"{scores[name]:.3f}" for name in names)


# ---- time


def read_published(path: Path) -> dict[str, list[tuple[str, float, float, float]]]:
    """Rows of label, score, start and end of each video."""
    compact = json.loads(path.read_text())["predictions_compact"]
    return {
        video: [(NAMES[name], score, start, end) for name, score, start, end in rows]
        for video, rows in compact.items()
    }


def as_segments(rows: list[tuple[str, float, float, float]]) -> Segments:
    """Rows as arrays."""
    spans = np.array([row[2:] for row in rows], float)
    return Segments(spans, np.array([row[1] for row in rows], float), np.array([row[0] for row in rows], str))


def row_by_row(
    published: Mapping[str, list[tuple[str, float, float, float]]],
    truths: Mapping[str, list[tuple[str, float, float]]],
) -> dict[str, float]:
    """Mean average precision in plain Python, one detection and one threshold after the other."""
    by_label: dict[str, list[float]] = {}
    for label in LABELS:
        ranked = sorted(
            (
                (score, video, s, e)
                for video, rows in published.items()
                for name, score, s, e in rows
                if name == label
            ),
            key=lambda row: -row[0],
        )
        total = sum(name == label for rows in truths.values() for name, _, _ in rows)
        taken: list[set[tuple[str, int]]] = [set() for _ in TSL_THRESHOLDS]
        hits: list[list[bool]] = [[] for _ in TSL_THRESHOLDS]
        for _, video, start, end in ranked:
            near = []
            for number, (name, low, high) in enumerate(truths.get(video, [])):
                if name == label:
                    common = max(0.0, min(end, high) - max(start, low))
                    near.append((common / (end - start + high - low - common), number))
            near.sort(reverse=True)
            for row, threshold in enumerate(TSL_THRESHOLDS):
                for overlap, number in near:
                    if overlap >= threshold and (video, number) not in taken[row]:
                        taken[row].add((video, number))
                        hits[row].append(True)
                        break
                else:
                    hits[row].append(False)
        by_label[label] = [area(row, total) for row in hits]
    scores = {f"ap/{label}": sum(values) / len(values) for label, values in by_label.items()}
    return {"map": sum(scores.values()) / len(scores), **scores}


def area(hits: list[bool], total: int) -> float:
    """Area under the monotone precision-recall curve."""
    precision, count = [], 0
    for rank, hit in enumerate(hits, 1):
        count += hit
        precision.append(count / rank)
    best, found = 0.0, 0.0
    for hit, value in zip(reversed(hits), reversed(precision), strict=True):
        best = max(best, value)
        found += best * hit
    return found / total


def evaluation_costs(
    published: Mapping[str, list[tuple[str, float, float, float]]], data: Annotations
) -> list[tuple[str, ...]]:
    """Rows of the table of evaluation times."""
    detections = {video: as_segments(rows) for video, rows in published.items()}
    truths = {
        video: [
            (str(label), float(start), float(end))
            for label, (start, end) in zip(labels_of(true), true.spans_s, strict=True)
        ]
        for video, true in data.truths.items()
    }
    ours = detection_scores(detections, data.truths, labels=LABELS).to_dict()
    for name, value in row_by_row(published, truths).items():
        if abs(ours[name] - value) > 1e-9:
            raise AssertionError(f"{name}: {ours[name]} here, {value} row by row")
    calls = {
        "row by row": lambda: row_by_row(published, truths),
        "affekt": lambda: detection_scores(detections, data.truths, labels=LABELS),
        "with rows made to arrays": lambda: detection_scores(
            {video: as_segments(rows) for video, rows in published.items()}, data.truths, labels=LABELS
        ),
        "intervals": lambda: detection_intervals(detections, data.truths, labels=LABELS),
    }
    timed = in_turns(calls, repeats_for(calls["intervals"], budget_s=BUDGET_S, most=25))
    count, videos = sum(map(len, detections.values())), len(data.truths)
    slow = timed["row by row"].seconds

    def row(what: str, name: str, per: str, ratio: float) -> tuple[str, ...]:
        return (what, timed[name].milliseconds, per, f"{ratio:.1f}x")

    return [
        row(f"row by row, mAP only: {count:,} detections", "row by row", f"{count / slow:,.0f}", 1.0),
        *(
            row(what, name, f"{count / timed[name].seconds:,.0f}", timed[name].ratio)
            for what, name in (
                ("affekt, all scores", "affekt"),
                ("affekt, all scores, from lists of rows", "with rows made to arrays"),
            )
        ),
        row(
            f"affekt, 95 % intervals (row by row: {videos} evaluations, each without one video)",
            "intervals",
            f"{count * videos / timed['intervals'].seconds:,.0f}",
            timed["intervals"].ratio * videos,
        ),
    ]


def curves_of(cells: int) -> np.ndarray:
    """Smooth random curves of two classes and the foreground, (t, 3), with some events."""
    window = np.hanning(41)
    noise = np.random.default_rng(0).random((cells + 40, 3))
    smooth = np.stack([np.convolve(column, window / window.sum(), "valid") for column in noise.T], axis=1)
    return np.clip((smooth - 0.5) * 6 + np.array([0.15, 0.15, 0.5]), 0, 1)


def proposal_costs() -> list[tuple[str, ...]]:
    """Time of proposals from curves, for videos of several lengths."""
    rows = []
    for what, cells in (("4 minutes", 450), ("20 minutes", 2250), ("4 hours", 27_000)):
        curves = curves_of(cells)

        def find(curves: np.ndarray = curves) -> int:
            found = find_proposals(
                curves[:, :2], curves[:, 2], np.array([0.9, 0.8]), cell_s=16 / 30, settings=ProposalSettings()
            )
            return len(found.labels)

        timed = in_turns({"find": find}, repeats_for(find, budget_s=2.0, most=25))["find"]
        rows.append((what, f"{cells:,}", f"{find():,}", timed.milliseconds, f"{cells / timed.seconds:,.0f}"))
    return rows


READING = """\
The {videos} test videos of TSL-300. Detections have equal scores unless the row states otherwise; rows of
random answers are means of {draws} draws. Scores are means over tIoU {thresholds} and over both classes
({positive} positive and {negative} negative segments, which cover {covered:.0%} of the time). Recall and
F2 of TSL-Net's authors are `tsl_recall` and `tsl_f2`: means over the ranking. If the expected value is exact,
the benchmark stops with an error if a row differs.

Expected values:

- **No detection**: all scores are zero, without a division by zero.
- **The whole video**: a detection matches at most one true segment, whose share of the video must reach the
  threshold. With h matches in V videos and n true segments, AP is h/n times h/V: one point of the curve.
- **Random times**: the probability of a match depends on the length of a true segment; precision decreases as
  true segments are used up. AP is a little larger than from mean precision, because the monotone curve
  follows the peaks. With 100 detections per class and video most true segments are found, and AP is low:
  recall alone is not informative. AP also grows with the number of detections, because lower ranks never
  reduce it; a network must be better than this row.
- **True segments**: AP and recall are 1. Recall of TSL-Net's authors is (n + 1) / 2n, hardly more than one
  half, because the first ranks cover few segments; no answer without false alarms can have more.
- **Shifted ends**: with shifts up to 35 % every detection matches at 0.3, and AP is 1. With larger shifts a
  share p of the detections matches, which depends on the threshold, and AP is p times p.
- **Exchanged labels**: h of n true segments keep their label, and the detections of their class are these h
  and f from the other class: AP is h/n times h/(h + f).
- **False alarms of lower score**: AP does not change. Recall of TSL-Net's authors *increases*, because all
  lower ranks include every true segment.
- **False alarms of equal score**, c for each true segment: AP is 1/(1 + c)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data-root", type=Path, required=True)
    parser.add_argument("--published", type=Path, required=True)
    options = parser.parse_args()
    data, published = Annotations.read(options.data_root), read_published(options.published)
    detections = {video: as_segments(rows) for video, rows in published.items()}
    scores = detection_scores(detections, data.truths, labels=LABELS).to_dict()
    intervals = detection_intervals(detections, data.truths, labels=LABELS)
    ranges = ", ".join(
        f"{name} {scores[name]:.3f} ({low:.3f} to {high:.3f})"
        for name, (low, high) in intervals.ranges.items()
    )
    lasted = sum(float(np.diff(true.spans_s, axis=1).sum()) for true in data.truths.values())
    columns = ("answer", "detections", "mAP", *(f"AP {label}" for label in LABELS), "recall")
    write_report(
        OUTPUT,
        [
            "# Detection scores of simple answers, and their computation time",
            "",
            "## Simple answers to real annotations",
            "",
            READING.format(
                videos=len(data.truths),
                draws=DRAWS,
                thresholds=", ".join(f"{threshold:g}" for threshold in TSL_THRESHOLDS),
                covered=lasted / sum(data.durations_s.values()),
                **{label: data.of(label) for label in LABELS},
            ),
            "",
            *as_table(
                (*columns, "Recall of TSL-Net", "F2 of TSL-Net", "expected mAP"),
                [
                    *(score_row(answer, data) for answer in answers(data)),
                    (
                        "TSL-Net, published detections of its Jittor port",
                        f"{sum(map(len, detections.values())):,}",
                        *figures(scores),
                        "",
                    ),
                ],
            ),
            "",
            f"The published detections with 95 % intervals over videos: {ranges}. Their authors print "
            "the two APs with exchanged class names. Methods whose mAPs differ by less than such an interval "
            "must be compared video by video.",
            "",
            "## Computation time",
            "",
            f"{machine()} One thread; medians of alternating calls, ratios within rounds. `Row by row` "
            "is the same evaluation as a plain loop over detections, with the same result.",
            "",
            *as_table(
                ("evaluation of the published detections", "time", "detections per second", "speed-up"),
                evaluation_costs(published, data),
            ),
            "",
            "Proposals from curves, settings of TSL-Net (24 thresholds, 24 points per cell, 2 classes), "
            "cells of 16 frames at 30 frames per second:",
            "",
            *as_table(("video", "cells", "proposals", "time", "cells per second"), proposal_costs()),
        ],
    )


if __name__ == "__main__":
    main()
