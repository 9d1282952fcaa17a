"""Properties that are special to the small face network."""

import numpy as np
import pytest
import torch

from affekt.core.sample import Sample
from affekt.core.task import find_task
from affekt.methods.compact_face.config import AugmentConfig, CompactFaceConfig
from affekt.methods.compact_face.model import CompactFace, Unit
from affekt.methods.compact_face.preprocess import CompactFacePreprocess

PIXELS = np.random.default_rng(0).integers(0, 256, (60, 50, 3), np.uint8)
FACE = Sample(id="face", media={"image": PIXELS})


def preprocess(**config):
    return CompactFacePreprocess(CompactFaceConfig(**config))


def test_a_face_is_grey_with_mean_zero_and_deviation_one():
    image = preprocess()(FACE)["image"]
    assert image.shape == (1, 48, 48) and image.dtype == np.float32
    assert image.mean() == pytest.approx(0, abs=1e-5) and image.std() == pytest.approx(1, abs=1e-4)


def test_light_and_contrast_do_not_matter():
    darker = Sample(id="dark", media={"image": (PIXELS // 2 + 20).astype(np.uint8)})
    np.testing.assert_allclose(preprocess()(darker)["image"], preprocess()(FACE)["image"], atol=0.1)


def test_a_flat_image_stays_flat():
    flat = Sample(id="flat", media={"image": np.full((48, 48), 77, np.uint8)})
    assert np.abs(preprocess()(flat)["image"]).max() < 1e-4


def test_an_image_of_the_right_size_is_not_resampled():
    pixels = PIXELS[:48, :48, 0]
    image = preprocess()(Sample(id="small", media={"image": pixels}))["image"][0]
    assert np.corrcoef(image.ravel(), pixels.ravel().astype(float))[0, 1] == pytest.approx(1)


def test_a_prediction_is_the_mean_of_the_face_and_its_mirror_image():
    first, second = (view["image"] for view in preprocess().views(FACE))
    np.testing.assert_allclose(first[..., ::-1], second, atol=1e-6)
    assert len(preprocess(mirror_views=False).views(FACE)) == 1
    torch.manual_seed(0)
    config = CompactFaceConfig(size=16, width=8, units=1)
    model = CompactFace(config).eval()

    def network(batch):
        with torch.inference_mode():
            return model(image=torch.from_numpy(batch["image"])).logits.numpy()

    mirror = Sample(id="mirror", media={"image": np.ascontiguousarray(PIXELS[:, ::-1])})
    logits = find_task("single_label").answer([FACE, mirror], CompactFacePreprocess(config), network).values
    np.testing.assert_allclose(logits[0], logits[1], atol=1e-3)


def test_no_augmentation_is_the_plain_view():
    still = AugmentConfig(mirror=False, turn_deg=0, stretch=0, shift=0, light=0, erase=0)
    view = preprocess(augment=still)(FACE, rng=np.random.default_rng(0))["image"]
    np.testing.assert_allclose(view, preprocess()(FACE)["image"], atol=1e-6)


def test_training_views_differ_and_erase_to_the_mean():
    shares = []
    for seed in range(60):
        view = preprocess()(FACE, rng=np.random.default_rng(seed))["image"]
        assert view.shape == (1, 48, 48) and np.isfinite(view).all()
        shares.append((view == 0).mean())
    blanked = np.array(shares) > 0.015
    assert 15 < blanked.sum() < 45 and max(shares) < 0.17


def test_a_unit_is_its_shortcut_at_the_start():
    torch.manual_seed(0)
    unit = Unit(8, 8, stride=1).eval()
    face = torch.randn(2, 8, 6, 6)
    torch.testing.assert_close(unit(face), torch.relu(face))


def test_the_network_takes_any_side_that_it_was_made_for():
    for size in (16, 48, 64):
        model = CompactFace(CompactFaceConfig(size=size, width=8)).eval()
        assert model(image=torch.zeros(1, 1, size, size)).embedding.shape == (1, 32)
