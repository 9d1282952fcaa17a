"""Intervals: their units, their values, and their coverage."""

import numpy as np
import pytest

from affekt.metrics.classification import confusion_matrix, scores_of
from affekt.metrics.intervals import (
    LEAST_SUBJECTS,
    confusion_differences,
    confusion_intervals,
    paired_intervals,
    score_intervals,
    units_of,
)
from affekt.metrics.jackknife import left_out_interval

NAMES = {"accuracy", "uar", "macro_f1", "weighted_f1"}


def draw(seed, items=200, classes=5):
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=items)
    said = np.where(rng.random(items) < 0.5, truth, rng.integers(classes, size=items))
    return truth, said


def width(ends):
    return ends[1] - ends[0]


# ---- units


def test_subjects_are_the_units_where_enough_are_known():
    subjects = [f"speaker {row % LEAST_SUBJECTS}" for row in range(200)]
    found = score_intervals(*draw(0), 5, subjects)
    assert (found.over, found.note) == ("subjects", "")


@pytest.mark.parametrize(("subjects", "said"), [(1, "1 subject is too few"), (3, "3 subjects are too few")])
def test_with_few_subjects_the_interval_is_over_items_and_a_note_states_it(subjects, said):
    truth, predicted = draw(0)
    found = score_intervals(truth, predicted, 5, [f"s{row % subjects}" for row in range(200)])
    assert found.over == "items" and said in found.note and "new subjects" in found.note
    assert found.ranges == score_intervals(truth, predicted, 5).ranges


@pytest.mark.parametrize("subjects", [None, [None] * 200, [""] * 200])
def test_without_subjects_items_are_the_units(subjects):
    found = score_intervals(*draw(0), 5, subjects)
    assert (found.over, found.note) == ("items", "")


def test_an_item_without_subject_is_a_unit_of_its_own():
    units = units_of(6, ["a", None, "a", None, "b", "c"])
    assert units.over == "subjects" and units.member.tolist() == [0, 1, 0, 2, 3, 4]


def test_subjects_may_be_named_or_numbered():
    truth, said = draw(1)
    numbers = np.arange(200) // 10
    named = [f"walker {n:02d}" for n in numbers]
    assert score_intervals(truth, said, 5, named) == score_intervals(truth, said, 5, numbers)


# ---- values


