"""What a data set really holds: counts, leaks between its parts, duplicates, and walks that look broken."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from affekt.core.dataset import Corpus
from affekt.core.sample import Sample
from affekt.media.skeleton import BONES, Skeleton
from affekt.report.figures import ACCENT, INK, SECOND

UNASSIGNED = "unassigned"  # samples that no part of the data set claims
# A bone's deviation over the frames, by the mean bone length. The worst walk of Emotion-Gait has 0.11.
UNSTEADY = 0.12
STRAIGHT = 0.01  # bend of both knees together, by the length of a leg, that is none
UNBALANCED = 10  # times as many samples in the largest class as in the smallest
_SHOWN = 3  # examples in a sentence
_COLORS = {"train": ACCENT, "validation": "#8a8f98", "test": SECOND, UNASSIGNED: INK}


def describe(corpus: Corpus) -> dict[str, Any]:
    """Everything `affekt data check` tells, as plain JSON values."""
    return {
        "samples": len(corpus.samples),
        "classes": list(corpus.labels.names),
        "task": corpus.task,
        "modalities": sorted({name for sample in corpus.samples for name in sample.media}),
        "splits": _splits(corpus),
        "skipped": [{"id": item.id, "reason": item.reason} for item in corpus.skipped],
        "shared_subjects": _shared_subjects(corpus.samples),
        "duplicates": _duplicates(corpus.samples),
        "skeletons": _skeletons(corpus.samples),
    }


def problems(description: Mapping[str, Any]) -> list[str]:
    """What a person should know before training, a sentence each; empty where nothing is wrong."""
    return [
        *_problems_of_people(description),
        *_problems_of_duplicates(description["duplicates"]),
        *_problems_of_classes(description),
        *_problems_of_items(description),
    ]


def draw_balance(description: Mapping[str, Any], path: Path) -> None:
    """Class balance: how many samples each class has in each part."""
    names, splits = description["classes"], description["splits"]
    figure = Figure(figsize=(2.5 + 0.9 * len(names), 3.4), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(splits)
    for place, (split, part) in enumerate(splits.items()):
        at = np.arange(len(names)) + (place - (len(splits) - 1) / 2) * width
        counts = [part["classes"][name] for name in names]
        bars = axes.bar(at, counts, width * 0.92, color=_COLORS[split], label=f"{split}, {part['samples']}")
        axes.bar_label(bars, fontsize=7, color=INK)
    axes.set_xticks(range(len(names)), names, rotation=30 if len(names) > 5 else 0)
    axes.set(title="Class balance", ylabel="samples")
    axes.spines[["top", "right"]].set_visible(False)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)


def _labels_of(sample: Sample, task: str) -> list[str]:
    """Classes a sample counts for: its label, the strongest vote, or all labels it has at once."""
    if sample.label is not None or not sample.label_weights:
        return [sample.label] if sample.label is not None else []
    weights = sample.label_weights
    if task == "multi_label":
        return [name for name, weight in weights.items() if weight > 0.5]
    return [max(weights, key=lambda name: weights[name])]


def _splits(corpus: Corpus) -> dict[str, Any]:
    parts: dict[str, list[Sample]] = defaultdict(list)
    for sample in corpus.samples:
        parts[sample.split or UNASSIGNED].append(sample)

    def summary(samples: list[Sample]) -> dict[str, Any]:
        labels = [_labels_of(sample, corpus.task) for sample in samples]
        counts = Counter(name for names in labels for name in names)
        return {
            "samples": len(samples),
            "classes": {name: counts[name] for name in corpus.labels.names},
            "unlabelled": sum(not names for names in labels),
            "subjects": len({sample.subject for sample in samples if sample.subject}),
            "without_subject": sum(not sample.subject for sample in samples),
        }

    return {name: summary(parts[name]) for name in _COLORS if name in parts}


def _shared_subjects(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Subjects that stand in two parts at once; samples that no part claims are in none."""
    seen: dict[str, set[str]] = defaultdict(set)
    for sample in samples:
        if sample.subject and sample.split:
            seen[sample.split].add(sample.subject)
    pairs = ((one, other, sorted(seen[one] & seen[other])) for one, other in combinations(list(_COLORS), 2))
    return [{"splits": [one, other], "subjects": shared} for one, other, shared in pairs if shared]


