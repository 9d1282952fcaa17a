"""Emotion-Gait: the captured walks, labelled by observers (Bhattacharya et al., AAAI 2020).

DIR/gaits.npz     poses (n, 75, 16, 3) float32, root at the origin, y up, one cycle repeated to 75 frames
                  period (n,) frames of the cycle; label (n,) 0 happy, 1 angry, 2 sad, 3 neutral
                  subject (n,), source (n,), split (n,) "train" or "test", index (n,)

Splits in other spellings, such as "val" or "Training", are recognised; an empty cell means no split. Walks
with another word are skipped and reported: `splits = {heldout = "test"}` assigns a split to the word.

In a third of the walks left and right seem to be exchanged: knees would bend backward (`affekt data check`
lists them). They are read unchanged; the preprocessing of bpm_gcn mirrors them (`check_sides`).
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
from affekt.data.layouts.split_names import NamedSplit, splits_of
from affekt.data.layouts.tables import is_absent
from affekt.media.arrays import read_npz
from affekt.media.skeleton import JOINT_ORDERS, Skeleton

# The class numbers of the file differ from those of the methods: only names are passed on.
LABEL_CODES = {0: "happy", 1: "angry", 2: "sad", 3: "neutral"}
_KEYS = ("poses", "period", "label", "subject", "source", "split", "index")


class EmotionGaitOptions(Settings):
    """The meaning of words in the column `split`.

    Attributes:
        splits: train, validation, test, or `ignore`, for words that are not recognised.
    """

    splits: Mapping[str, NamedSplit] = {}


def read(root: Path, options: EmotionGaitOptions) -> Corpus:
    """Read `gaits.npz` of a folder; walks of an unknown split are skipped.

    Raises:
        DataError: The file is missing, damaged or lacks an array.
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
            f"{path} lacks {', '.join(missing)}; it contains {', '.join(columns) or 'none of the arrays'}"
        )
    lengths = {key: len(np.atleast_1d(values)) for key, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"{path} contains columns of different length: {lengths}")
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    stated = [str(name).strip() for name in columns["split"]]
    splits = splits_of({name for name in stated if not is_absent(name)}, options.splits)
    for row, index in enumerate(columns["index"]):
        name = f"gait-{int(index):03d}"
        label = LABEL_CODES.get(int(columns["label"][row]))
        if label is None:
            skipped.append(Skipped(name, f"label {columns['label'][row]} is not one of {LABEL_CODES}"))
            continue
        split = stated[row]
        if not is_absent(split) and splits.get(split, "ignore") == "ignore":
            skipped.append(Skipped(name, f"{name} is in split {split!r}", f"of split {split!r}"))
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
        f"{count} walk{'s are' if count > 1 else ' is'} in the unknown split {name!r}: skipped; "
        f'options.splits assigns it, as in splits = {{{name} = "test"}}'
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
