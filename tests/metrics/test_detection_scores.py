"""Scores of labelled detection: worked examples, TSL-Net's own evaluation, and intervals."""

import itertools
import json
import time
from pathlib import Path

import numpy as np
import pytest

from affekt.metrics.detection import (
    average_precision_by_label,
    detection_intervals,
    detection_scores,
    mean_average_precision,
)
from affekt.metrics.jackknife import left_out_interval
from affekt.metrics.segments import Segments

SHARED = Path(__file__).parents[2].parent / "shared"
# Empty where ../shared is absent: pytest then skips the test and says so.
CASES = sorted((SHARED / "parity" / "tsl-net").glob("metric_*.json"))


def found(*rows):
    """Segments from (start, end, score, label) rows."""
    return Segments(
        np.array([row[:2] for row in rows], float).reshape(-1, 2),
        np.array([row[2] for row in rows], float),
        np.array([row[3] for row in rows], str),
    )


def true(*rows):
    """Segments from (start, end, label) rows."""
    return Segments(
        np.array([row[:2] for row in rows], float).reshape(-1, 2),
        labels=np.array([row[2] for row in rows], str),
    )


def draw(videos, detections, truths, seed=0, decimals=9):
    """Labelled detections and truths; few decimals make scores equal."""
    rng = np.random.default_rng(seed)

    def some(count, scored):
        starts = rng.uniform(0, 60, count)
        return Segments(
            np.stack([starts, starts + rng.uniform(0.5, 15, count)], axis=1),
            rng.random(count).round(decimals) if scored else None,
            rng.choice(["joy", "fear"], count),
        )

    names = [f"video-{number}" for number in range(videos)]
    return {name: some(detections, True) for name in names}, {name: some(truths, False) for name in names}


# ---- the published evaluation


def read_case(path):
    """Detections, truths and expected numbers of a shared case."""
    case = json.loads(path.read_text())
    truth = case["ground_truth"]
    if isinstance(truth, str):
        truth = json.loads((SHARED.parent / truth).read_text())
    truths = {
        video: true(*((*map(float, note["segment"]), note["label"]) for note in entry["annotations"]))
        for video, entry in truth["database"].items()
        if entry["subset"] == "test"
    }
    compact = case.get("predictions_compact") or {
        video: [(row["label"], row["score"], *row["segment"]) for row in rows]
        for video, rows in case["predictions"]["results"].items()
    }
    detections = {
        video: found(*((start, end, score, label) for label, score, start, end in rows))
        for video, rows in compact.items()
    }
    return detections, truths, case["expected"]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case_agrees_with_the_reference(path):
    detections, truths, expected = read_case(path)
    labels = expected["class_order"]
    scores = detection_scores(detections, truths, labels=labels, thresholds=expected["tiou"])
    named, near = scores.to_dict(), {"rel": 0, "abs": 1e-9}
    assert scores.average_precision == pytest.approx(np.array(expected["ap"]), **near)
    assert scores.map_at == pytest.approx(expected["map_per_tiou"], **near)
    assert scores.rank_precision.mean(axis=1) == pytest.approx(expected["mean_cum_precision"], **near)
    assert scores.rank_recall.mean(axis=1) == pytest.approx(expected["mean_cum_recall"], **near)
    assert scores.f2_at == pytest.approx(expected["f2"], **near)
    assert named["map"] == pytest.approx(expected["map_avg"], **near)
    assert named["tsl_recall"] == pytest.approx(expected["recall_avg"], **near)
    assert named["tsl_f2"] == pytest.approx(expected["f2_avg"], **near)
    for label in labels:
        assert named[f"ap/{label}"] == pytest.approx(expected["class_ap"][label], **near)


def test_all_shared_cases_exist(shared):
    assert len(list((shared / "parity" / "tsl-net").glob("metric_*.json"))) == len(CASES) >= 5


def test_results_have_the_right_class_names_where_the_reference_exchanges_them(shared):
    detections, truths, expected = read_case(shared / "parity" / "tsl-net" / "metric_tsl300_real.json")
    for labels in (["n", "p"], ["p", "n"]):
        named = detection_scores(detections, truths, labels=labels).to_dict()
        assert named["ap/n"] == pytest.approx(expected["upstream_average_pAP"])
        assert named["ap/p"] == pytest.approx(expected["upstream_average_nAP"])


def test_the_published_detections_of_100_videos_are_scored_in_a_tenth_of_a_second(shared):
    detections, truths, _ = read_case(shared / "parity" / "tsl-net" / "metric_tsl300_real.json")
    start = time.process_time()
    detection_scores(detections, truths, labels=["n", "p"])
    assert time.process_time() - start < 0.1


