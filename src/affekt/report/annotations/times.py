"""Text over time, and its times in milliseconds."""

# Start and end in seconds, and the text.
Annotation = tuple[float, float, str]


def milliseconds(seconds: float) -> int:
    """Rounded to a whole number of milliseconds."""
    return round(1000 * seconds)
