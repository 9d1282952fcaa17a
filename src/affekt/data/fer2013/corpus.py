"""FER2013: grey faces of 48 x 48 pixels, seven classes, and the votes of FER+.

    DIR/fer2013.csv                 or icml_face_data.csv; lines of emotion,pixels,Usage such as
                                    3,70 80 82 ... 106,Training
        fer2013new.csv              FER+, optional: its row i contains the votes for row i

    DIR/labels.csv                  split,file,label and votes_neutral ... votes_NF, as in
                                    train,angry/a.png,0,...,4,0,0,1,3,2,0,0,0,0
        train.zip val.zip test.zip  each contains its pictures as angry/a.png

    DIR/train/angry/a.png           class folders, without votes; also test/, and optionally val/ or
                                    validation/; splits in any usual spelling

A further column `class` (or `emotion_name`, or `label` next to `emotion`), and the folder of a file of
`labels.csv`, must name the class of the number: rows with contradictions are skipped and reported.

Numbers 0 to 6 are anger, disgust, fear, happiness, sadness, surprise, neutral. In the first layout Training
is the training split, PublicTest the validation split and PrivateTest the test split, on which published
scores are computed.

The original labels are noisy; for FER+, ten annotators voted on every face. Persons are not identified, so
one person may be in the training and the test split.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError
from affekt.core.labels import LabelSet, label_set
from affekt.core.sample import Sample, Skipped, Split
from affekt.core.settings import Settings
from affekt.core.wording import counted
from affekt.data.fer2013.votes import NAMES, Votes, mixed, read_voted_rows, shares, strongest, votes_of
from affekt.data.layouts.class_folders import published_layout
from affekt.data.layouts.pictures import emotion_names, picture_samples, with_class_names
from affekt.data.layouts.split_names import split_of
from affekt.data.layouts.tables import csv_rows, stated_text, text_of
from affekt.media.image import SUFFIXES, ImageSource, ZippedImage

LABELS = label_set("fer-7")
TABLES = ("fer2013.csv", "icml_face_data.csv")
FER_PLUS = "fer2013new.csv"
SIZE = 48  # pixels

_USAGE: Mapping[str, Split] = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
_SPLIT_OF_USAGE: Mapping[str, Split] = {usage.casefold(): split for usage, split in _USAGE.items()}
# Columns that copies add; one of them contains the number.
_NAMES = ("class", "emotion_name", "label", "emotion")
_OTHER = LabelSet.of("contempt", "calm")  # emotions apart from the seven
_CONTRADICTION = "rows whose columns contradict each other"


class Fer2013Options(Settings):
    """Which annotations are used.

    Attributes:
        labels: Training target: the original class, shares of the FER+ votes, or a mixture of both.
        votes_for: Splits whose target uses votes; the others keep a single class, so that scores are
            comparable.
        original_share: Weight of the original class in `both`.
        truth: The single class of a face: the original, or the one with most votes. With votes, faces are
            skipped if the votes are tied or most are not for one of the seven classes.
    """

    labels: Literal["original", "votes", "both"] = "original"
    votes_for: tuple[Split, ...] = ("train",)
    original_share: float = Field(0.5, ge=0, le=1)
    truth: Literal["original", "majority"] = "original"

    @property
    def needs_votes(self) -> bool:
        """Whether votes are required."""
        return self.labels != "original" or self.truth == "majority"


class _Face(NamedTuple):
    """One picture with its annotation; votes are None if they are not required."""

    id: str
    image: ImageSource
    label: str
    split: Split
    votes: Votes | None


def read(root: Path, options: Fer2013Options) -> Corpus:
    """Read the layout that exists; damaged rows and missing pictures are skipped.

    Raises:
        DataError: No layout is recognised, an archive is missing or damaged, or required votes are missing.
    """
    table = next((root / name for name in TABLES if (root / name).is_file()), None)
    if table:
        faces = _read_table(table, options)
    elif (root / "labels.csv").is_file():
        faces = _read_archives(root / "labels.csv", options)
    else:
        faces = _read_folders(root, options)
    items = [face if isinstance(face, Skipped) else _label(face, options) for face in faces]
    skipped = [item for item in items if isinstance(item, Skipped)]
    contradicting = [item for item in skipped if item.kind == _CONTRADICTION]
    problems = (
        f"{counted(len(contradicting), 'row')} with columns that contradict each "
        f"other, such as {contradicting[0]}: skipped"
        for _ in contradicting[:1]
    )
    return Corpus(
        [item for item in items if isinstance(item, Sample)], LABELS, skipped, problems=tuple(problems)
    )


def _label(face: _Face, options: Fer2013Options) -> Sample | Skipped:
    label, weights = face.label, None
    if face.votes is not None:
        if options.truth == "majority":
            try:
                label = strongest(face.votes)
            except DataError as error:
                return Skipped(face.id, str(error))
        if options.labels == "both" and face.split in options.votes_for:
            weights = mixed(face.votes, face.label, options.original_share)
        elif options.labels == "votes" and face.split in options.votes_for:
            weights = shares(face.votes)
            if not weights:
                return Skipped(face.id, f"no vote is for one of {', '.join(LABELS.names)}")
    return Sample(face.id, {"image": face.image}, label, label_weights=weights, split=face.split)


def _read_table(table: Path, options: Fer2013Options) -> Iterator[_Face | Skipped]:
    voted = None
    if options.needs_votes:
        path = table.with_name(FER_PLUS)
        if not path.is_file():
            raise DataError(f"{path} does not exist: it contains the FER+ votes that options require")
        voted = list(read_voted_rows(path))
    count = 0
    for count, (_, row) in enumerate(csv_rows(table, ("emotion", "pixels", "Usage")), start=1):
        usage = text_of(row, "Usage")
        # Rows beyond the end of the votes lead to the error below.
        votes = voted[count - 1] if voted and count <= len(voted) else None
        if votes and votes.usage != usage:
            raise DataError(
                f"row {count} is {usage} in {table.name} and {votes.usage} in {FER_PLUS}: these files do not "
                "belong together, or one was reordered"
            )
        yield _face_of_row(f"fer{count - 1:07d}", row, usage, votes.votes if votes else None)
    if voted is not None and len(voted) != count:
        raise DataError(
            f"{table.name} has {count} rows, {FER_PLUS} {len(voted)}: row i must be the same face in both"
        )


def _face_of_row(
    name: str, row: Mapping[str, Any], usage: str | None, votes: Votes | str | None
) -> _Face | Skipped:
    label = _class_of(row, "emotion")
    split = _SPLIT_OF_USAGE.get((usage or "").casefold())
    pixels = _pixels(text_of(row, "pixels") or "")
    if label is None:
        return Skipped(name, f"emotion {text_of(row, 'emotion')!r} is not 0 to {len(LABELS) - 1}")
    if contradiction := _contradiction(row, "emotion", label):
        return Skipped(name, contradiction, _CONTRADICTION)
    if split is None:
        return Skipped(name, f"Usage {usage!r} is not one of {', '.join(_USAGE)}")
    if isinstance(pixels, str):
        return Skipped(name, pixels)
    if isinstance(votes, str):
        return Skipped(name, votes)
    return _Face(name, pixels, label, split, votes)


def _pixels(text: str) -> np.ndarray | str:
    """A row's picture (48, 48) uint8, or what is wrong with it."""
    digits = text.replace(" ", "")
    # numpy's parser is five times as fast as Python's, but stops at other characters without an error.
    if digits and not (digits.isascii() and digits.isdigit()):
        return "its pixels are not numbers from 0 to 255"
    values = np.fromstring(text, np.int64, sep=" ")
    if values.size and values.max() > 255:
        return "its pixels are not numbers from 0 to 255"
    if values.size != SIZE * SIZE:
        return f"it has {values.size} pixels; {SIZE} x {SIZE} = {SIZE * SIZE} were expected"
    return values.astype(np.uint8).reshape(SIZE, SIZE)