# ---- by hand

# joy has three truths in two videos, and detections in order of score:
#   0.9  a [0, 4]   the first truth of a exactly                        hit          1 of 1   1/3
#   0.8  a [1, 4]   the same truth; it is taken                         false alarm  1 of 2   1/3
#   0.7  b [0, 3]   the truth of b with 1/6                             false alarm  1 of 3   1/3
#   0.5  a [6, 8]   the second truth of a with 2/4                      hit          2 of 4   2/3
# fear has one truth and no detection, awe has a detection and no truth.
TRUTHS = {"a": true((0, 4, "joy"), (6, 10, "joy"), (20, 30, "fear")), "b": true((2, 6, "joy"))}
FINDS = {
    "a": found((0, 4, 0.9, "joy"), (1, 4, 0.8, "joy"), (6, 8, 0.5, "joy"), (0, 9, 0.3, "awe")),
    "b": found((0, 3, 0.7, "joy")),
}
LABELS = ("awe", "fear", "joy")


@pytest.fixture
def scores():
    return detection_scores(FINDS, TRUTHS, labels=LABELS, thresholds=(0.5, 0.6))


def test_scores_of_a_class_agree_with_a_worked_example(scores):
    # at 0.5: precision 1 up to recall 1/3, then 2/4 up to 2/3
    assert scores.average_precision[0, 2] == pytest.approx(1 / 3 + 1 / 6)
    assert scores.recall[0, 2] == pytest.approx(2 / 3)
    assert scores.rank_recall[0, 2] == pytest.approx((1 + 1 + 1 + 2) / 3 / 4)
    assert scores.rank_precision[0, 2] == pytest.approx((1 + 1 / 2 + 1 / 3 + 2 / 4) / 4)
    # at 0.6 the last detection is a false alarm
    assert scores.average_precision[1, 2] == scores.recall[1, 2] == pytest.approx(1 / 3)


def test_a_class_without_detections_has_zeros(scores):
    for values in (scores.average_precision, scores.recall, scores.rank_recall, scores.rank_precision):
        assert values[:, 1].tolist() == [0, 0]


def test_a_class_that_never_occurs_has_no_score(scores):
    for values in (scores.average_precision, scores.recall, scores.rank_recall, scores.rank_precision):
        assert np.isnan(values[:, 0]).all()
    assert "ap/awe" not in scores.to_dict()


def test_means_are_over_the_classes_that_occur(scores):
    named = scores.to_dict()
    assert named["map@0.5"] == pytest.approx(1 / 4)
    assert named["map@0.6"] == pytest.approx(1 / 6)
    assert named["map"] == pytest.approx((1 / 4 + 1 / 6) / 2)
    assert named["ap/fear"] == 0
    assert named["ap/joy"] == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert named["recall"] == pytest.approx((1 / 3 + 1 / 6) / 2)


def test_f2_is_that_of_the_means_over_classes(scores):
    recall, precision = 5 / 12 / 2, 7 / 12 / 2
    assert scores.f2_at[0] == pytest.approx(5 * precision * recall / (4 * precision + recall))


def test_f2_of_nothing_is_zero():
    named = detection_scores({}, TRUTHS, labels=LABELS).to_dict()
    assert all(value == 0 for value in named.values())


def test_every_number_has_a_name_of_its_own(scores):
    assert set(scores.to_dict()) == {
        *("map", "map@0.5", "map@0.6", "recall", "recall@0.5", "recall@0.6", "ap/fear", "ap/joy"),
        *("tsl_recall", "tsl_recall@0.5", "tsl_recall@0.6", "tsl_f2", "tsl_f2@0.5", "tsl_f2@0.6"),
    }
    json.dumps(scores.to_dict(), allow_nan=False)


def test_detections_in_videos_without_truths_are_false_alarms():
    truths = {"a": true((0, 4, "joy")), "quiet": true()}
    detections = {
        "a": found((0, 4, 0.5, "joy")),
        "quiet": found((0, 1, 0.9, "joy")),
        "unknown": found((0, 1, 0.8, "joy")),
    }
    scores = detection_scores(detections, truths, labels=["joy"], thresholds=[0.5])
    assert scores.average_precision == pytest.approx(np.array([[1 / 3]]))
    assert scores.rank_precision == pytest.approx(np.array([[1 / 3 / 3]]))


def test_the_order_of_labels_changes_the_order_of_scores_only():
    detections, truths = draw(videos=5, detections=12, truths=4)
    one, other = (
        detection_scores(detections, truths, labels=labels) for labels in (["joy", "fear"], ["fear", "joy"])
    )
    for name in ("average_precision", "recall", "rank_recall", "rank_precision"):
        assert getattr(one, name).tolist() == getattr(other, name)[:, ::-1].tolist()
    assert one.to_dict() == pytest.approx(other.to_dict())


