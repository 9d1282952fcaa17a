"""Spectra of sound: MFCC and log-mel spectrograms as in librosa, filterbanks as in Kaldi."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Literal

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from affekt.core.errors import MediaError, UsageError

Padding = Literal["reflect", "constant"]

_BLOCK_VALUES = 2**18  # per block of frames: a megabyte fits into the cache and bounds the memory
_SMALLEST_POWER = 1e-10  # librosa's amin: -100 dB
_KALDI_FLOOR = np.float32(1.1920929e-07)  # float32's epsilon, as in Kaldi
_PRE_EMPHASIS = np.float32(0.97)  # Kaldi's default


def mfcc(
    samples: np.ndarray,
    rate_hz: int,
    *,
    coefficients: int = 32,
    fft: int = 2048,
    hop: int = 512,
    mels: int = 128,
    padding: Padding = "reflect",
    floor_db: float | None = 80.0,
) -> np.ndarray:
    """Mel frequency cepstral coefficients (frames, coefficients) float32; frames = 1 + n // hop.

    The orthonormal DCT-II of `log_mel` over its bins, with the same arguments and errors.

    Source: librosa 0.6.1 `feature.mfcc` for `padding="reflect"`, librosa 0.10 and later for "constant".
    """
    if not 0 < coefficients <= mels:
        raise UsageError(f"coefficients = {coefficients}: 1 to {mels} (mels) are possible")
    decibels = log_mel(samples, rate_hz, fft=fft, hop=hop, mels=mels, padding=padding, floor_db=floor_db)
    return decibels @ _cosines(mels, coefficients)


def log_mel(
    samples: np.ndarray,
    rate_hz: int,
    *,
    fft: int = 2048,
    hop: int = 512,
    mels: int = 128,
    low_hz: float = 0.0,
    high_hz: float | None = None,
    padding: Padding = "reflect",
    floor_db: float | None = 80.0,
) -> np.ndarray:
    """Power in mel bins (frames, mels) float32, in dB; frames = 1 + n // hop.

    Frame i is centred on sample i * hop. Periodic Hann window, Slaney's mel scale, triangles of equal area.

    Args:
        samples: (n,) in [-1, 1].
        fft: Samples of a window.
        hop: Samples between windows.
        high_hz: None: half the rate.
        padding: Values beyond the ends: the sound mirrored (repeatedly if it is shorter than half a window; a
            single sample is repeated), or silence.
        floor_db: Raise values more than this below the loudest one to that level; None: no limit.

    Raises:
        MediaError: The sound is empty or not one-dimensional.
        UsageError: A size or frequency is out of range.

    Source: librosa's `feature.melspectrogram` and `power_to_db`.
    """
    return log_mel_of_blocks(
        [samples],
        rate_hz,
        fft=fft,
        hop=hop,
        mels=mels,
        low_hz=low_hz,
        high_hz=high_hz,
        padding=padding,
        floor_db=floor_db,
    )


def log_mel_of_blocks(
    blocks: Iterable[np.ndarray],
    rate_hz: int,
    *,
    fft: int = 2048,
    hop: int = 512,
    mels: int = 128,
    low_hz: float = 0.0,
    high_hz: float | None = None,
    padding: Padding = "reflect",
    floor_db: float | None = 80.0,
) -> np.ndarray:
    """`log_mel` of a sound in blocks, each (n,) of any length; only the result is kept in memory.

    It has the same arguments and errors.
    """
    if fft < 2 or hop < 1 or mels < 1:
        raise UsageError(f"fft = {fft}, hop = {hop}, mels = {mels}: whole numbers above zero are needed")
    high_hz = rate_hz / 2 if high_hz is None else high_hz
    if not 0 <= low_hz < high_hz <= rate_hz / 2:
        raise UsageError(f"mels from {low_hz} to {high_hz} Hz do not fit into 0 to {rate_hz / 2} Hz")
    window, filters = _hann(fft), _slaney_filters(rate_hz, fft, mels, float(low_hz), float(high_hz))
    decibels = np.concatenate(
        [_decibels(frames, window, filters) for frames in _centred_frames(blocks, fft, hop, padding)]
    )
    if floor_db is not None:
        np.maximum(decibels, decibels.max() - np.float32(floor_db), out=decibels)
    return decibels


def kaldi_filterbank(
    samples: np.ndarray,
    rate_hz: int,
    *,
    bins: int = 128,
    window_ms: float = 25.0,
    hop_ms: float = 10.0,
    low_hz: float = 20.0,
) -> np.ndarray:
    """Kaldi's log mel filterbank (frames, bins) float32, natural logarithm.

    Whole windows only, so n samples give 1 + (n - window) // hop frames. Each frame loses its mean, is
    pre-emphasised by 0.97, weighted by a symmetric Hann window and zero-padded to a power of two; the
    triangles between `low_hz` and half the rate are linear in mel = 1127 ln(1 + f / 700). No dither, no
    energy; power is floored at float32's epsilon.

    Args:
        samples: (n,) at any scale; Kaldi uses 16-bit numbers, the published networks [-1, 1].

    Raises:
        MediaError: The sound is shorter than one window or not one-dimensional.
        UsageError: A size or frequency is out of range.

    Source: torchaudio's `compliance.kaldi.fbank`, with `window_type="hanning"`, `dither=0`.
    """
    signal = _checked(samples)
    window, hop = int(rate_hz * window_ms * 0.001), int(rate_hz * hop_ms * 0.001)
    if window < 2 or hop < 1 or bins < 1 or not 0 <= low_hz < rate_hz / 2:
        raise UsageError(
            f"{bins} bins from {low_hz} Hz, windows of {window_ms} ms every {hop_ms} ms: "
            f"not possible at {rate_hz} Hz"
        )
    if len(signal) < window:
        raise MediaError(
            f"the sound lasts {1e3 * len(signal) / rate_hz:.1f} ms; one window takes {window_ms:g} ms"
        )
    fft = 1 << (window - 1).bit_length()
    frames = _frames(signal, window, hop)
    shape, filters = _symmetric_hann(window), _kaldi_filters(rate_hz, fft, bins, float(low_hz))
    result = np.empty((len(frames), bins), np.float32)
    step = max(1, _BLOCK_VALUES // fft)
    for start in range(0, len(frames), step):
        block = frames[start : start + step]
        block = block - block.mean(axis=1, keepdims=True)
        emphasised = block.copy()
        emphasised[:, 1:] -= _PRE_EMPHASIS * block[:, :-1]
        emphasised[:, 0] *= 1 - _PRE_EMPHASIS
        emphasised *= shape
        mel = (filters @ _power(emphasised, fft)[:, :-1].T).T
        result[start : start + step] = np.log(np.maximum(mel, _KALDI_FLOOR, out=mel), out=mel)
    return result


def _checked(samples: np.ndarray) -> np.ndarray:
    if samples.ndim != 1:
        raise MediaError(f"one channel of samples, (n,), is needed; found shape {samples.shape}")
    if not samples.size:
        raise MediaError("the sound is empty; a spectrum needs one sample at least")
    return samples.astype(np.float32, copy=False)


def _centred_frames(
    blocks: Iterable[np.ndarray], fft: int, hop: int, padding: Padding
) -> Iterator[np.ndarray]:
    """Frames (m, fft), centred on each hop of a sound, which is padded by half a window at both ends."""
    half, total, done = fft // 2, 0, 0
    held = np.zeros(0, np.float32)
    # Keep the samples that the end is mirrored from, and the beginning of the next frame.
    kept = fft + max(fft, hop)
    for block in blocks:
        if not block.size:
            continue
        held = np.concatenate([held, _checked(block)]) if held.size else _checked(block)
        before, total = total, total + len(block)
        if before <= half < total:
            held = np.pad(held, (half, 0), mode=padding)
        if total > half and len(held) >= kept:
            count = (len(held) - kept) // hop + 1
            yield _frames(held[: (count - 1) * hop + fft], fft, hop)
            held, done = held[count * hop :], done + count
    # Only a short sound has not been padded at its beginning yet: it may be mirrored more than once.
    ends = (0 if total > half else half, half)
    held = np.pad(_checked(held), ends, mode=padding)
    yield _frames(held, fft, hop)[: 1 + total // hop - done]


def _decibels(frames: np.ndarray, window: np.ndarray, filters: scipy.sparse.csr_array) -> np.ndarray:
    """Power of frames (m, fft) in mel bins, (m, mels)."""
    decibels = np.empty((len(frames), filters.shape[0]), np.float32)
    step = max(1, _BLOCK_VALUES // len(window))
    for start in range(0, len(frames), step):
        power = _power(frames[start : start + step] * window)
        mel = (filters @ power.T).T
        decibels[start : start + step] = 10 * np.log10(np.maximum(mel, _SMALLEST_POWER, out=mel), out=mel)
    return decibels


def _frames(signal: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Overlapping frames (frames, size): a view."""
    return np.lib.stride_tricks.sliding_window_view(signal, size)[::hop]


