"""Voice activity by loudness: the fallback where no trained detector is on this computer.

The power between 100 and 4,000 Hz of each frame is compared with a floor: the low percentile of the frames
around it, so that a change of the background is followed. Anything loud counts as speech: music, steps and
applause too. Where a background is as loud as the voice, speech is missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import scipy.fft
import scipy.ndimage

from affekt.media.voices.framed import in_frames

LOW_HZ, HIGH_HZ = 100.0, 4000.0  # where most of the power of a voice lies, and telephones pass
FLOOR_SHARE = 0.1  # of the frames around are quieter than the floor
AROUND_S = 10.0  # frames before and after that determine the floor; people pause more often
# Background below this level is taken to be at this level: noise of a converter is no speech. In dB relative
# to a full-scale sine.
LEAST_FLOOR_DB = -65.0
# Above the floor, where the score is 0.5: less takes music for speech, more misses speech in noise
# (benchmarks/voice_activity.py).
ABOVE_DB = 12.0
SLOPE_DB = 3.0  # of the logistic score
_QUIETEST = 1e-12  # power, for the logarithm


class EnergyActivity:
    """Voice activity by the power of frames of 32 ms above the background."""

    name = "energy"
    rate_hz = 16_000
    frame = 512
    frame_s = frame / rate_hz
    on, off = 0.5, 0.35

    def __init__(self, *, above_db: float = ABOVE_DB) -> None:
        self._above_db = above_db
        self._window = np.hanning(self.frame + 1)[:-1].astype(np.float32)
        hz = np.arange(self.frame // 2 + 1) * (self.rate_hz / self.frame)
        self._band = (hz >= LOW_HZ) & (hz <= HIGH_HZ)
        # By Parseval's theorem a full-scale sine has the power 1.
        self._scale = 4 / (self.frame * float(np.square(self._window).sum()))

    def scores(self, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """See `VoiceActivity.scores`; they come `AROUND_S` later than the frames."""
        around = round(AROUND_S / self.frame_s)
        levels = np.zeros(0)  # of frames that are waiting, after `past` frames that are done
        past = 0
        for frames in in_frames(blocks, self.frame):
            levels = np.concatenate([levels, self._levels(frames)])
            ready = len(levels) - around
            if ready > past:
                yield self._scores(levels)[past:ready]
                dropped = max(0, ready - around)
                levels, past = levels[dropped:], ready - dropped
        if len(levels) > past:
            yield self._scores(levels)[past:]

    def _levels(self, frames: np.ndarray) -> np.ndarray:
        spectrum = np.abs(np.asarray(scipy.fft.rfft(frames * self._window, axis=1)))[:, self._band]
        power = np.square(spectrum).sum(axis=1) * self._scale
        return 10 * np.log10(np.maximum(power, _QUIETEST))

    def _scores(self, levels: np.ndarray) -> np.ndarray:
        around = round(AROUND_S / self.frame_s)
        # Beyond the ends, the nearest frames are mirrored: also in sounds that are shorter than the window.
        floor = scipy.ndimage.percentile_filter(
            levels, 100 * FLOOR_SHARE, size=min(2 * around + 1, 2 * len(levels) + 1), mode="reflect"
        )
        above = levels - np.maximum(floor, LEAST_FLOOR_DB) - self._above_db
        return (1 / (1 + np.exp(-above / SLOPE_DB))).astype(np.float32)
