"""Ties in matching: one value, whatever the order of detections and of true segments."""

import itertools

import numpy as np
import pytest

from affekt.metrics.detection import average_precision, detection_scores, mean_average_precision
from affekt.metrics.segment_threshold import best_threshold
from affekt.metrics.segments import Segments

FOUND = ((4, 8, 0.75), (2, 6, 0.75), (7, 9, 0.75), (9, 13, 0.5))
TRUE = ((7, 8), (2, 7), (2, 5))


def segments(rows):
    rows = np.array(rows, float).reshape(len(rows), -1)
    return Segments(rows[:, :2], rows[:, 2] if rows.shape[1] > 2 else None)


def test_every_order_of_equal_scores_and_equal_overlaps_gives_one_value():
    values = {
        average_precision({"v": segments(found)}, {"v": segments(true)}, threshold=0.1)
        for found in itertools.permutations(FOUND)
        for true in itertools.permutations(TRUE)
    }
    # [2, 6] comes first (4/5 of [2, 7]), then [4, 8] (1/2; the earlier start), which is matched to [7, 8].
    # [7, 9] is left with nothing. Three detections of one score, two hits of three: 2/3 * 2/3.
    assert list(values) == pytest.approx([4 / 9])


def test_of_true_segments_with_equal_overlap_the_earlier_is_taken():
    # [2, 6] meets [0, 4] and [4, 8] with 1/3 each, [0, 1.9] can have the first only
    for true in (((0, 4), (4, 8)), ((4, 8), (0, 4))):
        found = segments([(2, 6, 0.9), (0, 1.9, 0.8)])
        assert average_precision({"v": found}, {"v": segments(true)}, threshold=0.1) == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(12))
def test_no_score_depends_on_the_order_of_its_input(seed):
    # Few different scores, whole seconds: ties in score, in overlap, and equal segments.
    rng = np.random.default_rng(seed)

    def some(count, scored):
        starts = rng.integers(0, 8, count)
        return Segments(
            np.stack([starts, starts + rng.integers(1, 5, count)], axis=1),
            rng.choice([0.25, 0.5], count) if scored else None,
            rng.choice(["joy", "fear"], count),
        )

    detections = {f"video {n}": some(rng.integers(0, 9), True) for n in range(4)}
    truths = {f"video {n}": some(rng.integers(1, 6), False) for n in range(4)}
    truths["video 0"] = some(5, False)

    def turned(side):
        names = rng.permutation(list(side)).tolist()
        order = {name: rng.permutation(len(side[name])) for name in names}
        return {
            name: Segments(
                side[name].spans_s[order[name]],
                None if side[name].scores is None else side[name].scores[order[name]],
                side[name].labels[order[name]],
            )
            for name in names
        }

    def every(detections, truths):
        labels = ["joy", "fear"]
        bar, f1 = best_threshold(detections, truths, labels=labels, threshold=0.3)
        return {
            **detection_scores(detections, truths, labels=labels).to_dict(),
            **mean_average_precision(detections, truths),
            "bar": bar or 0.0,
            "f1": f1,
        }

    first = every(detections, truths)
    for _ in range(6):
        assert every(turned(detections), turned(truths)) == pytest.approx(first, rel=1e-12)
