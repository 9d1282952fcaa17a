"""Reading video against OpenCV, on the same clips: `make video-benchmarks`.

Both decode with the same number of threads and return RGB frames of height 240. They read every frame, and 12
snippets of 16 consecutive frames, as a network needs them. The number of frames that need not be decoded
depends on the keyframes, so there are two clips: with the keyframes of x264's default, and with one each
second.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path

import av
import cv2
import numpy as np
from timing import as_table, in_turns, machine, write_report

from affekt.media.video import open_video

OUTPUT = Path(__file__).parent / "results" / "video.md"
RATE_HZ, SMALL = 30, 240  # frames/s of the clips; rows that are read
SNIPPETS, LENGTH = 12, 16
REPEATS = 3
OTHER = 8  # mean difference of pixels: resize filters differ by 4, consecutive frames by more
THREADS = os.cpu_count() or 1
KEYFRAMES = {"default keyframes of x264": "", "a keyframe each second": f"keyint={RATE_HZ}:scenecut=0"}
Row = tuple[str, ...]


def write_clip(path: Path, seconds: int, height: int, params: str = "") -> Path:
    """A clip of moving blurred noise under a circling disc: neither still nor incompressible."""
    width, lap = height * 16 // 9, 3 * RATE_HZ
    noise = np.random.default_rng(0).integers(0, 256, (height // 8, (width + 4 * lap) // 8, 3), np.uint8)
    noise = cv2.resize(noise, (width + 4 * lap, height), interpolation=cv2.INTER_CUBIC)
    pictures = []
    for number in range(lap):
        picture: np.ndarray = noise[:, 4 * number : 4 * number + width].copy()
        angle = 2 * np.pi * number / lap
        centre = (int(width * (0.5 + 0.3 * np.cos(angle))), int(height * (0.5 + 0.3 * np.sin(angle))))
        cv2.circle(picture, centre, height // 6, (200, 160, 120), -1)
        pictures.append(
            av.VideoFrame.from_ndarray(picture.astype(np.uint8), format="rgb24").reformat(format="yuv420p")
        )
    there_and_back = cycle([*pictures, *pictures[::-1]])
    with av.open(str(path), "w") as file:
        track = file.add_stream(
            "libx264", rate=RATE_HZ, options={"preset": "veryfast", "x264-params": params}
        )
        track.height, track.width, track.pix_fmt = height, width, "yuv420p"
        for number, frame in enumerate(islice(there_and_back, seconds * RATE_HZ)):
            frame.pts = number
            file.mux(track.encode(frame))
        file.mux(track.encode())
    return path


def snippets(frames: int) -> np.ndarray:
    """Frame numbers (12, 16): the middle of each twelfth of a clip."""
    middles = (np.arange(SNIPPETS) + 0.5) * frames / SNIPPETS
    return (middles - LENGTH / 2).astype(int)[:, None] + np.arange(LENGTH)


def ours_all(path: Path) -> np.ndarray:
    last = np.zeros(0, np.uint8)
    for _, pixels in open_video(path).frames(height=SMALL):
        last = pixels
    return last[None]


def ours_snippets(path: Path) -> np.ndarray:
    video = open_video(path)
    return video.read(snippets(len(video)).ravel(), height=SMALL)


def capture(path: Path) -> cv2.VideoCapture:
    return cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, THREADS])


def small_rgb(picture: np.ndarray) -> np.ndarray:
    size = (round(picture.shape[1] * SMALL / picture.shape[0]), SMALL)
    return cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)


def opencv_all(path: Path) -> np.ndarray:
    clip, pixels = capture(path), np.zeros(0, np.uint8)
    while clip.grab():
        pixels = small_rgb(clip.retrieve()[1])
    return pixels[None]


def opencv_in_order(path: Path) -> np.ndarray:
    """Decode every frame, convert only the requested ones."""
    clip, found = capture(path), []
    wanted = set(snippets(int(clip.get(cv2.CAP_PROP_FRAME_COUNT))).ravel().tolist())
    for number in range(max(wanted) + 1):
        clip.grab()
        if number in wanted:
            found.append(small_rgb(clip.retrieve()[1]))
    return np.stack(found)


def opencv_jumping(path: Path) -> np.ndarray:
    """Seek to each snippet."""
    clip, found = capture(path), []
    for numbers in snippets(int(clip.get(cv2.CAP_PROP_FRAME_COUNT))):
        clip.set(cv2.CAP_PROP_POS_FRAMES, int(numbers[0]))
        found += [small_rgb(clip.read()[1]) for _ in numbers]
    return np.stack(found)


def speed(path: Path, title: str) -> list[Row]:
    """Rows with the time of each reader; all must return the same frames."""
    rows: list[Row] = []
    for what, calls in {
        "every frame": {"affekt": ours_all, "OpenCV": opencv_all},
        f"{SNIPPETS} x {LENGTH} frames": {
            "affekt": ours_snippets,
            "OpenCV, in order": opencv_in_order,
            "OpenCV, jumping": opencv_jumping,
        },
    }.items():
        expected = calls["affekt"](path).astype(int)
        for name, call in calls.items():
            apart = np.abs(call(path) - expected).mean(axis=(1, 2, 3))
            if apart.max() > OTHER:
                print(f"{title}, {what}, {name}: {int((apart > OTHER).sum())} of {len(apart)} frames differ")
        timed = in_turns({name: partial(call, path) for name, call in calls.items()}, REPEATS)
        ours = timed["affekt"].seconds
        for name, taken in timed.items():
            slower = "" if name == "affekt" else f"{1 / taken.ratio:.2f}x"
            rows.append((title, what, name, f"{taken.seconds:.2f} s", slower))
        print(f"{title}, {what}: {ours:.2f} s", flush=True)
    return rows


def grown_mb(call: Callable[[Path], object], short: Path, path: Path) -> float:
    """Increase of the peak resident memory by a call, in a separate process.

    The memory for reading a short clip, which any clip needs, is subtracted.
    """
    code = [sys.executable, __file__, call.__name__, str(short), str(path)]
    return float(subprocess.run(code, check=True, capture_output=True, text=True).stdout)


def print_growth(name: str, short: Path, path: Path) -> None:
    """Measure in the child process."""
    call: Callable[[Path], object] = globals()[name]
    call(short)
    before = peak_mb()
    call(path)
    print(peak_mb() - before)


def peak_mb() -> float:
    """Peak resident memory of this process; `getrusage` would include that of its parent."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def main() -> None:
    rows: list[Row] = []
    memory: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, (title, params) in enumerate(KEYFRAMES.items()):
            rows += speed(write_clip(folder / f"{number}.mp4", 60, 720, params), title)
        clips = [write_clip(folder / f"{minutes}.mp4", 60 * minutes, 360) for minutes in (1, 10)]
        short = write_clip(folder / "short.mp4", 10, 360)
        for what, call in {"every frame": ours_all, f"{SNIPPETS} x {LENGTH} frames": ours_snippets}.items():
            memory.append((what, *(f"{grown_mb(call, short, clip):.0f} MB" for clip in clips)))
    lines = [
        machine(),
        f"PyAV {version('av')}, OpenCV {cv2.__version__}, {THREADS} threads each.",
        "",
        f"60 s of 1280 x 720 at {RATE_HZ} frames/s, H.264, to RGB of height {SMALL}; files are opened and",
        "indexed again each time. Medians; ratios within rounds.",
        "",
        *as_table(("clip", "read", "by", "time", "time / ours"), rows),
        "",
        "Growth of affekt's peak resident memory over that of reading 10 s, 640 x 360:",
        "",
        *as_table(("read", "1 minute", "10 minutes"), memory),
    ]
    write_report(OUTPUT, lines)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print_growth(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
