"""Skeletons: joint positions over time, with every joint known by name.

Files state their joint order; data sets that number joints differently are matched by name. Supported files:

    walk.npz    positions (t, v, 3) or poses (n, t, v, 3), float; joints (v,) text; optionally up ("x", "-x",
                "y", "-y", "z" or "-z"), cycle_frames or period (scalar or (n,): length of one gait cycle),
                rate_hz
    walk.json   {"joints": ["root", ...], "positions": [[[x, y, z], ...], ...], "up": "y", "rate_hz": 30}
    walk.csv    one column per coordinate: root_x,root_y,root_z,spine_x,...   one row per frame; read as
                `affekt.media.table_file` documents, names in any case
"""

from __future__ import annotations

import json
import math
import re
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from affekt.core.errors import MediaError, UsageError
from affekt.core.files.regular import read_regular
from affekt.core.settings import suggest
from affekt.media.arrays import MAX_BYTES, read_npz
from affekt.media.cell_rows import number_in
from affekt.media.kinds import named_kind
from affekt.media.skeleton.upright import parse_up, turn_upright
from affekt.media.table_file import open_cells

SUFFIXES = (".npz", ".json", ".csv")
MAX_FRAMES = 1_000_000  # of one walk: nine hours at 30 Hz
# A file of text is held in memory as objects, which need many times its size.
MAX_JSON_BYTES, MAX_CSV_BYTES = 32 * 2**20, 256 * 2**20
# Coordinates have any unit: ten kilometres in millimetres. Single ones beyond are placeholders of lost joints
# (`affekt.media.skeleton.lost`); a walk most of whose coordinates are beyond is none.
MAX_COORDINATE = 1e7
_LOOKED_AT = 1000  # frames

_KEYS = ("positions", "poses", "joints", "up", "cycle_frames", "period", "rate_hz")

_COORDINATE = re.compile(r"(?P<joint>.+)[_.](?P<axis>[xyzXYZ])")
_ARM, _LEG = ("shoulder", "elbow", "hand"), ("hip", "knee", "foot")


