"""The curriculum: difficulty, probability, and the samples of an epoch."""

import pytest
import torch

from affekt.layers.contrast.curriculum import Curriculum, difficulties, easy_first, keep_probability
from affekt.layers.contrast.prototypes import class_means
from affekt.layers.contrast.settings import CurriculumSettings

FEATURES = torch.tensor([[0.0, 2.0], [3.0, 0.0], [1.0, 1.0], [0.0, 1.0], [9.0, 9.0]])
LABELS = torch.tensor([1, 0, 0, 1, -1])


def make(seed=0, **settings):
    torch.manual_seed(seed)
    return Curriculum(CurriculumSettings(**settings))


def choose(curriculum, epoch, epochs=4, features=FEATURES, labels=LABELS):
    return curriculum.choose(labels, features, classes=3, epoch=epoch, epochs=epochs).tolist()


def test_means_leave_out_items_without_label():
    centers, has_center = class_means(FEATURES, LABELS, 3)
    assert centers.tolist() == [[2.0, 0.5], [0.0, 1.5], [0.0, 0.0]]
    assert has_center.tolist() == [True, True, False]


def test_difficulty_is_the_share_of_the_distance_from_the_own_class():
    centers, has_center = (
        torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]),
        torch.tensor([True, True, False]),
    )
    rows, labels = torch.tensor([[5.0, 0.0], [1.0, 1.0], [0.0, -2.0]]), torch.tensor([1, 0, 0])
    # On the other class: all of the distance; between both: half; 90 and 180 degrees away: 1/2 of 3/2.
    found = difficulties(rows, labels, centers, has_center)
    assert found.tolist() == pytest.approx([1.0, 0.5, 1 / 3], abs=1e-6)
    assert easy_first(found).tolist() == [2, 1, 0]


def test_equal_difficulties_stay_in_order():
    assert easy_first(torch.tensor([0.5, 0.1, 0.5, 0.1])).tolist() == [1, 3, 0, 2]


def test_about_half_of_the_samples_are_used_in_each_epoch():
    assert [float(keep_probability(epoch, 5, 101).mean()) for epoch in range(5)] == pytest.approx([0.5] * 5)
    assert keep_probability(0, 1, 1).tolist() == [1.0]


def test_an_epoch_after_the_last_is_refused():
    with pytest.raises(ValueError, match="epoch 4 is not one of 0 to 3"):
        keep_probability(4, 4, 10)


def test_early_epochs_use_easy_samples_and_late_ones_hard_samples():
    torch.manual_seed(0)
    labels = torch.arange(2).repeat(200)
    features = torch.eye(2, 8)[labels] + torch.linspace(0, 1, 400)[:, None] * torch.randn(400, 8)
    centers, has_center = class_means(features, labels, 2)
    difficulty = difficulties(features, labels, centers, has_center)
    curriculum = make(order="easy_to_hard")
    means = [
        float(difficulty[curriculum.choose(labels, features, classes=2, epoch=e, epochs=10)].mean())
        for e in (0, 9)
    ]
    assert means[0] < 0.8 * means[1]


def test_the_sample_with_index_0_is_used_like_any_other():
    used = [0 in choose(make(seed, order="flat"), 0) for seed in range(40)]
    assert 10 < sum(used) < 30


def test_without_curriculum_all_labelled_samples_are_used():
    assert choose(make(), 3, features=None) == [0, 1, 2, 3]


def test_a_choice_follows_from_seed_and_epoch_alone():
    one, other = make(order="flat"), make(order="flat")
    choose(one, 0)
    assert choose(one, 1) == choose(other, 1)
    many = torch.zeros(200, dtype=torch.long)
    assert choose(one, 1, labels=many) != choose(one, 2, labels=many)
    assert choose(one, 1, labels=many) != choose(make(5, order="flat"), 1, labels=many)


def test_order_and_choice_are_saved_and_restored():
    curriculum, resumed = make(order="easy_to_hard"), make(seed=9, order="easy_to_hard")
    choose(curriculum, 2)
    resumed.load_state_dict(curriculum.state_dict())
    assert resumed.order.tolist() == curriculum.order.tolist() and len(resumed.order) == 4
    assert resumed.chosen.tolist() == curriculum.chosen.tolist()
    assert choose(resumed, 3) == choose(curriculum, 3)


def test_at_least_one_sample_is_used():
    found = [choose(make(seed, order="flat", probability=1e-6), 0) for seed in range(3)]
    assert all(len(samples) == 1 for samples in found)


def test_nothing_to_choose_from_is_an_error():
    with pytest.raises(ValueError, match="no training sample has a label"):
        choose(make(), 0, labels=torch.full((5,), -1))
    with pytest.raises(ValueError, match="needs the features"):
        choose(make(order="easy_to_hard"), 0, features=None)


def test_worked_probabilities():
    # Epoch 1 of 4, ranks 0, 1, 2 of 3: 3/4 - 1/2 r/2.
    assert keep_probability(1, 4, 3).tolist() == [0.75, 0.5, 0.25]
    assert keep_probability(2, 4, 3).tolist() == [0.5, 0.5, 0.5]
