"""How a long video of shapes sounds: a voice that hums, and in some stretches sings phrases.

All numbers were chosen by listening with the eyes, on spectrograms, and by how well simple statistics of a
second of it tell events.
"""

from __future__ import annotations

import numpy as np

from affekt.invented.long_shapes.plan import VOICE, Habits, LongStory, cast, shown
from affekt.invented.moving_shapes.plan import Troupe
from affekt.invented.moving_shapes.voice import HUM, HUM_HZ, REST, add, air, beep, click, voice

BLOCK_S = 16.0  # that are hummed together
LEVEL = 0.4  # of a phrase, whatever it says
CLICKS, BEEPS = 12.0, 5.0  # a minute, whatever happens
MAJOR, MINOR, OPEN = (0, 4, 7, 12), (0, 3, 7, 12), (0, 5, 7, 12)  # semitones of the notes of a phrase
OVERTONES = 10


def sing(story: LongStory, rate_hz: int, noise: float) -> np.ndarray:
    """Samples (n,), float32 in [-1, 1], of the whole video.

    Positive: rising phrases of a bright voice, in major. Negative: falling ones of a dull voice, in minor.
    Decoys: phrases of an open chord that turn either way, as loud as both.

    Args:
        noise: How much troupes differ, and how much there is beside them.
    """
    rng = story.chance(VOICE)
    troupe, habits = cast(story, noise)
    loudness = 10 ** (noise * rng.uniform(-3, 3) / 20)
    sound = _hum(story, troupe, rate_hz, noise, rng)
    for stretch in story.stretches:
        if stretch.is_heard:
            part = slice(round(stretch.start_s * rate_hz), round(stretch.end_s * rate_hz))
            _, on = shown((stretch,), np.arange(part.start, part.stop) / rate_hz)
            level = LEVEL * 10 ** (noise * rng.uniform(-2, 2) / 20)
            sung = _phrases(stretch.polarity, len(on), troupe, habits, rate_hz, rng)
            sound[part] += on * (level * sung - sound[part])
    sound *= loudness
    strength = min(noise, 1.0)
    for at in _moments(CLICKS, story, rng):
        add(sound, strength * click(rate_hz, rng), round(at * rate_hz))
    for at in _moments(BEEPS, story, rng):
        pitch = troupe.pitch + rng.uniform(-8, 13)
        add(sound, strength * beep(pitch, troupe.brightness, rate_hz), round(at * rate_hz))
    for part in _blocks(len(sound), rate_hz):
        sound[part] += 0.012 * noise * air(len(sound[part]), rng)
    return np.clip(sound, -1, 1, out=sound)


def _hum(
    story: LongStory, troupe: Troupe, rate_hz: int, noise: float, rng: np.random.Generator
) -> np.ndarray:
    """The voice at rest, in blocks, which spares memory."""
    sound = np.empty(round(story.duration_s * rate_hz), np.float32)
    rest, waver_hz = troupe.pitch + noise * rng.uniform(-1, 1), rng.uniform(0.2, 0.5)
    turn = float(rng.random())
    for part in _blocks(len(sound), rate_hz):
        t = (2 * np.pi * waver_hz / rate_hz * np.arange(part.start, part.stop)).astype(np.float32)
        pitch_hz = HUM_HZ * np.exp2((rest + 0.3 * np.sin(t)) / 12)
        turns = turn + np.cumsum(pitch_hz, dtype=np.float64) / rate_hz
        turn = float(turns[-1]) % 1
        sound[part] = REST * voice(turns, HUM[0] / troupe.brightness, HUM[1], rate_hz)
    return sound


def _phrases(
    polarity: int, count: int, troupe: Troupe, habits: Habits, rate_hz: int, rng: np.random.Generator
) -> np.ndarray:
    """So many samples of phrases of four notes, which keep to mode and turn as often as their troupe does."""
    beat = max(round(rng.uniform(0.2, 0.36) / troupe.tempo * rate_hz), 1)
    notes = -(-count // beat)
    groups = -(-notes // 4)
    own = MAJOR if polarity > 0 else MINOR if polarity < 0 else OPEN
    chords = np.where(rng.random((groups, 1)) < habits.mode, own, OPEN)
    rises = rng.random(groups) < 0.5 + 0.5 * habits.turn * polarity
    chords = np.where(rises[:, None], chords, chords[:, ::-1])
    register = (
        rng.uniform(-6, 6) if not polarity else 4.0 * habits.register * polarity + rng.uniform(-1.5, 1.5)
    )
    pitch = troupe.pitch - 3 + register + chords.ravel()[:notes]
    turns = np.cumsum(np.repeat(HUM_HZ * np.exp2(pitch / 12), beat)[:count]) / rate_hz
    fall = rng.uniform(0.8, 2.0) if not polarity else 1.3 - (0.5 if polarity > 0 else -0.7) * habits.timbre
    strike = np.exp(-rng.uniform(0.6, 1.6) * np.arange(beat) / beat).astype(np.float32)
    strike /= np.sqrt(np.mean(strike**2))
    return np.tile(strike, notes)[:count] * voice(turns, fall / troupe.brightness, OVERTONES, rate_hz)


def _blocks(count: int, rate_hz: int) -> list[slice]:
    size = round(BLOCK_S * rate_hz)
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]


def _moments(a_minute: float, story: LongStory, rng: np.random.Generator) -> list[float]:
    return rng.uniform(0, story.duration_s, int(rng.poisson(a_minute * story.duration_s / 60))).tolist()
