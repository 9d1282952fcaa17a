"""One face whose colours flicker is one track, also where it is missed meanwhile."""

import numpy as np

from affekt.analysis.faces.followed import Follower, Seen
from affekt.media.tracking import appearance_of
from affekt.media.video.shots import Judged


def look(*colour):
    """The appearance of somebody in one colour."""
    return appearance_of(np.full((60, 60, 3), colour, np.uint8), np.array([20, 10, 40, 30]))


RED, BLUE = look(200, 30, 30), look(30, 30, 200)


def followed(*frames):
    """The faces of frames 0.2 s apart: of each its left edges and appearances."""
    follower = Follower(overlap=0.3, gap_s=1.0, aspect=1.0)
    for number, shown in enumerate(frames):
        boxes = np.array([[left, 0.1, left + 0.2, 0.3] for left, _ in shown], np.float32).reshape(-1, 4)
        looks = np.stack([it for _, it in shown]) if shown else np.zeros((0, 2, 256), np.float32)
        count = len(shown)
        seen = Seen(boxes, np.full(count, 0.9), looks, list(range(count)), [""] * count, [None] * count)
        follower.add(0.2 * number, seen)
        follower.judge([Judged(0.2 * number, False)])
    return follower.faces()


def test_a_face_that_is_found_in_two_colours_by_turns_is_one():
    colours = [RED, RED, None, BLUE, RED, BLUE, RED, BLUE, BLUE]
    (face,) = followed(*([(0.4 + 0.005 * n, it)] if it is not None else [] for n, it in enumerate(colours)))
    times_s = [0.2 * n for n, it in enumerate(colours) if it is not None]
    assert np.allclose(face.times_s, times_s) and len(face.scores) == len(face.motions) == 8
    lefts = np.array(face.boxes).reshape(-1, 4)[:, 0]
    assert np.all(np.diff(lefts) > 0)


def test_two_who_are_in_one_frame_stay_two():
    frames = [[(0.1, RED), (0.7, BLUE)], [(0.1, RED)], [(0.7, BLUE)], [(0.1, RED)], [(0.7, BLUE)]]
    assert len(followed(*frames)) == 2


def test_two_who_are_seen_by_turns_at_different_places_stay_two():
    frames = [[(0.1, RED)], [(0.7, BLUE)], [(0.1, RED)], [(0.7, BLUE)]]
    assert len(followed(*frames)) == 2
