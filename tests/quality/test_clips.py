"""Checks of clips: faults of single clips, and near duplicates."""

import json
import shutil

import numpy as np
import pytest
import soundfile
from PIL import Image

from affekt.core.dataset import Corpus
from affekt.core.labels import label_set
from affekt.core.sample import Sample
from affekt.data.open import open_dataset
from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames
from affekt.media.video.write import write_clip
from affekt.quality.clips import describe_clips, problems_of_clips, summary_of_clips
from affekt.quality.corpus import describe, problems
from affekt.quality.duplicate_clips import clip_print, find_clip_pairs
from affekt.quality.duplicate_sounds import find_sound_pairs, sound_print


@pytest.fixture(scope="module")
def shapes() -> list[Sample]:
    """Clips of six troupes that sing and move, four emotions each; generated once."""
    options = {"clips": 24, "subjects": 6, "frames_per_clip": 36, "pixels": 32}
    samples = open_dataset("moving_shapes", None, options).samples
    return [of(s.id, s.media["video"], s.media["audio"], subject=s.subject) for s in samples]


def of(name, video=None, audio=None, *, split="train", label="fear", **values) -> Sample:
    media = {"video": video, "audio": audio}
    return Sample(
        name, {key: it for key, it in media.items() if it is not None}, label, split=split, **values
    )


def moving(seed=0, frames=24, size=(36, 48), end_s=2.0) -> VideoFrames:
    """Blurred noise that drifts."""
    rng = np.random.default_rng(seed)
    rows, columns = size
    canvas = Image.fromarray(rng.integers(0, 255, (8, 24, 3), np.uint8)).resize((3 * columns, rows))
    canvas = np.asarray(canvas)
    pixels = np.stack([canvas[:, step : step + columns] for step in range(frames)])
    return VideoFrames(pixels, np.arange(frames) * (end_s / frames), end_s)


def voice(seed=0, seconds=2.0, rate_hz=16000) -> Waveform:
    """Tones that change eight times a second, in another way for each seed."""
    rng = np.random.default_rng(seed)
    moments = np.arange(0, seconds, 0.125)
    pitch = rng.uniform(200, 1200, (len(moments), 4))
    n = round(seconds * rate_hz)
    at = np.minimum((np.arange(n) / rate_hz / 0.125).astype(int), len(moments) - 1)
    phase = 2 * np.pi * np.cumsum(pitch[at], axis=0) / rate_hz
    samples = 0.1 * np.sin(phase).sum(axis=1) + 0.002 * rng.standard_normal(n)
    return Waveform(samples[None].astype(np.float32), rate_hz)


def reported(*samples, **values):
    return problems_of_clips(describe_clips(samples, **values))


def duplicates(*samples):
    description = describe_clips(samples)
    assert description is not None
    return [(group["ids"], group["alike"]) for group in description["near_duplicates"]]


def changed(video: VideoFrames, change) -> VideoFrames:
    return VideoFrames(np.ascontiguousarray(change(video.pixels)), video.times_s, video.end_s)


# Near duplicates


def test_different_clips_are_not_duplicates(shapes):
    assert duplicates(*shapes) == []


def smaller(pixels):
    return np.stack([np.asarray(Image.fromarray(p).resize((24, 24))) for p in pixels])


PICTURES = {
    "smaller": smaller,
    "darker": lambda pixels: (pixels * 0.7).astype(np.uint8),
    "cropped": lambda pixels: pixels[:, 1:-1, 1:-1],
    "mirrored": lambda pixels: pixels[:, :, ::-1],
}


@pytest.mark.parametrize("change", PICTURES)
def test_a_changed_clip_is_found_by_its_motion(shapes, change):
    silent = [of(sample.id, sample.media["video"]) for sample in shapes]
    copy = of("copy", changed(shapes[5].media["video"], PICTURES[change]))
    assert duplicates(*silent, copy) == [([shapes[5].id, "copy"], ["video"])]


