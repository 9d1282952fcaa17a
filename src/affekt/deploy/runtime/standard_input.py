"""A medium from standard input: it is kept in a temporary file while it is answered."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from affekt.core.answers.prediction import Prediction
from affekt.core.errors import UsageError
from affekt.core.sample import Skipped
from affekt.media.kinds import HEAD_BYTES, kind_of

NAME = "stdin"
MAX_BYTES = 8 * 2**30  # of a temporary file; a file of any size is given by its path
_BLOCK_BYTES = 1 << 20
_MARKS = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"  # byte order marks, zero bytes of UTF-16, space


@runtime_checkable
class Readable(Protocol):
    """A binary stream."""

    def read(self, size: int, /) -> bytes: ...


@contextmanager
def kept_in_file(stream: Readable, modality: str) -> Iterator[Path]:
    """A file with what a stream holds; its suffix is that of its content where readers ask for it.

    Raises:
        UsageError: The stream is empty, or holds more than `MAX_BYTES`.
    """
    folder = Path(tempfile.mkdtemp(prefix="affekt-"))
    try:
        path, size = folder / NAME, 0
        with path.open("wb") as file:
            while block := stream.read(_BLOCK_BYTES):
                size += len(block)
                if size > MAX_BYTES:
                    raise UsageError(
                        f"standard input holds more than {MAX_BYTES / 2**30:.0f} GB: give a file by its path"
                    )
                file.write(block)
        if not size:
            raise UsageError(f"standard input is empty; this bundle takes inputs of modality {modality}")
        with path.open("rb") as file:
            suffix = _suffix(file.read(HEAD_BYTES), modality)
        yield path.rename(path.with_suffix(suffix))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def named(answer: Prediction | Skipped, path: Path) -> Prediction | Skipped:
    """An answer to the temporary file, which calls it `stdin`."""

    def name(text: str) -> str:
        return text.replace(str(path), NAME)

    def renamed(one: Prediction) -> Prediction:
        heads = {head: renamed(further) for head, further in one.heads.items()}
        return replace(one, id=name(one.id), notes=tuple(map(name, one.notes)), heads=heads)

    if isinstance(answer, Skipped):
        return Skipped(name(answer.id), name(answer.reason), answer.kind)
    return renamed(answer)


def _suffix(head: bytes, modality: str) -> str:
    """The suffix that readers of walks, and of sound where a network takes picture as well, ask for."""
    if modality == "skeleton":
        if head.startswith(b"PK"):
            return ".npz"
        return ".json" if head.lstrip(_MARKS).startswith((b"{", b"[")) else ".csv"
    kind = kind_of(head)
    return ".wav" if kind is not None and kind.medium == "audio" else ""
