"""The faces of a photo."""

from __future__ import annotations

from affekt.analysis.faces.settings import FaceSettings
from affekt.analysis.found import Found, OpenMedium
from affekt.core.answers.prediction import Prediction
from affekt.core.errors import UsageError
from affekt.core.sample import Sample
from affekt.core.timeline.parts import Box, Missing, Span, Track
from affekt.deploy.runtime.faces import named_detector
from affekt.deploy.runtime.predictor import Predictor
from affekt.media.faces import FoundFace, TakesFaces, face_side, find_faces

NO_FACE = "no face was found in the picture (detector {})"


def find_in_picture(medium: OpenMedium, predictor: Predictor, settings: FaceSettings) -> Found:
    """A track for each face of a photo, from left to right, with one span and one box at time 0.

    Of a face without an answer the box is kept among `other_faces`.

    Photos are searched as `affekt predict` searches them, at a larger size than frames of videos: their faces
    are smaller, and there is one picture only.

    Raises:
        UsageError: The medium is no picture, or the network takes no faces.
        AffektError: The detector is missing or damaged.
    """
    preprocess, picture = predictor.preprocess, medium.picture
    if picture is None or not isinstance(preprocess, TakesFaces):
        raise UsageError(f"{medium.path} is no picture, or {predictor!r} takes no faces")
    detector = named_detector(settings.detector, None)()
    faces = find_faces(picture, detector, preprocess.face_crop, side=face_side(preprocess))
    if not faces:
        return Found(missing=(Missing(modality="face", reason=NO_FACE.format(detector.name)),))
    answers = predictor.answers(
        [_sample(number, face) for number, face in enumerate(faces, 1) if not isinstance(face.cut, str)]
    )
    cut = iter(answers)
    tracks: list[Track] = []
    others: list[Box] = []
    missing: list[Missing] = []
    height, width = picture.shape[:2]
    for number, face in enumerate(faces, 1):
        answer = None if isinstance(face.cut, str) else next(cut)
        if isinstance(answer, Prediction):
            tracks.append(_track(number, answer, _box(face, width, height)))
        else:
            others.append(_box(face, width, height))
            reason = answer.reason if answer is not None else face.cut
            missing.append(Missing(modality="face", reason=f"face {number} from the left: {reason}"))
    return Found(tracks=tuple(tracks), other_faces=tuple(others), missing=tuple(missing))


def _sample(number: int, face: FoundFace) -> Sample:
    cut = face.cut
    assert not isinstance(cut, str)
    facts = {"trust": cut.trust, "notes": cut.notes}
    return Sample(id=f"face-{number}", media={"image": cut.pixels}, facts=facts)


def _box(face: FoundFace, width: int, height: int) -> Box:
    left, top, right, bottom = face.box
    return Box(0.0, left / width, top / height, right / width, bottom / height, face.score)


def _track(number: int, answer: Prediction, box: Box) -> Track:
    span = Span(
        start_s=0.0,
        end_s=0.0,
        label=answer.label,
        scores=dict(answer.scores),
        confidence=answer.confidence,
        notes=answer.notes,
    )
    return Track(
        id=f"face-{number}",
        modality="face",
        person=f"F{number}",
        spans=(span,),
        boxes=(box,),
    )
