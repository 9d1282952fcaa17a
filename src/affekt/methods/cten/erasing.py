"""Which segments are erased, and what is looked at instead.

The reference decodes a clip again from the frames that are left. Here some windows of every segment have been
decoded already, and those are taken that come nearest to the frames it would decode.
"""

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor

from affekt.media.video.snippets import Draw, sample_snippets


def threshold_of(attention: Float[Tensor, "b s"], *, bar: float) -> Float[Tensor, "b 1"]:
    """Attention from which a segment of a clip is a key segment.

    Args:
        bar: Where it lies between the clip's least (0) and most (1) attention; 0.7 in the paper.
    """
    attention = attention.detach()
    return bar * attention.amax(dim=1, keepdim=True) + (1 - bar) * attention.amin(dim=1, keepdim=True)


def context_of(attention: Float[Tensor, "b s"], *, bar: float) -> Bool[Tensor, "b s"]:
    """Segments that are kept when key segments are erased; one exactly at the threshold is not."""
    return attention.detach() < threshold_of(attention, bar=bar)


def keyframes_of(attention: Float[Tensor, "b s"], *, bar: float) -> Bool[Tensor, "b s"]:
    """Key segments; one exactly at the threshold is none."""
    return attention.detach() > threshold_of(attention, bar=bar)


def kept_frames(kept: np.ndarray, count: int) -> np.ndarray:
    """Numbers of the frames of the segments that are kept, from 0; of all frames where none is.

    Args:
        kept: (s,) bool.
        count: Frames of the clip; those that the division into segments leaves over are in no segment.

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
    """For each segment of the shortened clip the window that comes nearest to its snippet, (s,) int64.

    Args:
        kept: (s,) bool, segments that are not erased.
        windows: (w, t) frames of each window that was decoded.
        count: Frames of the whole clip.
        length: Frames of a snippet.
        draw: Where in its segment a snippet begins; None takes the middle.
    """
    frames = kept_frames(kept, max(count, 1))
    wanted = sample_snippets(frames, segments=len(kept), length=length, draw=draw)
    distance = np.abs(wanted[:, None] - windows[None]).sum(axis=2)
    erased = (~np.isin(windows, frames)).sum(axis=1)
    # What was erased does not come back as long as there is anything else.
    return np.argmin(distance + erased * length * max(count, 1), axis=1)
