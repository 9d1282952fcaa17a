"""Which segments are erased, and which snippets replace them.

The reference decodes the clip again from the remaining frames. Here several windows of every segment are
decoded once, and the windows nearest to the frames that the reference would decode are used.
"""

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor

from affekt.media.video.snippets import Draw, sample_snippets


def threshold_of(attention: Float[Tensor, "b s"], *, position: float) -> Float[Tensor, "b 1"]:
    """The attention above which a segment of a clip is a key segment.

    Args:
        position: Where the threshold is between the clip's lowest (0) and highest (1) attention; 0.7 in the
            paper.
    """
    attention = attention.detach()
    lowest, highest = attention.amin(dim=1, keepdim=True), attention.amax(dim=1, keepdim=True)
    return position * highest + (1 - position) * lowest


def context_of(attention: Float[Tensor, "b s"], *, position: float) -> Bool[Tensor, "b s"]:
    """Segments that are kept when key segments are erased; one exactly at the threshold is not kept."""
    return attention.detach() < threshold_of(attention, position=position)


def keyframes_of(attention: Float[Tensor, "b s"], *, position: float) -> Bool[Tensor, "b s"]:
    """Key segments; one exactly at the threshold is not a key segment."""
    return attention.detach() > threshold_of(attention, position=position)


def kept_frames(kept: np.ndarray, count: int) -> np.ndarray:
    """Frames of the kept segments, counted from 0; all frames where no segment is kept.

    Args:
        kept: (s,) bool.
        count: Number of frames of the clip; the remainder of the division into segments is in no segment.

    Example:
        >>> kept_frames(np.array([True, False, True]), 7).tolist()
        [0, 1, 4, 5]
        >>> kept_frames(np.array([False, False, False]), 3).tolist()
        [0, 1, 2]
    """
    each = count // len(kept)
    frames = np.flatnonzero(np.repeat(kept, each))
    return frames if len(frames) else np.arange(count)


def choose_windows(
    kept: np.ndarray, windows: np.ndarray, count: int, *, length: int, draw: Draw | None
) -> np.ndarray:
    """For each segment of the shortened clip, the window nearest to its snippet, (s,) int64.

    Args:
        kept: (s,) bool, segments that are not erased.
        windows: (w, t) frames of each decoded window.
        count: Number of frames of the whole clip.
        length: Number of frames of a snippet.
        draw: Draws where in its segment a snippet begins; None takes the middle.
    """
    frames = kept_frames(kept, max(count, 1))
    wanted = sample_snippets(frames, segments=len(kept), length=length, draw=draw)
    distance = np.abs(wanted[:, None] - windows[None]).sum(axis=2)
    erased = (~np.isin(windows, frames)).sum(axis=1)
    # A window with erased frames is chosen only if there is no other.
    return np.argmin(distance + erased * length * max(count, 1), axis=1)
