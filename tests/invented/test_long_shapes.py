"""Long shapes: cues are detectable in picture and sound, and nothing is rendered before it is read."""

import pickle
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from affekt.core.errors import ConfigError
from affekt.core.files.fingerprint import fingerprint
from affekt.data.open import open_dataset
from affekt.data.prepare.prepare import prepare
from affekt.invented.long_shapes import picture
from affekt.media.sound import read_sound
from affekt.media.sound.spectrum import log_mel
from affekt.media.video import video_of

TINY = {
    "videos": 4,
    "subjects": 4,
    "shortest_s": 30.0,
    "longest_s": 40.0,
    "pixels": 24,
    "sound_rate_hz": 8000,
}
CELL = 16  # frames


def invent(**options):
    return open_dataset("long_shapes", None, {**TINY, **options})


def pixels(sample):
    return np.stack([frame for _, frame in video_of(sample).frames()])


def sound(sample):
    return sample.media["audio"].samples[0]


def is_inside(point, segment):
    return segment.start_s <= point.time_s < segment.end_s


@pytest.fixture(scope="module")
def whole():
    """The corpus with default options; nothing of it is rendered."""
    return open_dataset("long_shapes")


def test_the_corpus_is_one_of_localization(whole):
    assert whole.task.name == "localization"
    assert whole.labels.names == ("negative", "positive")
    assert len(whole.samples) == 80 and not whole.skipped
    assert {s.label for s in whole.samples} == {None}


def test_events_lie_one_after_the_other_inside_their_video(whole):
    for sample in whole.samples:
        duration_s = sample.facts["duration_s"]
        assert 180 <= duration_s <= 360
        spans = [(it.start_s, it.end_s) for it in sample.segments] + [
            tuple(d) for d in sample.facts["distractors"]
        ]
        edges = [edge for span in sorted(spans) for edge in span]
        assert edges == sorted(edges) and edges[0] > 0 and edges[-1] < duration_s
        assert 2 <= len(sample.segments) <= 9
        assert list(sample.segments) == sorted(sample.segments, key=lambda it: it.start_s)


def test_events_are_as_long_as_stated_and_begin_and_end_with_frames(whole):
    lengths = np.array([it.duration_s for s in whole.samples for it in s.segments])
    assert lengths.min() > 5.9 and lengths.max() < 25.1
    edges = np.array([edge for s in whole.samples for it in s.segments for edge in (it.start_s, it.end_s)])
    np.testing.assert_allclose(edges * 12.5, np.round(edges * 12.5), atol=1e-6)


def test_episodes_are_shortened_in_short_videos():
    for sample in invent(videos=12).samples:
        covered_s = sum(it.duration_s for it in sample.segments)
        covered_s += sum(end - start for start, end in sample.facts["distractors"])
        assert covered_s < 0.65 * sample.facts["duration_s"]


def test_a_third_of_the_events_is_visible_a_third_audible_a_third_both(whole):
    counts = Counter(cue for s in whole.samples for cue in s.facts["cues"])
    assert sorted(counts) == ["both", "picture", "sound"]
    assert max(counts.values()) < 1.15 * min(counts.values())
    assert all(len(s.facts["cues"]) == len(s.segments) for s in whole.samples)


def test_both_classes_are_common_and_often_in_one_video(whole):
    counts = Counter(it.label for s in whole.samples for it in s.segments)
    assert 0.4 < counts["positive"] / counts.total() < 0.6
    assert np.mean([len({it.label for it in s.segments}) == 2 for s in whole.samples]) > 0.4


def test_no_subject_is_in_two_splits(whole):
    subjects = {
        split: {s.subject for s in whole.samples if s.split == split}
        for split in ("train", "validation", "test")
    }
    counts = {split: len(names) for split, names in subjects.items()}
    assert counts == {"train": 12, "validation": 3, "test": 5}
    assert len(set.union(*subjects.values())) == 20


def test_the_smallest_corpus_has_every_split():
    assert Counter(s.split for s in invent().samples) == {"train": 2, "validation": 1, "test": 1}


def test_without_errors_each_event_has_one_point_of_its_class(whole):
    for sample in open_dataset("long_shapes", None, {"point_noise": 0.0}).samples:
        assert [point.label for point in sample.points] == [it.label for it in sample.segments]
        assert all(is_inside(p, it) for p, it in zip(sample.points, sample.segments, strict=True))


def test_rates_of_annotation_errors_are_those_of_tsl_300():
    samples = open_dataset("long_shapes", None, {"videos": 600}).samples
    found: Counter[str] = Counter()
    for sample in samples:
        for point in sample.points:
            around = [it.label for it in sample.segments if is_inside(point, it)]
            found["none" if not around else "same" if point.label in around else "opposite"] += 1
    events = sum(len(s.segments) for s in samples)
    # 691, 29 and 507 of 1227 points, for 1058 segments.
    assert found.total() / events == pytest.approx(1227 / 1058, rel=0.05)
    for kind, share in (("same", 691 / 1227), ("opposite", 29 / 1227), ("none", 507 / 1227)):
        assert found[kind] / found.total() == pytest.approx(share, abs=0.03)


