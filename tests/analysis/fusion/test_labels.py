from __future__ import annotations

import pytest

from affekt.analysis.fusion.labels import mapped_scores, shared_labels
from affekt.core.labels import LabelSet, label_set

FACES = label_set("fer-7")
VOICES = label_set("ravdess-8")


def test_emotions_are_shared_by_name_and_the_loss_is_stated():
    shared = shared_labels([FACES, VOICES])
    assert shared.names == FACES.names
    faces, voices = shared.mapped
    assert voices.names["angry"] == "anger"
    assert voices.names["calm"] is None
    assert "calm" in voices.note
    assert not faces.note


def test_networks_without_two_common_emotions_share_polarities():
    shared = shared_labels([FACES, label_set("sentiment-3")])
    assert shared.names == ("negative", "neutral", "positive")
    assert shared.mapped[0].names["disgust"] == "negative"


def test_networks_without_anything_in_common_share_nothing():
    assert shared_labels([FACES, LabelSet.of("on task", "off task")]).names == ()
    assert shared_labels([]).names == ()


def test_one_network_keeps_its_emotions():
    assert shared_labels([VOICES]).names[1] == "calm"


def test_scores_of_classes_with_one_meaning_are_added_and_the_rest_is_lost():
    names = {"joy": "positive", "love": "positive", "anger": "negative", "calm": None}
    scores, kept = mapped_scores(
        {"joy": 0.2, "love": 0.3, "anger": 0.1, "calm": 0.4}, names, ("negative", "positive")
    )
    assert scores.tolist() == pytest.approx([1 / 6, 5 / 6])
    assert kept == pytest.approx(0.6)


def test_scores_that_are_lost_as_a_whole_favour_no_class():
    scores, kept = mapped_scores({"calm": 1.0}, {"calm": None}, ("negative", "positive"))
    assert scores.tolist() == [0.5, 0.5]
    assert kept == 0
