"""Times as the database keeps them."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """The time in UTC, to the second, such as `2026-11-30T20:15:00+00:00`."""
    return datetime.now(UTC).isoformat(timespec="seconds")
