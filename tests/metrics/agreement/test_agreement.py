"""Agreement of raters, against worked examples and other libraries."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import fleiss_kappa as other_fleiss

from affekt.metrics.agreement.kappa import (
    cohen_kappa,
    cohen_kappas,
    fleiss_kappa,
    krippendorff_alpha,
    nominal,
    ring,
)
from affekt.metrics.agreement.raters import dawid_skene
from affekt.metrics.agreement.ratings import vote_counts, vote_entropy, vote_shares

RNG = np.random.default_rng(0)


def rated(items, accuracies, classes=4):
    """Truth, and ratings by raters who else choose any class."""
    truth = RNG.integers(0, classes, items)
    guesses = RNG.integers(0, classes, (items, len(accuracies)))
    right = RNG.random((items, len(accuracies))) < accuracies
    return truth, np.where(right, truth[:, None], guesses)


def test_kappa_of_two_raters_is_that_of_scikit_learn():
    _, ratings = rated(200, [0.8, 0.5, 0.2])
    found = cohen_kappas(ratings, 4)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        expected = cohen_kappa_score(ratings[:, first], ratings[:, second])
        assert found[first, second] == found[second, first] == pytest.approx(expected)


def test_items_that_one_rater_missed_do_not_count():
    one, other = np.array([0, 1, -1, 1]), np.array([0, 1, 1, -1])
    assert cohen_kappa(one, other, 2) == 1.0
    assert np.isnan(cohen_kappa(np.array([-1]), np.array([0]), 2))


def test_kappa_of_several_raters_is_that_of_statsmodels():
    _, ratings = rated(150, [0.7, 0.6, 0.5])
    counts = vote_counts(ratings, 4)
    assert fleiss_kappa(counts) == pytest.approx(other_fleiss(counts))


def test_fleiss_refuses_items_with_other_numbers_of_votes():
    with pytest.raises(ValueError, match="2, 3: take Krippendorff"):
        fleiss_kappa(np.array([[2, 0], [1, 2]]))


def test_alpha_of_a_worked_example():
    # Krippendorff's example of two coders and ten items with two classes: alpha = .095.
    one = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    other = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    assert krippendorff_alpha(np.array([one, other]).T, nominal(2)) == pytest.approx(0.095, abs=5e-4)


def test_alpha_is_one_for_agreement_and_zero_for_chance():
    truth, _ = rated(400, [1.0])
    agreed = np.repeat(truth[:, None], 3, axis=1)
    agreed[::2, 1] = -1
    assert krippendorff_alpha(agreed, nominal(4)) == 1.0
    by_chance = RNG.integers(0, 4, (4000, 3))
    assert abs(krippendorff_alpha(by_chance, nominal(4))) < 0.03
    assert np.isnan(krippendorff_alpha(np.array([[0, -1]]), nominal(2)))


def test_neighbours_on_the_ring_agree_more_than_opposites():
    truth, _ = rated(400, [1.0], classes=8)
    near, far = ((truth + 1) % 8, (truth + 4) % 8)
    second = np.where(RNG.random(400) < 0.5, truth, near), np.where(RNG.random(400) < 0.5, truth, far)
    alphas = [krippendorff_alpha(np.stack([truth, it], axis=1), ring(8)) for it in second]
    assert alphas[0] > 0.9 > 0.1 > alphas[1]


def test_votes():
    counts = vote_counts(np.array([[0, 0, -1], [1, 2, 0], [-1, -1, -1]]), 3)
    assert counts.tolist() == [[2, 0, 0], [1, 1, 1], [0, 0, 0]]
    np.testing.assert_allclose(vote_shares(counts), [[1, 0, 0], [1 / 3] * 3, [1 / 3] * 3])
    np.testing.assert_allclose(vote_entropy(counts), [0, np.log(3), np.nan])


@pytest.mark.parametrize("ratings", [np.array([[3]]), np.array([[-2]]), np.array([[0.5]]), np.array([0])])
def test_ratings_that_are_no_classes_are_refused(ratings):
    with pytest.raises(ValueError, match="ratings"):
        vote_counts(ratings, 3)


def test_the_model_of_raters_finds_their_confusions_and_beats_the_majority():
    k, items = 3, 3000
    truth = RNG.integers(0, k, items)
    confusions = np.array(
        [
            [[0.9, 0.05, 0.05], [0.05, 0.9, 0.05], [0.05, 0.05, 0.9]],
            [[0.4, 0.5, 0.1], [0.1, 0.4, 0.5], [0.5, 0.1, 0.4]],  # a rater who is mostly wrong, in one way
            [[0.4, 0.5, 0.1], [0.1, 0.4, 0.5], [0.5, 0.1, 0.4]],
        ]
    )
    ratings = np.stack([[RNG.choice(k, p=table[it]) for it in truth] for table in confusions], axis=1)
    found = dawid_skene(ratings, k)
    assert np.abs(found.confusions - confusions).max() < 0.06
    majority = vote_counts(ratings, k).argmax(axis=1)
    assert (found.posterior.argmax(axis=1) == truth).mean() > (majority == truth).mean() + 0.1


def test_a_missing_rating_says_nothing():
    ratings = np.array([[0, 0], [1, 1], [0, -1], [1, -1]] * 20)
    found = dawid_skene(ratings, 2)
    assert (found.posterior.argmax(axis=1) == ratings[:, 0]).all()
