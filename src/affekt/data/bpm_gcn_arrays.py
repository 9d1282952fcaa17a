"""The arrays of the BPM-GCN authors: walks of 48 frames, split into training and test (Zhai et al., 2024).

    DIR/train_joint.npy      (n, 3, 48, 16, 1) float; x y z first, joints in the order "bpm_gcn", y up
        train_label.npy      (n,) class numbers, or (n, 4) zeros and ones if walks have several labels
        train_label.pkl      the same with names, as plain lists: (["g001", "g002"], [0, 3])
        test_joint.npy, test_label.npy or test_label.pkl                 the same; one split is sufficient
        train_movement.npy, train_affective.npy, test_...                not read, so any shape is accepted

Movement and affective features are recomputed from the joints by the preprocessing of the method: training
and inference then use the same definition, and the published test array of affective features has another
rank than the training array.

The public release was relabelled after the paper. Compare the counts of `affekt data check` with the ones
you expect before you rely on the names; `labels_order` names the classes of a release with another order.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import field_validator

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError, MediaError
from affekt.core.labels import label_set
from affekt.core.sample import Sample, Skipped
from affekt.core.settings import Settings
from affekt.core.task import find_task
from affekt.media.arrays import BROKEN
from affekt.media.skeleton import JOINT_ORDERS, Skeleton

_JOINTS = JOINT_ORDERS["bpm_gcn"]
MAX_PICKLE_BYTES = 16 * 2**20  # a million names and labels; the published files have some thousand
# Errors that a damaged pickle may raise apart from UnpicklingError.
_DAMAGE = (ValueError, EOFError, LookupError, TypeError, AttributeError, OverflowError, MemoryError)
# Opcodes of lists, tuples, text and numbers. Any other opcode could run code.
_PLAIN_OPCODES = """
    PROTO FRAME STOP MARK POP POP_MARK DUP MEMOIZE PUT BINPUT LONG_BINPUT GET BINGET LONG_BINGET
    EMPTY_LIST LIST APPEND APPENDS EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 NONE NEWTRUE NEWFALSE
    INT BININT BININT1 BININT2 LONG LONG1 FLOAT BINFLOAT
    STRING BINSTRING SHORT_BINSTRING UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8