def test_more_errors_move_no_point_inside_an_event():
    right, wrong = (invent(videos=40, point_noise=noise).samples for noise in (0.0, 1.0))
    for one, other in zip(right, wrong, strict=True):
        inside = {p.time_s for p in other.points if any(is_inside(p, it) for it in one.segments)}
        if len(other.points) > 1:  # a video that would have none is given one
            assert inside <= {p.time_s for p in one.points}


def test_points_are_middles_of_frames_in_order_and_every_video_has_one():
    for sample in invent(videos=60, point_noise=2.0).samples:
        times_s = np.array([point.time_s for point in sample.points])
        assert len(times_s) and np.all(np.diff(times_s) >= 0)
        assert times_s[0] > 0 and times_s[-1] < sample.facts["duration_s"]
        np.testing.assert_allclose((times_s * 12.5) % 1, 0.5, atol=1e-6)


def test_weights_of_labels_are_shares_of_points(whole):
    for sample in whole.samples:
        counts = Counter(point.label for point in sample.points)
        assert sample.label_weights == {
            name: counts[name] / len(sample.points) for name in ("negative", "positive")
        }


def test_the_same_seed_generates_the_same_videos():
    for one, other in zip(invent().samples[:2], invent().samples[:2], strict=True):
        np.testing.assert_array_equal(pixels(one), pixels(other))
        np.testing.assert_array_equal(sound(one), sound(other))


def test_frames_are_the_same_however_they_are_read():
    video = video_of(invent().samples[0])
    every = np.stack([frame for _, frame in video.frames()])
    numbers = [0, 31, 32, 33, 200, len(video) - 1]
    np.testing.assert_array_equal(video.read(numbers), every[numbers])
    part = video.part(8.0, 12.0)
    np.testing.assert_array_equal(part.read(range(len(part))), every[100:150])
    assert video.read([5], height=12).shape == (1, 12, 12, 3)


def test_a_video_can_be_sent_to_another_process():
    sample = invent().samples[0]
    again = pickle.loads(pickle.dumps(sample))
    np.testing.assert_array_equal(video_of(again).read([7]), video_of(sample).read([7]))
    assert len(pickle.dumps(video_of(sample))) < 100_000, "the plan is pickled instead of frames"


def test_the_fingerprint_of_a_video_needs_no_rendering(monkeypatch):
    def fail(*_):
        raise AssertionError("frames were rendered")

    monkeypatch.setattr(picture.DrawnVideo, "pictures", fail)
    one, other = (invent(seed=seed).samples[0].media["video"] for seed in (0, 1))
    assert fingerprint(one) == fingerprint(invent().samples[0].media["video"]) != fingerprint(other)


def test_frames_are_those_of_edition_1():
    # A change of the rendering raises `EDITION`, part of the keys of cached features; put the new means here.
    assert picture.EDITION == 1
    frames = video_of(invent(seed=5).samples[1]).read(range(40, 400, 40))
    np.testing.assert_allclose(frames.mean(axis=(0, 1, 2)), [60.80, 75.05, 63.74], atol=0.3)


def test_a_larger_corpus_begins_with_the_smaller_one():
    for one, other in zip(invent().samples, invent(videos=9).samples, strict=False):
        assert (one.id, one.points, one.segments, one.facts) == (
            other.id,
            other.points,
            other.segments,
            other.facts,
        )
        np.testing.assert_array_equal(video_of(one).read([50]), video_of(other).read([50]))


def test_picture_and_sound_are_equally_long_and_of_the_sizes_asked_for():
    sample = invent(rate_hz=10.0, pixels=16, sound_rate_hz=11025).samples[0]
    video, waveform = video_of(sample), sample.media["audio"]
    assert (video.height, video.width) == (16, 16)
    np.testing.assert_allclose(np.diff(video.times_s), 0.1)
    assert video.end_s == sample.facts["duration_s"] == pytest.approx(waveform.duration_s, abs=1e-3)
    assert waveform.rate_hz == 11025 and waveform.samples.dtype == np.float32
    assert 0.05 < np.abs(waveform.samples).max() <= 1


def test_media_are_a_mapping_of_two():
    media = invent().samples[0].media
    assert sorted(media) == ["audio", "video"]
    assert "video" in media and "text" not in media
    assert media.get("text") is None


def test_wrong_options_are_refused():
    with pytest.raises(ConfigError, match="did you mean pixels"):
        invent(pixel=32)
    with pytest.raises(ConfigError, match=r"shortest_s = 50 is more than longest_s = 40"):
        invent(shortest_s=50.0)


def test_nothing_is_read_from_disk():
    assert open_dataset("long_shapes", Path("/does/not/exist"), TINY).samples


