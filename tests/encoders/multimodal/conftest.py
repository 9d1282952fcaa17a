"""Samples with features, and configs that read them."""

import numpy as np
import pytest

from affekt.core.sample import Sample
from affekt.media.features import Features
from affekt.methods.mdn_makd.config import MDNConfig

WIDTHS = {"text": 5, "audio": 4, "video": 3}


@pytest.fixture
def make_sample():
    """A function that makes a sample with vectors of the named modalities."""

    def make(number, *modalities, steps=None):
        rng = np.random.default_rng(number)
        shapes = {name: (steps, WIDTHS[name]) if steps else (WIDTHS[name],) for name in modalities}
        media = {
            name: Features(rng.standard_normal(shape).astype(np.float32)) for name, shape in shapes.items()
        }
        return Sample(f"s{number}", media, ("sad", "happy")[number % 2])

    return make


@pytest.fixture
def make_config():
    """A function that makes a config that reads vectors of modalities by letter."""

    def make(letters="TAV", **changes):
        values = {
            "num_classes": 2,
            "features": {"T": 5, "A": 4, "V": 3},
            "encoders": {letter: {"kind": "features", "projection": 8} for letter in letters},
            **({"fusion": {"kind": "vanilla", "width": 6}} if len(letters) > 1 else {}),
        }
        return MDNConfig.model_validate(values | changes)

    return make
