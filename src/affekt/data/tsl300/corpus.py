"""TSL-300: untrimmed videos with negative and positive segments (Zhang and Yang, ACM MM 2022).

    DIR/VideoSenti/split_train.txt                  names of videos, one a line, such as 9_Ekman6_joy_1;
        split_test.txt                              DIR may be the folder VideoSenti itself
        videosenti_gt.json                          segments of all videos: {"database": {"9_Ekman6_joy_1":
                                                    {"annotations": [{"segment": ["12.5", "20.1"],
                                                    "label": "p"}]}}}
        gt.json                                     the same for the test split only, read if the other
                                                    file is missing
        fps_dict.json                               frames per second of each video
        len_duration_dict.json                      duration of each video in seconds; optional
        point_gaussian/point_labels.csv             the marked frames: class,class_index,start_frame,
                                                    stop_frame,video_id,point
                                                    p,1,300,312,9_Ekman6_joy_1,306
        point_gaussian/train/point_anno_0.txt       those of each annotator, 0 to 2
        features/train/rgb/9_Ekman6_joy_1.npy       the authors' features, if you have them
        features/train/logmfcc/9_Ekman6_joy_1.npy
        videos/9_Ekman6_joy_1.mp4                   or the videos

Samples have the media that exist: `rgb` and `logmel`, `video` and `audio`. Without media, the annotations can
still be read and checked.

A point is in the middle of its frame. The points in `point_labels.csv` were drawn at random from the files of
the annotators: one annotator for each video. Segments of the training split are read, too, although weakly
supervised methods may use them only for validation. Segments that end before they start, malformed rows and
videos without a frame rate are skipped, and listed with the reason.

The subject is the video that a sample was cut from, according to its name: `Q5fZk_jPjBI` of
`281_CMU_MOSEI_Q5fZk_jPjBI`, without the number of a cut (`Q5fZk_jPjBI_3`), for CMU-MOSEI and CMU-MOSI;
`Ekman6 joy_1` for sources with their own numbering. In the published lists no such name occurs twice, so each
video is its own subject; further cuts of the same video, if added, stay in one split. Ekman-6 and
VideoEmotion-8 do not identify persons and rename videos: only a comparison of the videos shows what these two
sets have in common (`affekt data check`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from affekt.core.dataset import Corpus, Dataset, FeatureLayout
from affekt.core.errors import DataError
from affekt.core.labels import label_set
from affekt.core.sample import Sample, Skipped, Split
from affekt.core.segment import Segment
from affekt.core.settings import Settings
from affekt.core.task import find_task
from affekt.data.tsl300.files import (
    Frames,
    annotators_at,
    choose_points,
    find_home,
    read_list,
    read_segments,
    read_table,
    timed,
)
from affekt.media.video import SUFFIXES

LABELS = label_set("tsl-2")
PARTS: Mapping[str, Split] = {"train": "train", "test": "test"}
_FEATURES = {"rgb": "rgb", "logmel": "logmfcc"}  # named after cepstra, but they are log-mel rows in dB
_ANNOTATIONS = ("*.txt", "*.json", "point_gaussian/*.csv", "point_gaussian/train/*.txt")
_NAME = re.compile(r"\d+_(?P<source>CMU_MOSEI|CMU_MOSI|[^_]+)_(?P<original>.+)")
_CUT = re.compile(r"(?P<video>[\w-]{11})(_\d+|\[\d+\])")  # YouTube names have 11 characters


class Tsl300Options(Settings):
    """Which points are read.

    Attributes:
        points: "shipped" are those of `point_labels.csv`. "resampled" draws one annotator for each video,
            by the rule with which that file was made. "annotator-0" and so on are those of one annotator,
            "all" those of all three.
        seed: Seed of "resampled"; 123 gives the shipped points.
    """

    points: Literal["shipped", "resampled", "annotator-0", "annotator-1", "annotator-2", "all"] = "shipped"
    seed: int = Field(123, ge=0)


def read(root: Path, options: Tsl300Options) -> Corpus:
    """Read lists and annotations, and find the media that exist; nothing is written.

    Raises:
        DataError: A required file is missing or cannot be read.
    """
    home = find_home(root)
    skipped: list[Skipped] = []
    parts = {part: read_list(home / f"split_{part}.txt", skipped) for part in PARTS}
    both = sorted({*parts["train"]} & {*parts["test"]})
    skipped += [Skipped(name, f"{name} is in both lists: excluded from the test split") for name in both]
    rates = read_table(home / "fps_dict.json")
    lengths = (
        read_table(home / "len_duration_dict.json") if (home / "len_duration_dict.json").is_file() else {}
    )
    segments = _segments(home, parts["train"], skipped)
    annotators = annotators_at(home, skipped)
    points = _points(home, options, parts, annotators, skipped)
    samples: list[Sample] = []
    for part, split in PARTS.items():
        media = _media_at(home, part)
        for name in parts[part]:
            if part == "test" and name in both:
                continue
            if name not in rates:
                skipped.append(Skipped(name, f"fps_dict.json states no frame rate of {name}"))
                continue
            facts: dict[str, Any] = {"rate_hz": rates[name], "source": _source_of(name)[0]}
            if name in lengths:
                facts["duration_s"] = lengths[name]
            if marks := _marks(name, annotators, rates[name]):
                facts["annotators"] = marks
            marked = timed(points.get(name, ()), rates[name])
            annotated = segments.get(name)
            samples.append(
                Sample(
                    name,
                    {kind: files[name] for kind, files in media.items() if name in files},
                    label_weights=_shares([it.label for it in marked or annotated or ()]),
                    subject=_source_of(name)[1],
                    split=split,
                    facts=facts,
                    segments=annotated,
                    points=marked,
                )
            )
    return Corpus(samples, LABELS, skipped, find_task("localization"))


def annotation_files(root: Path) -> dict[str, Path]:
    """All annotation files, by their paths below the folder `VideoSenti`.

    Raises:
        DataError: There is no such folder.
    """
    home = find_home(root)
    files = (path for pattern in _ANNOTATIONS for path in home.glob(pattern))
    return {path.relative_to(home).as_posix(): path for path in sorted(files) if path.is_file()}


def _segments(home: Path, train: Iterable[str], skipped: list[Skipped]) -> dict[str, tuple[Segment, ...]]:
    """Segments by video; unknown for the training split if only `gt.json` exists."""
    if (home / "videosenti_gt.json").is_file():
        return read_segments(home / "videosenti_gt.json", skipped)
    found = read_segments(home / "gt.json", skipped)
    unknown = set(train)  # their lists are empty in gt.json
    return {name: segments for name, segments in found.items() if segments or name not in unknown}


def _points(
    home: Path,
    options: Tsl300Options,
    parts: Mapping[str, Sequence[str]],
    annotators: Mapping[str, Frames],
    skipped: list[Skipped],
) -> Frames:
    if not parts["train"]:  # only the test split exists: no points are needed
        return {}
    points = choose_points(home, options.points, options.seed, parts["train"], annotators, skipped)
    for name in points:
        if name not in parts["train"]:
            skipped.append(Skipped(name, f"points of {name} are ignored: it is not a training video"))
    return {name: points[name] for name in parts["train"] if name in points}


def _media_at(home: Path, part: str) -> dict[str, dict[str, Path]]:
    """Files by modality and video. Folders are listed, so that names of videos are never used as paths."""
    videos = {path.stem: path for path in _files_in(home / "videos") if path.suffix.lower() in SUFFIXES}
    features = {
        kind: {
            path.stem: path
            for path in _files_in(home / "features" / part / folder)
            if path.suffix.lower() == ".npy"
        }
        for kind, folder in _FEATURES.items()
    }
    return {**features, "video": videos, "audio": videos}


def _files_in(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror}") from None


def _source_of(name: str) -> tuple[str, str]:
    """The data set that a video is from, and the video that it was cut from.

    Example:
        >>> _source_of("281_CMU_MOSEI_Q5fZk_jPjBI"), _source_of("9_Ekman6_joy_1")
        (('CMU_MOSEI', 'Q5fZk_jPjBI'), ('Ekman6', 'Ekman6 joy_1'))
    """
    parts = _NAME.fullmatch(name)
    if parts is None:
        return "unknown", name
    source, original = parts["source"], parts["original"]
    if not source.startswith("CMU"):
        return source, f"{source} {original}"
    cut = _CUT.fullmatch(original)
    return source, cut["video"] if cut else original


def _marks(name: str, annotators: Mapping[str, Frames], rate_hz: float) -> dict[str, list[list[Any]]]:
    """The points of each annotator, as plain values, for the comparison by `affekt data check`."""
    return {
        who: [[point.time_s, point.label] for point in timed(frames[name], rate_hz)]
        for who, frames in annotators.items()
        if name in frames
    }


def _shares(labels: Sequence[str]) -> dict[str, float] | None:
    counts = Counter(labels)
    return {name: counts[name] / len(labels) for name in LABELS.names} if labels else None


DATASET = Dataset(
    title="TSL-300, untrimmed videos with negative and positive segments, marked by single frames",
    modalities=("rgb", "logmel", "video", "audio"),
    licence="annotations Apache-2.0; videos and features on request, for research and academic purposes",
    cite="Zhang, Yang, Temporal Sentiment Localization: Listen and Look in Untrimmed Videos, ACM MM 2022",
    labels=LABELS,
    options=Tsl300Options,
    read=read,
    features=FeatureLayout(
        "rgb",
        "logmel",
        {kind: f"features/{{split}}/{folder}/{{id}}.npy" for kind, folder in _FEATURES.items()},
        annotation_files,
    ),
)