@pytest.mark.parametrize("subjects", [None, np.arange(200) // 10])
def test_an_interval_contains_its_score(subjects):
    truth, said = draw(0)
    scores = scores_of(confusion_matrix(truth, said, 5))
    found = score_intervals(truth, said, 5, subjects)
    assert set(found.ranges) == NAMES
    for name, (low, high) in found.ranges.items():
        assert 0 <= low < scores[name] < high <= 1


@pytest.mark.parametrize("subjects", [None, np.arange(60) // 12])
@pytest.mark.parametrize("right", [True, False])
def test_all_correct_or_all_wrong_items_still_have_an_interval(subjects, right):
    truth = np.arange(60) % 3
    found = score_intervals(truth, truth if right else (truth + 1) % 3, 3, subjects)
    for low, high in found.ranges.values():
        assert (0.5 < low < 0.96 and high == 1) if right else (low == 0 and 0.04 < high < 0.5)


def test_one_more_error_does_not_narrow_an_interval():
    truth = np.zeros(200, int)
    said = truth.copy()
    said[:1] = 1
    for subjects in (None, np.arange(200) // 40):
        perfect, once = (
            score_intervals(truth, each, 2, subjects).ranges["accuracy"] for each in (truth, said)
        )
        assert perfect[0] > once[0] and width(once) > width(perfect)


def test_the_interval_of_items_is_wilsons():
    # 70 of 100: Wilson's interval with z is 0.604 to 0.781; Student's t and n - 1 widen it a little.
    truth = np.zeros(100, int)
    said = np.repeat([0, 1], [70, 30])
    assert score_intervals(truth, said, 2).ranges["accuracy"] == pytest.approx((0.604, 0.781), abs=0.003)


def test_merging_equal_items_does_not_change_the_interval():
    truth, said = draw(2)
    one_by_one = np.zeros((200, 5, 5))
    one_by_one[np.arange(200), truth, said] = 1
    once = score_intervals(truth, said, 5).ranges
    for name, ends in confusion_intervals(one_by_one).items():
        assert ends == pytest.approx(once[name])


def test_subjects_of_one_item_give_the_interval_of_items():
    truth, said = draw(1)
    single = score_intervals(truth, said, 5, np.arange(200)).ranges
    for name, ends in score_intervals(truth, said, 5).ranges.items():
        assert ends == pytest.approx(single[name])


def test_intervals_are_deterministic_and_grow_with_the_level():
    truth, said = draw(0)
    wide, again = (score_intervals(truth, said, 5) for _ in range(2))
    assert wide == again
    narrow = score_intervals(truth, said, 5, level=0.5).ranges["uar"]
    assert wide.ranges["uar"][0] < narrow[0] < narrow[1] < wide.ranges["uar"][1]


def test_correlated_items_within_subjects_widen_the_interval():
    # Ten people of twenty walks, each person all correct or all wrong: ten independent items, not 200.
    groups = np.repeat(np.arange(10), 20)
    truth, said = np.zeros(200, int), groups % 2
    alone, grouped = (score_intervals(truth, said, 2, each).ranges["accuracy"] for each in (None, groups))
    assert width(grouped) > 3 * width(alone)


def test_one_large_subject_among_small_ones_widens_the_interval():
    truth, said = draw(3)
    equal = np.arange(200) // 40
    unequal = np.searchsorted([180, 185, 190, 195], np.arange(200), side="right")
    widths = [width(score_intervals(truth, said, 5, each).ranges["accuracy"]) for each in (equal, unequal)]
    assert widths[1] > 1.5 * widths[0]


def test_a_single_item_has_the_widest_interval():
    only = np.array([1])
    assert set(score_intervals(only, only, 3).ranges.values()) == {(0.0, 1.0)}
    assert set(paired_intervals(only, only, only, 3).ranges.values()) == {(-1.0, 1.0)}
    assert left_out_interval(1.0, np.array([0.0]), size=1.0, weights=np.ones(1)) == (0.0, 1.0)


# ---- seeds and differences


def test_the_interval_of_several_seeds_is_that_of_the_mean_score():
    truth = draw(0)[0]
    seeds = np.stack([draw(seed)[1] for seed in (0, 0, 0)])
    once = score_intervals(truth, seeds[0], 5).ranges
    assert score_intervals(truth, seeds, 5).ranges == {name: pytest.approx(once[name]) for name in NAMES}
    # another error in each seed: the mean is known better than one seed
    truth = np.zeros(100, int)
    seeds = np.zeros((4, 100), int)
    for row in range(4):
        seeds[row, 25 * row : 25 * row + 20] = 1
    mean, single = (score_intervals(truth, each, 2).ranges["accuracy"] for each in (seeds, seeds[0]))
    assert mean[0] < 0.8 < mean[1] and width(mean) < width(single)


def test_the_interval_of_a_paired_difference_is_narrower_than_that_of_either_score():
    truth, said = draw(4)
    better = np.where(np.arange(200) % 10 == 0, truth, said)
    for subjects in (None, np.arange(200) // 20):
        low, high = paired_intervals(truth, better, said, 5, subjects).ranges["accuracy"]
        difference = np.mean(better == truth) - np.mean(said == truth)
        assert low < difference < high
        assert high - low < width(score_intervals(truth, said, 5, subjects).ranges["accuracy"])


def test_exchanging_the_methods_changes_the_sign_of_the_difference():
    truth, one = draw(5)
    other = draw(6)[1]
    low, high = paired_intervals(truth, one, other, 5).ranges["macro_f1"]
    assert paired_intervals(truth, other, one, 5).ranges["macro_f1"] == pytest.approx((-high, -low))


def test_the_difference_of_methods_that_agree_on_every_item_has_an_interval():
    truth, said = draw(0)
    low, high = paired_intervals(truth, said, said, 5).ranges["accuracy"]
    assert -0.03 < low < -0.005 and high == pytest.approx(-low)


def test_differences_take_any_number_of_seeds():
    truth, one = draw(7)
    other = np.stack([draw(seed)[1] for seed in (8, 9, 10)])
    low, high = paired_intervals(truth, one, other, 5, np.arange(200) // 20).ranges["uar"]
    scores = [float(scores_of(confusion_matrix(truth, each, 5))["uar"]) for each in (one, *other)]
    assert low < scores[0] - np.mean(scores[1:]) < high


def test_differences_of_other_units_are_refused():
    with pytest.raises(ValueError, match="the same units"):
        confusion_differences(np.ones((4, 2, 2)), np.ones((5, 2, 2)))


# ---- coverage


def answers(rng, subjects, *, accuracy, spread, classes=3, unequal=False):
    """Confusion matrices (subjects, k, k) of subjects who differ in accuracy, in size and in their classes.

    Accuracy of a subject is a Beta variable with this mean and standard deviation; where subjects are of
    unequal size, the classes that they show differ as well.
    """
    sizes = rng.geometric(1 / 40, subjects) + 4 if unequal else np.full(subjects, 40)
    shares = rng.dirichlet(np.full(classes, 2.0 if unequal else 1e4), subjects)
    scale = accuracy * (1 - accuracy) / spread**2 - 1
    right = (
        rng.beta(accuracy * scale, (1 - accuracy) * scale, subjects)
        if spread
        else np.full(subjects, accuracy)
    )
    counts = rng.multinomial(sizes, shares)
    hits = rng.binomial(counts, right[:, None])
    found = np.zeros((subjects, classes, classes))
    for k in range(classes):
        found[:, k] = rng.multinomial(
            (counts - hits)[:, k], [0 if j == k else 1 / (classes - 1) for j in range(classes)]
        )
        found[:, k, k] = hits[:, k]
    return found


SCENARIOS = {
    "strong subject effects": {"accuracy": 0.7, "spread": 0.2},
    "nearly all right": {"accuracy": 0.9, "spread": 0.1, "classes": 2},
    "unequal subjects": {"accuracy": 0.6, "spread": 0.15, "unequal": True},
}


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("subjects", [4, 5, 8, 20])
def test_the_interval_over_subjects_contains_the_truth_in_nine_of_ten_cases(scenario, subjects):
    rng = np.random.default_rng(subjects)
    settings = SCENARIOS[scenario]
    truth = scores_of(answers(rng, 20_000, **settings).sum(axis=0))
    rounds = 120
    inside = dict.fromkeys(NAMES, 0)
    for _ in range(rounds):
        for name, (low, high) in confusion_intervals(answers(rng, subjects, **settings)).items():
            inside[name] += low <= truth[name] <= high
    assert min(inside.values()) / rounds >= 0.9


@pytest.mark.parametrize(("items", "accuracy"), [(30, 0.6), (30, 0.98), (200, 0.9), (200, 0.98)])
def test_the_interval_over_items_contains_the_truth_in_nine_of_ten_cases(items, accuracy):
    rng = np.random.default_rng(items)
    classes, rounds = 3, 120
    wrong = (1 - accuracy) / (classes - 1)
    matrix = np.full((classes, classes), wrong) + np.eye(classes) * (accuracy - wrong)
    expected = scores_of(matrix)
    inside = dict.fromkeys(NAMES, 0)
    for _ in range(rounds):
        truth = rng.integers(classes, size=items)
        said = np.where(
            rng.random(items) < accuracy, truth, (truth + rng.integers(1, classes, items)) % classes
        )
        for name, (low, high) in score_intervals(truth, said, classes).ranges.items():
            inside[name] += low <= expected[name] <= high
    assert min(inside.values()) / rounds >= 0.9


def test_the_interval_of_a_difference_contains_the_truth_in_nine_of_ten_cases():
    rng = np.random.default_rng(0)
    rounds, subjects, items = 200, 6, 30
    inside = 0
    for _ in range(rounds):
        # both are right by the subject's skill, the one by 0.1 more, and the advantage differs by subject
        skill, ahead = rng.uniform(0.4, 0.8, subjects), rng.normal(0.1, 0.1, subjects)
        chance = rng.random((subjects, items))
        one, other = chance < np.clip(skill + ahead, 0, 1)[:, None], chance < skill[:, None]
        low, high = paired_intervals(
            np.zeros(subjects * items, int),
            1 - one.ravel().astype(int),
            1 - other.ravel().astype(int),
            2,
            np.repeat(np.arange(subjects), items),
        ).ranges["accuracy"]
        inside += low <= 0.1 <= high
    assert inside / rounds >= 0.9
