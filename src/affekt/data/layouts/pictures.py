"""What adapters of picture sets share: files to samples, and class folders of a published set.

    DIR/train/Happy/0001.png        a folder is called by its class in any spelling of `affekt.core.labels`,
        test/3/0002.png             or by its number

Pictures are not decoded here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Skipped
from affekt.data.layouts.manifest import Line
from affekt.media.files import has_suffix, kind_by_suffix, suffix_list
from affekt.media.image import SUFFIXES


class Pictures(NamedTuple):
    """Samples that were found, and what could not be used."""

    samples: list[Sample]
    skipped: list[Skipped]


def picture_samples(lines: Iterable[Line]) -> Pictures:
    """A sample for each file that exists and is a picture by its name."""
    found = Pictures([], [])
    for line in lines:
        if not has_suffix(line.path, SUFFIXES):
            reason = f"{line.path} is no picture by its name ({suffix_list(SUFFIXES)})"
            found.skipped.append(Skipped(line.id, reason, kind_by_suffix(line.path)))
        elif not line.path.is_file():
            reason = f"{line.path} does not exist or is no file"
            found.skipped.append(Skipped(line.id, reason, "files that do not exist"))
        else:
            found.samples.append(
                Sample(line.id, {"image": line.path}, line.label, subject=line.subject, split=line.split)
            )
    return found


def class_lines(root: Path, lines: Sequence[Line], labels: LabelSet, ids: Mapping[str, str]) -> list[Line]:
    """Lines of class folders, labelled by the names of `labels`.

    Args:
        lines: Their labels are the names of folders.
        ids: Name of each numeric folder.

    Raises:
        DataError: A folder is called by no class.
    """
    folders = {line.label or "" for line in lines}
    names = {**emotion_names(folders, labels), **ids}
    strange = sorted(folders - names.keys())
    if strange:
        known = ", ".join([*labels.names, *ids])
        raise DataError(f"{root}: folders {', '.join(strange)} are no class; known: {known}")
    return [line._replace(label=names[line.label or ""]) for line in lines]


def emotion_names(words: Iterable[str], labels: LabelSet) -> dict[str, str]:
    """The name that a label set has for each word, without the words that are no emotion of it."""
    # The first two make a set of any number of words; no folder can be called by them.
    given = sorted(set(words) - {""})
    found = LabelSet.of("", "\0", *sorted({word.strip() for word in given} - {""})).map_to(labels)
    return {word: name for word in given if (name := found.get(word.strip()))}
