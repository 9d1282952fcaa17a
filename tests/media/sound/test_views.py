"""Trimming of silence, and augmentation of sound for training."""

import numpy as np
import pytest

from affekt.core.errors import MediaError
from affekt.media.sound.views import coloured, masked, noisy, sounding_span, stretched

RATE_HZ = 16_000


def rng(seed=0):
    return np.random.default_rng(seed)


def tone(seconds=0.5, hertz=440.0, rate_hz=RATE_HZ):
    return np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate_hz)) / rate_hz).astype(np.float32)


def span(samples, below_db=35.0, margin_s=0.1):
    return sounding_span(samples, RATE_HZ, below_db=below_db, margin_s=margin_s)


def test_silence_at_both_ends_is_trimmed_up_to_the_margin():
    silence = np.zeros(RATE_HZ, np.float32)
    start, stop = span(np.concatenate([silence, tone(), silence]))
    assert 16_000 - 1600 - 400 < start <= 16_000 - 1600
    assert 24_000 + 1600 <= stop < 24_000 + 1600 + 400


def test_faint_noise_is_silence_and_a_soft_voice_is_not():
    hiss = 1e-3 * rng().standard_normal(RATE_HZ).astype(np.float32)  # 57 dB below the tone
    whole = np.concatenate([hiss, tone(), 0.1 * tone(), hiss])
    start, stop = span(whole, margin_s=0.0)
    assert start == pytest.approx(16_000, abs=400) and stop == pytest.approx(32_000, abs=400)
    assert span(whole, below_db=15.0, margin_s=0.0)[1] == pytest.approx(24_000, abs=400)


def test_a_recording_without_silence_is_kept_nearly_whole():
    start, stop = span(tone(1.0))
    assert start == 0 and stop == 16_000
    assert span(tone(1.0)[:10]) == (0, 10), "shorter than the window that measures loudness"


def test_the_overall_loudness_does_not_matter():
    recording = np.concatenate([np.zeros(3000, np.float32), tone(), np.zeros(3000, np.float32)])
    assert span(recording) == span(0.01 * recording)


@pytest.mark.parametrize("samples", [np.zeros(8000, np.float32), np.full(8000, 2**-16, np.float32)])
def test_a_silent_recording_is_refused(samples):
    with pytest.raises(MediaError, match="silent"):
        span(samples)


def test_a_stretched_tone_lasts_longer_and_is_lower():
    slow = stretched(tone(1.0, 400.0), 1.25)
    assert slow.dtype == np.float32 and len(slow) == 20_000
    assert np.abs(np.fft.rfft(slow[2000:18_000])).argmax() == pytest.approx(400 / 1.25, abs=1)
    assert stretched(slow, 1.0) is slow


def test_the_change_of_colour_is_linear_over_the_bands():
    decibels = rng().normal(-40, 10, (30, 9)).astype(np.float32)
    changes = []
    for seed in range(100):
        change = coloured(decibels, rng(seed), gain_db=6.0, tilt_db=4.0) - decibels
        np.testing.assert_allclose(change, np.broadcast_to(change[0], change.shape), atol=1e-4)
        np.testing.assert_allclose(np.diff(change[0]), np.diff(change[0])[0], atol=1e-4)
        changes.append((change[0, 4], change[0, 8] - change[0, 4]))
    gain, tilt = np.abs(changes).max(axis=0)
    assert 5.5 < gain <= 6.001 and 3.5 < tilt <= 4.001
    np.testing.assert_array_equal(coloured(decibels, rng(), gain_db=0.0, tilt_db=0.0), decibels)


def test_noise_adds_the_power_that_was_asked_for():
    decibels = np.full((2000, 9), -30.0, np.float32)
    noise = 10 ** (noisy(decibels, rng(), snr_db=(10.0, 10.0)) / 10) - 1e-3
    assert (noise > 0).all()
    assert noise[:, 4].mean() == pytest.approx(1e-4, rel=0.05), "the colour leaves the middle band alone"
    edges_db = 10 * np.log10(noise.mean(axis=0)[[0, 8]] / 1e-4)
    assert edges_db[0] == pytest.approx(-edges_db[1], abs=0.5) and -10.5 < edges_db[1] < 5.5


def test_far_below_the_sound_noise_changes_nothing():
    decibels = rng().uniform(-30, -20, (50, 8)).astype(np.float32)
    np.testing.assert_allclose(noisy(decibels, rng(1), snr_db=(90.0, 90.0)), decibels, atol=1e-3)


def test_masks_are_ranges_of_frames_and_bands_no_longer_than_asked():
    rows, longest = np.ones((60, 20), np.float32), [0, 0]
    for seed in range(200):
        blank = masked(rows, rng(seed), count=1, frames=12, bands=5) == 0
        frames, bands = blank.all(axis=1), blank.all(axis=0)
        np.testing.assert_array_equal(blank, frames[:, None] | bands)
        for axis, hidden in enumerate((frames, bands)):
            assert np.abs(np.diff(hidden.astype(int), prepend=0, append=0)).sum() in (0, 2)
            longest[axis] = max(longest[axis], int(hidden.sum()))
    assert longest == [12, 5] and rows.all()
    assert masked(rows, rng(), count=0, frames=12, bands=5).all()
