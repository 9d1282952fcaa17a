"""AffectNet: faces from the web, eight classes (Mollahosseini et al., 2019).

    DIR/train_set/images/0.jpg                  the academic release; val_set/ has the same structure
                  annotations/0_exp.npy         the class number, as text or integer

    DIR/train_set/train_annotations_7class.txt  lists; lines such as: 0.jpg 3
                  0.jpg (or images/0.jpg)       read if there is no folder annotations/

    DIR/train/3/0.jpg                           class folders by number or name; also val/ or test/

Papers report the validation set, because the test set was never published: it is the test split here, and
validation data are taken from the training split. Class numbers of the release are 0 neutral, 1 happy, 2 sad,
3 surprise, 4 fear, 5 disgust, 6 anger, 7 contempt; some copies have another order (option `names`). Persons
are not identified.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import field_validator

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError
from affekt.core.labels import label_set
from affekt.core.sample import Skipped, Split
from affekt.core.settings import Settings
from affekt.data.layouts.annotated_file import AnnotatedFile
from affekt.data.layouts.class_folders import published_layout
from affekt.data.layouts.pictures import emotion_names, picture_samples, with_class_names
from affekt.data.layouts.tables import leaves_folder, raise_problems
from affekt.data.layouts.text_tables import read_text, split_lines
from affekt.media.files import has_suffix, is_hidden
from affekt.media.image import SUFFIXES

ALL = label_set("affectnet-8")
DROPPED = "contempt"  # if there are 7 classes

_SETS: Mapping[str, Split] = {"train_set": "train", "val_set": "test"}
_ANNOTATION = "_exp.npy"
_LISTS = "*annotations*.txt"
_MAX_BYTES = 4096  # an annotation has about 132
_UNUSED = {8: "no expression", 9: "uncertain", 10: "no face"}  # numbers of the release beyond the classes


class AffectNetOptions(Settings):
    """Which classes are read, and their numbers.

    Attributes:
        classes: 7 excludes contempt, without counting it as skipped.
        names: Names of classes 0, 1, ... if a copy has another order than the release.
    """

    classes: Literal[7, 8] = 8
    names: tuple[str, ...] = ALL.names

    @field_validator("names")
    @classmethod
    def _are_its_classes(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        ours = emotion_names(names, ALL)
        strange = [name for name in names if name not in ours]
        if strange:
            raise ValueError(
                f"{', '.join(strange)} is not a class of AffectNet; known: {', '.join(ALL.names)}"
            )
        found = tuple(ours[name] for name in names)
        if not set(ALL.names) - {DROPPED} <= set(found) or len(set(found)) < len(found):
            raise ValueError(
                f"each class is required once, only {DROPPED} is optional; found {', '.join(names)}"
            )
        return found


def read(root: Path, options: AffectNetOptions) -> Corpus:
    """Read the layout that exists; a face without class or without picture is skipped.

    Raises:
        DataError: No layout is recognised, a line of a list is wrong, or the name of a folder is not that of
            a class.
    """
    files: list[AnnotatedFile] = []
    skipped: list[Skipped] = []
    sets = [path for path in _folders(root) if path.name.lower() in _SETS]
    subfolders = ("annotations", "images")
    annotated = any((home / name).is_dir() for home in sets for name in subfolders)
    annotated = annotated or any(path for home in sets for path in home.glob(_LISTS))
    layout = None if annotated else published_layout(root, SUFFIXES, "picture", validation_is_test=True)
    if layout is None or not layout.has_splits:
        if not sets:
            raise DataError(
                f"{root} contains neither train_set and val_set, nor train and val with a folder for each "
                "class"
            )
        for home in sets:
            found = list(_read_set(home, _SETS[home.name.lower()], options))
            files += [item for item in found if isinstance(item, AnnotatedFile)]
            skipped += [item for item in found if isinstance(item, Skipped)]
    else:
        ids = {str(number): name for number, name in enumerate(options.names)}
        files = with_class_names(root, layout.files, ALL, ids)
        skipped += layout.skipped
    if options.classes == 7:
        files = [file for file in files if file.label != DROPPED]
    samples, missing = picture_samples(files)
    return Corpus(samples, label_set(f"affectnet-{options.classes}"), [*skipped, *missing])


def _read_set(home: Path, split: Split, options: AffectNetOptions) -> Iterator[AnnotatedFile | Skipped]:
    lists = sorted(home.glob(_LISTS))
    if (home / "annotations").is_dir():
        return _read_annotations(home, split, options.names)
    if lists:
        fitting = [path for path in lists if f"{options.classes}class" in path.name]
        if not fitting and len(lists) > 1:
            names = ", ".join(path.name for path in lists)
            raise DataError(f"{home} contains {names}; none is called ...{options.classes}class.txt")
        return _read_list((fitting or lists)[0], split, options.names)
    raise DataError(f"{home} contains neither a folder annotations nor a list such as annotations_7class.txt")


def _read_annotations(home: Path, split: Split, names: Sequence[str]) -> Iterator[AnnotatedFile | Skipped]:
    """Pictures in `images`, each with the class number in its file in `annotations`."""
    folder = home / "images"
    pictures = {path.stem: path for path in _files(folder) if has_suffix(path, SUFFIXES)}
    numbers = {
        path.name.removesuffix(_ANNOTATION): path
        for path in _files(home / "annotations")
        if path.name.endswith(_ANNOTATION)  # others contain valence, arousal and landmarks
    }
    for stem in sorted(pictures.keys() | numbers.keys(), key=lambda stem: (len(stem), stem)):
        name = f"{home.name}/{stem}"
        if stem not in numbers:
            yield Skipped(name, f"{home / 'annotations' / (stem + _ANNOTATION)} does not exist")
        elif stem not in pictures:
            yield Skipped(name, f"{folder} has no picture called {stem}")
        else:
            try:
                number = _read_number(numbers[stem])
            except DataError as error:
                yield Skipped(name, str(error))
            else:
                yield _with_class(name, pictures[stem], number, names, split)


def _read_list(path: Path, split: Split, names: Sequence[str]) -> Iterator[AnnotatedFile | Skipped]:
    home = path.parent
    folder = home / "images" if (home / "images").is_dir() else home
    problems: list[str] = []
    for count, line in enumerate(split_lines(read_text(path)[0]), start=1):
        words = line.strip().rsplit(maxsplit=1)
        if len(words) == 2 and words[1].isdecimal() and not leaves_folder(words[0]):
            name, number = words
            yield _with_class(f"{home.name}/{name}", folder / name, int(number), names, split)
        elif words:
            problems.append(f"line {count}: {line.strip()[:60]!r} is not like '0.jpg 3'")
    raise_problems(path, problems)


def _with_class(
    name: str, picture: Path, number: int, names: Sequence[str], split: Split
) -> AnnotatedFile | Skipped:
    if 0 <= number < len(names):
        return AnnotatedFile(name, picture, names[number], None, split)
    meaning = f" ({_UNUSED[number]})" if number in _UNUSED else ""
    return Skipped(name, f"class number {number}{meaning} is not 0 to {len(names) - 1}")


def _read_number(path: Path) -> int:
    """The class number in an annotation file.

    Raises:
        DataError: It is damaged, or contains anything else.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise DataError(f"{path} has {path.stat().st_size} bytes; one number was expected")
        with path.open("rb") as stream:  # not np.load, which also opens archives
            value = np.lib.format.read_array(stream, allow_pickle=False)
        number = float(str(value.item()))
        if not number.is_integer():
            raise ValueError(f"{number} is not a class number")
        return int(number)
    except (OSError, ValueError, EOFError, MemoryError, SyntaxError, OverflowError) as error:
        raise DataError(f"{path} contains no class number: {error}") from None


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"{folder} does not exist; pictures are in images, their classes in annotations")
    try:
        return [path for path in folder.iterdir() if not is_hidden(path.name)]
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror}") from None


DATASET = Dataset(
    title="AffectNet, faces from the web, 7 or 8 emotions",
    modalities=("image",),
    licence="non-commercial research, by agreement with its authors",
    cite="Mollahosseini, Hasani, Mahoor, AffectNet, IEEE Transactions on Affective Computing, 2019",
    options=AffectNetOptions,
    read=read,
)
