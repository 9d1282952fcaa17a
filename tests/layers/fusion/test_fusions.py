"""What holds for every fusion, whatever its kind."""

from itertools import combinations
from typing import get_args

import pytest
import torch

from affekt.layers.fusion.make import make_fusion
from affekt.layers.fusion.settings import (
    ConcatMoESettings,
    CrossAttentionSettings,
    DeepSettings,
    DenseMoESettings,
    DisentangleSettings,
    FusionSettings,
    LowRankSettings,
    MeanSettings,
    MultiHeadMoESettings,
    NoFusion,
    SelfAttentionSettings,
    ShiftingSettings,
    SparseMoESettings,
    TensorSettings,
    TextGuidedMoESettings,
    VanillaSettings,
)
from affekt.layers.fusion.widths import auxiliary_terms, fused_width

WIDTHS = {"T": 24, "A": 24, "V": 24}
SETTINGS = {
    "vanilla": VanillaSettings(width=10),
    "deep": DeepSettings(width=10),
    "mean": MeanSettings(width=10),
    "mean of the present": MeanSettings(width=10, missing="skip"),
    "self-attention": SelfAttentionSettings(width=10, heads=2, inner=8),
    "self-attention of rows": SelfAttentionSettings(width=10, heads=2, axis="row"),
    "cross-attention": CrossAttentionSettings(heads=4),
    "tensor": TensorSettings(inner=3),
    "tensor with the constant": TensorSettings(inner=3, missing="constant"),
    "low rank": LowRankSettings(width=10, rank=2),
    "concat mixture": ConcatMoESettings(width=10),
    "concat mixture as published": ConcatMoESettings(width=10, joint_expert=False, order="sorted"),
    "dense mixture": DenseMoESettings(width=10, experts=3),
    "sparse mixture": SparseMoESettings(width=10, experts=4, top=2),
    "text-guided mixture": TextGuidedMoESettings(width=10, inner=8, heads=2, experts=3, top=2),
    "multi-head mixture": MultiHeadMoESettings(
        width=10, experts=(VanillaSettings(width=6), TensorSettings(inner=2), DisentangleSettings())
    ),
    "disentanglement": DisentangleSettings(private=8, shared=4, cross_heads=2),
    "shifting": ShiftingSettings(heads=3),
    "shifting by one token": ShiftingSettings(heads=3, attention="row"),
    "shifting without attention": ShiftingSettings(attention="none"),
}
SUBSETS = [names for count in (1, 2, 3) for names in combinations(WIDTHS, count)]
each_kind = pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)


def make(settings, *, widths=WIDTHS):
    torch.manual_seed(0)
    return make_fusion(settings, widths)


def batch(rows, *, widths=WIDTHS, seed=1):
    """Vectors, and a random subset for each row."""
    drawn = torch.Generator().manual_seed(seed)
    features = {name: torch.randn(rows, width, generator=drawn) for name, width in widths.items()}
    present = torch.rand(rows, len(widths), generator=drawn) < 0.5
    present[torch.arange(rows), torch.arange(rows) % len(widths)] = True
    return features, present


def rows_of(features, present, rows):
    return {name: part[rows] for name, part in features.items()}, present[rows]


def test_every_kind_is_tested():
    union = get_args(get_args(FusionSettings)[0])
    assert {type(one) for one in SETTINGS.values()} == set(union) - {NoFusion}


