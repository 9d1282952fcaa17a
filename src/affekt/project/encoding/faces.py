"""Faces of frames as one vector each: the sum over its faces, weighted by their areas."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

import numpy as np

from affekt.core.errors import MediaError
from affekt.media.video import Video
from affekt.project.encoding.encoders import Encoder

SMALLEST = 4  # pixels: smaller boxes hold no face that could be encoded


class FrameFaces(NamedTuple):
    """Faces at t times: vectors (t, d), zero where there is none, and their numbers (t, 1)."""

    vectors: np.ndarray
    counts: np.ndarray


def faces_of_frames(
    connection: sqlite3.Connection,
    item: str,
    video: Video,
    times: np.ndarray,
    encoder: Encoder,
    *,
    normalized: bool,
) -> FrameFaces:
    """Encode the faces that the step `tracks` found, at the searched frame nearest to each time.

    Args:
        times: (t,) seconds.
        normalized: Weights of a frame sum to 1; else they are shares of the frame's area.

    Raises:
        MediaError: The video was not searched for faces.
    """
    tracked = connection.execute(
        "SELECT * FROM tracked WHERE item_id = ? AND what = 'face'", (item,)
    ).fetchone()
    if tracked is None:
        raise MediaError(f"{item} was not searched for faces: affekt project tracks")
    vectors, counts = np.zeros((len(times), encoder.width), np.float32), np.zeros((len(times), 1), np.float32)
    frames = np.rint(times / tracked["step_s"]).astype(int).clip(0, max(0, tracked["frames"] - 1))
    boxes: dict[int, list[sqlite3.Row]] = {}
    for row in connection.execute(
        "SELECT * FROM box WHERE item_id = ? AND what = 'face' ORDER BY track", (item,)
    ):
        boxes.setdefault(row["frame"], []).append(row)
    wanted = [place for place, frame in enumerate(frames) if frame in boxes]
    if not wanted:
        return FrameFaces(vectors, counts)
    at = frames[wanted] * tracked["step_s"]
    numbers = (np.searchsorted(video.times_s, at + 1e-6, side="right") - 1).clip(0)
    for place, picture in zip(wanted, video.read(numbers), strict=True):
        crops, areas = _crops(picture, boxes[frames[place]])
        if crops:
            weights = areas / areas.sum() if normalized else areas / (picture.shape[0] * picture.shape[1])
            vectors[place] = weights @ encoder(crops)
            counts[place] = len(crops)
    return FrameFaces(vectors, counts)


def _crops(picture: np.ndarray, boxes: list[sqlite3.Row]) -> tuple[list[np.ndarray], np.ndarray]:
    """The parts of boxes within the picture, and their areas in pixels."""
    height, width = picture.shape[:2]
    crops: list[np.ndarray] = []
    for box in boxes:
        left, top = max(0, round(box["x"])), max(0, round(box["y"]))
        right, bottom = min(width, round(box["x"] + box["w"])), min(height, round(box["y"] + box["h"]))
        if right - left >= SMALLEST and bottom - top >= SMALLEST:
            crops.append(np.ascontiguousarray(picture[top:bottom, left:right]))
    return crops, np.array([crop.shape[0] * crop.shape[1] for crop in crops], np.float32)
