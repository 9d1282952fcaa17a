"""Notes on sound that was read: damaged, missing, silent and short sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import numpy as np

from affekt.core.notes import note
from affekt.media.sound.tracks import PassSummary

SILENT_DBFS = -90.0  # peak at or below which sound is silent: the last bit of 16-bit sound is noise
LOST_SHARE = 0.01  # damaged or missing share of the sound from which it is noted
APART_S, APART_SHARE = 0.5, 0.05  # lengths that differ by less than the larger of the two count as equal
SHORT_SHARE = 0.5  # share of a network's input length below which short sound is noted

_SILENT = 10 ** (SILENT_DBFS / 20)

# The same text for all networks of picture and sound.
SILENT_NOTE = "its sound is silent: the answer is based on the picture alone"


@dataclass
class Readings:
    """Several readings of one sound.

    Attributes:
        passes: Summary of each.
        peak: Largest absolute value of all samples.
    """

    passes: list[PassSummary] = field(default_factory=list)
    peak: float = 0.0

    @property
    def is_silent(self) -> bool:
        """Whether nothing was louder than `SILENT_DBFS`."""
        return self.peak <= _SILENT


_together: ContextVar[Readings | None] = ContextVar("affekt_sound_readings", default=None)


def note_losses(summary: PassSummary, samples: np.ndarray) -> None:
    """Note what was lost in one pass through a sound; `samples` is its result."""
    together = _together.get()
    if together is None:
        _note_passes([summary])
    else:
        together.passes.append(summary)
        together.peak = max(together.peak, _peak(samples))


@contextmanager
def combined_readings() -> Iterator[Readings]:
    """Combine the notes of several readings of one sound, at the end of the context."""
    readings = Readings()
    token = _together.set(readings)
    try:
        yield readings
    finally:
        _together.reset(token)
    _note_passes(readings.passes)


def is_silent(samples: np.ndarray) -> bool:
    """Whether nothing is louder than `SILENT_DBFS`.

    Example:
        >>> is_silent(np.zeros((1, 8))), is_silent(np.array([[0.0, 0.01]]))
        (True, False)
    """
    return _peak(samples) <= _SILENT


def note_sound_coverage(sound_s: float, picture_s: float, *, silent: bool) -> None:
    """Note that the sound of a video is silent, or covers only a part of the picture.

    Args:
        sound_s: Duration of the sound.
        picture_s: Duration of the picture, or of the part whose sound a network uses.
        silent: No sample of the sound is louder than `SILENT_DBFS`.
    """
    if silent:
        note(SILENT_NOTE)
    elif sound_s < picture_s and differ(sound_s, picture_s):
        note(
            f"its sound covers {percent(sound_s / picture_s)} of its picture: "
            f"{_seconds(sound_s)} of {_seconds(picture_s)}"
        )


def note_short(sound_s: float, wanted_s: float) -> None:
    """Note that sound is much shorter than the input of a network."""
    if sound_s < SHORT_SHARE * wanted_s:
        note(
            f"its sound lasts {_seconds(sound_s)}, {percent(sound_s / wanted_s)} of the "
            f"{_seconds(wanted_s)} that the network takes: it was repeated"
        )


def note_truncated(used_s: float, sound_s: float) -> None:
    """Note that only the beginning of a long sound is used."""
    if used_s < sound_s and differ(used_s, sound_s):
        note(
            f"only the first {_seconds(used_s)} of its sound are used, "
            f"{percent(used_s / sound_s)} of {_seconds(sound_s)}"
        )


def differ(one_s: float, other_s: float) -> bool:
    """Whether two lengths differ by more than rounding and encoders explain."""
    return abs(one_s - other_s) > max(APART_S, APART_SHARE * max(one_s, other_s))


def _note_passes(passes: list[PassSummary]) -> None:
    covered_s, lost_s = sum(one.covered_s for one in passes), sum(one.lost_s for one in passes)
    if covered_s > 0 and lost_s >= LOST_SHARE * covered_s:
        share = min(1.0, lost_s / covered_s)
        note(
            f"{percent(share)} of its sound is damaged or missing: "
            f"{_seconds(covered_s - lost_s)} of {_seconds(covered_s)} were read, the rest is silence"
        )
    for one in passes:
        if one.ends_s is not None and one.stated_s is not None and differ(one.ends_s, one.stated_s):
            if one.ends_s < one.stated_s:
                share = percent(one.ends_s / one.stated_s)
                note(
                    f"its sound is cut off: the file holds {_seconds(one.ends_s)} of "
                    f"{_seconds(one.stated_s)} ({share})"
                )
            break
    before_s = max((one.before_s for one in passes), default=0.0)
    if before_s >= APART_S:
        note(f"{_seconds(before_s)} of its sound lie before its first picture and are left out")


def _peak(samples: np.ndarray) -> float:
    return max(float(samples.max()), -float(samples.min())) if samples.size else 0.0


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2g} s"


def percent(share: float) -> str:
    """A share as text: never "0 %" of something or "100 %" of less than all.

    Example:
        >>> percent(0.0034), percent(0.95), percent(0.9999)
        ('0.3 %', '95 %', 'over 99.9 %')
    """
    percent = 100 * share
    if 0 < percent < 1:
        return f"{percent:.1g} %"
    if 99 < percent < 100:
        return f"{percent:.1f} %" if percent < 99.95 else "over 99.9 %"
    return f"{percent:.0f} %"
