"""Generated samples keep the keys by which older runs, stores and caches know them."""

import pytest

from affekt.core.files.content import media_key
from affekt.core.files.fingerprint import fingerprint
from affekt.data.open import open_dataset


@pytest.mark.parametrize(
    ("name", "options", "key"),
    [
        ("walkers", {"walkers": 8}, "503c8a26c44f"),
        ("drawn_faces", {"people": 8, "faces_per_emotion": 1}, "0daa9afb6789"),
        ("moving_shapes", {"clips": 24}, "dfeb1e30b68d"),
        ("long_shapes", {"videos": 6}, "08fe3c6a768e"),
    ],
)
def test_the_key_of_a_generated_sample_is_that_of_earlier_versions(name, options, key):
    assert media_key(open_dataset(name, None, options).samples[0]) == key


def test_decoded_skeletons_have_the_fingerprint_of_earlier_versions():
    sample = open_dataset("walkers", None, {"walkers": 8}).samples[0]
    assert fingerprint(dict(sample.media))[:10] == "785d443205"


def test_rendered_clips_have_the_fingerprint_of_earlier_versions():
    sample = open_dataset("moving_shapes", None, {"clips": 24}).samples[0]
    assert fingerprint(sample.media)[:10] == "4915041c1e"
