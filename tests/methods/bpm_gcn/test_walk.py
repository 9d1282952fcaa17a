"""From real walks to arrays: the same arrays, a note, or a refusal with its reason."""

import dataclasses
import pickle

import numpy as np
import pytest

from affekt.core.answers.batches import make_batch
from affekt.core.errors import MediaError
from affekt.core.sample import Sample
from affekt.data.open import open_dataset
from affekt.media.skeleton import Skeleton
from affekt.media.skeleton.rate import between_frames
from affekt.methods.bpm_gcn.config import BPMGCNConfig
from affekt.methods.bpm_gcn.preprocess import GaitPreprocess

SAMPLES = open_dataset("walkers", None, {"walkers": 8}).samples
WALK = dataclasses.replace(SAMPLES[0].media["skeleton"], cycle_frames=None)
CYCLE = SAMPLES[0].media["skeleton"].cycle_frames


def fitted(samples=SAMPLES, **values):
    config = BPMGCNConfig(**{"clip_frames": 32, **values})
    return GaitPreprocess(config, GaitPreprocess(config).fit(list(samples)))


PREPROCESS = fitted()


def changed(positions=None, **facts):
    values = {"rate_hz": 30.0, **facts}
    positions = WALK.positions if positions is None else positions
    return Sample("walk", {"skeleton": Skeleton(np.asarray(positions, np.float32), WALK.joints, **values)})


def answered(sample, preprocess=PREPROCESS):
    """Arrays of the first view, and notes."""
    found = make_batch([sample], preprocess)
    if found.skipped:
        raise MediaError(found.skipped[0].reason)
    return {name: values[0] for name, values in found.arrays.items()}, found.notes[0]


def at(rate_hz):
    """The walk's positions, sampled at another rate."""
    return between_frames(WALK.positions, np.arange(0, 74.001, 30 / rate_hz))


def assert_same(one, other, atol):
    for name in ("skeleton", "movement"):
        np.testing.assert_allclose(one[name], other[name], atol=atol)


# Rate


@pytest.mark.parametrize("rate_hz", [60.0, 120.0, 90.0, 50.0, 25.0, 29.97])
def test_a_walk_at_another_rate_has_the_arrays_of_the_same_walk_at_30_hz(rate_hz):
    expected, _ = answered(changed())
    arrays, notes = answered(changed(at(rate_hz), rate_hz=rate_hz))
    # Within the resolution of a knee at 25 Hz and the drift of 29.97 Hz in a second; a thigh is 1/3 long.
    assert_same(arrays, expected, atol=0.005)
    assert notes == ()


def test_a_walk_at_15_hz_is_interpolated_and_that_is_noted():
    expected, _ = answered(changed())
    arrays, (note,) = answered(changed(WALK.positions[::2], rate_hz=15.0))
    np.testing.assert_allclose(arrays["skeleton"], expected["skeleton"], atol=0.03)
    assert note.startswith("the walk has 15 frames per second and the network takes 30")


@pytest.mark.parametrize(("rate_hz", "cycle"), [(120.0, 4 * CYCLE), (60.0, 2 * CYCLE)])
def test_a_stated_cycle_is_resampled_to_the_same_rate(rate_hz, cycle):
    expected, _ = answered(changed(cycle_frames=CYCLE))
    arrays, notes = answered(changed(at(rate_hz), rate_hz=rate_hz, cycle_frames=cycle))
    assert_same(arrays, expected, atol=0.003)
    assert notes == ()


def test_a_fractional_cycle_at_the_fitted_rate_is_continued_without_a_jump():
    times = np.arange(50) * CYCLE / 37  # 37 frames of a cycle, which last CYCLE frames at 30 Hz
    cut = between_frames(WALK.positions[:CYCLE], times, period=CYCLE)[:37]
    rate_hz = 30.0 * 37 / (CYCLE + 0.4)
    arrays, _ = answered(changed(cut, rate_hz=rate_hz, cycle_frames=37), fitted(clip_frames=96))
    usual, _ = answered(changed(cycle_frames=CYCLE), fitted(clip_frames=96))
    assert arrays["movement"][3].max() < 1.1 * usual["movement"][3].max()
    assert arrays["movement"][7].max() < 1.2 * usual["movement"][7].max()


