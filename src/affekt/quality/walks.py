"""Checks of walks: bone lengths, knees that bend backward, lost joints, frame rates, motion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from affekt.core.errors import MediaError
from affekt.core.sample import Sample
from affekt.core.wording import count, counted
from affekt.media.skeleton import BONES, Skeleton
from affekt.media.skeleton.lost import find_lost
from affekt.media.skeleton.motion import MotionLimits, check_walks
from affekt.media.skeleton.upright import body_up, turn_upright
from affekt.report.wording import some

# Standard deviation of a bone's length over the frames, relative to the mean bone length. The largest value
# in Emotion-Gait is 0.11.
UNSTEADY = 0.12
STRAIGHT = 0.01  # bend of both knees together, relative to the length of a leg; below it legs are straight

_LEGS = tuple(f"{side}_{part}" for side in ("left", "right") for part in ("hip", "knee", "foot"))


def describe_walks(samples: Sequence[Sample]) -> dict[str, Any] | None:
    """Lengths and rates of the walks, and which of them appear broken; None without skeletons."""
    walks = [(s.id, w) for s in samples if isinstance(w := s.media.get("skeleton"), Skeleton)]
    if not walks:
        return None
    cycles = [walk.cycle_frames for _, walk in walks if walk.cycle_frames is not None]
    unsteady: list[dict[str, Any]] = []
    flat: Counter[str] = Counter()
    axes = {name: up for name, walk in walks if (up := body_up(walk.positions, walk.joints)) is not None}
    rates = Counter(walk.rate_hz for _, walk in walks)
    for name, walk in walks:
        lengths = _bone_lengths(walk)
        if not lengths:
            continue
        flat.update(bone for bone, length in lengths.items() if not length.any())
        scale = float(np.mean(list(lengths.values())))
        spread = {bone: float(length.std()) / scale if scale else 0.0 for bone, length in lengths.items()}
        worst = max(spread, key=lambda bone: spread[bone])
        if spread[worst] > UNSTEADY:
            unsteady.append({"id": name, "bone": worst, "spread": round(spread[worst], 4)})
    return {
        "walks": len(walks),
        "frames": _range([len(walk.positions) for _, walk in walks]),
        "cycle_frames": _range(cycles) if cycles else None,
        "rates_hz": {f"{rate:g}": rates[rate] for rate in sorted(r for r in rates if r is not None)},
        "without_rate": rates[None],
        "turned": {name: up for name, up in axes.items() if up != "y"},
        "with_placeholders": [
            name for name, walk in walks if find_lost(walk.positions, walk.joints).frames.any()
        ],
        "not_walking": _not_walking(walks),
        "unsteady": unsteady,
        "without_length": dict(sorted(flat.items())),
        "backward_knees": [name for name, walk in walks if _knees_bend_backward(walk, axes.get(name, "y"))],
    }


def problems_of_walks(description: Mapping[str, Any] | None) -> list[str]:
    """Problems of the walks, one sentence per kind."""
    if description is None:
        return []
    found: list[str] = []
    if description["unsteady"]:
        names = [f"{walk['id']} ({walk['bone']})" for walk in description["unsteady"]]
        found.append(f"{count(names, 'walk')} with bones that change their length, such as {some(names)}")
    if description["backward_knees"]:
        names = description["backward_knees"]
        found.append(
            f"knees bend backward in {len(names)} of {counted(description['walks'], 'walk')}, such as "
            f"{some(names)}: "
            "left and right appear to be exchanged"
        )
    number = description["walks"]
    rates, without = description["rates_hz"], description["without_rate"]
    if rates and len(rates) + (without > 0) > 1:
        stated = [f"{rate} Hz in {walks}" for rate, walks in rates.items()] + [f"none in {without}"] * (
            without > 0
        )
        found.append(
            f"walks have different frame rates: {', '.join(stated)} of {counted(number, 'walk')}; those "
            "with another "
            "rate are resampled to the most frequent one, those without a rate are assumed to have it"
        )
    if description["turned"]:
        names = [f"{name} ({up})" for name, up in description["turned"].items()]
        found.append(
            f"{count(names, 'walk')} whose vertical axis is not y, such as {some(names)}: state `up` in the "
            "files, otherwise it is estimated from the body"
        )
    if description["with_placeholders"]:
        names = description["with_placeholders"]
        found.append(
            f"{count(names, 'walk')} with placeholders for lost joints, such as {some(names)}: short gaps "
            "are interpolated, walks with longer gaps are left out of training"
        )
    if description["not_walking"]:
        names = [f"{walk['id']}: {walk['reason']}" for walk in description["not_walking"]]
        found.append(f"{count(names, 'skeleton')} cannot be used as a walk, such as {names[0]}")
    if description["without_length"]:
        bones = [f"{bone} in {number}" for bone, number in description["without_length"].items()]
        found.append(f"bones of length zero: {some(bones)} of {counted(description['walks'], 'walk')}")
    return found


def _range(counts: Sequence[int]) -> dict[str, int | float]:
    return {"min": min(counts), "median": float(np.median(counts)), "max": max(counts)}


def _not_walking(walks: Sequence[tuple[str, Skeleton]]) -> list[dict[str, str]]:
    """Skeletons that are too short or stand still, with the reason; those without legs are not checked."""
    found: list[dict[str, str]] = []
    for name, walk in walks:
        if set(_LEGS) <= set(walk.joints):
            try:
                check_walks(
                    walk.positions.astype(np.float64), walk.joints, MotionLimits(), rate_hz=walk.rate_hz
                )
            except MediaError as error:
                found.append({"id": name, "reason": str(error)})
    return found


def _bone_lengths(walk: Skeleton) -> dict[str, np.ndarray]:
    """Length of each known bone over the frames, (t,), in the unit of the positions."""
    place = {name: walk.positions[:, number].astype(np.float64) for number, name in enumerate(walk.joints)}
    return {
        f"{start} to {end}": np.linalg.norm(place[start] - place[end], axis=-1)
        for start, end in BONES
        if start in place and end in place
    }


def _knees_bend_backward(walk: Skeleton, up: str) -> bool:
    """Whether, on average, knees lie behind the line from hip to foot, given which side is named left.

    Human knees do not, so left and right are exchanged in such a walk. False for straight legs and for walks
    without these joints.

    Args:
        up: Axis along which the body stands.
    """
    if not set(_LEGS) <= set(walk.joints):
        return False
    place = dict(
        zip(_LEGS, turn_upright(walk.in_order(_LEGS), up).astype(np.float64).transpose(1, 0, 2), strict=True)
    )
    x, _, z = (place["left_hip"] - place["right_hip"]).mean(axis=0)
    ahead = np.array([-z, 0.0, x])  # with y up, a person whose left side is at +x faces +z
    bend = [
        (place[f"{side}_knee"] - (place[f"{side}_hip"] + place[f"{side}_foot"]) / 2).mean(axis=0)
        for side in ("left", "right")
    ]
    across = np.hypot(x, z)
    leg = np.linalg.norm(place["left_hip"] - place["left_foot"], axis=1).mean()
    return bool(sum(bend) @ ahead < -STRAIGHT * across * leg)
