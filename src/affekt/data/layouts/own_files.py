"""Files of one's own with their final labels: by a manifest where there is one, or else by folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from affekt.core.dataset import Corpus
from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Skipped
from affekt.core.settings import suggest
from affekt.data.layouts.folders import point_at, read_layout
from affekt.data.layouts.label_names import FolderOptions, settle_labels
from affekt.data.layouts.manifest import Line, find_manifest, read_manifest
from affekt.media.files import suffix_list


class OwnFiles(NamedTuple):
    """Lines with final labels, and what their corpus reports."""

    lines: list[Line]
    labels: LabelSet
    skipped: list[Skipped]
    problems: list[str]
    errors: list[str]

    def corpus(self, samples: list[Sample], skipped: list[Skipped]) -> Corpus:
        """The corpus of samples that were made of the lines."""
        left_out = [*self.skipped, *skipped]
        return Corpus(
            samples, self.labels, left_out, problems=tuple(self.problems), errors=tuple(self.errors)
        )


def read_own_files(
    root: Path, options: FolderOptions, suffixes: Sequence[str], kind: str, *, several: str = ""
) -> OwnFiles:
    """Every file of a modality that a manifest lists or that lies in folders of classes.

    Args:
        kind: What such a file is called, as in `picture`.
        several: What several are called; with an s if not given.

    Raises:
        DataError: There is no such file, the manifest is wrong, files lie beside folders of splits, or fewer
            than two classes are found.
    """
    manifest = find_manifest(root)
    if manifest:
        lines, skipped, problems = read_manifest(manifest, stated=options.splits)
    else:
        layout = read_layout(root, suffixes, kind, stated=options.splits, classes=options.labels)
        lines, skipped, problems, _ = layout
        _check_named(root, options, [*(line.id for line in lines), *(item.id for item in skipped)])
        if not lines:
            example = f"happy/1{suffixes[0]}"
            raise DataError(
                f"{root} holds neither manifest.csv nor a folder of {several or kind + 's'} for each class, "
                f"as in {example} or train/{example}; {kind}s are {suffix_list(suffixes)}"
            )
    try:
        settled = settle_labels(root, lines, options)
    except DataError as error:
        raise DataError(f"{error}{'' if manifest or options.labels else point_at(root, lines)}") from None
    return OwnFiles(settled.lines, settled.labels, skipped, [*problems, *settled.problems], settled.errors)


def _check_named(root: Path, options: FolderOptions, names: Sequence[str]) -> None:
    """Refuse an option that names the split of a folder which is not there: a misspelled one has no effect.

    Args:
        names: Of files, as paths below `root`.

    Raises:
        DataError: With the folders that there are.
    """
    folders = {part.casefold(): part for name in names for part in PurePosixPath(name).parts[:-1]}
    unknown = [name for name in options.splits if name.casefold() not in folders]
    if unknown:
        raise DataError(
            f"{root}: options.splits names {', '.join(unknown)}, but no folder with files is called so; "
            f"{suggest(unknown[0], sorted(folders.values()))}"
        )
