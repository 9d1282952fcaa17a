"""Faces through a video: found, followed through shots, answered by a network, smoothed over time."""

from affekt.analysis.faces.find import find_faces
from affekt.analysis.faces.settings import FaceSettings

__all__ = ["FaceSettings", "find_faces"]
