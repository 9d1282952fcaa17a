"""What a person points at, to samples: files, folders, decoded media."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Sample, Skipped
from affekt.media import skeleton

Source = str | os.PathLike[str] | Sample | skeleton.Skeleton


def as_samples(
    sources: Iterable[Source], modality: str, *, joints: tuple[str, ...] | None = None
) -> Iterator[Sample | Skipped]:
    """Each input as a sample; what cannot be read becomes `Skipped` with its reason.

    A folder stands for all files of the modality below it, in order of their names.

    Raises:
        UsageError: A path does not exist, or the modality has no reader.
    """
    if modality != "skeleton":
        raise UsageError(f"inputs of modality {modality!r} cannot be read yet")
    for number, source in enumerate(sources):
        if isinstance(source, Sample):
            yield source
        elif isinstance(source, skeleton.Skeleton):
            yield Sample(id=f"input-{number}", media={"skeleton": source})
        else:
            path = Path(source)
            if not path.exists():
                raise UsageError(f"{path} does not exist")
            files = _files(path)
            if not files:
                yield Skipped(
                    str(path), f"{path} holds no skeleton file; known are {', '.join(skeleton.SUFFIXES)}"
                )
            for file in files:
                yield from _read(file, joints)


def _files(path: Path) -> list[Path]:
    """The file itself, or the skeleton files below a folder."""
    if not path.is_dir():
        return [path]
    return [file for file in sorted(path.rglob("*")) if file.suffix in skeleton.SUFFIXES and file.is_file()]


def _read(path: Path, joints: tuple[str, ...] | None) -> Iterator[Sample | Skipped]:
    try:
        walks = skeleton.read_each_skeleton(path, joints=joints)
    except MediaError as error:
        yield Skipped(str(path), str(error))
        return
    for number, walk in enumerate(walks):
        name = f"{path}#{number}" if len(walks) > 1 else str(path)
        if isinstance(walk, MediaError):
            yield Skipped(name, str(walk))
        else:
            yield Sample(id=name, media={"skeleton": walk}, facts={"path": str(path)})
