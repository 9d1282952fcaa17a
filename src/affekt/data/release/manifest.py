"""The two files that describe a release, and their checks.

A release is identified by the SHA-256 of `release.json`: it holds that of `items.jsonl`, which holds those of
all other files.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, ValidationError, field_validator

from affekt.core.errors import FolderError
from affekt.core.files.regular import read_regular
from affekt.core.files.whole import write_bytes
from affekt.core.labels import LabelSet
from affekt.core.settings import Settings
from affekt.data.layouts.tables import leaves_folder

DOCUMENT, ITEMS = "release.json", "items.jsonl"
SCHEMA = 1
MAX_DOCUMENT_BYTES = 1 << 20


class ReleasedFile(Settings):
    """A file of the release, by its path below it.

    Attributes:
        kind: video, audio, image or subtitle; `features` for encoded modalities.
        name: Which of several of the kind: a stem of sound, a track of subtitles.
    """

    kind: str
    name: str = ""
    path: str
    bytes: NonNegativeInt
    sha256: str

    @field_validator("path")
    @classmethod
    def _inside(cls, path: str) -> str:
        if leaves_folder(path):
            raise ValueError(f"{path!r} points outside the release")
        return path


class ReleasedWords(Settings):
    """Words with their times, in seconds."""

    start_s: float
    end_s: float
    text: str


class ReleasedItem(Settings):
    """An item of a release.

    Attributes:
        label_weights: Shares of the votes, where it was rated.
        group: Items of one group are in one part.
        words: Its subtitles.
        encoded: Modalities that the file of features holds.
    """

    id: str
    label: str
    label_weights: dict[str, float] = Field(default_factory=dict)
    group: str
    part: Literal["train", "validation", "test"]
    title: str = ""
    account: str = ""
    event: str = ""
    words: tuple[ReleasedWords, ...] = ()
    media: tuple[ReleasedFile, ...] = ()
    encoded: tuple[str, ...] = ()
    features: ReleasedFile | None = None


class ReleasedEncoding(Settings):
    """How a modality was encoded.

    Attributes:
        encoder: In words.
        width: Size of a vector.
        key: SHA-256 of settings and weights.
    """

    encoder: str
    width: PositiveInt
    key: str


class ReleaseDocument(Settings):
    """`release.json`.

    Attributes:
        left_out: Reasons by the ids of items that are not part of it.
        overridden: Thresholds that were overridden when it was made.
    """

    schema_: PositiveInt = Field(default=SCHEMA, alias="schema")
    title: str
    version: str
    labels: tuple[str, ...]
    split: str
    split_sha256: str
    stem: str = "mix"
    encoding: dict[str, ReleasedEncoding] = Field(default_factory=dict)
    items: PositiveInt
    items_sha256: str
    left_out: dict[str, int] = Field(default_factory=dict)
    overridden: tuple[str, ...] = ()
    licence: str = ""
    cite: str = ""
    made_with: str = ""

    @field_validator("labels")
    @classmethod
    def _are_labels(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        LabelSet.of(*labels)
        return labels


def read_release(folder: Path) -> tuple[ReleaseDocument, list[ReleasedItem], str]:
    """The document of a release, its items, and its SHA-256.

    Raises:
        FolderError: There is none, or a file was altered.
    """
    try:
        content = _read(folder / DOCUMENT, MAX_DOCUMENT_BYTES)
        document = ReleaseDocument.model_validate_json(content)
        if document.schema_ > SCHEMA:
            raise FolderError(
                f"{folder / DOCUMENT} has schema {document.schema_}, this affekt reads up to {SCHEMA}: "
                "update affekt"
            )
        rows = _read(folder / ITEMS)
        if hashlib.sha256(rows).hexdigest() != document.items_sha256:
            raise FolderError(f"{folder / ITEMS} was altered: its hash is not that of {DOCUMENT}")
        items = [ReleasedItem.model_validate_json(row) for row in rows.splitlines()]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise FolderError(f"{folder} is not a release: {where}: {first['msg']}") from None
    return document, items, hashlib.sha256(content).hexdigest()


def write_release(folder: Path, document: Mapping[str, Any], items: list[ReleasedItem]) -> str:
    """Write both files into a folder that holds the others; returns the SHA-256 of the release."""
    rows = "".join(
        json.dumps(item.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False, sort_keys=True)
        + "\n"
        for item in items
    ).encode()
    complete = ReleaseDocument.model_validate(
        {**document, "items": len(items), "items_sha256": hashlib.sha256(rows).hexdigest()}
    )
    values = complete.model_dump(mode="json", by_alias=True)
    content = (json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
    write_bytes(folder / ITEMS, rows)
    write_bytes(folder / DOCUMENT, content)
    return hashlib.sha256(content).hexdigest()


def _read(path: Path, limit: int | None = None) -> bytes:
    try:
        return read_regular(path, limit=limit)
    except OSError as error:
        raise FolderError(
            f"{path} cannot be read ({error.strerror or error}): {path.parent} is not a release"
        ) from None
