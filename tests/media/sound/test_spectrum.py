"""Spectra equal those of librosa and Kaldi, at any length, in bounded memory."""

import tracemalloc

import librosa
import numpy as np
import pytest

from affekt.core.errors import MediaError, UsageError
from affekt.media.sound.spectrum import kaldi_filterbank, log_mel, log_mel_of_blocks, mfcc
from affekt.parity.case import Case, draw_normal

# One worker compiles librosa, which takes as long as all of these tests.
pytestmark = pytest.mark.xdist_group("librosa")


def parity_wave(seed, count, rate):
    """The waveform that the metadata of the cases describe."""
    t = np.arange(count) / rate
    pitch = 200 + 50 * (seed % 7)
    noise = 0.1 * draw_normal(seed, (count,)).astype(float) * (0.2 + np.abs(np.sin(2 * np.pi * 1.5 * t)))
    return (noise + 0.2 * np.sin(2 * np.pi * pitch * t * (1 + 0.1 * t))).astype(np.float32)


def noise(count, seed=0):
    return (0.1 * draw_normal(seed, (count,))).astype(np.float32)


def chirp(count, rate):
    t = np.arange(count) / rate
    return (0.3 * np.sin(2 * np.pi * (100 + rate / 8 * t) * t)).astype(np.float32)


def test_mfcc_agrees_with_the_reference_of_vaanet(shared):
    case = Case.open(shared / "parity" / "vaanet" / "case_mfcc.npz")
    wave = parity_wave(301, 66_150, 44_100)
    np.testing.assert_allclose(mfcc(wave, 44_100), case.expected["mfcc"], rtol=0, atol=2e-4)
    ends = mfcc(wave, 44_100, padding="constant")[[0, 1, 2, -3, -2, -1]]
    np.testing.assert_allclose(ends, case.expected["librosa_0_11_default"], rtol=0, atol=2e-4)


@pytest.mark.parametrize(
    ("name", "seed", "channels", "count", "rate"),
    [("short", 601, 1, 48_000, 16_000), ("long", 603, 2, 793_800, 44_100)],
)
def test_the_filterbank_agrees_with_the_reference_of_cten(name, seed, channels, count, rate, shared):
    case = Case.open(shared / "parity" / "cten" / f"case_fbank_{name}.npz")
    waves = np.stack([parity_wave(seed + channel, count, rate) for channel in range(channels)])
    found = kaldi_filterbank((waves - waves.mean())[0], rate)
    assert len(found) == case.meta["frames"]
    np.testing.assert_allclose(found[:150], case.expected["raw_fbank"], rtol=0, atol=1e-3)


@pytest.mark.filterwarnings("ignore:n_fft=2048 is too large")  # librosa's advice
@pytest.mark.parametrize("padding", ["constant", "reflect"])
@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("count", [1_500, 2_047, 2_048, 5_120, 30_001])
def test_mfcc_agrees_with_librosa(count, rate, padding):
    for wave in (noise(count), chirp(count, rate)):
        spectrum = librosa.feature.melspectrogram(
            y=wave, sr=rate, n_fft=2048, hop_length=512, n_mels=64, pad_mode=padding
        )
        expected = librosa.feature.mfcc(S=librosa.power_to_db(spectrum), n_mfcc=20).T
        found = mfcc(wave, rate, coefficients=20, mels=64, padding=padding)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-3)


def test_log_mel_with_other_settings_agrees_with_librosa():
    wave = noise(20_000) + chirp(20_000, 22_050)
    for fft, hop in ((512, 160), (600, 150), (1024, 256)):
        expected = librosa.power_to_db(
            librosa.feature.melspectrogram(
                y=wave, sr=22_050, n_fft=fft, hop_length=hop, n_mels=40, fmin=50, fmax=7_600
            ),
            top_db=None,
        ).T
        found = log_mel(
            wave,
            22_050,
            fft=fft,
            hop=hop,
            mels=40,
            low_hz=50.0,
            high_hz=7_600.0,
            padding="constant",
            floor_db=None,
        )
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-3)


