"""Turns of planted voices."""

import numpy as np
import pytest

from affekt.media.voices import grouping
from affekt.media.voices.grouping import UNCLEAR, alike_groups, group_voices


def near(centre, count, *, spread=0.05, seed=0):
    rng = np.random.default_rng([seed, centre])
    vectors = np.eye(16)[centre] + rng.normal(0, spread, (count, 16))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_turns_of_two_voices_are_in_two_groups():
    vectors = np.stack([near(0, 4), near(1, 4)], axis=1).reshape(8, 16)
    assert group_voices(vectors, np.full(8, 2.0)).tolist() == [0, 1] * 4


def test_short_turns_join_the_nearest_group_if_it_is_near():
    vectors = np.concatenate([near(0, 3), near(0, 1, seed=1), near(5, 1)])
    lengths = np.array([2.0, 2.0, 2.0, 0.4, 0.4])
    assert group_voices(vectors, lengths).tolist() == [0, 0, 0, 0, UNCLEAR]


def test_a_voice_with_little_speech_is_unclear():
    vectors = np.concatenate([near(0, 3), near(1, 1)])
    lengths = np.array([2.0, 2.0, 2.0, 1.2])
    assert group_voices(vectors, lengths, least_voice_s=3.0).tolist() == [0, 0, 0, UNCLEAR]
    assert group_voices(vectors, lengths, least_voice_s=1.0).tolist() == [0, 0, 0, 1]


def test_where_all_voices_have_little_speech_each_counts():
    vectors = np.concatenate([near(0, 1), near(1, 1)])
    assert group_voices(vectors, np.array([1.5, 1.5])).tolist() == [0, 1]


@pytest.mark.parametrize(("lengths", "groups"), [([], []), ([0.3, 0.2], [0, 0]), ([2.0], [0])])
def test_turns_that_cannot_be_compared_are_of_one_voice(lengths, groups):
    assert group_voices(near(0, len(lengths)).reshape(-1, 16), np.array(lengths)).tolist() == groups


def test_turns_beyond_those_that_are_compared_join_the_nearest_voice(monkeypatch):
    monkeypatch.setattr(grouping, "MOST_COMPARED", 6)
    vectors = np.stack([near(0, 20), near(1, 20)], axis=1).reshape(40, 16)
    lengths = np.linspace(5.0, 2.0, 40)
    assert group_voices(vectors, lengths).tolist() == [0, 1] * 20


def test_groups_that_are_nearly_one_are_alike():
    between = np.eye(16)[0] * 0.65 + np.eye(16)[1] * np.sqrt(1 - 0.65**2)
    vectors = np.concatenate([near(0, 3), np.tile(between, (3, 1)), near(5, 3)]).astype(np.float32)
    groups = group_voices(vectors, np.full(9, 2.0))
    assert groups.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert alike_groups(vectors, np.full(9, 2.0), groups) == [(0, 1)]
    assert alike_groups(vectors[:2], np.array([0.2, 0.2]), np.array([0, 0])) == []
