"""The step `check`: all media of an item, decoded once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from affekt.core.errors import MediaError
from affekt.core.files.fingerprint import fingerprint
from affekt.project.checking.medium import MediumCheck, check_medium
from affekt.project.checking.prints import PRINT_COLUMNS, as_columns
from affekt.project.database.hashing import file_sha256
from affekt.project.findings import Finding, write_findings
from affekt.project.folder import Project
from affekt.project.media import MIX, Medium, media_of, of_kind
from affekt.quality.clip_checks import MOST_APART_S, are_apart

VERSION = 1  # of the facts, findings and prints; a change makes stored ones stale


@dataclass
class ItemCheck:
    """What a check knows of an item."""

    media: list[MediumCheck] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


class CheckStep:
    """Each item of the project is checked, with media or without."""

    name = "check"

    def expected(self, project: Project, connection: sqlite3.Connection) -> Mapping[str, str]:
        settings, media = project.settings, media_of(connection)
        stated = fingerprint(
            VERSION, settings.check.model_dump(), settings.sound.stem, settings.words.encoding
        )
        return {
            str(row["id"]): fingerprint(
                stated,
                row["duration_s"],
                [
                    (it.kind, it.name, it.bytes, it.sha256, _state(project, it))
                    for it in media.get(row["id"], [])
                ],
            )
            for row in connection.execute("SELECT id, duration_s FROM item ORDER BY id")
        }

    def compute(self, project: Project, connection: sqlite3.Connection, item: str) -> ItemCheck:
        media = media_of(connection, item=item).get(item, [])
        found = ItemCheck()
        for medium in media:
            present, faults = _file_faults(project, medium)
            found.findings += faults
            if present:
                encoding = project.settings.words.encoding or None
                check = check_medium(medium, project.locate(medium.path), encoding=encoding)
                found.media.append(check)
                found.findings += check.findings
        row = connection.execute("SELECT duration_s FROM item WHERE id = ?", (item,)).fetchone()
        stated_s = None if row is None else row["duration_s"]
        found.findings += _of_item(project, media, found.media, stated_s)
        return found

    def write(self, connection: sqlite3.Connection, item: str, result: ItemCheck | None) -> None:
        connection.execute("DELETE FROM medium_check WHERE item_id = ?", (item,))
        write_findings(connection, item, self.name, result.findings if result else ())
        columns = ("item_id", "kind", "name", "facts", "strip", *PRINT_COLUMNS)
        for check in result.media if result else ():
            connection.execute(
                f"INSERT INTO medium_check ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
                (
                    item,
                    check.medium.kind,
                    check.medium.name,
                    json.dumps(check.facts, ensure_ascii=False),
                    check.strip,
                    *as_columns(check.film, check.sound),
                ),
            )


def _state(project: Project, medium: Medium) -> tuple[int, int] | None:
    """Size and time of change of a file; a linked file may change behind the project's back."""
    try:
        found = project.locate(medium.path).stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _file_faults(project: Project, medium: Medium) -> tuple[bool, list[Finding]]:
    """Whether the file can be decoded at all, and what is wrong with it before that."""
    place = project.locate(medium.path)
    if not place.is_file():
        return False, [Finding("missing_file", "error", f"{medium.label}: {place} is gone")]
    found: list[Finding] = []
    try:
        sha256 = file_sha256(place)
    except MediaError as error:
        return False, [Finding("unreadable", "error", f"{medium.label}: {error}")]
    if sha256 != medium.sha256:
        text = f"{medium.label}: {place} is not the file that was imported: import it again"
        found.append(Finding("changed_file", "error", text))
    if not place.stat().st_size:
        return False, [*found, Finding("zero_bytes", "error", f"{medium.label}: the file has no content")]
    return True, found


def _of_item(
    project: Project, media: Sequence[Medium], checks: Sequence[MediumCheck], stated_s: float | None
) -> Iterator[Finding]:
    """Faults of an item as a whole: what it lacks, and lengths that do not agree."""
    settings = project.settings
    if not media:
        yield Finding("no_media", "error", "no medium was imported for it")
    for kind in settings.check.requires if media else ():
        if not of_kind(media, kind):
            yield Finding("lacks_kind", "error", f"it has no {kind}")
    yield from _stem_faults(settings.sound.stem, media, checks)
    video_s = next((it.facts.get("duration_s") for it in checks if it.medium.kind == "video"), None)
    sounds = [(it.medium, it.facts.get("duration_s")) for it in checks if it.medium.kind == "audio"]
    for medium, sound_s in sounds:
        if video_s is not None and sound_s is not None and are_apart(video_s, sound_s):
            text = f"{video_s:.1f} s of picture, {sound_s:.1f} s in {medium.label}"
            yield Finding("apart", "warning", text)
    for check in checks:
        last_s = check.facts.get("last_cue_s")
        if video_s is not None and last_s is not None and last_s > video_s + MOST_APART_S:
            text = (
                f"{video_s:.1f} s of picture; the last cue of {check.medium.label} begins at {last_s:.1f} s"
            )
            yield Finding("apart", "warning", text)
    measured_s = video_s if video_s is not None else next((s for _, s in sounds if s is not None), None)
    if stated_s is None or measured_s is None:
        return
    if abs(stated_s - measured_s) > settings.check.apart_s:
        text = f"{measured_s:.1f} s; its record states {stated_s:.1f} s"
        yield Finding("duration_differs", "warning", text)


def _stem_faults(
    stem: str | None, media: Sequence[Medium], checks: Sequence[MediumCheck]
) -> Iterator[Finding]:
    """Whether the sound that the project uses is there; a video's own sound is the stem `mix`."""
    if stem is None or not (of_kind(media, "video") or of_kind(media, "audio")):
        return
    if any(medium.name == stem for medium in of_kind(media, "audio")):
        return
    videos = [it for it in checks if it.medium.kind == "video"]
    has_own = any(it.facts.get("sound_s") is not None for it in videos)
    is_unknown = of_kind(media, "video") and not any(it.facts.get("codecs") for it in videos)
    if stem == MIX and (has_own or is_unknown):  # a video that cannot be read is reported as such
        return
    others = [medium.label for medium in of_kind(media, "audio")]
    others += ["the sound of its video"] if has_own else []
    has = ", ".join(others) or "no sound that can be read"
    yield Finding("lacks_stem", "warning", f"no sound {stem}; it has {has}")
