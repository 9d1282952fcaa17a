"""MMSA: features of words, sound and picture of CMU-MOSI, CMU-MOSEI and CH-SIMS (Mao et al., ACL 2022).

The feature files are pickles, which could run any code, so they are converted first; nothing of them is run:

    affekt data convert mmsa unaligned_39.pkl DIR

    DIR/mmsa.json                what was converted
        train/lines.jsonl        {"id": "V_0001$_$0001", "words": "one", "ratings": {"": 0.4}, ...}
        train/text.npy           features (n, t, d), and audio.npy, vision.npy
        valid/ ...  test/ ...

A line has `Features` of each modality without padding; one that is all 0 is missing. Ratings of single
modalities (CH-SIMS) are the annotations `text`, `audio` and `video`. The form of the files is described in
`affekt.data.multimodal.mmsa_files`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError, MediaError
from affekt.core.labels import LabelSet, label_set
from affekt.core.sample import Annotation, Sample, Skipped, Split
from affekt.core.settings import Settings
from affekt.core.task import Task, find_task
from affekt.data.layouts.tables import raise_problems
from affekt.data.multimodal.mmsa_files import FEATURES, FORM, LINES, MANIFEST, PARTS, convert
from affekt.data.multimodal.rated_lines import RATING, kept_apart
from affekt.data.text.turns import name_in, words_of
from affekt.media.features import Features
from affekt.metrics.rating_classes import SEVEN, UNIT

_SPLITS: Mapping[str, Split] = {"train": "train", "valid": "validation", "test": "test"}
_MEDIA = {"text": "text", "audio": "audio", "vision": "video"}
_ALONE = {"_T": "text", "_A": "audio", "_V": "video"}
_VIDEO_END = "$_$"


class MmsaOptions(Settings):
    """What is answered, and by which split.

    Attributes:
        label: The rating, or the annotation `negative`, `neutral` or `positive`.
        scale: The largest rating that could be given, 3 or 1; if not given, 1 where no rating is beyond it.
        split: `published` takes the parts of the file; with `videos` a recipe splits by video.
    """

    label: Literal["rating", "annotation"] = "rating"
    scale: Literal[1, 3] | None = None
    split: Literal["published", "videos"] = "published"


def read(root: Path, options: MmsaOptions) -> Corpus:
    """Read the parts that exist; a line without any features is skipped.

    Raises:
        DataError: The folder was not converted, is damaged, or lacks what the options ask for.
    """
    if not (root / MANIFEST).is_file():
        raise DataError(
            f"{root} has no {MANIFEST}: make the folder with affekt data convert mmsa FILE {root}"
        )
    try:
        stated = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
        parts = {name: _part(root / name) for name in PARTS if (root / name).is_dir()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{root} is damaged: {error}; convert the file again") from None
    if stated.get("form") != FORM:
        raise DataError(
            f"{root} has the form {stated.get('form')!r}, expected {FORM}: convert the file again"
        )
    ratings = [line["ratings"][""] for lines, _ in parts.values() for line in lines]
    if not ratings:
        raise DataError(f"{root} has no lines")
    largest = options.scale or (1 if max(map(abs, ratings)) <= UNIT[1] else 3)
    labels, task = _answer(options, UNIT if largest == 1 else SEVEN)
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    problems: list[str] = []
    for part, (lines, arrays) in parts.items():
        for row, line in enumerate(lines):
            item = _line(part, row, line, arrays, options)
            if isinstance(item, str):
                problems.append(item)
            else:
                (skipped if isinstance(item, Skipped) else samples).append(item)  # pyright: ignore[reportArgumentType]
    raise_problems(root, problems)
    found, warnings = kept_apart(samples)
    return Corpus(found, labels, skipped, task, problems=(*stated.get("notes", ()), *warnings))


def _answer(options: MmsaOptions, scale: tuple[float, float]) -> tuple[LabelSet, Task]:
    if options.label == "annotation":
        return label_set("sentiment-3"), find_task("single_label")
    return LabelSet.of(RATING, scale=scale), find_task("regression")


def _part(folder: Path) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """Lines and features of a part; features are read when they are used."""
    # Not by splitlines: words may hold other line ends.
    text = (folder / LINES).read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.split("\n") if line]
    arrays = {
        name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        for name in FEATURES
        if (folder / f"{name}.npy").is_file()
    }
    for name, array in arrays.items():
        if array.ndim != 3 or len(array) != len(lines) or array.dtype != np.float32:
            raise ValueError(f"{folder / name}.npy has the shape {array.shape} for {len(lines)} lines")
    return lines, arrays


def _line(
    part: str, row: int, line: Mapping[str, Any], arrays: Mapping[str, np.ndarray], options: MmsaOptions
) -> Sample | Skipped | str:
    """The sample of a line; what is wrong with it if the data cannot be read."""
    name, words = f"{part}-{line['id']}", words_of(line["words"])
    media: dict[str, Any] = {}
    try:
        for feature, kept in line["rows"].items():
            if kept:
                # Not the memory-mapped array: all its lines would count as one file.
                values = np.asarray(arrays[feature][row, :kept])
                said = words if feature == "text" else ""
                media[_MEDIA[feature]] = Features(values, source=f"MMSA {feature}", words=said)
    except MediaError as error:
        return Skipped(name, str(error))
    if not media:
        return Skipped(name, "all its features are 0", "lines without features")
    annotation = name_in(label_set("sentiment-3"), line["annotation"])
    if options.label == "annotation" and annotation is None:
        return f"{name}: its annotation is {line['annotation']!r}, not negative, neutral or positive"
    video, separator, number = str(line["id"]).partition(_VIDEO_END)
    ratings = dict(line["ratings"])
    own = {RATING: float(ratings.pop(""))}
    return Sample(
        name,
        media,
        label=annotation if options.label == "annotation" else None,
        values=own if options.label == "rating" else None,
        subject=video if separator else None,
        split=_SPLITS[part] if options.split == "published" else None,
        annotations={_ALONE[end]: Annotation(values={RATING: float(it)}) for end, it in ratings.items()},
        facts={"video": video, "line": number, "annotation": annotation, "rating": own[RATING]},
    )


DATASET = Dataset(
    title="MMSA feature files of CMU-MOSI, CMU-MOSEI and CH-SIMS: words, sound, picture, sentiment ratings",
    modalities=("text", "audio", "video"),
    licence="research use, as the data sets that the features were computed from",
    cite="Mao et al., M-SENA: An Integrated Platform for Multimodal Sentiment Analysis, ACL 2022",
    options=MmsaOptions,
    read=read,
    convert=convert,
)
