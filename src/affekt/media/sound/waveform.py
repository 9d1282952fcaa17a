"""Sound in memory: layout and number format of this package, and conversion from other libraries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from affekt.core.errors import MediaError

MAX_CHANNELS = 64
# Telephone speech is sampled at 8,000 Hz and the oldest vocoders at 4,000 Hz; a rate below 1,000 Hz keeps no
# frequency above 500 Hz, which is neither speech nor music. A file that states less is damaged or forged, and
# resampling it to a common rate would multiply its length by hundreds.
MIN_RATE_HZ = 1_000
MAX_RATE_HZ = 768_000  # the fastest converters on the market

USUAL_CHANNELS = 32  # arrays with more channels must last at least `_PLAUSIBLE_S`
_PLAUSIBLE_S = 0.1
_LAYOUT = (
    "samples must have the shape (channels, n); Waveform.from_soundfile(samples, rate_hz) takes "
    "(n, channels) or (n,), as soundfile and scipy return them"
)


@dataclass(frozen=True, slots=True, init=False)
class Waveform:
    """Sound in memory.

    Arrays of float16 and float64 become float32; uint8, int16 and int32 are scaled by the range of their
    type, as in WAV files. The range of floating-point values is checked when the sound is read.

    Attributes:
        samples: (c, n) float32 in [-1, 1].
        rate_hz: Samples per second of each channel.

    Raises:
        MediaError: The layout, type or rate is not valid for sound.
    """

    FINGERPRINT_NAME: ClassVar[str] = "affekt.media.waveform.Waveform"

    samples: np.ndarray
    rate_hz: int

    def __init__(self, samples: Any, rate_hz: Any) -> None:
        array = np.asarray(samples)
        rate = checked_rate("sound in memory", rate_hz)
        if array.ndim != 2:
            raise MediaError(f"sound in memory has the shape {array.shape}: {_LAYOUT}")
        _check_layout(array, rate, channels=array.shape[0], count=array.shape[1], layout=_LAYOUT)
        object.__setattr__(self, "samples", _as_float(array))
        object.__setattr__(self, "rate_hz", rate)

    @classmethod
    def from_soundfile(cls, samples: Any, rate_hz: Any) -> Waveform:
        """Sound as `soundfile.read` and `scipy.io.wavfile.read` return it: (n, channels) or (n,).

        Raises:
            MediaError: The layout, type or rate is not valid for sound.

        Example:
            >>> Waveform.from_soundfile(np.zeros((8000, 2)), 8000).samples.shape
            (2, 8000)
        """
        array = np.asarray(samples)
        if array.ndim not in (1, 2):
            raise MediaError(
                f"sound in memory has the shape {array.shape}; soundfile's is (n, channels) or (n,)"
            )
        array = array[:, None] if array.ndim == 1 else array
        count, channels = array.shape
        _check_layout(
            array,
            checked_rate("sound in memory", rate_hz),
            channels=channels,
            count=count,
            layout="soundfile's layout is (n, channels) or (n,), that of Waveform(samples, rate_hz) is "
            "(channels, n)",
        )
        return cls(np.ascontiguousarray(array.T), rate_hz)

    @property
    def duration_s(self) -> float:
        """Duration in seconds."""
        return self.samples.shape[1] / self.rate_hz


def checked_rate(name: str, rate_hz: Any) -> int:
    """A sampling rate as an integer.

    Raises:
        MediaError: It is not a whole number from `MIN_RATE_HZ` to `MAX_RATE_HZ`.
    """
    is_number = isinstance(rate_hz, int | float | np.integer | np.floating) and not isinstance(rate_hz, bool)
    # NaN fails the comparison.
    if not (is_number and MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ and rate_hz == int(rate_hz)):
        stated = f"{rate_hz:g} Hz" if is_number else f"{rate_hz!r}"
        raise MediaError(
            f"{name} states a sampling rate of {stated}; "
            f"whole numbers from {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz are read"
        )
    return int(rate_hz)


def _check_layout(array: np.ndarray, rate_hz: int, *, channels: int, count: int, layout: str) -> None:
    is_odd = channels > max(count, 1) or (channels > USUAL_CHANNELS and count < _PLAUSIBLE_S * rate_hz)
    if count and (is_odd or channels > MAX_CHANNELS):
        raise MediaError(
            f"sound in memory has the shape {array.shape}, which would be {channels} channels of "
            f"{count} samples: {layout}"
        )


def _as_float(array: np.ndarray) -> np.ndarray:
    """float32, scaled by the range of an integer type.

    Raises:
        MediaError: It is of another type.
    """
    if array.dtype == np.float32:
        return array
    if array.dtype in (np.float16, np.float64):
        return array.astype(np.float32)
    if array.dtype == np.uint8:
        return (array.astype(np.float32) - 128) / 128
    if array.dtype in (np.int16, np.int32):
        return array.astype(np.float32) / np.float32(2 ** (8 * array.itemsize - 1))
    raise MediaError(
        f"sound in memory holds {array.dtype} numbers; "
        "float32 or float64 in [-1, 1], or uint8, int16 or int32 of full range are read"
    )
