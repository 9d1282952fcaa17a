"""What happens in a long video of shapes: events that tell, decoys that are only loud, and quiet between."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from affekt.invented.moving_shapes.plan import RAMP_S, Troupe, smooth, troupe_of

FEWEST, EVENTS_A_MINUTE, MOST = 2, 1.5, 9  # events of a video: from the fewest to so many a minute
SHORTEST_S, LONGEST_S = 6.0, 25.0  # of a stretch; short ones are more common
FULLEST = 0.6  # share of a video that stretches may fill
GAP_S = 1.0  # at least, on both sides of a stretch
MOODS = (0.2, 0.5, 0.8)  # of a video: share of positive events to be expected
NAMES = {1: "positive", -1: "negative"}  # of polarities
WAYS = ((True, False), (False, True), (True, True))  # a stretch is seen, heard, or both

# Streams of chance, so that none moves another; those of `_shape_story` come first.
LINES, HABITS, PICTURE, SWAY, GRAIN, VOICE, MARKS = range(10, 17)


class Stretch(NamedTuple):
    """A part of a video, in seconds, in which something shows or sounds.

    Attributes:
        polarity: 1 positive, -1 negative, 0 as intense as both, but saying neither.
    """

    start_s: float
    end_s: float
    polarity: int
    is_seen: bool
    is_heard: bool


class LongStory(NamedTuple):
    """A long video before it is drawn.

    Attributes:
        seed, number: What chance starts from: of the corpus, and of the video in it.
        troupe: Number of those who play.
        stretches: One after the other, with quiet between them.
    """

    seed: int
    number: int
    troupe: int
    duration_s: float
    stretches: tuple[Stretch, ...]

    @property
    def events(self) -> tuple[Stretch, ...]:
        """Stretches that are positive or negative."""
        return tuple(it for it in self.stretches if it.polarity)

    def chance(self, stream: int, *more: int) -> np.random.Generator:
        """Numbers of this video for one purpose."""
        return np.random.default_rng([self.seed, stream, self.number, *more])


class Habits(NamedTuple):
    """How a troupe tells polarity: how much of it lies in each cue, from 0 to 1.

    Attributes:
        hue: Warm or cold colours.
        manner: Opening and swaying, or sinking and huddling.
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


def write_story(
    seed: int, number: int, troupe: int, rate_hz: float, shortest_s: float, longest_s: float
) -> LongStory:
    """Invent what happens in one video; all times are those of whole frames."""
    rng = np.random.default_rng([seed, LINES, number])
    frames = round(rng.uniform(shortest_s, longest_s) * rate_hz)
    minutes = frames / rate_hz / 60
    events = int(rng.integers(FEWEST, max(min(int(EVENTS_A_MINUTE * minutes), MOST), FEWEST) + 1))
    decoys = int(rng.integers(1, max(int(minutes), 1) + 1))
    spans = _lay_out(events + decoys, frames, rate_hz, rng)
    polarities = np.where(rng.random(events) < rng.choice(MOODS), 1, -1).tolist() + [0] * decoys
    # Ways are dealt like cards, so that each is as common among events, and among decoys.
    ways = [way for count in (events, decoys) for way in _deal(count, rng)]
    order = rng.permutation(len(spans)).tolist()
    stretches = tuple(
        Stretch(start / rate_hz, end / rate_hz, polarities[place], *ways[place])
        for (start, end), place in zip(spans, order, strict=True)
    )
    return LongStory(seed, number, troupe, frames / rate_hz, stretches)


def cast(story: LongStory, noise: float) -> tuple[Troupe, Habits]:
    """Who plays in a video, and how they tell; without noise all are alike, and every cue is plain."""
    rng = np.random.default_rng([story.seed, HABITS, story.troupe])
    troupe = troupe_of(story.seed, story.troupe, noise)
    hue, shift = rng.uniform(-1, 1, 2)
    own = troupe._replace(
        hue=30.0 * noise * float(hue), ground_hue=225.0 + 180.0 * min(noise, 1.0) * float(shift)
    )
    lost = min(noise, 1.0) * rng.uniform(0.0, 0.85, 6)
    # Nobody hides all: what one cue of the picture lacks, the other has.
    lost[:2] *= min(1.0, 1.0 / max(float(lost[:2].sum()), 1e-9))
    return own, Habits(*(1 - lost).tolist())


def shown(stretches: tuple[Stretch, ...], times_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of some stretches is on at each time, (t,) int64, and how far, (t,) from 0 to 1."""
    if not stretches:
        return np.zeros(len(times_s), np.int64), np.zeros(len(times_s), np.float32)
    starts = np.array([it.start_s for it in stretches])
    ends = np.array([it.end_s for it in stretches])
    which = np.maximum(np.searchsorted(starts, times_s, side="right") - 1, 0)
    inside = np.minimum(times_s - starts[which], ends[which] - times_s) / RAMP_S
    return which, smooth(np.clip(inside, 0, 1)).astype(np.float32)


def _deal(count: int, rng: np.random.Generator) -> list[tuple[bool, bool]]:
    hands = -(-count // len(WAYS))
    return [WAYS[card] for _ in range(hands) for card in rng.permutation(len(WAYS)).tolist()][:count]


def _lay_out(count: int, frames: int, rate_hz: float, rng: np.random.Generator) -> list[tuple[int, int]]:
    """First frames of stretches, and those after their last, in order."""
    lengths = np.exp(rng.uniform(np.log(SHORTEST_S), np.log(LONGEST_S), count)) * rate_hz
    lengths *= min(1.0, FULLEST * frames / lengths.sum())
    free = frames - lengths.sum()
    least = min(GAP_S * rate_hz, free / (2 * (count + 1)))
    gaps = least + rng.dirichlet(np.full(count + 1, 1.5)) * (free - (count + 1) * least)
    starts = np.cumsum(gaps[:-1]) + np.cumsum(lengths) - lengths
    first = np.round(starts).astype(int)
    last = np.maximum(np.round(starts + lengths).astype(int), first + 1)
    return list(zip(first.tolist(), last.tolist(), strict=True))
