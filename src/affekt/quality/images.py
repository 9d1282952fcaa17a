"""Checks of pictures: broken files, sizes, colour and near duplicates."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from affekt.core.errors import MediaError
from affekt.core.sample import Sample
from affekt.core.wording import count, counted
from affekt.media.image import image_of
from affekt.quality.duplicate_images import ImagePrint, find_image_pairs, image_print
from affekt.quality.duplicates import near_duplicates, problems_of_groups

COMMON_SIZES = 5  # the most frequent ones are listed
_AT_ONCE = 1024  # pictures handed to the threads, so that waiting results stay few


class _ImageFacts(NamedTuple):
    """What is kept of a decoded picture."""

    height: int
    width: int
    is_grey: bool
    print: ImagePrint


def describe_images(
    samples: Sequence[Sample],
    *,
    known: Sequence[Mapping[str, Any]] = (),
    on_item: Callable[[int, int], None] | None = None,
) -> dict[str, Any] | None:
    """Sizes, colour, broken files and near duplicates, as plain JSON values; None without pictures.

    Each picture is decoded once.

    Args:
        known: Groups of duplicates (their `ids`) that are reported elsewhere: near duplicates that all belong
            to one of them are left out.
        on_item: Called with the number of pictures that are done and of all pictures.
    """
    pictured = [sample for sample in samples if "image" in sample.media]
    if not pictured:
        return None
    results = _read_images(pictured, on_item or (lambda done, total: None))
    readable = [(sample, facts) for sample, facts in results if isinstance(facts, _ImageFacts)]
    sizes = Counter((facts.width, facts.height) for _, facts in readable)
    return {
        "images": len(pictured),
        "unreadable": [{"id": s.id, "reason": why} for s, why in results if isinstance(why, str)],
        "width": _range([facts.width for _, facts in readable]),
        "height": _range([facts.height for _, facts in readable]),
        "sizes": [
            {"width": width, "height": height, "images": number}
            for (width, height), number in sizes.most_common(COMMON_SIZES)
        ],
        "grey": round(sum(it.is_grey for _, it in readable) / len(readable), 4) if readable else None,
        "near_duplicates": _near_duplicates(readable, known),
    }


def summary_of_images(description: Mapping[str, Any]) -> str:
    """One line about the sizes and colour of the pictures.

    Example:
        >>> wide, high = {"min": 48, "median": 52.0, "max": 64}, {"min": 48, "median": 48.0, "max": 48}
        >>> summary_of_images({"images": 3, "width": wide, "height": high, "grey": 1.0})
        '3 pictures, 48 to 64 pixels wide (median 52), 48 pixels high, 100 % of them grey'
    """
    width, height = description["width"], description["height"]
    if width is None:
        return f"{counted(description['images'], 'picture')}, none of which can be read"
    return (
        f"{counted(description['images'], 'picture')}, {_span(width, 'wide')}, {_span(height, 'high')}, "
        f"{100 * description['grey']:.0f} % of them grey"
    )


def problems_of_images(description: Mapping[str, Any] | None) -> list[str]:
    """Problems of the pictures, one sentence per kind."""
    if description is None:
        return []
    found: list[str] = []
    unreadable, groups = description["unreadable"], description["near_duplicates"]
    if unreadable:
        first = unreadable[0]
        found.append(
            f"{count(unreadable, 'picture')} cannot be read, such as {first['id']}: {first['reason']}"
        )
    return found + problems_of_groups(groups, "pictures that look the same", sign="~")


def _read_images(
    samples: Sequence[Sample], on_item: Callable[[int, int], None]
) -> list[tuple[Sample, _ImageFacts | str]]:
    """Each sample with the facts of its picture, or the reason why it could not be read."""
    results: list[_ImageFacts | str] = []
    # Pillow decodes without holding Python's lock: threads are enough, and pixels need not be copied.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(samples), _AT_ONCE):
            for one in pool.map(_read_one, samples[start : start + _AT_ONCE]):
                results.append(one)
                on_item(len(results), len(samples))
    return list(zip(samples, results, strict=True))


def _read_one(sample: Sample) -> _ImageFacts | str:
    try:
        pixels = image_of(sample)
    except MediaError as error:
        return str(error)
    height, width, _ = pixels.shape
    is_grey = bool((pixels == pixels[..., :1]).all())
    return _ImageFacts(height, width, is_grey, image_print(pixels))


def _near_duplicates(
    readable: Sequence[tuple[Sample, _ImageFacts]], known: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Groups of samples whose pictures look the same."""
    pairs = find_image_pairs([facts.print for _, facts in readable])
    evidence = {(pair.one, pair.other): {"mirrored"} if pair.mirrored else set[str]() for pair in pairs}
    groups = near_duplicates([sample for sample, _ in readable], evidence, known)
    return [{**group, "mirrored": "mirrored" in found} for group, found in groups]


def _span(ends: Mapping[str, int | float], what: str) -> str:
    if ends["min"] == ends["max"]:
        return f"{ends['min']} pixels {what}"
    return f"{ends['min']} to {ends['max']} pixels {what} (median {ends['median']:.0f})"


def _range(values: Sequence[int]) -> dict[str, int | float] | None:
    if not values:
        return None
    return {"min": min(values), "median": float(np.median(values)), "max": max(values)}