def test_a_walk_without_a_rate_is_unchanged_and_noted():
    expected, _ = answered(changed())
    arrays, (note,) = answered(changed(rate_hz=None))
    assert_same(arrays, expected, atol=0)
    assert note.startswith("no frame rate is stated: 30 frames per second, the rate of the training")


def test_a_dense_walk_without_a_rate_shows_it_by_its_cycle():
    _, notes = answered(changed(at(120.0), rate_hz=None))
    assert any(note.startswith("a gait cycle has") for note in notes)


def test_training_walks_of_several_rates_are_resampled_to_the_most_frequent_one():
    dense = Sample("dense", changed(at(120.0), rate_hz=120.0).media)
    mixed = [*SAMPLES, dense, Sample("unstated", changed(rate_hz=None).media)]
    preprocess = fitted(mixed, augment={"kind": "none"})
    assert (preprocess.timing.rate_hz, preprocess.timing.without_rate) == (30.0, 1)
    one, other = (preprocess(s, rng=np.random.default_rng(3)) for s in (dense, changed()))
    assert_same(one, other, atol=1e-3)
    assert fitted(mixed, rate_hz=60.0).timing.rate_hz == 60.0


def test_the_fitted_rate_is_kept_with_the_weights_and_an_older_state_has_none():
    state = GaitPreprocess(PREPROCESS.config).fit(SAMPLES)
    assert state["rate_hz"] == 30.0 and state["without_rate"] == 0
    older = {
        key: value for key, value in state.items() if key not in ("rate_hz", "cycle_frames", "without_rate")
    }
    preprocess = GaitPreprocess(PREPROCESS.config, older)
    arrays, (note,) = answered(changed(), preprocess)
    assert_same(arrays, answered(changed())[0], atol=0)
    assert "the rate of the network's training walks is not known" in note


# Gaps


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_frames_lost_as_zeros_hardly_change_the_arrays_and_are_noted(frames):
    broken = WALK.positions.copy()
    broken[20 : 20 + frames] = 0
    arrays, (note,) = answered(changed(broken))
    np.testing.assert_allclose(arrays["skeleton"], answered(changed())[0]["skeleton"], atol=0.02 * frames)
    assert note.startswith("placeholders instead of root, spine, neck and 13 more joints in")


def test_a_hand_lost_for_a_second_is_refused_and_accepted_only_on_request():
    broken = WALK.positions.copy()
    broken[10:40, WALK.joints.index("left_hand")] = 0
    with pytest.raises(MediaError, match=r"walk: left_hand cannot be used: placeholders in up to 40 % of 75"):
        answered(changed(broken))
    assert answered(changed(broken), fitted(gaps=None))[1] == ()
    assert answered(changed(broken), fitted(gaps={"longest_s": 1.0, "share": 0.5}))[1] != ()


def test_a_cycle_that_is_incomplete_after_cutting_lost_frames_is_not_continued():
    padded = np.concatenate([WALK.positions[: CYCLE - 5], np.zeros((40, 16, 3))])
    arrays, _ = answered(changed(padded, cycle_frames=CYCLE))
    expected, _ = answered(changed(WALK.positions[: CYCLE - 5]))
    assert_same(arrays, expected, atol=0)


@pytest.mark.parametrize("value", [1e9, 1e20, 1e38])
def test_a_finite_but_implausible_coordinate_gives_finite_arrays(value):
    broken = WALK.positions.copy()
    broken[3, 2, 1] = value
    arrays, notes = answered(changed(broken))
    assert all(np.isfinite(array).all() for array in arrays.values()) and notes
    with pytest.raises(MediaError, match="are implausible"):
        answered(
            changed(WALK.positions * np.float32(1e37) + np.float32(1e36)), fitted(align=False, upright=False)
        )


def test_a_body_too_far_from_the_origin_for_float32_is_refused():
    with pytest.raises(MediaError, match=r"too far from the origin .*subtract the position of the root"):
        answered(changed(WALK.positions + 5e6))


