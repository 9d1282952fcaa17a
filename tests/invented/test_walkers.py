from pathlib import Path

import numpy as np
import pytest

from affekt.core.dataset import Corpus
from affekt.core.errors import ConfigError
from affekt.data.open import open_dataset
from affekt.media.skeleton import BONES, Skeleton

SIDES = ("left", "right")


def invent(**options) -> Corpus:
    return open_dataset("walkers", None, {"walkers": 8, **options})


def walks(corpus: Corpus, label: str) -> list[Skeleton]:
    return [sample.media["skeleton"] for sample in corpus.samples if sample.label == label]


def at(skeleton: Skeleton, joint: str) -> np.ndarray:
    return skeleton.in_order((joint,))[:, 0]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return invent(walkers=24)


@pytest.fixture(scope="module")
def plain() -> dict[str, Skeleton]:
    """One walk of each emotion as its style says, without anybody's habits."""
    return {sample.label: sample.media["skeleton"] for sample in invent(noise=0.0).samples}


def test_every_bone_keeps_its_length(corpus):
    for sample in corpus.samples:
        skeleton = sample.media["skeleton"]
        for start, end in BONES:
            lengths = np.linalg.norm(at(skeleton, start) - at(skeleton, end), axis=-1)
            assert np.ptp(lengths) < 1e-5, (sample.id, start, end)


def test_a_person_keeps_the_same_body_in_every_mood(corpus):
    thighs = [
        np.linalg.norm(
            at(sample.media["skeleton"], "left_hip") - at(sample.media["skeleton"], "left_knee"), axis=-1
        )
        for sample in corpus.samples
        if sample.subject == "walker-03"
    ]
    assert np.ptp(thighs) < 1e-5


def test_the_same_seed_invents_the_same_walks():
    for one, other in zip(invent().samples, invent().samples, strict=True):
        np.testing.assert_array_equal(one.media["skeleton"].positions, other.media["skeleton"].positions)


def test_another_seed_invents_other_walks():
    one, other = (invent(seed=seed).samples[0].media["skeleton"].positions for seed in (0, 1))
    assert np.abs(one - other).max() > 0.01


def test_a_larger_corpus_begins_with_the_smaller_one():
    for one, other in zip(invent(walkers=8).samples, invent(walkers=12).samples, strict=False):
        np.testing.assert_array_equal(one.media["skeleton"].positions, other.media["skeleton"].positions)


def test_a_walk_repeats_exactly_after_its_cycle(corpus):
    for sample in corpus.samples:
        skeleton = sample.media["skeleton"]
        n = skeleton.cycle_frames
        np.testing.assert_array_equal(
            skeleton.positions[n:], skeleton.positions[: len(skeleton.positions) - n]
        )


def test_no_walker_stands_on_both_sides(corpus):
    sides = {part: {s.subject for s in corpus.samples if s.split == part} for part in ("train", "test")}
    assert len(sides["test"]) == 6
    assert not sides["train"] & sides["test"]


def test_every_walker_walks_in_every_emotion(corpus):
    counts = {(s.subject, s.label) for s in corpus.samples}
    assert len(counts) == 24 * 4
    assert len(corpus.samples) == 24 * 4 * 2


def test_walkers_face_forward_with_their_left_at_plus_x(corpus):
    for sample in corpus.samples:
        skeleton = sample.media["skeleton"]
        assert (at(skeleton, "left_hip") - at(skeleton, "right_hip"))[:, 0].mean() > 0.1, sample.id


def test_feet_push_the_ground_backwards(plain):
    for emotion, skeleton in plain.items():
        left, right = at(skeleton, "left_foot"), at(skeleton, "right_foot")
        lower = np.where(left[1:, 1] < right[1:, 1], np.diff(left[:, 2]), np.diff(right[:, 2]))
        assert np.median(lower) < -0.015, emotion


def test_the_lower_foot_stays_near_the_ground(corpus):
    for sample in corpus.samples:
        feet = np.stack([at(sample.media["skeleton"], f"{side}_foot")[:, 1] for side in SIDES])
        assert feet.min(axis=0).min() > -0.01, sample.id
        assert feet.min(axis=0).max() < 0.12, sample.id


def test_knees_never_bend_the_wrong_way(corpus):
    for sample in corpus.samples:
        skeleton = sample.media["skeleton"]
        for side in SIDES:
            thigh = at(skeleton, f"{side}_knee") - at(skeleton, f"{side}_hip")
            shank = at(skeleton, f"{side}_foot") - at(skeleton, f"{side}_knee")
            # Facing +z, a bent knee turns the shank backwards: the cross product points to +x.
            assert np.cross(thigh, shank)[:, 0].min() > 0, sample.id


def test_sad_walks_are_slower_than_angry_ones(corpus):
    slow, fast = ([walk.cycle_frames for walk in walks(corpus, label)] for label in ("sad", "angry"))
    assert np.mean(slow) > np.mean(fast) + 8


def test_sad_heads_hang(plain):
    def bow(skeleton: Skeleton) -> float:
        return float((at(skeleton, "head") - at(skeleton, "neck"))[:, 2].mean())

    assert bow(plain["sad"]) > 2 * max(bow(plain["happy"]), bow(plain["neutral"]))


def test_angry_elbows_are_the_most_bent(plain):
    def reach(skeleton: Skeleton) -> float:
        return float(
            np.linalg.norm(at(skeleton, "left_hand") - at(skeleton, "left_shoulder"), axis=-1).mean()
        )

    assert min(plain, key=lambda emotion: reach(plain[emotion])) == "angry"


def test_sad_arms_swing_least(plain):
    swing = {emotion: float(np.ptp(at(skeleton, "left_hand")[:, 2])) for emotion, skeleton in plain.items()}
    assert min(swing, key=swing.__getitem__) == "sad"


def test_happy_walks_bounce_most(plain):
    bounce = {emotion: float(np.ptp(at(skeleton, "root")[:, 1])) for emotion, skeleton in plain.items()}
    assert max(bounce, key=bounce.__getitem__) == "happy"


def test_without_noise_everybody_walks_alike():
    happy = walks(invent(noise=0.0), "happy")
    heads = [np.linalg.norm(at(walk, "head") - at(walk, "root"), axis=-1).max() for walk in happy]
    assert np.ptp(heads) < 0.01


def test_people_walk_differently(corpus):
    assert len({walk.cycle_frames for walk in walks(corpus, "neutral")}) > 4


def test_an_unknown_option_is_refused():
    with pytest.raises(ConfigError, match="did you mean walkers"):
        invent(walker=3)


def test_nothing_is_read_from_disk():
    assert open_dataset("walkers", Path("/does/not/exist"), {"walkers": 8}).samples