def _duplicates(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Groups of samples with the same media, byte for byte."""
    groups: dict[str, list[Sample]] = defaultdict(list)
    files: dict[Path, str] = {}
    for sample in samples:
        groups[_fingerprint((sample.media, sample.span_s), files)].append(sample)
    return [
        {
            "ids": [sample.id for sample in group],
            "splits": sorted({sample.split or UNASSIGNED for sample in group}),
            "conflict": len({(s.label, tuple(sorted((s.label_weights or {}).items()))) for s in group}) > 1,
        }
        for group in groups.values()
        if len(group) > 1
    ]


def _fingerprint(value: Any, files: dict[Path, str]) -> str:
    """SHA-256 of media: of a file's bytes, an array's, or of whatever a decoded object is made of.

    `files` keeps the digests of files, so that the video of a hundred samples is read once.
    """
    if isinstance(value, Path) and value.is_file():
        if value not in files:
            with value.open("rb") as stream:
                files[value] = hashlib.file_digest(stream, "sha256").hexdigest()
        return files[value]
    if isinstance(value, np.ndarray):
        parts = [str(value.dtype).encode(), str(value.shape).encode(), np.ascontiguousarray(value).tobytes()]
    elif isinstance(value, bytes):
        parts = [value]
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        parts = [type(value).__name__.encode(), _fingerprint(fields, files).encode()]
    elif isinstance(value, Mapping):
        parts = [f"{key}:{_fingerprint(value[key], files)}".encode() for key in sorted(value)]
    elif isinstance(value, list | tuple):
        parts = [_fingerprint(one, files).encode() for one in value]
    else:
        parts = [repr(value).encode()]
    return hashlib.sha256(b"\0".join([type(value).__name__.encode(), *parts])).hexdigest()


def _skeletons(samples: Sequence[Sample]) -> dict[str, Any] | None:
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


def _problems_of_people(description: Mapping[str, Any]) -> list[str]:
    found = [
        f"{_count(pair['subjects'], 'subject')} in both {' and '.join(pair['splits'])}, such as "
        f"{_some(pair['subjects'])}: scores would be too good"
        for pair in description["shared_subjects"]
    ]
    unknown = sum(part["without_subject"] for part in description["splits"].values())
    if unknown:
        found.append(
            f"nobody knows the subject of {unknown} of {description['samples']} samples: "
            "one person may stand on both sides of a split"
        )
    return found


def _problems_of_duplicates(duplicates: Sequence[Mapping[str, Any]]) -> list[str]:
    across = [group for group in duplicates if len(group["splits"]) > 1]
    within = [group for group in duplicates if len(group["splits"]) == 1]
    conflicts = [group for group in duplicates if group["conflict"]]
    return [
        f"{_count(groups, 'group')} of samples with the same media {what}, "
        f"such as {' = '.join(groups[0]['ids'][:_SHOWN])}"
        for groups, what in (
            (across, "in different parts"),
            (within, "within one part"),
            (conflicts, "but different labels"),
        )
        if groups
    ]


def _problems_of_classes(description: Mapping[str, Any]) -> list[str]:
    splits = description["splits"]
    total = {name: sum(part["classes"][name] for part in splits.values()) for name in description["classes"]}
    found = [f"no sample is labelled {name}" for name, count in total.items() if not count]
    for split, part in splits.items():
        missing = [name for name, count in part["classes"].items() if not count and total[name]]
        if missing and part["samples"] > part["unlabelled"]:
            found.append(f"the {split} part has no sample labelled {' or '.join(missing)}")
    present = {name: count for name, count in total.items() if count}
    least, most = (f(present, key=lambda name: present[name], default="") for f in (min, max))
    if present and present[most] >= UNBALANCED * present[least]:
        found.append(
            f"{most} has {_count(range(present[most]), 'sample')}, {least} has {present[least]}: "
            "accuracy says little, look at the unweighted average recall"
        )
    unlabelled = sum(part["unlabelled"] for part in splits.values())
    if unlabelled:
        found.append(f"{_count(range(unlabelled), 'sample')} without a label: left out of training")
    return found


def _problems_of_items(description: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    skipped, skeletons = description["skipped"], description["skeletons"]
    if skipped:
        found.append(
            f"{_count(skipped, 'item')} cannot be used, such as {skipped[0]['id']}: {skipped[0]['reason']}"
        )
    if skeletons and skeletons["unsteady"]:
        names = [f"{walk['id']} ({walk['bone']})" for walk in skeletons["unsteady"]]
        found.append(f"{_count(names, 'walk')} with bones that change their length, such as {_some(names)}")
    if skeletons and skeletons["backward_knees"]:
        names = skeletons["backward_knees"]
        found.append(
            f"knees bend backward in {len(names)} of {skeletons['walks']} walks, such as {_some(names)}: "
            "left and right look exchanged there"
        )
    if skeletons and skeletons["without_length"]:
        bones = [f"{bone} in {count}" for bone, count in skeletons["without_length"].items()]
        found.append(f"bones have no length: {_some(bones)} of {skeletons['walks']} walks")
    return found


def _count(things: Sequence[Any], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
