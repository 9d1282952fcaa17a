"""A file of a data set with its annotation: what every layout is read into."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from affekt.core.sample import Split


class AnnotatedFile(NamedTuple):
    """One file and its annotation, before it becomes a sample."""

    id: str
    path: Path
    label: str | None
    subject: str | None
    split: Split | None
