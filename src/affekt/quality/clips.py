"""What clips really hold: broken files, missing, silent, black or unequal tracks, and doubles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from affekt.core.sample import Sample
from affekt.quality.clip_checks import QUIET_DBFS, Seen, is_clip, look_at_all
from affekt.quality.clip_looks import find_clip_pairs, may_show_the_same
from affekt.quality.sound_alikes import find_sound_pairs
from affekt.report.wording import SHOWN, UNASSIGNED, count, some

_COMMON = 5  # sizes and rates that are listed
_EVIDENCE = {
    ("sound", "video"): "look and sound the same",
    ("video",): "look the same",
    ("sound",): "sound the same",
}


def describe_clips(
    samples: Sequence[Sample],
    *,
    known: Sequence[Mapping[str, Any]] = (),
    on_item: Callable[[int, int], None] | None = None,
) -> dict[str, Any] | None:
    """Lengths, sizes, tracks, broken files and near duplicates, as plain JSON values; None without clips.

    Eight frames of each clip are decoded and its whole sound, of which the first minute is compared.

    Args:
        known: Groups of duplicates (their `ids`) that are told elsewhere: look-alikes that all belong to one
            of them are left out.
        on_item: Told how many clips are done, and of how many.
    """
    clips = [sample for sample in samples if is_clip(sample)]
    if not clips:
        return None
    results = look_at_all(clips, on_item or (lambda done, total: None))

    def named(is_so: Callable[[Seen], bool]) -> list[str]:
        return [sample.id for sample, seen in results if is_so(seen)]

    seen_all = [seen for _, seen in results]
    sizes = Counter(seen.size for seen in seen_all if seen.size)
    durations = [seen.duration_s for seen in seen_all if seen.duration_s is not None]
    return {
        "clips": len(clips),
        "videos": sum("video" in sample.media for sample in clips),
        "with_sound": sum(seen.sound_s is not None for seen in seen_all),
        "unreadable": [{"id": s.id, "reason": why} for s, seen in results for why in seen.reasons[:1]],
        "notes": [{"id": s.id, "note": note} for s, seen in results for note in seen.notes],
        "duration_s": _range(durations),
        "total_s": round(sum(durations), 3),
        "width": _range([seen.size[0] for seen in seen_all if seen.size]),
        "height": _range([seen.size[1] for seen in seen_all if seen.size]),
        "sizes": [
            {"width": width, "height": height, "clips": number}
            for (width, height), number in sizes.most_common(_COMMON)
        ],
        "rate_hz": _range([seen.rate_hz for seen in seen_all if seen.rate_hz]),
        "sound_rates": _counted(seen.sound_rate_hz for seen in seen_all if seen.sound_rate_hz),
        "codecs": _counted(codec for seen in seen_all for codec in seen.codecs),
        "apart": [
            {
                "id": s.id,
                "video_s": round(seen.duration_s or 0.0, 3),
                "sound_s": round(seen.sound_s or 0.0, 3),
            }
            for s, seen in results
            if seen.is_apart
        ],
        "without_sound": named(lambda seen: seen.lacks_sound),
        "silent": named(lambda seen: seen.is_silent),
        "black": named(lambda seen: seen.is_black),
        "frozen": named(lambda seen: seen.is_frozen),
        "near_duplicates": _near_duplicates(results, known),
    }


def summary_of_clips(description: Mapping[str, Any]) -> str:
    """One line on how long and how large the clips are.

    Example:
        >>> length, wide, high = ({"min": n, "median": n, "max": n} for n in (4.0, 640, 360))
        >>> rate, codecs = {"min": 25.0, "median": 25.0, "max": 30.0}, {"h264": 2, "aac": 1}
        >>> more = {"rate_hz": rate, "codecs": codecs, "sound_rates": {"44100": 1}, "with_sound": 1}
        >>> sizes = {"width": wide, "height": high, "total_s": 8.0}
        >>> summary_of_clips({"clips": 2, "videos": 2, "duration_s": length, **sizes, **more})
        '2 clips, 4 s long, 0.1 minutes in all, 640 x 360 pixels, 25 to 30 frames/s, sound in 1 (44100 Hz); h264 in 2, aac in 1'
    """  # noqa: E501
    length = description["duration_s"]
    clips = count(range(description["clips"]), "clip")
    if length is None:
        return f"{clips}, not one of which can be read"
    parts = [clips, f"{_span(length)} s long", f"{description['total_s'] / 60:.1f} minutes in all"]
    if description["width"] is not None:
        parts.append(f"{_span(description['width'])} x {_span(description['height'])} pixels")
    if description["rate_hz"] is not None:
        parts.append(f"{_span(description['rate_hz'])} frames/s")
    rates = " and ".join(description["sound_rates"])
    parts.append(f"sound in {description['with_sound']}{f' ({rates} Hz)' if rates else ''}")
    codecs = ", ".join(f"{codec} in {number}" for codec, number in description["codecs"].items())
    return ", ".join(parts) + (f"; {codecs}" if codecs else "")


def problems_of_clips(description: Mapping[str, Any] | None) -> list[str]:
    """What is wrong with the clips, a sentence each."""
    if description is None:
        return []
    found: list[str] = []
    unreadable, notes, apart = (description[key] for key in ("unreadable", "notes", "apart"))
    if unreadable:
        first = unreadable[0]
        found.append(f"{count(unreadable, 'clip')} cannot be read, such as {first['id']}: {first['reason']}")
    if notes:
        damaged = sorted({note["id"] for note in notes})
        found.append(
            f"{count(damaged, 'clip')} can be read only in part, such as {notes[0]['id']}: {notes[0]['note']}"
        )
    for key, what in (
        ("without_sound", "without a sound track"),
        ("silent", f"with hardly any sound (below {QUIET_DBFS:.0f} dBFS)"),
        ("black", "black from end to end"),
        ("frozen", "showing one still frame from end to end"),
    ):
        if description[key]:
            found.append(f"{count(description[key], 'clip')} {what}, such as {some(description[key])}")
    if apart:
        first = apart[0]
        found.append(
            f"{count(apart, 'clip')} with picture and sound of different lengths, such as {first['id']}: "
            f"{first['video_s']:.1f} s of picture, {first['sound_s']:.1f} s of sound"
        )
    return found + _problems_of_doubles(description["near_duplicates"])


def _problems_of_doubles(groups: Sequence[Mapping[str, Any]]) -> list[str]:
    found: list[str] = []
    for alike, verb in _EVIDENCE.items():
        of_kind = [group for group in groups if tuple(group["alike"]) == alike]
        for chosen, where, so in (
            (
                [g for g in of_kind if len(g["splits"]) > 1],
                "in different parts",
                ": scores would be too good",
            ),
            ([g for g in of_kind if len(g["splits"]) == 1], "within one part", ""),
            ([g for g in of_kind if g["conflict"]], "but different labels", ""),
        ):
            if chosen:
                found.append(
                    f"{count(chosen, 'group')} of clips that {verb} {where}, "
                    f"such as {' ~ '.join(chosen[0]['ids'][:SHOWN])}{so}"
                )
    return found


def _near_duplicates(
    results: Sequence[tuple[Sample, Seen]], known: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Groups of samples whose pictures, sounds or both are alike."""
    told = {name: number for number, group in enumerate(known) for name in group["ids"]}
    groups: list[dict[str, Any]] = []
    for places, alike in _connected(_pairs([seen for _, seen in results])):
        members = [results[place][0] for place in places]
        if len({told.get(sample.id, sample.id) for sample in members}) == 1:
            continue
        groups.append(
            {
                "ids": [sample.id for sample in members],
                "splits": sorted({sample.split or UNASSIGNED for sample in members}),
                "conflict": len({_labelled(sample) for sample in members}) > 1,
                "alike": alike,
            }
        )
    return groups


