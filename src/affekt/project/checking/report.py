"""The result of `check` as plain values: for `--json`, the terminal and the page."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from typing import Any

from affekt.project.checking.duplicates import stored_duplicates

STEP = "check"
# Codes of findings in the order of reports, and their headings.
TITLES = {
    "no_media": "Without media",
    "lacks_kind": "Without media of a required kind",
    "missing_file": "Files that are gone",
    "changed_file": "Files that changed after the import",
    "zero_bytes": "Files without content",
    "unreadable": "Files that cannot be read",
    "damaged": "Files that can be read in part",
    "lacks_stem": "Without the sound that is used",
    "no_sound": "Without a sound track",
    "silent": "Silent",
    "black": "Black throughout",
    "frozen": "One still frame throughout",
    "apart": "Picture, sound or subtitles of different lengths",
    "duration_differs": "Another duration than in the records",
}


def describe_checks(connection: sqlite3.Connection) -> dict[str, Any]:
    """What is stored about the media of a project, as plain JSON values.

    Findings are grouped by their code, in the order of `TITLES`; `media` has the facts of each medium.
    """
    rows = connection.execute(
        "SELECT item_id, code, level, text FROM finding WHERE step = ? ORDER BY item_id, text", (STEP,)
    ).fetchall()
    kinds = {code: [row for row in rows if row["code"] == code] for code in TITLES}
    media = [
        {
            "item": row["item_id"],
            "kind": row["kind"],
            "name": row["name"],
            "bytes": row["bytes"],
            "sha256": row["sha256"],
            **json.loads(row["facts"] or "{}"),
        }
        for row in connection.execute(
            "SELECT medium.item_id, medium.kind, medium.name, bytes, sha256, facts FROM medium "
            "LEFT JOIN medium_check USING (item_id, kind, name) ORDER BY item_id, kind, name"
        )
    ]
    return {
        "items": int(connection.execute("SELECT count(*) FROM item").fetchone()[0]),
        "checked": int(connection.execute("SELECT count(*) FROM done WHERE step = ?", (STEP,)).fetchone()[0]),
        "media_by_kind": dict(Counter(it["kind"] for it in media)),
        "total_s": round(sum(it.get("duration_s") or 0 for it in media if it["kind"] == "video"), 1),
        "codecs": dict(Counter(codec for it in media for codec in it.get("codecs", ())).most_common()),
        "with_errors": len({row["item_id"] for row in rows if row["level"] == "error"}),
        "findings": [
            {
                "code": code,
                "title": TITLES[code],
                "level": found[0]["level"],
                "items": len({row["item_id"] for row in found}),
                "found": [{"item": row["item_id"], "text": row["text"]} for row in found],
            }
            for code, found in kinds.items()
            if found
        ],
        "duplicates": [
            {"ids": list(it.ids), "alike": list(it.alike)} for it in stored_duplicates(connection)
        ],
        "media": media,
    }
