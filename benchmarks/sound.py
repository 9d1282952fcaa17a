"""Sound features and decoding against librosa: `make sound-benchmarks`.

One minute of stereo sound at 44.1 kHz, one thread, alternating calls. librosa computes the same MFCC; it has
no Kaldi filterbank, for which it computes a mel spectrogram of the same size.
"""

from __future__ import annotations

import tempfile
from functools import partial
from importlib.metadata import version
from pathlib import Path

import av
import librosa
import numpy as np
import soundfile
from av.audio.resampler import AudioResampler
from threadpoolctl import threadpool_limits
from timing import Call, as_table, in_turns, machine, write_report

from affekt.media.sound import read_sound
from affekt.media.sound.spectrum import kaldi_filterbank, log_mel, mfcc

OUTPUT = Path(__file__).parent / "results" / "sound.md"
RATE, SECONDS, REPEATS = 44_100, 60, 15
SPAN_S = (40.0, 45.0)
COLUMNS = ("what", "affekt", "times real time", "librosa", "times real time", "librosa / affekt")
Row = tuple[str, ...]


def make_sound() -> np.ndarray:
    """A chirp with amplitude-modulated noise, (2, n)."""
    t = np.arange(SECONDS * RATE) / RATE
    noise = 0.05 * np.random.default_rng(0).standard_normal(len(t)) * (0.2 + np.abs(np.sin(9.4 * t)))
    left = 0.3 * np.sin(2 * np.pi * (200 + 20 * t) * t) + noise
    return np.stack([left, 0.5 * left]).astype(np.float32)


def encode(path: Path, sound: np.ndarray, codec: str) -> Path:
    """Write a file with one audio track."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=RATE)
        if not isinstance(stream, av.AudioStream):
            raise TypeError(f"{codec} is not an audio codec")
        stream.layout = "stereo"
        context = stream.codec_context
        context.open()
        resampler = AudioResampler(context.format, context.layout, RATE, context.frame_size or 4096)
        frame = av.AudioFrame.from_ndarray(sound, "fltp", "stereo")
        frame.sample_rate, frame.pts = RATE, 0
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(stream.encode(piece))
        file.mux(stream.encode())
    return path


def side_by_side(what: str, ours: Call, theirs: Call | None, seconds: float = SECONDS) -> Row:
    """A row of both libraries: times, speed relative to real time, and the ratio."""
    timed = in_turns({"librosa": theirs, "affekt": ours} if theirs else {"affekt": ours}, REPEATS)
    fast = timed["affekt"]
    cells = (fast.milliseconds, f"{seconds / fast.seconds:,.0f}")
    if not theirs:
        return (what, *cells, "cannot read it", "", "")
    slow = timed["librosa"]
    return (what, *cells, slow.milliseconds, f"{seconds / slow.seconds:,.0f}", f"{fast.ratio:.2f}x")


def features(samples: np.ndarray) -> list[Row]:
    """MFCC, log-mel spectrogram, filterbank."""

    def their_log_mel() -> np.ndarray:
        return librosa.power_to_db(librosa.feature.melspectrogram(y=samples, sr=RATE, n_mels=128))

    def their_filterbank() -> np.ndarray:
        spectrum = librosa.feature.melspectrogram(
            y=samples, sr=RATE, n_fft=2048, win_length=1102, hop_length=441, n_mels=128, center=False
        )
        return np.log(np.maximum(spectrum, 1.2e-7))

    return [
        side_by_side(
            "MFCC, 32 of 128 mels, window 2048, hop 512",
            lambda: mfcc(samples, RATE, padding="constant"),
            lambda: librosa.feature.mfcc(y=samples, sr=RATE, n_mfcc=32),
        ),
        side_by_side(
            "log-mel spectrogram, 128 mels, window 2048, hop 512",
            lambda: log_mel(samples, RATE, padding="constant"),
            their_log_mel,
        ),
        side_by_side(
            "filterbank, 128 bins, 25 ms each 10 ms (librosa: a mel spectrogram of that size)",
            lambda: kaldi_filterbank(samples, RATE),
            their_filterbank,
        ),
    ]


def decoding(folder: Path, sound: np.ndarray) -> list[Row]:
    """Whole files to one channel, at their own and at another sample rate, and a span of each."""
    files = {
        "WAV": folder / "sound.wav",
        "FLAC": encode(folder / "sound.flac", sound, "flac"),
        "MP3": encode(folder / "sound.mp3", sound, "libmp3lame"),
        "AAC in MP4": encode(folder / "sound.mp4", sound, "aac"),
    }
    soundfile.write(files["WAV"], sound.T, RATE)
    start_s, stop_s = SPAN_S
    part = {"offset": start_s, "duration": stop_s - start_s}
    rows: list[Row] = []
    for name, path in files.items():
        # librosa needs the ffmpeg program to read AAC.
        theirs = None if name == "AAC in MP4" else partial(librosa.load, path)
        rows += [
            side_by_side(f"decode {name}", partial(read_sound, path), theirs and partial(theirs, sr=None)),
            side_by_side(
                f"decode {name} to 16 kHz",
                partial(read_sound, path, rate_hz=16_000),
                theirs and partial(theirs, sr=16_000),
            ),
            side_by_side(
                f"{stop_s - start_s:.0f} s from the middle of {name}",
                partial(read_sound, path, start_s=start_s, stop_s=stop_s),
                theirs and partial(theirs, sr=None, **part),
                stop_s - start_s,
            ),
        ]
    return rows


def main() -> None:
    sound = make_sound()
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        rows = [*features(sound[0]), *decoding(Path(folder), sound)]
    write_report(
        OUTPUT,
        [
            "# Sound features and decoding",
            "",
            f"Written by `make sound-benchmarks`. {machine()} librosa {version('librosa')}, "
            f"PyAV {version('av')}.",
            "",
            f"{SECONDS} s of stereo sound at {RATE / 1000} kHz, decoded to one channel; one thread; medians "
            f"of {REPEATS} rounds of alternating calls, ratios within rounds. Files are in the page cache. "
            "librosa reads AAC only with the ffmpeg program, which affekt does not need.",
            "",
            *as_table(COLUMNS, rows),
        ],
    )


if __name__ == "__main__":
    main()
