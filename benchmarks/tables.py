"""Tables in Markdown whose rows are computed at different times."""

from __future__ import annotations

from pathlib import Path


def kept_rows(file: Path) -> dict[str, str]:
    """Lines of an existing table by their first cell."""
    lines = file.read_text().splitlines() if file.is_file() else []
    return {line.split(" | ")[0].removeprefix("| "): line for line in lines if line.startswith("| ")}