def test_a_clip_cut_shorter_is_found_by_its_motion(shapes):
    video = shapes[5].media["video"]
    cut = VideoFrames(video.pixels[1:], video.times_s[1:] - video.times_s[1], video.end_s - video.times_s[1])
    assert duplicates(of("a", video), of("b", cut), of("c", shapes[6].media["video"])) == [
        (["a", "b"], ["video"])
    ]


def test_a_compressed_clip_in_another_size_cut_at_both_ends_is_found(shapes, tmp_path):
    video, audio = shapes[5].media["video"], shapes[5].media["audio"]
    cut = VideoFrames(
        np.repeat(np.repeat(video.pixels[1:-1], 2, axis=1), 2, axis=2),
        video.times_s[1:-1] - video.times_s[1],
        float(video.times_s[-1] - video.times_s[1]),
    )
    start, stop = (round(t * audio.rate_hz) for t in (video.times_s[1], video.times_s[-1]))
    file = write_clip(tmp_path / "b.mp4", cut, Waveform(audio.samples[:, start:stop], audio.rate_hz))
    assert duplicates(*shapes, of("b", file, file)) == [([shapes[5].id, "b"], ["sound", "video"])]


SOUNDS = {
    "quieter": lambda x: x * np.float32(0.1),
    "cut": lambda x: x[:, 3000:-2000],
    "noisy": lambda x: x + np.random.default_rng(1).normal(0, 0.005, x.shape).astype(np.float32),
    "clipped": lambda x: x.clip(-0.3, 0.3),
}


@pytest.mark.parametrize("change", SOUNDS)
def test_a_changed_sound_is_found_by_its_print(change):
    sounds = [of(f"{n}", audio=voice(n, 3.0)) for n in range(6)]
    copy = of("copy", audio=Waveform(SOUNDS[change](voice(2, 3.0).samples), 16000))
    assert duplicates(*sounds, copy) == [(["2", "copy"], ["sound"])]


def test_a_sound_is_found_inside_a_longer_one():
    inside = Waveform(voice(2, 4.0).samples[:, 24000:56000], 16000)
    assert duplicates(
        of("long", audio=voice(2, 4.0)), of("other", audio=voice(3, 4.0)), of("short", audio=inside)
    ) == [(["long", "short"], ["sound"])]


def test_one_song_with_two_films_is_not_a_duplicate():
    song = voice(1)
    assert duplicates(of("a", moving(1), song), of("b", moving(2), song)) == []


def test_two_songs_with_one_still_picture_are_not_duplicates():
    still = VideoFrames(np.repeat(moving().pixels[:1], 8, axis=0), np.arange(8) / 4, 2.0)
    assert duplicates(of("a", still, voice(1)), of("b", still, voice(2))) == []
    assert duplicates(of("a", still), of("b", still)) == [(["a", "b"], ["video"])]


def test_a_clip_without_its_sound_is_still_found():
    assert duplicates(of("a", moving(1), voice(1)), of("b", moving(1)), of("c", moving(2), voice(2))) == [
        (["a", "b"], ["video"])
    ]


def test_black_clips_and_silent_sounds_are_not_duplicates():
    black = VideoFrames(np.zeros((8, 16, 16, 3), np.uint8), np.arange(8) / 4, 2.0)
    hush = Waveform(np.full((1, 32000), 1e-6, np.float32), 16000)
    assert duplicates(*(of(f"{n}", black, hush) for n in range(4))) == []


def test_a_thousand_copies_are_connected_by_999_pairs():
    sound = sound_print(voice(0, 2.0, 8000).samples[0])
    assert find_sound_pairs([sound] * 1000) == [(0, other) for other in range(1, 1000)]
    clip = clip_print(moving().pixels[::3], 2.0)
    assert find_clip_pairs([clip] * 1000) == [(0, other) for other in range(1, 1000)]


def test_duplicates_in_two_splits_and_with_two_labels_are_reported():
    leak, *rest = reported(of("a", moving(1)), of("b", moving(1), split="test", label="joy"))
    assert (
        leak
        == "1 group of clips that look the same in different splits, such as a ~ b: scores would be too high"
    )
    assert rest == ["1 group of clips that look the same, but with different labels, such as a ~ b"]


