from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from affekt.core.dataset import Corpus
from affekt.core.errors import ConfigError
from affekt.core.labels import label_set
from affekt.core.sample import Sample
from affekt.data.open import open_dataset
from affekt.media.image import image_of, resize, to_grey

EMOTIONS = label_set("fer-7").names


def invent(**options) -> Corpus:
    return open_dataset("drawn_faces", None, {"people": 8, "faces_per_emotion": 1, **options})


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return invent()


@pytest.fixture(scope="module")
def plain() -> dict[str, np.ndarray]:
    """One face of each emotion in grey, without anybody's traits; 192 pixels, so that x and y are in 1/96."""
    faces = invent(noise=0.0, size=192).samples[: len(EMOTIONS)]
    return {str(sample.label): to_grey(image_of(sample)).astype(float) for sample in faces}


def test_everybody_shows_every_emotion_as_often_as_asked():
    samples = invent(faces_per_emotion=2, size=24).samples
    assert len(samples) == 8 * 7 * 2
    assert set(Counter((s.subject, s.label) for s in samples).values()) == {2}
    assert "person-03-fear-2" in {s.id for s in samples}


def test_nobody_stands_on_both_sides(corpus):
    people = {part: {s.subject for s in corpus.samples if s.split == part} for part in ("train", "test")}
    assert people["test"] == {"person-04", "person-08"}
    assert len(people["train"]) == 6
    assert not people["train"] & people["test"]


@pytest.mark.parametrize("size", [24, 48, 96])
def test_pictures_have_the_size_that_was_asked_for(size):
    for sample in invent(size=size).samples[:7]:
        pixels = sample.media["image"]
        assert pixels.shape == (size, size, 3)
        assert pixels.dtype == np.uint8
        assert pixels.std() > 20, "a face has light and shade"


def test_the_same_seed_draws_the_same_faces(corpus):
    for one, other in zip(corpus.samples, invent().samples, strict=True):
        np.testing.assert_array_equal(one.media["image"], other.media["image"])


def test_another_seed_draws_other_people(corpus):
    other = invent(seed=1).samples[0].media["image"]
    assert np.abs(corpus.samples[0].media["image"].astype(int) - other).mean() > 5


def test_a_larger_corpus_holds_the_smaller_one(corpus):
    larger = {s.id: s.media["image"] for s in invent(people=9, faces_per_emotion=2).samples}
    for sample in corpus.samples:
        np.testing.assert_array_equal(sample.media["image"], larger[sample.id])


def test_without_noise_everybody_looks_alike():
    samples = invent(noise=0.0, size=48).samples
    first, second = (
        {s.label: s.media["image"] for s in samples if s.subject == f"person-0{number}"} for number in (1, 2)
    )
    for emotion in EMOTIONS:
        difference = np.abs(first[emotion].astype(int) - second[emotion])
        assert difference.mean() < 3, "only the strands of the hair differ"


def test_most_pictures_have_colour_and_some_have_none():
    samples = invent(size=24).samples
    grey = [bool((s.media["image"] == s.media["image"][..., :1]).all()) for s in samples]
    assert 0 < np.mean(grey) < 0.4


def test_only_a_surprised_mouth_is_a_dark_hole(plain):
    mouths = {emotion: face[150:165, 86:106].mean() for emotion, face in plain.items()}
    darkest, next_darkest = sorted(mouths.values())[:2]
    assert mouths["surprise"] == darkest < next_darkest - 15


def test_wide_eyes_show_more_white_than_narrowed_ones(plain):
    white = {emotion: (face[60:92, 46:146] > 165).sum() for emotion, face in plain.items()}
    for wide in ("fear", "surprise"):
        for narrow in ("anger", "disgust", "happiness", "sadness"):
            assert white[wide] > white[narrow], (wide, narrow)


def _features(samples: list[Sample]) -> np.ndarray:
    return np.stack([resize(to_grey(image_of(sample)), 24, 24).ravel() / 255 for sample in samples])


def test_a_linear_classifier_reads_the_emotion_of_strangers():
    samples = invent(people=32, faces_per_emotion=2, size=24).samples
    train, test = ([s for s in samples if s.split == part] for part in ("train", "test"))
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500))
    classifier.fit(_features(train), [s.label for s in train])
    score = classifier.score(_features(test), [s.label for s in test])
    assert 0.4 < score < 0.95, "far above the chance of 1 in 7, and not without difficulty"


def test_an_unknown_option_is_refused():
    with pytest.raises(ConfigError, match="did you mean people"):
        invent(peple=8)


def test_nothing_is_read_from_disk():
    options = {"people": 8, "faces_per_emotion": 1, "size": 24}
    assert open_dataset("drawn_faces", Path("/does/not/exist"), options).samples
