"""Voice activity: from the scores of a detector to stretches of speech, in one pass and constant memory.

Another detector needs the members of `VoiceActivity` only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from pydantic import Field

from affekt.core.settings import Settings
from affekt.media.sound import SoundSource, sound_blocks
from affekt.media.sound.notes import SILENT_DBFS

BLOCK_S = 10.0  # of sound in memory at a time


@runtime_checkable
class VoiceActivity(Protocol):
    """A detector of speech.

    Attributes:
        name: For reports.
        rate_hz: Sampling rate of the sound that it takes.
        frame_s: Length of the consecutive frames that it scores.
        on: Score from which speech begins.
        off: Lower score, below which speech may end.
    """

    name: str
    rate_hz: int
    frame_s: float
    on: float
    off: float

    def scores(self, blocks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Scores of speech in [0, 1] of consecutive frames, in arrays (m,) of any length.

        Args:
            blocks: The samples of one sound at `rate_hz`, (n,) each, of any length. The last frame is
                completed with silence.
        """
        ...


class ActivitySettings(Settings):
    """From scores to stretches of speech, by hysteresis.

    Attributes:
        on: Score from which speech begins; that of the detector if not given.
        off: Score below which it may end; that of the detector if not given.
        least_speech_s: Shorter speech is left out. 0.25 is the published value of Silero VAD.
        least_silence_s: Shorter pauses do not end a stretch. With 0.5 s, 98 % of the recordings of one
            sentence are one stretch, with 0.2 s 96 % (`benchmarks/voice_activity.py`).
        margin_s: Added at both ends of a stretch, as far as the pause allows: soft sounds at the ends of
            words have low scores. 0.03 is the published value of Silero VAD, one frame of it.
    """

    on: float | None = Field(default=None, gt=0, le=1)
    off: float | None = Field(default=None, gt=0, le=1)
    least_speech_s: float = Field(default=0.25, ge=0)
    least_silence_s: float = Field(default=0.5, ge=0)
    margin_s: float = Field(default=0.03, ge=0)


class Speech(NamedTuple):
    """Where somebody speaks in a sound.

    Attributes:
        spans_s: Start and end of each stretch of speech, in order; they do not overlap.
        duration_s: Of the sound.
        highest: The highest score of any frame.
        on: Score from which speech began.
        is_silent: No sample is louder than `affekt.media.sound.notes.SILENT_DBFS`.
    """

    spans_s: tuple[tuple[float, float], ...]
    duration_s: float
    highest: float
    on: float
    is_silent: bool

    @property
    def total_s(self) -> float:
        """Seconds of speech."""
        return sum(end_s - start_s for start_s, end_s in self.spans_s)


def find_speech(
    sound: SoundSource,
    activity: VoiceActivity,
    settings: ActivitySettings | None = None,
    *,
    on_done: Callable[[float], None] = lambda done_s: None,
) -> Speech:
    """The stretches of speech in a sound.

    Args:
        on_done: Called with the seconds that are done.

    Raises:
        NoSound: There is no sound track, or an empty one.
        MediaError: The sound cannot be used.
    """
    settings = settings or ActivitySettings()
    on, off = settings.on or activity.on, settings.off or activity.off
    stretches = _Stretches(
        on,
        min(on, off),
        least_speech=math.ceil(settings.least_speech_s / activity.frame_s),
        least_silence=max(1, math.ceil(settings.least_silence_s / activity.frame_s)),
    )
    count, peak, highest = 0, 0.0, 0.0

    def watched() -> Iterator[np.ndarray]:
        nonlocal count, peak
        for block in sound_blocks(sound, seconds=BLOCK_S, rate_hz=activity.rate_hz):
            samples = block.samples[0]
            count += len(samples)
            peak = max(peak, float(np.abs(samples).max(initial=0.0)))
            yield samples

    for scores in activity.scores(watched()):
        highest = max(highest, float(scores.max(initial=0.0)))
        stretches.add(scores)
        on_done(min(stretches.place * activity.frame_s, count / activity.rate_hz))
    duration_s = count / activity.rate_hz
    spans = [(start * activity.frame_s, stop * activity.frame_s) for start, stop in stretches.finished()]
    return Speech(
        spans_s=tuple(_widened(spans, settings.margin_s, duration_s)),
        duration_s=duration_s,
        highest=highest,
        on=on,
        is_silent=peak <= 10 ** (SILENT_DBFS / 20),
    )


class _Stretches:
    """Stretches of frames, start and stop, found with two thresholds as the scores come.

    Attributes:
        place: Number of frames so far.
    """

    def __init__(self, on: float, off: float, *, least_speech: int, least_silence: int) -> None:
        self._on, self._off = on, off
        self._least_speech, self._least_silence = least_speech, least_silence
        self._found: list[tuple[int, int]] = []
        self._start: int | None = None
        self._stop = 0  # after the last frame of the running stretch that reaches `off`
        self.place = 0

    def add(self, scores: np.ndarray) -> None:
        for score in scores.tolist():
            if self._start is None:
                if score >= self._on:
                    self._start, self._stop = self.place, self.place + 1
            elif score >= self._off:
                self._stop = self.place + 1
            elif self.place + 1 - self._stop >= self._least_silence:
                self._end()
            self.place += 1

    def finished(self) -> list[tuple[int, int]]:
        """All stretches; call it once, after the last score."""
        self._end()
        return self._found

    def _end(self) -> None:
        if self._start is not None and self._stop - self._start >= self._least_speech:
            self._found.append((self._start, self._stop))
        self._start = None


def _widened(
    spans: list[tuple[float, float]], margin_s: float, duration_s: float
) -> Iterator[tuple[float, float]]:
    """Spans with a margin at both ends; of a short pause, neighbours get half each."""
    for number, (start_s, end_s) in enumerate(spans):
        before_s = (spans[number - 1][1] + start_s) / 2 if number else 0.0
        after_s = (end_s + spans[number + 1][0]) / 2 if number + 1 < len(spans) else duration_s
        yield max(start_s - margin_s, before_s), min(end_s + margin_s, max(after_s, start_s), duration_s)
