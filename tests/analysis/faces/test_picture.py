"""Faces of a photo, and the stages that a photo has."""

from pathlib import Path

import numpy as np
import pytest

from affekt.analysis.faces import FaceSettings
from affekt.analysis.faces import picture as module
from affekt.analysis.faces.picture import find_in_picture
from affekt.analysis.found import OpenMedium
from affekt.analysis.networks import Networks
from affekt.analysis.settings import AnalysisSettings
from affekt.analysis.stages import FACES, VOICES, WORDS, Given, stages_of
from affekt.core.timeline.parts import Medium


@pytest.fixture
def photo():
    pixels = np.full((180, 320, 3), 140, np.uint8)
    medium = Medium(path="p.png", duration_s=0.0, width=320, height=180)
    return OpenMedium(medium, Path("p.png"), None, None, picture=pixels)


def test_a_face_without_an_answer_keeps_its_box_so_that_it_can_be_blurred(
    photo, predictor, fixed, monkeypatch
):
    detector = fixed([0.1, 0.2, 0.4, 0.8], [0.9, 0.5, 0.91, 0.52])  # the second one is too small
    monkeypatch.setattr(module, "named_detector", lambda name, threads: lambda: detector)
    found = find_in_picture(photo, predictor, FaceSettings())
    assert [track.boxes[0][1:5] for track in found.tracks] == [pytest.approx((0.1, 0.2, 0.4, 0.8), abs=1e-4)]
    assert [box[1:5] for box in found.other_faces] == [pytest.approx((0.9, 0.5, 0.91, 0.52), abs=1e-4)]
    assert len(found.missing) == 1


def test_words_and_voices_are_not_looked_for_in_a_photo_of_faces(photo, predictor):
    def names(*roles):
        networks = Networks(by_role={role: (predictor,) for role in roles})
        given = Given(photo, networks, AnalysisSettings(), None, None, lambda *done: None)
        return [stage.name for stage in stages_of(given)]

    assert names("face", "voice", "words") == [FACES]
    assert names("voice", "words") == [WORDS, VOICES]  # they say why there are none
