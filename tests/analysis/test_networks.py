from __future__ import annotations

import pytest

import affekt
from affekt.analysis.analyze import ASKED
from affekt.analysis.networks import open_networks, role_of
from affekt.core.errors import MissingExtra, UsageError

pytestmark = pytest.mark.xdist_group("clips")


@pytest.fixture(scope="module")
def faces():
    return affekt.load("compact_face")


def test_starters_answer_where_no_network_is_given():
    found = open_networks([], ASKED, affekt.load)
    assert found.one("face").provenance.method == "compact_face"
    assert found.one("words").provenance.method == "compact_text"
    assert found.one("gait") is None
    assert "compact_face" in found.starters


def test_a_starter_whose_extra_is_missing_leaves_the_others():
    def load(path):
        if path.name == "compact_text":
            raise MissingExtra("it needs tokenizers: pip install 'affekt[text]'")
        return affekt.load(path)

    found = open_networks([], ("face", "words"), load)
    assert found.one("face") is not None
    assert found.one("words") is None
    assert "affekt[text]" in found.without["words"]


def test_a_given_network_takes_the_place_of_the_starter(faces):
    found = open_networks([faces], ("face",), affekt.load)
    assert found.one("face") is faces
    assert found.starters == ()
    assert found.one("words") is None


def test_two_networks_of_one_role_are_refused(faces):
    with pytest.raises(UsageError, match="two networks answer for face"):
        open_networks([faces, "compact_face"], ASKED, affekt.load)


def test_a_network_of_a_modality_that_is_not_asked_for_is_refused(faces):
    with pytest.raises(UsageError, match="not asked for"):
        open_networks([faces], ("voice",), affekt.load)


def test_networks_of_whole_clips_may_be_several(clip_bundle):
    clips = affekt.load(clip_bundle)
    assert role_of(clips) == "clip"
    found = open_networks([clips, clips], ("clip",), affekt.load)
    assert len(found.by_role["clip"]) == 2


def test_facts_state_labels_limits_and_unique_names(faces, clip_bundle):
    clips, others = affekt.load(clip_bundle), affekt.load(clip_bundle)
    facts = open_networks([faces, clips, others], ("face", "clip"), affekt.load).facts()
    assert facts[id(faces)].labels[0] == "anger"
    assert "person feels" in facts[id(faces)].limits
    assert len({network.name for network in facts.values()}) == 3
