"""Checks of a data set: counts, leaks between splits, duplicates, and media that appear broken."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.dataset import Corpus
from affekt.core.dialogues import words_around
from affekt.core.errors import MediaError
from affekt.core.sample import Sample
from affekt.core.wording import count, counted
from affekt.data.left_out import count_by_kind
from affekt.media.image import ZippedImage, image_bytes
from affekt.quality.clips import describe_clips, problems_of_clips
from affekt.quality.duplicates import describe_group, problems_of_groups
from affekt.quality.images import describe_images, problems_of_images
from affekt.quality.points import describe_points, problems_of_points
from affekt.quality.text.describe import describe_text, problems_of_text
from affekt.quality.text.tokens import TokenCounter
from affekt.quality.walks import describe_walks, problems_of_walks
from affekt.report.wording import UNASSIGNED, some

UNBALANCED = 10  # times as many samples in the largest class as in the smallest
_PARTS_OF_A_TRAINING = 3  # no two of which share a subject
File = Path | ZippedImage  # whose bytes are compared
_PARTS = ("train", "validation", "test", UNASSIGNED)


def describe(
    corpus: Corpus,
    *,
    on_item: Callable[[int, int], None] | None = None,
    tokens: TokenCounter | None = None,
) -> dict[str, Any]:
    """All that `affekt data check` reports, as plain JSON values.

    Args:
        on_item: Called with the number of pictures and clips that are decoded (the slow step) and of all.
        tokens: Counts the tokens of lines of words.
    """
    duplicates = _duplicates(corpus.samples)
    images_on, clips_on = _in_turn(corpus.samples, on_item)
    return {
        "samples": len(corpus.samples),
        "classes": _classes(corpus),
        "ratings": _ratings(corpus.samples),
        "task": corpus.task.name,
        "modalities": sorted({name for sample in corpus.samples for name in sample.media}),
        "without_media": sum(not sample.media for sample in corpus.samples),
        "splits": _splits(corpus),
        "skipped": [{"id": item.id, "reason": item.reason} for item in corpus.skipped],
        "left_out": count_by_kind(corpus.skipped),
        "errors": list(corpus.errors),
        "reported": list(corpus.problems),
        "notes": list(corpus.notes),
        "shared_subjects": _shared_subjects(corpus.samples),
        "duplicates": duplicates,
        "images": describe_images(corpus.samples, known=duplicates, on_item=images_on),
        "clips": describe_clips(corpus.samples, known=duplicates, on_item=clips_on),
        "skeletons": describe_walks(corpus.samples),
        "localization": describe_points(corpus),
        "text": describe_text(corpus, tokens=tokens),
    }


def problems(description: Mapping[str, Any]) -> list[str]:
    """Problems to know before training, one sentence each; empty if there are none."""
    return [
        *(f"{error} (training stops)" for error in description["errors"]),
        *description["reported"],
        *_problems_of_people(description),
        *problems_of_groups(_duplicates_to_report(description), "samples with the same media", sign="="),
        *_problems_of_classes(description),
        *_problems_of_items(description),
        *problems_of_images(description["images"]),
        *problems_of_clips(description["clips"]),
        *problems_of_walks(description["skeletons"]),
        *problems_of_points(description["localization"]),
        *problems_of_text(description["text"]),
    ]


def _in_turn(
    samples: Sequence[Sample], on_item: Callable[[int, int], None] | None
) -> tuple[Callable[[int, int], None] | None, Callable[[int, int], None] | None]:
    """One counter for the pictures and the clips after them."""
    if on_item is None:
        return None, None
    images = sum("image" in sample.media for sample in samples)
    total = images + sum("video" in sample.media or "audio" in sample.media for sample in samples)
    return lambda done, _: on_item(done, total), lambda done, _: on_item(images + done, total)


def _splits(corpus: Corpus) -> dict[str, Any]:
    parts: dict[str, list[Sample]] = defaultdict(list)
    for sample in corpus.samples:
        parts[sample.split or UNASSIGNED].append(sample)

    def summary(samples: list[Sample]) -> dict[str, Any]:
        labels = [corpus.task.classes_of(sample) for sample in samples]
        counts = Counter(name for names in labels for name in names)
        return {
            "samples": len(samples),
            "classes": {name: counts[name] for name in _classes(corpus)},
            "unlabelled": len(samples) - len(corpus.task.usable(samples)),
            "subjects": len({sample.subject for sample in samples if sample.subject}),
            "without_subject": sum(not sample.subject for sample in samples),
        }

    return {name: summary(parts[name]) for name in _PARTS if name in parts}


def _ratings(samples: Sequence[Sample]) -> dict[str, dict[str, Any]]:
    """Range and mean of each rating by its name; empty where samples have none."""
    found: dict[str, list[float]] = defaultdict(list)
    for sample in samples:
        for name, value in (sample.values or {}).items():
            found[name].append(value)
    return {
        name: {
            "samples": len(values),
            "least": min(values),
            "mean": float(np.mean(values)),
            "largest": max(values),
        }
        for name, values in found.items()
    }


def _classes(corpus: Corpus) -> list[str]:
    """Names of classes; none where labels are not classes."""
    return list(corpus.labels.names) if corpus.task.has_classes else []


def _shared_subjects(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Subjects that occur in two splits; samples without a split are not counted."""
    seen: dict[str, set[str]] = defaultdict(set)
    for sample in samples:
        if sample.subject and sample.split:
            seen[sample.split].add(sample.subject)
    pairs = ((one, other, sorted(seen[one] & seen[other])) for one, other in combinations(_PARTS, 2))
    return [{"splits": [one, other], "subjects": shared} for one, other, shared in pairs if shared]


