"""Networks of whole clips, films and walks in an analysis."""

from affekt.analysis.clips.find import find_clip

__all__ = ["find_clip"]
