"""Cost and benefit of prepared clips: `make prepare-benchmarks CLIPS="FILE ..."`.

Every clip is stored in both formats and then read as in training: 12 snippets of 16 consecutive frames at
random places, 128 rows high. The original is read in the same rounds for comparison.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from timing import as_table, in_turns, machine, write_report

from affekt.data.prepare.clip import write_video
from affekt.data.store.index import PrepareSettings
from affekt.media.video import Video, open_video

OUTPUT = Path(__file__).parent / "results" / "prepare.md"
FORMS = ("video", "jpeg")
SNIPPETS, FRAMES, ROWS = 12, 16, 128
REPEATS = 9
Row = tuple[str, ...]


def reader(video: Video, numbers: Callable[[], np.ndarray]) -> Callable[[], object]:
    """One training view."""
    return lambda: video.read(numbers(), height=ROWS)


def snippets(frames: int) -> Callable[[], np.ndarray]:
    """Consecutive frames at random places; every reader draws the same ones in the same order."""
    rng = np.random.default_rng(0)
    last = max(1, frames - FRAMES + 1)
    return lambda: np.concatenate(
        [np.minimum(start + np.arange(FRAMES), frames - 1) for start in rng.integers(0, last, SNIPPETS)]
    )


def measure(file: Path, folder: Path) -> tuple[list[Row], tuple[float, float]]:
    """Rows of one clip, original and in both formats; ratios of bytes (JPEG) and of reading time (video)."""
    original = open_video(file)
    readers = {"original": reader(original, snippets(len(original)))}
    sizes, taken, errors = {"original": file.stat().st_size}, {"original": 0.0}, {"original": 0.0}
    numbers = np.linspace(0, len(original) - 1, 8).astype(int)
    for form in FORMS:
        stored = folder / f"{form}.mp4"
        start = time.perf_counter()
        settings = PrepareSettings(form=form)
        write_video(stored, original, settings)
        taken[form], sizes[form] = time.perf_counter() - start, stored.stat().st_size
        video = open_video(stored)
        expected = original.read(numbers, height=min(settings.height, original.height)).astype(int)
        found = video.read(numbers)
        errors[form] = float(np.abs(found - expected[:, : found.shape[1], : found.shape[2]]).mean())
        readers[form] = reader(video, snippets(len(video)))
    timed = in_turns(readers, REPEATS)
    name = f"{file.stem}, {original.width} x {original.height}, {original.end_s:.1f} s"
    rows = [
        (
            name,
            form,
            f"{sizes[form] / original.end_s / 1e3:.0f} kB",
            f"{taken[form] / original.end_s * 1e3:.0f} ms" if taken[form] else "",
            timed[form].milliseconds,
            f"{timed[form].ratio:.1f}x",
            f"{errors[form]:.1f}" if errors[form] else "",
        )
        for form in readers
    ]
    return rows, (sizes["jpeg"] / sizes["video"], timed["video"].seconds / timed["jpeg"].seconds)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=Path, nargs="+", help="video files")
    given = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {0})  # one core, as for a worker process in training
    rows: list[Row] = []
    compared: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for file in given.clips:
            found, ratios = measure(file, Path(folder))
            rows += found
            compared.append(ratios)
    bytes_more, time_more = (statistics.median(ratios) for ratios in zip(*compared, strict=True))
    lines = [
        machine(),
        "",
        f"One core. Stored at 240 rows. A view is {SNIPPETS} snippets of {FRAMES} consecutive frames, "
        f"{ROWS} rows high; x is the speed-up over the original clip, in the same rounds. Bytes and time of "
        "preparing are per second of clip. The difference is the mean absolute one of pixels, range 255.",
        "",
        *as_table(("clip", "format", "bytes", "preparing", "one view", "faster", "difference"), rows),
        "",
        f"In the median, JPEG takes {bytes_more:.1f} times the bytes, video {time_more:.1f} times the time "
        "of a view. `video` is the default: smaller files matter if the data do not fit into memory.",
    ]
    write_report(OUTPUT, lines)


if __name__ == "__main__":
    main()
