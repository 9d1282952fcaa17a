"""Scores of tracks, on boxes that can be checked by hand."""

import numpy as np

from affekt.metrics.tracking import Labelled, score_tracks


def at(*lefts, names):
    return Labelled(list(names), np.array([[left, 0.0, left + 1.0, 1.0] for left in lefts]).reshape(-1, 4))


TRUTH = at(0, 5, names="ab")


def test_tracks_that_show_everything_have_no_switches():
    found = score_tracks([(TRUTH, at(0, 5, names="12"))] * 4)
    assert (found.coverage, found.switches, found.main, found.false_boxes, found.tracks) == (
        1.0,
        0,
        1.0,
        0.0,
        2,
    )


def test_two_tracks_that_change_places_are_two_switches():
    frames = [(TRUTH, at(0, 5, names="12"))] * 3 + [(TRUTH, at(0, 5, names="21"))]
    found = score_tracks(frames)
    assert (found.coverage, found.switches, found.main) == (1.0, 2, 0.75)


def test_one_track_for_two_things_is_the_own_track_of_one_only():
    frames = [(at(0, names="a"), at(0, names="1"))] * 3 + [(at(5, names="b"), at(5, names="1"))] * 2
    found = score_tracks(frames)
    assert (found.switches, found.main) == (0, 0.6)


def test_a_box_that_shows_less_than_half_is_false_and_the_thing_not_seen():
    found = score_tracks([(at(0, names="a"), at(0.5, names="1"))])
    assert (found.seen, found.coverage, found.false_boxes) == (1, 0.0, 1.0)


def test_nothing_there_and_nothing_found_is_all_right():
    found = score_tracks([(at(names=""), at(names=""))])
    assert (found.coverage, found.main, found.tracks) == (1.0, 1.0, 0)
