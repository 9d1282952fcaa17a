"""What of a sound was heard, stated as notes: damaged, missing, silent and short sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import numpy as np

from affekt.core.notes import note
from affekt.media.sound.tracks import PassSummary

SILENT_DBFS = -90.0  # loudest sample: what the last bit of 16-bit sound can hold is nothing that was recorded
LOST_SHARE = 0.01  # of the sound, damaged or missing: less is not noted
APART_S, APART_SHARE = 0.5, 0.05  # lengths that differ by less than the larger of both are taken as equal
SHORT_SHARE = 0.5  # of what a network of sound listens to: less is noted

_SILENT = 10 ** (SILENT_DBFS / 20)

# Of networks that see and hear: one text, whichever of them answers.
SILENT_NOTE = "its sound is silent: the answer stands on the picture alone"


@dataclass
class Readings:
    """Several readings of one sound.

    Attributes:
        passes: What each of them gave.
        peak: The loudest sample of all.
    """

    passes: list[PassSummary] = field(default_factory=list)
    peak: float = 0.0

    @property
    def is_silent(self) -> bool:
        """Whether nothing was louder than `SILENT_DBFS`."""
        return self.peak <= _SILENT


_together: ContextVar[Readings | None] = ContextVar("affekt_heard", default=None)


def note_losses(heard: PassSummary, samples: np.ndarray) -> None:
    """State what one pass through a sound lacked; `samples` is what it gave."""
    together = _together.get()
    if together is None:
        _state([heard])
    else:
        together.passes.append(heard)
        together.peak = max(together.peak, _peak(samples))


@contextmanager
def combined_readings() -> Iterator[Readings]:
    """State once, at the end, what several readings of one sound lacked."""
    readings = Readings()
    token = _together.set(readings)
    try:
        yield readings
    finally:
        _together.reset(token)
    _state(readings.passes)


def is_silent(samples: np.ndarray) -> bool:
    """Whether nothing is louder than `SILENT_DBFS`.

    Example:
        >>> is_silent(np.zeros((1, 8))), is_silent(np.array([[0.0, 0.01]]))
        (True, False)
    """
    return _peak(samples) <= _SILENT


def note_sound_coverage(heard_s: float, picture_s: float, *, silent: bool) -> None:
    """State that sound beside a picture is silent, or covers only a part of it.

    Args:
        heard_s: How long the sound is.
        picture_s: How long the picture is, or as much of it as a network listens to.
        silent: Nothing of the sound is louder than `SILENT_DBFS`.
    """
    if silent:
        note(SILENT_NOTE)
    elif heard_s < picture_s and differ(heard_s, picture_s):
        note(
            f"its sound covers {percent(heard_s / picture_s)} of its picture: "
            f"{_seconds(heard_s)} of {_seconds(picture_s)}"
        )


def note_short(heard_s: float, wanted_s: float) -> None:
    """State that a network of sound has much less to hear than it listens to."""
    if heard_s < SHORT_SHARE * wanted_s:
        note(
            f"{_seconds(heard_s)} of sound are heard, {percent(heard_s / wanted_s)} of the "
            f"{_seconds(wanted_s)} that the network takes, and repeated"
        )


def note_truncated(heard_s: float, sound_s: float) -> None:
    """State that only the beginning of a long sound is heard."""
    if heard_s < sound_s and differ(heard_s, sound_s):
        note(
            f"only the first {_seconds(heard_s)} of its sound are heard, "
            f"{percent(heard_s / sound_s)} of {_seconds(sound_s)}"
        )


def differ(one_s: float, other_s: float) -> bool:
    """Whether two lengths are apart by more than rounding and encoders explain."""
    return abs(one_s - other_s) > max(APART_S, APART_SHARE * max(one_s, other_s))


def _state(passes: list[PassSummary]) -> None:
    covered_s, lost_s = sum(one.covered_s for one in passes), sum(one.lost_s for one in passes)
    if covered_s > 0 and lost_s >= LOST_SHARE * covered_s:
        share = min(1.0, lost_s / covered_s)
        note(
            f"{percent(share)} of its sound is damaged or missing: "
            f"{_seconds(covered_s - lost_s)} of {_seconds(covered_s)} are heard, silence stands for the rest"
        )
    for one in passes:
        if one.ends_s is not None and one.stated_s is not None and differ(one.ends_s, one.stated_s):
            if one.ends_s < one.stated_s:
                share = percent(one.ends_s / one.stated_s)
                note(
                    f"its sound is cut off: {_seconds(one.ends_s)} of {_seconds(one.stated_s)} "
                    f"({share}) are there"
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
    """A share, never "0 %" of something nor "100 %" of less than all.

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
