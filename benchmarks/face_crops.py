"""How faces are cut for compact_face, and how far answers to bad faces can be trusted.

    python benchmarks/face_crops.py --data-root DIR

DIR is FER2013. Its faces are 48 x 48 pixels, without the picture around them: here they are surrounded by
their repeated edge and enlarged, so that CenterFace (`affekt assets get centerface`) finds them. The places
of its landmarks are measured on training faces, limits of trust on validation faces, and the table of faces
that were found and cut again on test faces.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from limits import Doing, Limits
from PIL import Image
from timing import as_table, write_report

from affekt.core.answers.prediction import Prediction
from affekt.core.sample import Sample
from affekt.data.open import open_dataset
from affekt.deploy.runtime.predictor import Predictor
from affekt.media.detection import open_detector
from affekt.media.faces.crop import FaceCrop, cut_face
from affekt.media.faces.limits import turn_of
from affekt.media.image import image_of, resize
from affekt.starters.find import FOLDER as STARTERS

OUTPUT = Path(__file__).parent / "results" / "face_crops.md"
BUNDLE = STARTERS / "compact_face"
SIDE = 48  # pixels of a face of FER2013
AROUND = 16  # pixels of repeated edge on each side
ENLARGED = 3
PICTURE = (SIDE + 2 * AROUND) * ENLARGED
CHANCE = 1 / 7
NAMES = ("right eye", "left eye", "nose", "right corner of the mouth", "left corner of the mouth")
DRAWS = 2000  # of the bootstrap

Change = Callable[[np.ndarray], np.ndarray]


def faces_of(data_root: Path, split: str, count: int) -> tuple[list[np.ndarray], list[str]]:
    """Random faces (48, 48, 3) of a split, and their original labels."""
    corpus = open_dataset("fer2013", data_root, {"labels": "original"})
    samples = [sample for sample in corpus.samples if sample.split == split]
    chosen = np.random.default_rng(0).permutation(len(samples))[:count]
    used = [samples[place] for place in sorted(chosen.tolist())]
    return [image_of(sample) for sample in used], [str(sample.label) for sample in used]


def as_picture(face: np.ndarray) -> np.ndarray:
    """A larger picture around a face, (PICTURE, PICTURE, 3)."""
    wide = np.pad(face, ((AROUND, AROUND), (AROUND, AROUND), (0, 0)), mode="edge")
    return np.asarray(Image.fromarray(wide).resize((PICTURE, PICTURE), Image.Resampling.BICUBIC))


class Found:
    """The largest detection in the picture around each face.

    Attributes:
        detected: By the place of the face: box (4,) and landmarks (5, 2) in its picture.
    """

    def __init__(self, faces: Sequence[np.ndarray]) -> None:
        detector = open_detector("centerface", threads=1)
        self.faces = faces
        self.detected: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        for place, face in enumerate(faces):
            found = detector.detect(as_picture(face))
            if len(found.boxes) and found.landmarks is not None:
                largest = int((found.boxes[:, 2:] - found.boxes[:, :2]).prod(axis=1).argmax())
                self.detected[place] = found.boxes[largest], found.landmarks[largest]

    @property
    def places(self) -> list[int]:
        """Those that were found."""
        return list(self.detected)

    def landmarks_of(self, place: int) -> np.ndarray:
        return self.detected[place][1]

    def cut(self, place: int, crop: FaceCrop) -> np.ndarray | None:
        """A face as `predict` would cut it."""
        cut = cut_face(as_picture(self.faces[place]), *self.detected[place], crop, side=SIDE)
        return None if isinstance(cut, str) else cut.pixels

    def in_shares(self) -> np.ndarray:
        """(n, 5, 2): landmarks in shares of the original face."""
        points = np.stack([landmarks for _, landmarks in self.detected.values()])
        return (points / ENLARGED - AROUND) / SIDE

    def in_boxes(self) -> np.ndarray:
        """(n, 5, 2): landmarks in shares of their boxes."""
        boxes, points = (np.stack(part) for part in zip(*self.detected.values(), strict=True))
        return (points - boxes[:, None, :2]) / (boxes[:, None, 2:] - boxes[:, None, :2])


def is_right(predictor: Predictor, faces: Sequence[np.ndarray], labels: Sequence[str]) -> np.ndarray:
    """(n,) float: 1 where the answer to a face is its label."""
    samples = (Sample(str(number), {"image": face}) for number, face in enumerate(faces))
    answers = zip(predictor.answers(samples), labels, strict=True)
    return np.array(
        [isinstance(answer, Prediction) and answer.label == label for answer, label in answers], float
    )


def difference(one: np.ndarray, other: np.ndarray) -> str:
    """Mean paired difference in points, with its 95 % interval by bootstrap."""
    change = 100 * (one - other)
    drawn = np.random.default_rng(0).integers(0, len(change), (DRAWS, len(change)))
    low, high = np.quantile(change[drawn].mean(axis=1), [0.025, 0.975])
    return f"{change.mean():+.1f} ({low:+.1f} to {high:+.1f})"


def kept_trust(changed: float, whole: float) -> str:
    """The share of the accuracy above chance that remains."""
    return f"{(changed - CHANCE) / (whole - CHANCE):.2f}"


# ---- the places of landmarks


def places(data_root: Path, count: int) -> Iterator[tuple[str, ...] | Doing]:
    """A row for each landmark."""
    yield Doing("detection in training faces")
    faces, _ = faces_of(data_root, "train", count)
    found = Found(faces)
    shares, boxes = found.in_shares(), found.in_boxes()
    yield ("found", f"{len(found.places)} of {len(faces)}", "", "")
    for number, name in enumerate(NAMES):
        yield (
            name,
            ", ".join(f"{value:.3f}" for value in np.median(shares[:, number], axis=0)),
            ", ".join(f"{value:.3f}" for value in shares[:, number].std(axis=0)),
            ", ".join(f"{value:.3f}" for value in np.median(boxes[:, number], axis=0)),
        )
    across = shares[:, 1] - shares[:, 0]
    roll = np.degrees(np.arctan2(across[:, 1], across[:, 0]))
    spread = ", ".join(f"{value:.1f}" for value in np.quantile(roll, [0.025, 0.25, 0.5, 0.75, 0.975]))
    yield ("inclination of the eyes in degrees, quantiles .025 .25 .5 .75 .975", spread, "", "")


# ---- faces that are found and cut again


def zoomed(crop: FaceCrop, zoom: float) -> FaceCrop:
    """A crop in which faces are larger."""
    points = (np.array(crop.points) - 0.5) * zoom + 0.5
    return FaceCrop.model_validate({**crop.model_dump(), "points": points.tolist()})


def cut_again(
    bundle: Path, data_root: Path, split: str, count: int, crops: dict[str, FaceCrop]
) -> Iterator[tuple[str, ...] | Doing]:
    """A row for each way to cut."""
    predictor = Predictor.open(bundle, backend="onnxruntime", threads=1)
    yield Doing(f"detection in {split} faces")
    faces, labels = faces_of(data_root, split, count)
    found = Found(faces)
    as_they_are = is_right(predictor, faces, labels)
    for name, crop in crops.items():
        yield Doing(name)
        tried = {place: found.cut(place, crop) for place in found.places}
        cuts = {place: cut for place, cut in tried.items() if cut is not None}
        used = list(cuts)
        whole = as_they_are[used]
        again = is_right(predictor, list(cuts.values()), [labels[place] for place in used])
        yield (
            name,
            f"{len(used)} of {len(faces)}",
            f"{whole.mean():.3f}",
            f"{again.mean():.3f}",
            difference(again, whole),
        )


# ---- limits of trust


def reduced(side: int) -> Change:
    """A small face, enlarged as `cut_face` does it."""

    def change(face: np.ndarray) -> np.ndarray:
        small = Image.fromarray(resize(face, side, side))
        return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC))

    return change


def inclined(degrees: float) -> Change:
    def change(face: np.ndarray) -> np.ndarray:
        wide = Image.fromarray(np.pad(face, ((24, 24), (24, 24), (0, 0)), mode="edge"))
        turned = wide.rotate(degrees, Image.Resampling.BICUBIC)
        return np.asarray(turned)[24:-24, 24:-24]

    return change


def cut_off(share: float, edge: str) -> Change:
    """Repeats the last column or row that is within the picture."""
    lost = round(share * SIDE)

    def change(face: np.ndarray) -> np.ndarray:
        if edge == "left":
            return np.pad(face[:, lost:], ((0, 0), (lost, 0), (0, 0)), mode="edge")
        if edge == "top":
            return np.pad(face[lost:], ((lost, 0), (0, 0), (0, 0)), mode="edge")
        return np.pad(face[:-lost], ((0, lost), (0, 0), (0, 0)), mode="edge")

    return change


def changes() -> dict[str, list[Change]]:
    """What is done to faces; of several changes the mean accuracy counts."""
    return {
        **{f"{side} pixels a side": [reduced(side)] for side in (40, 36, 32, 28, 24, 20, 18, 16, 12)},
        **{
            f"inclined by {angle} degrees": [inclined(angle), inclined(-angle)]
            for angle in (10, 15, 20, 30, 40, 50, 60)
        },
        **{
            f"{share:.0%} beyond the {edge} edge": [cut_off(share, edge)]
            for edge in ("left", "top", "bottom")
            for share in (0.1, 0.2, 0.3, 0.4, 0.5)
        },
    }


def trust(bundle: Path, data_root: Path, count: int) -> Iterator[tuple[str, ...] | Doing]:
    """A row for each change of validation faces."""
    predictor = Predictor.open(bundle, backend="onnxruntime", threads=1)
    faces, labels = faces_of(data_root, "validation", count)
    whole = is_right(predictor, faces, labels).mean()
    yield ("as they are", str(len(faces)), f"{whole:.3f}", "1.00")
    for name, several in changes().items():
        yield Doing(name)
        scores = [is_right(predictor, [one(face) for face in faces], labels).mean() for one in several]
        changed = float(np.mean(scores))
        yield (name, str(len(faces)), f"{changed:.3f}", kept_trust(changed, whole))


def turned_aside(bundle: Path, data_root: Path, count: int) -> Iterator[tuple[str, ...] | Doing]:
    """Accuracy on validation faces by how far their heads are turned."""
    predictor = Predictor.open(bundle, backend="onnxruntime", threads=1)
    faces, labels = faces_of(data_root, "validation", count)
    yield Doing("detection in validation faces")
    found = Found(faces)
    right = is_right(predictor, faces, labels)
    turn = np.array([turn_of(found.landmarks_of(place)) for place in found.places])
    scores = right[found.places]
    frontal = scores[turn < 0.2].mean()
    for low, high in ((0, 0.2), (0.2, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 1.2), (1.2, np.inf)):
        chosen = scores[(turn >= low) & (turn < high)]
        if len(chosen):
            error = np.sqrt(chosen.mean() * (1 - chosen.mean()) / len(chosen))
            yield (
                f"{low:.0%} to {high:.0%}" if np.isfinite(high) else f"{low:.0%} and more",
                str(len(chosen)),
                f"{chosen.mean():.3f} ± {1.96 * error:.3f}",
                kept_trust(chosen.mean(), frontal),
            )


READING = """\
CenterFace in faces of FER2013 ({side} x {side} pixels) that are surrounded by {around} pixels of their
repeated edge on each side and enlarged {enlarged} times; network `{bundle}`, scores against the original
labels. What is cut beyond a face's own {side} pixels is repeated edge here, and would be hair and background
in a photo: the table of faces that were cut again shows what alignment and a second sampling cost at most.

