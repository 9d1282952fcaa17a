"""A picture that is not a face crop by its size gets a note; a crop gets none."""

import math

import numpy as np
import pytest

from affekt.core.notes import collect_notes
from affekt.core.sample import Sample
from affekt.media.image.face_crop import note_if_no_crop
from affekt.methods.compact_face.config import CompactFaceConfig
from affekt.methods.compact_face.preprocess import CompactFacePreprocess
from affekt.methods.poster_v2.config import PosterV2Config
from affekt.methods.poster_v2.preprocess import PosterV2Preprocess


def notes_of(width, height, side=48):
    with collect_notes() as notes:
        note_if_no_crop(np.broadcast_to(np.arange(3, dtype=np.uint8), (height, width, 3)), side)
    return list(notes)


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (640, 480),
        (1280, 720),
        (3000, 2000),
        (2000, 3000),
        (768, 1024),
        (480, 640),
        (480, 854),
        (427, 640),
        (333, 500),
        (2000, 8),
        (1080, 1080),
    ],
)
def test_a_whole_photo_is_noted_with_its_size(width, height):
    (note,) = [note for note in notes_of(width, height) if "only" not in note]
    assert note.startswith(f"no face was searched for: {width} x {height} pixels")
    assert "finds the faces of photos" in note


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (48, 48),
        (100, 100),
        (178, 218),
        (75, 100),
        (224, 224),
        (256, 320),
        (100, 140),
        (900, 900),
        (1024, 1024),
    ],
)
def test_a_face_crop_has_no_note(width, height):
    assert notes_of(width, height) == []


def test_a_picture_far_smaller_than_the_input_of_the_network_is_noted():
    assert notes_of(24, 24) == []
    (note,) = notes_of(12, 10)
    assert "only 12 x 10 pixels" in note and "48 x 48" in note


@pytest.mark.parametrize(
    "preprocess", [CompactFacePreprocess(CompactFaceConfig()), PosterV2Preprocess(PosterV2Config())]
)
def test_networks_without_face_detection_state_it(preprocess):
    for shape, count in (((128, 112, 3), 0), ((480, 640, 3), 1)):
        with collect_notes() as notes:
            preprocess.views(
                Sample("a", {"image": np.arange(math.prod(shape)).reshape(shape).astype(np.uint8)})
            )
        assert len(notes) == count


def test_a_blank_picture_is_noted():
    with collect_notes() as notes:
        note_if_no_crop(np.zeros((64, 64, 3), np.uint8), 48)
    assert list(notes) == ["all pixels of the picture have the same value: it is blank"]
