"""Prediction intervals: small examples by hand, and coverage of new subjects."""

import numpy as np
import pytest

from affekt.metrics.conformal import around, conformal_reach, fewest_units


def column(*values):
    return np.array(values, float)[:, None]


def test_the_distance_of_items_is_an_order_statistic():
    # 19 items and a level of 0.9: 18 of 20 units, so the 18th error.
    found = conformal_reach(column(*range(1, 20)), level=0.9)
    assert (found.distances.tolist(), found.over, found.units, found.note) == ([18.0], "items", 19, "")


def test_subjects_count_once_however_many_items_they_have():
    # Nine subjects; the one with errors of 5 has 100 items, a weight of 1 / 10 like all others.
    errors = column(*[5.0] * 100, *range(10, 18))
    subjects = ["many"] * 100 + [f"s{k}" for k in range(8)]
    found = conformal_reach(errors, subjects)
    assert (found.distances.tolist(), found.over, found.units) == ([17.0], "subjects", 9)
    assert conformal_reach(errors).distances.tolist() == [5.0]


def test_too_few_subjects_are_replaced_by_items_with_a_note():
    found = conformal_reach(column(*range(40)), [f"s{k % 8}" for k in range(40)])
    assert found.over == "items" and "8 subjects are too few" in found.note
    assert "does not apply to new subjects" in found.note


def test_too_few_items_give_no_interval():
    found = conformal_reach(column(*range(8)))
    assert found.distances is None and "8 items are too few for one of 90% (9 at least)" in found.note
    assert fewest_units(0.9) == 9


def test_each_rating_has_its_own_distance():
    errors = np.column_stack([np.arange(1.0, 10), 10 * np.arange(1.0, 10)])
    assert conformal_reach(errors).distances.tolist() == [9.0, 90.0]


def test_intervals_end_at_the_ends_of_the_scale():
    low, high = around(np.array([[-0.9], [2.0]]), np.array([0.5]), (-1.0, 1.0))
    assert low.ravel().tolist() == [-1.0, 1.0] and high.ravel().tolist() == pytest.approx([-0.4, 1.0])


def test_new_subjects_are_covered_where_items_resemble_each_other():
    rng = np.random.default_rng(0)
    inside = {"subjects": [], "items": []}
    for _ in range(400):
        bias = rng.normal(0, 1, 13)
        errors = np.abs(np.repeat(bias[:12], 10) + 0.1 * rng.normal(size=120))[:, None]
        new = abs(bias[12] + 0.1 * rng.normal())
        names = [f"s{k // 10}" for k in range(120)]
        inside["subjects"].append(new <= conformal_reach(errors, names).distances[0])
        inside["items"].append(new <= conformal_reach(errors).distances[0])
    # Two standard errors of 400 rounds are 0.03.
    assert np.mean(inside["subjects"]) > 0.87
    assert np.mean(inside["items"]) < 0.87


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_impossible_levels_are_refused(level):
    with pytest.raises(ValueError, match="between 0 and 1"):
        conformal_reach(column(1, 2), level=level)
