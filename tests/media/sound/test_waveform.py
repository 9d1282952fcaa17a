"""Sound in memory: layouts, types and rates of other libraries."""

import numpy as np
import pytest
import soundfile

from affekt.core.errors import MediaError
from affekt.core.notes import collect_notes
from affekt.media.sound import Waveform, read_sound, sound_duration_s

RATE = 16_000
TONE = (0.5 * np.sin(np.arange(RATE) * 0.3)).astype(np.float32)


def test_channels_last_are_refused_with_the_name_of_the_right_constructor():
    for wrong in (np.stack([TONE, TONE], axis=1), TONE[:, None], TONE, np.zeros((40, 100), np.float32)):
        with pytest.raises(MediaError, match=r"\(channels, n\); Waveform\.from_soundfile"):
            Waveform(wrong, RATE)


def test_from_soundfile_accepts_what_soundfile_returns(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.stack([TONE, 0.5 * TONE], axis=1), RATE, subtype="FLOAT")
    expected = read_sound(tmp_path / "a.wav", mono=False)
    for dtype in ("float32", "float64"):
        samples, rate_hz = soundfile.read(tmp_path / "a.wav", dtype=dtype)
        found = Waveform.from_soundfile(samples, rate_hz)
        assert found.samples.dtype == np.float32 and found.rate_hz == RATE
        np.testing.assert_allclose(found.samples, expected.samples, atol=1e-7)
    assert Waveform.from_soundfile(TONE, RATE).samples.shape == (1, RATE)
    with pytest.raises(MediaError, match=r"soundfile's layout is \(n, channels\)"):
        Waveform.from_soundfile(np.stack([TONE, TONE]), RATE)


@pytest.mark.parametrize(
    "rate_hz", [0, -8000, float("nan"), float("inf"), 999, 768_001, 8000.5, "8000", None]
)
def test_an_implausible_rate_is_one_clear_error(rate_hz):
    with pytest.raises(MediaError, match=r"sampling rate of .*; whole numbers from 1000 to 768000 Hz"):
        Waveform(TONE[None], rate_hz)


def test_a_rate_may_be_a_whole_number_of_any_type():
    for rate_hz in (16_000.0, np.int64(16_000), np.float32(16_000)):
        found = Waveform(TONE[None], rate_hz)
        assert type(found.rate_hz) is int and sound_duration_s(found) == 1.0


@pytest.mark.parametrize(
    ("dtype", "scale", "middle"), [("int16", 2**15, 0), ("int32", 2**31, 0), ("uint8", 2**7, 128)]
)
def test_integers_are_scaled_by_their_type(dtype, scale, middle):
    stored = np.round(TONE[None].astype(float) * (scale - 1) + middle).astype(dtype)
    np.testing.assert_allclose(read_sound(Waveform(stored, RATE)).samples[0], TONE, atol=1.1 / scale + 1e-6)


def test_other_types_are_refused_with_their_name():
    for dtype in ("int64", "uint16", "bool", "complex64"):
        with pytest.raises(MediaError, match=f"holds {dtype} numbers; float32 or float64"):
            Waveform(np.ones((1, 100), dtype), RATE)


@pytest.mark.parametrize(("bits", "scale"), [(16, 2**15), (24, 2**23), (32, 2**31)])
def test_integers_kept_in_floating_point_are_divided_by_their_range_and_noted(bits, scale, tmp_path):
    loud = (TONE * scale).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", loud, RATE, subtype="FLOAT")
    for reference in (Waveform(loud[None], RATE), tmp_path / "a.wav"):
        with collect_notes() as notes:
            found = read_sound(reference, start_s=0.25)
        np.testing.assert_allclose(found.samples[0], TONE[RATE // 4 :], atol=1e-6)
        assert list(notes) == [
            f"its sound holds {bits}-bit numbers in floating point: it is divided by {scale}"
        ]


def test_floating_point_values_of_unknown_range_are_refused():
    spike = TONE.copy()
    spike[7] = 20_000.0  # one wrong number does not make the others 16-bit numbers
    for wrong in (100 * TONE, spike, np.where(TONE > 0.4, np.nan, TONE), np.where(TONE > 0.4, np.inf, TONE)):
        with pytest.raises(MediaError, match=r"holds values up to .*lies in \[-1, 1\]"):
            read_sound(Waveform(wrong[None], RATE))
