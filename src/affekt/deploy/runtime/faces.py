"""Faces in the pictures that are given to `predict`: each face of a photo becomes a sample of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Literal, get_args

from affekt.assets.errors import MissingAsset
from affekt.core.answers.prediction import FACE
from affekt.core.errors import AffektError, UsageError
from affekt.core.notes import collect_notes
from affekt.core.sample import Preprocess, Sample, Skipped
from affekt.media.detection import Detector, open_detector
from affekt.media.faces import FILLS, FoundFace, TakesFaces, face_side, find_faces
from affekt.media.image import image_of, resize
from affekt.media.image.face_crop import has_aspect_of_crop, looks_like_photo
from affekt.media.kinds import head_of, kind_of

FaceMode = Literal["auto", "whole", "detect"]
FACE_MODES: tuple[FaceMode, ...] = get_args(FaceMode)
DETECTOR = "centerface"
# Longer side of a picture that is searched: in it, faces of 22 pixels are found; it takes four times as long
# as 640 pixels (benchmarks/results/face_photos.md).
LONGEST_PX = 1280
# Shorter side from which pictures of the size of a crop are searched as well. Common data sets of crops have
# at most 224 pixels, and a search takes ten times as long as an answer.
SEARCHED_PX = 256
# Least height of the only face of a crop, as a share of the shorter side. Boxes of CenterFace have nine
# tenths of the height of crops of FER2013 (benchmarks/results/face_crops.md): below, it is twice as loose.
LOOSEST = 0.4
WHOLE = "--faces whole (faces='whole') answers the whole picture as one face"
FILLED = "the face fills the picture: the whole picture is answered"
VIDEO = "faces in a video are answered by affekt analyze"
_COMMAND = "affekt assets get"

# Opens a detector, when the first picture is searched.
OpenDetector = Callable[[], Detector]


def check_faces(faces: str, preprocess: Preprocess) -> FaceMode:
    """The mode in which a network's pictures are searched.

    Raises:
        UsageError: There is no such mode, or the network takes no faces.
    """
    if faces not in FACE_MODES:
        raise UsageError(f"faces must be one of {', '.join(FACE_MODES)}; found {faces!r}")
    if faces != "auto" and not isinstance(preprocess, TakesFaces):
        raise UsageError(f"faces = {faces}: this network takes no pictures of faces; leave it out")
    return faces


def with_faces(
    samples: Iterable[Sample | Skipped],
    preprocess: Preprocess,
    *,
    faces: str = "auto",
    detector: Detector | OpenDetector | None = None,
) -> Iterator[Sample | Skipped]:
    """Samples whose pictures are faces: those that are photos are replaced by the faces in them.

    Faces are numbered from left to right, `photo.jpg#face-1` first; one that is left out keeps its number
    and is `Skipped` with the reason. A picture without a face is `Skipped`.

    In mode `auto`, pictures whose size is that of a crop are answered as they are, except larger ones in
    which the detector finds several faces, or a single small one. `whole` searches none, `detect` all.

    Args:
        detector: A detector, or a function that opens one. Default: CenterFace. In mode `auto`, if it is not
            on this computer, photos are `Skipped` with the command that gets it.

    Raises:
        UsageError: Raised before anything is read: the mode does not exist, or the network takes no faces.
        MissingAsset: The mode is `detect`, and the default detector is not on this computer.
    """
    mode = check_faces(faces, preprocess)
    if mode == "whole" or not isinstance(preprocess, TakesFaces):
        return iter(samples)
    opened = _opener(detector)
    if mode == "detect":
        opened()
    return _Search(preprocess, mode, opened).each(samples)


@dataclass(frozen=True)
class _Search:
    preprocess: TakesFaces
    mode: FaceMode
    open_detector: OpenDetector

    def each(self, samples: Iterable[Sample | Skipped]) -> Iterator[Sample | Skipped]:
        for sample in samples:
            if isinstance(sample, Skipped) or "image" not in sample.media:
                yield sample
                continue
            try:
                yield from self.faces_in(sample)
            except AffektError as error:
                yield Skipped(sample.id, f"{error}{_advice(sample.media['image'])}")

    def faces_in(self, sample: Sample) -> list[Sample | Skipped]:
        """The samples that a picture stands for: itself, or its faces."""
        with collect_notes() as notes:
            pixels = image_of(sample)
        height, width = pixels.shape[:2]
        is_photo = self.mode == "detect" or looks_like_photo(width, height)
        read = _noted(sample, tuple(notes))
        if not is_photo and min(height, width) < SEARCHED_PX:
            # Decoded once. Larger pictures are decoded again, so that a batch of them does not fill memory.
            return [replace(read, media={**sample.media, "image": pixels})]
        try:
            detector = self.open_detector()
        except MissingAsset:
            if is_photo:
                return [Skipped(sample.id, _unsearched(width, height))]
            note = f"the picture was not searched for faces: {_COMMAND} {DETECTOR} gets the detector"
            return [_noted(sample, (note,))]
        side = face_side(self.preprocess)
        found = find_faces(pixels, detector, self.preprocess.face_crop, side=side)
        if not is_photo and _is_crop(found, min(height, width)):
            return [_noted(sample, _doubts(found))]
        is_filled = (
            len(found) == 1
            and found[0].covers >= FILLS
            and found[0].is_upright
            and has_aspect_of_crop(width, height)
        )
        if self.mode == "auto" and is_filled:
            whole = resize(pixels, side, side)
            return [_noted(replace(read, media={**sample.media, "image": whole}), (FILLED,))]
        if not found:
            reason = f"no face was found in {width} x {height} pixels (detector {detector.name}); {WHOLE}"
            return [Skipped(sample.id, reason)]
        return [self.sample_of(read, number, face) for number, face in enumerate(found, 1)]

    def sample_of(self, sample: Sample, number: int, face: FoundFace) -> Sample | Skipped:
        name = f"{sample.id}{FACE}{number}"
        if isinstance(face.cut, str):
            return Skipped(name, face.cut)
        facts = {**sample.facts, "box": face.box, "trust": face.cut.trust}
        media = {**sample.media, "image": face.cut.pixels}
        return _noted(replace(sample, id=name, media=media, facts=facts), face.cut.notes)


def named_detector(name: str, threads: int | None) -> OpenDetector:
    """Opens a detector of `media.detection` with the settings that suit photos.

    Args:
        name: As `open_detector` takes it.
        threads: Processor cores that it may use.
    """
    return partial(open_detector, name, longest_px=LONGEST_PX, threads=threads)


def _opener(detector: Detector | OpenDetector | None) -> OpenDetector:
    """A function that opens the detector at its first call."""
    if isinstance(detector, Detector) and not isinstance(detector, type):  # classes are opened as well
        return lambda: detector
    if detector is not None:
        return lru_cache(maxsize=1)(detector)
    return partial(_default_detector, os.getpid())


@lru_cache(maxsize=1)
def _default_detector(process: int) -> Detector:
    return open_detector(DETECTOR, longest_px=LONGEST_PX)


def _is_crop(found: list[FoundFace], shorter: int) -> bool:
    """Whether a picture of the size of a crop is one: no face is found in it, or one that is not small."""
    answered = [face for face in found if not isinstance(face.cut, str)]
    if len(answered) > 1 or not all(face.is_upright for face in answered):
        return False
    return not answered or answered[0].box[3] - answered[0].box[1] >= LOOSEST * shorter


def _doubts(found: list[FoundFace]) -> tuple[str, ...]:
    """What a picture that is answered as a crop is noted for: no face was found that would be answered."""
    if any(not isinstance(face.cut, str) for face in found):
        return ()
    why = next((f"a face was found in it, but {face.cut}" for face in found), "no face was found in it")
    return (f"{why}: it is answered as a face crop, because it has the size of one",)


def _noted(sample: Sample, notes: tuple[str, ...]) -> Sample:
    if not notes:
        return sample
    return replace(sample, facts={**sample.facts, "notes": (*sample.facts.get("notes", ()), *notes)})


def _unsearched(width: int, height: int) -> str:
    return (
        f"{width} x {height} pixels look like a whole photo, and the detector of faces is not on this "
        f"computer: {_COMMAND} {DETECTOR} gets it; {WHOLE}"
    )


def _advice(picture: object) -> str:
    """What to do with a file that is a video."""
    kind = kind_of(head_of(picture)) if isinstance(picture, Path) else None
    return f"; {VIDEO}" if kind is not None and kind.medium == "video" else ""
