"""Class names in annotations: spellings of a name, words for a missing label, names that are not classes."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import field_validator

from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.settings import Settings
from affekt.data.layouts.annotated_file import AnnotatedFile
from affekt.data.layouts.split_names import NamedSplit, looks_like_split, option_for, split_of
from affekt.data.layouts.tables import is_absent

_BETWEEN = re.compile(r"(?<!\d)[\s_]+|[\s_]+(?!\d)|(?<=[^\W\d_])[-\u2010-\u2015\u2212]+")
_SCRIPTS = ("LATIN", "GREEK", "CYRILLIC")  # combining marks are accents; elsewhere they change the letter


class LabelOptions(Settings):
    """How labels are read.

    Attributes:
        labels: Class names in the order of the network's outputs; default: the names in the data, sorted.
        merge_spellings: Merge names that differ only by case, blanks or accents into one class. Its name is
            the one in `labels` or else the most frequent spelling. Without it, such names are an error.
    """

    labels: tuple[str, ...] = ()
    merge_spellings: bool = False

    @field_validator("labels")
    @classmethod
    def _make_a_set(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return check_label_names(names)


class FolderOptions(LabelOptions):
    """How labels and splits are read.

    Attributes:
        splits: The split of a folder, or of a word in the column `split`, whose name is not recognised:
            train, validation, test, or `ignore` to exclude it; as in {heldout = "test"}.
    """

    splits: Mapping[str, NamedSplit] = {}


class LabelledFiles(NamedTuple):
    """Files with their final labels.

    Attributes:
        problems: Warnings; training is possible.
        errors: Problems that would give wrong classes; training is refused.
    """

    files: list[AnnotatedFile]
    labels: LabelSet
    problems: list[str]
    errors: list[str]


def resolve_labels(root: Path, files: Sequence[AnnotatedFile], options: LabelOptions) -> LabelledFiles:
    """Final labels of files, and the label set: the names of the option, or those in the data, sorted.

    Raises:
        DataError: A label is not among those of the option or not UTF-8, or there are fewer than two.
    """
    chosen = options.labels
    counts = Counter(file.label for file in files if file.label is not None)
    absent = {name: count for name, count in counts.items() if is_absent(name) and name not in chosen}
    found = {name: count for name, count in counts.items() if name not in absent}
    problems = [
        f"{count} sample{'s are' if count > 1 else ' is'} labelled {name!r}, which is read as a missing "
        "label: add it to options.labels if it is a class"
        for name, count in sorted(absent.items())
    ]
    groups = _spellings(found, chosen)
    final: dict[str, str | None] = dict.fromkeys(absent)
    final |= {name: name for name in found}
    errors: list[str] = []
    for group in groups:
        if options.merge_spellings:
            best = _best(group, found, chosen)
            final |= dict.fromkeys(group, best)
            problems.append(f"{_quoted(group, found)} are read as {best!r} (options.merge_spellings)")
        else:
            errors.append(
                f"classes {_quoted(group, found)} look like one class in different spellings: "
                "options.merge_spellings = true merges them, listing each in options.labels keeps them apart"
            )
    names = sorted({name for name in final.values() if name is not None})
    if undecodable := [repr(name) for name in names if not _is_text(name)]:
        raise DataError(
            f"{root}: classes {', '.join(undecodable)} hold bytes that are not UTF-8, which neither figures "
            "nor tables can show: rename their folders"
        )
    strange = [name for name in names if looks_like_split(name) and name not in chosen]
    unknown = [name for name in names if chosen and name not in chosen]
    if unknown:
        known = {plain_name(name) for name in chosen}
        hint = "; options.merge_spellings = true accepts other spellings of them"
        raise DataError(
            f"{root}: labels {', '.join(unknown)} are not among options.labels ({', '.join(chosen)})"
            f"{hint if any(plain_name(name) in known for name in unknown) else ''}"
        )
    if len(chosen or names) < 2:
        raise DataError(f"{root}: at least two classes are required, found {', '.join(names) or 'no label'}")
    if strange:
        what = f"classes {', '.join(strange)} look like splits"
        if len(strange) == 1:
            what = f"class {strange[0]} looks like a split"
        others = [name for name in strange if split_of(name) is None]
        hint = f" options.splits assigns other names, as in {option_for(others[0])};" if others else ""
        errors.append(
            f"{what}: folders of splits are recognised if each contains a folder for every class, as in "
            f"train/happy/;{hint} listing such a name in options.labels keeps it as a class"
        )
    return LabelledFiles(
        [file._replace(label=final.get(file.label) if file.label is not None else None) for file in files],
        LabelSet.of(*(chosen or names)),
        problems,
        errors,
    )


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def plain_name(name: str) -> str:
    """A name without case, blanks, accents and variants of the same character, to compare spellings.

    Example:
        >>> plain_name(" Ängstlich_1") == plain_name("angstlich-1"), plain_name("-1") == plain_name("1")
        (True, False)
    """
    letters: list[str] = []
    base = ""
    for letter in unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold()):
        if unicodedata.combining(letter):
            if base.startswith(_SCRIPTS):
                continue
        else:
            base = unicodedata.name(letter, "")
        if unicodedata.category(letter) != "Cf":  # soft hyphens, direction marks, zero-width spaces
            letters.append(letter)
    return _BETWEEN.sub("", "".join(letters).strip(" \t\r\n\v\f_"))


def check_label_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Class names of an option, if they form a label set; for validators.

    Raises:
        ValueError: There is only one name, or a name is repeated.
    """
    if names and (len(names) < 2 or len(set(names)) < len(names)):
        raise ValueError("at least two names are required, each once")
    return names


def _spellings(found: Iterable[str], chosen: Sequence[str]) -> list[list[str]]:
    """Groups of names that are spellings of one name, sorted; names that an option lists stay apart."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted({*found}):
        groups[plain_name(name)].append(name)
    kept = {plain_name(name) for name in chosen}
    return [
        group
        for plain, group in groups.items()
        if sum(name not in chosen for name in group) + (plain in kept) > 1 and not {*group} <= {*chosen}
    ]


def _best(group: Sequence[str], found: Mapping[str, int], chosen: Sequence[str]) -> str:
    plain = plain_name(group[0])
    named = [name for name in chosen if plain_name(name) == plain]
    return named[0] if named else min(group, key=lambda name: (-found[name], name != name.strip(), name))


def _quoted(group: Sequence[str], found: Mapping[str, int]) -> str:
    # Names that differ only in Unicode normalization look the same unless they are escaped.
    written = {name: unicodedata.normalize("NFKC", name) for name in group}
    show = repr if len(set(written.values())) == len(group) else ascii
    return ", ".join(f"{show(name)} ({found[name]})" for name in group)
