"""STEP and Emotion-Gait containers: generated and captured walks in HDF5 (Bhattacharya et al., AAAI 2020).

    DIR/features4DCVAEGCN.h5   an HDF5 data set per walk at the root: 00001_Happy -> (t, 48) float64
        labels4DCVAEGCN.h5     HDF5 data sets of the same names -> one integer
        features.h5, labels.h5, features_ELMD.h5, ...   the same; the text after `features` pairs the two

Columns are root x, y, z, spine x, y, z, ... with y up, in the joint order "emotion_gait", as the note of the
release states. STEP's own code uses the first side as the right one; `joints = "bpm_gcn"` reads it that way.

The number of an emotion differs between releases: generated walks have 1 angry, 2 neutral, 3 happy, 5 sad and
two numbers without a name, captured ones 0 happy, 1 angry, 2 sad, 3 neutral. Therefore numbers are not used
without names. A walk called 00001_Happy is happy; if names do not contain an emotion, `labels` names the
numbers:

    data = {name = "step_h5", options = {labels = ["happy", "angry", "sad", "neutral"]}}
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import field_validator

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError, MediaError, UsageError, require
from affekt.core.labels import label_set
from affekt.core.sample import Sample, Skipped
from affekt.core.settings import Settings
from affekt.media.skeleton import MAX_FRAMES, Skeleton, joint_order

_EMOTIONS = label_set("gait-4").names
_GENERATED = re.compile(r"\d+_(?P<emotion>[A-Z][a-z]+)")


class StepH5Options(Settings):
    """How numbers and columns are read.

    Attributes:
        labels: Emotion of each number, counted from 0; empty text for a number without a name. Default: the
            emotion is read from the name of the walk, and labels files are only checked for contradictions.
        joints: Name of a joint order, or the joints separated by commas.
    """

    labels: tuple[str, ...] = ()
    joints: str = "emotion_gait"

    @field_validator("labels")
    @classmethod
    def _are_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in names if name and name not in _EMOTIONS]
        if unknown:
            raise ValueError(
                f"{', '.join(unknown)} is not one of {', '.join(_EMOTIONS)} (empty text: number without name)"
            )
        return names

    @field_validator("joints")
    @classmethod
    def _is_an_order(cls, text: str) -> str:
        try:
            joint_order(text)
        except UsageError as error:
            raise ValueError(str(error)) from None
        return text


def read(root: Path, options: StepH5Options) -> Corpus:
    """Read every pair of containers in a folder. This layout states neither subjects nor splits.

    Raises:
        DataError: There are no containers, or one cannot be read.
        MissingExtra: h5py is not installed.
    """
    files = sorted(root.glob("features*.h5"))
    if not files:
        raise DataError(f"{root} contains no features*.h5")
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    for file in files:
        suffix = file.stem.removeprefix("features")
        numbers = _read_container(root / f"labels{suffix}.h5", _number)
        if numbers is None and options.labels:
            raise DataError(
                f"{root / f'labels{suffix}.h5'} is missing; options.labels names the numbers in it"
            )
        if numbers is not None and not options.labels:
            _check_agreement(file, numbers)
        for name, matrix in (_read_container(file, _matrix) or {}).items():
            walk_id = f"{suffix.strip('_')}-{name}" if suffix else name
            try:
                emotion = _emotion(name, numbers, options.labels)
                skeleton = _skeleton(matrix, joint_order(options.joints))
            except (DataError, MediaError) as error:
                skipped.append(Skipped(walk_id, str(error)))
                continue
            samples.append(Sample(walk_id, {"skeleton": skeleton}, label=emotion, facts={"file": file.name}))
    return Corpus(samples, label_set("gait-4"), skipped)


def _emotion(name: str, numbers: dict[str, Any] | None, labels: tuple[str, ...]) -> str:
    """Emotion of a walk, from its number if the option names numbers, else from its name."""
    if numbers is not None and name not in numbers:
        raise DataError("the labels file has no entry of this name")
    if not labels:
        emotion = _named_emotion(name)
        if emotion is None:
            raise DataError(
                "its name contains no emotion; name the numbers of the labels file with options.labels"
            )
        return emotion
    number = (numbers or {})[name]
    if isinstance(number, str):
        raise DataError(f"its label cannot be used: {number}")
    if not 0 <= number < len(labels) or not labels[number]:
        raise DataError(f"its label is {number}, for which options.labels has no name")
    return labels[number]


def _named_emotion(name: str) -> str | None:
    """The emotion in NNNNN_Emotion, if it is a known one.

    Other names are not used: captured walks are named after the emotion that an actor was asked to show, not
    after the one that observers perceived.
    """
    found = _GENERATED.fullmatch(name)
    emotion = found["emotion"].lower() if found else None
    return emotion if emotion in _EMOTIONS else None


def _check_agreement(file: Path, numbers: dict[str, Any]) -> None:
    """Check that names and numbers agree: each emotion must have one number.

    Raises:
        DataError: Two walks of the same named emotion have different numbers.
    """
    seen: dict[str, tuple[str, Any]] = {}
    for name, number in numbers.items():
        emotion = _named_emotion(name)
        if emotion is None:
            continue
        first, expected = seen.setdefault(emotion, (name, number))
        if number != expected:
            raise DataError(
                f"{file}: {first} is labelled {expected}, but {name} is labelled {number}: names and labels "
                "disagree. State with options.labels which emotion each number is"
            )


def _skeleton(matrix: np.ndarray | str, joints: tuple[str, ...]) -> Skeleton:
    """A walk from its columns: x, y, z of each joint."""
    if isinstance(matrix, str):
        raise MediaError(matrix)
    if matrix.ndim != 2 or matrix.shape[1] != 3 * len(joints):
        raise MediaError(
            f"it must have {3 * len(joints)} columns, three per joint; found shape {matrix.shape}"
        )
    with np.errstate(over="ignore"):  # too large for float32: becomes infinite, which a skeleton refuses
        return Skeleton(matrix.reshape(len(matrix), len(joints), 3).astype(np.float32), joints)


def _read_container(path: Path, convert: Any) -> dict[str, Any] | None:
    """Each HDF5 data set at the root of a file, converted, by name; None if the file does not exist."""
    if not path.is_file():
        return None
    h5py = require("h5py", extra="train", needed_by="reading .h5 containers")
    try:
        with h5py.File(path, "r") as file:
            return {name: convert(h5py, file, name) for name in file}
    except (
        OSError,
        RuntimeError,
        KeyError,
        ValueError,
        TypeError,
    ) as error:  # h5py raises all of these on damage
        raise DataError(f"{path} is damaged or not an HDF5 file: {error}") from None


def _plain(h5py: Any, file: Any, name: str) -> Any:
    """An HDF5 data set whose numbers are in this file, or why it cannot be used."""
    # Links and external storage could point to any other file of this computer.
    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        return "it is a link, which is not followed"
    item = file[name]
    if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "iuf":
        return "it is not an HDF5 data set of numbers"
    if item.external or item.is_virtual:
        return "its numbers are in another file, which is not opened"
    return item


def _matrix(h5py: Any, file: Any, name: str) -> np.ndarray | str:
    item = _plain(h5py, file, name)
    if isinstance(item, str):
        return item
    # The shape is known before anything is decompressed: decompression bombs are refused here.
    if item.ndim != 2 or not 1 <= item.shape[0] <= MAX_FRAMES or item.shape[1] > 1000:
        return f"it must have a row per frame and three columns per joint; found shape {item.shape}"
    return item[()]


def _number(h5py: Any, file: Any, name: str) -> int | str:
    item = _plain(h5py, file, name)
    if isinstance(item, str):
        return item
    if item.size != 1 or item.dtype.kind not in "iu":
        return f"it is not a single integer but {item.dtype} of shape {item.shape}"
    return int(np.ravel(item[()])[0])


DATASET = Dataset(
    title="STEP and Emotion-Gait HDF5 containers, captured or generated walks, 16 joints, 4 emotions",
    modalities=("skeleton",),
    licence="research use; no data licence is stated",
    cite="Bhattacharya et al., STEP, AAAI 2020",
    labels=label_set("gait-4"),
    options=StepH5Options,
    read=read,
)
