"""The step `subtitles`: cues of collected `.srt` and `.vtt` files."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from affekt.core.errors import MediaError
from affekt.core.files.fingerprint import fingerprint
from affekt.core.sample import Skipped
from affekt.media.text import Line, read_lines
from affekt.project.findings import Finding, write_findings
from affekt.project.folder import Project
from affekt.project.media import Medium, media_of, of_kind
from affekt.project.words.cues import RECOGNIZED, TimedLine, replace_cues, timed

VERSION = 1  # of reading; a change makes stored cues stale


@dataclass
class ReadSubtitles:
    """The lines of an item's subtitle files by track, and what was wrong with them."""

    tracks: dict[str, list[TimedLine]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


class SubtitleStep:
    """Items with subtitle files. What cannot be read becomes findings; the other cues are kept."""

    name = "subtitles"

    def expected(self, project: Project, connection: sqlite3.Connection) -> Mapping[str, str]:
        encoding = project.settings.words.encoding
        return {
            item: fingerprint(VERSION, encoding, [(it.name, it.sha256) for it in files])
            for item, media in media_of(connection).items()
            if (files := of_kind(media, "subtitle"))
        }

    def compute(self, project: Project, connection: sqlite3.Connection, item: str) -> ReadSubtitles:
        found, reasons = ReadSubtitles(), list[str]()
        for medium in of_kind(media_of(connection, item=item).get(item, ()), "subtitle"):
            try:
                _read(project, medium, found)
            except MediaError as error:
                reasons.append(str(error))
                found.findings.append(Finding("unreadable_subtitles", "error", f"{medium.name}: {error}"))
        if not found.tracks:
            raise MediaError("; ".join(reasons) or f"{item} has no subtitles any more")
        return found

    def write(self, connection: sqlite3.Connection, item: str, result: ReadSubtitles | None) -> None:
        connection.execute("DELETE FROM cue WHERE item_id = ? AND track != ?", (item, RECOGNIZED))
        write_findings(connection, item, self.name, result.findings if result else ())
        for track, lines in result.tracks.items() if result else ():
            replace_cues(connection, item, track, lines)


def _read(project: Project, medium: Medium, found: ReadSubtitles) -> None:
    lines: list[Line] = []
    usual, notes = Counter[str](), Counter[str]()
    # Added at the end: of a file that breaks in the middle, nothing is kept.
    findings: list[Finding] = []
    for line in read_lines(medium.file(project), encoding=project.settings.words.encoding or None):
        if isinstance(line, Skipped):
            if line.kind:
                usual[line.kind] += 1
            else:
                place = line.id.rpartition(":")[2]
                text = f"{medium.name}: line {place}: {line.reason}"
                findings.append(Finding("skipped_cue", "warning", text))
        else:
            lines.append(line)
            notes.update(line.notes)
    for counts in (usual, notes):
        for what, count in counts.items():
            text = f"{medium.name}: {count} x {what}"
            findings.append(Finding("left_out" if counts is usual else "cue_note", "note", text))
    found.tracks[medium.name] = timed(lines)
    found.findings += findings
