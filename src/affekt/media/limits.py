"""Limits for media files: a file that states more is refused before memory is allocated."""

from __future__ import annotations

from affekt.core.errors import MediaError

MAX_PIXELS = 36_000_000  # per video frame: 8K video, 8192 x 4320
MOST_ELONGATED = 10.0  # ratio of the longer to the shorter side; three wide screens side by side have 5.3
# Frames per second: one frame in three hours, and the fastest cameras.
MIN_FRAME_RATE_HZ, MAX_FRAME_RATE_HZ = 1e-4, 1e6
MAX_DURATION_S = 24 * 3600.0
# A line of a text file: above it, the file is not one of lines. The longest novels have 4 million characters.
MAX_LINE_CHARACTERS = 1_000_000
MAX_STREAM_BYTES = 64 * 2**20  # a stream of words in UTF-16 is read whole
MAX_SUBTITLE_BYTES = 64 * 2**20  # subtitles are sorted, so they are read whole; a film has 0.1 MB


def check_times(name: str, frames: int, end_s: float) -> None:
    """Refuse implausible durations and frame rates.

    Raises:
        MediaError: It lasts longer than `MAX_DURATION_S`, or its frame rate is out of range.
    """
    if end_s > MAX_DURATION_S:
        raise MediaError(
            f"{name} states that it lasts {end_s / 3600:.0f} h; at most {MAX_DURATION_S / 3600:.0f} are read"
        )
    if not MIN_FRAME_RATE_HZ <= frames / end_s <= MAX_FRAME_RATE_HZ:
        raise MediaError(
            f"{name} states {frames / end_s:g} frames per second; "
            f"{MIN_FRAME_RATE_HZ:g} to {MAX_FRAME_RATE_HZ:g} are read"
        )
