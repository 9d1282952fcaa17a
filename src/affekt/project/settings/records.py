"""How records and media files are read."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from affekt.core.settings import Settings

VIDEO = (".mp4", ".mkv", ".mov", ".webm", ".avi", ".m4v", ".flv", ".ts")
AUDIO = (".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus", ".aac")
IMAGE = (".png", ".jpg", ".jpeg", ".webp")
SUBTITLE = (".srt", ".vtt")
KINDS = {"video": VIDEO, "audio": AUDIO, "image": IMAGE, "subtitle": SUBTITLE}


class ColumnSettings(Settings):
    """Columns of records by what they mean; one that is missing from a file is left empty.

    Attributes:
        id: Identifies an item.
        title: Its title.
        account: Who published it.
        event: What it is about.
        published: When it was published.
        duration_s: Its length, in seconds.
        label: A label that it comes with.
    """

    id: str = "id"
    title: str = "title"
    account: str = "account"
    event: str = "event"
    published: str = "published"
    duration_s: str = "duration_s"
    label: str = "label"


class RecordSettings(Settings):
    """How records are read.

    Attributes:
        files: Files below the project's folder, or absolute, that `affekt project run` imports.
        columns: Their columns.
        id_after: The id is what follows the last of these signs: with `-`, `people-7301` is `7301`.
        table: The table of an SQLite file.
        encoding: Codec of text files; found from the bytes if empty.
    """

    files: tuple[str, ...] = ()
    columns: ColumnSettings = ColumnSettings()
    id_after: str = ""
    table: str = ""
    encoding: str = ""


class MediaSettings(Settings):
    """How media files come into the project.

    Attributes:
        folders: Folders below the project's folder, or absolute, that `affekt project run` imports.
        take: Whether a file is linked or copied; the collected file is never moved or changed.
        id_after: The id of a file is what follows the last of these signs in its name.
        stems: Ends of names of sound files, and the stem that such a file holds: with `_vocals = "voice"`,
            `7301_vocals.wav` is the stem `voice` of 7301. A sound without such an end is the stem `mix`.
        tracks: Likewise of subtitle files, and the track of words that such a file holds: with
            `.captions = "captions"`, `7301.captions.srt` describes the frames of 7301. A file without such an
            end is the track `collected`.
    """

    folders: tuple[str, ...] = ()
    take: Literal["link", "copy"] = "link"
    id_after: str = ""
    stems: dict[str, Literal["mix", "voice", "accompaniment"]] = Field(
        default_factory=lambda: {"_vocals": "voice", "_voice": "voice", "_instrumental": "accompaniment"}
    )
    tracks: dict[str, str] = Field(
        default_factory=lambda: {".captions": "captions", ".ocr": "ocr", "_ocr": "ocr"}
    )

    @field_validator("tracks")
    @classmethod
    def _not_recognized(cls, tracks: dict[str, str]) -> dict[str, str]:
        if "recognized" in tracks.values():
            raise ValueError("recognized is the track of speech recognition: name another one")
        return tracks
