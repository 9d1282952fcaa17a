"""All faces of a picture are found from left to right, each cut or left out with its reason."""

import numpy as np
import pytest

from affekt.media.detection import Detections
from affekt.media.faces import CutFace, FaceCrop, find_faces
from affekt.media.faces.crop import LANDMARKS_IN_BOX
from affekt.testing.faces import FramedFaces, draw_photo

CROP = FaceCrop(points=LANDMARKS_IN_BOX, turned=True, least_px=16, trusted_px=32)
GREY = np.full((60, 60, 3), 90, np.uint8)


def test_faces_come_from_left_to_right_with_their_boxes():
    places = [(200, 40, 260, 100), (20, 120, 80, 180), (110, 10, 170, 70)]
    photo = draw_photo([(GREY, place) for place in places], width=300, height=200)
    found = find_faces(photo, FramedFaces(), CROP, side=48)
    assert [face.box for face in found] == [places[1], places[2], places[0]]
    for face in found:
        assert isinstance(face.cut, CutFace) and face.cut.pixels.shape == (48, 48, 3)
        assert face.covers == pytest.approx(60 * 60 / (300 * 200), rel=0.02)


def test_a_face_that_cannot_be_used_keeps_its_place():
    photo = draw_photo([(GREY, (10, 10, 20, 20)), (GREY, (100, 40, 160, 100))], width=300, height=200)
    small, good = find_faces(photo, FramedFaces(), CROP, side=48)
    assert "too small" in str(small.cut) and isinstance(good.cut, CutFace)


def test_an_empty_picture_has_no_face():
    assert find_faces(np.zeros((10, 10, 3), np.uint8), FramedFaces(), CROP, side=48) == []


def test_the_share_of_a_face_that_fills_the_picture_counts_what_is_within():
    photo = np.zeros((100, 100, 3), np.uint8)

    class Beyond:
        name, digest = "beyond", "0" * 64

        def detect(self, frame):
            box = np.array([[-20, -20, 120, 120]], np.float32)
            return Detections(box, np.ones(1, np.float32), None)

    (face,) = find_faces(photo, Beyond(), CROP, side=48)
    assert face.covers == 1
