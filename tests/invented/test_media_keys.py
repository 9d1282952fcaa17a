"""Samples keep the keys by which older runs, stores and caches know them, although classes have moved."""

import numpy as np
import pytest

from affekt.core.files.content import media_key
from affekt.core.files.fingerprint import fingerprint
from affekt.data.open import open_dataset
from affekt.media.image import ZippedImage
from affekt.media.skeleton import Skeleton
from affekt.media.sound import Waveform
from affekt.media.video import Video, VideoFrames


@pytest.mark.parametrize(
    ("name", "options", "key"),
    [("moving_shapes", {"clips": 24}, "dfeb1e30b68d"), ("long_shapes", {"videos": 6}, "08fe3c6a768e")],
)
def test_the_key_of_a_generated_sample_is_that_of_earlier_versions(name, options, key):
    assert media_key(open_dataset(name, None, options).samples[0]) == key


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (Skeleton, "affekt.media.skeleton.Skeleton"),
        (VideoFrames, "affekt.media.video.VideoFrames"),
        (Video, "affekt.media.video.Video"),
        (Waveform, "affekt.media.waveform.Waveform"),
        (ZippedImage, "affekt.media.image.ZippedImage"),
    ],
)
def test_decoded_media_are_fingerprinted_under_the_names_of_earlier_versions(kind, name):
    assert name == kind.FINGERPRINT_NAME


def test_the_fingerprint_of_a_decoded_sound_is_that_of_earlier_versions():
    sound = Waveform(np.array([[0.0, 0.25, -0.5]], np.float32), 8000)
    assert fingerprint(sound)[:16] == "2ad715f0ec9de7eb"
