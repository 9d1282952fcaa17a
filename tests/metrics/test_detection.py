"""Average precision in time: worked out by hand, and against a plain loop."""

import time

import numpy as np
import pytest

from affekt.metrics.detection import (
    average_precision,
    average_precision_by_label,
    mean_average_precision,
)
from affekt.metrics.segments import Segments


def found(*rows, labels=None):
    """Segments from (start, end, score) rows."""
    spans = np.array([row[:2] for row in rows], float).reshape(-1, 2)
    return Segments(spans, np.array([row[2] for row in rows], float), labels and np.array(labels))


def true(*rows, labels=None):
    return Segments(np.array(rows, float).reshape(-1, 2), labels=labels and np.array(labels))


# ---- average precision

# Three truths in two videos. Detections in order of score, and what they meet:
#   0.9  a [0, 4]   the first truth of a exactly                        hit         1/1   recall 1/3
#   0.8  a [1, 4]   the same truth with 3/4; it is taken                false alarm 1/2   recall 1/3
#   0.7  b [0, 3]   the truth of b with 1/6                             false alarm 1/3   recall 1/3
#   0.5  a [6, 8]   the second truth of a with 2/4                      hit         2/4   recall 2/3
TRUTHS = {"a": true((0, 4), (6, 10)), "b": true((2, 6))}
FINDS = {"a": found((0, 4, 0.9), (1, 4, 0.8), (6, 8, 0.5)), "b": found((0, 3, 0.7))}


def test_average_precision_agrees_with_a_worked_example():
    # at 0.5: 1/3 * 1 + 1/3 * 2/4
    assert average_precision(FINDS, TRUTHS, threshold=0.5) == pytest.approx(1 / 3 + 1 / 6)
    # at 0.6 [6, 8] is a false alarm: 1/3 * 1
    assert average_precision(FINDS, TRUTHS, threshold=0.6) == pytest.approx(1 / 3)
    # at 0.1 the detection in b is a hit, the third of three truths: 1/3 * 1 + 1/3 * max(2/3, 3/4) + 1/3 * 3/4
    assert average_precision(FINDS, TRUTHS, threshold=0.1) == pytest.approx(1 / 3 + 1 / 4 + 1 / 4)


def test_the_mean_is_over_the_thresholds():
    scores = mean_average_precision(FINDS, TRUTHS, thresholds=(0.1, 0.5, 0.6))
    assert list(scores) == ["0.1", "0.5", "0.6", "mean"]
    assert scores["mean"] == pytest.approx(np.mean([5 / 6, 1 / 2, 1 / 3]))


def test_the_thresholds_are_those_of_the_paper():
    assert list(mean_average_precision(FINDS, TRUTHS)) == ["0.1", "0.2", "0.3", "0.4", "0.5", "mean"]


def test_exact_detections_score_one():
    detections = {"a": found((0, 4, 0.9), (6, 10, 0.2)), "b": found((2, 6, 0.5))}
    assert mean_average_precision(detections, TRUTHS)["mean"] == 1.0


def test_a_truth_that_is_hit_twice_counts_once():
    truths = {"a": true((0, 4))}
    assert average_precision({"a": found((0, 4, 0.9), (0, 4, 0.8))}, truths, threshold=0.5) == 1.0
    # the truth is taken by the detection of higher score although the other fits better
    detections = {"a": found((0, 3, 0.9), (0, 4, 0.8)), "b": found((0, 4, 0.85))}
    assert average_precision(detections, truths, threshold=0.5) == 1.0


def test_a_detection_is_matched_to_the_truth_that_it_overlaps_most():
    truths = {"a": true((0, 4), (1, 5))}
    detections = {"a": found((1, 5, 0.9), (0, 4, 0.8))}
    assert average_precision(detections, truths, threshold=0.9) == 1.0


def test_a_detection_whose_best_truth_is_taken_may_match_the_next_one():
    truths = {"a": true((0, 4), (1, 5))}
    detections = {"a": found((0, 4, 0.9), (0, 4, 0.8))}
    assert average_precision(detections, truths, threshold=0.5) == 1.0


def test_a_ratio_that_equals_the_threshold_reaches_it():
    # 0.3 s of 1.0 s: tIoU is 0.3 but for rounding
    truths, detections = {"a": true((0.1, 1.1))}, {"a": found((0.8, 1.1, 1.0))}
    assert average_precision(detections, truths, threshold=0.3) == 1.0


def test_without_detections_the_score_is_zero():
    assert average_precision({}, TRUTHS, threshold=0.5) == 0.0
    assert mean_average_precision({"a": found()}, TRUTHS)["mean"] == 0.0


def test_without_truths_there_is_no_score():
    with pytest.raises(ValueError, match="average precision is undefined"):
        average_precision(FINDS, {"a": true()}, threshold=0.5)


def test_detections_in_videos_without_truths_are_false_alarms():
    detections = {"a": found((0, 4, 0.5)), "empty": found((0, 1, 0.9)), "unknown": found((0, 1, 0.8))}
    truths = {"a": true((0, 4)), "empty": true()}
    assert average_precision(detections, truths, threshold=0.5) == pytest.approx(1 / 3)


def test_a_truth_is_matched_in_its_own_video_only():
    assert average_precision({"b": found((0, 4, 1.0))}, {"a": true((0, 4))}, threshold=0.1) == 0.0


