"""The sound of a clip."""

import numpy as np
import pytest
import soundfile

from affekt.core.errors import MediaError
from affekt.core.notes import collect_notes
from affekt.core.sample import Sample
from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames
from affekt.methods.cten import preprocess
from affekt.methods.cten.config import AudioConfig, CTENConfig, VisualConfig

AUDIO = AudioConfig(bins=16, block_frames=20)


def noise(rate_hz, seconds, seed=0):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, int(rate_hz * seconds)).astype(np.float32)


def as_sample(path, samples, rate_hz, span_s=None):
    soundfile.write(path, samples, rate_hz, subtype="FLOAT")
    return Sample("a", {"audio": path}, span_s=span_s)


@pytest.mark.parametrize("drawn", [None, 0.0, 0.7])
@pytest.mark.parametrize("span_s", [None, (0.333, 3.1)])
@pytest.mark.parametrize("rate_hz", [16_000, 22_050])
def test_a_sound_read_in_blocks_has_the_rows_of_the_whole(monkeypatch, tmp_path, rate_hz, span_s, drawn):
    sample = as_sample(tmp_path / "a.wav", noise(rate_hz, 3.21), rate_hz, span_s)
    draw = None if drawn is None else lambda: drawn
    whole = preprocess.filterbank_of(sample, AUDIO, 4, draw)
    monkeypatch.setattr(preprocess, "WHOLE_S", 0.0)
    np.testing.assert_allclose(preprocess.filterbank_of(sample, AUDIO, 4, draw), whole, atol=1e-5)


def test_blocks_that_make_more_than_the_sound_repeat_it_however_long_it_is(monkeypatch, tmp_path):
    sample = as_sample(tmp_path / "a.wav", noise(16_000, 0.5), 16_000)
    whole = preprocess.filterbank_of(sample, AUDIO, 4)
    monkeypatch.setattr(preprocess, "WHOLE_S", 0.0)
    np.testing.assert_array_equal(preprocess.filterbank_of(sample, AUDIO, 4), whole)


def test_of_a_long_span_beyond_the_end_of_its_sound_the_existing_part_is_used(monkeypatch, tmp_path):
    samples = noise(16_000, 2.0)
    alone = preprocess.filterbank_of(as_sample(tmp_path / "a.wav", samples, 16_000), AUDIO, 4)
    monkeypatch.setattr(preprocess, "WHOLE_S", 1.0)
    sample = as_sample(tmp_path / "b.wav", samples, 16_000, (0.0, 5.0))
    np.testing.assert_allclose(preprocess.filterbank_of(sample, AUDIO, 4), alone, atol=1e-5)


def test_less_than_a_window_is_one_clear_error():
    short = Sample("a", {"audio": Waveform(noise(16_000, 0.02)[None], 16_000)})
    with pytest.raises(MediaError, match=r"lasts 20\.0 ms; one window takes 25 ms"):
        preprocess.filterbank_of(short, AUDIO, 4)


def notes_of(samples, *, seconds=3.0):
    frames = VideoFrames(np.zeros((9, 32, 32, 3), np.uint8), np.arange(9) * seconds / 9, seconds)
    visual = VisualConfig(segments=2, snippet_frames=4, size=32, height=32)
    config = CTENConfig(visual=visual, audio=AUDIO, streams="video+audio", erase=False)
    with collect_notes() as notes:
        preprocess.CTENPreprocess(config).views(
            Sample("a", {"video": frames, "audio": Waveform(samples, 16_000)})
        )
    return list(notes)


@pytest.mark.parametrize("whole_s", [0.0, 120.0])
def test_silent_short_and_half_silent_sound_is_noted(monkeypatch, whole_s):
    monkeypatch.setattr(preprocess, "WHOLE_S", whole_s)
    said = noise(16_000, 3.0)[None]
    assert notes_of(said) == []
    assert notes_of(0 * said) == ["its sound is silent: the answer is based on the picture alone"]
    assert notes_of(said[:, :8000]) == ["its sound covers 17 % of its picture: 0.5 s of 3.0 s"]
    assert notes_of(np.concatenate([0 * said, said])) == [
        "its first channel is silent: the loudest channel is used instead"
    ]
