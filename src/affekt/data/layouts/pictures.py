"""Readers that picture data sets share: files to samples, and class folders of a published set.

    DIR/train/Happy/0001.png        a folder has the name of its class, in any spelling that
        test/3/0002.png             `affekt.core.labels` recognises, or its number

Pictures are not decoded here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from affekt.core.errors import DataError
from affekt.core.files.regular import is_regular
from affekt.core.labels import LabelSet
from affekt.core.notes import note
from affekt.core.sample import Sample, Skipped
from affekt.data.layouts.annotated_file import AnnotatedFile
from affekt.media.files import has_suffix, kind_by_suffix, suffix_list
from affekt.media.image import SUFFIXES


class Pictures(NamedTuple):
    """Samples, and the files that cannot be used."""

    samples: list[Sample]
    skipped: list[Skipped]


def picture_samples(files: Iterable[AnnotatedFile]) -> Pictures:
    """A sample for each file that exists and has the suffix of a picture."""
    found = Pictures([], [])
    for file in files:
        if not has_suffix(file.path, SUFFIXES):
            reason = f"{file.path} does not have the suffix of a picture ({suffix_list(SUFFIXES)})"
            found.skipped.append(Skipped(file.id, reason, kind_by_suffix(file.path)))
        elif not is_regular(file.path):
            reason = f"{file.path} does not exist or is not a file"
            found.skipped.append(Skipped(file.id, reason, "files that do not exist"))
        else:
            found.samples.append(
                Sample(file.id, {"image": file.path}, file.label, subject=file.subject, split=file.split)
            )
    return found


def with_class_names(
    root: Path, files: Sequence[AnnotatedFile], labels: LabelSet, ids: Mapping[str, str]
) -> list[AnnotatedFile]:
    """Files in class folders, labelled by the names of `labels`.

    Args:
        files: Labelled by the names of their folders.
        ids: Class name of each numeric folder.

    Raises:
        DataError: The name of a folder is not that of a class.
    """
    folders = {file.label or "" for file in files}
    names = {**emotion_names(folders, labels), **ids}
    unknown = sorted(folders - names.keys())
    if unknown:
        known = ", ".join([*labels.names, *ids])
        raise DataError(f"{root}: no class is called {', '.join(unknown)}; known: {known}")
    note_names({folder: names[folder] for folder in folders})
    return [file._replace(label=names[file.label or ""]) for file in files]


def note_names(names: Mapping[str, str]) -> None:
    """State which words of the data were read as labels of another name; `open_dataset` collects it."""
    other = [
        f"{word} as {name}" for word, name in sorted(names.items()) if word.casefold() != name.casefold()
    ]
    if other:
        note(f"labels of the data, mapped by name: {', '.join(other)}")


def emotion_names(words: Iterable[str], labels: LabelSet) -> dict[str, str]:
    """The class name in a label set for each word; words that are not one of its emotions are omitted."""
    # A label set needs two names: the first two are ones that no folder can have.
    given = sorted(set(words) - {""})
    found = LabelSet.of("", "\0", *sorted({word.strip() for word in given} - {""})).map_to(labels)
    return {word: name for word in given if (name := found.get(word.strip()))}
