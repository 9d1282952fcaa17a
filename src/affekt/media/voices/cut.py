"""Spans of a sound, cut out in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from affekt.media.sound import MAX_RATE_HZ, SoundSource, Waveform, sound_blocks

_BLOCK_S = 10.0
MOST_HZ = 48_000  # sound of a higher rate is resampled: no network reads more


def cut(
    sound: SoundSource, spans_s: Sequence[tuple[float, float]], *, rate_hz: int | None = None
) -> Iterator[Waveform]:
    """The sound of each span, one channel, in order; the file is decoded once, whatever its format.

    Memory is that of the longest span. A span beyond the end of the sound is cut off, and may be empty.

    Args:
        spans_s: Start and end in seconds; in order of their starts. They may overlap.
        rate_hz: None keeps the rate of the file, up to `MOST_HZ`.

    Raises:
        NoSound: There is no sound track, or an empty one.
        MediaError: The sound cannot be used.
    """
    if not spans_s:
        return
    rate = rate_hz or min(_rate_of(sound), MOST_HZ)
    places = [(round(start_s * rate), round(end_s * rate)) for start_s, end_s in spans_s]
    held, first = np.zeros(0, np.float32), 0  # samples in memory, and the place of the first one
    next_one = 0
    for block in sound_blocks(sound, seconds=_BLOCK_S, rate_hz=rate):
        held = np.concatenate([held, block.samples[0]])
        while next_one < len(places) and places[next_one][1] <= first + len(held):
            start, stop = places[next_one]
            yield Waveform(held[None, start - first : stop - first].copy(), rate)
            next_one += 1
        if next_one == len(places):
            return
        dropped = max(0, min(places[next_one][0] - first, len(held)))
        held, first = held[dropped:], first + dropped
    for start, stop in places[next_one:]:
        yield Waveform(held[None, max(0, start - first) : max(0, stop - first)].copy(), rate)


def _rate_of(sound: SoundSource) -> int:
    if isinstance(sound, Waveform):
        return sound.rate_hz
    block = next(sound_blocks(sound, seconds=0.1), None)
    return block.rate_hz if block is not None else MAX_RATE_HZ
