import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from affekt.media.skeleton import BONES, JOINT_ORDERS, Skeleton
from affekt.report.run.film_strip import chains, draw_skeletons, normalize_walk

JOINTS = JOINT_ORDERS["bpm_gcn"]


@pytest.fixture
def skeleton() -> Skeleton:
    positions = np.random.default_rng(0).normal(size=(30, len(JOINTS), 3)).astype(np.float32)
    return Skeleton(positions, JOINTS, cycle_frames=20)


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def test_a_strip_is_a_wide_picture(skeleton):
    picture = opened(draw_skeletons([skeleton]))
    assert picture.width > 2 * picture.height


def test_each_walk_gets_a_strip(skeleton):
    one, three = (opened(draw_skeletons([skeleton] * n)).height for n in (1, 3))
    assert abs(three - 3 * one) <= 3


def test_the_background_is_transparent_unless_given(skeleton):
    assert opened(draw_skeletons([skeleton])).convert("RGBA").getpixel((0, 0))[3] == 0


def test_a_given_background_fills_the_picture(skeleton):
    picture = opened(draw_skeletons([skeleton], background="#102030")).convert("RGBA")
    assert picture.getpixel((0, 0)) == (0x10, 0x20, 0x30, 255)


def test_the_file_holds_what_is_returned(skeleton, tmp_path):
    png = draw_skeletons([skeleton], tmp_path / "new" / "strip.png")
    assert (tmp_path / "new" / "strip.png").read_bytes() == png


def test_a_name_with_dollar_signs_is_not_read_as_a_formula(skeleton):
    assert draw_skeletons([skeleton], names=[r"$\frac{$"])


def test_later_poses_are_darker(skeleton):
    still = Skeleton(np.repeat(skeleton.positions[:1], 30, axis=0), JOINTS)
    alpha = np.asarray(opened(draw_skeletons([still], poses=6)).convert("RGBA"))[..., 3].astype(float)
    left, right = np.array_split(alpha, 2, axis=1)
    assert right.max() > left.max()


def test_a_skeleton_without_arms_can_be_drawn():
    joints = ("root", "spine", "neck", "head", "left_hip", "left_knee")
    assert draw_skeletons([Skeleton(np.random.default_rng(1).normal(size=(5, 6, 3)), joints)])


def test_a_skeleton_without_extent_can_be_drawn():
    assert draw_skeletons([Skeleton(np.zeros((5, len(JOINTS), 3)), JOINTS)])


def test_a_normalized_walk_touches_the_ground_and_is_one_high(skeleton):
    normalized = normalize_walk(skeleton)
    assert normalized[..., 1].min() == pytest.approx(0)
    assert np.ptp(normalized[..., 1], axis=1).max() == pytest.approx(1)


def test_a_normalized_walk_does_not_travel(skeleton):
    travelling = skeleton.positions + np.arange(30, dtype=np.float32)[:, None, None] * [1.0, 0.0, 2.0]
    moved = normalize_walk(Skeleton(travelling, JOINTS))
    np.testing.assert_allclose(moved, normalize_walk(skeleton), atol=1e-4)


def test_limbs_hold_every_bone_once():
    pairs = [pair for limb in chains(JOINTS) for pair in pairwise(limb)]
    assert sorted(pairs) == sorted(BONES)
