"""What a baseline found: `releases/1.0.baseline.json`, beside the release and not covered by its hash."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from affekt.core.errors import FolderError
from affekt.core.files.whole import write_text

if TYPE_CHECKING:
    from affekt.project.baseline.run import Baseline


def baseline_file(release: Path) -> Path:
    """The file of a release."""
    return release.with_name(f"{release.name}.baseline.json")


def write_baseline(release: Path, found: Baseline) -> None:
    """Write what was found."""
    write_text(baseline_file(release), json.dumps(asdict(found), indent=1) + "\n")


def read_scores(release: Path) -> dict[str, float] | None:
    """Accuracy by row of the table; None if no baseline was run.

    Raises:
        FolderError: The file cannot be read.
    """
    file = baseline_file(release)
    if not file.is_file():
        return None
    try:
        document = json.loads(file.read_bytes())
        return {f"{row['name']} ({document['part']})": float(row["accuracy"]) for row in document["rows"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FolderError(f"{file} cannot be read: {error}") from None
