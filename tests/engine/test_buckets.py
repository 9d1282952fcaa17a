"""Batches of similar lengths: every sample once, little padding, the same order again after a resume."""

import numpy as np
import pytest

from affekt.engine.loading import Buckets, EpochSampler


def order(epoch, *, size=103, batch_size=8, batches=4, seed=5):
    lengths = np.random.default_rng(0).integers(1, 100, size)
    sampler = EpochSampler(size, seed, epoch=epoch, buckets=Buckets(lengths, batch_size, batches))
    return lengths, np.array([draw.index for draw in sampler])


@pytest.mark.parametrize("size", [3, 20, 103])
def test_every_sample_is_visited_once_in_an_order_that_the_epoch_alone_decides(size):
    _, first = order(0, size=size)
    assert sorted(first) == list(range(size))
    assert np.array_equal(order(0, size=size)[1], first)
    assert not np.array_equal(order(1, size=size)[1], first)


def test_batches_hold_samples_of_similar_lengths_and_come_in_random_order():
    lengths, found = order(0)
    batches = lengths[found[:96]].reshape(-1, 8)
    spread = np.ptp(batches, axis=1).mean()
    assert (
        spread
        < 0.4 * np.ptp(np.random.default_rng(1).permutation(lengths)[:96].reshape(-1, 8), axis=1).mean()
    )
    means = batches.mean(axis=1)
    assert (np.diff(means) < 0).any() and (np.diff(means) > 0).any()


def test_the_batch_that_is_not_full_holds_samples_of_any_length():
    lengths = order(0)[0]
    last = np.concatenate([lengths[order(epoch)[1][96:]] for epoch in range(20)])
    assert abs(last.mean() - lengths.mean()) < 10


def test_processes_that_take_turns_get_batches_of_similar_lengths():
    lengths = np.arange(64)
    found = Buckets(lengths, 4, 2).sort(
        np.random.default_rng(0).permutation(64), np.random.default_rng(1), processes=2
    )
    plain = np.random.default_rng(0).permutation(64)
    spreads = [
        np.ptp(one[rank::2].reshape(-1, 4), axis=1).mean() for one in (found, plain) for rank in (0, 1)
    ]
    assert max(spreads[:2]) < 0.7 * min(spreads[2:])
