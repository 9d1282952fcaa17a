"""The feature files of MMSA: from the pickle in which they are distributed to a folder without pickles.

A pickle holds, for each of the parts `train`, `valid` and `test`, lists and arrays with an entry a line:

    raw_text             (n,) words
    id                   (n,) name of the video, `$_$`, number of the line in it
    text                 (n, t, d) features of words; rows beyond the last word are padding
    audio, vision        (n, t, d) features of sound and picture, padded likewise
    audio_lengths, vision_lengths   (n,) number of rows without padding; may be missing
    text_bert            (n, 3, t) tokens of BERT, their mask and segment; the mask gives the rows of `text`
    regression_labels    (n,) ratings; regression_labels_T, _A, _V those of single modalities (CH-SIMS)
    annotations          (n,) `Negative`, `Neutral`, `Positive`; may be missing

In the folder each array is a `.npy` file of float32, which is read piece by piece, and all else is text:

    DIR/mmsa.json                what was converted
        train/lines.jsonl        a line each: id, words, ratings, number of rows of each modality
        train/text.npy           audio.npy, vision.npy
        valid/ ...  test/ ...

Features that are not finite become 0, as in MMSA. A modality whose features of a line are all 0 is missing
there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.errors import DataError, UsageError
from affekt.core.files.whole import write_folder
from affekt.data.layouts.pickles import read_pickle
from affekt.data.layouts.tables import raise_problems

PARTS = ("train", "valid", "test")
FEATURES = ("text", "audio", "vision")
MANIFEST, LINES, FORM = "mmsa.json", "lines.jsonl", 1
_RATINGS = ("regression_labels", "regression_labels_T", "regression_labels_A", "regression_labels_V")


def convert(file: Path, folder: Path) -> Mapping[str, Any]:
    """Write the folder of a pickle file.

    Returns:
        Number of `lines` of each part, `widths` of the features by modality, and `notes`.

    Raises:
        UsageError: There is no such file, or the folder exists.
        DataError: The file is refused (`affekt.data.layouts.pickles`) or lacks something.
    """
    if folder.exists():
        raise UsageError(f"{folder} exists: give a folder that does not")
    content = read_pickle(file)
    if not isinstance(content, dict) or not set(content) & set(PARTS):
        raise DataError(
            f"{file} holds none of the parts {', '.join(PARTS)}: it is not a feature file of MMSA"
        )
    problems: list[str] = []
    notes: list[str] = []
    parts = {name: _part(name, content[name], problems, notes) for name in PARTS if name in content}
    raise_problems(file, problems)
    widths = {
        name: sorted({part[name].shape[2] for part, _ in parts.values() if name in part}) for name in FEATURES
    }
    raise_problems(
        file,
        [
            f"{name} has different widths in its parts: {found}"
            for name, found in widths.items()
            if len(found) > 1
        ],
    )
    summary = {
        "lines": {name: len(lines) for name, (_, lines) in parts.items()},
        "widths": {name: found[0] for name, found in widths.items() if found},
        "notes": notes,
    }
    with write_folder(folder, error=DataError) as partial:
        _write(partial, parts)
        stated = {"form": FORM, "source": file.name, **summary}
        (partial / MANIFEST).write_text(json.dumps(stated, indent=1) + "\n", encoding="utf-8")
    return summary


def _write(folder: Path, parts: Mapping[str, tuple[dict[str, np.ndarray], list[dict[str, Any]]]]) -> None:
    """Features and lines of each part into its folder."""
    for name, (arrays, lines) in parts.items():
        (folder / name).mkdir()
        for feature, array in arrays.items():
            np.save(folder / name / f"{feature}.npy", array, allow_pickle=False)
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / name / LINES).write_bytes(text.encode())


def _part(
    name: str, part: Any, problems: list[str], notes: list[str]
) -> tuple[dict[str, np.ndarray], list[dict[str, Any]]]:
    """Features and lines of a part; what is wrong is added to `problems`."""
    if not isinstance(part, dict):
        problems.append(f"{name} is not a table of arrays")
        return {}, []
    ids = _texts(part.get("id"))
    ratings = {key: _numbers(part[key]) for key in _RATINGS if key in part}
    if not ids or ratings.get("regression_labels") is None:
        problems.append(f"{name} lacks id or regression_labels")
        return {}, []
    for key, values in ratings.items():
        if values is None or not np.isfinite(values).all():
            problems.append(f"{name}: {key} must be finite numbers")
    words, kinds = _texts(part.get("raw_text")), _texts(part.get("annotations"))
    lists: dict[str, Sequence[Any] | None] = {"raw_text": words, "annotations": kinds, **ratings}
    for key, values in lists.items():
        if values is not None and len(values) not in (0, len(ids)):
            problems.append(f"{name}: {key} has {len(values)} entries for {len(ids)} lines")
    arrays: dict[str, np.ndarray] = {}
    rows: dict[str, np.ndarray] = {}
    for feature in FEATURES:
        if (found := part.get(feature)) is None:
            continue
        array = _features(found)
        if array is None or len(array) != len(ids):
            shape = getattr(found, "shape", type(found).__name__)
            problems.append(f"{name}: {feature} must be numbers ({len(ids)}, t, d), found {shape}")
            continue
        bad = int((~np.isfinite(array)).sum())
        if bad:
            notes.append(f"{name}: {bad} numbers of {feature} that are not finite are read as 0")
            array = np.where(np.isfinite(array), array, 0)
        arrays[feature] = array
        rows[feature] = _lengths(part, feature, array)
    if problems:
        return {}, []
    if not arrays:
        problems.append(f"{name} has none of {', '.join(FEATURES)}")
    return arrays, [
        {
            "id": ids[k],
            "words": words[k] if words else "",
            "ratings": {key.removeprefix("regression_labels"): values[k] for key, values in ratings.items()
                        if values is not None},
            "annotation": kinds[k] if kinds else None,
            "rows": {feature: int(found[k]) for feature, found in rows.items()},
        }
        for k in range(len(ids))
    ]  # fmt: skip


def _features(value: Any) -> np.ndarray | None:
    """Features (n, t, d) float32; None if they are none. One vector for each line has one row."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu" or value.ndim not in (2, 3):
        return None
    with np.errstate(over="ignore"):  # becomes infinite, which is counted
        found = value.astype(np.float32)
    return found[:, None] if found.ndim == 2 else found