Trust is the share of the accuracy above chance (1/7) that remains."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data-root", type=Path, required=True, help="FER2013")
    parser.add_argument("--bundle", type=Path, default=BUNDLE)
    parser.add_argument("--faces", type=int, default=1200, help="validation faces; twice as many of test")
    parser.add_argument("--turned", type=int, default=2400, help="faces of the table of turned heads")
    parser.add_argument("--changed", type=int, default=800, help="faces of the table of trust")
    parser.add_argument("--trust-only", action="store_true", help="changed faces alone, to face_trust.md")
    Limits.add_to(parser)
    given = parser.parse_args()
    limits = Limits.of(given)
    if given.trust_only:
        rows = limits.run("trust", partial(trust, given.bundle, given.data_root, given.changed))
        columns = ("faces", "number", "accuracy", "trust")
        head = "# How far answers to bad faces can be trusted"
        write_report(OUTPUT.with_name("face_trust.md"), [head, "", *as_table(columns, rows), *limits.lines()])
        limits.check()
        return
    crop = Predictor.open(given.bundle, backend="onnxruntime", threads=1).preprocess.face_crop  # type: ignore[attr-defined]
    # Faces of these sizes are all cut, however far they are turned or cut off.
    crop = crop.model_copy(update={"least_px": 1, "trusted_px": 1})
    ways = {
        "as stated": crop,
        **{f"{100 * zoom:.0f} % as large": zoomed(crop, zoom) for zoom in (0.94, 1.06)},
        "as stated, but moved and scaled only": crop.model_copy(update={"turned": False}),
    }
    chosen = {"as stated": crop}
    again = (cut_again, given.bundle, given.data_root)
    rows = {
        "places": limits.run("places", partial(places, given.data_root, 1000)),
        "validation": limits.run("cut again, validation", partial(*again, "validation", given.faces, ways)),
        "test": limits.run("cut again, test", partial(*again, "test", 2 * given.faces, chosen)),
        "turned": limits.run("turned", partial(turned_aside, given.bundle, given.data_root, given.turned)),
        "trust": limits.run("trust", partial(trust, given.bundle, given.data_root, given.changed)),
    }
    reading = READING.format(side=SIDE, around=AROUND, enlarged=ENLARGED, bundle=given.bundle.name)
    cut_columns = ("cut", "faces", "accuracy of the original crops", "of the faces cut again", "difference")
    write_report(
        OUTPUT,
        [
            "# How faces are cut, and how far answers to bad faces can be trusted",
            "",
            reading,
            "",
            "## Where landmarks lie in training faces",
            "",
            *as_table(
                ("", "median x, y in shares of the face", "spread", "median in shares of the box"),
                rows["places"],
            ),
            "",
            "## Faces that were found and cut again",
            "",
            "Validation faces, differences in points, paired:",
            "",
            *as_table(cut_columns, rows["validation"]),
            "",
            "Test faces:",
            "",
            *as_table(cut_columns, rows["test"]),
            "",
            "## Trust",
            "",
            "Validation faces that were changed:",
            "",
            *as_table(("faces", "number", "accuracy", "trust"), rows["trust"]),
            "",
            "Validation faces as they are, by the place of the nose on the way from between the eyes (0 %) "
            "to below an eye (100 %); trust in relation to less than 20 %:",
            "",
            *as_table(("turned aside", "number", "accuracy", "trust"), rows["turned"]),
            *limits.lines(),
        ],
    )
    limits.check()


if __name__ == "__main__":
    main()
