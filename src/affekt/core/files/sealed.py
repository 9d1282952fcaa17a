"""Sealed folders: the form of checkpoints and bundles.

A sealed folder holds plain files and `affekt.json`, which lists each file's size and SHA-256 and carries a
digest of itself. It is written whole (see `whole`) and read only after every byte was checked. The digest
detects damage, not forgery: it does not prove who wrote the folder. So every claim of a manifest is limited
before time or memory is spent on it. No code, no pickle.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from affekt.core.errors import FolderError
from affekt.core.files.output import check_folder
from affekt.core.files.regular import open_regular
from affekt.core.files.whole import recover, write_folder

MANIFEST = "affekt.json"
SCHEMA = 1
MAX_MANIFEST_BYTES = 2**20
MAX_FILE_BYTES = 8 * 2**30
MAX_FILES = 1000  # of a folder; an archive may have ten more, such as entries of folders
# Weights hardly get smaller when they are compressed. Members above this size may shrink by this factor.
MAX_RATIO, RATIO_FROM_BYTES = 100, 64 * 2**20
# The line that holds the digest, at the outermost level: those of inner levels are indented further.
_DIGEST = re.compile(rb'\n "sha256": "([0-9a-f]{64})"(,?)(?=\n)')
_DECODERS = (zlib.error, lzma.LZMAError)  # raised by damaged archives


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
                + _linked(self.path, name)
            )
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            raise FolderError(
                f"{self.path}: {name} was altered: its SHA-256 is not the one in {MANIFEST}"
                + _linked(self.path, name)
            )
        return content


@contextmanager
def write_sealed(path: Path, document: dict[str, Any]) -> Iterator[Path]:
    """Write a sealed folder: fill the yielded folder; it takes the place of `path`, or nothing changes.

    Args:
        path: Place of the folder; an older sealed folder is replaced.
        document: Plain JSON values for the manifest; `files`, `schema` and `sha256` are added.

    Raises:
        FolderError: Something else is at that place, or the disk is full.
    """
    _check_free(path)
    with write_folder(path, error=FolderError) as work:
        yield work
        names = sorted(file.relative_to(work).as_posix() for file in work.rglob("*") if file.is_file())
        files = {name: _describe(work / name) for name in names}
        _open_by_umask(work, names)
        manifest = _manifest_text({**document, "schema": SCHEMA, "files": files}).encode()
        if len(manifest) > MAX_MANIFEST_BYTES or len(files) > MAX_FILES:
            raise FolderError(
                f"{path} cannot be written: its manifest has {len(manifest)} bytes and {len(files)} files; "
                f"at most {MAX_MANIFEST_BYTES} and {MAX_FILES} are read"
            )
        (work / MANIFEST).write_bytes(manifest)


def check_place(path: Path) -> None:
    """Refuse to replace anything but a sealed or empty folder, and a place that cannot be written.

    Raises:
        FolderError: Something else is at that place, or nothing can be written there.
    """
    _check_free(path)
    check_folder(path.parent, error=FolderError)  # a new folder takes its place


def _check_free(path: Path) -> None:
    """Refuse to replace anything but a sealed or empty folder."""
    empty = path.is_dir() and not any(path.iterdir())
    if path.exists() and not empty and not (path / MANIFEST).is_file():
        raise FolderError(
            f"{path} exists and was not written by affekt, so it is not replaced: name another folder"
        )


def kind_of(path: Path) -> str:
    """The kind that the manifest of a folder states, unchecked; empty if there is none."""
    try:
        return str(json.loads(_read_bytes(path, MANIFEST, limit=MAX_MANIFEST_BYTES))["kind"])
    except (FolderError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def read_sealed(path: Path, *, kind: str) -> Sealed:
    """Check a sealed folder (or `.affekt` zip) and return its document.

    Raises:
        FolderError: It is not a sealed folder of this kind, or any byte of it was altered.
    """
    recover(path)
    if not path.exists():
        raise FolderError(f"{path} does not exist; a {kind} was expected there")
    document, digest = _document(path, _read_bytes(path, MANIFEST, limit=MAX_MANIFEST_BYTES))
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


def _document(path: Path, raw: bytes) -> tuple[dict[str, Any], str]:
    """The document of a manifest and its digest, which is compared before the document is parsed.

    Raises:
        FolderError: The manifest is too large, or was altered.
    """
    if len(raw) > MAX_MANIFEST_BYTES:
        raise FolderError(f"{path}: {MANIFEST} has more than {MAX_MANIFEST_BYTES} bytes: it is not read")
    line = _DIGEST.search(raw)
    if line is None or not raw.endswith(b"\n}\n"):
        raise FolderError(f"{path}: {MANIFEST} is truncated or was altered: it cannot be read")
    before = raw[: line.start()] if line[2] else raw[: line.start()].removesuffix(b",")
    digest = hashlib.sha256(before + raw[line.end() : -1]).hexdigest()
    if digest != line[1].decode():
        raise FolderError(f"{path}: {MANIFEST} was altered: its digest does not match its content")
    try:
        document = json.loads(raw)
        document.pop("sha256")
        intact = _manifest_text(document).encode() == raw
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise FolderError(f"{path}: {MANIFEST} is truncated or was altered: it cannot be read") from None
    if not intact:
        raise FolderError(f"{path}: {MANIFEST} was altered: it is not as affekt writes it")
    return document, digest


def _manifest_text(document: dict[str, Any]) -> str:
    # One text per document: any changed byte, even in white space, makes the file differ from this text.
    body = json.dumps(document, indent=1, sort_keys=True)
    digest = hashlib.sha256(body.encode()).hexdigest()
    return json.dumps({**document, "sha256": digest}, indent=1, sort_keys=True) + "\n"


def _open_by_umask(work: Path, names: Sequence[str]) -> None:
    """Give files the mode that the umask leaves; safetensors makes them for their owner alone."""
    mode = work.stat().st_mode & 0o666
    for file in (work / name for name in names):
        there = file.lstat()
        # A file with another name is an object of a store, or one of an earlier checkpoint.
        if stat.S_ISREG(there.st_mode) and there.st_nlink == 1 and stat.S_IMODE(there.st_mode) != mode:
            file.chmod(mode)


def _describe(file: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        return {"bytes": file.stat().st_size, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def _check_files(path: Path, files: Any) -> None:
    """Refuse a list of files that `write_sealed` cannot have written, even where its digest matches."""
    if not isinstance(files, dict):
        raise FolderError(f"{path}: {MANIFEST} lists no files")
    if len(files) > MAX_FILES:
        raise FolderError(f"{path}: {MANIFEST} lists {len(files)} files; at most {MAX_FILES} are read")
    for name, entry in files.items():
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts or "\\" in name or "\0" in name or name == MANIFEST:
            raise FolderError(f"{path} lists a file {name!r}, which would be outside of it")
        values = (entry.get("bytes"), entry.get("sha256")) if isinstance(entry, dict) else ()
        if [type(value) for value in values] != [int, str] or entry["bytes"] < 0:
            raise FolderError(f"{path}: {MANIFEST} does not give size and SHA-256 of {name!r}")


def _linked(path: Path, name: str) -> str:
    """Where a member is a link to a file outside, that file, and what to do; else nothing."""
    file = path / name
    if not file.is_symlink():
        return ""
    target = os.path.normpath(file.parent.resolve() / file.readlink())
    return (
        f". It is a link to {target}, which other runs may need too: affekt store verify lists them. Restore "
        "this file; or train again, as a checkpoint with the same weights writes it again. If the run was "
        "moved, move it back and use affekt store detach"
    )


def _check_member(path: Path, archive: zipfile.ZipFile, name: str, limit: int) -> None:
    """Refuse archives that cost far more to read than their size suggests."""
    if len(archive.filelist) > MAX_FILES + 10:
        raise FolderError(f"{path} holds {len(archive.filelist)} entries; at most {MAX_FILES} files are read")
    member = archive.getinfo(name)
    size = min(member.file_size, limit)
    if size > RATIO_FROM_BYTES and size > MAX_RATIO * member.compress_size:
        raise FolderError(
            f"{path}: {name} would unpack from {member.compress_size} to {member.file_size} bytes, which "
            "weights never do: it is not read"
        )


def _read_bytes(path: Path, name: str, *, limit: int) -> bytes:
    """Bytes of a member, at most one more than `limit`, so that a longer file is detected but not loaded."""
    if limit > MAX_FILE_BYTES:
        raise FolderError(f"{path}: {name} is listed with {limit} bytes; at most {MAX_FILE_BYTES} are read")
    try:
        if path.is_dir():
            with open_regular(path / name) as stream:
                return stream.read(limit + 1)
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            _check_member(path, archive, name, limit)
            with archive.open(name) as stream:
                return stream.read(limit + 1)
    except (FileNotFoundError, KeyError):
        if linked := _linked(path, name):
            raise FolderError(f"{path}: {name} is gone{linked}") from None
        raise FolderError(f"{path} has no {name}: it is incomplete, or something else") from None
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError, *_DECODERS) as error:
        raise FolderError(f"{path}: {name} cannot be read ({error})") from None
