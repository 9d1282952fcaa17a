"""Short hashes of the content of samples, to recognise the same item under another name or in another place.

A media file is identified by its size and three of its blocks: the first, middle and last 16 KiB. Small
files, such as pictures, are read completely; of long videos 48 KiB are read, because hashing all bytes of a
corpus would take minutes at each start. Two files of one size that differ only outside these blocks count as
the same. Times and names of files do not enter the hash, so that a copied folder is the same data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.dialogues import words_around
from affekt.core.files.fingerprint import fingerprint
from affekt.core.sample import Annotation, Sample

BLOCK_BYTES = 16 * 1024
KEY_DIGITS = 12  # hexadecimal: 6 bytes, 0.03 % chance of one false match between two sets of 300,000 samples
_READERS = 8  # threads, because each file on a network drive costs a round trip


def media_keys(samples: Sequence[Sample]) -> list[str]:
    """A key of each sample's media and time span; equal where two samples have the same content.

    The key of a file that cannot be read is made from its name, so that it differs from all others.
    """
    with ThreadPoolExecutor(_READERS) as pool:
        return list(pool.map(media_key, samples, chunksize=64))


def media_key(sample: Sample) -> str:
    """The key of one sample's media; of a turn with words, also of the words around it.

    A turn such as "yes" occurs in many dialogues, and is another sample in each.
    """
    span = (sample.span_s, sample.turn if sample.dialogue is not None else None)
    around = words_around(sample)
    parts = (sorted(_pieces(sample.media)) or _state(sample.media), span, *([around] if around else []))
    return fingerprint(*parts)[:KEY_DIGITS]


def annotation_key(sample: Sample) -> str:
    """A key of the annotation of a sample: label or labels, segments, points, ratings, further heads."""
    return fingerprint(
        sample.label,
        dict(sample.label_weights) if sample.label_weights is not None else None,
        None if sample.segments is None else [(it.start_s, it.end_s, it.label) for it in sample.segments],
        [(it.time_s, it.label) for it in sample.points],
        # What came later is part of a key only where it is stated: keys that runs have stored stay valid.
        *([dict(sample.values)] if sample.values is not None else []),
        *([{name: _fields(each) for name, each in sample.annotations.items()}] if sample.annotations else []),
    )[:KEY_DIGITS]


def _fields(annotation: Annotation) -> list[Any]:
    weights, values = annotation.label_weights, annotation.values
    return [
        annotation.label,
        None if weights is None else dict(weights),
        None if values is None else dict(values),
    ]


def digest(lines: Iterable[Sequence[str | None]]) -> str:
    """SHA-256 of rows of texts, in the order given."""
    found = hashlib.sha256()
    for line in lines:
        found.update(fingerprint(list(line)).encode())
    return found.hexdigest()


def _pieces(value: Any) -> Iterator[tuple[str, str]]:
    """Files and arrays in media, each with its place; where there are any, nothing else is hashed.

    Media that are generated on access are not generated here: `_state` describes them.
    """
    if isinstance(value, Path):
        yield "file", _file_key(value)
    elif isinstance(value, np.memmap):
        yield "file", _file_key(Path(str(value.filename)))
    elif isinstance(value, np.ndarray):
        yield "array", fingerprint(value)
    elif isinstance(value, str):
        if path := _as_file(value):
            yield "file", _file_key(path)
        else:
            yield "text", fingerprint(value)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == "text" and isinstance(item, str):  # words, never the name of a file
                yield "text text", fingerprint(item)
                continue
            for kind, piece in _pieces(item):
                yield f"{name} {kind}", piece
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            for kind, piece in _pieces(item):
                yield f"{number} {kind}", piece
    elif not isinstance(value, Mapping) and hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            item = getattr(value, name)
            if isinstance(item, Path | np.ndarray):
                yield from _pieces({name: item})


def _state(media: Any) -> Any:
    """The parameters of generated media, which hold neither files nor arrays."""
    return media if type(media) is dict else media.__getstate__()


def _as_file(text: str) -> Path | None:
    try:
        return Path(text) if text and Path(text).is_file() else None
    except (OSError, ValueError):  # too long for a path: it is text
        return None


def _file_key(path: Path) -> str:
    """Size and three blocks of a file; of a folder of frames, its names and sizes, and three of its files."""
    try:
        if path.is_dir():
            inside = sorted(item for item in path.iterdir() if not item.name.startswith("."))
            sizes = [(item.name, item.stat().st_size if item.is_file() else None) for item in inside]
            some = sorted({0, len(inside) // 2, len(inside) - 1}) if inside else []
            return fingerprint(
                sizes, [_file_key(inside[number]) for number in some if inside[number].is_file()]
            )
        size = path.stat().st_size
        with path.open("rb") as stream:
            if size <= 3 * BLOCK_BYTES:
                return fingerprint(size, stream.read(3 * BLOCK_BYTES))
            blocks: list[bytes] = []
            for start in (0, (size - BLOCK_BYTES) // 2, size - BLOCK_BYTES):
                stream.seek(start)
                blocks.append(stream.read(BLOCK_BYTES))
            return fingerprint(size, blocks)
    except (OSError, ValueError):
        return fingerprint("unreadable", str(path))