def test_a_prepared_store_keeps_events_and_points(tmp_path):
    prepare("long_shapes", tmp_path / "store", options=TINY, workers=0)
    again = open_dataset("long_shapes", tmp_path / "store", TINY)
    assert again.task.name == "localization"
    for stored, sample in zip(again.samples, invent().samples, strict=True):
        assert (stored.segments, stored.points, stored.facts) == (
            sample.segments,
            sample.points,
            sample.facts,
        )
        one, other = video_of(stored), video_of(sample)
        np.testing.assert_allclose(one.times_s, other.times_s, atol=1e-6)
        assert np.abs(one.read([99]).astype(int) - other.read([99])).mean() < 10
        assert read_sound(stored.media["audio"]).duration_s == pytest.approx(one.end_s, abs=0.01)


class Cells:
    """Simple statistics of cells of 16 frames, with the annotation of each."""

    def __init__(self, samples):
        seen, heard, polarity, cues, distractor, motion, loudness = ([] for _ in range(7))
        for sample in samples:
            frames = pixels(sample)
            count = len(frames) // CELL
            cells = frames[: count * CELL].reshape(count, CELL, *frames.shape[1:]).astype(np.float32)
            mean = cells.mean(axis=(1, 2, 3))
            seen.append(mean - np.median(mean, axis=0))
            motion.append(np.abs(np.diff(cells, axis=1)).mean(axis=(1, 2, 3, 4)))
            rate_hz = sample.media["audio"].rate_hz
            rows = log_mel(sound(sample), rate_hz, hop=512, mels=24)
            edges = (np.arange(count + 1) * CELL / 12.5 * rate_hz / 512).astype(int)
            bands = np.stack([rows[a:b].mean(axis=0) for a, b in pairwise(edges)])
            heard.append(bands - np.median(bands, axis=0))
            size = round(CELL / 12.5 * rate_hz)
            loudness.append(np.sqrt((sound(sample)[: count * size].reshape(count, size) ** 2).mean(axis=1)))
            at = (np.arange(count) + 0.5) * CELL / 12.5
            sign, cue, is_off = np.zeros(count), np.full(count, "none", object), np.zeros(count, bool)
            for it, name in zip(sample.segments, sample.facts["cues"], strict=True):
                inside = (at >= it.start_s) & (at < it.end_s)
                sign[inside], cue[inside] = (1 if it.label == "positive" else -1), name
            for start_s, end_s in sample.facts["distractors"]:
                is_off |= (at >= start_s) & (at < end_s)
            polarity.append(sign)
            cues.append(cue)
            distractor.append(is_off)
        self.features = {"picture": np.concatenate(seen), "sound": np.concatenate(heard)}
        self.polarity, self.cues, self.distractor = (np.concatenate(x) for x in (polarity, cues, distractor))
        self.motion, self.loudness = np.concatenate(motion), np.concatenate(loudness)
        subjects = np.concatenate([[s.subject] * len(p) for s, p in zip(samples, polarity, strict=True)])
        self.is_odd = np.isin(subjects, sorted(set(subjects))[1::2])

    def recall(self, modality: str, cue: str) -> float:
        """Mean recall of both polarities in events with a cue, by nearest class mean of other subjects."""
        features = self.features[modality] / self.features[modality].std(axis=0)
        found: dict[int, list[bool]] = {1: [], -1: []}
        for held in (False, True):
            known = np.isin(self.cues, [modality, "both"]) & (self.is_odd != held)
            up, down = (features[known & (self.polarity == sign)].mean(axis=0) for sign in found)
            for sign, right in found.items():
                rows = features[(self.polarity == sign) & (self.cues == cue) & (self.is_odd == held)]
                is_up = np.linalg.norm(rows - up, axis=1) < np.linalg.norm(rows - down, axis=1)
                right += (is_up == (sign > 0)).tolist()
        return float(np.mean([np.mean(right) for right in found.values()]))


@pytest.fixture(scope="module")
def cells():
    return Cells(invent(videos=16, subjects=8, shortest_s=60.0, longest_s=90.0).samples)


@pytest.mark.parametrize("modality", ["picture", "sound"])
def test_polarity_is_detectable_in_the_modalities_of_the_cues(cells, modality):
    assert cells.recall(modality, modality) > 0.7
    assert cells.recall(modality, "both") > 0.7


@pytest.mark.parametrize(("modality", "other"), [("picture", "sound"), ("sound", "picture")])
def test_audible_events_are_not_visible_and_visible_events_not_audible(cells, modality, other):
    assert 0.25 < cells.recall(modality, other) < 0.75


def test_distractors_are_as_intense_as_events(cells):
    seen, heard = (np.isin(cells.cues, [cue, "both"]) for cue in ("picture", "sound"))
    for values, is_event in ((cells.motion, seen), (cells.loudness, heard)):
        # A third of the distractors lacks either modality: compare quantiles of the upper half.
        distractor, event = (np.quantile(values[which], 0.75) for which in (cells.distractor, is_event))
        assert 0.7 < distractor / event < 1.4