@pytest.mark.parametrize("count", [2, 100, 700, 1_024])
def test_sound_shorter_than_half_a_window_is_mirrored_repeatedly(count):
    wave = noise(count)
    found = mfcc(wave, 16_000)
    assert found.shape == (1 + count // 512, 32)
    mirrored = np.concatenate([wave, wave[-2:0:-1]])
    long = np.tile(mirrored, 4096 // len(mirrored) + 2)
    middle = len(mirrored) * (1024 // len(mirrored) + 1)
    centred = log_mel(wave, 16_000, fft=2048, hop=512, mels=128, floor_db=None)[0]
    window = long[middle - 1024 : middle + 1024] * np.hanning(2049)[:-1]
    power = np.abs(np.fft.rfft(window)) ** 2
    filters = librosa.filters.mel(sr=16_000, n_fft=2048, n_mels=128)
    np.testing.assert_allclose(centred, 10 * np.log10(np.maximum(filters @ power, 1e-10)), rtol=0, atol=2e-3)


@pytest.mark.parametrize("padding", ["constant", "reflect"])
def test_one_sample_and_silence_have_finite_spectra(padding):
    for wave in (np.ones(1, np.float32), np.zeros(3_000, np.float32)):
        assert np.isfinite(mfcc(wave, 16_000, padding=padding)).all()
    silent = log_mel(np.zeros(3_000, np.float32), 16_000, fft=512, hop=128, mels=20, padding=padding)
    np.testing.assert_allclose(silent, -100, rtol=1e-6)
    np.testing.assert_allclose(
        kaldi_filterbank(np.zeros(800, np.float32), 16_000), np.log(2.0**-23), rtol=1e-6
    )


def test_values_far_below_the_loudest_are_raised_to_the_limit():
    wave = chirp(16_000, 16_000)
    deep = log_mel(wave, 16_000, fft=512, hop=128, mels=40, floor_db=None)
    lifted = log_mel(wave, 16_000, fft=512, hop=128, mels=40, floor_db=30.0)
    np.testing.assert_array_equal(lifted, np.maximum(deep, deep.max() - 30))
    assert deep.min() < deep.max() - 30


def test_a_constant_offset_does_not_change_the_filterbank():
    wave = noise(8_000)
    np.testing.assert_allclose(
        kaldi_filterbank(wave + 0.25, 16_000), kaldi_filterbank(wave, 16_000), atol=2e-3
    )


def test_filterbank_frames_are_whole_windows():
    assert kaldi_filterbank(noise(400), 16_000, bins=40).shape == (1, 40)
    assert kaldi_filterbank(noise(400 + 159), 16_000).shape == (1, 128)
    assert kaldi_filterbank(noise(400 + 160), 16_000).shape == (2, 128)
    with pytest.raises(MediaError, match=r"lasts 24\.9 ms; one window takes 25 ms"):
        kaldi_filterbank(noise(399), 16_000)


def test_a_tone_lies_in_the_bin_of_its_pitch():
    t = np.arange(16_000) / 16_000
    tone = np.sin(2 * np.pi * 1_000 * t).astype(np.float32)
    mels = librosa.mel_frequencies(n_mels=66, fmin=0, fmax=8_000)[1:-1]
    found = log_mel(tone, 16_000, fft=2048, hop=512, mels=64)[10]
    assert found.argmax() == np.abs(mels - 1_000).argmin()


def test_the_frames_of_a_long_sound_do_not_depend_on_how_they_are_blocked():
    wave = noise(400_000)
    whole = log_mel(wave, 16_000, fft=2048, hop=512, mels=64, floor_db=None)
    part = log_mel(wave[200 * 512 - 2048 :], 16_000, fft=2048, hop=512, mels=64, floor_db=None)
    np.testing.assert_allclose(part[4:-4], whole[200:-4], rtol=0, atol=1e-3)


@pytest.mark.parametrize("padding", ["constant", "reflect"])
@pytest.mark.parametrize(("fft", "hop"), [(64, 16), (64, 64), (64, 200), (65, 7)])
@pytest.mark.parametrize("count", [1, 31, 32, 33, 100, 1_000])
def test_a_sound_in_blocks_has_the_frames_of_the_whole(count, fft, hop, padding):
    wave = noise(count)
    options = {"fft": fft, "hop": hop, "mels": 5, "padding": padding}
    padded = np.pad(wave, fft // 2, mode=padding)
    middles = hop * np.arange(1 + count // hop)
    windows = np.stack([padded[at : at + fft] for at in middles if at + fft <= len(padded)])
    power = np.abs(np.fft.rfft(windows * np.hanning(fft + 1)[:-1])) ** 2
    mel = power @ librosa.filters.mel(sr=8_000, n_fft=fft, n_mels=5).T
    expected = librosa.power_to_db(mel.T).T
    for size in (1, 7, 50, 1_000):
        blocks = [wave[start : start + size] for start in range(0, count, size)]
        found = log_mel_of_blocks([*blocks, wave[:0]], 8_000, **options)
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-3)


def test_no_blocks_are_refused_as_empty_sound():
    with pytest.raises(MediaError, match="empty"):
        log_mel_of_blocks(iter([]), 16_000)


def test_memory_grows_with_the_answer_not_with_the_frames():
    wave = noise(60 * 16_000)
    for spectrum in (mfcc, kaldi_filterbank):
        spectrum(wave[:16_000], 16_000)
        tracemalloc.start()
        try:
            found = spectrum(wave, 16_000)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < found.nbytes + 2 * wave.nbytes + 8 * 2**20


def test_the_sound_is_not_modified():
    wave = noise(5_000)
    before = wave.copy()
    mfcc(wave, 16_000)
    kaldi_filterbank(wave, 16_000)
    np.testing.assert_array_equal(wave, before)


def test_wrong_sounds_and_wrong_sizes_are_refused():
    for wrong in (np.zeros(0, np.float32), np.zeros((2, 5_000), np.float32)):
        for spectrum in (mfcc, kaldi_filterbank):
            with pytest.raises(MediaError):
                spectrum(wrong, 16_000)
    wave = noise(5_000)
    for options in ({"fft": 1}, {"hop": 0}, {"mels": 0}, {"coefficients": 0}, {"coefficients": 129}):
        with pytest.raises(UsageError):
            mfcc(wave, 16_000, **options)
    with pytest.raises(UsageError):
        log_mel(wave, 16_000, fft=512, hop=128, mels=20, high_hz=9_000.0)
    for options in ({"bins": 0}, {"hop_ms": 0.0}, {"low_hz": 8_000.0}):
        with pytest.raises(UsageError):
            kaldi_filterbank(wave, 16_000, **options)