def _duplicates(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Groups of samples with the same media, byte for byte; short turns may have the same words elsewhere."""
    groups: dict[str, list[Sample]] = defaultdict(list)
    files: dict[File, str | None] = {}
    for sample in samples:
        if sample.media:
            groups[_digest_of((sample.media, sample.span_s, words_around(sample)), files)].append(sample)
    return [describe_group(group) for group in groups.values() if len(group) > 1]


def _duplicates_to_report(description: Mapping[str, Any]) -> list[dict[str, Any]]:
    """None where words are the only medium: repeated lines are reported with their share of each part."""
    only_words = description["text"] is not None and description["modalities"] == ["text"]
    return [] if only_words else description["duplicates"]


def _digest_of(value: Any, files: dict[File, str | None]) -> str:
    """SHA-256 of media: the bytes of a file or an array, or the parts of a decoded object.

    `files` keeps the digests of files, so that a video that a hundred samples share is read once. A file that
    cannot be read is compared by its name.
    """
    if isinstance(value, File):
        if value not in files:
            files[value] = _file_digest(value)
        digest = files[value]
        return digest if digest is not None else hashlib.sha256(repr(value).encode()).hexdigest()
    if isinstance(value, np.ndarray):
        parts = [str(value.dtype).encode(), str(value.shape).encode(), np.ascontiguousarray(value).tobytes()]
    elif isinstance(value, bytes):
        parts = [value]
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        parts = [type(value).__name__.encode(), _digest_of(fields, files).encode()]
    elif isinstance(value, Mapping):
        parts = [f"{key}:{_digest_of(value[key], files)}".encode() for key in sorted(value)]
    elif isinstance(value, list | tuple):
        parts = [_digest_of(one, files).encode() for one in value]
    else:
        parts = [repr(value).encode()]
    return hashlib.sha256(b"\0".join([type(value).__name__.encode(), *parts])).hexdigest()


def _file_digest(file: File) -> str | None:
    """SHA-256 of a file's bytes; None where they cannot be read."""
    try:
        if isinstance(file, ZippedImage):
            return hashlib.sha256(image_bytes(file)).hexdigest()
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, MediaError):
        return None


def _problems_of_people(description: Mapping[str, Any]) -> list[str]:
    found = [
        f"{count(pair['subjects'], 'subject')} in both {' and '.join(pair['splits'])}, such as "
        f"{some(pair['subjects'])}: scores would be too high"
        for pair in description["shared_subjects"]
    ]
    unknown = sum(part["without_subject"] for part in description["splits"].values())
    if unknown:
        found.append(
            f"the subject of {unknown} of {counted(description['samples'], 'sample')} is unknown: "
            "one person may be in several splits"
        )
    elif [*description["splits"]] == [UNASSIGNED]:
        subjects = description["splits"][UNASSIGNED]["subjects"]
        if subjects < _PARTS_OF_A_TRAINING:
            found.append(
                f"all samples are of {counted(subjects, 'subject')}, and no split is stated: a training, a "
                f"validation and a test part need {_PARTS_OF_A_TRAINING} subjects or more"
            )
    return found


def _problems_of_classes(description: Mapping[str, Any]) -> list[str]:
    splits = description["splits"]
    total = {name: sum(part["classes"][name] for part in splits.values()) for name in description["classes"]}
    found = [f"no sample is labelled {name}" for name, count in total.items() if not count]
    for split, part in splits.items():
        missing = [name for name, count in part["classes"].items() if not count and total[name]]
        if missing and part["samples"] > part["unlabelled"]:
            found.append(f"the {split} split has no sample labelled {' or '.join(missing)}")
    present = {name: count for name, count in total.items() if count}
    least, most = (f(present, key=lambda name: present[name], default="") for f in (min, max))
    if present and present[most] >= UNBALANCED * present[least]:
        found.append(
            f"{most} has {count(range(present[most]), 'sample')}, {least} has {present[least]}: "
            "accuracy is misleading, use the unweighted average recall"
        )
    unlabelled = sum(part["unlabelled"] for part in splits.values())
    if unlabelled:
        found.append(f"{count(range(unlabelled), 'sample')} without a label: left out of training")
    return found


def _problems_of_items(description: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    if skipped := description["skipped"]:
        kinds = ", ".join(f"{kind} {number}" for kind, number in description["left_out"].items())
        found.append(
            f"{count(skipped, 'item')} cannot be used, such as {skipped[0]['id']}: {skipped[0]['reason']}; "
            f"by kind: {kinds}"
        )
    if bare := description["without_media"]:
        found.append(f"{count(range(bare), 'sample')} without media: only annotations are available")
    return found
