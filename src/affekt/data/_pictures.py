"""What adapters of picture sets share: files to samples, and class folders of a published set.

    DIR/train/Happy/0001.png        a folder is called by its class in any spelling of `affekt.core.labels`,
        test/3/0002.png             or by its number

Pictures are not decoded here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Skipped, Split
from affekt.data._manifest import Line, part_folders, walk_classes
from affekt.media.image import SUFFIXES


class Pictures(NamedTuple):
    """Samples that were found, and what could not be used."""

    samples: list[Sample]
    skipped: list[Skipped]


def picture_samples(lines: Iterable[Line]) -> Pictures:
    """A sample for each file that exists and is a picture by its name."""
    found = Pictures([], [])
    for line in lines:
        if line.path.suffix.lower() not in SUFFIXES:
            kinds = ", ".join(SUFFIXES)
            found.skipped.append(Skipped(line.id, f"{line.path} is no picture by its name ({kinds})"))
        elif not line.path.is_file():
            found.skipped.append(Skipped(line.id, f"{line.path} does not exist or is no file"))
        else:
            found.samples.append(
                Sample(line.id, {"image": line.path}, line.label, subject=line.subject, split=line.split)
            )
    return found


def published_parts(root: Path) -> dict[Path, Split]:
    """Folders of a set that comes in two parts, train and test.

    Some tools want the second part called `valid`; where no folder is called test, that is the test part.
    """
    parts = part_folders(root)
    if "test" not in parts.values():
        for folder, split in parts.items():
            parts[folder] = "test" if split == "validation" else split
    return parts


def class_lines(
    root: Path, parts: Mapping[Path, Split], labels: LabelSet, ids: Mapping[str, str]
) -> list[Line]:
    """Files of class folders, labelled by the names of `labels`.

    Args:
        ids: Name of each numeric folder.

    Raises:
        DataError: There are no files, or a folder is called by no class.
    """
    lines = [line for folder, split in parts.items() for line in walk_classes(root, folder, split)]
    if not lines:
        raise DataError(
            f"{', '.join(map(str, parts))}: no folder of pictures for each class, as in happy/1.png"
        )
    folders = {line.label or "" for line in lines}
    names = {**emotion_names(folders, labels), **ids}
    strange = sorted(folders - names.keys())
    if strange:
        known = ", ".join([*labels.names, *ids])
        raise DataError(f"{root}: folders {', '.join(strange)} are no class; known: {known}")
    return [line._replace(label=names[line.label or ""]) for line in lines]


def class_folders(parts: Iterable[Path]) -> set[str]:
    """Names of the folders in all parts."""
    return {folder.name for part in parts for folder in part.iterdir() if folder.is_dir()}


def emotion_names(words: Iterable[str], labels: LabelSet) -> dict[str, str]:
    """The name that a label set has for each word, without the words that are no emotion of it."""
    # The first two make a set of any number of words, and are nobody's.
    found = LabelSet.of("", "\0", *sorted(set(words))).map_to(labels)
    return {word: name for word, name in found.items() if name}
