"""Boxes joined by motion and appearance; by overlap alone they are tested with `affekt project tracks`."""

import pickle

import numpy as np
import pytest

from affekt.media.tracking import Motion, Tracker, alike, appearance_of


def boxes(*lefts, top=0.0, side=10.0):
    return np.array([[left, top, left + side, top + side] for left in lefts], np.float32).reshape(-1, 4)


def look(*colour):
    """The appearance of somebody in one colour."""
    return appearance_of(np.full((60, 60, 3), colour, np.uint8), np.array([20, 10, 40, 30]))


RED, BLUE = look(200, 30, 30), look(30, 30, 200)


@pytest.fixture
def tracker():
    return Tracker(overlap=0.3, gap_s=1.0, motion=Motion())


def test_a_box_that_jumps_further_than_it_is_wide_stays_one_track(tracker):
    assert [tracker.update(0.2 * n, boxes(11.0 * n)) for n in range(6)] == [[0]] * 6


def test_a_box_far_away_is_another_track(tracker):
    assert [tracker.update(0.2 * n, boxes(left)) for n, left in enumerate((0, 60))] == [[0], [1]]


def test_a_box_of_another_size_that_overlaps_nothing_is_another_track(tracker):
    tracker.update(0.0, boxes(0))
    assert tracker.update(0.2, boxes(11, side=30.0)) == [1]


def test_a_face_that_is_hidden_for_a_moment_is_found_where_it_is_expected(tracker):
    for n in range(5):
        tracker.update(0.2 * n, boxes(4.0 * n))
    assert tracker.update(1.6, boxes(32.0)) == [0]  # twice a width from where it was seen last


def test_two_who_pass_each_other_keep_their_tracks(tracker):
    numbers = []
    for n in range(21):
        left, right = 3.0 * n, 60 - 3.0 * n
        shown = boxes(left) if abs(left - right) < 8 else boxes(left, right)  # the other one is behind
        numbers.append(tracker.update(0.2 * n, shown))
    assert numbers[0] == numbers[-1] == [0, 1]
    assert max(map(max, numbers)) == 1


def test_appearance_decides_between_two_who_change_places_within_a_step(tracker):
    tracker.update(0.0, boxes(0, 8), np.stack([RED, BLUE]))
    assert tracker.update(0.2, boxes(0, 8), np.stack([BLUE, RED])) == [1, 0]


def test_somebody_else_at_the_same_place_a_moment_later_is_another_track(tracker):
    tracker.update(0.0, boxes(0), RED[None])
    assert alike(RED[None], BLUE[None])[0, 0] < Motion().unlike
    tracker.update(0.2, boxes())
    assert tracker.update(0.4, boxes(0), BLUE[None]) == [1]


def test_a_face_whose_colours_flicker_stays_one_track(tracker):
    shown = [RED, RED, BLUE, RED, BLUE, BLUE, RED]
    assert [tracker.update(0.2 * n, boxes(1.0 * n), it[None]) for n, it in enumerate(shown)] == [[0]] * 7


def test_somebody_else_who_overlaps_a_little_is_another_track(tracker):
    tracker.update(0.0, boxes(0), RED[None])
    assert tracker.update(0.2, boxes(4), BLUE[None]) == [1]


def test_all_tracks_end_at_a_cut(tracker):
    tracker.update(0.0, boxes(0, 50))
    tracker.reset()
    assert tracker.update(0.2, boxes(0, 50)) == [2, 3]


def test_a_tracker_that_is_stored_goes_on_the_same(tracker):
    for n in range(3):
        tracker.update(0.2 * n, boxes(5.0 * n, 60.0), np.stack([RED, BLUE]))
    stored = pickle.loads(pickle.dumps(tracker))
    later = (0.6, boxes(15.0, 60.0, 90.0), np.stack([RED, BLUE, RED]))
    assert stored.update(*later) == tracker.update(*later) == [0, 1, 2]
