"""The files of TSL-300: lists of videos, tables of numbers, segments and points.

Entries that cannot be used are added to a list of skipped items, with the reason. Media are not opened here.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from affekt.core.errors import DataError
from affekt.core.sample import Skipped
from affekt.core.segment import Point, Segment
from affekt.data.layouts.tables import csv_rows, leaves_folder, text_of
from affekt.data.layouts.text_tables import read_text, split_lines

CLASSES = {"n": "negative", "p": "positive"}
ANNOTATORS = ("annotator-0", "annotator-1", "annotator-2")
POINTS = "point_gaussian"  # only a name: the points in it are not Gaussian
SHIPPED = f"{POINTS}/point_labels.csv"
_FILES = {name: f"{POINTS}/train/point_anno_{number}.txt" for number, name in enumerate(ANNOTATORS)}
# parity: the order in which the file system of the reference's authors listed the annotators' files.
_DISK_ORDER = ("annotator-1", "annotator-0", "annotator-2")
_COLUMNS = ("class", "video_id", "point")

Frames = Mapping[str, Sequence[tuple[int, str]]]  # video: (number of a marked frame, label)


def find_home(root: Path) -> Path:
    """The folder with the lists of videos.

    Raises:
        DataError: There is none.
    """
    for home in (root, root / "VideoSenti", root / "dataset" / "VideoSenti"):
        if any((home / name).is_file() for name in ("split_train.txt", "split_test.txt")):
            return home
    raise DataError(
        f"neither {root} nor VideoSenti in it contains split_train.txt or split_test.txt, lists of TSL-300"
    )


def read_list(path: Path, skipped: list[Skipped]) -> list[str]:
    """Names of videos, one per line; empty if the list does not exist."""
    if not path.is_file():
        return []
    names: list[str] = []
    for number, line in enumerate(split_lines(read_text(path)[0]), start=1):
        name = line.strip()
        if not name:
            continue
        if not is_video_name(name):
            skipped.append(
                Skipped(name[:80], f"{path.name} line {number}: {name[:80]!r} cannot be the name of a video")
            )
        elif name in names:
            skipped.append(Skipped(name, f"{path.name} line {number}: {name} is listed twice"))
        else:
            names.append(name)
    return names


def is_video_name(name: str) -> bool:
    """Whether a name can only be that of a file in its folder."""
    return not (leaves_folder(name) or name in ("", ".") or "/" in name or "\\" in name)


def read_table(path: Path) -> dict[str, float]:
    """A positive number for each video, as in `fps_dict.json`; other values are omitted.

    Raises:
        DataError: It cannot be read, or contains no table.
    """
    return {
        name: number
        for name, value in _read_object(path).items()
        if (number := _number(value)) is not None and number > 0
    }


def read_segments(path: Path, skipped: list[Skipped]) -> dict[str, tuple[Segment, ...]]:
    """Segments of each video, in order of time.

    Raises:
        DataError: It cannot be read, or contains no object `database`.
    """
    database = _read_object(path).get("database")
    if not isinstance(database, dict):
        raise DataError(f"{path} contains no object database with an entry for each video")
    found: dict[str, tuple[Segment, ...]] = {}
    for name, entry in database.items():
        rows = entry.get("annotations") if isinstance(entry, dict) else None
        if not isinstance(rows, list):
            skipped.append(Skipped(name[:80], f"{path.name}: {name[:80]!r} has no list of annotations"))
            continue
        segments: list[Segment] = []
        for number, row in enumerate(rows, start=1):
            segment = _segment_of(row)
            if isinstance(segment, str):
                skipped.append(
                    Skipped(name, f"{path.name}: segment {number} of {name} is skipped: {segment}")
                )
            else:
                segments.append(segment)
        found[name] = tuple(sorted(segments, key=lambda it: (it.start_s, it.end_s)))
    return found


def read_points(path: Path, skipped: list[Skipped]) -> dict[str, list[tuple[int, str]]]:
    """Marked frames of each video.

    Raises:
        DataError: It cannot be read, or lacks a column.
    """
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for number, row in csv_rows(path, _COLUMNS):
        name, word, frame = (text_of(row, column) for column in ("video_id", "class", "point"))
        where = f"{path.name} line {number}"
        if name is None or not is_video_name(name):
            skipped.append(Skipped(where, f"{where}: {(name or '')[:80]!r} cannot be the name of a video"))
        elif word not in CLASSES:
            skipped.append(Skipped(name, f"{where}: class {word!r} is not one of {', '.join(CLASSES)}"))
        elif frame is None or not re.fullmatch(r"\d{1,9}", frame):
            skipped.append(Skipped(name, f"{where}: {frame!r} is not a frame number"))
        else:
            found[name].append((int(frame), CLASSES[word]))
    return dict(found)


def annotators_at(home: Path, skipped: list[Skipped]) -> dict[str, Frames]:
    """Marked frames of each annotator whose file exists."""
    return {
        name: read_points(home / file, skipped) for name, file in _FILES.items() if (home / file).is_file()
    }


def choose_points(
    home: Path,
    chosen: str,
    seed: int,
    videos: Sequence[str],
    annotators: Mapping[str, Frames],
    skipped: list[Skipped],
) -> Frames:
    """Marked frames of each video, according to the option `points`.

    Args:
        chosen: "shipped", "resampled", "all" or the name of an annotator.
        seed: Seed of the choice of one annotator for each video.
        videos: All training videos; the choice depends on all of them.

    Raises:
        DataError: A required file is missing.
    """
    if chosen == "shipped":
        if not (home / SHIPPED).is_file():
            there = ", ".join(annotators)
            raise DataError(
                f"{home} contains no {SHIPPED}, which option points = 'shipped' reads"
                + (f"; other choices: {there}" if there else "")
            )
        return read_points(home / SHIPPED, skipped)
    needed = (chosen,) if chosen in ANNOTATORS else ANNOTATORS
    missing = [_FILES[name] for name in needed if name not in annotators]
    if missing:
        names = " and no ".join(missing)
        raise DataError(f"{home} contains no {names}, which option points = {chosen!r} reads")
    if chosen == "resampled":
        return {name: annotators[who].get(name, ()) for name, who in draw_annotators(videos, seed).items()}
    return {
        name: tuple(sorted(frame for who in needed for frame in annotators[who].get(name, ())))
        for name in videos
    }


def draw_annotators(videos: Iterable[str], seed: int) -> dict[str, str]:
    """One random annotator for each video, drawn as in the reference.

    With seed 123 and all training videos, it is the choice from which `point_labels.csv` was made.

    Example:
        >>> draw_annotators(["10_b", "9_a"], seed=123)
        {'9_a': 'annotator-1', '10_b': 'annotator-1'}
    """
    chance = random.Random(seed)
    drawn: dict[str, str] = {}
    for name in sorted(videos, key=natural):
        # parity: a second draw, always 0, advances the generator.
        drawn[name] = _DISK_ORDER[(chance.randint(0, 2) + chance.randint(0, 0)) % len(_DISK_ORDER)]
    return drawn


def natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts `9_a` before `10_b`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def timed(frames: Iterable[tuple[int, str]], rate_hz: float) -> tuple[Point, ...]:
    """Marked frames as points in time: the middle of each frame."""
    return tuple(Point((frame + 0.5) / rate_hz, label) for frame, label in sorted(frames))


def _segment_of(row: Any) -> Segment | str:
    """A segment, or what is wrong with it. Times are strings, sometimes with blanks."""
    ends = row.get("segment") if isinstance(row, dict) else None
    if not isinstance(ends, list) or len(ends) != 2:
        return 'it is not like {"segment": ["12.5", "20.1"], "label": "p"}'
    start_s, end_s = map(_number, ends)
    word = row.get("label")
    label = CLASSES.get(word.strip()) if isinstance(word, str) else None
    if label is None:
        return f"class {word!r} is not one of {', '.join(CLASSES)}"
    if start_s is None or end_s is None or start_s < 0:
        return f"{ends[0]!r} to {ends[1]!r} are not times in seconds"
    if start_s >= end_s:
        return f"it ends at {end_s:g} s and starts at {start_s:g} s"
    return Segment(start_s, end_s, label)


def _number(value: Any) -> float | None:
    """The value of a finite number, or of a string that contains one; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _read_object(path: Path) -> dict[str, Any]:
    text, _ = read_text(path)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise DataError(f"{path} contains no object with an entry for each video")
    return content