def test_equal_files_are_reported_once(tmp_path):
    shutil.copy(write_clip(tmp_path / "a.mp4", moving(1), voice(1)), tmp_path / "b.mp4")
    twins = [of(name, *(tmp_path / f"{name}.mp4",) * 2, subject="s") for name in ("a", "b")]
    description = describe(Corpus(twins, label_set("fer-7")))
    assert [group["ids"] for group in description["duplicates"]] == [["a", "b"]]
    assert description["clips"]["near_duplicates"] == []


# Faults of single clips


def test_clips_are_measured(tmp_path):
    file = write_clip(tmp_path / "a.mp4", moving(1), voice(1))
    description = describe_clips([of("a", file, file), of("b", audio=voice(2, 3.0, 8000))])
    assert description is not None
    assert json.loads(json.dumps(description)) == description
    assert (description["clips"], description["videos"], description["with_sound"]) == (2, 1, 2)
    assert description["codecs"] == {"h264": 1, "aac": 1}
    assert description["sound_rates"] == {"16000": 1, "8000": 1}
    assert description["sizes"] == [{"width": 48, "height": 36, "clips": 1}]
    assert description["rate_hz"]["max"] == pytest.approx(12.0)
    assert description["duration_s"]["min"] == pytest.approx(2.0)
    assert problems_of_clips(description) == []
    assert summary_of_clips(description).startswith(
        "2 clips, 2 to 3 s long, 0.1 minutes in all, 48 x 36 pixels"
    )


def test_what_cannot_be_read_is_counted_with_its_reason(tmp_path):
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("no clip")
    broken = [of(name, *(tmp_path / f"{name}.mp4",) * 2) for name in ("empty", "text", "absent")]
    description = describe_clips(broken)
    assert description is not None
    assert [item["id"] for item in description["unreadable"]] == ["empty", "text", "absent"]
    assert "is empty" in description["unreadable"][0]["reason"]
    (sentence,) = problems_of_clips(description)
    assert sentence.startswith("3 clips cannot be read, such as empty: ")
    assert summary_of_clips(description) == "3 clips, none of which can be read"


def test_a_missing_sound_track_is_reported(tmp_path):
    mute = write_clip(tmp_path / "mute.mp4", moving(1), None)
    assert reported(of("mute", mute, mute)) == ["1 clip without a sound track, such as mute"]


def test_frames_without_a_file_do_not_lack_sound():
    assert reported(of("frames", moving(1))) == []


@pytest.mark.parametrize(
    ("pixels", "sentence"),
    [
        (np.zeros((8, 16, 16, 3), np.uint8), "1 clip black throughout, such as a"),
        (np.full((8, 16, 16, 3), 90, np.uint8), "1 clip showing one still frame throughout, such as a"),
    ],
)
def test_pictures_without_content_are_reported(pixels, sentence):
    assert reported(of("a", VideoFrames(pixels, np.arange(8) / 4, 2.0), voice())) == [sentence]


def test_silence_is_reported():
    hush = Waveform(np.random.default_rng(0).normal(0, 5e-4, (1, 16000)).astype(np.float32), 16000)
    assert reported(of("a", audio=hush)) == ["1 clip with hardly any sound (below -60 dBFS), such as a"]


def test_tracks_of_different_lengths_are_reported():
    (sentence,) = reported(of("a", moving(1), voice(1, 3.0)), of("b", moving(2), voice(2, 2.4)))
    assert sentence == (
        "1 clip with picture and sound of different lengths, such as a: 2.0 s of picture, 3.0 s of sound"
    )


def test_only_the_span_of_a_clip_is_checked(tmp_path):
    soundfile.write(tmp_path / "a.wav", voice(1, 3.0).samples[0], 16000)
    spans = [
        of(f"{n}", moving(1, end_s=3.0), tmp_path / "a.wav", span_s=(n * 1.5, n * 1.5 + 1.5)) for n in (0, 1)
    ]
    description = describe_clips(spans)
    assert description is not None
    assert description["duration_s"] == {"min": 1.5, "median": 1.5, "max": 1.5}
    assert problems_of_clips(description) == []


