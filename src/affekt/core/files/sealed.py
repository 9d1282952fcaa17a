"""Sealed folders: what a checkpoint and a bundle have in common.

A sealed folder holds plain files and `affekt.json`, which lists each file's size and SHA-256 and carries a
digest of itself. It is written beside its place and renamed, so a kill leaves the old one or the new one; it
is read only after every byte was checked. The digest finds damage, not forgery: it does not say who wrote
the folder. No code, no pickle.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from affekt.core.errors import FolderError

MANIFEST = "affekt.json"
SCHEMA = 1
MAX_MANIFEST_BYTES = 64 * 2**20
MAX_FILE_BYTES = 8 * 2**30
_DECODERS = (zlib.error, lzma.LZMAError)  # what packed bytes may raise beside the usual


@dataclass(frozen=True)
class Sealed:
    """A checked folder: its document and the bytes of its files."""

    path: Path
    document: dict[str, Any] = field(repr=False)
    sha256: str

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files beside the manifest."""
        return tuple(self.document["files"])

    def read(self, name: str) -> bytes:
        """Bytes of one file, checked against the manifest.

        Raises:
            FolderError: The file is not listed, or its bytes are not the ones that were written.
        """
        entry = self.document["files"].get(name)
        if entry is None:
            raise FolderError(f"{self.path} has no file {name!r}; it holds {', '.join(self.files)}")
        content = _read_bytes(self.path, name, limit=entry["bytes"])
        if len(content) != entry["bytes"]:
            raise FolderError(
                f"{self.path}: {name} has {len(content)} bytes, not {entry['bytes']}: it is incomplete"
            )
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise FolderError(f"{self.path}: {name} was altered: its SHA-256 is not the one in {MANIFEST}")
        return content


@contextmanager
def write_sealed(path: Path, document: dict[str, Any]) -> Iterator[Path]:
    """Write a sealed folder: fill the yielded folder; it takes its place, or nothing does.

    Args:
        path: Where the folder will stand; an older sealed folder is replaced.
        document: Plain JSON values for the manifest; `files`, `schema` and `sha256` are added.

    Raises:
        FolderError: Something else stands there, which is left alone.
    """
    check_place(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        yield work
        names = sorted(file.relative_to(work).as_posix() for file in work.rglob("*") if file.is_file())
        files = {name: _describe(work / name) for name in names}
        write_text(work / MANIFEST, _manifest_text({**document, "schema": SCHEMA, "files": files}))
        for name in names:
            _sync(work / name)
        work.chmod(0o755)
        _replace_folder(work, path)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def check_place(path: Path) -> None:
    """Refuse to put a sealed folder where something else stands.

    Raises:
        FolderError: It is neither free nor a sealed folder nor empty.
    """
    empty = path.is_dir() and not any(path.iterdir())
    if path.exists() and not empty and not (path / MANIFEST).is_file():
        raise FolderError(f"{path} exists and is no folder of affekt's: it is left alone, name another one")


def read_sealed(path: Path, *, kind: str) -> Sealed:
    """Check a sealed folder (or `.affekt` zip) and give its document.

    Raises:
        FolderError: It is not a sealed folder of this kind, or any byte of it was altered.
    """
    if not path.exists():
        raise FolderError(f"{path} does not exist; a {kind} was expected there")
    raw = _read_bytes(path, MANIFEST, limit=MAX_MANIFEST_BYTES)
    try:
        document = json.loads(raw)
        digest = document.pop("sha256")
        intact = _manifest_text(document).encode() == raw
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise FolderError(f"{path}: {MANIFEST} is truncated or was altered: it cannot be read") from None
    if not intact:
        raise FolderError(f"{path}: {MANIFEST} was altered: its digest does not fit its content")
    if document.get("schema") != SCHEMA:
        raise FolderError(f"{path} has schema {document.get('schema')}, this affekt reads schema {SCHEMA}")
    if document.get("kind") != kind:
        found = document.get("kind")
        if found == "weights":
            raise FolderError(
                f"{path} holds weights for training (affekt train --weights), a {kind} was expected"
            )
        raise FolderError(f"{path} is a {found}, a {kind} was expected")
    _check_files(path, document.get("files"))
    sealed = Sealed(path, document, digest)
    for name in sealed.files:
        sealed.read(name)
    return sealed


def write_text(path: Path, text: str) -> None:
    """Write a text file so that a kill leaves the old one or the new one."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text(text, encoding="utf-8")
    _sync(partial)
    os.replace(partial, path)


def _manifest_text(document: dict[str, Any]) -> str:
    # One text per document: any changed byte, even in white space, makes the file differ from this text.
    body = json.dumps(document, indent=1, sort_keys=True)
    digest = hashlib.sha256(body.encode()).hexdigest()
    return json.dumps({**document, "sha256": digest}, indent=1, sort_keys=True) + "\n"


def _describe(file: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        return {"bytes": file.stat().st_size, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def _sync(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


def _replace_folder(work: Path, path: Path) -> None:
    if not path.exists():
        work.rename(path)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{path.name}-old-", dir=path.parent))
    path.rename(old / path.name)
    work.rename(path)
    shutil.rmtree(old)


def _check_files(path: Path, files: Any) -> None:
    """Refuse a list of files that no `write_sealed` made; its digest may fit all the same."""
    if not isinstance(files, dict):
        raise FolderError(f"{path}: {MANIFEST} lists no files")
    for name, entry in files.items():
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts or "\\" in name or "\0" in name or name == MANIFEST:
            raise FolderError(f"{path} lists a file {name!r}, which would lie outside of it")
        values = (entry.get("bytes"), entry.get("sha256")) if isinstance(entry, dict) else ()
        if [type(value) for value in values] != [int, str]:
            raise FolderError(f"{path}: {MANIFEST} does not give size and SHA-256 of {name!r}")


def _read_bytes(path: Path, name: str, *, limit: int) -> bytes:
    """Bytes of a member, at most one more than `limit` so that a longer file is noticed, not loaded."""
    if limit > MAX_FILE_BYTES:
        raise FolderError(f"{path}: {name} is said to have {limit} bytes; at most {MAX_FILE_BYTES} are read")
    try:
        if path.is_dir():
            with (path / name).open("rb") as stream:
                return stream.read(limit + 1)
        with zipfile.ZipFile(path) as archive, archive.open(name) as stream:
            return stream.read(limit + 1)
    except (FileNotFoundError, KeyError):
        raise FolderError(f"{path} has no {name}: it is incomplete, or something else") from None
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError, *_DECODERS) as error:
        raise FolderError(f"{path}: {name} cannot be read ({error})") from None