def _pairs(seen: Sequence[Seen]) -> dict[tuple[int, int], set[str]]:
    """Pairs of places with what is alike in them."""
    heard = [place for place, one in enumerate(seen) if one.sound is not None]
    watched = [place for place, one in enumerate(seen) if one.look is not None]
    found: dict[tuple[int, int], set[str]] = {}
    for a, b in find_sound_pairs([sound for one in seen if (sound := one.sound) is not None]):
        one, other = seen[heard[a]].look, seen[heard[b]].look
        if one is None or other is None or may_show_the_same(one, other):  # a song may lie under two films
            found.setdefault((heard[a], heard[b]), set()).add("sound")
    for a, b in find_clip_pairs([look for one in seen if (look := one.look) is not None]):
        one, other = seen[watched[a]], seen[watched[b]]
        pair = (watched[a], watched[b])
        is_moving = one.look is not None and one.look.is_moving
        both_heard = all(it.sound is not None and it.sound.is_telling for it in (one, other))
        if is_moving or not both_heard or pair in found:  # two songs may lie over one still picture
            found.setdefault(pair, set()).add("video")
    return found


def _connected(pairs: Mapping[tuple[int, int], set[str]]) -> list[tuple[list[int], list[str]]]:
    """Places that hang together by pairs, and what is alike in any of these."""
    if not pairs:
        return []
    one, other = zip(*pairs, strict=True)
    total = max(*one, *other) + 1
    graph = coo_array((np.ones(len(pairs), bool), (one, other)), shape=(total, total))
    _, belongs = connected_components(graph, directed=False)
    places: dict[int, list[int]] = {}
    for place in sorted({*one, *other}):
        places.setdefault(int(belongs[place]), []).append(place)
    alike: dict[int, set[str]] = {}
    for (first, _), what in pairs.items():
        alike.setdefault(int(belongs[first]), set()).update(what)
    return [(members, sorted(alike[group])) for group, members in places.items()]


def _labelled(sample: Sample) -> tuple[str | None, tuple[tuple[str, float], ...]]:
    return sample.label, tuple(sorted((sample.label_weights or {}).items()))


def _counted(values: Any) -> dict[str, int]:
    return {str(value): number for value, number in Counter(values).most_common()}


def _range(values: Sequence[int | float]) -> dict[str, int | float] | None:
    if not values:
        return None
    return {"min": min(values), "median": float(np.median(values)), "max": max(values)}


def _span(ends: Mapping[str, int | float]) -> str:
    low, high = (f"{round(ends[end], 2):g}" for end in ("min", "max"))
    return low if low == high else f"{low} to {high}"
