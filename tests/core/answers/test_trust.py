"""Less trust mixes scores with those of chance."""

from dataclasses import replace

import pytest

from affekt.core.answers.prediction import Prediction, Provenance
from affekt.core.answers.trust import with_trust

SURE = Prediction("a", "happy", {"happy": 0.9, "sad": 0.1}, 0.9, "image", Provenance("m", "0", "1"))


def test_full_trust_changes_nothing():
    assert with_trust(SURE, 1.0) is SURE


def test_half_of_the_trust_is_half_way_to_chance():
    answer = with_trust(SURE, 0.5)
    assert answer.scores == pytest.approx({"happy": 0.7, "sad": 0.3})
    assert answer.confidence == pytest.approx(0.7) and answer.label == "happy"


def test_scores_of_several_labels_stay_as_they_are():
    several = replace(SURE, scores={"happy": 0.9, "sad": 0.8}, labels=("happy", "sad"))
    assert with_trust(several, 0.5) is several


def test_ratings_stay_as_they_are():
    rating = replace(SURE, label="", scores={}, confidence=None, values={"valence": 0.4})
    assert with_trust(rating, 0.5) is rating


@pytest.mark.parametrize("trust", [-0.1, 1.1])
def test_trust_outside_of_its_range_is_refused(trust):
    with pytest.raises(ValueError, match="trust"):
        with_trust(SURE, trust)