def _power(frames: np.ndarray, size: int | None = None) -> np.ndarray:
    # numpy's FFT would use double precision and take twice the time
    spectrum: NDArray[np.complex64] = np.asarray(scipy.fft.rfft(frames, n=size, axis=1))
    return spectrum.real**2 + spectrum.imag**2


@cache
def _hann(size: int) -> np.ndarray:
    return _read_only(np.hanning(size + 1)[:-1].astype(np.float32))


@cache
def _symmetric_hann(size: int) -> np.ndarray:
    return _read_only(np.hanning(size).astype(np.float32))


@cache
def _cosines(mels: int, coefficients: int) -> np.ndarray:
    """Orthonormal DCT-II as a matrix (mels, coefficients)."""
    return _read_only(
        np.asarray(scipy.fft.dct(np.eye(mels), type=2, norm="ortho", axis=1))[:, :coefficients].astype(
            np.float32
        )
    )


@cache
def _slaney_filters(
    rate_hz: int, fft: int, mels: int, low_hz: float, high_hz: float
) -> scipy.sparse.csr_array:
    """Triangles of equal area (mels, 1 + fft // 2), on the mel scale of Slaney's Auditory Toolbox."""
    low, high = _hz_to_slaney(np.array([low_hz, high_hz]))
    edges = _slaney_to_hz(np.linspace(low, high, mels + 2))
    triangles = _triangles(np.arange(1 + fft // 2) * (rate_hz / fft), edges)
    return _filters(triangles * (2 / (edges[2:] - edges[:-2])))


@cache
def _kaldi_filters(rate_hz: int, fft: int, bins: int, low_hz: float) -> scipy.sparse.csr_array:
    """Triangles of height one (bins, fft // 2), linear on Kaldi's mel scale; the FFT has one more bin."""
    low, high = _hz_to_kaldi(np.array([low_hz, rate_hz / 2]))
    edges = np.linspace(low, high, bins + 2)
    return _filters(_triangles(_hz_to_kaldi(np.arange(fft // 2) * (rate_hz / fft)), edges))


def _filters(triangles: np.ndarray) -> scipy.sparse.csr_array:
    """Triangles (places, filters) as a sparse matrix (filters, places).

    Nearly all values are zero, and a dense product would start a thread per core for microseconds of work.
    """
    return scipy.sparse.csr_array(triangles.T.astype(np.float32))


def _triangles(places: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Height (places, edges - 2) of triangles that start and end at the centres of their neighbours."""
    left, top, right = edges[:-2], edges[1:-1], edges[2:]
    rising = (places[:, None] - left) / (top - left)
    falling = (right - places[:, None]) / (right - top)
    return np.maximum(0, np.minimum(rising, falling))


# Slaney's scale: linear below 1 kHz, 200/3 Hz per mel, then 27 mels per factor of 6.4.
_MEL_HZ, _BEND_HZ, _LOG_STEP = 200 / 3, 1000.0, np.log(6.4) / 27


def _hz_to_slaney(hz: np.ndarray) -> np.ndarray:
    bent = _BEND_HZ / _MEL_HZ + np.log(np.maximum(hz, _BEND_HZ) / _BEND_HZ) / _LOG_STEP
    return np.where(hz >= _BEND_HZ, bent, hz / _MEL_HZ)


def _slaney_to_hz(mel: np.ndarray) -> np.ndarray:
    bend = _BEND_HZ / _MEL_HZ
    return np.where(mel >= bend, _BEND_HZ * np.exp(_LOG_STEP * (np.maximum(mel, bend) - bend)), mel * _MEL_HZ)


def _hz_to_kaldi(hz: np.ndarray) -> np.ndarray:
    return 1127 * np.log(1 + hz / 700)


def _read_only(array: np.ndarray) -> np.ndarray:
    """The array made read-only, because it is cached and shared."""
    array.setflags(write=False)
    return array
