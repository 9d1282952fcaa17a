"""CH-SIMS: clips of Chinese films and shows, sentiment from -1 to 1 (Yu et al., ACL 2020).

    DIR/meta.csv                       in DIR or in DIR/SIMS; the name label.csv is read as well
        Raw/V_0001/0001.mp4            clips
        Raw/A_0001/0001.flac           their sound, where it exists: the folder of the clip with A for V;
                                       without it, that of the clip

    video_id,clip_id,text,label,label_T,label_A,label_V,annotation,mode
    V_0001,0001,Hao de.,0.4,0.2,0.6,0.4,Positive,train

`text`, `label_T`, `label_A`, `label_V` and `mode` may be missing. `label` is how all three modalities were
rated together; `label_T`, `label_A` and `label_V` how words, sound and picture were rated alone. They become
the annotations `text`, `audio` and `video` of a line.

With the option `classes` the rating is cut into 2, 3 or 5 classes, as `docs/ratings.md` states. Class weights
are counted from these labels, so they belong to the classes that they are named for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError
from affekt.core.sample import Annotation, Sample, Skipped
from affekt.core.settings import Settings
from affekt.core.wording import count
from affekt.data.layouts.split_names import split_of
from affekt.data.layouts.tables import raise_problems, stated_text
from affekt.data.layouts.text_tables import Row, read_text_table
from affekt.data.multimodal.rated_lines import annotation_of, answer_of, kept_apart
from affekt.data.text.turns import words_of
from affekt.metrics.rating_classes import UNIT
from affekt.report.wording import some

TABLES = ("meta.csv", "label.csv")
COLUMNS, OPTIONAL = ("video_id", "clip_id", "label"), ("text", "label_T", "label_A", "label_V", "mode")
_ALONE = {"text": "label_T", "audio": "label_A", "video": "label_V"}
_HOMES = ("", "SIMS", "CH-SIMS")
_SOUNDS = (".flac", ".wav")
_ROUNDING = 1e-6


class ChSimsOptions(Settings):
    """What is answered, and by which split.

    Attributes:
        classes: 2, 3 or 5 classes in place of the rating.
        split: `published` takes the parts of the table; with `videos` a recipe splits by video.
    """

    classes: Literal[2, 3, 5] | None = None
    split: Literal["published", "videos"] = "published"


def read(root: Path, options: ChSimsOptions) -> Corpus:
    """Read the table; a line without words and clip is skipped.

    Raises:
        DataError: There is no table, a column is missing, a rating is not a number from -1 to 1, or a line is
            there twice.
    """
    path = next(
        (root / home / name for home in _HOMES for name in TABLES if (root / home / name).is_file()), None
    )
    if path is None:
        raise DataError(f"{root} contains neither {TABLES[0]} nor {TABLES[1]}")
    table = read_text_table(path, COLUMNS, optional=OPTIONAL)
    samples: dict[str, Sample] = {}
    skipped, problems, lost = [*table.skipped], [], []
    for row in table.rows:
        item = _line(row, path.parent / "Raw", options)
        if isinstance(item, str):
            problems.append(f"line {row.line}: {item}")
        elif isinstance(item, Skipped):
            skipped.append(item)
        elif item.id in samples:
            problems.append(f"line {row.line}: a second line {item.id}")
        else:
            samples[item.id] = item
            if "video" not in item.media:
                lost.append(item.id)
    raise_problems(path, problems)
    found, warnings = kept_apart(list(samples.values()))
    if lost:
        warnings.append(f"{count(lost, 'line')} without a clip, such as {some(lost)}: read as words alone")
    labels, task = answer_of(options.classes, UNIT)
    return Corpus(found, labels, skipped, task, problems=(*table.notes, *warnings))


def _line(row: Row, raw: Path, options: ChSimsOptions) -> Sample | Skipped | str:
    """The sample of a row; what is wrong with it if it cannot be read."""
    video, clip = stated_text(row.cells, "video_id"), stated_text(row.cells, "clip_id")
    if video is None or clip is None:
        return "video_id and clip_id must be given"
    if any(name in (".", "..") or "/" in name or "\\" in name for name in (video, clip)):
        return f"video_id {video!r} and clip_id {clip!r} must be names without folders"
    ratings = {column: stated_text(row.cells, column) for column in ("label", *_ALONE.values())}
    wrong = [f"{column} = {text!r}" for column, text in ratings.items() if text and _rating(text) is None]
    if wrong:
        return f"{', '.join(wrong)} must be numbers from -1 to 1"
    mode = stated_text(row.cells, "mode")
    split = split_of(mode) if mode else None
    if mode and split is None:
        return f"mode {mode!r} is not a part; expected train, valid or test"
    media = _media(row.cells, raw, video, clip)
    name = f"{video}-{clip}"
    if not media:
        return Skipped(name, "it has neither words nor a clip", "lines without media")
    alone = {part: _rating(ratings[column] or "") for part, column in _ALONE.items()}
    return Sample(
        name,
        media,
        **annotation_of(_rating(ratings["label"] or ""), options.classes),
        subject=video,
        split=split if options.split == "published" else None,
        annotations={
            part: Annotation(**annotation_of(rating, options.classes))
            for part, rating in alone.items()
            if rating is not None
        },
        facts={"video": video, "clip": clip},
    )


def _media(cells: Mapping[str, Any], raw: Path, video: str, clip: str) -> dict[str, Any]:
    """Words, clip and sound of a line, as far as they exist."""
    media: dict[str, Any] = {}
    if words := words_of(stated_text(cells, "text")):
        media["text"] = words
    stems = dict.fromkeys((clip, clip.zfill(4)))  # spreadsheets drop the zeros of 0001
    picture = next((it for stem in stems if (it := raw / video / f"{stem}.mp4").is_file()), None)
    sounds = (raw / video.replace("V", "A") / f"{stem}{end}" for stem in stems for end in _SOUNDS)
    sound = next((path for path in sounds if path.is_file()), picture)
    return media | {name: path for name, path in (("video", picture), ("audio", sound)) if path is not None}


def _rating(text: str) -> float | None:
    """A rating from -1 to 1; None if it is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= UNIT[1] + _ROUNDING else None


DATASET = Dataset(
    title="CH-SIMS, clips of Chinese films and shows, sentiment from -1 to 1 or 2, 3 or 5 classes",
    modalities=("text", "audio", "video"),
    licence="research use; the clips stay with their owners",
    cite="Yu et al., CH-SIMS: A Chinese Multimodal Sentiment Analysis Dataset with Fine-grained Annotation "
    "of Modality, ACL 2020",
    options=ChSimsOptions,
    read=read,
)
