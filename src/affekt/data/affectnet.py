"""AffectNet: faces from the web, eight classes (Mollahosseini et al., 2019).

    DIR/train_set/images/0.jpg                  the academic release, and val_set/ likewise
                  annotations/0_exp.npy         the class number, as text or integer

    DIR/train_set/train_annotations_7class.txt  lists; lines such as: 0.jpg 3
                  0.jpg (or images/0.jpg)       read where there are no annotations/

    DIR/train/3/0.jpg                           class folders by number or name; val/ or test/ likewise

Papers report the validation set, because the test set was never published: it is the test part here, and
validation data are taken from the training part. Numbers are 0 neutral, 1 happy, 2 sad, 3 surprise, 4 fear,
5 disgust, 6 anger, 7 contempt in the release; copies are known to differ (`names`). Who is seen is not said.
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
from affekt.data.layouts.folders import published_layout
from affekt.data.layouts.manifest import Line, leads_out, refuse
from affekt.data.layouts.pictures import class_lines, emotion_names, picture_samples
from affekt.media.files import has_suffix, is_hidden
from affekt.media.image import SUFFIXES

ALL = label_set("affectnet-8")
DROPPED = "contempt"  # with 7 classes

_SETS: Mapping[str, Split] = {"train_set": "train", "val_set": "test"}
_ANNOTATION = "_exp.npy"
_LISTS = "*annotations*.txt"
_MAX_BYTES = 4096  # an annotation has about 132
_UNUSED = {8: "no expression", 9: "uncertain", 10: "no face"}  # numbers of the release beyond the classes


class AffectNetOptions(Settings):
    """Which classes, and what their numbers mean.

    Attributes:
        classes: 7 leaves contempt out, without counting it as skipped.
        names: Name of class number 0, 1, ... where a copy has another order than the release.
    """

    classes: Literal[7, 8] = 8
    names: tuple[str, ...] = ALL.names

    @field_validator("names")
    @classmethod
    def _are_its_classes(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        ours = emotion_names(names, ALL)
        strange = [name for name in names if name not in ours]
        if strange:
            raise ValueError(f"{', '.join(strange)} is no class of it; known: {', '.join(ALL.names)}")
        found = tuple(ours[name] for name in names)
        if not set(ALL.names) - {DROPPED} <= set(found) or len(set(found)) < len(found):
            raise ValueError(
                f"each class is needed once, {DROPPED} may be left out; found {', '.join(names)}"
            )
        return found


def read(root: Path, options: AffectNetOptions) -> Corpus:
    """Read whichever layout is there; a face without class, or without picture, is skipped.

    Raises:
        DataError: No layout is recognised, a line of a list is wrong, or a folder is called by no class.
    """
    lines: list[Line] = []
    skipped: list[Skipped] = []
    sets = [path for path in _folders(root) if path.name.lower() in _SETS]
    kept = ("annotations", "images")
    annotated = any((home / name).is_dir() for home in sets for name in kept)
    annotated = annotated or any(path for home in sets for path in home.glob(_LISTS))
    layout = None if annotated else published_layout(root, SUFFIXES, "picture", validation_is_test=True)
    if layout is None or not layout.has_splits:
        if not sets:
            raise DataError(
                f"{root} holds neither train_set and val_set, nor train and val with a folder for each class"
            )
        for home in sets:
            found = list(_read_set(home, _SETS[home.name.lower()], options))
            lines += [item for item in found if isinstance(item, Line)]
            skipped += [item for item in found if isinstance(item, Skipped)]
    else:
        ids = {str(number): name for number, name in enumerate(options.names)}
        lines = class_lines(root, layout.lines, ALL, ids)
        skipped += layout.skipped
    if options.classes == 7:
        lines = [line for line in lines if line.label != DROPPED]
    samples, missing = picture_samples(lines)
    return Corpus(samples, label_set(f"affectnet-{options.classes}"), [*skipped, *missing])


def _read_set(home: Path, split: Split, options: AffectNetOptions) -> Iterator[Line | Skipped]:
    lists = sorted(home.glob(_LISTS))
    if (home / "annotations").is_dir():
        return _read_annotations(home, split, options.names)
    if lists:
        fitting = [path for path in lists if f"{options.classes}class" in path.name]
        if not fitting and len(lists) > 1:
            names = ", ".join(path.name for path in lists)
            raise DataError(f"{home} holds {names}; none is called ...{options.classes}class.txt")
        return _read_list((fitting or lists)[0], split, options.names)
    raise DataError(f"{home} holds neither a folder annotations nor a list such as annotations_7class.txt")


def _read_annotations(home: Path, split: Split, names: Sequence[str]) -> Iterator[Line | Skipped]:
    """Pictures of `images`, each with the number that stands in its file of `annotations`."""
    folder = home / "images"
    pictures = {path.stem: path for path in _files(folder) if has_suffix(path, SUFFIXES)}
    numbers = {
        path.name.removesuffix(_ANNOTATION): path
        for path in _files(home / "annotations")
        if path.name.endswith(_ANNOTATION)  # others hold valence, arousal and landmarks
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
                yield _line(name, pictures[stem], number, names, split)


def _read_list(path: Path, split: Split, names: Sequence[str]) -> Iterator[Line | Skipped]:
    home = path.parent
    folder = home / "images" if (home / "images").is_dir() else home
    problems: list[str] = []
    for count, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        words = line.strip().rsplit(maxsplit=1)
        if len(words) == 2 and words[1].isdecimal() and not leads_out(words[0]):
            name, number = words
            yield _line(f"{home.name}/{name}", folder / name, int(number), names, split)
        elif words:
            problems.append(f"line {count}: {line.strip()[:60]!r} is not like '0.jpg 3'")
    refuse(path, problems)


def _line(name: str, picture: Path, number: int, names: Sequence[str], split: Split) -> Line | Skipped:
    if 0 <= number < len(names):
        return Line(name, picture, names[number], None, split)
    meaning = f" ({_UNUSED[number]})" if number in _UNUSED else ""
    return Skipped(name, f"class number {number}{meaning} is not 0 to {len(names) - 1}")


def _read_number(path: Path) -> int:
    """The one number of an annotation.

    Raises:
        DataError: It is damaged, or holds anything else.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise DataError(f"{path} has {path.stat().st_size} bytes; one number was expected")
        with path.open("rb") as stream:  # not np.load, which would also open archives
            value = np.lib.format.read_array(stream, allow_pickle=False)
        number = float(str(value.item()))
        if not number.is_integer():
            raise ValueError(f"{number} is no class number")
        return int(number)
    except (OSError, ValueError, EOFError, MemoryError, SyntaxError, OverflowError) as error:
        raise DataError(f"{path} holds no class number: {error}") from None


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(f"{folder} does not exist; pictures lie in images, their classes in annotations")
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
