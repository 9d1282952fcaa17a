"""Decision by the nearest prototype, supervised contrast, and settings."""

import math

import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from affekt.layers.contrast.prototypes import prototype_scores
from affekt.layers.contrast.settings import APCLSettings, ContrastSettings, SupervisedSettings
from affekt.layers.contrast.supervised import SupervisedContrast


def settings(**values):
    return TypeAdapter(ContrastSettings).validate_python(values)


def test_the_nearest_of_a_class_s_prototypes_counts():
    prototypes = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [-1.0, 0.0]]])
    scores = prototype_scores(torch.tensor([[0.0, 3.0], [-2.0, 0.0]]), prototypes, torch.ones(2, 2).bool())
    assert torch.allclose(scores, torch.tensor([[1.0, (1 + math.sqrt(0.5)) / 2], [0.5, 1.0]]))


def test_an_absent_class_is_never_decided():
    feature, prototypes = torch.tensor([[1.0, 0.0]]), torch.tensor([[[1.0, 0.0]], [[-1.0, 0.0]]])
    scores = prototype_scores(feature, prototypes, torch.tensor([[False], [True]]))
    assert scores.argmax(dim=1).tolist() == [1]


def test_supervised_contrast_by_hand():
    # Anchor 0: cosine 0 with its positive and -1 with the other; anchor 1: 0 and 0; 2 has no positive.
    features = torch.tensor([[1.0, 0.0], [0.0, 2.0], [-3.0, 0.0]])
    contrast = SupervisedContrast(SupervisedSettings(kind="supervised", temperature=1.0), 2, 2)
    expected = (math.log(1 + math.exp(-1)) + math.log(2)) / 2
    assert contrast(features, torch.tensor([0, 0, 1])).item() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("values", "label"),
    [
        ({"kind": "spcl"}, "spcl0.05-256-64"),
        ({"kind": "spdcl", "temperature": 0.1, "rows": "all"}, "spdcl0.1-256-64-all"),
        ({"kind": "apcl"}, "apcl0.08-0.9-0.5"),
        ({"kind": "apcl", "gamma": 0.1, "beta": 0.1, "orthogonal": "none"}, "apcl0.08-0.1-beta0.1-none"),
        ({"kind": "supervised", "weight": 0.5}, "scl0.1-w0.5"),
    ],
)
def test_labels_in_run_folders(values, label):
    assert settings(**values).label == label


def test_rates_of_both_forms_of_apcl():
    assert APCLSettings(kind="apcl").rate == pytest.approx(0.05)
    assert APCLSettings(kind="apcl", alpha=1.0, gamma=0.5).rate == 0.5
    assert APCLSettings(kind="apcl", beta=0.2).rate == 0.2


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"kind": "spcl", "pool_size": 8, "support": 9}, "support = 9 is larger than pool_size = 8"),
        ({"kind": "apcl", "alpha": 0.5, "beta": 0.1}, "give one of them"),
        ({"kind": "spcl", "temperature": 0.0}, "greater than 0"),
        ({"kind": "apcl", "gamma": 1.0}, "less than 1"),
        ({"kind": "scl"}, "'supervised', 'spcl', 'spdcl', 'apcl'"),
        ({"temperature": 0.1}, "kind"),
        ({"kind": "apcl", "pool_size": 8}, "pool_size"),
    ],
)
def test_wrong_settings_are_refused(values, words):
    with pytest.raises(ValidationError, match=words):
        settings(**values)


@pytest.mark.parametrize("values", [{"kind": "spcl"}, {"kind": "apcl"}, {"kind": "apcl", "beta": 0.1}])
def test_settings_round_trip(values):
    found = settings(**values)
    assert settings(**found.model_dump(mode="json")) == found
