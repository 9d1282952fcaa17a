"""Agreement from published counts: the votes of FER+, ten raters for each face of FER2013."""

import numpy as np
import pytest

from affekt.core.labels import LabelSet
from affekt.data.fer2013.votes import CLASSES, NAMES, votes_of
from affekt.data.layouts.tables import csv_rows
from affekt.metrics.agreement.label_noise import label_noise
from affekt.metrics.agreement.ratings import vote_shares
from affekt.project.ratings.agreement.votes import vote_agreement

SEVEN = len(CLASSES)


@pytest.fixture(scope="module")
def faces(shared):
    """Votes (n, 10) in the order of `NAMES`, and the original class (n,)."""
    rows = [row for _, row in csv_rows(shared / "data" / "fer2013" / "labels.csv", ("label",))]
    votes = [votes_of(row, "votes_") for row in rows]
    counts = np.array([[one.get(name, 0) for name in NAMES] for one in votes])
    return counts, np.array([int(row["label"]) for row in rows])


@pytest.fixture(scope="module")
def found(faces):
    return vote_agreement(faces[0], LabelSet.of(*NAMES))


def test_agreement_follows_from_the_definitions(faces, found):
    counts, _ = faces
    ten = counts[counts.sum(axis=1) == 10].astype(float)
    assert (found.fleiss_votes, found.fleiss_items) == (10, len(ten))
    observed = ((ten**2).sum(axis=1) - 10).mean() / 90
    by_chance = ((ten.sum(axis=0) / ten.sum()) ** 2).sum()
    assert found.fleiss == pytest.approx((observed - by_chance) / (1 - by_chance), abs=1e-12)
    # With the same number of votes everywhere, alpha is kappa with a correction for small numbers.
    assert found.alpha == pytest.approx(found.fleiss, abs=2e-3)


def test_ten_raters_agree_on_faces_in_part(found):
    assert (found.items, found.votes) == (30168, 301679)
    assert found.alpha == pytest.approx(0.510, abs=1e-3)
    assert found.unanimous == pytest.approx(0.227, abs=1e-3)
    assert found.mean_entropy == pytest.approx(0.623, abs=1e-3)
    assert found.alpha_ring is None, "contempt, unknown and neutral are not on the wheel"


def test_original_classes_contradict_the_votes_as_often_as_the_source_of_the_data_states(faces):
    counts, original = faces
    assert (counts.argmax(axis=1) == original).mean() == pytest.approx(0.63, abs=0.01)
    seven = counts[:, :SEVEN]
    voted = seven.sum(axis=1) > 0
    noise = label_noise(original[voted], vote_shares(seven[voted]))
    # The estimate is below the 36 % that contradict the largest number of votes: these are not all confident.
    assert noise.noise == pytest.approx(0.286, abs=2e-3)
    wrong = noise.is_suspected()
    assert (seven[voted].argmax(axis=1) != original[voted])[wrong].all()
    confused = noise.calibrated / noise.calibrated.sum(axis=1, keepdims=True) * (1 - np.eye(SEVEN))
    place = np.unravel_index(confused.argmax(), confused.shape)
    assert [CLASSES[it] for it in place] == ["sadness", "neutral"]
