"""`affekt analyze` on an invented conversation of any length: time against real time, by stage, and memory.

    python benchmarks/analysis.py [--minutes 10] [--heights 360 720] [--threads 2] [--seconds 900]

The film is one lap of 30 s of two drawn people who talk (`affekt.testing.conversation`), whose packets are
copied; the subtitles are those of the lap, again and again. Starters answer for faces, voices and words, with
the parts that are on this computer. Written to `benchmarks/results/analysis.md`.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import av
import psutil
from limits import Doing, Limits
from timing import as_table, machine, write_report

from affekt.analysis.parts import parts_here
from affekt.report.annotations.srt import write_cues
from affekt.testing.conversation import NAMES, write_conversation

OUTPUT = Path(__file__).parent / "results" / "analysis.md"
LAP_S = 30.0
POLL_S = 0.1
QUARTERS = 4
GAP_S = 0.1  # between laps: the last packet of sound ends after the picture


class Analyzed(NamedTuple):
    """One analysis.

    Attributes:
        stages_s: Wall time by stage.
        memory_mb: Largest resident memory in each quarter of the stage of faces, which is the longest.
    """

    duration_s: float
    all_s: float
    stages_s: dict[str, float]
    memory_mb: list[float]
    persons: int
    named: int


def write_film(folder: Path, height: int, minutes: float) -> Path:
    """The film, and subtitles beside it."""
    talk = write_conversation(folder / "lap", duration_s=LAP_S, width=height * 16 // 9, height=height)
    film = folder / "film.mp4"
    with av.open(str(talk.film)) as file, av.open(str(film), "w") as out:
        assert file.duration is not None, "an MP4 states its length"
        lap_s = file.duration / av.time_base + GAP_S
        laps = max(1, round(60 * minutes / lap_s))
        copies = {stream.index: out.add_stream_from_template(stream) for stream in file.streams}
        packets = [(one, one.stream.index, one.pts or 0, one.dts or 0) for one in file.demux() if one.size]
        for lap in range(laps):
            for packet, index, pts, dts in packets:
                base = packet.time_base
                assert base is not None, "tracks of MP4 have time bases"
                later = round(lap * lap_s / base)
                packet.pts, packet.dts, packet.stream = pts + later, dts + later, copies[index]
                out.mux(packet)
    write_cues(
        film.with_suffix(".srt"),
        (
            (turn.start_s + lap * lap_s, turn.end_s + lap * lap_s, f"{NAMES[turn.speaker]}: {words}")
            for lap in range(laps)
            for turn, words in zip(talk.turns, talk.words, strict=True)
        ),
    )
    return film


def analyzed(film: Path, threads: int) -> Iterator[Doing | Analyzed]:
    """Analyze a film in this process."""
    import affekt

    yield Doing(film.name)
    here = psutil.Process()
    shares: list[tuple[float, float]] = []  # share of the faces that is done, and the memory then
    begins: dict[str, float] = {}
    done = threading.Event()
    share = 0.0

    def watch() -> None:
        while not done.wait(POLL_S):
            shares.append((share, here.memory_info().rss / 2**20))

    def on_stage(stage: str, done_s: float, all_s: float) -> None:
        nonlocal share
        begins.setdefault(stage, time.perf_counter())
        share = done_s / all_s if stage == "faces" else 0.0

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun = time.perf_counter()
    timeline = affekt.analyze(film, threads=threads, recognize=False, on_stage=on_stage)
    ended = time.perf_counter()
    done.set()
    watcher.join()
    edges = [*begins.values(), ended]
    stages_s = dict(zip(begins, (after - at for at, after in pairwise(edges)), strict=True))
    memory = [
        max((mb for at, mb in shares if low < at <= low + 1 / QUARTERS), default=0.0)
        for low in (number / QUARTERS for number in range(QUARTERS))
    ]
    faces = {track.person for track in timeline.tracks if track.modality == "face"}
    named = sum(person.name is not None and person.id in faces for person in timeline.persons)
    yield Analyzed(timeline.medium.duration_s, ended - begun, stages_s, memory, len(timeline.persons), named)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--heights", type=int, nargs="+", default=[360, 720])
    parser.add_argument("--threads", type=int, default=2)
    Limits.add_to(parser)
    options = parser.parse_args()
    limits = Limits.of(options)
    rows: list[tuple[str, ...]] = []
    for height in options.heights:
        with tempfile.TemporaryDirectory() as folder:
            film = write_film(Path(folder), height, options.minutes)
            for one in limits.run(f"{height}p", partial(analyzed, film, options.threads)):
                stages = ", ".join(f"{name} {took / one.all_s:.0%}" for name, took in one.stages_s.items())
                rows.append(
                    (
                        f"{height * 16 // 9} x {height}, {one.duration_s / 60:.0f} min",
                        f"{one.all_s:.0f} s",
                        f"{one.duration_s / one.all_s:.1f}x",
                        stages,
                        ", ".join(f"{mb:.0f}" for mb in one.memory_mb) + " MB",
                        f"{one.persons}, {one.named} of them a face with a name",
                    )
                )
    columns = (
        "film",
        "time",
        "real time",
        "shares of the stages",
        "memory by quarter of the faces",
        "persons",
    )
    parts = ", ".join(f"{name} {version}" for name, version in parts_here().items())
    write_report(
        OUTPUT,
        [
            "# Any clip",
            "",
            machine(),
            "",
            f"Two drawn people who talk, with subtitles that name them; {options.threads} threads. "
            f"Parts: {parts}.",
            "",
            *as_table(columns, rows),
            *limits.lines(),
        ],
    )
    limits.check()


if __name__ == "__main__":
    main()
