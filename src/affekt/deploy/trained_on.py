"""What a network was trained on, as hashes: an evaluation counts its samples that were in training.

A run folder states its samples with their ids. A bundle, which is given to others, holds no ids and no file
names: `samples.json` has 6 bytes of a SHA-256 of each sample's media and of its id, sorted, by part. With
a file one can check whether it was trained on; the hashes do not reveal the training data.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affekt.core import catalog
from affekt.core.errors import FolderError
from affekt.core.files.content import KEY_DIGITS
from affekt.core.files.fingerprint import fingerprint
from affekt.core.files.sealed import read_sealed
from affekt.core.sample import Sample
from affekt.engine.runs.identity import PARTS, DataIdentity
from affekt.engine.runs.run import Run

KEYS_FILE = "samples.json"
_KEY_BYTES = KEY_DIGITS // 2


@dataclass(frozen=True)
class TrainedOn:
    """The samples that a network was trained on.

    Attributes:
        media, ids: Part of each sample, by the keys of its media and of its id. Copies of one file in several
            parts count as the first of train, validation, test.
        document: The summary of the data: hashes and counts, as `DataIdentity.document` gives them.
        identity: All that a run folder states; None for a bundle.
    """

    document: Mapping[str, Any]
    media: Mapping[str, str]
    ids: Mapping[str, str]
    identity: DataIdentity | None = None

    def part_of(self, sample: Sample, key: str, data: str, *, prepared: bool) -> str | None:
        """The part of a sample; None if the network was not trained on it.

        Args:
            key: Of the sample's media.
            data: Its data set. In a published data set, an id means one sample in every form of it. In the
                user's own data it does so only if one of the two is a prepared store of the other.
            prepared: Whether it is read from such a store.
        """
        found = [self.media[key]] if key in self.media else []
        if data == self.document["data"] and (_is_published(data) or prepared != self.document["prepared"]):
            found += [self.ids[it] for it in [id_key(data, sample.id)] if it in self.ids]
        return min(found, key=PARTS.index) if found else None


def trained_on_run(run: Run) -> TrainedOn | None:
    """What a run states; None if it was trained before this was stored."""
    identity = run.identity
    if identity is None:
        return None
    media = _first((item.media, item.part) for item in identity.items)
    ids = _first((id_key(identity.data, item.id), item.part) for item in identity.items)
    return TrainedOn(identity.document(), media, ids, identity)


def trained_on_bundle(path: Path, document: Mapping[str, Any]) -> TrainedOn | None:
    """What a bundle states; None if it was exported before this was stored, or without data.

    Raises:
        FolderError: The bundle was altered.
    """
    if "data_identity" not in document or KEYS_FILE not in document["files"]:
        return None
    try:
        stated = document["data_identity"]
        if not isinstance(stated["parts"], Mapping) or not {"data", "sha256", "chosen_on", "prepared"} <= set(
            stated
        ):
            raise ValueError("the manifest lacks a part of data_identity")
        values = json.loads(read_sealed(path, kind="bundle").read(KEYS_FILE))
        media, ids = (
            _first((key, part) for part in PARTS for key in _unpacked(values[kind][part]))
            for kind in ("media", "ids")
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FolderError(f"{path}: {KEYS_FILE} cannot be read ({error})") from None
    return TrainedOn(stated, media, ids)


def bundle_keys(identity: DataIdentity) -> str:
    """Text of `samples.json`."""

    def packed(kind: str, part: str) -> str:
        items = [item for item in identity.items if item.part == part]
        keys = {item.media if kind == "media" else id_key(identity.data, item.id) for item in items}
        return base64.b64encode(bytes.fromhex("".join(sorted(keys)))).decode()

    return json.dumps({kind: {part: packed(kind, part) for part in PARTS} for kind in ("media", "ids")})


def id_key(data: str, name: str) -> str:
    """The key of a sample's id."""
    return fingerprint(data, name)[:KEY_DIGITS]


def _unpacked(text: str) -> list[str]:
    content = base64.b64decode(text, validate=True)
    if len(content) % _KEY_BYTES:
        raise ValueError(f"{len(content)} bytes are not keys of {_KEY_BYTES} bytes")
    return [content[at : at + _KEY_BYTES].hex() for at in range(0, len(content), _KEY_BYTES)]


def _first(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Part by key; of several parts the first of train, validation, test."""
    found: dict[str, str] = {}
    for key, part in pairs:
        found[key] = min(part, found.get(key, part), key=PARTS.index)
    return found


def _is_published(data: str) -> bool:
    """Whether a data set is a published corpus, whose ids are the same for every user."""
    if data not in catalog.list_datasets():
        return False
    adapter = catalog.dataset(data)
    return adapter.needs_root and adapter.labels is not None
