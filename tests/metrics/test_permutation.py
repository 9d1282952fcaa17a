"""Detection of exchanged labels from the confusion matrix."""

import numpy as np
import pytest

from affekt.metrics.permutation import best_permutation, exchanged_labels

# POSTER V2 on the test part of RAF-DB, from its authors' plotting script: 2829 of 3068 are correct.
RAF_DB = np.array(
    [
        [299, 6, 5, 3, 1, 4, 11],
        [9, 51, 0, 2, 8, 2, 2],
        [2, 1, 120, 6, 13, 9, 9],
        [5, 1, 7, 1148, 2, 4, 18],
        [0, 0, 9, 4, 442, 1, 22],
        [2, 0, 7, 3, 0, 145, 5],
        [10, 0, 6, 11, 29, 0, 624],
    ]
)
NAMES = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
# Output k of the shuffled network is output SHUFFLE[k] of the published one.
SHUFFLE = (6, 3, 4, 0, 1, 2, 5)


def test_a_worked_example_is_solved():
    # Ten items:        output 0 1 2
    confusion = np.array([[0, 3, 1],  # truth 0: output 1 says so
                          [4, 0, 0],  # truth 1: output 0
                          [0, 1, 1]])  # truth 2: output 2      # fmt: skip
    # Read as (1, 0, 2), 4 + 3 + 1 = 8 of 10 are right; as they stand, 0 + 0 + 1.
    assert best_permutation(confusion) == ((1, 0, 2), 0.8)


def test_a_good_network_keeps_its_order():
    order, accuracy = best_permutation(RAF_DB)
    assert order == tuple(range(7))
    assert accuracy == pytest.approx(0.9221, abs=5e-5)


def test_a_shuffled_network_is_put_in_order():
    shuffled = RAF_DB[:, SHUFFLE]
    order, accuracy = best_permutation(shuffled)
    assert order == SHUFFLE
    assert accuracy == pytest.approx(2829 / 3068)
    restored = np.zeros_like(shuffled)
    restored[:, order] = shuffled
    np.testing.assert_array_equal(restored, RAF_DB)


def test_outputs_keep_their_class_where_a_change_gains_nothing():
    assert best_permutation(np.array([[5, 5], [5, 5]])) == ((0, 1), 0.5)
    seen = np.zeros((4, 4))
    seen[0, 1] = seen[1, 0] = 9  # no item is of class 2 or 3
    assert best_permutation(seen) == ((1, 0, 2, 3), 1.0)


@pytest.mark.parametrize("shape", [(2, 3), (4,), (2, 2, 2)])
def test_a_matrix_that_is_not_square_is_refused(shape):
    with pytest.raises(ValueError, match="must be square, found shape"):
        best_permutation(np.ones(shape))


def test_exchanged_labels_are_reported_with_their_accuracy():
    # As they stand, 11 + 2 + 13 + 5 + 0 + 7 + 0 = 38 are right.
    assert exchanged_labels(RAF_DB[:, SHUFFLE], NAMES) == (
        "labels seem exchanged: with outputs read as surprise=neutral, fear=happiness, disgust=sadness, "
        "happiness=surprise, sadness=fear, anger=disgust, neutral=anger accuracy would be 0.92 "
        "instead of 0.01; check the label order"
    )


def test_only_exchanged_outputs_are_named():
    two = RAF_DB[:, (0, 1, 2, 6, 4, 5, 3)]
    assert "read as happiness=neutral, neutral=happiness accuracy would be 0.92" in exchanged_labels(
        two, NAMES
    )


def test_a_good_network_gets_no_hint():
    assert exchanged_labels(RAF_DB, NAMES) == ""


def test_a_poor_network_gets_no_hint():
    rng = np.random.default_rng(0)
    for items in (8, 20, 70, 500, 5000):
        guesses = rng.multinomial(items, np.full(49, 1 / 49)).reshape(7, 7)
        assert exchanged_labels(guesses, NAMES) == ""


def test_a_rare_pair_of_exchanged_classes_gets_no_hint():
    rare = RAF_DB[:, (0, 2, 1, 3, 4, 5, 6)]  # fear and disgust: 6 % of all
    assert exchanged_labels(rare, NAMES) == ""


def test_a_gain_of_less_than_half_gets_no_hint():
    # 0.6 as it stands, 0.6 + 0.25 otherwise: more than 0.2, less than 1.5 times.
    confusion = np.array([[600, 0, 0], [0, 0, 125], [0, 125, 150]])
    assert best_permutation(confusion)[1] == pytest.approx(0.85)
    assert exchanged_labels(confusion, ("a", "b", "c")) == ""


def test_no_items_get_no_hint():
    assert exchanged_labels(np.zeros((7, 7)), NAMES) == ""