def test_average_precision_is_the_same_as_of_one_class_alone():
    detections, truths = draw(videos=5, detections=12, truths=4)
    scores = detection_scores(detections, truths, labels=["joy", "fear"], thresholds=[0.3])
    alone = average_precision_by_label(detections, truths, threshold=0.3)
    assert dict(zip(scores.labels, scores.average_precision[0].tolist(), strict=True)) == alone
    assert scores.to_dict()["map"] == mean_average_precision(detections, truths, thresholds=[0.3])["mean"]


def test_a_label_that_is_not_to_be_scored_is_refused():
    with pytest.raises(ValueError, match="a: a segment has the label 'awe', which is not one of those"):
        detection_scores(FINDS, TRUTHS, labels=["fear", "joy"])


def test_truths_of_other_names_are_refused_with_a_hint():
    with pytest.raises(ValueError, match="did you mean fears"):
        detection_scores({}, TRUTHS, labels=["fears", "joy"])


@pytest.mark.parametrize("score", [detection_scores, detection_intervals])
def test_without_any_truth_there_is_nothing_to_score(score):
    with pytest.raises(ValueError, match="average precision is undefined"):
        score(FINDS, {"a": true()}, labels=LABELS)


def test_detections_without_scores_are_refused():
    with pytest.raises(ValueError, match="a: detected segments need scores"):
        detection_scores({"a": true((0, 1, "joy"))}, TRUTHS, labels=LABELS)


def test_names_may_be_objects():
    detections, truths = (
        {video: Segments(s.spans_s, s.scores, s.labels.astype(object)) for video, s in side.items()}
        for side in (FINDS, TRUTHS)
    )
    assert detection_scores(detections, truths, labels=LABELS).to_dict() == (
        detection_scores(FINDS, TRUTHS, labels=LABELS).to_dict()
    )


# ---- equal scores


def test_ranks_of_equal_scores_count_as_the_mean_of_all_their_orders():
    # four detections of one score, two of which hit
    rows = [(0, 4, "joy"), (10, 14, "joy"), (20, 24, "joy"), (30, 34, "joy")]
    truths = {"a": true(rows[0], rows[2], (40, 44, "joy"))}
    equal = {"a": found(*((start, end, 0.5, label) for start, end, label in rows))}
    once = detection_scores(equal, truths, labels=["joy"], thresholds=[0.5])
    orders = [
        detection_scores(
            {
                "a": found(
                    *((*row[:2], 0.5 + place / 100, row[2]) for row, place in zip(rows, order, strict=True))
                )
            },
            truths,
            labels=["joy"],
            thresholds=[0.5],
        )
        for order in itertools.permutations(range(4))
    ]
    for name in ("rank_recall", "rank_precision", "recall"):
        assert getattr(once, name) == pytest.approx(np.mean([getattr(each, name) for each in orders]))


def test_the_order_of_videos_and_detections_does_not_matter():
    detections, truths = draw(videos=4, detections=15, truths=4, decimals=1)
    turned = {
        video: Segments(s.spans_s[::-1], s.scores[::-1], s.labels[::-1])
        for video, s in reversed(detections.items())
    }
    scores = [
        detection_scores(side, truths, labels=["joy", "fear"]).to_dict() for side in (detections, turned)
    ]
    assert scores[0] == pytest.approx(scores[1], rel=1e-12)


# ---- intervals


def test_an_interval_is_that_of_the_scores_without_each_video():
    detections, truths = draw(videos=7, detections=12, truths=4, decimals=2)
    labels = ["joy", "fear"]
    without = [
        detection_scores(
            *(
                {video: each for video, each in side.items() if video != left}
                for side in (detections, truths)
            ),
            labels=labels,
        ).to_dict()
        for left in truths
    ]
    whole = detection_scores(detections, truths, labels=labels).to_dict()
    number = {label: sum((each.labels == label).sum() for each in truths.values()) for label in labels}
    sizes = {f"ap/{label}": number[label] for label in labels}
    sizes["map"] = 4 / sum(1 / count for count in number.values())
    found = detection_intervals(detections, truths, labels=labels)
    assert set(found.ranges) == {"map", "ap/joy", "ap/fear"}
    assert (found.over, found.note) == ("videos", "")
    for name, ends in found.ranges.items():
        left = np.array([each[name] for each in without])
        expected = left_out_interval(
            whole[name], left, size=float(sizes[name]), weights=np.full(len(truths), 1 / len(truths))
        )
        assert ends == pytest.approx(expected)