# Orientation


@pytest.mark.parametrize(
    ("turn", "notes"),
    [
        ([[1, 0, 0], [0, -1, 0], [0, 0, 1]], 2),  # y down by its sign: mirrored too
        ([[1, 0, 0], [0, -1, 0], [0, 0, -1]], 1),
        ([[1, 0, 0], [0, 0, 1], [0, -1, 0]], 1),
        ([[0, 1, 0], [1, 0, 0], [0, 0, 1]], 2),
        ([[-1, 0, 0], [0, 1, 0], [0, 0, 1]], 1),
    ],
)
def test_turned_and_mirrored_walks_give_the_same_arrays_and_a_note(turn, notes):
    arrays, found = answered(changed(WALK.positions @ np.array(turn)))
    assert_same(arrays, answered(changed())[0], atol=1e-5)
    assert len(found) == notes


def test_training_views_go_through_the_same_correction():
    down = Sample("walk", changed(WALK.positions * [1, -1, 1]).media)
    one, other = (PREPROCESS(s, rng=np.random.default_rng(0)) for s in (down, changed()))
    assert_same(one, other, atol=1e-5)


def test_a_flat_walk_is_noted():
    assert any(
        note.startswith("the skeleton is flat along z")
        for note in answered(changed(WALK.positions * [1, 1, 0]))[1]
    )


# No walk


@pytest.mark.parametrize(
    ("positions", "message"),
    [
        (WALK.positions[:1], r"1 frame \(0\.03 s\) are too short for a walk"),
        (WALK.positions[:5], r"5 frames \(0\.17 s\) are too short"),
        (np.repeat(WALK.positions[:1], 75, axis=0), "the skeleton does not walk"),
        (np.zeros((75, 16, 3)), "all joints lie in the same place: the skeleton has no size"),
    ],
)
def test_what_is_not_a_walk_is_refused_and_accepted_only_on_request(positions, message):
    with pytest.raises(MediaError, match=f"walk: {message}"):
        answered(changed(positions))
    if positions.any():
        assert answered(changed(positions), fitted(motion=None))


def test_training_leaves_out_what_is_not_a_walk():
    still = changed(np.repeat(WALK.positions[:1], 75, axis=0))
    state = GaitPreprocess(PREPROCESS.config).fit([*SAMPLES, still])
    assert state == GaitPreprocess(PREPROCESS.config).fit(SAMPLES)
    with pytest.raises(MediaError, match="does not walk"):
        GaitPreprocess(PREPROCESS.config).fit([still])


def test_the_published_preprocessing_can_be_configured():
    reference = fitted(
        gaps=False,
        motion=False,
        upright=False,
        check_sides=False,
        short_clips="zeros",
        align=False,
        clip_frames=48,
    )
    short = changed(WALK.positions[:30] * [1, -1, 1], rate_hz=None)
    arrays = reference(short)["skeleton"][..., 0].transpose(1, 2, 0)
    np.testing.assert_array_equal(arrays[:30], short.media["skeleton"].in_order(WALK.joints))
    assert not arrays[30:].any()


def test_checks_that_are_switched_off_stay_off_in_a_file():
    config = BPMGCNConfig(gaps=False, motion=False)
    assert (config.gaps, config.motion) == (None, None)
    assert BPMGCNConfig(**config.model_dump(mode="json")) == config


def test_a_preprocessing_can_be_sent_to_another_process():
    sample = changed()
    PREPROCESS(sample)
    again = pickle.loads(pickle.dumps(PREPROCESS))
    assert_same(again(sample), PREPROCESS(sample), atol=0)


def test_no_captured_walk_is_refused_and_a_third_of_them_is_mirrored(shared):
    samples = open_dataset("emotion_gait", shared / "data" / "emotion_gait").samples[::3]
    found = make_batch(samples, GaitPreprocess(BPMGCNConfig()))
    assert found.skipped == []
    mirrored = [any("left and right are exchanged" in note for note in notes) for notes in found.notes]
    assert 25 < sum(mirrored) < 45  # of 98; `data check` counts 106 of 294
