"""Spoken scenes: what was planted is what an ideal reader finds, in vectors, media and files."""

import json
from itertools import combinations

import numpy as np
import pytest
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core.errors import ConfigError
from affekt.data.open import open_dataset
from affekt.invented.shares import Channel, accuracies, bayes_accuracy, likeliest
from affekt.invented.spoken_scenes.corpus import SpokenScenesOptions, planted
from affekt.invented.spoken_scenes.plan import LABELS, MODALITIES, SILENT
from affekt.invented.spoken_scenes.vectors import cue_of
from affekt.invented.spoken_scenes.words import words_of_line

SUBSETS = [names for size in (1, 2, 3) for names in combinations(MODALITIES, size)]


def test_the_accuracy_without_misleading_cues_is_that_of_guessing_where_all_are_silent():
    channels = [Channel(0.5, 0), Channel(0.4, 0), Channel(0.3, 0)]
    silent = 0.5 * 0.6 * 0.7
    assert bayes_accuracy(channels, 7) == pytest.approx(1 - silent + silent / 7)


def test_a_modality_without_a_share_adds_nothing():
    found = accuracies({"text": Channel(0.5, 0.1), "audio": Channel(0, 0)}, 7)
    assert found["text+audio"] == pytest.approx(found["text"]) and found["audio"] == pytest.approx(1 / 7)


def test_each_further_modality_raises_the_planted_accuracy():
    found = planted(SpokenScenesOptions())
    assert list(found) == ["+".join(names) for names in SUBSETS]
    for names in SUBSETS:
        for name in names:
            rest = "+".join(it for it in names if it != name)
            assert not rest or found["+".join(names)] > found[rest] + 0.05


def test_an_ideal_reader_of_vectors_reaches_what_was_planted():
    options = SpokenScenesOptions(lines=6000, pairs=50)
    samples = open_dataset("spoken_scenes", None, {"lines": 6000, "pairs": 50}).samples
    cues = [{name: cue_of(name, it.media[name].values) for name in MODALITIES} for it in samples]
    expected = planted(options)
    for names in SUBSETS:
        read = [likeliest({name: it[name] for name in names}, options.channels, SILENT) for it in cues]
        right = [LABELS.names[label] == sample.label for label, sample in zip(read, samples, strict=True)]
        # Three standard errors of a share of 6000 lines.
        assert np.mean(right) == pytest.approx(expected["+".join(names)], abs=0.02), names


def test_the_cue_of_each_vector_is_read_without_error():
    for sample in open_dataset("spoken_scenes", None, {"lines": 1000}).samples:
        for name in MODALITIES:
            cue = cue_of(name, sample.media[name].values)
            assert sample.facts[name] == ("" if cue == SILENT else LABELS.names[cue])


def test_a_corpus_is_the_same_for_the_same_seed_and_begins_with_the_smaller_one():
    one, more = (open_dataset("spoken_scenes", None, {"lines": lines}).samples for lines in (60, 120))
    other = open_dataset("spoken_scenes", None, {"lines": 60, "seed": 1}).samples
    for mine, theirs in zip(one, more[:60], strict=True):
        assert (mine.id, mine.label, mine.facts) == (theirs.id, theirs.label, theirs.facts)
        np.testing.assert_array_equal(mine.media["audio"].values, theirs.media["audio"].values)
    assert [it.label for it in one] != [it.label for it in other]


def test_both_forms_follow_the_same_plan():
    vectors, clips = (
        open_dataset("spoken_scenes", None, {"lines": 30, "form": form}).samples
        for form in ("vectors", "clips")
    )
    for one, other in zip(vectors, clips, strict=True):
        assert (one.id, one.label, one.facts, one.speaker) == (
            other.id,
            other.label,
            other.facts,
            other.speaker,
        )
        assert one.media["text"].words == other.media["text"] == words_of_line(other.media.plan)


def test_words_belong_to_one_cue():
    seen = {}
    for sample in open_dataset("spoken_scenes", None, {"lines": 600}).samples:
        words = sample.media["text"].words.lower().split(", ", 1)[-1]
        assert seen.setdefault(words, sample.facts["text"]) == sample.facts["text"]


def test_silent_media_hold_no_voice_and_no_face():
    samples = open_dataset("spoken_scenes", None, {"lines": 60, "form": "clips", "pixels": 24}).samples
    levels = {True: [], False: []}
    spreads = {True: [], False: []}
    for sample in samples:
        levels[sample.facts["audio"] == ""].append(np.abs(sample.media["audio"].samples).max())
        spreads[sample.facts["video"] == ""].append(sample.media["video"].pixels.std(axis=(1, 2)).mean())
    assert max(levels[True]) < 0.5 * min(levels[False])
    assert max(spreads[True]) < 0.5 * min(spreads[False])


def test_speakers_of_a_pair_talk_in_one_part_only():
    samples = open_dataset("spoken_scenes").samples
    parts = {}
    for sample in samples:
        parts.setdefault(sample.speaker, set()).add(sample.split)
    assert all(len(found) == 1 for found in parts.values())
    assert {sample.split for sample in samples} == {"train", "validation", "test"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text": 0.97}, "more than all"),
        ({"lines": 29}, "need 30 lines"),
        ({"text": 1.2}, "less than or equal"),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        open_dataset("spoken_scenes", None, options)


@pytest.fixture(scope="module")
def meld(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes") / "meld"
    arguments = [
        "data",
        "invent",
        "spoken_scenes",
        str(folder),
        "--set",
        "lines=30",
        "--set",
        "pixels=24",
        "--json",
    ]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, (done.output, done.exception)
    assert json.loads(done.stdout)["lines"] == {"train": 18, "dev": 6, "test": 6}
    return folder


def test_files_in_the_layout_of_meld_are_read_by_meld(meld):
    corpus = open_dataset("meld", meld)
    planned = open_dataset("spoken_scenes", None, {"lines": 30, "form": "clips"}).samples
    assert [(it.media["text"], it.label, it.speaker, it.turn, it.split) for it in corpus.samples] == [
        (it.media["text"], it.label, it.speaker, it.turn, it.split)
        for it in sorted(planned, key=lambda it: ("train", "validation", "test").index(it.split))
    ]
    assert not [text for text in corpus.problems if "clip" in text or "doubtful" in text]


def test_clips_and_sounds_of_the_files_are_those_of_the_plan(meld):
    from affekt.media.sound import read_sound
    from affekt.media.video import open_video

    first = open_dataset("meld", meld).samples[0]
    planned = open_dataset("spoken_scenes", None, {"lines": 30, "form": "clips", "pixels": 24}).samples[0]
    sound = read_sound(first.media["audio"])
    np.testing.assert_allclose(sound.samples, planned.media["audio"].samples, atol=1e-4)
    assert open_video(first.media["video"]).end_s == pytest.approx(planned.media["video"].end_s, abs=0.1)


def test_the_sentiment_of_the_files_is_the_polarity_of_the_emotion(meld):
    emotions = open_dataset("meld", meld).samples
    moods = open_dataset("meld", meld, {"label": "sentiment"}).samples
    assert [it.label for it in moods] == [LABELS.polarity_of(it.label) for it in emotions]
