"""The part of a sound that one pass through its file covered, and its damaged or missing samples."""

from __future__ import annotations


class Coverage:
    """Coverage of one pass; positions count samples.

    Attributes:
        start: Start of the pass, or of the sound if it begins later.
        stop: Current position.
        lost: Number of damaged or missing samples.
        is_at_end: The pass reached the end of the file.
    """

    def __init__(self, start: int = 0) -> None:
        self.start = self.stop = start
        self.lost = 0
        self.is_at_end = False
        self._parts: list[tuple[int, int]] = []

    def lose(self, start: int, count: int) -> None:
        """Count samples from a position on as damaged or missing."""
        self.lost += count
        if self._parts and self._parts[-1][1] == start:
            start = self._parts.pop()[0]
        self._parts.append((start, start + count))

    def lost_before(self, stop: int) -> int:
        """Number of damaged or missing samples before a position.

        Example:
            >>> coverage = Coverage()
            >>> coverage.lose(10, 5)
            >>> coverage.lost_before(12), coverage.lost_before(100)
            (2, 5)
        """
        return sum(min(end, stop) - start for start, end in self._parts if start < stop)