def test_videos_of_one_subject_are_left_out_together():
    detections, truths = draw(videos=12, detections=12, truths=4)
    names = list(truths)
    # every video twice, under two names of one subject: no more evidence than once
    twice = [
        {f"{name}-{copy}": side[name] for name in names for copy in "ab" if name in side}
        for side in (detections, truths)
    ]
    subjects = {f"{name}-{copy}": name for name in names for copy in "ab"}
    grouped = detection_intervals(*twice, labels=["joy", "fear"], subjects=subjects)
    alone = detection_intervals(*twice, labels=["joy", "fear"])
    assert (grouped.over, alone.over) == ("subjects", "videos")
    widths = [high - low for found in (grouped, alone) for low, high in [found.ranges["ap/joy"]]]
    assert widths[0] > 1.2 * widths[1]


def test_two_subjects_are_too_few_and_a_note_states_it():
    detections, truths = draw(videos=6, detections=12, truths=4)
    subjects = {name: f"troupe {number % 2}" for number, name in enumerate(truths)}
    found = detection_intervals(detections, truths, labels=["joy", "fear"], subjects=subjects)
    assert found.over == "videos" and "does not apply to new subjects" in found.note
    assert found.ranges == detection_intervals(detections, truths, labels=["joy", "fear"]).ranges


def test_a_class_of_a_single_video_has_a_wide_interval():
    truths = {"a": true((0, 4, "joy")), **{f"b{n}": true((0, 4, "fear")) for n in range(20)}}
    detections = {
        name: found(*((*span, 0.5, label) for span, label in zip(each.spans_s, each.labels, strict=True)))
        for name, each in truths.items()
    }
    ranges = detection_intervals(detections, truths, labels=LABELS).ranges
    assert set(ranges) == {"map", "ap/joy", "ap/fear"}
    assert ranges["ap/joy"][0] < 0.25 < 0.7 < ranges["ap/fear"][0] and ranges["ap/fear"][1] == 1.0


def test_the_score_itself_lies_in_its_interval():
    detections, truths = draw(videos=30, detections=12, truths=4)
    named = detection_scores(detections, truths, labels=["joy", "fear"]).to_dict()
    for name, (low, high) in detection_intervals(detections, truths, labels=["joy", "fear"]).ranges.items():
        assert 0 <= low < named[name] < high <= 1


def test_one_video_has_the_widest_interval():
    truths = {"a": true((0, 4, "joy"))}
    assert detection_intervals({}, truths, labels=["joy"]).ranges == {"map": (0, 1), "ap/joy": (0, 1)}


def test_intervals_of_ten_thousand_detections_take_a_second():
    detections, truths = draw(videos=100, detections=100, truths=6)
    start = time.process_time()
    detection_intervals(detections, truths, labels=["joy", "fear"])
    assert time.process_time() - start < 2.0


def videos_of_a_network(rng, count):
    """Videos that a network knows more or less well: it detects some true segments, and has false alarms."""
    detections, truths = {}, {}
    for video in range(count):
        known, number = rng.normal(), int(rng.integers(2, 8))
        starts = np.arange(number) * 20 + rng.uniform(0, 8, number)
        spans = np.stack([starts, starts + rng.uniform(3, 10, number)], axis=1)
        labels = rng.choice(["joy", "fear"], number)
        hit = np.flatnonzero(rng.random(number) < 1 / (1 + np.exp(-known)))
        alarms = rng.uniform(0, 140, rng.integers(0, 6))
        truths[f"{video}"] = Segments(spans, labels=labels)
        detections[f"{video}"] = Segments(
            np.concatenate([spans[hit] + rng.uniform(-1, 1, (len(hit), 1)), alarms[:, None] + (0, 4)]),
            np.concatenate([rng.normal(0.3 * known + 1, 1, len(hit)), rng.normal(0, 1, len(alarms))]),
            np.concatenate([labels[hit], rng.choice(["joy", "fear"], len(alarms))]),
        )
    return detections, truths


@pytest.mark.parametrize("videos", [5, 8])
def test_the_interval_of_average_precision_holds_the_truth_in_nine_of_ten_cases(videos):
    rng = np.random.default_rng(0)
    labels = ["joy", "fear"]
    true = detection_scores(*videos_of_a_network(rng, 1000), labels=labels).to_dict()
    rounds, inside = 60, {"map": 0, "ap/joy": 0, "ap/fear": 0}
    for _ in range(rounds):
        ranges = detection_intervals(*videos_of_a_network(rng, videos), labels=labels).ranges
        for name in inside:
            inside[name] += ranges[name][0] <= true[name] <= ranges[name][1]
    assert min(inside.values()) / rounds >= 0.9
