"""The data of a run, item by item: which samples it has, in which part, with which labels and media.

RUN/data.json           data set, folder, counts and hashes of each part and of all, accepted changes
    samples.jsonl.gz    a row for each sample: id, part, label, subject, key of annotations, key of media

It is stored when training starts. A resumed run is checked against it and keeps its parts; an evaluation
recognises the training samples by it.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from affekt.core.dataset import Corpus
from affekt.core.errors import FolderError
from affekt.core.files.content import annotation_key, digest, media_keys
from affekt.core.files.json_file import read_json_object
from affekt.core.files.regular import open_regular
from affekt.core.files.whole import write_bytes, write_text
from affekt.core.sample import Sample
from affekt.core.wording import counted
from affekt.data.store.index import is_prepared
from affekt.engine.splits import Parts, strongest_label

FILE, TABLE = "data.json", "samples.jsonl.gz"
MAX_TABLE_BYTES = 2**29  # unpacked: a million samples
PARTS = ("train", "validation", "test")
_SHOWN = 3  # ids of each kind that a difference names


@dataclass(frozen=True, slots=True)
class Item:
    """One sample of a run.

    Attributes:
        annotation, media: Keys of `affekt.core.files.content`.
        is_gone: It was in a part of the run and is not in the data any more.
    """

    id: str
    part: str
    label: str | None
    subject: str | None
    annotation: str
    media: str
    is_gone: bool = False


@dataclass(frozen=True)
class DataIdentity:
    """All samples of a run.

    Attributes:
        root: Folder of the data; empty for data that need none.
        prepared: Whether they were a store that `data prepare` made: its media are other files.
        version: Of the data, where they state one.
        items: In the order of the parts and of training.
        chosen_on: The part that selects the epoch.
        accepted: Changes of the data with which the run was continued on request.
    """

    data: str
    root: str
    labels: tuple[str, ...]
    items: tuple[Item, ...]
    chosen_on: str = "validation"
    accepted: tuple[Mapping[str, Any], ...] = field(default=())
    prepared: bool = False
    version: str = ""

    @property
    def present(self) -> list[Item]:
        """Items that are in the data now."""
        return [item for item in self.items if not item.is_gone]

    @property
    def sha256(self) -> str:
        """Hash of labels, ids, subjects, annotations and media, independent of order and parts."""
        return identity_hash(self.labels, self.present)

    def document(self) -> dict[str, Any]:
        """Counts and hashes, as plain values for checkpoints and bundles."""
        return {
            "data": self.data,
            "samples": len(self.present),
            "sha256": self.sha256,
            "chosen_on": self.chosen_on,
            "prepared": self.prepared,
            **({"version": self.version} if self.version else {}),
            "parts": {
                name: {"samples": len(members), "sha256": identity_hash(self.labels, members)}
                for name in PARTS
                for members in [[item for item in self.present if item.part == name]]
            },
        }

    def write(self, folder: Path) -> None:
        """Write the table, then the summary, so that a kill in between leaves no summary without rows."""
        rows = "".join(json.dumps(asdict(item)) + "\n" for item in self.items)
        write_bytes(folder / TABLE, gzip.compress(rows.encode(), mtime=0))
        summary = {
            **self.document(),
            "root": self.root,
            "labels": list(self.labels),
            "accepted": list(self.accepted),
        }
        write_text(folder / FILE, json.dumps(summary, indent=1) + "\n")


def read_identity(folder: Path) -> DataIdentity | None:
    """The identity of the data of a run; None if the version that made the run did not store it.

    Raises:
        FolderError: The files cannot be read.
    """
    if not (folder / FILE).is_file():
        return None
    try:
        summary = read_json_object(folder / FILE)
        with open_regular(folder / TABLE) as file, gzip.open(file) as stream:
            content = stream.read(MAX_TABLE_BYTES + 1)
        if len(content) > MAX_TABLE_BYTES:
            raise ValueError(f"it unpacks to more than {MAX_TABLE_BYTES} bytes")
        rows = content.decode().splitlines()
        return DataIdentity(
            summary["data"],
            summary["root"],
            tuple(summary["labels"]),
            tuple(Item(**json.loads(row)) for row in rows),
            summary["chosen_on"],
            tuple(summary["accepted"]),
            summary["prepared"],
            summary.get("version", ""),
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError, RecursionError, zlib.error) as error:
        raise FolderError(f"{folder}: {FILE} and {TABLE} cannot be read ({error})") from None


def identity_hash(labels: Sequence[str], items: Sequence[Item]) -> str:
    """Hash of items, independent of their order and parts."""
    rows = sorted((it.id, it.subject or "", it.annotation, it.media) for it in items)
    return digest([labels, *rows])


def identify(
    data: str, root: Path | None, corpus: Corpus, parts: Parts, keys: Mapping[str, str] | None = None
) -> DataIdentity:
    """The identity of data with the parts of a run.

    Args:
        keys: Media keys by id, if they are already computed.
    """
    # If the test part selects the epoch, it is also the validation part: it counts once.
    shares = parts.validation is parts.test and bool(parts.test)
    names = ("train", "test") if shares else PARTS
    samples = [(name, sample) for name in names for sample in getattr(parts, name)]
    if keys is None:
        keys = keys_by_id([sample for _, sample in samples])
    return DataIdentity(
        data,
        str(root.resolve()) if root else "",
        corpus.labels.names,
        tuple(_item(sample, name, keys) for name, sample in samples),
        chosen_on="test" if shares else "validation",
        prepared=root is not None and is_prepared(root),
        version=corpus.version,
    )


def corpus_hash(corpus: Corpus, samples: Sequence[Sample], keys: Mapping[str, str]) -> str:
    """`DataIdentity.sha256` of annotated samples of a corpus.

    Args:
        keys: Media keys by id.
    """
    return identity_hash(corpus.labels.names, [_item(sample, "", keys) for sample in samples])


def _item(sample: Sample, part: str, keys: Mapping[str, str]) -> Item:
    label, annotation = strongest_label(sample), annotation_key(sample)
    return Item(sample.id, part, label, sample.subject, annotation, keys[sample.id])


def keys_by_id(samples: Sequence[Sample]) -> dict[str, str]:
    """Media key of each sample."""
    return dict(zip((sample.id for sample in samples), media_keys(samples), strict=True))


@dataclass(frozen=True)
class Difference:
    """Ids of samples that differ between two states of the data of a run.

    Attributes:
        version: The version now, where it is another one.
    """

    before: int
    now: int
    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    version: str = ""

    def __bool__(self) -> bool:
        samples = self.gone or self.new or self.label or self.subject or self.media
        return bool(samples or self.classes or self.version)

    def counts(self) -> dict[str, int]:
        """Number of samples of each kind, for the record."""
        return {name: len(getattr(self, name)) for name in ("gone", "new", "label", "subject", "media")}

    def __str__(self) -> str:
        kinds = (
            (self.gone, "gone"),
            (self.new, "new"),
            (self.label, "with another label"),
            (self.subject, "with another subject"),
            (self.media, "with other content"),
        )
        found = [f"{len(ids)} {words} ({_some(ids)})" for ids, words in kinds if ids]
        if self.classes:
            found.append(f"the classes are now {', '.join(self.classes)}")
        if self.version:
            found.append(f"the version is now {self.version}")
        return f"{counted(self.before, 'sample')} before, {self.now} now: {'; '.join(found)}"


def compare(
    stored: DataIdentity, corpus: Corpus, samples: Sequence[Sample], keys: Mapping[str, str]
) -> Difference:
    """The difference between the data of a run and the current annotated samples.

    Args:
        keys: Media keys by id.
    """
    before = {item.id: item for item in stored.present}
    now = {sample.id: sample for sample in samples}
    both = [(before[name], sample) for name, sample in now.items() if name in before]
    return Difference(
        len(before),
        len(now),
        gone=tuple(name for name in before if name not in now),
        new=tuple(name for name in now if name not in before),
        label=tuple(item.id for item, sample in both if item.annotation != annotation_key(sample)),
        subject=tuple(item.id for item, sample in both if item.subject != sample.subject),
        media=tuple(item.id for item, sample in both if item.media != keys[item.id]),
        classes=corpus.labels.names if corpus.labels.names != stored.labels else (),
        version=corpus.version if corpus.version != stored.version else "",
    )


def kept_parts(
    stored: DataIdentity, samples: Sequence[Sample], keys: Mapping[str, str], *, native: bool
) -> Parts:
    """The parts of a run, made of the current samples, in the order of the run.

    Each known sample stays in its part. It is recognised by its content, even under another name, else by its
    id. A new sample goes to the part of its subject, else to the part that the data state for it (`native`),
    else to training.
    """
    places = {item.id: number for number, item in enumerate(stored.present)}
    by_id = {item.id: item for item in (*(it for it in stored.items if it.is_gone), *stored.present)}
    by_media: dict[str, str] = {}
    for item in stored.items:  # copies of one file in several parts: training comes first
        by_media[item.media] = min(item.part, by_media.get(item.media, item.part), key=PARTS.index)
    by_subject: dict[str, str] = {}
    for item in stored.items:
        if item.subject is not None:
            by_subject.setdefault(item.subject, item.part)
    found: dict[str, list[Sample]] = {name: [] for name in PARTS}
    for sample in samples:
        item = by_id.get(sample.id)
        if item and item.media == keys[sample.id]:
            name = item.part
        elif keys[sample.id] in by_media:
            name = by_media[keys[sample.id]]
        elif item:
            name = item.part
        else:
            stated = sample.split if native and sample.split in PARTS else None
            name = by_subject.get(sample.subject or "", stated or "train")
            if name == "validation" and stored.chosen_on == "test":
                name = "train"
        found[name].append(sample)
    for members in found.values():
        members.sort(key=lambda sample: places.get(sample.id, len(places)))
    if stored.chosen_on == "test":
        found["validation"] = found["test"]
    return Parts(found["train"], found["validation"], found["test"])


def with_change(stored: DataIdentity, now: DataIdentity, change: Mapping[str, Any]) -> DataIdentity:
    """The identity after an accepted change; samples that are gone stay listed with their part."""
    here = {item.media for item in now.items}
    gone = tuple(replace(item, is_gone=True) for item in stored.items if item.media not in here)
    return replace(now, items=(*now.items, *gone), accepted=(*stored.accepted, change))


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return ", ".join(ids[:_SHOWN]) + more
