"""Files of a timeline: an hour of it, annotated video, and what a detector still finds in redacted video.

    python benchmarks/story.py --clip FILE

`--clip` is a video with faces. CenterFace finds them in every fifth frame; the timeline of these boxes is
written as redacted video, in each frame of which CenterFace searches again. Without `--clip` this part is
left out. The other parts are invented: four persons with fused, face and voice answers twice a second and
boxes five times a second; and frames of noise with two moving boxes.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from limits import Doing, Limits
from timing import as_table, machine, write_report

from affekt.core.timeline import Timeline
from affekt.core.timeline.parts import Box, Medium, Person, Span, SpokenLine, Track
from affekt.media.sound import Waveform
from affekt.media.video import open_video
from affekt.media.video.write import write_mp4
from affekt.report.story.video import write_annotated
from affekt.report.story.write import SUFFIXES, write_story

OUTPUT = Path(__file__).parent / "results" / "story.md"
HOUR_S, STEP_S, BOX_S = 3600.0, 0.5, 0.2
NAMES = ("anger", "happiness", "neutral", "sadness")
RATE_HZ = 25
SIZES = ((640, 360), (1280, 720))
LENGTHS_S = (10, 40)
EVERY = 5  # frames of a clip from one detection to the next


def an_hour() -> Timeline:
    """Four persons in an hour of video."""
    rng = np.random.default_rng(0)
    persons = tuple(Person(id=f"P{number}") for number in range(1, 5))
    tracks = tuple(
        Track(
            id=f"{kind}-{person.id}",
            modality=kind,
            person=person.id,
            spans=_answers(rng),
            boxes=_places(rng) if kind == "face" else (),
        )
        for person in persons
        for kind in ("fused", "face", "voice")
    )
    words = tuple(
        SpokenLine(start_s=t, end_s=t + 3, text="so we said that it was fine", person="P1")
        for t in np.arange(0, HOUR_S, 4).tolist()
    )
    medium = Medium(path="hour.mp4", duration_s=HOUR_S, width=640, height=360, has_sound=True)
    return Timeline(medium=medium, persons=persons, tracks=tracks, words=words)


def _answers(rng: np.random.Generator) -> tuple[Span, ...]:
    """An answer twice a second, which changes every five seconds on average."""
    found: list[Span] = []
    label = "neutral"
    for start in np.arange(0, HOUR_S, STEP_S).tolist():
        if rng.random() < STEP_S / 5:
            label = NAMES[rng.integers(len(NAMES))]
        confidence = float(rng.uniform(0.3, 1))
        scores = {name: confidence if name == label else (1 - confidence) / 3 for name in NAMES}
        shown = label if confidence > 0.36 else ""
        found.append(
            Span(start_s=start, end_s=start + STEP_S, label=shown, scores=scores, confidence=confidence)
        )
    return tuple(found)


def _places(rng: np.random.Generator) -> tuple[Box, ...]:
    """A face that wanders."""
    times = np.arange(0, HOUR_S, BOX_S)
    x, y = np.abs(rng.normal(0, 0.005, (2, len(times))).cumsum(axis=1)) % 0.6
    return tuple(
        Box(t, a, b, a + 0.2, b + 0.3, 0.9)
        for t, a, b in zip(times.tolist(), x.tolist(), y.tolist(), strict=True)
    )


def files() -> Iterator[tuple[str, str, str]]:
    """Suffix, size and seconds of each file of an hour."""
    timeline = an_hour()
    with tempfile.TemporaryDirectory() as folder:
        for suffix in SUFFIXES:
            start = time.process_time()
            path = Path(folder) / f"hour{suffix}"
            write_story(timeline, path)
            taken = time.process_time() - start
            yield f"`{suffix}`", f"{path.stat().st_size / 1e6:.1f} MB", f"{taken:.1f} s"


def annotated(width: int, height: int, length_s: int, redact: bool) -> Iterator[tuple[str, str, str]]:
    """What is written, computing time as a share of real time, and peak memory of the process."""
    yield Doing("the video to annotate")  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as folder:
        clip, out = Path(folder) / "clip.mp4", Path(folder) / "out.mp4"
        _make_clip(clip, width, height, length_s)
        times = np.arange(0, length_s, BOX_S).tolist()
        tracks = tuple(
            Track(
                id=f"face-{n}",
                modality="face",
                person=f"P{n}",
                spans=(Span(start_s=0, end_s=length_s, label="neutral", confidence=0.7),),
                boxes=tuple(
                    Box(t, x, 0.3 + 0.1 * np.sin(t), x + 0.15, 0.6 + 0.1 * np.sin(t), 0.9) for t in times
                ),
            )
            for n, x in ((1, 0.1), (2, 0.6))
        )
        timeline = Timeline(
            medium=Medium(path="clip.mp4", duration_s=length_s, width=width, height=height, has_sound=True),
            persons=(Person(id="P1"), Person(id="P2")),
            tracks=tracks,
        )
        start = time.process_time()
        write_annotated(timeline, clip, out, redact=redact)
        share = (time.process_time() - start) / length_s
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    what = "redacted" if redact else "annotated"
    yield f"{what}, {width} x {height}, {length_s} s", f"{share:.2f}", f"{peak:.0f} MB"


def _make_clip(path: Path, width: int, height: int, length_s: int) -> None:
    """Soft noise that moves, with a tone."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (height // 8, width // 4, 3), np.uint8)
    large = np.kron(small, np.ones((8, 8, 1), np.uint8))
    count = length_s * RATE_HZ
    frames = (np.ascontiguousarray(large[:, n % width : n % width + width]) for n in range(count))
    ticks = [n * 90_000 // RATE_HZ for n in range(count + 1)]
    tone = np.sin(np.arange(length_s * 16_000) / 10, dtype=np.float32)[None] / 3
    fast = ("libx264", {"crf": "18", "preset": "ultrafast", "bf": "0"})
    write_mp4(path, frames, ticks, coding=fast, sound=Waveform(tone, 16_000))


def redacted(clip: Path) -> Iterator[tuple[str, str, str]]:
    """Faces that CenterFace finds in the frames of a clip, and in those of its redacted video."""
    from affekt.media.detection import open_detector

    detector, video = open_detector("centerface"), open_video(clip)
    boxes: list[Box] = []
    before = 0
    for number, pixels in video.frames():
        found = detector.detect(pixels)
        before += len(found.scores)
        if number % EVERY == 0 and len(found.scores):
            left, top, right, bottom = (found.boxes[0] / ([video.width, video.height] * 2)).tolist()
            time_s = float(video.times_s[number])
            boxes.append(Box(time_s, left, top, right, bottom, float(found.scores[0])))
    medium = Medium(path=clip.name, duration_s=video.end_s, width=video.width, height=video.height)
    track = Track(id="face-1", modality="face", person="P1", boxes=tuple(boxes))
    timeline = Timeline(medium=medium, persons=(Person(id="P1"),), tracks=(track,))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.mp4"
        write_annotated(timeline, clip, out, redact=True)
        after = sum(len(detector.detect(pixels).scores) for _, pixels in open_video(out).frames())
    yield clip.name, f"{before} in {len(video)} frames", str(after)


def main() -> None:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, help="a video of one person")
    Limits.add_to(parser)
    given = parser.parse_args()
    limits = Limits.of(given)
    hour = limits.run("an hour", files)
    faces = limits.run("redacted clip", partial(redacted, given.clip)) if given.clip else []
    parts = [(*size, length_s, False) for size in SIZES for length_s in LENGTHS_S]
    parts += [(*size, LENGTHS_S[0], True) for size in SIZES]
    videos = [
        row
        for part in parts
        for row in limits.run(f"video of {part[:3]}, redacted: {part[3]}", partial(annotated, *part))
    ]
    lines = [
        "# Files of a timeline",
        "",
        f"Written by `python benchmarks/story.py`. {machine()}",
        "",
        "An hour of four persons: fused, face and voice answers twice a second, boxes five times a second,",
        "900 lines of words. Computing time of writing each file.",
        "",
        *as_table(("file", "size", "time"), hour),
        "",
        "Video with two faces at 25 frames a second, on one thread: computing time as a share of real time,",
        "with decoding and encoding, and the peak memory of the process.",
        "",
        *as_table(("video", "share of real time", "peak memory"), videos),
        "",
        "Faces that CenterFace finds in each frame of a clip of one person, and in each frame of its",
        f"redacted video. The boxes of the timeline are of every {EVERY}th frame.",
        "",
        *as_table(("clip", "faces", "faces in the redacted video"), faces),
        *limits.lines(),
    ]
    write_report(OUTPUT, lines)
    limits.check()


if __name__ == "__main__":
    main()
