"""Augmentation of pictures for training."""

import numpy as np

from affekt.media.image.views import erased, mirrored, moved


def picture(side=40):
    rows, columns = np.mgrid[:side, :side]
    return ((rows * 3 + columns * 2) % 256).astype(np.uint8)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_no_movement_does_not_change_the_picture():
    np.testing.assert_array_equal(moved(picture(), rng(), turn_deg=0.0, stretch=0.0, shift=0.0), picture())


def test_a_shift_moves_the_content_and_repeats_the_edge():
    class Right(np.random.Generator):
        def uniform(self, *_):
            return 1.0

    shifted = moved(picture(), Right(np.random.PCG64(0)), turn_deg=0.0, stretch=0.0, shift=0.25)
    np.testing.assert_array_equal(shifted[10:, 10:], picture()[:-10, :-10])
    assert (shifted[:10, 10:] == shifted[10, 10:]).all()


def test_a_turn_keeps_the_centre():
    dot = np.zeros((41, 41), np.uint8)
    dot[20, 20] = 255
    turned = moved(dot, rng(), turn_deg=90.0, stretch=0.0, shift=0.0)
    assert np.unravel_index(turned.argmax(), turned.shape) == (20, 20)


def test_colour_pictures_move_as_grey_ones_do():
    colour = np.repeat(picture()[..., None], 3, axis=2)
    one = moved(colour, rng(3), turn_deg=10.0, stretch=0.1, shift=0.1)
    other = moved(picture(), rng(3), turn_deg=10.0, stretch=0.1, shift=0.1)
    np.testing.assert_array_equal(one[..., 1], other)


def test_mirroring_twice_gives_the_original():
    np.testing.assert_array_equal(mirrored(mirrored(picture())), picture())


def test_erased_area_and_ratio_are_in_the_asked_range():
    shares, ratios = [], []
    for seed in range(300):
        blank = erased(np.ones((3, 64, 64), np.float32), rng(seed), chance=1.0, area=(0.02, 0.1)) == 0
        assert (blank[0] == blank[1]).all() and (blank[0] == blank[2]).all()
        rows, columns = blank[0].any(axis=1).sum(), blank[0].any(axis=0).sum()
        assert rows * columns == blank[0].sum(), "it is not a rectangle"
        shares.append(blank[0].mean())
        ratios.append(rows / columns)
    assert 0.017 < min(shares) < 0.03 and 0.09 < max(shares) < 0.105
    assert 0.25 < min(ratios) < 0.4 and 2.5 < max(ratios) < 4.0
    assert abs(np.mean(np.log(ratios))) < 0.12, "tall and wide are equally likely"


def test_erasing_has_the_asked_frequency_and_does_not_modify_its_input():
    channels = np.ones((1, 32, 32), np.float32)
    count = sum(
        (erased(channels, rng(seed), chance=0.5, area=(0.05, 0.05)) == 0).any() for seed in range(400)
    )
    assert 160 < count < 240
    assert channels.all()
