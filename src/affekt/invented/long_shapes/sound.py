"""The sound of a long video of shapes: a voice that hums, with phrases of notes in some episodes.

All constants were chosen from spectrograms, and by how well simple statistics of one second detect events.
"""

from __future__ import annotations

import numpy as np

from affekt.invented.long_shapes.plan import VOICE, CueStrengths, VideoPlan, activity, make_performer_and_cues
from affekt.invented.moving_shapes.plan import Performer
from affekt.invented.moving_shapes.voice import HUM, HUM_HZ, REST, add, background_noise, beep, click, voice

BLOCK_S = 16.0  # duration of sound that is synthesized at once
LEVEL = 0.4  # RMS level of a phrase, independent of its class
CLICKS, BEEPS = 12.0, 5.0  # per minute, independent of events
MAJOR, MINOR, OPEN = (0, 4, 7, 12), (0, 3, 7, 12), (0, 5, 7, 12)  # semitones of the notes of a phrase
OVERTONES = 10


def synthesize(plan: VideoPlan, rate_hz: int, noise: float) -> np.ndarray:
    """Samples (n,), float32 in [-1, 1], of the whole video.

    Positive: rising phrases of a bright voice, in major. Negative: falling phrases of a dull voice, in minor.
    Distractors: rising or falling phrases of an open chord, equally loud.

    Args:
        noise: Variation between performers, and strength of short distractors and background noise.
    """
    rng = plan.rng(VOICE)
    performer, cues = make_performer_and_cues(plan, noise)
    loudness = 10 ** (noise * rng.uniform(-3, 3) / 20)
    sound = _hum(plan, performer, rate_hz, noise, rng)
    for episode in plan.episodes:
        if episode.is_heard:
            part = slice(round(episode.start_s * rate_hz), round(episode.end_s * rate_hz))
            _, on = activity((episode,), np.arange(part.start, part.stop) / rate_hz)
            level = LEVEL * 10 ** (noise * rng.uniform(-2, 2) / 20)
            sung = _phrases(episode.polarity, len(on), performer, cues, rate_hz, rng)
            sound[part] += on * (level * sung - sound[part])
    sound *= loudness
    strength = min(noise, 1.0)
    for at in _moments(CLICKS, plan, rng):
        add(sound, strength * click(rate_hz, rng), round(at * rate_hz))
    for at in _moments(BEEPS, plan, rng):
        pitch = performer.pitch + rng.uniform(-8, 13)
        add(sound, strength * beep(pitch, performer.brightness, rate_hz), round(at * rate_hz))
    for part in _blocks(len(sound), rate_hz):
        sound[part] += 0.012 * noise * background_noise(len(sound[part]), rng)
    return np.clip(sound, -1, 1, out=sound)


def _hum(
    plan: VideoPlan, performer: Performer, rate_hz: int, noise: float, rng: np.random.Generator
) -> np.ndarray:
    """The humming voice, synthesized in blocks to save memory."""
    sound = np.empty(round(plan.duration_s * rate_hz), np.float32)
    rest, waver_hz = performer.pitch + noise * rng.uniform(-1, 1), rng.uniform(0.2, 0.5)
    turn = float(rng.random())
    for part in _blocks(len(sound), rate_hz):
        t = (2 * np.pi * waver_hz / rate_hz * np.arange(part.start, part.stop)).astype(np.float32)
        pitch_hz = HUM_HZ * np.exp2((rest + 0.3 * np.sin(t)) / 12)
        turns = turn + np.cumsum(pitch_hz, dtype=np.float64) / rate_hz
        turn = float(turns[-1]) % 1
        sound[part] = REST * voice(turns, HUM[0] / performer.brightness, HUM[1], rate_hz)
    return sound


def _phrases(
    polarity: int,
    count: int,
    performer: Performer,
    cues: CueStrengths,
    rate_hz: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Samples (count,) of phrases of four notes; mode and direction follow the polarity as often as the
    performer's cue strengths say.
    """
    beat = max(round(rng.uniform(0.2, 0.36) / performer.tempo * rate_hz), 1)
    notes = -(-count // beat)
    groups = -(-notes // 4)
    own = MAJOR if polarity > 0 else MINOR if polarity < 0 else OPEN
    chords = np.where(rng.random((groups, 1)) < cues.mode, own, OPEN)
    rises = rng.random(groups) < 0.5 + 0.5 * cues.turn * polarity
    chords = np.where(rises[:, None], chords, chords[:, ::-1])
    register = rng.uniform(-6, 6) if not polarity else 4.0 * cues.register * polarity + rng.uniform(-1.5, 1.5)
    pitch = performer.pitch - 3 + register + chords.ravel()[:notes]
    turns = np.cumsum(np.repeat(HUM_HZ * np.exp2(pitch / 12), beat)[:count]) / rate_hz
    fall = rng.uniform(0.8, 2.0) if not polarity else 1.3 - (0.5 if polarity > 0 else -0.7) * cues.timbre
    strike = np.exp(-rng.uniform(0.6, 1.6) * np.arange(beat) / beat).astype(np.float32)
    strike /= np.sqrt(np.mean(strike**2))
    return np.tile(strike, notes)[:count] * voice(turns, fall / performer.brightness, OVERTONES, rate_hz)


def _blocks(count: int, rate_hz: int) -> list[slice]:
    size = round(BLOCK_S * rate_hz)
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]


def _moments(a_minute: float, plan: VideoPlan, rng: np.random.Generator) -> list[float]:
    return rng.uniform(0, plan.duration_s, int(rng.poisson(a_minute * plan.duration_s / 60))).tolist()
