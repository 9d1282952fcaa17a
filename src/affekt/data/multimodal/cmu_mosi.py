"""CMU-MOSI: opinions in videos, negative or positive, as features of utterances (Zadeh et al., 2016).

    DIR/features.npz        a row for each utterance, ordered by video and segment
        utterances.csv      the transcript of each row

    features.npz: video (n,) str, segment (n,) from 1, split (n,) train, val or test, text (n, d),
    audio (n, d), vision (n, d), label (n,) 0 negative or 1 positive

    row,video,segment,split,label,text
    0,abc123,1,train,1,IT WAS GOOD

A video is a dialogue with one speaker, and a subject: its segments are turns. Features are as they are
distributed, not normalised; methods standardise them by the training part. The intensity of an opinion is not
part of these files.

The text features know the labels of train and val: a logistic regression that is trained on train alone
has an accuracy of .98 on val and of .79 on test, so that val can neither select nor compare.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from affekt.core.dataset import Corpus, Dataset, NoOptions
from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Split
from affekt.data.layouts.text_tables import number_of, read_text_table
from affekt.media.features import Features

FEATURES, TABLE = "features.npz", "utterances.csv"
LABELS = LabelSet.of("negative", "positive")
COLUMNS = ("row", "video", "segment", "split", "label", "text")
_ARRAYS = ("video", "segment", "split", "text", "audio", "vision", "label")
_PARTS: dict[str, Split] = {"train": "train", "val": "validation", "test": "test"}
# Modality, array, and what is known about its origin.
_MODALITIES = (
    ("text", "text", "convolutional network on words"),
    ("audio", "audio", "openSMILE"),
    ("video", "vision", "3D convolutional network on frames"),
)


class _Rows(NamedTuple):
    """The arrays of the file, and the words of each row."""

    arrays: dict[str, np.ndarray]
    words: dict[int, str]


def read(root: Path, options: NoOptions) -> Corpus:
    """Read both files.

    Raises:
        DataError: A file is missing or damaged, arrays are missing or differ in length, a split or label is
            not known, or the two files disagree.
    """
    rows = _read(root)
    arrays, samples = rows.arrays, list[Sample]()
    for row, (video, segment) in enumerate(zip(arrays["video"], arrays["segment"], strict=True)):
        words = rows.words.get(row, "")
        media = {
            modality: Features(
                np.asarray(arrays[name][row], np.float32), source, words if modality == "text" else ""
            )
            for modality, name, source in _MODALITIES
        }
        samples.append(
            Sample(
                f"{video}-{segment}",
                media,
                LABELS.names[arrays["label"][row]],
                subject=str(video),
                split=_PARTS[str(arrays["split"][row])],
                dialogue=str(video),
                turn=int(segment),
                speaker=str(video),
            )
        )
    return Corpus(samples, LABELS)


def _read(root: Path) -> _Rows:
    path = root / FEATURES
    if not path.is_file():
        raise DataError(f"{root} does not contain {FEATURES}")
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [name for name in _ARRAYS if name not in file.files]
            if missing:
                raise DataError(
                    f"{path} lacks the arrays {', '.join(missing)}; it has {', '.join(file.files)}"
                )
            arrays = {name: file[name] for name in _ARRAYS}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    count = len(arrays["video"])
    wrong = [f"{name} has {len(arrays[name])} rows" for name in _ARRAYS if len(arrays[name]) != count]
    if wrong:
        raise DataError(f"{path}: video has {count} rows, {', '.join(wrong)}")
    strange = sorted({str(name) for name in arrays["split"]} - set(_PARTS))
    if strange:
        raise DataError(f"{path}: unknown split {', '.join(strange)}; known: {', '.join(_PARTS)}")
    labels = sorted({int(value) for value in arrays["label"]} - {0, 1})
    if labels:
        raise DataError(f"{path}: unknown labels {labels}; 0 is negative, 1 is positive")
    return _Rows(arrays, _words(root / TABLE, arrays))


def _words(path: Path, arrays: dict[str, np.ndarray]) -> dict[int, str]:
    """The transcript of each row; empty where there is no table.

    Raises:
        DataError: A row of the table is another utterance than that of the features.
    """
    if not path.is_file():
        return {}
    found: dict[int, str] = {}
    for row in read_text_table(path, COLUMNS).rows:
        number, segment = number_of(row, "row"), number_of(row, "segment")
        if (
            number is None
            or not 0 <= number < len(arrays["video"])
            or (row.cells["video"], segment)
            != (
                str(arrays["video"][number]),
                int(arrays["segment"][number]),
            )
        ):
            raise DataError(
                f"{path}, line {row.line}: row {number} is segment {segment} of {row.cells['video']}, which "
                f"{FEATURES} does not have there: the two files do not belong together"
            )
        found[number] = row.cells["text"].strip()
    return found


DATASET = Dataset(
    title="CMU-MOSI, opinions in videos as features of utterances, negative or positive",
    modalities=("text", "audio", "video"),
    licence="features: MIT, as their distribution states; CMU-MOSI for academic research, with citation",
    cite="Zadeh et al., MOSI: Multimodal Corpus of Sentiment Intensity and Subjectivity Analysis in Online "
    "Opinion Videos, 2016; Poria et al., Context-Dependent Sentiment Analysis in User-Generated Videos, "
    "ACL 2017",
    labels=LABELS,
    read=read,
)
