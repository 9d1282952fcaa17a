"""What a file of ratings states, before it is compared with the project."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from affekt.core.sample import Skipped


@dataclass(frozen=True)
class StatedRating:
    """A rating as a file states it.

    Attributes:
        place: In the file, such as `ratings.csv row 3`.
        items: Names of the item; the first that the project knows counts.
        label: As it is written; None if the rater skipped the item.
        rated_at: Time in UTC where the file states a zone, as it is written where it does not.
        round: None if the file states none.
    """

    place: str
    items: tuple[str, ...]
    rater: str
    label: str | None
    rated_at: str | None = None
    seconds: float | None = None
    round: int | None = None


@dataclass
class RatingFile:
    """All that a file states.

    Attributes:
        skipped: Parts that are no ratings, with reasons.
        notes: How it was read.
    """

    ratings: list[StatedRating] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def time_of(text: str | None) -> str | None:
    """A time as the database keeps it: UTC to the second if the text states its zone, else as it is written.

    Example:
        >>> time_of("2026-03-09T22:16:08.728353Z"), time_of("9 March")
        ('2026-03-09T22:16:08+00:00', '9 March')
    """
    try:
        found = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return text
    if found.tzinfo is None:
        return found.isoformat(timespec="seconds")
    return found.astimezone(UTC).isoformat(timespec="seconds")


def seconds_of(value: object) -> float | None:
    """A number of seconds; None if there is none.

    Raises:
        ValueError: It is not a number of at least 0.
    """
    if value is None or value == "":
        return None
    try:
        found = float(str(value).replace(",", "."))
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise ValueError(f"{value!r} is not a number of seconds")
    return found


def round_of(value: object) -> int | None:
    """A round, counted from 1; None if there is none.

    Raises:
        ValueError: It is not a whole number of at least 1.
    """
    if value is None or value == "":
        return None
    text = str(value).removesuffix(".0")
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise ValueError(f"{value!r} is not a round: 1, 2, ...")
    return int(text)
