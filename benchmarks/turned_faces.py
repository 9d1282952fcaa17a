"""Which faces CenterFace finds: faces that lie or are upside down, and pictures that are a face crop.

    python benchmarks/turned_faces.py --data-root DIR

DIR is FER2013, whose validation faces are turned, and searched as photos and frames of videos are. Two
minutes on one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from face_crops import BUNDLE, CHANCE, ENLARGED, PICTURE, SIDE, faces_of, is_right
from limits import Doing, Limits
from PIL import Image
from timing import as_table, write_report

from affekt.deploy.runtime.predictor import Predictor
from affekt.media.detection import open_detector
from affekt.media.faces import CutFace, FaceCrop, cut_face, find_faces
from affekt.media.faces import limits as face_limits

OUTPUT = Path(__file__).parent / "results" / "turned_faces.md"
AROUND = 40  # pixels of repeated edge, so that no corner of the turned picture is empty
ANGLES = (0, 30, 45, 60, 90, 135, 180)
SIDES = (48, 96, 128, 224, 256, 400)


def turned(face: np.ndarray, degrees: float) -> np.ndarray:
    """A picture (PICTURE, PICTURE, 3) with a face that is turned clockwise."""
    wide = Image.fromarray(np.pad(face, ((AROUND, AROUND), (AROUND, AROUND), (0, 0)), mode="edge"))
    large = wide.resize((wide.width * ENLARGED, wide.height * ENLARGED), Image.Resampling.BICUBIC)
    edge = (large.width - PICTURE) // 2
    rotated = np.asarray(large.rotate(-degrees, Image.Resampling.BICUBIC))
    return np.ascontiguousarray(rotated[edge : edge + PICTURE, edge : edge + PICTURE])


def largest(cuts: list[tuple[float, CutFace | str]]) -> np.ndarray | None:
    """Pixels of the largest face, if it is not left out."""
    cut = max(cuts, key=lambda it: it[0])[1] if cuts else "none"
    return None if isinstance(cut, str) else cut.pixels


def height(box: object) -> float:
    _, top, _, bottom = np.asarray(box, float)
    return float(bottom - top)


def by_angle(data_root: Path, count: int) -> Iterator[tuple[str, ...] | Doing]:
    """A row for each angle and way to search."""
    predictor = Predictor.open(BUNDLE, backend="onnxruntime", threads=1)
    crop: FaceCrop = predictor.preprocess.face_crop  # type: ignore[attr-defined]
    face_limits.LYING_DEG = (360.0, 361.0)  # nothing is left out here: what is measured sets the limits
    faces, labels = faces_of(data_root, "validation", count)
    detector = open_detector("centerface", threads=1)

    def once(picture: np.ndarray) -> np.ndarray | None:
        found = detector.detect(picture)
        points = found.landmarks if found.landmarks is not None else [None] * len(found.boxes)
        return largest(
            [
                (height(box), cut_face(picture, box, own, crop, side=SIDE))
                for box, own in zip(found.boxes, points, strict=True)
            ]
        )

    def again(picture: np.ndarray) -> np.ndarray | None:
        return largest([(height(it.box), it.cut) for it in find_faces(picture, detector, crop, side=SIDE)])

    upright: dict[int, float] = {}
    for angle in ANGLES:
        for way, search in (("as a frame of a video", once), ("as a photo", again)):
            yield Doing(f"{angle} degrees, {way}")
            cuts = {place: search(turned(face, angle)) for place, face in enumerate(faces)}
            cuts = {place: cut for place, cut in cuts.items() if cut is not None}
            right = is_right(predictor, list(cuts.values()), [labels[place] for place in cuts])  # type: ignore[arg-type]
            if not upright:
                upright = dict(zip(cuts, right.tolist(), strict=True))
            both = [
                (upright[place], value) for place, value in zip(cuts, right, strict=True) if place in upright
            ]
            before, after = np.mean(both, axis=0)
            trust = (after - CHANCE) / (before - CHANCE)
            yield (
                f"{angle} degrees", way, f"{len(cuts)} of {len(faces)}",
                f"{before:.3f}", f"{after:.3f}", f"{trust:.2f}",
            )  # fmt: skip


def by_side(data_root: Path, count: int) -> Iterator[tuple[str, ...] | Doing]:
    """A row for each size of a face crop."""
    faces, _ = faces_of(data_root, "validation", count)
    detector = open_detector("centerface", threads=1)
    for side in SIDES:
        yield Doing(f"{side} pixels")
        pictures = (
            np.asarray(Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC)) for face in faces
        )
        found = sum(len(detector.detect(picture).boxes) > 0 for picture in pictures)
        yield (f"{side} x {side}", f"{found} of {len(faces)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data-root", type=Path, required=True, help="FER2013")
    parser.add_argument("--faces", type=int, default=250)
    Limits.add_to(parser)
    given = parser.parse_args()
    limits = Limits.of(given)
    angles = limits.run("angles", partial(by_angle, given.data_root, given.faces))
    sides = limits.run("sizes", partial(by_side, given.data_root, given.faces))
    columns = ("turned by", "searched", "faces found", "accuracy upright", "accuracy turned", "trust")
    write_report(
        OUTPUT,
        [
            "# Which faces CenterFace finds",
            "",
            f"Validation faces of FER2013, surrounded by their repeated edge and enlarged {ENLARGED} times, "
            f"turned clockwise, and answered by `{BUNDLE.name}`. Both accuracies are of the faces that are "
            "found turned and upright, with the original labels; trust is the share above chance (1/7) that "
            "remains. Frames of videos are searched once and faces cut by the landmarks found; photos are "
            "searched again, turned by quarters, where a face is turned by more than 45 degrees.",
            "",
            *as_table(columns, angles),
            "",
            "The same faces without anything around them, enlarged to the size of a picture:",
            "",
            *as_table(("pixels", "a face is found in"), sides),
            *limits.lines(),
        ],
    )
    limits.check()


if __name__ == "__main__":
    main()
