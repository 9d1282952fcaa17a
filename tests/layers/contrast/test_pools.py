"""Pools of features: what is kept, and when a pool replaces the mean of its class."""

import pytest
import torch

from affekt.layers.contrast.pools import RepresentationPools
from affekt.layers.contrast.settings import SPCLSettings
from affekt.layers.contrast.spcl import PooledContrast


def numbers(pools, label):
    """Members of a pool of features of width 1."""
    return pools.members[label, : pools.fill[label], 0].tolist()


def column(*values):
    return torch.tensor([[float(value)] for value in values])


@pytest.fixture
def pools():
    """Pools of up to 4 of two classes, of which the second has no training sample; pinned."""
    found = RepresentationPools(2, 1, pool_size=4, support=3, choice="first")
    found.begin_epoch(column(10, 99), torch.tensor([True, False]))
    return found


def test_the_mean_of_the_class_is_the_first_member(pools):
    assert (numbers(pools, 0), numbers(pools, 1)) == ([10.0], [])


def test_pinned_pools_drop_the_oldest_members(pools):
    pools.add(column(1, 2, 3), torch.tensor([0, 0, 0]))
    assert numbers(pools, 0) == [10, 1, 2, 3]  # exactly full
    pools.add(column(4, 5, 6), torch.tensor([0, 1, 0]))
    assert (numbers(pools, 0), numbers(pools, 1)) == ([2, 3, 4, 6], [5])


def test_a_pool_replaces_the_mean_at_exactly_its_support(pools):
    pools.add(column(1), torch.tensor([0]))
    assert pools.prototypes().vectors[0].tolist() == [10]
    pools.add(column(4), torch.tensor([0]))
    assert pools.prototypes().vectors[0].tolist() == [5]  # mean of 10, 1, 4


def test_a_class_without_mean_is_absent_until_its_pool_has_the_support(pools):
    assert pools.prototypes().is_present.tolist() == [True, False]
    pools.add(column(1, 2), torch.tensor([1, 1]))
    assert pools.prototypes().is_present.tolist() == [True, False]
    pools.add(column(6), torch.tensor([1]))
    found = pools.prototypes()
    assert found.is_present.tolist() == [True, True] and found.vectors[1].tolist() == [3]


def test_an_epoch_begins_with_empty_pools(pools):
    pools.add(column(1, 2, 3), torch.tensor([0, 1, 1]))
    pools.begin_epoch(column(20, 30), torch.tensor([True, True]))
    assert (numbers(pools, 0), numbers(pools, 1)) == ([20], [30])


def test_random_pools_drop_random_members_old_and_new():
    kept = set()
    for seed in range(20):
        torch.manual_seed(seed)
        pools = RepresentationPools(1, 1, pool_size=3, support=1)
        pools.begin_epoch(column(10), torch.tensor([True]))
        pools.add(column(1, 2), torch.tensor([0, 0]))
        pools.add(column(3, 4), torch.tensor([0, 0]))
        assert len(set(numbers(pools, 0))) == 3
        kept |= {tuple(sorted(numbers(pools, 0)))}
    # The oldest three, and the newest three, are only two of the ten sets.
    assert (
        len(kept) > 4
        and any(10 in members for members in kept)
        and any(10 not in members for members in kept)
    )


def test_the_support_is_drawn_anew_for_each_step():
    torch.manual_seed(0)
    pools = RepresentationPools(1, 1, pool_size=64, support=2)
    pools.add(column(*range(64)), torch.zeros(64, dtype=torch.long))
    assert len({float(pools.prototypes().vectors) for _ in range(10)}) > 5


def test_a_step_uses_the_pools_as_they_were_before_it():
    settings = SPCLSettings(kind="spcl", pool_size=4, support=1)
    features, labels = torch.randn(6, 8), torch.tensor([0, 0, 1, 1, 2, 2])
    one, other = (PooledContrast(settings, 3, 8, choice="first") for _ in range(2))
    for contrast in (one, other):
        contrast.begin_epoch(torch.eye(3, 8), torch.ones(3, dtype=torch.bool))
    other.eval()  # adds nothing
    assert one(features, labels).item() == other(features, labels).item()
    assert one.pools.fill.tolist() == [3, 3, 3]
