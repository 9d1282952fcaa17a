"""Generated short videos: what was planted is there."""

from pathlib import Path

import numpy as np
import pytest

from affekt.core.errors import ConfigError
from affekt.data.open import open_dataset
from affekt.invented.short_news.corpus import ShortNewsOptions, planted, read
from affekt.invented.short_news.vectors import CHANNELS, LABELS, directions

OPTIONS = ShortNewsOptions(videos=1000)


@pytest.fixture(scope="module")
def samples():
    return read(Path(), OPTIONS).samples


def cue_of(sample, channel):
    """The label whose direction is nearest to the vector that is longest in time; empty for silence."""
    name = {"scene": "video", "face": "faces"}.get(channel, channel)
    values = np.atleast_2d(sample.media[name].values)
    nearest = [int(np.linalg.norm(directions(channel) - value, axis=1).argmin()) for value in values]
    shown = {number for number in nearest if number < len(LABELS)}
    assert len(shown) <= 1
    return LABELS.names[shown.pop()] if shown else ""


def test_the_planted_cue_can_be_read_from_each_channel(samples):
    for sample in samples[:200]:
        assert {name: cue_of(sample, name) for name in CHANNELS} == sample.facts


@pytest.mark.parametrize("channel", CHANNELS)
def test_channels_show_the_label_as_often_as_stated(samples, channel):
    share = np.mean([sample.facts[channel] == sample.label for sample in samples])
    expected = getattr(OPTIONS, channel)
    assert abs(share - expected) < 3 * np.sqrt(expected * (1 - expected) / len(samples))


def test_guessing_from_cues_reaches_the_planted_accuracy(samples):
    guesses = np.random.default_rng(0).choice(LABELS.names, len(samples))
    right = [
        sample.label == (sample.facts["text"] or guess)
        for sample, guess in zip(samples, guesses, strict=True)
    ]
    expected = planted(OPTIONS)["text"]
    assert abs(np.mean(right) - expected) < 3 * np.sqrt(expected * (1 - expected) / len(samples))


def test_a_frame_without_faces_shows_nothing(samples):
    for sample in samples[:50]:
        without = sample.media["face_count"].values[:, 0] == 0
        assert not sample.media["faces"].values[without].any()


def test_accounts_are_whole_in_a_part():
    corpus = open_dataset("short_news", None, {"videos": 60})
    parts = {(sample.subject, sample.split) for sample in corpus.samples}
    assert len(parts) == len({subject for subject, _ in parts}) == 10


def test_a_larger_corpus_begins_with_the_smaller_one():
    small, large = (read(Path(), ShortNewsOptions(videos=number)).samples for number in (5, 9))
    for one, other in zip(small, large, strict=False):
        assert np.array_equal(one.media["text"].values, other.media["text"].values)


def test_shares_beyond_all_videos_are_refused():
    with pytest.raises(ConfigError, match="more than all"):
        open_dataset("short_news", None, {"text": 0.99})