"""


class BPMGCNArraysOptions(Settings):
    """The emotion of each class number, in order.

    Attributes:
        labels_order: Names of the classes 0, 1, ... in the arrays.
    """

    labels_order: tuple[str, ...] = label_set("gait-4").names

    @field_validator("labels_order")
    @classmethod
    def _are_the_four(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        wanted = label_set("gait-4").names
        if sorted(names) != sorted(wanted):
            raise ValueError(f"name {', '.join(wanted)}, each once, in the order of the class numbers")
        return names


def read(root: Path, options: BPMGCNArraysOptions) -> Corpus:
    """Read the splits that exist. Frames of zeros at the end of a walk are padding and are cut off.

    This layout does not state subjects.

    Raises:
        DataError: Arrays are missing, broken, of another shape, or labels do not fit them.
    """
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    ranks: set[int] = set()
    for split in ("train", "test"):
        if not (root / f"{split}_joint.npy").is_file():
            continue
        walks, names, labels = _read_part(root, split)
        ranks.add(labels.ndim)
        for row, walk in enumerate(walks):
            name = f"{split}-{names[row] if names else f'{row:05d}'}"
            try:
                emotion = _label(labels[row, ...], options.labels_order)
                skeleton = _skeleton(walk)
            except (DataError, MediaError) as error:
                skipped.append(Skipped(name, str(error)))
                continue
            samples.append(Sample(name, {"skeleton": skeleton}, split=split, **emotion))
    if not ranks:
        raise DataError(f"{root} contains neither train_joint.npy nor test_joint.npy")
    if len(ranks) > 1:
        raise DataError(
            f"{root}: one split has a label per walk, the other a row of labels; both must have the same form"
        )
    return Corpus(
        samples, label_set("gait-4"), skipped, find_task("multi_label" if ranks == {2} else "single_label")
    )


def _read_part(root: Path, split: str) -> tuple[np.ndarray, list[str], np.ndarray]:
    """Walks (n, 3, t, v, 1), their names (empty if there are none) and labels (n,) or (n, 4)."""
    path = root / f"{split}_joint.npy"
    walks = _open(path)
    fits = walks.ndim == 5 and walks.shape[1] == 3 and walks.shape[3:] == (len(_JOINTS), 1)
    if not fits or walks.dtype.kind != "f":
        raise DataError(
            f"{path} must contain (walks, 3, frames, {len(_JOINTS)}, 1) floating point numbers, "
            f"found {walks.shape} {walks.dtype}"
        )
    names, labels = _read_labels(root, split)
    if len(labels) != len(walks):
        raise DataError(f"{root}: {path.name} has {len(walks)} walks, but there are {len(labels)} labels")
    return walks, names, labels


def _skeleton(walk: np.ndarray) -> Skeleton:
    """A walk (3, t, v, 1) without its padding."""
    with np.errstate(over="ignore"):  # too large for float32: becomes infinite, which a skeleton refuses
        positions = np.asarray(walk[..., 0].transpose(1, 2, 0), dtype=np.float32)
    moved = np.flatnonzero(positions.any(axis=(1, 2)))
    if not len(moved):
        raise MediaError("all coordinates are zero: there is no walk")
    return Skeleton(positions[: moved[-1] + 1], _JOINTS, is_up_stated=True)


def _label(value: np.ndarray, order: tuple[str, ...]) -> dict[str, Any]:
    """Fields of a `Sample` from a class number or from a row of zeros and ones."""
    if value.ndim == 0:
        if not np.isfinite(value) or int(value) != value or not 0 <= value < len(order):
            raise DataError(f"label {value} is not a class number from 0 to {len(order) - 1}")
        return {"label": order[int(value)]}
    if not np.isin(value, (0, 1)).all():
        raise DataError(f"label row {value.tolist()} contains other values than zeros and ones")
    if not value.any():
        raise DataError("its label row names no class")
    return {"label_weights": {name: 1.0 for name, given in zip(order, value, strict=True) if given}}


def _read_labels(root: Path, split: str) -> tuple[list[str], np.ndarray]:
    """Names (empty if the file has none) and labels, (n,) or (n, 4)."""
    array, listed = root / f"{split}_label.npy", root / f"{split}_label.pkl"
    if array.is_file():
        names, labels, path = [], _open(array), array
    elif listed.is_file():
        (names, labels), path = _plain_pair(listed), listed
    else:
        raise DataError(f"{root} contains {split}_joint.npy but neither {array.name} nor {listed.name}")
    fits = labels.ndim == 1 or (labels.ndim == 2 and labels.shape[1] == len(label_set("gait-4")))
    if not fits or labels.dtype.kind not in "iufb":
        raise DataError(
            f"{path} must contain (walks,) class numbers or (walks, 4) rows, "
            f"found {labels.shape} {labels.dtype}"
        )
    return names, labels


def _plain_pair(path: Path) -> tuple[list[str], np.ndarray]:
    """The two lists of a label pickle."""
    content = read_plain_pickle(path)
    wrong = DataError(
        f"{path} must contain two lists of equal length, names and labels; save the labels as .npy instead"
    )
    if not isinstance(content, list | tuple) or len(content) != 2:
        raise wrong
    names, labels = content
    if (
        not isinstance(names, list | tuple)
        or not isinstance(labels, list | tuple)
        or len(names) != len(labels)
    ):
        raise wrong
    # Lists in a pickle may contain each other many times: only flat lists are expanded.
    rows = [label if isinstance(label, list | tuple) else [label] for label in labels]
    if not all(isinstance(name, str | int) for name in names) or not all(
        len(row) == len(rows[0]) and len(row) <= 4 and all(isinstance(one, int | float) for one in row)
        for row in rows
    ):
        raise wrong
    try:
        return [str(name) for name in names], np.array(labels, dtype=np.float64)
    except (ValueError, OverflowError):
        raise wrong from None


def read_plain_pickle(path: Path) -> Any:
    """Lists, tuples, text and numbers of a pickle; any other content is refused before it is unpickled.

    Raises:
        DataError: The file is too large, damaged, or contains objects.
    """
    size = path.stat().st_size
    if size > MAX_PICKLE_BYTES:
        raise DataError(
            f"{path} has {size} bytes; at most {MAX_PICKLE_BYTES} are read. Save the labels as .npy"
        )
    content, plain = path.read_bytes(), frozenset(_PLAIN_OPCODES.split())
    try:
        for opcode, argument, _ in pickletools.genops(content):
            if opcode.name not in plain:
                raise DataError(
                    f"{path} contains more than lists, text and numbers ({opcode.name.lower()}), which could "
                    "run code. It was not unpickled: if you trust the file, save the labels as .npy"
                )
            if opcode.name in ("PUT", "LONG_BINPUT") and int(argument or 0) > len(content):
                raise DataError(f"{path} is damaged: a memo index is larger than the file")
        return _PlainUnpickler(io.BytesIO(content), encoding="latin1").load()
    except (pickle.UnpicklingError, *_DAMAGE) as error:
        raise DataError(f"{path} is not a readable pickle: {error}") from None


class _PlainUnpickler(pickle.Unpickler):
    """Finds no class at all: a second protection besides the list of opcodes."""

    def find_class(self, module: str, name: str, /) -> Any:
        raise pickle.UnpicklingError(f"it refers to {module}.{name}")


def _open(path: Path) -> np.ndarray:
    """A memory-mapped array."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except BROKEN as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    if not isinstance(array, np.ndarray):
        array.close()
        raise DataError(f"{path} is an archive of several arrays; one plain .npy array was expected")
    return array


DATASET = Dataset(
    title="BPM-GCN arrays, walks of 48 frames in the authors' splits, 16 joints, 4 emotions",
    modalities=("skeleton",),
    licence="research use; no data licence is stated",
    cite="Zhai et al., BPM-GCN, IEEE TAFFC 2024; Bhattacharya et al., STEP, AAAI 2020",
    labels=label_set("gait-4"),
    options=BPMGCNArraysOptions,
    read=read,
)
