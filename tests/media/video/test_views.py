"""Views of a clip: the same square and augmentation for all frames."""

import numpy as np
import pytest

from affekt.media.video.views import CORNERS, ClipAugment, ClipView, draw_view

FRAMES = np.random.default_rng(0).integers(0, 256, (2, 40, 60, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ("corner", "rows", "columns"),
    [
        ("c", slice(0, 40), slice(10, 50)),
        ("tl", slice(0, 40), slice(0, 40)),
        ("br", slice(0, 40), slice(20, 60)),
    ],
)
def test_a_square_of_the_right_size_is_cut_out_without_scaling(corner, rows, columns):
    assert np.array_equal(ClipView(corner=corner).of(FRAMES, 40), FRAMES[:, rows, columns])


def test_a_mirrored_view_exchanges_left_and_right():
    assert np.array_equal(ClipView(mirror=True).of(FRAMES, 40), ClipView().of(FRAMES, 40)[:, :, ::-1])


def test_areas_beyond_a_rotated_picture_are_black():
    turned = ClipView(turn_deg=20.0).of(np.full((1, 40, 40, 3), 200, np.uint8), 40)
    assert turned[0, 0, 0].tolist() == [0, 0, 0] and turned[0, 20, 20].tolist() == [200, 200, 200]


def test_brightness_is_a_factor():
    assert ClipView(brightness=0.5).of(np.full((1, 40, 40, 3), 200, np.uint8), 40).max() == 100


def test_all_frames_have_the_same_view():
    same = np.repeat(FRAMES[:1], 3, axis=0)
    seen = ClipView("tl", mirror=True, turn_deg=7.0, brightness=0.8).of(same, 32)
    assert np.array_equal(seen[0], seen[1]) and np.array_equal(seen[0], seen[2])


def test_training_views_change_one_thing_at_a_time_as_often_as_asked():
    rng = np.random.default_rng(0)
    views = [draw_view(ClipAugment(), rng) for _ in range(3000)]
    changes = np.array([[v.mirror, v.turn_deg != 0, v.brightness != 1] for v in views])
    assert changes.sum(axis=1).max() == 1
    assert changes.any(axis=1).mean() == pytest.approx(0.3, abs=0.03)
    assert changes.mean(axis=0) == pytest.approx([0.1] * 3, abs=0.02)
    assert {v.corner for v in views} == set(CORNERS)
    assert max(abs(v.turn_deg) for v in views) <= 20 and min(v.brightness for v in views) >= 0.5


def test_without_augmentation_a_training_view_is_the_plain_one():
    calm = ClipAugment(corners=False, chance=0.0)
    assert draw_view(calm, np.random.default_rng(0)) == ClipView()
