"""Silero VAD on synthetic speech, and how its state is carried on; a stand-in where it is not installed."""

import shutil
import subprocess

import numpy as np
import pytest

from affekt.assets.places import copies
from affekt.assets.registry import find_asset
from affekt.media.sound import Waveform, read_sound
from affekt.media.voices import VoiceActivity, find_speech, open_activity, silero
from affekt.media.voices.silero import CONTEXT, STATE, SileroVad

needs_asset = pytest.mark.skipif(
    not copies(find_asset(silero.ASSET)), reason="needs the asset silero_vad: affekt assets get silero_vad"
)
RATE_HZ = SileroVad.rate_hz


class Counts:
    """A network that scores the first sample of the context, and counts frames in its state."""

    def __call__(self, values, outputs):
        assert outputs == ("output", "stateN") and values["input"].shape == (1, CONTEXT + SileroVad.frame)
        assert values["input"].dtype == np.float32 and values["sr"] == RATE_HZ
        return [values["input"][:, :1] + values["state"][0, 0, 0], values["state"] + 1]


@pytest.fixture
def counting(monkeypatch, tmp_path):
    (tmp_path / "network").write_bytes(b"")
    monkeypatch.setattr(silero, "asset_file", lambda name, file: tmp_path / "network")
    monkeypatch.setattr(silero, "Network", lambda model, name, threads: Counts())
    return SileroVad()


def test_context_and_state_are_carried_on_over_blocks(counting):
    samples = np.arange(3 * 512 + 100, dtype=np.float32)
    expected = [0.0, 512 - CONTEXT + 1, 1024 - CONTEXT + 2, 1536 - CONTEXT + 3]
    for blocks in ([samples], np.array_split(samples, 5)):
        assert np.concatenate(list(counting.scores(blocks))).tolist() == expected
    assert np.zeros(STATE).shape == (2, 1, 128)


@pytest.fixture(scope="module")
def detector():
    return open_activity("auto")


@needs_asset
def test_it_is_the_detector_that_is_taken_if_it_is_there(detector):
    assert isinstance(detector, SileroVad) and isinstance(detector, VoiceActivity)


@needs_asset
def test_no_speech_is_found_in_noise_tones_and_silence(detector):
    rng, times = np.random.default_rng(0), np.arange(3 * RATE_HZ) / RATE_HZ
    for samples in (0.1 * rng.standard_normal(len(times)), 0.3 * np.sin(2 * np.pi * 440 * times), 0 * times):
        found = find_speech(Waveform(samples[None].astype(np.float32).clip(-1, 1), RATE_HZ), detector)
        assert found.spans_s == () and found.highest < 0.5


@needs_asset
@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng of the system")
def test_a_sentence_is_found_where_it_is_said(detector, tmp_path):
    path = tmp_path / "said.wav"
    words = "I did not expect to see you here today."
    subprocess.run(["espeak-ng", "-v", "en-us", "-w", str(path), words], check=True)
    spoken = read_sound(path, rate_hz=RATE_HZ).samples
    quiet = np.zeros((1, 2 * RATE_HZ), np.float32)
    found = find_speech(Waveform(np.concatenate([quiet, spoken, quiet], 1), RATE_HZ), detector)
    (span,) = found.spans_s
    assert 1.9 < span[0] < 2.4 and found.duration_s - 2.9 < span[1] < found.duration_s - 1.7


@needs_asset
def test_a_real_recording_is_one_turn_in_the_middle(detector, shared):
    folder = shared / "data" / "ravdess_speech" / "audio" / "actor_01"
    for path in sorted(folder.iterdir())[::20]:
        found = find_speech(path, detector)
        assert len(found.spans_s) == 1
        assert 0.4 < found.spans_s[0][0] < found.spans_s[0][1] < found.duration_s - 0.2