def _read_archives(table: Path, options: Fer2013Options) -> Iterator[_Face | Skipped]:
    votes_columns = tuple(f"votes_{name}" for name in NAMES) if options.needs_votes else ()
    archives: dict[str, set[str]] = {}
    for _, row in csv_rows(table, ("split", "file", "label", *votes_columns)):
        part, member = text_of(row, "split") or "", text_of(row, "file") or ""
        name = f"{part}/{member}"
        split, label = split_of(part), _class_of(row, "label")
        if split is None:
            yield Skipped(
                name, f"split {part!r} is not one of train, val, validation, test", f"of split {part!r}"
            )
            continue
        archive = table.with_name(f"{part}.zip")
        if part not in archives:
            archives[part] = _members(archive)
        votes = votes_of(row, "votes_") if options.needs_votes else None
        if label is None:
            yield Skipped(name, f"label {text_of(row, 'label')!r} is not 0 to {len(LABELS) - 1}")
        elif contradiction := _contradiction(row, "label", label, folders=PurePosixPath(member).parts[:-1]):
            yield Skipped(name, contradiction, _CONTRADICTION)
        elif member not in archives[part]:
            yield Skipped(name, f"{archive} has no member {member!r}")
        elif isinstance(votes, str):
            yield Skipped(name, votes)
        else:
            yield _Face(name, ZippedImage(archive, member), label, split, votes)