def test_equal_scores_are_counted_together_in_any_order():
    truths = {"a": true((0, 4)), "b": true((0, 4))}
    hit, miss = (0, 4, 0.5), (8, 9, 0.5)
    for detections in ({"a": found(hit, miss)}, {"a": found(miss, hit)}, {"b": found(miss), "a": found(hit)}):
        # one point of the curve: precision 1/2 at recall 1/2
        assert average_precision(detections, truths, threshold=0.5) == pytest.approx(1 / 4)


def test_of_equal_scores_the_higher_overlap_is_matched_first():
    truths = {"a": true((0, 4), (3, 6))}
    for rows in ([(0, 4, 0.5), (1, 4, 0.5)], [(1, 4, 0.5), (0, 4, 0.5)]):
        # [0, 4] takes the first truth, and [1, 4] is left with the second: 1 s of 5
        assert average_precision({"a": found(*rows)}, truths, threshold=0.2) == 1.0


@pytest.mark.parametrize("thresholds", [(), (0.5, 1.5), (-0.1,)])
def test_thresholds_outside_zero_to_one_are_refused(thresholds):
    with pytest.raises(ValueError, match="between 0 and 1"):
        mean_average_precision(FINDS, TRUTHS, thresholds=thresholds)


def test_detections_without_scores_are_refused():
    with pytest.raises(ValueError, match="a: detected segments need scores"):
        average_precision({"a": true((0, 1))}, TRUTHS, threshold=0.5)


# ---- by label

LABELLED = {"a": true((0, 4), (6, 10), labels=["joy", "fear"]), "b": true((2, 6), labels=["joy"])}


def test_with_labels_a_detection_of_another_class_is_a_false_alarm():
    detections = {"a": found((0, 4, 0.9), (6, 10, 0.8), labels=["joy", "joy"])}
    # joy: 0.9 is a hit, 0.8 is not; one of two truths is found. fear: nothing is found.
    assert average_precision_by_label(detections, LABELLED, threshold=0.5) == {"fear": 0.0, "joy": 0.5}
    assert mean_average_precision(detections, LABELLED)["mean"] == pytest.approx(0.25)
    assert average_precision(detections, LABELLED, threshold=0.5) == pytest.approx(2 / 3)


def test_a_class_that_never_occurs_is_excluded_from_the_mean():
    detections = {
        "a": found((0, 4, 0.9), (6, 10, 0.8), (0, 9, 0.7), labels=["joy", "fear", "awe"]),
        "b": found((2, 6, 0.5), labels=["joy"]),
    }
    assert mean_average_precision(detections, LABELLED)["mean"] == 1.0


def test_numbers_of_classes_are_labels_too():
    truths, detections = {"a": true((0, 4), labels=[1])}, {"a": found((0, 4, 0.9), labels=[1])}
    assert average_precision_by_label(detections, truths, threshold=0.5) == {1: 1.0}


def test_labels_on_one_side_only_are_refused():
    with pytest.raises(ValueError, match="give all of them labels, or none"):
        mean_average_precision(FINDS, LABELLED)
    with pytest.raises(ValueError, match="have no labels"):
        average_precision_by_label(FINDS, LABELLED, threshold=0.5)


# ---- at length


def plain_average_precision(detections, truths, threshold):
    """The same by a loop, for scores that are all different."""
    ranked = sorted(
        (
            (score, video, span)
            for video, s in detections.items()
            for score, span in zip(s.scores, s.spans_s, strict=True)
        ),
        key=lambda row: -row[0],
    )
    free = {video: [tuple(span) for span in s.spans_s] for video, s in truths.items()}
    total, hits, curve = sum(map(len, truths.values())), 0, []
    for rank, (_, video, (start, end)) in enumerate(ranked, 1):
        ratios = {}
        for low, high in free[video]:
            common = max(0.0, min(end, high) - max(start, low))
            ratios[low, high] = common / (end - start + high - low - common)
        best = max(ratios, key=ratios.__getitem__, default=None)
        if best is not None and ratios[best] >= threshold:
            free[video].remove(best)
            hits += 1
        curve.append((hits / total, hits / rank))
    area, before = 0.0, 0.0
    for place, (recall, _) in enumerate(curve):
        area += (recall - before) * max(precision for _, precision in curve[place:])
        before = recall
    return area


def draw(videos, detections, truths, seed=0):
    rng = np.random.default_rng(seed)

    def spans(count):
        starts = rng.uniform(0, 60, count)
        return np.stack([starts, starts + rng.uniform(0.5, 15, count)], axis=1)

    names = [f"video-{number}" for number in range(videos)]
    return (
        {name: Segments(spans(detections), rng.random(detections)) for name in names},
        {name: Segments(spans(truths)) for name in names},
    )


@pytest.mark.parametrize("seed", range(5))
def test_a_plain_loop_gives_the_same_score(seed):
    detections, truths = draw(videos=6, detections=25, truths=4, seed=seed)
    for threshold in (0.1, 0.3, 0.5):
        expected = plain_average_precision(detections, truths, threshold)
        assert average_precision(detections, truths, threshold=threshold) == pytest.approx(expected)


def test_ten_thousand_detections_are_scored_in_well_under_a_second():
    detections, truths = draw(videos=100, detections=100, truths=5)
    start = time.process_time()
    scores = mean_average_precision(detections, truths)
    assert time.process_time() - start < 1.0
    assert 0 < scores["0.5"] < scores["0.1"] < 1
