"""RAF-DB, basic emotions: faces from the web, seven classes (Li et al., CVPR 2017).

    DIR/EmoLabel/list_patition_label.txt        spelled so; lines such as: train_00001.jpg 5
        Image/aligned/train_00001_aligned.jpg   100 x 100 pixels
        Image/original/train_00001.jpg          as found on the web
    DIR may also be the folder that contains `basic/`

    DIR/train/1/train_00001_aligned.jpg         class folders 1 to 7, 0 to 6, or by name
        test/7/test_0001_aligned.jpg            a folder valid is the test split if there is no folder test

Labels 1 to 7 are surprise, fear, disgust, happiness, sadness, anger, neutral. The set has no validation
split. Persons are not identified.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError
from affekt.core.labels import label_set
from affekt.core.sample import Skipped, Split
from affekt.core.settings import Settings
from affekt.data.layouts.annotated_file import AnnotatedFile
from affekt.data.layouts.class_folders import published_layout
from affekt.data.layouts.pictures import picture_samples, with_class_names
from affekt.data.layouts.tables import raise_problems
from affekt.data.layouts.text_tables import read_text, split_lines
from affekt.media.image import SUFFIXES

LABELS = label_set("raf-7")
LIST = Path("EmoLabel", "list_patition_label.txt")

_LINE = re.compile(r"(?P<name>(?P<part>train|test)_\d+)\.jpg\s+(?P<label>[1-7])")
_PARTS: Mapping[str, Split] = {"train": "train", "test": "test"}


class RafDbOptions(Settings):
    """Which pictures are read.

    Attributes:
        pictures: The aligned faces, or the original pictures; class folders contain only one kind.
    """

    pictures: Literal["aligned", "original"] = "aligned"


def read(root: Path, options: RafDbOptions) -> Corpus:
    """Read the list, or class folders if there is none; missing pictures are skipped.

    Raises:
        DataError: There is neither, a line of the list is wrong, or it is unknown whether the numbers of
            folders start at 0 or 1.
    """
    home = next((folder for folder in (root, root / "basic") if (folder / LIST).is_file()), None)
    others: list[Skipped] = []
    if home:
        files = _read_list(home, options.pictures)
    else:
        layout = published_layout(root, SUFFIXES, "picture", validation_is_test=True)
        if not layout.has_splits:
            raise DataError(
                f"{root} contains neither {LIST.as_posix()} nor folders train and test with a folder of "
                "pictures for each class, as in train/1/1.jpg"
            )
        if options.pictures == "original":
            raise DataError(
                f"{root}: pictures = 'original' requires {LIST.as_posix()} and Image/original; "
                "found class folders"
            )
        folders = {file.label or "" for file in layout.files}
        files = with_class_names(root, layout.files, LABELS, _numbering(root, folders))
        others = layout.skipped
    samples, skipped = picture_samples(files)
    return Corpus(samples, LABELS, [*others, *skipped])


def _read_list(home: Path, pictures: str) -> list[AnnotatedFile]:
    files: list[AnnotatedFile] = []
    problems: list[str] = []
    ending = "_aligned.jpg" if pictures == "aligned" else ".jpg"
    for number, line in enumerate(split_lines(read_text(home / LIST)[0]), start=1):
        stated = _LINE.fullmatch(line.strip())
        if stated:
            path = home / "Image" / pictures / f"{stated['name']}{ending}"
            label = LABELS.names[int(stated["label"]) - 1]
            files.append(AnnotatedFile(stated["name"], path, label, None, _PARTS[stated["part"]]))
        elif line.strip():
            problems.append(
                f"line {number}: {line.strip()[:60]!r} is not like 'train_00001.jpg 5', labels 1 to 7"
            )
    raise_problems(home / LIST, problems)
    return files


def _numbering(root: Path, folders: set[str]) -> dict[str, str]:
    """Label of each numeric folder. Copies count from 0 or from 1: a folder 0 or 7 shows which.

    Raises:
        DataError: There are numbers, but neither 0 nor 7, or both.
    """
    numbers = sorted(folder for folder in folders if folder.isdecimal())
    if not numbers:
        return {}
    if ("0" in folders) == ("7" in folders):
        raise DataError(
            f"{root}: it is unknown whether the class folders {', '.join(numbers)} count from 0 or from 1: "
            f"exactly one of 0 and 7 must exist; rename the folders to {', '.join(LABELS.names)}"
        )
    first = 0 if "0" in folders else 1
    return {str(place): name for place, name in enumerate(LABELS.names, start=first)}


DATASET = Dataset(
    title="RAF-DB basic, faces from the web, 7 emotions",
    modalities=("image",),
    licence="non-commercial research, on request to its authors",
    cite="Li, Deng, Du, Reliable Crowdsourcing and Deep Locality-Preserving Learning, CVPR 2017",
    labels=LABELS,
    options=RafDbOptions,
    read=read,
)
