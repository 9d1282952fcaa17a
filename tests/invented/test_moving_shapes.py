import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from affekt.core.dataset import Corpus
from affekt.core.errors import ConfigError
from affekt.core.sample import Sample
from affekt.data.open import open_dataset
from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames

TINY = {"clips": 24, "pixels": 16, "frames_per_clip": 24, "sound_rate_hz": 8000}
POSITIVE, AROUSED = ("joy", "trust"), ("anger", "joy")


def invent(**options) -> Corpus:
    return open_dataset("moving_shapes", None, {**TINY, **options})


def video(sample: Sample) -> VideoFrames:
    return sample.media["video"]


def sound(sample: Sample) -> Waveform:
    return sample.media["audio"]


def in_event(sample: Sample, times_s: np.ndarray) -> np.ndarray:
    """Whether times are in the event, (n,) bool."""
    (event,) = list(sample.segments or ())
    return (times_s >= event.start_s) & (times_s < event.end_s)


def seen_features(sample: Sample) -> np.ndarray:
    """Change of colour and of the height of bright pixels during the event."""
    frames = video(sample)
    inside = in_event(sample, frames.times_s)
    pixels = frames.pixels / 255
    light = pixels.max(axis=-1) ** 4
    height = (light.mean(axis=2) * np.arange(pixels.shape[1])).sum(axis=1) / light.mean(axis=2).sum(axis=1)
    per_frame = np.column_stack([pixels.mean(axis=(1, 2)), height / pixels.shape[1]])
    return per_frame[inside].mean(axis=0) - per_frame[~inside].mean(axis=0)


def heard_features(sample: Sample) -> np.ndarray:
    """Change of the loudness of a few frequency bands during the event."""
    waveform = sound(sample)
    size = waveform.rate_hz // 20
    count = waveform.samples.shape[1] // size
    blocks = waveform.samples[0, : count * size].reshape(count, size)
    power = np.abs(np.fft.rfft(blocks * np.hanning(size))) ** 2
    edges_hz = np.array([100, 200, 400, 800, 1600, 3200])
    parts = np.split(power, np.searchsorted(np.fft.rfftfreq(size, 1 / waveform.rate_hz), edges_hz), axis=1)
    bands = np.log(np.stack([part.mean(axis=1) for part in parts[1:-1]], axis=1) + 1e-9)
    inside = in_event(sample, (np.arange(count) + 0.5) * size / waveform.rate_hz)
    return bands[inside].mean(axis=0) - bands[~inside].mean(axis=0)


def nearest_mean(features: np.ndarray, answers: np.ndarray, train: np.ndarray) -> float:
    """Accuracy of a nearest-class-mean classifier on other subjects."""
    scaled = (features - features[train].mean(axis=0)) / features[train].std(axis=0)
    names = np.unique(answers)
    means = np.stack([scaled[train & (answers == name)].mean(axis=0) for name in names])
    nearest = np.linalg.norm(scaled[:, None] - means, axis=-1).argmin(axis=1)
    return float((names[nearest] == answers)[~train].mean())


@pytest.fixture(scope="module")
def oracle():
    """A function from a question and modalities to the accuracy of a nearest-class-mean classifier."""
    samples = invent(clips=96, subjects=12, pixels=24, frames_per_clip=48).samples
    features = {
        "video": np.stack([seen_features(s) for s in samples]),
        "audio": np.stack([heard_features(s) for s in samples]),
    }
    train = np.array([s.split == "train" for s in samples])

    def accuracy(question, *modalities: str) -> float:
        answers = np.array([str(question(s.label)) for s in samples])
        return nearest_mean(np.column_stack([features[name] for name in modalities]), answers, train)

    return accuracy


def is_positive(label: str) -> bool:
    return label in POSITIVE


def is_aroused(label: str) -> bool:
    return label in AROUSED


def test_valence_is_detectable_in_the_picture(oracle):
    assert oracle(is_positive, "video") > 0.9


def test_arousal_is_not_detectable_in_the_picture(oracle):
    assert 0.3 < oracle(is_aroused, "video") < 0.7


def test_arousal_is_detectable_in_the_sound(oracle):
    assert oracle(is_aroused, "audio") > 0.9


def test_valence_is_not_detectable_in_the_sound(oracle):
    assert 0.3 < oracle(is_positive, "audio") < 0.7


def test_accuracy_from_one_modality_is_about_one_half(oracle):
    assert 0.35 < oracle(str, "video") < 0.65
    assert 0.35 < oracle(str, "audio") < 0.65


def test_the_emotion_is_detectable_from_both_modalities(oracle):
    assert oracle(str, "video", "audio") > 0.85


