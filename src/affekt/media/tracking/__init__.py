"""Tracking: which boxes of the frames of a video show the same thing."""

from affekt.media.tracking.appearance import alike, appearance_of
from affekt.media.tracking.rejoin import Piece, rejoined
from affekt.media.tracking.tracker import Motion, Tracker

__all__ = ["Motion", "Piece", "Tracker", "alike", "appearance_of", "rejoined"]
