"""Walks that look broken: bones that stretch or have no length, knees that bend backward."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from affekt.core.sample import Sample
from affekt.media.skeleton import BONES, Skeleton
from affekt.report.wording import count, some

# A bone's deviation over the frames, by the mean bone length. The worst walk of Emotion-Gait has 0.11.
UNSTEADY = 0.12
STRAIGHT = 0.01  # bend of both knees together, by the length of a leg, that is none


def describe_walks(samples: Sequence[Sample]) -> dict[str, Any] | None:
    """Lengths of the walks in frames, and bones that stretch or have no length; None without skeletons."""
    walks = [(s.id, w) for s in samples if isinstance(w := s.media.get("skeleton"), Skeleton)]
    if not walks:
        return None
    cycles = [walk.cycle_frames for _, walk in walks if walk.cycle_frames is not None]
    unsteady: list[dict[str, Any]] = []
    flat: Counter[str] = Counter()
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
        "unsteady": unsteady,
        "without_length": dict(sorted(flat.items())),
        "backward_knees": [name for name, walk in walks if _knees_bend_backward(walk)],
    }


def problems_of_walks(description: Mapping[str, Any] | None) -> list[str]:
    """What is wrong with the walks, a sentence each."""
    if description is None:
        return []
    found: list[str] = []
    if description["unsteady"]:
        names = [f"{walk['id']} ({walk['bone']})" for walk in description["unsteady"]]
        found.append(f"{count(names, 'walk')} with bones that change their length, such as {some(names)}")
    if description["backward_knees"]:
        names = description["backward_knees"]
        found.append(
            f"knees bend backward in {len(names)} of {description['walks']} walks, such as {some(names)}: "
            "left and right look exchanged there"
        )
    if description["without_length"]:
        bones = [f"{bone} in {number}" for bone, number in description["without_length"].items()]
        found.append(f"bones have no length: {some(bones)} of {description['walks']} walks")
    return found


def _range(counts: Sequence[int]) -> dict[str, int | float]:
    return {"min": min(counts), "median": float(np.median(counts)), "max": max(counts)}


def _bone_lengths(walk: Skeleton) -> dict[str, np.ndarray]:
    """Length of each known bone over the frames, (t,), in the unit of the positions."""
    place = {name: walk.positions[:, number].astype(np.float64) for number, name in enumerate(walk.joints)}
    return {
        f"{start} to {end}": np.linalg.norm(place[start] - place[end], axis=-1)
        for start, end in BONES
        if start in place and end in place
    }


def _knees_bend_backward(walk: Skeleton) -> bool:
    """Whether, on average, knees lie behind the line from hip to foot, seen from which side is called left.

    Nobody's do: then left and right are exchanged. Straight legs, and walks without these joints, say
    nothing.
    """
    legs = [f"{side}_{part}" for side in ("left", "right") for part in ("hip", "knee", "foot")]
    if not set(legs) <= set(walk.joints):
        return False
    place = dict(zip(legs, walk.in_order(legs).astype(np.float64).transpose(1, 0, 2), strict=True))
    x, _, z = (place["left_hip"] - place["right_hip"]).mean(axis=0)
    ahead = np.array([-z, 0.0, x])  # with y up, who has the left side at +x faces +z
    bend = [
        (place[f"{side}_knee"] - (place[f"{side}_hip"] + place[f"{side}_foot"]) / 2).mean(axis=0)
        for side in ("left", "right")
    ]
    across = np.hypot(x, z)
    leg = np.linalg.norm(place["left_hip"] - place["left_foot"], axis=1).mean()
    return bool(sum(bend) @ ahead < -STRAIGHT * across * leg)
