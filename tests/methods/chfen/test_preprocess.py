"""From features of a short video to arrays."""

from dataclasses import replace

import numpy as np
import pytest

from affekt.core.errors import MediaError
from affekt.core.sample import Sample
from affekt.media.features import Features
from affekt.methods.chfen.config import CHFENConfig, Widths
from affekt.methods.chfen.preprocess import ShortVideoPreprocess

PREPROCESS = ShortVideoPreprocess(
    CHFENConfig(dim=8, heads=2, widths=Widths(title=4, video=4, text=4, audio=4))
)


def features(*shape):
    return Features(np.ones(shape, np.float32))


def sample(**media):
    return Sample("clip", media)


def test_steps_and_counts_are_read():
    count = Features(np.array([[0], [2], [1]], np.float32))
    arrays = PREPROCESS(sample(video=features(3, 4), faces=features(3, 4), face_count=count))
    assert arrays["video_steps"].tolist() == [1, 1, 1] and arrays["face_count"].tolist() == [0, 2, 1]
    assert arrays["faces"].sum(axis=1).tolist() == [0, 4, 4]  # the face of a frame without faces is not read


def test_a_video_without_faces_has_none():
    arrays = PREPROCESS(sample(video=features(3, 4)))
    assert arrays["face_count"].tolist() == [0, 0, 0] and not arrays["faces"].any()


def test_missing_modalities_are_marked():
    whole = PREPROCESS.spec.complete(PREPROCESS(sample(text=features(2, 4), title=features(4))))
    assert whole["present"].tolist() == [1, 0, 1, 0]
    PREPROCESS.spec.check(whole)


@pytest.mark.parametrize(
    "media, words",
    [
        ({}, "none of title, video, text, audio"),
        ({"title": "words"}, "there is a str: encode it first"),
        ({"title": features(5)}, r"the config says \(4,\)"),
        ({"text": features(5001, 4)}, "5001 steps, the network has positions for 5000"),
        ({"text": features(4)}, r"the config says \(seconds, 4\)"),
        ({"video": features(3, 4), "faces": features(3, 4)}, "belong together"),
        ({"video": features(3, 4), "faces": features(2, 4), "face_count": features(3, 1)}, "3 scenes"),
    ],
)
def test_features_of_other_shapes_are_refused(media, words):
    with pytest.raises(MediaError, match=words):
        PREPROCESS(replace(sample(), media=media))


def test_a_network_of_one_modality_needs_it():
    alone = ShortVideoPreprocess(CHFENConfig(modalities=("title",), widths=Widths(title=4)))
    assert not alone.spec.presence
    with pytest.raises(MediaError, match="there is nothing"):
        alone(sample(text=features(2, 4)))
