"""Photos with the boxes of the faces that were answered in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any

from affekt.core.answers.prediction import Prediction
from affekt.core.errors import MediaError
from affekt.report.timeline.media import Pictures, as_jpeg, reduced

PHOTOS = 12  # that are shown whole; faces of further ones are shown alone
ROWS = 720  # pixels of such a photo
NARROW = 7.0  # per cent of the photo's width; narrower boxes have no room for a label


def describe_photos(predictions: Sequence[Prediction], pictures: Pictures) -> Iterator[dict[str, Any]]:
    """Values for the photos of the page, one by one; a photo that cannot be read is left out.

    Args:
        predictions: Those that are drawn, in their order on the page.
    """
    faces: dict[str, list[tuple[int, Prediction]]] = {}
    for place, prediction in enumerate(predictions, 1):
        if prediction.box is not None:
            faces.setdefault(prediction.source, []).append((place, prediction))
    for source, answered in list(faces.items())[:PHOTOS]:
        try:
            pixels = pictures.read(source)
        except MediaError:
            continue  # each of its faces says so
        height, width = pixels.shape[:2]
        yield {
            "name": PurePath(source).name,
            "picture": as_jpeg(reduced(pixels, rows=ROWS)),
            "faces": [_face(place, prediction, width, height) for place, prediction in answered],
        }


def _face(place: int, prediction: Prediction, width: int, height: int) -> dict[str, Any]:
    """A box in per cent of the photo, with a link to its place on the page."""
    left, top, right, bottom = prediction.box or (0.0, 0.0, 0.0, 0.0)
    across = 100 * (right - left) / width
    return {
        "answer": prediction,
        "href": f"#clip-{place}",
        "place": f"left: {100 * left / width:.2f}%; top: {100 * top / height:.2f}%; "
        f"width: {across:.2f}%; height: {100 * (bottom - top) / height:.2f}%",
        "is_narrow": across < NARROW,
    }
