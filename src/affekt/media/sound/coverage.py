"""Which part of a sound one pass through its file covered, and what of it was damaged or missing."""

from __future__ import annotations


class Coverage:
    """Positions count samples.

    Attributes:
        start: Where the pass began; sound that begins later begins there.
        stop: Where it stands.
        lost: How many samples of it are damaged or missing.
        is_at_end: The file ended there.
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
        """How many of the samples before a position are damaged or missing.

        Example:
            >>> coverage = Coverage()
            >>> coverage.lose(10, 5)
            >>> coverage.lost_before(12), coverage.lost_before(100)
            (2, 5)
        """
        return sum(min(end, stop) - start for start, end in self._parts if start < stop)