def _limb(side: str, parts: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{side}_{part}" for part in parts)


_SPINE = ("root", "spine", "neck", "head")
JOINT_ORDERS: Mapping[str, tuple[str, ...]] = {
    # BPM-GCN: right before left.
    "bpm_gcn": _SPINE
    + _limb("right", _ARM)
    + _limb("left", _ARM)
    + _limb("right", _LEG)
    + _limb("left", _LEG),
    # Emotion-Gait files: left before right.
    "emotion_gait": _SPINE
    + _limb("left", _ARM)
    + _limb("right", _ARM)
    + _limb("left", _LEG)
    + _limb("right", _LEG),
}
BONES = (
    ("root", "spine"),
    ("spine", "neck"),
    ("neck", "head"),
    *((("neck", f"{side}_shoulder")) for side in ("left", "right")),
    *((f"{side}_shoulder", f"{side}_elbow") for side in ("left", "right")),
    *((f"{side}_elbow", f"{side}_hand") for side in ("left", "right")),
    *((("root", f"{side}_hip")) for side in ("left", "right")),
    *((f"{side}_hip", f"{side}_knee") for side in ("left", "right")),
    *((f"{side}_knee", f"{side}_foot") for side in ("left", "right")),
)


@dataclass(frozen=True)
class Skeleton:
    """One walk.

    Attributes:
        positions: (t, v, 3) float32; x, y, z with y up, any unit.
        joints: Name of each of the v joints.
        cycle_frames: Length of one gait cycle, if the walk repeats itself.
        rate_hz: Frames per second, if known.
        is_up_stated: Whether the source states which way is up. If not, y is an assumption, which
            `affekt.media.skeleton.upright` checks against the body.
    """

    FINGERPRINT_NAME: ClassVar[str] = "affekt.media.skeleton.Skeleton"

    positions: np.ndarray
    joints: tuple[str, ...]
    cycle_frames: int | None = None
    rate_hz: float | None = None
    is_up_stated: bool = False

    def __post_init__(self) -> None:
        shape = np.shape(self.positions)
        if len(shape) != 3 or shape[2] != 3:
            raise MediaError(f"a skeleton has positions (frames, joints, 3), found {shape}")
        if shape[1] != len(self.joints):
            raise MediaError(f"a skeleton has {shape[1]} joints, but {len(self.joints)} names are given")
        repeated = sorted(name for name, number in Counter(self.joints).items() if number > 1)
        if repeated:
            raise MediaError(f"joints are named twice: {', '.join(repeated)}")
        if not 1 <= shape[0] <= MAX_FRAMES:
            raise MediaError(f"a walk has 1 to {MAX_FRAMES} frames, found {shape[0]}")
        if self.cycle_frames is not None and not 1 <= self.cycle_frames <= shape[0]:
            raise MediaError(f"a cycle of {self.cycle_frames} frames does not fit in a walk of {shape[0]}")
        if self.rate_hz is not None and not 0 < self.rate_hz < math.inf:
            raise MediaError(f"a frame rate of {self.rate_hz} Hz is not positive and finite")
        broken = ~np.isfinite(self.positions).all(axis=(1, 2))
        if broken.any():
            raise MediaError(
                f"coordinates are NaN or infinite in {int(broken.sum())} of {shape[0]} frames, first in "
                f"frame {int(broken.argmax())}"
            )
        self._check_extent()

    def _check_extent(self) -> None:
        """Refuse coordinates that are finite and cannot be those of a body.

        Raises:
            MediaError: At least half of the coordinates of an axis are implausible.
        """
        some = np.asarray(self.positions)[:: max(1, len(self.positions) // _LOOKED_AT)].astype(np.float64)
        typical = float(np.median(np.abs(some), axis=(0, 1)).max()) if some.size else 0.0
        if typical > MAX_COORDINATE:
            raise MediaError(
                f"coordinates of {typical:g} are implausible; at most {MAX_COORDINATE:g} in any unit is read"
            )

    def in_order(self, joints: Sequence[str]) -> np.ndarray:
        """Positions (t, len(joints), 3) of the named joints, in that order.

        Raises:
            MediaError: A joint is missing.
        """
        missing = [name for name in joints if name not in self.joints]
        if missing:
            raise MediaError(f"the skeleton lacks {', '.join(missing)}; it has {', '.join(self.joints)}")
        return self.positions[:, [self.joints.index(name) for name in joints]]


def joint_order(text: str) -> tuple[str, ...]:
    """Joint names from the name of a known order, or from a comma-separated list.

    Raises:
        UsageError: It is neither.
    """
    if "," in text:
        return tuple(name.strip() for name in text.split(","))
    if text not in JOINT_ORDERS:
        raise UsageError(
            f"no joint order is named {text!r}; {suggest(text, sorted(JOINT_ORDERS))}, or list the joints"
        )
    return JOINT_ORDERS[text]


def read_skeletons(
    path: Path, *, joints: Sequence[str] | None = None, up: str | None = None, rate_hz: float | None = None
) -> list[Skeleton]:
    """All walks of one file.

    Args:
        joints: Joint order of files that do not state one.
        up: Up axis of files that do not state it, such as "-y"; inferred from the body if not given.
        rate_hz: Frame rate of files that do not state it.

    Raises:
        MediaError: The file is missing, empty, too large, truncated, does not fit its suffix, holds
            objects, or one of its walks is invalid.
    """
    walks: list[Skeleton] = []
    for number, walk in enumerate(read_each_skeleton(path, joints=joints, up=up, rate_hz=rate_hz)):
        if isinstance(walk, MediaError):
            raise MediaError(f"walk {number} of {walk}" if number else str(walk))
        walks.append(walk)
    return walks


def read_each_skeleton(
    path: Path, *, joints: Sequence[str] | None = None, up: str | None = None, rate_hz: float | None = None
) -> list[Skeleton | MediaError]:
    """All walks of one file, as `read_skeletons`; an invalid walk is returned as its error.

    Raises:
        MediaError: The file as a whole cannot be read.
    """
    if not path.is_file():
        raise MediaError(f"{path} does not exist or is not a file")
    if path.suffix.lower() not in SUFFIXES:
        raise MediaError(
            f"{path} is not a skeleton file; known suffixes are {', '.join(SUFFIXES)}{named_kind(path)}"
        )
    if not 0 < path.stat().st_size <= MAX_BYTES:
        raise MediaError(f"{path} has {path.stat().st_size} bytes; 1 to {MAX_BYTES} are read")
    content = {".npz": _read_npz, ".json": _read_json, ".csv": _read_csv}[path.suffix.lower()](path)
    stated = {"up": up, "rate_hz": rate_hz, "joints": joints}
    content |= {
        name: value for name, value in stated.items() if value is not None and content.get(name) is None
    }
    try:
        return _skeletons(path, content)
    except MediaError as error:
        raise MediaError(f"{path}: {error}") from None


def _skeletons(path: Path, content: Mapping[str, Any]) -> list[Skeleton | MediaError]:
    key = next((name for name in ("positions", "poses") if name in content), None)
    if key is None:
        raise MediaError(f"holds neither positions nor poses, only {', '.join(sorted(content)) or 'nothing'}")
    with np.errstate(over="ignore"):  # values beyond float32 become infinite, which a skeleton refuses
        positions = _numbers(content[key], key).astype(np.float32, copy=False)
    if positions.ndim not in (3, 4):
        raise MediaError(
            f"{key} must be (frames, joints, 3) or (walks, frames, joints, 3), found {positions.shape}"
        )
    walks = positions if positions.ndim == 4 else positions[None]
    if content.get("joints") is None:
        raise MediaError(
            "states no joint order: add `joints` to the file, or name one of "
            f"{', '.join(sorted(JOINT_ORDERS))} with --joints"
        )
    joints = _usual_names(_names(content["joints"]))
    is_up_stated = content.get("up") is not None
    if is_up_stated:
        walks = turn_upright(walks, parse_up(content["up"]))
    if not len(walks):
        raise MediaError(f"{key} holds no walk")
    rate = _one_each(content, "rate_hz", 1)[0]
    cycles = _one_each(content, "cycle_frames" if "cycle_frames" in content else "period", len(walks))
    broken = [n for n in cycles if n is not None and n != round(n)]
    if broken:
        raise MediaError(f"a cycle of {broken[0]} frames is invalid: frames are counted in whole numbers")
    found: list[Skeleton | MediaError] = []
    for walk, n in zip(walks, cycles, strict=True):
        try:
            cycle = None if n is None else int(n)
            found.append(Skeleton(walk, joints, cycle, rate_hz=rate, is_up_stated=is_up_stated))
        except MediaError as error:
            found.append(MediaError(f"{path}: {error}"))
    return found


def _names(value: Any) -> tuple[str, ...]:
    """Joint names.

    Raises:
        MediaError: They are not a flat list of text.
    """
    try:
        names = np.atleast_1d(np.asarray(value))
    except ValueError:
        names = np.empty((0, 0))
    if names.ndim != 1 or names.dtype.kind not in "US":
        raise MediaError("joints is not a list of names")
    return tuple(name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in names)


def _plain(joint: str) -> str:
    return joint.strip().casefold()


def _usual_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names without surrounding space, those of known joints as they are usually spelled."""
    known = {name for order in JOINT_ORDERS.values() for name in order}
    usual = tuple(_plain(name) if _plain(name) in known else name.strip() for name in names)
    return usual if len(set(usual)) == len(set(names)) else names


def _numbers(value: Any, name: str) -> np.ndarray:
    """An array of numbers.

    Raises:
        MediaError: It does not hold numbers, or its rows have different lengths.
    """
    try:
        found = np.asarray(value)
        if found.dtype == object and name in ("positions", "poses"):
            found = found.astype(float)  # null, as JSON writes a lost coordinate, becomes NaN
    except (ValueError, TypeError, OverflowError):
        raise MediaError(f"{name} is not a regular array of numbers") from None
    if found.dtype.kind not in "fiu":
        raise MediaError(f"{name} is not a regular array of numbers")
    return found


def _one_each(content: Mapping[str, Any], name: str, count: int) -> list[float] | list[None]:
    """A finite number for each walk, from one number or one per walk; None where it is not stated."""
    if content.get(name) is None:
        return [None] * count
    numbers = _numbers(content[name], name)
    if numbers.size not in (1, count) or not np.isfinite(numbers).all():
        raise MediaError(f"{name} must be one number, or one for each of {count} walks")
    return np.broadcast_to(numbers.reshape(-1).astype(float), count).tolist()


def _read_npz(path: Path) -> dict[str, Any]:
    return read_npz(path, _KEYS)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(read_regular(path, limit=MAX_JSON_BYTES))
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise MediaError(f"{path} is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise MediaError(
            f"{path} must hold an object with joints and positions, found a {type(content).__name__}"
        )
    return content


def _read_csv(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MAX_CSV_BYTES:
        raise MediaError(f"{path} has more than {MAX_CSV_BYTES} bytes, the most that is read of a CSV file")
    values = array("d")
    with open_cells(path) as (rows, _):
        joints, columns = _csv_columns(path, rows.header)
        for row in rows:
            if any(cell.strip() for cell in row):
                values.extend(_csv_numbers(path, rows.header, row, columns, rows.separator))
    return {"positions": np.frombuffer(values).reshape(-1, len(joints), 3), "joints": joints}


def _csv_columns(path: Path, header: Sequence[str]) -> tuple[list[str], list[int]]:
    """Joints of a table, and the columns of their coordinates."""
    names = [name for name in header if name]
    places = {name: _COORDINATE.fullmatch(name) for name in names}
    joints = list({_plain(found["joint"]): found["joint"] for found in places.values() if found}.values())
    if not joints:
        raise MediaError(f"{path} needs columns root_x, root_y, root_z, ... and one row per frame")
    if len(set(names)) < len(names):
        raise MediaError(f"{path} names a column twice, or has rows longer than its first line")
    place = {
        (_plain(found["joint"]), found["axis"].lower()): header.index(name)
        for name, found in places.items()
        if found
    }
    if len(place) < sum(found is not None for found in places.values()):
        raise MediaError(f"{path} names a coordinate twice")
    wanted = [(_plain(joint), axis) for joint in joints for axis in "xyz"]
    if missing := next((name for name in wanted if name not in place), None):
        raise MediaError(f"{path} has no column {'_'.join(missing)}")
    return joints, [place[name] for name in wanted]


def _csv_numbers(
    path: Path, header: Sequence[str], row: Sequence[str], columns: Sequence[int], separator: str
) -> list[float]:
    """The numbers of a row; an empty or missing cell is NaN."""
    if any(cell.strip() for cell in row[len(header) :]):
        raise MediaError(f"{path} names a column twice, or has rows longer than its first line")
    found: list[float] = []
    for column in columns:
        cell = row[column] if column < len(row) else ""
        try:
            found.append(number_in(cell, separator) if cell.strip() else math.nan)
        except ValueError as error:
            raise MediaError(f"{path} has no number in column {header[column]}: {error}") from None
    return found