@each_kind
def test_an_answer_does_not_depend_on_the_other_rows(settings):
    fusion, (features, present) = make(settings).eval(), batch(7)
    together = fusion(features, present).vector
    for row in range(7):
        alone = fusion(*rows_of(features, present, slice(row, row + 1))).vector
        torch.testing.assert_close(together[row : row + 1], alone, rtol=1e-5, atol=1e-6)
    order = torch.randperm(7, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(fusion(*rows_of(features, present, order)).vector, together[order])


@each_kind
def test_each_subset_of_modalities_has_an_answer_of_its_own(settings):
    fusion, (features, _) = make(settings).eval(), batch(3)
    found = []
    for names in SUBSETS:
        present = torch.tensor([name in names for name in WIDTHS]).expand(3, -1)
        found.append(fusion(features, present).vector)
        assert found[-1].shape == (3, fused_width(settings, WIDTHS))
        assert found[-1].isfinite().all()
    for one, other in combinations(found, 2):
        assert not torch.allclose(one, other)


@each_kind
def test_what_stands_in_the_place_of_a_missing_modality_has_no_influence(settings):
    fusion, (features, present) = make(settings).eval(), batch(6)
    other, _ = batch(6, seed=5)
    mixed = {
        name: torch.where(present[:, place, None], features[name], other[name])
        for place, name in enumerate(WIDTHS)
    }
    nothing = {
        name: torch.where(present[:, place, None], features[name], torch.nan)
        for place, name in enumerate(WIDTHS)
    }
    torch.testing.assert_close(fusion(features, present).vector, fusion(mixed, present).vector)
    torch.testing.assert_close(fusion(features, present).vector, fusion(nothing, present).vector)


@each_kind
def test_each_trainable_parameter_gets_a_gradient(settings):
    fusion, (features, present) = make(settings).train(), batch(16)
    present[:4] = True
    found = fusion(features, present)
    (found.vector.square().sum() + sum(term.mean() for term in found.terms.values())).backward()
    lacking = [
        name
        for name, value in fusion.named_parameters()
        if value.requires_grad and (value.grad is None or not value.grad.isfinite().all())
    ]
    assert lacking == []
    moved = {name for name, value in fusion.named_parameters() if value.grad is not None and value.grad.any()}
    placeholders = {f"placeholders.{name}" for name in WIDTHS} & {
        name for name, _ in fusion.named_parameters()
    }
    assert placeholders <= moved


@each_kind
def test_terms_are_those_that_are_announced_and_a_value_for_each_row(settings):
    fusion, (features, present) = make(settings).train(), batch(5)
    assert tuple(fusion(features, present).terms) == auxiliary_terms(settings)
    assert all(term.shape == (5,) for term in fusion(features, present).terms.values())
    assert fusion.eval()(features, present).terms == {}


@each_kind
def test_weights_are_saved_and_loaded(settings):
    fusion, (features, present) = make(settings).eval(), batch(4)
    torch.manual_seed(9)
    other = make_fusion(settings, WIDTHS).eval()
    other.load_state_dict(fusion.state_dict())
    torch.testing.assert_close(fusion(features, present), other(features, present), rtol=0, atol=0)


@pytest.mark.parametrize(
    "settings",
    [
        SelfAttentionSettings(width=10, heads=2, axis="batch"),
        DisentangleSettings(private=8, shared=4, attention="batch"),
        ShiftingSettings(heads=3, attention="batch"),
    ],
    ids=lambda settings: settings.kind,
)
def test_the_published_axis_makes_rows_depend_on_each_other(settings):
    fusion, (features, present) = make(settings).eval(), batch(7)
    alone = fusion(*rows_of(features, present, slice(0, 1))).vector
    assert not torch.allclose(fusion(features, present).vector[:1], alone, atol=1e-4)


def test_one_modality_without_fusion_stays_as_it_is():
    fusion = make_fusion(NoFusion(), {"A": 5})
    vector = torch.randn(3, 5)
    assert torch.equal(fusion({"A": vector}, torch.ones(3, 1, dtype=torch.bool)).vector, vector)


@pytest.mark.parametrize(
    ("settings", "widths", "message"),
    [
        (NoFusion(), {"T": 4, "A": 4}, "takes one modality, not T 4, A 4"),
        (MeanSettings(), {"T": 4, "A": 5}, "vectors of one width, found T 4, A 5"),
        (CrossAttentionSettings(heads=4), {"T": 6, "A": 8}, "does not divide the width 6 of T"),
        (CrossAttentionSettings(), {"T": 8}, "two modalities at least"),
        (TensorSettings(inner=None), {"T": 999, "A": 999, "V": 999}, "10\\^?9|has 1000000000 values"),
        (TextGuidedMoESettings(), {"A": 4}, "guide = 'T' is not among the modalities A"),
        (DisentangleSettings(), {"T": 22, "A": 22, "V": 22}, "do not divide the width 22"),
        (ShiftingSettings(), {"T": 6, "A": 6, "V": 9}, "one width for A, V"),
        (ShiftingSettings(main="A"), {"T": 6, "V": 6}, "main = 'A' is not among"),
    ],
)
def test_a_fusion_that_does_not_fit_its_widths_is_refused(settings, widths, message):
    with pytest.raises(ValueError, match=message):
        make_fusion(settings, widths)


def test_minimising_the_published_similarity_makes_vectors_dissimilar():
    features, present = batch(8)
    present[:] = True
    terms = [make(DisentangleSettings(private=8, shared=4, similarity=sign)).train() for sign in (-1, 1)]
    torch.manual_seed(3)
    ours = terms[0](features, present).terms["reconstruction"]
    torch.manual_seed(3)
    published = terms[1](features, present).terms["reconstruction"]
    assert not torch.allclose(ours, published)