def _members(archive: Path) -> set[str]:
    try:
        with zipfile.ZipFile(archive) as opened:
            return set(opened.namelist())
    except FileNotFoundError:
        raise DataError(f"{archive} does not exist; labels.csv lists pictures in it") from None
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(f"{archive} is truncated or not a zip archive: {error}") from None


def _read_folders(root: Path, options: Fer2013Options) -> Iterator[_Face | Skipped]:
    layout = published_layout(root, SUFFIXES, "picture", stated=_USAGE)
    if not layout.has_splits:
        raise DataError(
            f"{root} contains neither {TABLES[0]}, nor labels.csv and archives, nor folders train and test "
            "with a folder for each class"
        )
    if options.needs_votes:
        raise DataError(
            f"{root}: class folders contain no votes; use {FER_PLUS} next to {TABLES[0]}, or a labels.csv "
            "with columns votes_neutral and so on"
        )
    ids = {str(number): name for number, name in enumerate(LABELS.names)}
    samples, skipped = picture_samples(with_class_names(root, layout.files, LABELS, ids))
    yield from (*layout.skipped, *skipped)
    for sample in samples:
        yield _Face(sample.id, sample.media["image"], sample.label or "", sample.split or "train", None)


def _contradiction(
    row: Mapping[str, Any], numbered: str, label: str, *, folders: Sequence[str] = ()
) -> str | None:
    """The contradiction between the class number of a row and its other columns or folder; else None."""
    stated = {
        f"{column} {text!r}": text
        for column in _NAMES
        if column != numbered and (text := stated_text(row, column))
    }
    # Numeric folders may be shards.
    stated |= {f"folder {part!r}": part for part in folders if not part.isdecimal()}
    for what, text in stated.items():
        # Other words than emotions are ignored: the name of a folder may be a date.
        if (_emotion(text) or label) != label:
            return f"{numbered} {text_of(row, numbered)} is {label}, but its {what} contradicts it"
    return None


@cache
def _emotion(text: str) -> str | None:
    """The emotion of a word or number, even if it is not a class of FER2013; None for other words."""
    if text.isdecimal():
        return LABELS.names[int(text)] if int(text) < len(LABELS) else None
    return {**emotion_names([text], _OTHER), **emotion_names([text], LABELS)}.get(text)


def _class_of(row: Mapping[str, Any], column: str) -> str | None:
    """Name of the class whose number is in a cell; None if there is no such class."""
    number = (text_of(row, column) or "").removesuffix(".0")  # pandas writes a column with gaps so
    return LABELS.names[int(number)] if number.isdecimal() and int(number) < len(LABELS) else None


DATASET = Dataset(
    title="FER2013, grey faces of 48 pixels, 7 emotions, with the votes of FER+",
    modalities=("image",),
    licence="pictures: rights stay with third parties, for research; FER+ votes: MIT",
    cite="Goodfellow et al., Challenges in Representation Learning, 2013; Barsoum et al., FER+, ICMI 2016",
    labels=LABELS,
    options=Fer2013Options,
    read=read,
)
