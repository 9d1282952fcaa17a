"""Faces that are found in photos, boxes where there are none, and the time of a photo.

    pip install --no-deps --target DIR scikit-image==0.26.0 insightface==2.1 ultralytics==8.4.190
    python benchmarks/face_photos.py --photos DIR

The packages carry pictures of people for their own tests; none of them is imported. Where their faces are was
marked by hand: a point in each, as shares of width and height.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from limits import Doing, Limits
from timing import as_table, in_turns, machine, write_report

from affekt.core.sample import Sample
from affekt.deploy.runtime.faces import LONGEST_PX
from affekt.deploy.runtime.predictor import Predictor
from affekt.media.detection import Detections, Detector, open_detector
from affekt.media.faces import TakesFaces, cut_face, face_side
from affekt.media.image import read_image, resize
from affekt.starters.find import FOLDER as STARTERS

OUTPUT = Path(__file__).parent / "results" / "face_photos.md"
BUNDLE = STARTERS / "compact_face"
REPEATS = 9
TALL = 0.115  # median height of the faces of the group photo, as a share of its width


class Photo(NamedTuple):
    """A photo of a package, and a point in each face."""

    path: str
    faces: tuple[tuple[float, float], ...] = ()


GROUP = Photo(
    "insightface/data/images/t1.jpg",
    ((0.089, 0.372), (0.251, 0.237), (0.405, 0.381), (0.623, 0.467), (0.749, 0.147), (0.923, 0.377)),
)
PHOTOS = (
    GROUP,
    Photo("skimage/data/astronaut.png", ((0.441, 0.230),)),
    Photo("ultralytics/assets/bus.jpg", ((0.165, 0.412), (0.357, 0.417))),
    Photo("ultralytics/assets/zidane.jpg", ((0.767, 0.269), (0.480, 0.480))),
)
EMPTY = tuple(
    Photo(f"skimage/data/{name}")
    for name in (
        "brick.png", "cell.png", "chelsea.png", "clock_motion.png", "coffee.png", "coins.png", "color.png",
        "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "logo.png", "moon.png",
        "motorcycle_left.png", "page.png", "retina.jpg", "rocket.jpg", "text.png",
    )
)  # fmt: skip
MASKS = tuple(
    Photo(f"insightface/data/images/mask_{color}.jpg") for color in ("black", "blue", "green", "white")
)


class Counted(NamedTuple):
    """Faces that were marked, those of them that were found, and boxes that hold no marked face."""

    marked: int
    found: int
    false: int


def count(found: Detections, photo: Photo, size: tuple[int, int]) -> Counted:
    """A face is found if a box of its own holds its point."""
    height, width = size
    free = list(range(len(found.boxes)))
    hits = 0
    for x, y in photo.faces:
        point = np.array([x * width, y * height])
        holding = [
            place
            for place in free
            if (found.boxes[place, :2] <= point).all() and (point <= found.boxes[place, 2:]).all()
        ]
        if holding:
            hits += 1
            free.remove(holding[0])
    return Counted(len(photo.faces), hits, len(free))


def total(detector: Detector, pictures: Sequence[tuple[Photo, np.ndarray]]) -> Counted:
    """Counts over photos."""
    counts = [count(detector.detect(pixels), photo, pixels.shape[:2]) for photo, pixels in pictures]
    return Counted(*(sum(column) for column in zip(*counts, strict=True)))


def read(folder: Path, photos: Sequence[Photo]) -> list[tuple[Photo, np.ndarray]]:
    return [(photo, read_image(folder / photo.path)) for photo in photos]


def recall(folder: Path) -> Iterator[tuple[str, ...] | Doing]:
    """A row for each set of photos and size of search."""
    for what, photos in (("photos of people", PHOTOS), ("pictures without people", (*EMPTY, *MASKS))):
        pictures = read(folder, photos)
        for longest_px in (640, LONGEST_PX):
            yield Doing(f"{what}, {longest_px} pixels")
            counted = total(open_detector("centerface", longest_px=longest_px, threads=1), pictures)
            yield (
                what,
                str(len(photos)),
                str(longest_px),
                f"{counted.found} of {counted.marked}",
                str(counted.false),
            )


def sizes(folder: Path) -> Iterator[tuple[str, ...] | Doing]:
    """The group photo in smaller sizes, so that its faces have some height."""
    ((photo, pixels),) = read(folder, (GROUP,))
    detector = open_detector("centerface", longest_px=LONGEST_PX, threads=1)
    height, width = pixels.shape[:2]
    for tall in (80, 60, 40, 30, 22, 16, 12, 9):
        columns = round(tall / TALL)
        small = resize(pixels, round(height * columns / width), columns)
        counted = count(detector.detect(small), photo, small.shape[:2])
        yield (f"{tall} pixels", f"{columns}", f"{counted.found} of {counted.marked}", str(counted.false))


def times(folder: Path, bundle: Path) -> Iterator[tuple[str, ...] | Doing]:
    """The steps of the group photo."""
    yield Doing("the group photo")
    predictor = Predictor.open(bundle, backend="onnxruntime", threads=1)
    preprocess = predictor.preprocess
    assert isinstance(preprocess, TakesFaces)
    ((_, pixels),) = read(folder, (GROUP,))
    small, large = (open_detector("centerface", longest_px=px, threads=1) for px in (640, LONGEST_PX))
    found = large.detect(pixels)
    assert found.landmarks is not None
    side = face_side(preprocess)
    cut = partial(cut_face, pixels, found.boxes[0], found.landmarks[0], preprocess.face_crop, side=side)
    face = cut()
    assert not isinstance(face, str)
    sample = Sample("face", {"image": face.pixels})
    timed = in_turns(
        {
            "decode": partial(read_image, folder / GROUP.path),
            "detect, 640 pixels": partial(small.detect, pixels),
            f"detect, {LONGEST_PX} pixels": partial(large.detect, pixels),
            "cut one face": cut,
            "answer one face": lambda: list(predictor.answers([sample], batch_size=1)),
        },
        REPEATS,
        clock=time.process_time,
    )
    for name, taken in timed.items():
        yield (name, taken.milliseconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--photos", type=Path, required=True, help="where the packages are installed")
    parser.add_argument("--bundle", type=Path, default=BUNDLE)
    Limits.add_to(parser)
    given = parser.parse_args()
    limits = Limits.of(given)
    found = limits.run("recall", partial(recall, given.photos))
    by_size = limits.run("sizes", partial(sizes, given.photos))
    taken = limits.run("times", partial(times, given.photos, given.bundle))
    write_report(
        OUTPUT,
        [
            "# Faces in photos",
            "",
            f"{machine()} CenterFace, confidence 0.5, one thread. Photos are searched at a longer side of at "
            "most as many pixels as stated; smaller ones as they are.",
            "",
            "Faces that were found of those that were marked by hand, and boxes without a marked face:",
            "",
            *as_table(("pictures", "number", "longer side", "faces found", "false boxes"), found),
            "",
            "The group photo, reduced so that its faces have this median height:",
            "",
            *as_table(("height of the faces", "width of the photo", "faces found", "false boxes"), by_size),
            "",
            "Processor time of the steps for the group photo of 1280 x 886 pixels, medians of alternating "
            "calls on a busy machine:",
            "",
            *as_table(("step", "time"), taken),
            *limits.lines(),
        ],
    )
    limits.check()


if __name__ == "__main__":
    main()
