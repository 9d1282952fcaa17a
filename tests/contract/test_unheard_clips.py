"""What every method that sees and hears does with a clip that can only be seen."""

import logging
import re

import numpy as np
import pytest

import affekt
from affekt.core import catalog
from affekt.core.errors import MediaError
from affekt.core.sample import Sample
from affekt.media.video import open_video

SEEN_AND_HEARD = [
    name for name in affekt.list_methods() if {"video", "audio"} <= set(catalog.card(name).modalities)
]


def preprocess_of(name, **changes):
    method = catalog.method(name)
    return method.load("preprocess")(method.make_config({**method.card.tiny, **changes}), None)


@pytest.mark.parametrize("name", SEEN_AND_HEARD)
@pytest.mark.parametrize("as_training_view", [False, True])
def test_a_sound_track_that_cannot_be_decoded_is_silence_and_a_warning(
    name, as_training_view, unheard_clip, clip_files, caplog
):
    preprocess, heard = preprocess_of(name), {}
    for path in (unheard_clip, clip_files / "clip1.mp4"):
        rng = np.random.default_rng(0) if as_training_view else None
        heard[path.parent] = preprocess(Sample("a", {"video": path, "audio": path}), rng=rng)
    silent, whole = heard.values()
    (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert re.search(r"nothing of its sound can be decoded.*(zeros are|silence is) used", record.message)
    rng = np.random.default_rng(0) if as_training_view else None
    mute = preprocess(Sample("a", {"video": open_video(unheard_clip)}), rng=rng)
    for tensor in preprocess.spec.inputs:
        if tensor.modality == "audio":
            np.testing.assert_array_equal(silent[tensor.name], mute[tensor.name])
            assert not np.array_equal(silent[tensor.name], whole[tensor.name])
        else:
            np.testing.assert_array_equal(silent[tensor.name], whole[tensor.name])


def test_who_only_hears_refuses_it(unheard_clip):
    preprocess = preprocess_of("vaanet", streams="audio")
    with pytest.raises(MediaError, match="nothing of its sound can be decoded"):
        preprocess(Sample("a", {"video": unheard_clip, "audio": unheard_clip}))