def _lengths(part: Mapping[str, Any], feature: str, array: np.ndarray) -> np.ndarray:
    """Rows (n,) of each line without padding: as stated, else up to the last row that is not all 0."""
    filled = np.any(array != 0, axis=2)
    last = np.where(filled.any(axis=1), array.shape[1] - filled[:, ::-1].argmax(axis=1), 0)
    stated = None
    if feature == "text" and isinstance(mask := part.get("text_bert"), np.ndarray) and mask.ndim == 3:
        if (
            mask.dtype.kind in "fiub"
            and mask.shape[0] == len(array)
            and mask.shape[1] == 3
            and mask.shape[2] == array.shape[1]
        ):
            stated = (mask[:, 1] > 0).sum(axis=1)
    elif (numbers := _numbers(part.get(f"{feature}_lengths"))) is not None and len(numbers) == len(array):
        # NaN and numbers beyond integers cannot be converted.
        stated = np.nan_to_num(np.array(numbers), nan=0).clip(0, array.shape[1]).astype(int)
    if stated is None:
        return last
    return np.where(last > 0, np.clip(stated, 1, array.shape[1]), 0)


def _texts(values: Any) -> list[str]:
    if isinstance(values, np.ndarray):
        values = values.ravel().tolist()
    return (
        [text if isinstance(text, str) else str(text) for text in values] if isinstance(values, list) else []
    )


def _numbers(values: Any) -> list[float] | None:
    """Finite or not, a number for each line; None if they are no numbers."""
    try:
        found = np.asarray(values, float).ravel()
    except (TypeError, ValueError):
        return None
    return found.tolist()