def test_without_cues_there_is_nothing_to_detect():
    samples = invent(clips=48, tells=0.0).samples
    train = np.array([s.split == "train" for s in samples])
    for features, question in ((seen_features, is_positive), (heard_features, is_aroused)):
        answers = np.array([str(question(s.label)) for s in samples])
        assert 0.2 < nearest_mean(np.stack([features(s) for s in samples]), answers, train) < 0.8


def test_nothing_but_the_event_differs_between_labels():
    # Random streams depend on clips, not on labels: cues change only the event.
    plain, bare = (invent(noise=0.5, tells=tells).samples[5] for tells in (1.0, 0.0))
    outside = ~in_event(plain, video(plain).times_s)
    np.testing.assert_array_equal(video(plain).pixels[outside], video(bare).pixels[outside])
    assert np.abs(video(plain).pixels[~outside].astype(int) - video(bare).pixels[~outside]).mean() > 3


def test_an_event_covers_a_third_of_its_clip_and_holds_whole_frames():
    samples = invent(clips=120).samples
    starts = []
    for sample in samples:
        (event,) = list(sample.segments or ())
        assert event.label == sample.label
        assert 0 <= event.start_s < event.end_s <= 2.0
        assert 0.3 <= event.duration_s / 2.0 <= 0.45
        assert (event.start_s * 12) % 1 == pytest.approx(0, abs=1e-9)
        starts.append(event.start_s)
    assert min(starts) < 0.2 and max(starts) > 1.0, "events lie anywhere"


def test_the_sound_lasts_as_long_as_the_picture():
    sample = invent(frames_per_clip=25, rate_hz=10.0).samples[0]
    assert video(sample).end_s == 2.5
    assert sound(sample).duration_s == 2.5
    np.testing.assert_allclose(np.diff(video(sample).times_s), 0.1)


def test_media_have_the_sizes_that_were_asked_for():
    sample = invent(pixels=24, sound_rate_hz=11025).samples[0]
    assert video(sample).pixels.shape == (24, 24, 24, 3)
    assert sound(sample).samples.shape == (1, 22050)
    assert sound(sample).samples.dtype == np.float32
    assert 0.02 < np.abs(sound(sample).samples).max() <= 1


def test_labels_are_balanced_within_each_troupe():
    samples = invent(clips=96, subjects=12).samples
    assert set(Counter((s.subject, s.label) for s in samples).values()) == {2}
    assert "troupe-03-anger-2" in {s.id for s in samples}


def test_no_subject_is_in_two_splits():
    samples = open_dataset("moving_shapes").samples
    troupes = {
        part: {s.subject for s in samples if s.split == part} for part in ("train", "validation", "test")
    }
    assert {part: len(names) for part, names in troupes.items()} == {
        "train": 20,
        "validation": 5,
        "test": 5,
    }
    assert len(set.union(*troupes.values())) == 30


def test_the_smallest_corpus_has_every_split():
    assert Counter(s.split for s in invent().samples) == {"train": 16, "validation": 4, "test": 4}


def test_the_same_seed_generates_the_same_clips():
    for one, other in zip(invent().samples[:4], invent().samples[:4], strict=True):
        np.testing.assert_array_equal(video(one).pixels, video(other).pixels)
        np.testing.assert_array_equal(sound(one).samples, sound(other).samples)


def test_a_clip_is_the_same_at_each_access_and_after_pickling():
    sample = invent().samples[0]
    again = pickle.loads(pickle.dumps(sample))
    np.testing.assert_array_equal(video(sample).pixels, video(again).pixels)
    np.testing.assert_array_equal(sound(sample).samples, sound(again).samples)


def test_another_seed_generates_other_clips():
    one, other = (invent(seed=seed).samples[0] for seed in (0, 1))
    assert np.abs(video(one).pixels.astype(int) - video(other).pixels).mean() > 5
    assert np.abs(sound(one).samples - sound(other).samples).mean() > 0.01


def test_a_larger_corpus_begins_with_the_smaller_one():
    for one, other in zip(invent().samples, invent(clips=40).samples, strict=False):
        assert (one.id, one.media, one.facts) == (other.id, replaced(other.media, one.media), other.facts)
        np.testing.assert_array_equal(video(one).pixels, video(other).pixels)


def replaced(media, like):
    """The same clip under the other corpus's options, which differ in the number of clips only."""
    return type(media)(media.plan, like.options)


def test_media_are_a_mapping_of_two():
    media = invent().samples[0].media
    assert sorted(media) == ["audio", "video"]
    assert "video" in media and "text" not in media
    assert media.get("text") is None


def test_an_unknown_option_is_refused():
    with pytest.raises(ConfigError, match="did you mean pixels"):
        invent(pixel=32)


def test_nothing_is_read_from_disk():
    assert open_dataset("moving_shapes", Path("/does/not/exist"), TINY).samples
