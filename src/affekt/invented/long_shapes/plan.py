"""The plan of a long video of shapes: informative events, distractors of equal intensity, pauses between."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from affekt.invented.moving_shapes.plan import RAMP_S, Performer, make_performer, smoothstep

FEWEST, EVENTS_A_MINUTE, MOST = 2, 1.5, 9  # events of a video, with an upper bound per minute
SHORTEST_S, LONGEST_S = 6.0, 25.0  # duration of an episode; short ones are more common
FULLEST = 0.6  # largest share of a video that episodes cover
GAP_S = 1.0  # shortest pause before and after an episode
POSITIVE_SHARES = (0.2, 0.5, 0.8)  # expected share of positive events, drawn for each video
NAMES = {1: "positive", -1: "negative"}  # class of each polarity
MODALITY_CUES = ((True, False), (False, True), (True, True))  # an episode is seen, heard, or both

# Independent random streams, numbered after those of `affekt.invented.moving_shapes.plan`.
EPISODES, CUES, PICTURE, SWAY, GRAIN, VOICE, POINTS = range(10, 17)


class Episode(NamedTuple):
    """A part of a video, in seconds, with an event or a distractor.

    Attributes:
        polarity: 1 positive, -1 negative, 0 distractor: as intense as an event, but not informative.
    """

    start_s: float
    end_s: float
    polarity: int
    is_seen: bool
    is_heard: bool


class VideoPlan(NamedTuple):
    """Everything about a long video that is fixed before rendering.

    Attributes:
        seed: Seed of the corpus.
        number: Number of the video in the corpus.
        performer: Number of its performer.
        episodes: In order of time, without overlap.
    """

    seed: int
    number: int
    performer: int
    duration_s: float
    episodes: tuple[Episode, ...]

    @property
    def events(self) -> tuple[Episode, ...]:
        """Stretches that are positive or negative."""
        return tuple(it for it in self.episodes if it.polarity)

    def rng(self, stream: int, *more: int) -> np.random.Generator:
        """Random generator of this video for one stream."""
        return np.random.default_rng([self.seed, stream, self.number, *more])


class CueStrengths(NamedTuple):
    """How strongly a performer expresses polarity by each cue, from 0 to 1.

    Attributes:
        hue: Warm or cold colours.
        manner: Movement: opening and swaying, or sinking and contracting.
        mode: Major or minor chords.
        turn: Rising or falling phrases.
        timbre: A bright or a dull voice.
        register: A high or a low one.
    """

    hue: float
    manner: float
    mode: float
    turn: float
    timbre: float
    register: float


def make_plan(
    seed: int, number: int, performer: int, rate_hz: float, shortest_s: float, longest_s: float
) -> VideoPlan:
    """Draw the plan of one video; all times are at frame boundaries."""
    rng = np.random.default_rng([seed, EPISODES, number])
    frames = round(rng.uniform(shortest_s, longest_s) * rate_hz)
    minutes = frames / rate_hz / 60
    events = int(rng.integers(FEWEST, max(min(int(EVENTS_A_MINUTE * minutes), MOST), FEWEST) + 1))
    distractors = int(rng.integers(1, max(int(minutes), 1) + 1))
    spans = _lay_out(events + distractors, frames, rate_hz, rng)
    polarities = (
        np.where(rng.random(events) < rng.choice(POSITIVE_SHARES), 1, -1).tolist() + [0] * distractors
    )
    # Balanced: each combination of modalities is equally common among events, and among distractors.
    ways = [way for count in (events, distractors) for way in _balanced_modalities(count, rng)]
    order = rng.permutation(len(spans)).tolist()
    episodes = tuple(
        Episode(start / rate_hz, end / rate_hz, polarities[place], *ways[place])
        for (start, end), place in zip(spans, order, strict=True)
    )
    return VideoPlan(seed, number, performer, frames / rate_hz, episodes)


def make_performer_and_cues(plan: VideoPlan, noise: float) -> tuple[Performer, CueStrengths]:
    """The performer of a video and its cues; without noise all are identical, with cues of full strength."""
    rng = np.random.default_rng([plan.seed, CUES, plan.performer])
    performer = make_performer(plan.seed, plan.performer, noise)
    hue, shift = rng.uniform(-1, 1, 2)
    own = performer._replace(
        hue=30.0 * noise * float(hue), background_hue=225.0 + 180.0 * min(noise, 1.0) * float(shift)
    )
    lost = min(noise, 1.0) * rng.uniform(0.0, 0.85, 6)
    # Bound the sum of both losses in the picture, so that one of its cues remains.
    lost[:2] *= min(1.0, 1.0 / max(float(lost[:2].sum()), 1e-9))
    return own, CueStrengths(*(1 - lost).tolist())


def activity(episodes: tuple[Episode, ...], times_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Index of the episode at each time, (t,) int64, and its strength, (t,) from 0 to 1."""
    if not episodes:
        return np.zeros(len(times_s), np.int64), np.zeros(len(times_s), np.float32)
    starts = np.array([it.start_s for it in episodes])
    ends = np.array([it.end_s for it in episodes])
    which = np.maximum(np.searchsorted(starts, times_s, side="right") - 1, 0)
    inside = np.minimum(times_s - starts[which], ends[which] - times_s) / RAMP_S
    return which, smoothstep(np.clip(inside, 0, 1)).astype(np.float32)


def _balanced_modalities(count: int, rng: np.random.Generator) -> list[tuple[bool, bool]]:
    rounds = -(-count // len(MODALITY_CUES))
    order = [place for _ in range(rounds) for place in rng.permutation(len(MODALITY_CUES)).tolist()]
    return [MODALITY_CUES[place] for place in order][:count]


def _lay_out(count: int, frames: int, rate_hz: float, rng: np.random.Generator) -> list[tuple[int, int]]:
    """First frame of each episode and the frame after its last, in order."""
    lengths = np.exp(rng.uniform(np.log(SHORTEST_S), np.log(LONGEST_S), count)) * rate_hz
    lengths *= min(1.0, FULLEST * frames / lengths.sum())
    free = frames - lengths.sum()
    least = min(GAP_S * rate_hz, free / (2 * (count + 1)))
    gaps = least + rng.dirichlet(np.full(count + 1, 1.5)) * (free - (count + 1) * least)
    starts = np.cumsum(gaps[:-1]) + np.cumsum(lengths) - lengths
    first = np.round(starts).astype(int)
    last = np.maximum(np.round(starts + lengths).astype(int), first + 1)
    return list(zip(first.tolist(), last.tolist(), strict=True))
