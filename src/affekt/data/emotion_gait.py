"""Emotion-Gait: the captured walks, labelled by observers (Bhattacharya et al., AAAI 2020).

DIR/gaits.npz     poses (n, 75, 16, 3) float32, root at the origin, y up, one cycle repeated to 75 frames
                  period (n,) frames of the cycle; label (n,) 0 happy, 1 angry, 2 sad, 3 neutral
                  subject (n,), source (n,), split (n,) "train" or "test", index (n,)

Splits in other spellings, such as "val" or "Training", are recognised, an empty one is none. Walks of a split
of any other name are left out and reported: `splits = {heldout = "test"}` states what it is.

In a third of the walks left and right look exchanged: knees would bend backward (`affekt data check` names
them). They are read as they are; the preprocessing of bpm_gcn mirrors them (`check_sides`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError, MediaError
from affekt.core.labels import label_set
from affekt.core.sample import Sample, Skipped
from affekt.core.settings import Settings
from affekt.data.layouts.manifest import is_absent
from affekt.data.split_names import NamedSplit, splits_of
from affekt.media.arrays import read_npz
from affekt.media.skeleton import JOINT_ORDERS, Skeleton

# The file's codes are not the method's: both are tied to names here and never meet as numbers.
LABEL_CODES = {0: "happy", 1: "angry", 2: "sad", 3: "neutral"}
_KEYS = ("poses", "period", "label", "subject", "source", "split", "index")


class EmotionGaitOptions(Settings):
    """What words of the column `split` mean.

    Attributes:
        splits: train, validation, test, or `ignore`, for a word that does not say it.
    """

    splits: Mapping[str, NamedSplit] = {}


def read(root: Path, options: EmotionGaitOptions) -> Corpus:
    """Read `gaits.npz` of a folder; walks of an unknown split are left out.

    Raises:
        DataError: The file is missing, broken or lacks an array.
    """
    path = root / "gaits.npz"
    if not path.is_file():
        raise DataError(f"{path} does not exist; Emotion-Gait is read from a folder with gaits.npz")
    try:
        columns = read_npz(path, _KEYS)
    except MediaError as error:
        raise DataError(str(error)) from None
    missing = [key for key in _KEYS if key not in columns]
    if missing:
        raise DataError(
            f"{path} lacks {', '.join(missing)}; it holds {', '.join(columns) or 'nothing of it'}"
        )
    lengths = {key: len(np.atleast_1d(values)) for key, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"{path} holds columns of different length: {lengths}")
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    stated = [str(name).strip() for name in columns["split"]]
    splits = splits_of({name for name in stated if not is_absent(name)}, options.splits)
    for row, index in enumerate(columns["index"]):
        name = f"gait-{int(index):03d}"
        label = LABEL_CODES.get(int(columns["label"][row]))
        if label is None:
            skipped.append(Skipped(name, f"label {columns['label'][row]} is none of {LABEL_CODES}"))
            continue
        split = stated[row]
        if not is_absent(split) and splits.get(split, "ignore") == "ignore":
            skipped.append(Skipped(name, f"{name} is of split {split!r}", f"of split {split!r}"))
            continue
        try:
            skeleton = Skeleton(
                columns["poses"][row],
                JOINT_ORDERS["emotion_gait"],
                cycle_frames=int(columns["period"][row]),
                is_up_stated=True,
            )
        except MediaError as error:
            skipped.append(Skipped(name, str(error)))
            continue
        samples.append(
            Sample(
                id=name,
                media={"skeleton": skeleton},
                label=label,
                subject=str(columns["subject"][row]),
                split=None if is_absent(split) else splits[split],  # type: ignore[arg-type]
                facts={"source": str(columns["source"][row])},
            )
        )
    unknown = Counter(name for name in stated if not is_absent(name) and name not in splits)
    problems = [
        f"{count} walk{'s are' if count > 1 else ' is'} of split {name!r}, which is unknown: left out; "
        f'options.splits states what it is, as in splits = {{{name} = "test"}}'
        for name, count in sorted(unknown.items())
    ]
    return Corpus(samples, label_set("gait-4"), skipped, problems=tuple(problems))


DATASET = Dataset(
    title="Emotion-Gait, captured walks with one cycle each, 16 joints, 4 emotions",
    modalities=("skeleton",),
    licence="research use; no data licence is stated",
    cite="Bhattacharya et al., STEP, AAAI 2020; Narayanan et al., ProxEmo, IROS 2020",
    labels=label_set("gait-4"),
    options=EmotionGaitOptions,
    read=read,
)
