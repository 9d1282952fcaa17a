"""From images to arrays, with the published settings and others."""

import numpy as np
import pytest

from affekt.core.errors import MediaError
from affekt.core.sample import Sample
from affekt.methods.poster_v2.config import AugmentConfig, PosterV2Config
from affekt.methods.poster_v2.preprocess import MEAN, STD, PosterV2Preprocess

FACE = Sample(id="face", media={"image": np.random.default_rng(0).integers(0, 256, (50, 40, 3), np.uint8)})


def flat(value):
    return Sample(id="flat", media={"image": np.full((30, 30, 3), value, np.uint8)})


def test_a_flat_image_is_scaled_by_the_constants_of_imagenet():
    image = PosterV2Preprocess(PosterV2Config())(flat(255))["image"]
    assert image.shape == (3, 112, 112) and image.dtype == np.float32
    np.testing.assert_allclose(image[:, 5, 5], (1 - MEAN) / STD, rtol=1e-6)


def test_nearest_sampling_takes_every_second_pixel_of_twice_the_size():
    small = PosterV2Preprocess(PosterV2Config(size=32))
    large = PosterV2Preprocess(PosterV2Config(size=64, sampling="area"))
    np.testing.assert_array_equal(small(FACE)["image"], large(FACE)["image"][:, ::2, ::2])


def test_area_sampling_uses_all_pixels():
    stripes = np.zeros((224, 224, 3), np.uint8)
    stripes[:, 1::2] = 255  # exactly the columns that nearest sampling does not use
    sample = Sample(id="stripes", media={"image": stripes})
    nearest = PosterV2Preprocess(PosterV2Config())(sample)["image"]
    area = PosterV2Preprocess(PosterV2Config(sampling="area"))(sample)["image"]
    np.testing.assert_allclose(nearest[0], -MEAN[0] / STD[0], rtol=1e-6)
    assert area[0].mean() == pytest.approx((0.5 - MEAN[0]) / STD[0], abs=0.02)


def test_training_views_mirror_and_erase_to_the_mean_colour():
    config = PosterV2Config(size=32, augment=AugmentConfig(erase=1.0, erase_area=(0.05, 0.05)))
    preprocess = PosterV2Preprocess(config)
    plain = preprocess(FACE)["image"]
    mirrored = 0
    for seed in range(40):
        view = preprocess(FACE, rng=np.random.default_rng(seed))["image"]
        kept = ~(view == 0).all(axis=0)
        assert 0.02 < 1 - kept.mean() < 0.09
        is_mirrored = np.array_equal(view[:, kept], preprocess(mirror(FACE))["image"][:, kept])
        assert is_mirrored or np.array_equal(view[:, kept], plain[:, kept])
        mirrored += is_mirrored
    assert 10 < mirrored < 30


def mirror(sample):
    return Sample(id="mirror", media={"image": np.ascontiguousarray(sample.media["image"][:, ::-1])})


def test_a_sample_without_image_is_one_clear_error():
    with pytest.raises(MediaError, match="has no image"):
        PosterV2Preprocess(PosterV2Config())(Sample(id="walk", media={}))
