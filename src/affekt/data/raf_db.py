"""RAF-DB, basic emotions: faces from the web, seven classes (Li et al., CVPR 2017).

    DIR/EmoLabel/list_patition_label.txt        spelled so; lines such as: train_00001.jpg 5
        Image/aligned/train_00001_aligned.jpg   100 x 100 pixels
        Image/original/train_00001.jpg          as found on the web
    where DIR may also be the folder that holds `basic/`

    DIR/train/1/train_00001_aligned.jpg         class folders 1 to 7, 0 to 6, or by name
        test/7/test_0001_aligned.jpg            a folder called valid is the test part where there is no test

Labels 1 to 7 are surprise, fear, disgust, happiness, sadness, anger, neutral. The set has no validation part
and does not say who is seen.
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
from affekt.data.layouts.folders import published_layout
from affekt.data.layouts.manifest import Line, refuse
from affekt.data.layouts.pictures import class_lines, picture_samples
from affekt.media.image import SUFFIXES

LABELS = label_set("raf-7")
LIST = Path("EmoLabel", "list_patition_label.txt")

_LINE = re.compile(r"(?P<name>(?P<part>train|test)_\d+)\.jpg\s+(?P<label>[1-7])")
_PARTS: Mapping[str, Split] = {"train": "train", "test": "test"}


class RafDbOptions(Settings):
    """Which pictures are read.

    Attributes:
        pictures: The aligned faces, or the pictures as found; class folders are read as they are.
    """

    pictures: Literal["aligned", "original"] = "aligned"


def read(root: Path, options: RafDbOptions) -> Corpus:
    """Read the list, or class folders where there is none; a picture that is missing is skipped.

    Raises:
        DataError: There is neither, a line of the list is wrong, or numbers of folders start who knows where.
    """
    home = next((folder for folder in (root, root / "basic") if (folder / LIST).is_file()), None)
    others: list[Skipped] = []
    if home:
        lines = _read_list(home, options.pictures)
    else:
        layout = published_layout(root, SUFFIXES, "picture", validation_is_test=True)
        if not layout.has_splits:
            raise DataError(
                f"{root} holds neither {LIST.as_posix()} nor folders train and test in which "
                "classes lie: no folder of pictures for each class was found, as in train/1/1.jpg"
            )
        if options.pictures == "original":
            raise DataError(
                f"{root}: pictures = 'original' needs {LIST.as_posix()} and Image/original; "
                "found class folders"
            )
        folders = {line.label or "" for line in layout.lines}
        lines = class_lines(root, layout.lines, LABELS, _numbering(root, folders))
        others = layout.skipped
    samples, skipped = picture_samples(lines)
    return Corpus(samples, LABELS, [*others, *skipped])


def _read_list(home: Path, pictures: str) -> list[Line]:
    lines: list[Line] = []
    problems: list[str] = []
    ending = "_aligned.jpg" if pictures == "aligned" else ".jpg"
    text = (home / LIST).read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        stated = _LINE.fullmatch(line.strip())
        if stated:
            path = home / "Image" / pictures / f"{stated['name']}{ending}"
            label = LABELS.names[int(stated["label"]) - 1]
            lines.append(Line(stated["name"], path, label, None, _PARTS[stated["part"]]))
        elif line.strip():
            problems.append(
                f"line {number}: {line.strip()[:60]!r} is not like 'train_00001.jpg 5', labels 1 to 7"
            )
    refuse(home / LIST, problems)
    return lines


def _numbering(root: Path, folders: set[str]) -> dict[str, str]:
    """Label of each numeric folder. Copies count from 0 or from 1: only 0 or 7 tells which.

    Raises:
        DataError: There are numbers, but neither 0 nor 7, or both.
    """
    numbers = sorted(folder for folder in folders if folder.isdecimal())
    if not numbers:
        return {}
    if ("0" in folders) == ("7" in folders):
        raise DataError(
            f"{root}: class folders {', '.join(numbers)} do not tell whether they count from 0 or from 1; "
            f"either 0 or 7 must be there: rename them to {', '.join(LABELS.names)}"
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
