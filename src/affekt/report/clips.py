"""What clips really hold: broken files, missing, silent, black or unequal tracks, and doubles."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from affekt.core.errors import MediaError
from affekt.core.sample import Sample
from affekt.media.container import open_container
from affekt.media.sound import NoSound, Waveform, read_sound, sound_blocks
from affekt.media.video import Video, video_of
from affekt.report.cliplooks import MOMENTS, ClipLook, clip_look, find_clip_pairs, may_show_the_same
from affekt.report.soundalikes import LONGEST_S, RATE_HZ, Fingerprint, find_sound_pairs, fingerprint
from affekt.report.wording import SHOWN, UNASSIGNED, count, some

QUIET_DBFS = -60.0  # root mean square: speech that somebody recorded far too low, or none
SILENT_DBFS = -80.0  # below which there is nothing to compare
BLACK = 6.0  # grey levels of 255, mean of the brightest frame looked at
FROZEN = 0.5  # grey levels that frames may differ by on average: a codec's noise
MOST_APART_S, MOST_APART = 0.5, 0.05  # picture and sound may differ in length by the larger: seconds, share

_HEIGHT = 64  # rows that frames are looked at in
_COMMON = 5  # sizes and rates that are listed
_AT_ONCE = 64  # clips handed to the threads, so that a broken pipe is noticed soon
_EVIDENCE = {
    ("sound", "video"): "look and sound the same",
    ("video",): "look the same",
    ("sound",): "sound the same",
}


@dataclass
class _Seen:
    """What is kept of a clip once it was decoded."""

    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    codecs: list[str] = field(default_factory=list)
    duration_s: float | None = None  # of the picture, else of the sound
    sound_s: float | None = None
    size: tuple[int, int] | None = None  # width, height
    rate_hz: float | None = None
    sound_rate_hz: int | None = None
    lacks_sound: bool = False
    is_silent: bool = False
    is_black: bool = False
    is_frozen: bool = False
    is_apart: bool = False
    look: ClipLook | None = None
    sound: Fingerprint | None = None


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
    clips = [sample for sample in samples if _is_clip(sample)]
    if not clips:
        return None
    results = _look_at_all(clips, on_item or (lambda done, total: None))

    def named(is_so: Callable[[_Seen], bool]) -> list[str]:
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


def _is_clip(sample: Sample) -> bool:
    return "video" in sample.media or "audio" in sample.media


def _look_at_all(
    samples: Sequence[Sample], on_item: Callable[[int, int], None]
) -> list[tuple[Sample, _Seen]]:
    seen: list[_Seen] = []
    # FFmpeg decodes without holding Python's lock: threads are enough.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(samples), _AT_ONCE):
            for one in pool.map(_look_at, samples[start : start + _AT_ONCE]):
                seen.append(one)
                on_item(len(seen), len(samples))
    return list(zip(samples, seen, strict=True))


def _look_at(sample: Sample) -> _Seen:
    seen = _Seen()
    # Looked up once: invented media are made anew each time.
    media = {name: sample.media[name] for name in ("video", "audio") if name in sample.media}
    sample = replace(sample, media={name: _as_path(reference) for name, reference in media.items()})
    video: Video | None = None
    if "video" in sample.media:
        try:
            video = video_of(sample)
            _watch(video, seen)
        except MediaError as error:
            seen.reasons.append(str(error))
    reference = sample.media.get("audio", sample.media.get("video"))
    if isinstance(reference, Waveform) or (isinstance(reference, Path) and not reference.is_dir()):
        try:
            _hear(sample, reference, seen)
        except NoSound:
            seen.lacks_sound = True
        except MediaError as error:
            seen.reasons.append(str(error))
    if video is not None and seen.duration_s is not None and seen.sound_s is not None:
        difference = abs(seen.duration_s - seen.sound_s)
        is_whole = sample.span_s is None  # of a span, both are cut to the same length
        seen.is_apart = is_whole and difference > max(MOST_APART_S, MOST_APART * seen.duration_s)
    if seen.duration_s is None:
        seen.duration_s = seen.sound_s
    _name_streams(sample, seen)
    return seen


def _as_path(reference: Any) -> Any:
    return Path(reference) if isinstance(reference, str) else reference


def _watch(video: Video, seen: _Seen) -> None:
    """Look at eight frames."""
    at = (np.arange(MOMENTS) + 0.5) / MOMENTS * video.end_s
    numbers = np.searchsorted(video.times_s, at, side="right") - 1
    frames = video.read(numbers.clip(0), height=min(_HEIGHT, video.height))
    seen.duration_s, seen.size = float(video.end_s), (video.width, video.height)
    seen.rate_hz = round(len(video) / video.end_s, 3) if video.end_s > 0 else None
    seen.notes = list(video.notes)
    brightness = frames.mean(axis=(1, 2, 3))
    seen.is_black = bool(brightness.max() < BLACK)
    apart = np.abs(frames[1:].astype(np.int16) - frames[:-1]).mean(axis=(1, 2, 3))
    seen.is_frozen = bool(apart.max() < FROZEN) and not seen.is_black
    seen.look = clip_look(frames, seen.duration_s)


def _hear(sample: Sample, reference: Path | Waveform, seen: _Seen) -> None:
    """Listen to all of the sound, in pieces; the first minute makes the fingerprint."""
    if sample.span_s is not None:
        start, stop = sample.span_s
        blocks = iter([read_sound(reference, rate_hz=RATE_HZ, start_s=float(start), stop_s=float(stop))])
    else:
        blocks = sound_blocks(reference, seconds=10.0, rate_hz=RATE_HZ)
    if isinstance(reference, Waveform):
        seen.sound_rate_hz = reference.rate_hz
    kept: list[np.ndarray] = []
    heard, power = 0, 0.0
    for block in blocks:
        samples = block.samples[0]
        if heard < LONGEST_S * RATE_HZ:
            kept.append(samples)
        heard += len(samples)
        power += float(np.square(samples, dtype=np.float64).sum())
    seen.sound_s = heard / RATE_HZ
    decibels = 10 * np.log10(power / heard) if power > 0 else -np.inf
    seen.is_silent = bool(decibels < QUIET_DBFS)
    if decibels >= SILENT_DBFS:
        seen.sound = fingerprint(np.concatenate(kept))


def _name_streams(sample: Sample, seen: _Seen) -> None:
    """Codecs and the rate of the sound, as files state them."""
    files = dict.fromkeys(f for f in sample.media.values() if isinstance(f, Path) and f.is_file())
    for file in files:
        try:
            with open_container(file, kind="video or sound") as container:
                seen.codecs += [
                    s.codec_context.name for s in (*container.streams.video, *container.streams.audio)
                ]
                for stream in container.streams.audio[:1]:
                    seen.sound_rate_hz = stream.codec_context.sample_rate
        except MediaError:
            continue  # was told when the file was decoded


def _near_duplicates(
    results: Sequence[tuple[Sample, _Seen]], known: Sequence[Mapping[str, Any]]
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


def _pairs(seen: Sequence[_Seen]) -> dict[tuple[int, int], set[str]]:
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
