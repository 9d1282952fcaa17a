"""Log-mel spectrograms of untrimmed video, against librosa: `make log-mel-benchmarks`.

Five minutes of stereo sound at 44.1 kHz, as a file and in memory, to the spectrogram rows of video with 25
frames per second; one thread, alternating calls. Then time and memory for two hours of sound.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from importlib.metadata import version
from pathlib import Path

import librosa
import numpy as np
import soundfile
from sound import encode
from threadpoolctl import threadpool_limits
from timing import as_table, in_turns, machine, write_report
from video import peak_mb

from affekt.media.cells import FFT, HOP, MELS, log_mel_rate, log_mel_rows
from affekt.media.sound import Waveform

OUTPUT = Path(__file__).parent / "results" / "log_mel.md"
FRAMES_HZ = 25.0  # frame rate of the video
RATE, SECONDS, REPEATS = 44_100, 300, 7
LONG_RATE, LONG_S = 16_000, (60, 7_200)
COLUMNS = ("sound", "affekt", "times real time", "librosa", "times real time", "librosa / affekt")
Row = tuple[str, ...]


def make_sound(seconds: int, rate_hz: int) -> np.ndarray:
    """Repeated chirps with amplitude-modulated noise, (2, n) float32."""
    t = np.arange(seconds * rate_hz, dtype=np.float32) / rate_hz
    noise = 0.05 * np.random.default_rng(0).standard_normal(len(t), np.float32)
    left = 0.3 * np.sin(2 * np.pi * (200 + 100 * (t % 10)) * (t % 10)) + noise * np.abs(np.sin(9.4 * t))
    return np.stack([left, 0.5 * left]).astype(np.float32)


def of_librosa(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """The same rows."""
    spectrum = librosa.feature.melspectrogram(y=samples, sr=rate_hz, n_fft=FFT, hop_length=HOP, n_mels=MELS)
    return librosa.power_to_db(spectrum).T


def file_of_librosa(path: Path) -> np.ndarray:
    """The same rows of a file."""
    samples, rate_hz = librosa.load(path, sr=log_mel_rate(FRAMES_HZ))
    return of_librosa(samples, int(rate_hz))


def wave_of_librosa(sound: np.ndarray) -> np.ndarray:
    """The same rows of a sound in memory."""
    rate_hz = log_mel_rate(FRAMES_HZ)
    samples = librosa.resample(librosa.to_mono(sound), orig_sr=RATE, target_sr=rate_hz)
    return of_librosa(samples, rate_hz)


def side_by_side(folder: Path) -> list[Row]:
    """Rows of both libraries, for sound in memory and in files."""
    sound = make_sound(SECONDS, RATE)
    wav = folder / "sound.wav"
    soundfile.write(wav, sound.T, RATE)
    ready = make_sound(SECONDS, log_mel_rate(FRAMES_HZ))[:1]
    files = {
        "WAV": wav,
        "FLAC": encode(folder / "sound.flac", sound, "flac"),
        "MP3": encode(folder / "sound.mp3", sound, "libmp3lame"),
    }
    pairs = {
        "in memory, one channel at the required rate": (
            partial(log_mel_rows, Waveform(ready, log_mel_rate(FRAMES_HZ)), FRAMES_HZ),
            partial(of_librosa, ready[0], log_mel_rate(FRAMES_HZ)),
        ),
        "in memory": (
            partial(log_mel_rows, Waveform(sound, RATE), FRAMES_HZ),
            partial(wave_of_librosa, sound),
        ),
    } | {
        name: (partial(log_mel_rows, path, FRAMES_HZ), partial(file_of_librosa, path))
        for name, path in files.items()
    }
    rows: list[Row] = []
    for what, (ours, theirs) in pairs.items():
        timed = in_turns({"librosa": theirs, "affekt": ours}, REPEATS)
        fast, slow = timed["affekt"], timed["librosa"]
        rows.append(
            (
                what,
                fast.milliseconds,
                f"{SECONDS / fast.seconds:,.0f}",
                slow.milliseconds,
                f"{SECONDS / slow.seconds:,.0f}",
                f"{fast.ratio:.2f}x",
            )
        )
    return rows


def measured(short: Path, path: Path) -> list[float]:
    """Seconds, MB of the rows, and increase in MB of the peak memory of a process that has read `short`."""
    code = [sys.executable, __file__, str(short), str(path)]
    return [float(part) for part in subprocess.run(code, check=True, capture_output=True).stdout.split()]


def print_measured(short: Path, path: Path) -> None:
    """Measure in the child process."""
    log_mel_rows(short, FRAMES_HZ)
    before, start = peak_mb(), time.perf_counter()
    rows = log_mel_rows(path, FRAMES_HZ)
    print(time.perf_counter() - start, rows.nbytes / 2**20, peak_mb() - before)


def at_length(folder: Path) -> list[Row]:
    """Time and memory for a minute and for two hours."""
    minute = make_sound(60, LONG_RATE)[:1]
    short = folder / "short.wav"
    soundfile.write(short, minute[:, : 15 * LONG_RATE].T, LONG_RATE)
    rows: list[Row] = []
    for seconds in LONG_S:
        path = folder / f"long{seconds}.wav"
        with soundfile.SoundFile(path, "w", LONG_RATE, 1, "PCM_16") as file:
            for _ in range(seconds // 60):
                file.write(minute.T)
        taken, answer, grown = measured(short, path)
        rows.append(
            (
                time.strftime("%H:%M:%S", time.gmtime(seconds)),
                f"{taken:.1f} s",
                f"{seconds / taken:,.0f}",
                f"{answer:.0f} MB",
                f"{grown:.0f} MB",
            )
        )
    return rows


def main() -> None:
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name, threadpool_limits(1):
        folder = Path(name)
        rows, long_rows = side_by_side(folder), at_length(folder)
    write_report(
        OUTPUT,
        [
            "# Log-mel spectrograms of untrimmed video",
            "",
            f"Written by `python benchmarks/log_mel.py`. {machine()} librosa {version('librosa')}, PyAV "
            f"{version('av')}.",
            "",
            f"{SECONDS // 60} minutes of stereo sound at {RATE / 1000} kHz to a log-mel spectrogram of "
            f"{MELS} bins, two rows to each of {FRAMES_HZ:g} frames a second: decoded, mixed to one channel, "
            f"resampled to {log_mel_rate(FRAMES_HZ):,} Hz by soxr, in windows of {FFT} with hop {HOP}. One "
            f"thread; medians of {REPEATS} rounds of alternating calls, ratios within rounds. librosa keeps "
            "the whole sound in memory, affekt ten seconds of it. Load average of the machine: "
            f"{load:.1f} before, {os.getloadavg()[0]:.1f} after.",
            "",
            *as_table(COLUMNS, rows),
            "",
            f"WAV of one channel at {LONG_RATE / 1000:g} kHz, and growth of the peak memory of a process "
            "that has read 15 s:",
            "",
            *as_table(("length", "time", "times real time", "rows", "growth"), long_rows),
        ],
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print_measured(*map(Path, sys.argv[1:]))
    else:
        main()
