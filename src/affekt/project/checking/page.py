"""The page of `check`: findings by kind and duplicates side by side, with pictures; one file, no script."""

from __future__ import annotations

import base64
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affekt.core.files.whole import write_text
from affekt.core.wording import counted
from affekt.project.folder import Project
from affekt.report.templates import render_page

SHOWN = 48  # cards of a kind, and clusters: more would make a page that browsers are slow with
_ALIKE = {"file": "the same file", "sound": "the same sound", "video": "the same picture in grey"}


@dataclass(frozen=True)
class Card:
    """One item: what is known of it, and its frames as the source of an image; empty if it has none."""

    item: str
    title: str
    facts: Sequence[str]
    source: str
    texts: Sequence[str] = ()


@dataclass(frozen=True)
class Group:
    """Cards under a heading.

    Attributes:
        hidden: How many more there are.
    """

    anchor: str
    title: str
    level: str
    count: int
    cards: Sequence[Card]
    hidden: int


def write_check_page(
    path: Path, project: Project, connection: sqlite3.Connection, found: Mapping[str, Any]
) -> None:
    """Write the page as one file.

    Args:
        found: Of `affekt.project.checking.report.describe_checks`.
    """
    cards = _Cards(connection)
    groups = [_group(kind, cards) for kind in found["findings"]]
    clusters = [
        Group(
            anchor=f"cluster-{number}",
            title=" and ".join(_ALIKE[it] for it in cluster["alike"]),
            level="",
            count=len(cluster["ids"]),
            cards=[cards.card(item) for item in cluster["ids"][:SHOWN]],
            hidden=max(0, len(cluster["ids"]) - SHOWN),
        )
        for number, cluster in enumerate(found["duplicates"][:SHOWN], 1)
    ]
    page = render_page(
        Path(__file__).parent,
        {},
        title=project.settings.title or project.path.resolve().name,
        lead=_lead(found),
        numbers=_numbers(found),
        groups=groups,
        clusters=clusters,
        hidden_clusters=max(0, len(found["duplicates"]) - SHOWN),
        facts=_facts(found["media"]),
    )
    write_text(path, page)


class _Cards:
    """Cards of items, read when they are needed: most items of a project have no finding."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def card(self, item: str, texts: Sequence[str] = ()) -> Card:
        row = self._connection.execute(
            "SELECT title, account, label FROM item WHERE id = ?", (item,)
        ).fetchone()
        strip = self._connection.execute(
            "SELECT strip FROM medium_check WHERE item_id = ? AND strip IS NOT NULL "
            "ORDER BY kind = 'video' DESC",
            (item,),
        ).fetchone()
        media = self._connection.execute(
            "SELECT json_extract(facts, '$.duration_s') AS seconds, "
            "json_extract(facts, '$.width') AS w, json_extract(facts, '$.height') AS h "
            "FROM medium_check WHERE item_id = ? AND kind IN ('video', 'audio') "
            "ORDER BY kind = 'video' DESC, name",
            (item,),
        ).fetchone()
        facts = [row["account"], row["label"]] if row else []
        if media is not None and media["seconds"] is not None:
            facts.append(f"{media['seconds']:.1f} s")
        if media is not None and media["w"] is not None:
            facts.append(f"{media['w']} x {media['h']}")
        source = ""
        if strip is not None:
            source = f"data:image/jpeg;base64,{base64.b64encode(strip['strip']).decode()}"
        title = (row["title"] if row else None) or ""
        return Card(item, title, [fact for fact in facts if fact], source, texts)


def _group(kind: Mapping[str, Any], cards: _Cards) -> Group:
    texts: dict[str, list[str]] = {}
    for one in kind["found"]:
        texts.setdefault(one["item"], []).append(one["text"])
    shown = list(texts)[:SHOWN]
    return Group(
        anchor=kind["code"],
        title=kind["title"],
        level=kind["level"],
        count=len(texts),
        cards=[cards.card(item, texts[item]) for item in shown],
        hidden=len(texts) - len(shown),
    )


def _lead(found: Mapping[str, Any]) -> str:
    media = ", ".join(
        counted(count, "sound" if kind == "audio" else kind) for kind, count in found["media_by_kind"].items()
    )
    items = counted(found["items"], "item")
    return f"{items} with {media or 'no media'}. Each medium was decoded once."


def _numbers(found: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The numbers at the top: name, value, note."""
    copies = sum(len(it["ids"]) for it in found["duplicates"])
    clean = found["items"] - len({one["item"] for kind in found["findings"] for one in kind["found"]})
    return [
        ("Items", str(found["items"]), f"{found['checked']} checked"),
        ("Video", f"{found['total_s'] / 60:.1f}", "minutes"),
        ("With errors", str(found["with_errors"]), "items that cannot be used as they are"),
        ("Without a finding", str(clean), "items"),
        ("Copies", str(copies), f"items in {counted(len(found['duplicates']), 'cluster')}"),
    ]


def _facts(media: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[tuple[str, int]]]]:
    """Codecs, sizes and rates, each with the number of media, the most frequent first."""
    counts = {
        "Codecs": Counter(codec for it in media for codec in it.get("codecs") or ()),
        "Picture": Counter(f"{it['width']} x {it['height']}" for it in media if it.get("width")),
        "Frames per second": Counter(f"{it['rate_hz']:g}" for it in media if it.get("rate_hz")),
        "Sound": Counter(f"{it['sound_rate_hz']} Hz" for it in media if it.get("sound_rate_hz")),
    }
    return [(name, counter.most_common(8)) for name, counter in counts.items() if counter]
