"""Every audiovisual method accepts a clip whose sound cannot be decoded."""

import logging
import re

import numpy as np
import pytest

import affekt
from affekt.core import catalog
from affekt.core.errors import MediaError
from affekt.core.sample import Sample
from affekt.media.video import open_video

# Methods that read words as well choose an encoder for each modality, and encoders have tests of their own.
AUDIOVISUAL = [
    name for name in affekt.list_methods() if {"video", "audio"} == set(catalog.card(name).modalities)
]


def preprocess_of(name, **changes):
    method = catalog.method(name)
    return method.load("preprocess")(method.make_config({**method.card.tiny, **changes}), None)


@pytest.mark.parametrize("name", AUDIOVISUAL)
@pytest.mark.parametrize("as_training_view", [False, True])
def test_a_sound_track_that_cannot_be_decoded_is_replaced_by_silence_with_a_warning(
    name, as_training_view, broken_sound_clip, clip_files, caplog
):
    preprocess, views = preprocess_of(name), {}
    for path in (broken_sound_clip, clip_files / "clip1.mp4"):
        rng = np.random.default_rng(0) if as_training_view else None
        views[path.parent] = preprocess(Sample("a", {"video": path, "audio": path}), rng=rng)
    silent, whole = views.values()
    (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert re.search(r"nothing of its sound can be decoded.*(zeros are|silence is) used", record.message)
    rng = np.random.default_rng(0) if as_training_view else None
    mute = preprocess(Sample("a", {"video": open_video(broken_sound_clip)}), rng=rng)
    for tensor in preprocess.spec.inputs:
        if tensor.modality == "audio":
            np.testing.assert_array_equal(silent[tensor.name], mute[tensor.name])
            assert not np.array_equal(silent[tensor.name], whole[tensor.name])
        else:
            np.testing.assert_array_equal(silent[tensor.name], whole[tensor.name])


def test_an_audio_network_refuses_a_sound_track_that_cannot_be_decoded(broken_sound_clip):
    preprocess = preprocess_of("vaanet", streams="audio")
    with pytest.raises(MediaError, match="nothing of its sound can be decoded"):
        preprocess(Sample("a", {"video": broken_sound_clip, "audio": broken_sound_clip}))
