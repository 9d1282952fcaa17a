"""Segments as arrays, and their overlap."""

import numpy as np
import pytest

from affekt.core.segment import Segment
from affekt.metrics.segments import Segments, temporal_iou

SECONDS = np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])


def test_temporal_overlap_agrees_with_a_worked_example():
    one = np.array([[0.0, 4.0], [2.0, 3.0]])
    other = np.array([[0.0, 4.0], [2.0, 6.0], [4.0, 5.0]])
    #   [0, 4]: the same, 2 s of 6, they only touch;   [2, 3]: 1 s of 4, 1 s of 4, apart
    assert temporal_iou(one, other) == pytest.approx(np.array([[1, 2 / 6, 0], [1 / 4, 1 / 4, 0]]))


def test_overlap_with_nothing_is_empty():
    assert temporal_iou(np.zeros((0, 2)), SECONDS).shape == (0, 5)


@pytest.mark.parametrize("span", [[3.0, 3.0], [3.0, 2.0], [0.0, np.nan], [0.0, np.inf]])
def test_a_segment_that_does_not_start_before_it_ends_is_refused(span):
    with pytest.raises(ValueError, match="start before they end"):
        temporal_iou(np.array([span]), SECONDS)
    with pytest.raises(ValueError, match="start before they end"):
        Segments(np.array([span]))


@pytest.mark.parametrize("scores", [np.ones(1), np.array([1.0, np.nan])])
def test_scores_that_do_not_fit_are_refused(scores):
    with pytest.raises(ValueError, match="scores"):
        Segments(np.array([[0, 1], [1, 2]]), scores)


def test_annotated_segments_become_arrays_without_scores():
    stated = Segments.of([Segment(1.0, 2.0, "joy"), Segment(4.0, 8.0, "fear")])
    assert stated.spans_s.tolist() == [[1.0, 2.0], [4.0, 8.0]]
    assert stated.labels.tolist() == ["joy", "fear"] and stated.scores is None


def test_detected_segments_become_arrays_with_scores():
    assert Segments.of([Segment(1.0, 2.0, "joy", 0.5)]).scores.tolist() == [0.5]


def test_no_segments_become_empty_arrays():
    nothing = Segments.of([])
    assert len(nothing) == 0 and nothing.scores.shape == nothing.labels.shape == (0,)
