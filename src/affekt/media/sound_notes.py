"""What of a sound was heard, stated as notes: damaged, missing, silent and short sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from affekt.core.notes import note
from affekt.media.sound_tracks import Heard

SILENT_DBFS = -90.0  # loudest sample: what the last bit of 16-bit sound can hold is nothing that was recorded
LOST_SHARE = 0.01  # of the sound, damaged or missing: less is not noted
APART_S, APART_SHARE = 0.5, 0.05  # lengths that differ by less than the larger of both are taken as equal
SHORT_SHARE = 0.5  # of what a network of sound listens to: less is noted

_together: ContextVar[list[Heard] | None] = ContextVar("affekt_heard", default=None)


def state_heard(heard: Heard) -> None:
    """State what one pass through a sound lacked."""
    together = _together.get()
    if together is None:
        _state([heard])
    else:
        together.append(heard)


@contextmanager
def heard_together() -> Iterator[None]:
    """State once what several readings of one sound lacked."""
    gathered: list[Heard] = []
    token = _together.set(gathered)
    try:
        yield
    finally:
        _together.reset(token)
    _state(gathered)


def is_silent(samples: np.ndarray) -> bool:
    """Whether nothing is louder than `SILENT_DBFS`.

    Example:
        >>> is_silent(np.zeros((1, 8))), is_silent(np.array([[0.0, 0.01]]))
        (True, False)
    """
    limit = 10 ** (SILENT_DBFS / 20)
    return not samples.size or (float(samples.max()) <= limit and float(samples.min()) >= -limit)


def note_short(heard_s: float, picture_s: float) -> None:
    """State that sound beside a picture covers only a part of it."""
    if differ(heard_s, picture_s) and heard_s < picture_s:
        note(
            f"its sound lasts {_seconds(heard_s)} of {_seconds(picture_s)} "
            f"({percent(heard_s / picture_s)}): the answer rests mostly on the picture"
            if heard_s < SHORT_SHARE * picture_s
            else f"its sound lasts {_seconds(heard_s)} of {_seconds(picture_s)} "
            f"({percent(heard_s / picture_s)})"
        )


def differ(one_s: float, other_s: float) -> bool:
    """Whether two lengths are apart by more than rounding and encoders explain."""
    return abs(one_s - other_s) > max(APART_S, APART_SHARE * max(one_s, other_s))


def _state(passes: list[Heard]) -> None:
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
