"""Segments of a clip from its attention."""

import numpy as np
import pytest

from affekt.metrics import detection, localization, segments
from affekt.metrics.localization import is_salient, segments_from_attention

SECONDS = np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 3.0], [3.0, 4.0], [4.0, 5.0]])


def test_runs_above_the_threshold_become_segments_with_their_mean_attention():
    # least 0, most 1: the threshold is 0.7
    spans, scores = segments_from_attention(np.array([0.8, 1.0, 0.3, 0.0, 0.7]), SECONDS, threshold=0.7)
    assert spans.tolist() == [[0.0, 2.0], [4.0, 5.0]]
    assert scores == pytest.approx([0.9, 0.7])


def test_the_threshold_is_relative_to_the_least_and_the_most_attention_of_the_clip():
    # least 2, most 4: a threshold of 0.5 is 3
    spans, _ = segments_from_attention(np.array([2.0, 2.9, 3.0, 4.0, 2.0]), SECONDS, threshold=0.5)
    assert spans.tolist() == [[2.0, 4.0]]


def test_a_threshold_of_zero_selects_the_whole_clip_and_of_one_its_peak():
    attention = np.array([0.1, 0.4, 0.2, 0.3, 0.1])
    assert segments_from_attention(attention, SECONDS, threshold=0.0)[0].tolist() == [[0.0, 5.0]]
    assert segments_from_attention(attention, SECONDS, threshold=1.0)[0].tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize("value", [0.1, 1 / 3, 7e-9, 12.0])
def test_equal_attention_everywhere_is_one_segment(value):
    spans, scores = segments_from_attention(np.full(5, value), SECONDS, threshold=0.7)
    assert spans.tolist() == [[0.0, 5.0]]
    assert scores == pytest.approx([value])


def test_no_attention_anywhere_gives_no_segment():
    spans, scores = segments_from_attention(np.zeros(5), SECONDS, threshold=0.7)
    assert spans.shape == (0, 2) and scores.shape == (0,)


def test_the_mean_is_taken_over_time():
    spans = np.array([[0.0, 3.0], [3.0, 4.0]])
    assert segments_from_attention(np.array([0.8, 1.0]), spans, threshold=0.0)[1] == pytest.approx([0.85])


def test_segments_with_time_between_them_are_not_joined():
    spans = np.array([[0.0, 1.0], [2.0, 3.0]])
    assert segments_from_attention(np.array([1.0, 1.0]), spans, threshold=0.7)[0].tolist() == spans.tolist()


def test_a_clip_without_segments_gives_no_segment():
    spans, scores = segments_from_attention(np.zeros(0), np.zeros((0, 2)), threshold=0.7)
    assert spans.shape == (0, 2) and scores.shape == (0,)


def test_salient_segments_are_those_that_are_joined():
    assert is_salient(np.array([0.8, 1.0, 0.3, 0.0, 0.7]), threshold=0.7).tolist() == [
        True,
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("attention", "spans", "threshold", "reason"),
    [
        (np.ones(5), SECONDS, 1.5, "between 0"),
        (-np.ones(5), SECONDS, 0.5, "at least 0"),
        (np.array([1, np.nan, 1, 1, 1]), SECONDS, 0.5, "at least 0"),
        (np.ones(4), SECONDS, 0.5, "one attention value each"),
        (np.ones(5), SECONDS[::-1], 0.5, "temporal order"),
        (np.ones(1), np.array([[2.0, 1.0]]), 0.5, "number 0 goes from 2 to 1 s"),
        (np.ones(1), np.array([[1.0, 1.0]]), 0.5, "start before they end"),
    ],
)
def test_invalid_attention_is_refused(attention, spans, threshold, reason):
    with pytest.raises(ValueError, match=reason):
        segments_from_attention(attention, spans, threshold=threshold)


def test_all_names_of_localization_are_imported_from_one_module():
    for name in set(localization.__all__) - {"KEY_THRESHOLD", "is_salient", "segments_from_attention"}:
        home = segments if hasattr(segments, name) else detection
        assert getattr(localization, name) is getattr(home, name)
