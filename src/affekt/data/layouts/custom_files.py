"""A user's own files with their final labels: from a manifest if there is one, else from class folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from affekt.core.dataset import Corpus
from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Skipped
from affekt.core.settings import suggest
from affekt.data.layouts.annotated_file import AnnotatedFile
from affekt.data.layouts.class_folders import hint_at_subfolder, read_class_folders
from affekt.data.layouts.label_names import FolderOptions, resolve_labels
from affekt.data.layouts.manifest import find_manifest, read_manifest
from affekt.media.files import suffix_list

_SHOWN = 8  # suffixes that a message lists


class CustomFiles(NamedTuple):
    """Files with final labels, and what their corpus reports."""

    files: list[AnnotatedFile]
    labels: LabelSet
    skipped: list[Skipped]
    problems: list[str]
    errors: list[str]

    def corpus(self, samples: list[Sample], skipped: list[Skipped]) -> Corpus:
        """The corpus of the samples that were made from these files."""
        return Corpus(
            samples,
            self.labels,
            [*self.skipped, *skipped],
            problems=tuple(self.problems),
            errors=tuple(self.errors),
        )


def own_layout(file: str) -> str:
    """The layouts of `read_custom_files` as the rest of a sentence, with a file of the modality."""
    return (
        f"a folder with one for each class, as in happy/{file}, or parts around them, as in "
        f"train/happy/{file}; or a folder with a manifest.csv of the columns path, label and, if known, "
        "subject and split"
    )


def read_custom_files(
    root: Path, options: FolderOptions, suffixes: Sequence[str], kind: str, *, several: str = ""
) -> CustomFiles:
    """Every file of a modality that a manifest lists or that is in a class folder.

    Args:
        kind: Word for such a file in messages, as in `picture`.
        several: Its plural; `kind` with an s if not given.

    Raises:
        DataError: There is no such file, the manifest is wrong, files are next to folders of splits, or fewer
            than two classes are found.
    """
    manifest = find_manifest(root)
    if manifest:
        files, skipped, problems = read_manifest(manifest, stated=options.splits)
    else:
        layout = read_class_folders(root, suffixes, kind, stated=options.splits, classes=options.labels)
        files, skipped, problems, _ = layout
        _check_split_option(root, options, [*(file.id for file in files), *(item.id for item in skipped)])
        if not files:
            example = f"happy/1{suffixes[0]}"
            raise DataError(
                f"{root} contains neither manifest.csv nor a folder of {several or kind + 's'} for each "
                f"class, as in {example} or train/{example}; {kind}s are {suffix_list(suffixes[:_SHOWN])}"
                f"{' and other formats' if len(suffixes) > _SHOWN else ''}"
            )
    try:
        labelled = resolve_labels(root, files, options)
    except DataError as error:
        hint = "" if manifest or options.labels else hint_at_subfolder(root, files)
        raise DataError(f"{error}{hint}") from None
    return CustomFiles(
        labelled.files, labelled.labels, skipped, [*problems, *labelled.problems], labelled.errors
    )


def _check_split_option(root: Path, options: FolderOptions, names: Sequence[str]) -> None:
    """Check that each folder in the option `splits` exists: a misspelled one would have no effect.

    Args:
        names: File names as paths below `root`.

    Raises:
        DataError: A folder does not exist; the message lists the existing ones.
    """
    folders = {part.casefold(): part for name in names for part in PurePosixPath(name).parts[:-1]}
    unknown = [name for name in options.splits if name.casefold() not in folders]
    if unknown:
        raise DataError(
            f"{root}: options.splits names {', '.join(unknown)}, but no folder with files has that name; "
            f"{suggest(unknown[0], sorted(folders.values()))}"
        )
