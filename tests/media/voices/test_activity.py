"""From scores to stretches of speech, and the detectors on planted speech."""

import tracemalloc

import numpy as np
import pytest

from affekt.core.errors import UsageError
from affekt.media.sound import Waveform
from affekt.media.voices import ActivitySettings, VoiceActivity, find_speech, open_activity
from affekt.media.voices.cut import cut
from affekt.media.voices.energy import EnergyActivity

RATE_HZ = 16_000


class Given:
    """A detector that gives fixed scores, one each tenth of a second."""

    name, rate_hz, frame_s, on, off = "given", RATE_HZ, 0.1, 0.5, 0.3

    def __init__(self, scores):
        self._scores = np.array(scores, np.float32)

    def scores(self, blocks):
        for _ in blocks:
            pass
        yield from np.array_split(self._scores, 3)


def stretches(scores, **settings):
    sound = Waveform(np.ones((1, round(len(scores) * 0.1 * RATE_HZ))) * 0.1, RATE_HZ)
    plain = {"least_speech_s": 0.0, "least_silence_s": 0.1, "margin_s": 0.0}
    found = find_speech(sound, Given(scores), ActivitySettings(**{**plain, **settings}))
    return [(round(start, 2), round(end, 2)) for start, end in found.spans_s]


def test_speech_begins_at_the_higher_threshold_and_ends_below_the_lower_one():
    assert stretches([0.4, 0.6, 0.4, 0.4, 0.2, 0.4, 0.9]) == [(0.1, 0.4), (0.6, 0.7)]


def test_short_pauses_do_not_end_it():
    scores = [0.9, 0.1, 0.1, 0.9, 0.1, 0.1, 0.1, 0.9]
    assert stretches(scores, least_silence_s=0.3) == [(0.0, 0.4), (0.7, 0.8)]


def test_short_speech_is_left_out():
    assert stretches([0.9, 0.0, 0.9, 0.9, 0.9, 0.0], least_speech_s=0.2) == [(0.2, 0.5)]


def test_margins_stay_within_the_pause_and_the_sound():
    scores = [0.9, 0.0, 0.0, 0.9, 0.0]
    assert stretches(scores, margin_s=0.5) == [(0.0, 0.2), (0.2, 0.5)]
    assert stretches(scores, margin_s=0.05) == [(0.0, 0.15), (0.25, 0.45)]


def test_the_highest_score_and_the_length_are_stated():
    found = find_speech(Waveform(np.ones((1, 8_000)) * 0.1, RATE_HZ), Given([0.1, 0.4, 0.2]))
    assert (found.spans_s, found.duration_s, found.is_silent) == ((), 0.5, False)
    assert found.highest == pytest.approx(0.4)


def test_loud_stretches_are_found_in_noise_of_any_level(bursts_in_noise):
    sound, spans_s = bursts_in_noise
    for gain in (0.05, 1.0):
        found = find_speech(Waveform(sound * np.float32(gain), RATE_HZ), EnergyActivity())
        assert [pytest.approx(span, abs=0.1) for span in found.spans_s] == spans_s


def test_blocks_of_any_length_give_the_same_scores(bursts_in_noise):
    sound, _ = bursts_in_noise
    whole = np.concatenate(list(EnergyActivity().scores([sound[0]])))
    parts = np.concatenate(list(EnergyActivity().scores(np.array_split(sound[0], 7))))
    assert len(whole) == len(parts) == -(-sound.shape[1] // 512)
    assert np.abs(whole - parts).max() < 0.05  # the floor is found among other frames at the ends


def test_digital_silence_is_no_background():
    faint = np.zeros((1, 4 * RATE_HZ), np.float32)
    faint[0, RATE_HZ : 2 * RATE_HZ] = np.random.default_rng(0).normal(0, 1e-5, RATE_HZ)
    assert find_speech(Waveform(faint, RATE_HZ), EnergyActivity()).spans_s == ()


def test_a_detector_that_does_not_exist_is_refused():
    with pytest.raises(UsageError, match="did you mean energy"):
        open_activity("enery")
    assert isinstance(open_activity("energy"), VoiceActivity)


@pytest.fixture(scope="module")
def bursts_in_noise():
    """Buzzes in noise that lasts longer than the window of the floor, and when they are."""
    spans_s = [(2.0, 4.0), (20.0, 21.0), (40.0, 43.0)]
    times = np.arange(50 * RATE_HZ) / RATE_HZ
    samples = np.random.default_rng(0).normal(0, 0.003, len(times))
    for start_s, end_s in spans_s:
        inside = (times >= start_s) & (times < end_s)
        samples += inside * 0.1 * sum(np.sin(2 * np.pi * 150 * k * times) / k for k in range(1, 10))
    return samples[None].astype(np.float32), spans_s


def test_spans_are_cut_out_in_one_pass_whatever_their_order_of_ends():
    ramp = Waveform(np.linspace(-1, 1, 25 * 1000)[None], 1000)
    spans_s = [(0.0, 1.0), (9.5, 21.0), (20.0, 20.5), (24.0, 30.0), (26.0, 27.0)]
    pieces = list(cut(ramp, spans_s))
    assert [piece.samples.shape[1] for piece in pieces] == [1000, 11_500, 500, 1000, 0]
    for (start_s, _), piece in zip(spans_s[:4], pieces, strict=False):
        assert piece.samples[0, 0] == ramp.samples[0, round(start_s * 1000)]


def test_a_long_file_takes_the_memory_of_a_block(tmp_path):
    import wave

    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        minute = (np.random.default_rng(0).normal(0, 100, 60 * RATE_HZ)).astype("<i2").tobytes()
        for _ in range(6):
            file.writeframes(minute)
    tracemalloc.start()
    found = find_speech(path, EnergyActivity())
    pieces = sum(piece.samples.size for piece in cut(path, [(10.0, 15.0), (300.0, 305.0)]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.duration_s == 360.0 and pieces == 10 * RATE_HZ
    assert peak < 12e6  # all of it would take 23 MB as float32
