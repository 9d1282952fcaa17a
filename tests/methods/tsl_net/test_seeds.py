"""Seeds on numbers that can be checked by hand."""

import numpy as np
import pytest

from affekt.methods.tsl_net.seeds import find_seeds


def seeds(background, points, classes=None, **options):
    """Seeds of one video of two classes; by default a class has one minus the score of the background."""
    background = np.array(background)
    sure = 1 - background if classes is None else np.array(classes)
    scores = np.stack([sure, 0.1 * sure, background], axis=1)
    targets = np.zeros((len(background), 3))
    targets[points] = [0.9, 0.1, 0.0]
    return find_seeds(scores, targets, **options), scores


def test_before_the_first_point_all_cells_up_to_the_last_one_at_the_threshold_are_background():
    found, _ = seeds([0.2, 0.96, 0.3, 0.97, 0.2, 0.1], [5])
    assert found.background.tolist() == [0.97, 0.97, 0.97, 0.97, 0, 0]


def test_after_the_last_point_all_cells_from_the_first_one_at_the_threshold_are_background():
    found, _ = seeds([0.1, 0.2, 0.97, 0.3, 0.99, 0.2], [0])
    assert found.background.tolist() == [0, 0, 0.99, 0.99, 0.99, 0.99]


def test_without_a_cell_at_the_threshold_the_highest_and_all_beyond_it_are_background():
    found, _ = seeds([0.3, 0.6, 0.2, 0.1, 0.5, 0.4], [3])
    assert found.background.tolist() == [0.6, 0.6, 0, 0, 0.5, 0.5]


def test_between_points_all_between_the_outer_of_three_cells_at_the_threshold_is_background():
    found, _ = seeds([0.1, 0.2, 0.96, 0.3, 0.98, 0.2, 0.96, 0.3, 0.1], [0, 8])
    assert found.background.tolist() == [0, 0, 0.98, 0.98, 0.98, 0.98, 0.98, 0, 0]


@pytest.mark.parametrize(
    ("rule", "between"), [("sum", [0.98, 0, 0, 0.98]), ("count", [0.98, 0.98, 0.98, 0.98])]
)
def test_between_points_two_cells_short_of_one_do_not_sum_up_to_two(rule, between):
    found, _ = seeds([0.1, 0.96, 0.3, 0.3, 0.98, 0.1], [0, 5], rule=rule)
    assert found.background.tolist() == [0, *between, 0]


def test_two_saturated_cells_between_points_are_two():
    found, _ = seeds([0.1, 1.0, 0.3, 1.0, 0.1], [0, 4])
    assert found.background.tolist() == [0, 1, 1, 1, 0]


def test_between_points_without_a_cell_at_the_threshold_the_highest_alone_is_background():
    found, _ = seeds([0.1, 0.4, 0.6, 0.5, 0.1], [0, 4])
    assert found.background.tolist() == [0, 0, 0.6, 0, 0]


def test_neighbouring_points_have_no_gap_and_a_point_at_an_end_has_nothing_beyond():
    found, _ = seeds([0.1, 0.2, 0.3], [0, 1, 2])
    assert not found.background.any()


def test_foreground_extends_from_a_point_to_both_sides_until_background_is_higher():
    found, scores = seeds([0.4, 0.6, 0.4, 0.1, 0.2, 0.4, 0.7, 0.1], [3])
    assert found.foreground[3].tolist() == [0.9, 0.1, 0.0]
    walked = [2, 4, 5]
    assert np.array_equal(found.foreground[walked], scores[walked])
    assert not found.foreground[[0, 1, 6, 7]].any()


def test_foreground_between_points_may_extend_from_either_side():
    found, _ = seeds([0.1, 0.2, 0.9, 0.3, 0.8, 0.2, 0.1], [0, 6])
    assert found.foreground.any(axis=1).tolist() == [True, True, False, False, False, True, True]


def test_a_cell_with_equal_scores_of_class_and_background_is_foreground():
    found, _ = seeds([0.1, 0.5, 0.6], [0], classes=[0.9, 0.5, 0.4])
    assert found.foreground.any(axis=1).tolist() == [True, True, False]


def test_foreground_ends_at_background_of_weight_one():
    found, _ = seeds([0.1, 0.2, 0.3, 1.0, 1.0], [0])
    assert found.foreground.any(axis=1).tolist() == [True, True, True, False, False]
    filled, _ = seeds([0.1, 0.2, 1.0, 0.2, 0.3], [0])
    assert filled.background.tolist() == [0, 0, 1, 1, 1]
    assert filled.foreground.any(axis=1).tolist() == [True, True, False, False, False]


def test_a_cell_may_be_foreground_and_soft_background_at_once():
    found, scores = seeds([0.3, 0.6, 0.5, 0.1], [3], classes=[0.7, 0.7, 0.7, 0.9])
    assert found.background.tolist() == [0.6, 0.6, 0, 0]
    assert np.array_equal(found.foreground[:3], scores[:3])


def test_a_video_without_points_has_no_seeds():
    found, _ = seeds([0.99, 0.1, 0.99], [])
    assert not found.background.any() and not found.foreground.any()


def test_hours_of_cells_take_no_time():
    rng = np.random.default_rng(0)
    found, _ = seeds(rng.uniform(size=50_000), rng.choice(50_000, 200, replace=False))
    assert found.background.any() and found.foreground.any()
