"""Answers of frames become a curve, in numbers that can be checked by hand."""

import numpy as np
import pytest

from affekt.analysis.faces.smooth import smoothed

NOTHING = np.zeros((0, 0))


def curve(times_s, scores, trust=None, *, at_s=1.0, width_s=1.0, values=None):
    times_s = np.asarray(times_s, float)
    scores = np.asarray(scores, float).reshape(len(times_s), -1)
    values = np.zeros((len(times_s), 0)) if values is None else np.asarray(values, float).reshape(-1, 1)
    trust = np.ones(len(times_s)) if trust is None else np.asarray(trust, float)
    return smoothed(times_s, scores, values, trust, at_s=np.array([at_s]), width_s=np.array([width_s]))


def test_ten_equal_answers_are_no_surer_than_one():
    found = curve(np.linspace(0.8, 1.2, 10), [[0.6, 0.3, 0.1]] * 10)
    assert found.scores[0] == pytest.approx([0.6, 0.3, 0.1])
    assert found.faces[0] == 10


def test_answers_are_averaged_in_their_logarithms():
    found = curve([0.9, 1.1], [[0.8, 0.2], [0.5, 0.5]])
    assert found.scores[0] == pytest.approx([2 / 3, 1 / 3])  # sqrt(.8 * .5) to sqrt(.2 * .5) is 2 to 1


def test_a_face_counts_less_the_further_away_it_is_and_not_at_all_beyond_half_the_window():
    near = curve([1.0, 1.25], [[0.9, 0.1], [0.1, 0.9]])  # weights 1 and 1/2
    assert near.scores[0][0] / near.scores[0][1] == pytest.approx(9 ** (1 / 3))
    assert curve([1.0, 1.5], [[0.9, 0.1], [0.1, 0.9]]).scores[0] == pytest.approx([0.9, 0.1])


def test_trust_moves_scores_towards_the_uniform_distribution():
    found = curve([1.0], [[0.9, 0.1]], [0.5])
    assert found.scores[0] == pytest.approx([0.5 * 0.9 + 0.25, 0.5 * 0.1 + 0.25])
    assert found.trust[0] == 0.5


def test_a_trusted_face_counts_more_than_one_that_is_not():
    found = curve([0.9, 1.1], [[0.8, 0.2], [0.2, 0.8]], [1.0, 0.25])
    assert found.scores[0][0] > 0.5


def test_a_score_of_0_does_not_exclude_a_class_for_good():
    found = curve([0.9, 1.1], [[1.0, 0.0], [0.01, 0.99]])
    assert (found.scores[0] > 0).all()


def test_ratings_are_averaged_as_they_are():
    found = curve([0.9, 1.1], np.zeros((2, 0)), [1.0, 0.5], values=[0.3, 0.9])
    assert found.values[0, 0] == pytest.approx((0.3 + 0.45) / 1.5)


def test_times_without_a_face_in_reach_have_no_answer():
    found = curve([5.0], [[0.9, 0.1]])
    assert np.isnan(found.scores).all() and found.faces[0] == 0
