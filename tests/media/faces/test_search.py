"""All faces of a picture are found from left to right, each cut or left out with its reason."""

import numpy as np
import pytest

from affekt.media.detection import Detections
from affekt.media.faces import CutFace, FaceCrop, find_faces
from affekt.media.faces.crop import LANDMARKS_IN_BOX
from affekt.media.faces.search import LIES, STANDS_ON_HEAD
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


COLOURS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [0, 255, 255]], np.uint8)


class Dots:
    """Finds the one face whose landmarks are dots of five colours, however the picture is turned."""

    name, digest = "dots", "0" * 64

    def __init__(self, *, most=9):
        self.searched, self.most = 0, most

    def detect(self, frame):
        self.searched += 1
        if self.searched > self.most:
            return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), None)
        places = [np.argwhere((frame == colour).all(axis=2)).mean(axis=0)[::-1] + 0.5 for colour in COLOURS]
        points = np.array(places, np.float32)
        box = np.concatenate([points.min(axis=0) - 20, points.max(axis=0) + 20])
        return Detections(box[None], np.full(1, 0.7, np.float32), points[None])


def dotted_photo():
    """A face at the left, upright."""
    photo = np.zeros((200, 300, 3), np.uint8)
    for (x, y), colour in zip(np.array(CROP.points) * 100 + (20, 50), COLOURS, strict=True):
        photo[round(y) - 3 : round(y) + 4, round(x) - 3 : round(x) + 4] = colour
    return photo


@pytest.mark.parametrize(("quarters", "note"), [(1, LIES), (2, STANDS_ON_HEAD), (3, LIES)])
def test_a_face_that_lies_or_is_upside_down_is_cut_upright_and_noted(quarters, note):
    (upright,) = find_faces(dotted_photo(), Dots(), CROP, side=48)
    turned, detector = np.ascontiguousarray(np.rot90(dotted_photo(), quarters)), Dots()
    (face,) = find_faces(turned, detector, CROP, side=48)
    assert isinstance(face.cut, CutFace) and isinstance(upright.cut, CutFace)
    assert face.cut.notes == (note,) and face.cut.trust == 1 and not face.is_upright
    assert np.array_equal(face.cut.pixels, upright.cut.pixels)
    assert face.box == pytest.approx(Dots().detect(turned).boxes[0].tolist(), abs=0.01)
    assert detector.searched == 2


def test_a_picture_of_an_upright_face_is_searched_once():
    detector = Dots()
    (face,) = find_faces(dotted_photo(), detector, CROP, side=48)
    assert detector.searched == 1 and face.is_upright and isinstance(face.cut, CutFace)
    assert face.cut.notes == ()


def test_an_upside_down_face_that_is_not_found_again_is_left_out():
    (face,) = find_faces(np.ascontiguousarray(dotted_photo()[::-1, ::-1]), Dots(most=1), CROP, side=48)
    assert "upside down" in str(face.cut)
