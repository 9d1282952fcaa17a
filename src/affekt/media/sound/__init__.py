"""Sound: bytes to float32 waveforms in [-1, 1], and their features."""

from affekt.media.sound.read import (
    SUFFIXES,
    SoundSource,
    read_sound,
    sound_blocks,
    sound_duration_s,
    sound_of,
    sound_span_s,
)
from affekt.media.sound.tracks import NoSound
from affekt.media.sound.waveform import MAX_RATE_HZ, MIN_RATE_HZ, Waveform

__all__ = [
    "MAX_RATE_HZ",
    "MIN_RATE_HZ",
    "SUFFIXES",
    "NoSound",
    "SoundSource",
    "Waveform",
    "read_sound",
    "sound_blocks",
    "sound_duration_s",
    "sound_of",
    "sound_span_s",
]
