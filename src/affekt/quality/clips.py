"""Checks of clips: broken files, missing, silent, black or unequal tracks, and near duplicates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from affekt.core.sample import Sample
from affekt.core.wording import count
from affekt.quality.clip_checks import QUIET_DBFS, ClipFacts, is_clip, read_clips
from affekt.quality.duplicate_clips import ClipPrint, find_clip_pairs, may_show_the_same
from affekt.quality.duplicate_sounds import SoundPrint, find_sound_pairs
from affekt.quality.duplicates import near_duplicates, problems_of_groups
from affekt.report.wording import some

_COMMON = 5  # sizes that are listed, the most frequent ones
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

    Of each clip, eight frames and the whole sound are decoded; the first minute of the sound is compared.

    Args:
        known: Groups of duplicates (their `ids`) that are reported elsewhere: near duplicates that all belong
            to one of them are left out.
        on_item: Called with the number of clips that are done and of all clips.
    """
    clips = [sample for sample in samples if is_clip(sample)]
    if not clips:
        return None
    results = read_clips(clips, on_item or (lambda done, total: None))

    def named(applies: Callable[[ClipFacts], bool]) -> list[str]:
        return [sample.id for sample, facts in results if applies(facts)]

    all_facts = [facts for _, facts in results]
    sizes = Counter(facts.size for facts in all_facts if facts.size)
    durations = [facts.duration_s for facts in all_facts if facts.duration_s is not None]
    return {
        "clips": len(clips),
        "videos": sum("video" in sample.media for sample in clips),
        "with_sound": sum(facts.sound_s is not None for facts in all_facts),
        "unreadable": [{"id": s.id, "reason": why} for s, facts in results for why in facts.reasons[:1]],
        "notes": [{"id": s.id, "note": note} for s, facts in results for note in facts.notes],
        "duration_s": _range(durations),
        "total_s": round(sum(durations), 3),
        "width": _range([facts.size[0] for facts in all_facts if facts.size]),
        "height": _range([facts.size[1] for facts in all_facts if facts.size]),
        "sizes": [
            {"width": width, "height": height, "clips": number}
            for (width, height), number in sizes.most_common(_COMMON)
        ],
        "rate_hz": _range([facts.rate_hz for facts in all_facts if facts.rate_hz]),
        "sound_rates": _counted(facts.sound_rate_hz for facts in all_facts if facts.sound_rate_hz),
        "codecs": _counted(codec for facts in all_facts for codec in facts.codecs),
        "apart": [
            {
                "id": s.id,
                "video_s": round(facts.duration_s or 0.0, 3),
                "sound_s": round(facts.sound_s or 0.0, 3),
            }
            for s, facts in results
            if facts.is_apart
        ],
        "without_sound": named(lambda facts: facts.lacks_sound),
        "silent": named(lambda facts: facts.is_silent),
        "black": named(lambda facts: facts.is_black),
        "frozen": named(lambda facts: facts.is_frozen),
        "near_duplicates": _near_duplicates(results, known),
    }


def summary_of_clips(description: Mapping[str, Any]) -> str:
    """One line about the lengths, sizes, rates and codecs of the clips.

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
        return f"{clips}, none of which can be read"
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
    """Problems of the clips, one sentence per kind."""
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
            f"{count(damaged, 'clip')} can only be read in part, such as {notes[0]['id']}: {notes[0]['note']}"
        )
    for key, what in (
        ("without_sound", "without a sound track"),
        ("silent", f"with hardly any sound (below {QUIET_DBFS:.0f} dBFS)"),
        ("black", "black throughout"),
        ("frozen", "showing one still frame throughout"),
    ):
        if description[key]:
            found.append(f"{count(description[key], 'clip')} {what}, such as {some(description[key])}")
    if apart:
        first = apart[0]
        found.append(
            f"{count(apart, 'clip')} with picture and sound of different lengths, such as {first['id']}: "
            f"{first['video_s']:.1f} s of picture, {first['sound_s']:.1f} s of sound"
        )
    for alike, verb in _EVIDENCE.items():
        groups = [group for group in description["near_duplicates"] if tuple(group["alike"]) == alike]
        found += problems_of_groups(groups, f"clips that {verb}", sign="~")
    return found


def pairs_of_clips(
    prints: Sequence[tuple[ClipPrint | None, SoundPrint | None]],
) -> dict[tuple[int, int], set[str]]:
    """Pairs of indices, and what is the same in both clips: `video`, `sound`.

    Args:
        prints: Of each clip, as far as it has picture and sound.
    """
    sounds = {n: sound for n, (_, sound) in enumerate(prints) if sound is not None}
    videos = {n: video for n, (video, _) in enumerate(prints) if video is not None}
    found: dict[tuple[int, int], set[str]] = {}
    places = list(sounds)
    for a, b in find_sound_pairs(list(sounds.values())):
        pair = one, other = places[a], places[b]
        # Two films may share a song.
        if one not in videos or other not in videos or may_show_the_same(videos[one], videos[other]):
            found.setdefault(pair, set()).add("sound")
    places = list(videos)
    for a, b in find_clip_pairs(list(videos.values())):
        pair = one, other = places[a], places[b]
        both_audible = all(it in sounds and sounds[it].is_comparable for it in pair)
        # Two songs may share a still picture.
        if videos[one].is_moving or not both_audible or pair in found:
            found.setdefault(pair, set()).add("video")
    return found


def _near_duplicates(
    results: Sequence[tuple[Sample, ClipFacts]], known: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Groups of samples whose pictures, sounds or both are the same."""
    pairs = pairs_of_clips([(facts.video_print, facts.sound_print) for _, facts in results])
    groups = near_duplicates([sample for sample, _ in results], pairs, known)
    return [{**group, "alike": sorted(alike)} for group, alike in groups]


def _counted(values: Any) -> dict[str, int]:
    return {str(value): number for value, number in Counter(values).most_common()}


def _range(values: Sequence[int | float]) -> dict[str, int | float] | None:
    if not values:
        return None
    return {"min": min(values), "median": float(np.median(values)), "max": max(values)}


def _span(ends: Mapping[str, int | float]) -> str:
    low, high = (f"{round(ends[end], 2):g}" for end in ("min", "max"))
    return low if low == high else f"{low} to {high}"
