"""Text over time, and its times in milliseconds."""

# Start and end in seconds, and the text.
Annotation = tuple[float, float, str]


def milliseconds(seconds: float) -> int:
    """Rounded to a whole number of milliseconds."""
    return round(1000 * seconds)


def clock_time(seconds: float, mark: str) -> str:
    """A time as `HH:MM:SS` with thousandths.

    Args:
        mark: Before the thousandths: a comma in SRT, a dot in WebVTT.

    Example:
        >>> clock_time(3725.0625, ",")
        '01:02:05,062'
    """
    rest, thousandths = divmod(milliseconds(seconds), 1000)
    rest, second = divmod(rest, 60)
    hour, minute = divmod(rest, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}{mark}{thousandths:03d}"
