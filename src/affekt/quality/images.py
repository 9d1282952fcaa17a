"""What a folder of pictures really holds: broken files, sizes, and pictures that stand there twice."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from affekt.core.errors import MediaError
from affekt.core.sample import Sample
from affekt.media.image import image_of
from affekt.quality.look_alikes import Look, Pair, find_pairs, look_of
from affekt.report.wording import SHOWN, UNASSIGNED, count

COMMON_SIZES = 5  # that are listed
_AT_ONCE = 1024  # pictures handed to the threads, so that waiting results stay few


class _Seen(NamedTuple):
    """What is kept of a picture once it was decoded."""

    height: int
    width: int
    is_grey: bool
    look: Look


def describe_images(
    samples: Sequence[Sample],
    *,
    known: Sequence[Mapping[str, Any]] = (),
    on_item: Callable[[int, int], None] | None = None,
) -> dict[str, Any] | None:
    """Sizes, colour, broken files and near duplicates, as plain JSON values; None without pictures.

    Each picture is decoded once.

    Args:
        known: Groups of duplicates (their `ids`) that are told elsewhere: look-alikes that all belong to one
            of them are left out.
        on_item: Told how many pictures are done, and of how many.
    """
    pictured = [sample for sample in samples if "image" in sample.media]
    if not pictured:
        return None
    results = _look_at_all(pictured, on_item or (lambda done, total: None))
    readable = [(sample, seen) for sample, seen in results if isinstance(seen, _Seen)]
    sizes = Counter((seen.width, seen.height) for _, seen in readable)
    return {
        "images": len(pictured),
        "unreadable": [{"id": s.id, "reason": why} for s, why in results if isinstance(why, str)],
        "width": _range([seen.width for _, seen in readable]),
        "height": _range([seen.height for _, seen in readable]),
        "sizes": [
            {"width": width, "height": height, "images": number}
            for (width, height), number in sizes.most_common(COMMON_SIZES)
        ],
        "grey": round(sum(seen.is_grey for _, seen in readable) / len(readable), 4) if readable else None,
        "near_duplicates": _near_duplicates(readable, known),
    }


def summary_of_images(description: Mapping[str, Any]) -> str:
    """One line on how large the pictures are, and of what colour.

    Example:
        >>> wide, high = {"min": 48, "median": 52.0, "max": 64}, {"min": 48, "median": 48.0, "max": 48}
        >>> summary_of_images({"images": 3, "width": wide, "height": high, "grey": 1.0})
        '3 pictures, 48 to 64 pixels wide (median 52), 48 pixels high, 100 % of them grey'
    """
    width, height = description["width"], description["height"]
    if width is None:
        return f"{description['images']} pictures, not one of which can be read"
    return (
        f"{description['images']} pictures, {_span(width, 'wide')}, {_span(height, 'high')}, "
        f"{100 * description['grey']:.0f} % of them grey"
    )


def problems_of_images(description: Mapping[str, Any] | None) -> list[str]:
    """What is wrong with the pictures, a sentence each."""
    if description is None:
        return []
    found: list[str] = []
    unreadable, groups = description["unreadable"], description["near_duplicates"]
    if unreadable:
        first = unreadable[0]
        found.append(
            f"{count(unreadable, 'picture')} cannot be read, such as {first['id']}: {first['reason']}"
        )
    for chosen, where, so in (
        ([g for g in groups if len(g["splits"]) > 1], "in different parts", ": scores would be too good"),
        ([g for g in groups if len(g["splits"]) == 1], "within one part", ""),
        ([g for g in groups if g["conflict"]], "but different labels", ""),
    ):
        if chosen:
            found.append(
                f"{count(chosen, 'group')} of pictures that look the same {where}, "
                f"such as {' ~ '.join(chosen[0]['ids'][:SHOWN])}{so}"
            )
    return found


def _look_at_all(
    samples: Sequence[Sample], on_item: Callable[[int, int], None]
) -> list[tuple[Sample, _Seen | str]]:
    """Each sample with what was seen, or why it could not be read."""
    seen: list[_Seen | str] = []
    # Pillow decodes without holding Python's lock: threads are enough, and pixels need not be copied.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(samples), _AT_ONCE):
            for one in pool.map(_look_at, samples[start : start + _AT_ONCE]):
                seen.append(one)
                on_item(len(seen), len(samples))
    return list(zip(samples, seen, strict=True))


def _look_at(sample: Sample) -> _Seen | str:
    try:
        pixels = image_of(sample)
    except MediaError as error:
        return str(error)
    height, width, _ = pixels.shape
    is_grey = bool((pixels == pixels[..., :1]).all())
    return _Seen(height, width, is_grey, look_of(pixels))


def _near_duplicates(
    readable: Sequence[tuple[Sample, _Seen]], known: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Groups of samples whose pictures look the same."""
    told = {name: number for number, group in enumerate(known) for name in group["ids"]}
    pairs = find_pairs([seen.look for _, seen in readable])
    groups: list[dict[str, Any]] = []
    for places, mirrored in _connected(pairs, len(readable)):
        members = [readable[place][0] for place in places]
        if len({told.get(sample.id, sample.id) for sample in members}) == 1:
            continue
        groups.append(
            {
                "ids": [sample.id for sample in members],
                "splits": sorted({sample.split or UNASSIGNED for sample in members}),
                "conflict": len({_labelled(sample) for sample in members}) > 1,
                "mirrored": mirrored,
            }
        )
    return groups


def _connected(pairs: Sequence[Pair], total: int) -> list[tuple[list[int], bool]]:
    """Places that hang together by pairs, and whether any of these is mirrored."""
    if not pairs:
        return []
    one, other, _ = zip(*pairs, strict=True)
    graph = coo_array((np.ones(len(pairs), bool), (one, other)), shape=(total, total))
    _, belongs = connected_components(graph, directed=False)
    places: dict[int, list[int]] = {}
    for place in sorted({*one, *other}):
        places.setdefault(int(belongs[place]), []).append(place)
    mirrored = {int(belongs[pair.one]) for pair in pairs if pair.mirrored}
    return [(members, group in mirrored) for group, members in places.items()]


def _labelled(sample: Sample) -> tuple[str | None, tuple[tuple[str, float], ...]]:
    return sample.label, tuple(sorted((sample.label_weights or {}).items()))


def _span(ends: Mapping[str, int | float], what: str) -> str:
    if ends["min"] == ends["max"]:
        return f"{ends['min']} pixels {what}"
    return f"{ends['min']} to {ends['max']} pixels {what} (median {ends['median']:.0f})"


def _range(values: Sequence[int]) -> dict[str, int | float] | None:
    if not values:
        return None
    return {"min": min(values), "median": float(np.median(values)), "max": max(values)}