def test_missing_frames_of_a_damaged_clip_are_reported(shared):
    clip = shared / "data" / "media_samples" / "no_face.mp4"
    (sentence,) = reported(of("a", clip, clip))
    assert sentence.startswith("1 clip can only be read in part, such as a: 95 of 98")


def test_progress_counts_every_clip():
    seen = []
    samples = [of(f"{n}", moving(n), subject=f"{n}") for n in range(3)]
    describe(Corpus(samples, label_set("fer-7")), on_item=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_without_clips_there_is_no_description():
    assert describe_clips([Sample("a", {"text": "hello"}, "fear")]) is None
    assert problems_of_clips(None) == []


# Real sounds


def test_actors_who_speak_one_sentence_are_not_duplicates(shared):
    files = sorted((shared / "data" / "ravdess_speech" / "audio").glob("actor_0[3-8]/03-01-0[123]-01-*.flac"))
    assert len(files) == 72
    samples = [of(file.stem, audio=file, subject=file.stem[-2:]) for file in files]
    # One recording occurs twice, byte for byte; the second name states another repetition.
    twice = ["03-01-03-01-02-01-07", "03-01-03-01-02-02-07"]
    assert duplicates(*samples) == [(twice, ["sound"])]
    (found,) = problems(describe(Corpus(samples, label_set("fer-7"))))[:1]
    assert found.endswith("such as " + " = ".join(twice))


def test_the_invented_clips_have_no_problems(shapes):
    assert reported(*shapes) == []


def test_channels_of_opposite_phase_are_reported():
    clip = voice()
    opposite = Waveform(np.concatenate([clip.samples, -clip.samples]), clip.rate_hz)
    description = describe_clips([of("a", audio=opposite), of("b", audio=clip)])
    assert [note["id"] for note in description["notes"]] == ["a"]
    assert "opposite phase" in description["notes"][0]["note"]
    assert not description["silent"]


# ---- what differs in colour or in pitch only


def tone(hertz: float, rate_hz: int = 8000) -> Waveform:
    """A tone that swells and fades three times a second."""
    times = np.arange(3 * rate_hz) / rate_hz
    samples = 0.2 * (1 + np.sin(2 * np.pi * 3 * times)) * np.sin(2 * np.pi * hertz * times)
    return Waveform(samples[None].astype(np.float32), rate_hz)


def painted(color: tuple[int, int, int], frames: int = 24) -> VideoFrames:
    """A square of a colour that moves over a grey ground."""
    pixels = np.full((frames, 48, 48, 3), 110, np.uint8)
    for frame in range(frames):
        pixels[frame, 14:34, frame : frame + 20] = color
    return VideoFrames(pixels, np.arange(frames) / 12, frames / 12)


RED, BLUE = (220, 30, 40), (40, 66, 250)  # of nearly the same grey


def test_clips_that_differ_in_colour_only_are_not_duplicates():
    red, blue, copy = (painted(color) for color in (RED, BLUE, RED))
    assert duplicates(of("red", red), of("blue", blue), of("copy", copy)) == [(["red", "copy"], ["video"])]
    still = [
        of(name, changed(clip, lambda pixels: np.repeat(pixels[:1], 24, 0)))
        for name, clip in (("a", red), ("b", blue))
    ]
    assert duplicates(*still) == []


def test_a_grey_copy_of_a_clip_is_a_duplicate():
    grey = changed(
        painted(RED), lambda pixels: np.repeat(pixels.mean(axis=3, keepdims=True).astype(np.uint8), 3, 3)
    )
    assert duplicates(of("red", painted(RED)), of("grey", grey)) == [(["red", "grey"], ["video"])]


def test_tones_that_differ_in_pitch_only_are_not_duplicates():
    tones = [of(str(hertz), None, tone(hertz)) for hertz in (220, 247, 275, 330, 440, 880)]
    assert duplicates(*tones) == []
