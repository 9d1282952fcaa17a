"""Errors across polarity weigh more."""

import pytest
import torch
from torch.nn import functional as F

from affekt.core.labels import LabelSet, label_set
from affekt.layers.cross_entropy import PlainCrossEntropy
from affekt.layers.polarity import PolarityLoss, polarity_signs, polarity_weights


def test_signs_follow_the_label_set():
    assert polarity_signs(label_set("plutchik-8")).tolist() == [-1, 1, -1, -1, 1, -1, 1, 1]


def test_neutral_is_a_separate_polarity_and_an_unknown_one_is_never_crossed():
    signs = polarity_signs(LabelSet.of("joy", "neutral", "fear", "wistful"))
    guess_joy = torch.tensor([[9.0, 0.0, 0.0, 0.0]]).repeat(4, 1)
    weights = polarity_weights(guess_joy, torch.arange(4), signs, penalty=1.0)
    assert weights.tolist() == [1.0, 2.0, 2.0, 1.0]


def test_the_largest_share_is_the_class():
    signs = polarity_signs(LabelSet.of("joy", "fear"))
    shares = torch.tensor([[0.6, 0.4], [0.1, 0.9]])
    assert polarity_weights(torch.tensor([[1.0, 0.0]] * 2), shares, signs, penalty=0.5).tolist() == [1.0, 1.5]


def test_terms_add_up_to_the_weighted_mean():
    labels = LabelSet.of("joy", "fear", "trust")
    logits, target = torch.randn(20, 3), torch.randint(0, 3, (20,))
    terms = PolarityLoss(PlainCrossEntropy(labels), penalty=0.5)(logits, target)
    weights = polarity_weights(logits, target, polarity_signs(labels), penalty=0.5)
    expected = (weights * F.cross_entropy(logits, target, reduction="none")).mean()
    assert float(sum(terms.values())) == pytest.approx(float(expected))


def test_without_penalty_there_is_one_term():
    terms = PolarityLoss(PlainCrossEntropy(LabelSet.of("joy", "fear")), penalty=0.0)(
        torch.randn(4, 2), torch.tensor([0, 1, 1, 0])
    )
    assert list(terms) == ["cross_entropy"]
