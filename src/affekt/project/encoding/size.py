"""How large the files of vectors are: before anything is encoded, and afterwards."""

from __future__ import annotations

import math

import numpy as np

from affekt.project.encoding.encoders import make_encoders
from affekt.project.folder import Project

HEADER_BYTES = 400  # of a file, about
_MEASURED = "SELECT item_id, max(json_extract(facts, '$.duration_s')) FROM medium_check GROUP BY item_id"


def predicted_bytes(project: Project) -> int:
    """Size of the files of all items, from their durations; they are assumed to have all modalities.

    A duration that is neither measured nor recorded counts as the mean of the others.
    """
    settings = project.settings.encoding
    widths = {name: encoder.width for name, encoder in make_encoders(settings).items()}
    whole = sum(widths.get(name, 0) for name in ("title", "audio"))
    each = sum(widths.get(name, 0) for name in ("video", "faces", "text")) + ("faces" in widths)
    with project.database() as connection:
        measured = {str(row[0]): row[1] for row in connection.execute(_MEASURED)}
        rows = connection.execute("SELECT id, duration_s FROM item").fetchall()
    known = [measured.get(str(row["id"])) or row["duration_s"] for row in rows]
    stated = [value for value in known if value]
    mean = sum(stated) / len(stated) if stated else 0.0
    steps = [math.floor(value or mean) + 1 for value in known]
    values = len(rows) * whole + sum(steps) * each
    return values * np.dtype(settings.dtype).itemsize + len(rows) * HEADER_BYTES


def stored_bytes(project: Project) -> int:
    """Size of the files of all items, as they are."""
    with project.database() as connection:
        return int(connection.execute("SELECT coalesce(sum(bytes), 0) FROM encoded").fetchone()[0])
