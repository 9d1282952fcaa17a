"""Walkers: a generated gait corpus, to try everything without recordings of people.

    nothing on disk   `walkers` subjects walk `walks_per_emotion` times in each of 4 emotions, on the spot,
                      facing +z, y up, thigh 1/3, 16 joints, 30 Hz, one cycle repeated to `frames` frames
    one sample        id walker-03-sad-1, subject walker-03, label sad; every fourth walker is test

Joint angles follow formulas and every bone keeps its length. The effect of an emotion follows studies of
emotional gait qualitatively: sad is slow and slumped with little swing; angry is fast, leans forward and
swings bent elbows; happy bounces, upright, with long steps. All constants are invented. Subjects differ in
build, habits and expressiveness, so that the emotions overlap a little.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import Field, PositiveInt

from affekt.core.dataset import Corpus, Dataset
from affekt.core.labels import label_set
from affekt.core.sample import Sample
from affekt.core.settings import Settings
from affekt.media.skeleton import JOINT_ORDERS, Skeleton

RATE_HZ = 30.0
SHORTEST_CYCLE, LONGEST_CYCLE = 22, 60  # frames: limits of walking
TEST_EVERY = 4
JOINTS = JOINT_ORDERS["bpm_gcn"]
HARMONICS = (2, 3, 4)  # harmonics of the cycle in which a walk is irregular
ANGLES = 8  # irregular angles: trunk and head, then thigh, upper arm and forearm of either side

Column = float | np.ndarray  # one number, or one per walk: (walks, 1)


class WalkersOptions(Settings):
    """Size and difficulty of the generated corpus.

    Attributes:
        walkers: Number of persons; no person is in two parts.
        walks_per_emotion: Walks of each emotion and person.
        frames: Frames of each walk.
        seed: Another seed gives other subjects. A larger corpus of the same seed begins with the smaller one.
        noise: Variation between subjects and walks; 0 makes all subjects identical, 1 is the default
            difficulty.
    """

    walkers: int = Field(40, ge=8)
    walks_per_emotion: PositiveInt = 2
    frames: int = Field(75, ge=LONGEST_CYCLE)
    seed: int = Field(0, ge=0)
    noise: float = Field(1.0, ge=0)


class Style(NamedTuple):
    """Parameters of a walk. Angles in degrees, lengths in the unit of the corpus (thigh 1/3).

    Attributes:
        hip, arm: Amplitude of the swing of thigh and upper arm.
        knee: Bend of the knee in mid-swing, which lifts the foot.
        elbow: Mean bend.
        lean, head: Forward pitch of the trunk, and of the head against the vertical.
        slump: Shoulders dropped and brought forward.
        spread: Upper arms held away from the body.
        twist: Turn of the shoulders against the pelvis.
        sway: Roll of the trunk from side to side.
        bounce: Additional rise of the body over the standing leg.

    """

    cycle_frames: Column
    hip: Column
    arm: Column
    knee: Column
    elbow: Column
    lean: Column
    head: Column
    slump: Column
    spread: Column
    twist: Column
    sway: Column
    bounce: Column


STYLES = {
    "happy": Style(33, 24, 29, 60, 30, 1, 2, 2, 9, 9, 3.5, 0.022),
    "sad": Style(44, 16, 9, 46, 13, 10, 30, 17, 5, 3, 3.0, 0.002),
    "angry": Style(30, 25, 29, 58, 45, 10, 14, 6, 14, 8, 1.5, 0.008),
    "neutral": Style(36, 21, 18, 54, 20, 4, 9, 6, 7, 5, 2.0, 0.006),
}
# Standard deviations: between persons, and between the walks of a person.
HABIT = Style(1.6, 1.3, 3.2, 2.4, 4.8, 1.6, 3.6, 2.0, 1.6, 1.2, 0.6, 0.003)
MOOD = Style(1.8, 1.5, 4.1, 2.9, 5.2, 1.8, 4.6, 2.3, 1.7, 1.4, 0.6, 0.0035)
EXPRESSIVE = 0.35  # standard deviation of a person's expressiveness, around 1
LEAST_EXPRESSIVE = 0.3


class Chance(NamedTuple):
    """Random variation between walks in addition to their style.

    Attributes:
        start: (walks, 1) phase of the first frame, in radians.
        wobble: (walks, ANGLES, 2 * HARMONICS) amplitudes in degrees.
        uneven: (walks, 1) swing of the left arm relative to the mean of both.
    """

    start: np.ndarray
    wobble: np.ndarray
    uneven: np.ndarray


# Length of each bone of the average person, by its joint farther from the root.
LENGTHS = {
    "spine": 0.19, "neck": 0.22, "head": 0.17, "shoulder": 0.145, "elbow": 0.24, "hand": 0.21,
    "hip": 0.085, "knee": 1 / 3, "foot": 0.325,
}  # fmt: skip
BUILD = 0.05  # relative standard deviation of a length


def read(root: Path, options: WalkersOptions) -> Corpus:
    """Generate the corpus; `root` is not used."""
    emotions = label_set("gait-4").names
    styles, lengths, chance = _draw_parameters(options, emotions)
    cycles = np.clip(np.rint(styles.cycle_frames), SHORTEST_CYCLE, LONGEST_CYCLE).astype(int).ravel()
    walks = walk(styles, lengths, chance, cycles, options.frames)
    samples = [
        Sample(
            id=f"{subject}-{emotion}-{turn + 1}",
            media={"skeleton": Skeleton(walks[row], JOINTS, cycle_frames=int(cycles[row]), rate_hz=RATE_HZ)},
            label=emotion,
            subject=subject,
            split="test" if person % TEST_EVERY == TEST_EVERY - 1 else "train",
        )
        for row, (person, subject, emotion, turn) in enumerate(
            (person, f"walker-{person + 1:02d}", emotion, turn)
            for person in range(options.walkers)
            for emotion in emotions
            for turn in range(options.walks_per_emotion)
        )
    ]
    return Corpus(samples, label_set("gait-4"))


def _draw_parameters(
    options: WalkersOptions, emotions: tuple[str, ...]
) -> tuple[Style, dict[str, np.ndarray], Chance]:
    """Columns (walks, 1) of styles and of bone lengths, and random variation."""
    people, n = options.walkers, options.walks_per_emotion
    shape = (people, len(emotions), n)
    # Independent streams, so that more people or walks do not change the ones before them.
    streams = map(np.random.default_rng, np.random.SeedSequence(options.seed).spawn(7))
    builds, habits, shows, moods, starts, wobbles, sides = streams
    neutral = np.array(STYLES["neutral"])
    emotional = np.array([STYLES[name] for name in emotions]) - neutral
    shown = np.maximum(
        1 + options.noise * EXPRESSIVE * shows.standard_normal((people, 1, 1, 1)), LEAST_EXPRESSIVE
    )
    habit = np.array(HABIT) * habits.standard_normal((people, 1, 1, len(neutral)))
    mood = np.array(MOOD) * moods.standard_normal((*shape, len(neutral)))
    columns = neutral + shown * emotional[:, None] + options.noise * (habit + mood)
    build = np.exp(options.noise * BUILD * builds.standard_normal((people, len(LENGTHS))))
    per_walk = np.repeat(build, len(emotions) * n, axis=0)
    lengths = {name: length * per_walk[:, i : i + 1] for i, (name, length) in enumerate(LENGTHS.items())}
    walks = people * len(emotions) * n
    chance = Chance(
        start=starts.uniform(0, 2 * np.pi, (walks, 1)),
        wobble=options.noise * 0.7 * wobbles.standard_normal((walks, ANGLES, 2 * len(HARMONICS))),
        uneven=np.exp(options.noise * 0.08 * sides.standard_normal((walks, 1))),
    )
    return Style(*columns.reshape(-1, len(neutral), 1).swapaxes(0, 1)), lengths, chance


def walk(
    style: Style, lengths: dict[str, np.ndarray], chance: Chance, cycles: np.ndarray, frames: int
) -> np.ndarray:
    """Positions (walks, frames, 16, 3), float32, of walks that repeat exactly after their cycle.

    Args:
        cycles: (walks,) frames of one cycle.
    """
    # Phase of the left leg: 0 at heel strike. Frames count modulo the cycle: it repeats bit for bit.
    phase = chance.start + 2 * np.pi * (np.arange(frames) % cycles[:, None]) / cycles[:, None]
    wobble = _wobble(phase, chance.wobble)

    lean, roll = style.lean + wobble[0], style.sway * np.sin(phase)
    joints = {"root": np.zeros((*phase.shape, 3))}
    joints["spine"] = joints["root"] + _up(0.6 * lean, 0.5 * roll) * lengths["spine"][..., None]
    joints["neck"] = joints["spine"] + _up(1.4 * lean, roll) * lengths["neck"][..., None]
    joints["head"] = joints["neck"] + _up(style.head + wobble[1], 0.5 * roll) * lengths["head"][..., None]

    def limb(side: str, chain: dict[str, np.ndarray], first: str) -> None:
        at = joints[first]
        for name, direction in chain.items():
            at = joints[f"{side}_{name}"] = at + direction * lengths[name][..., None]

    for side, sign in (("left", 1.0), ("right", -1.0)):
        stride = phase if side == "left" else phase + np.pi
        own = wobble[2:5] if side == "left" else wobble[5:8]
        thigh = 3.0 + style.hip * np.cos(stride) + own[0]
        shank = thigh - _knee_bend(stride, style.knee)
        pelvis_turn = -0.6 * style.twist * np.cos(phase)
        limb(
            side,
            {
                "hip": _aside(sign, 12.0, 0.0, pelvis_turn),
                "knee": _down(thigh, 0.0),
                "foot": _down(shank, 0.0),
            },
            "root",
        )
        # An arm swings with the opposite leg; its elbow bends most when the hand is in front.
        swing = style.arm * (chance.uneven if side == "left" else 1 / chance.uneven)
        upper = 0.3 * style.lean - 4.0 - swing * np.cos(stride) + own[1]
        fore = upper + np.maximum(style.elbow, 3.0) - 0.35 * swing * (np.cos(stride) - 0.2) + own[2]
        shoulder_turn = style.twist * np.cos(phase)
        limb(
            side,
            {
                "shoulder": _aside(sign, 8.0 + style.slump, 1.2 * style.slump, shoulder_turn),
                "elbow": _down(upper, sign * style.spread),
                "hand": _down(fore, 0.4 * sign * style.spread),
            },
            "neck",
        )
    walks = np.stack([joints[name] for name in JOINTS], axis=2)
    walks[..., 0] += 0.02 * np.sin(phase)[..., None]  # sideways, over the standing leg
    walks[..., 1] += _height(joints, phase, style.bounce)[..., None]
    return walks.astype(np.float32)


def _wobble(phase: np.ndarray, amplitudes: np.ndarray) -> np.ndarray:
    """Irregularities of the angles: degrees (ANGLES, walks, frames), in higher harmonics of the cycle."""
    waves = np.stack([wave(k * phase) for k in HARMONICS for wave in (np.cos, np.sin)])
    return np.einsum("nck,knt->cnt", amplitudes, waves)


def _knee_bend(stride: np.ndarray, most: Column) -> np.ndarray:
    """Knee angle in degrees: a small flexion at loading response, a large one in mid-swing."""
    give, swing = np.exp(6 * (np.cos(stride - 0.8) - 1)), np.exp(3.2 * (np.cos(stride - 4.5) - 1))
    return 5.0 + 10.0 * give + most * swing


def _height(joints: dict[str, np.ndarray], phase: np.ndarray, bounce: Column) -> np.ndarray:
    """Height of the root: the lower foot is on the ground, with a smooth transition between feet."""
    left, right = joints["left_foot"][..., 1], joints["right_foot"][..., 1]
    softness = 0.012
    lower = -softness * np.logaddexp(-left / softness, -right / softness)
    return np.maximum(bounce, 0.0) * (1 - np.cos(2 * phase)) - lower


def _up(pitch: np.ndarray, roll: np.ndarray) -> np.ndarray:
    """Unit vectors that point up, tipped forward by `pitch` and to the left by `roll`."""
    pitch, roll = np.radians(pitch), np.radians(roll)
    return _vectors(np.sin(roll), np.cos(roll) * np.cos(pitch), np.cos(roll) * np.sin(pitch))


def _down(swing: np.ndarray, spread: Column) -> np.ndarray:
    """Unit vectors that hang down, swung forward by `swing` and held to the left by `spread`."""
    swing, spread = np.radians(swing), np.radians(spread)
    return _vectors(np.sin(spread), -np.cos(spread) * np.cos(swing), np.cos(spread) * np.sin(swing))


def _aside(sign: float, drop: Column, forward: Column, turn: Column) -> np.ndarray:
    """Unit vectors to one side (+1 left), lowered, moved forward, then rotated about the vertical."""
    drop, forward, turn = np.radians(drop), np.radians(forward), np.radians(turn)
    x, z = sign * np.cos(drop) * np.cos(forward), np.cos(drop) * np.sin(forward)
    return _vectors(x * np.cos(turn) + z * np.sin(turn), -np.sin(drop), z * np.cos(turn) - x * np.sin(turn))


def _vectors(x: Column, y: Column, z: Column) -> np.ndarray:
    return np.stack(np.broadcast_arrays(x, y, z), axis=-1)


DATASET = Dataset(
    title="Walkers, a generated corpus: parametric walks, 16 joints, 4 emotions, no recorded people",
    modalities=("skeleton",),
    licence="Apache-2.0, as this package, which generates the walks",
    cite="generated by affekt; contains no recordings of people",
    labels=label_set("gait-4"),
    options=WalkersOptions,
    needs_root=False,
    invented=True,
    read=read,
)
