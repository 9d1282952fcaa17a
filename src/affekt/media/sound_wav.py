"""WAV files, read by libsndfile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from affekt.media.sound_tracks import BLOCK, NoSound, check_format


def open_wav(path: Path) -> WavFile | None:
    """A WAV file, by its first bytes; None where FFmpeg should try, which knows more variants.

    WAV is what libsndfile reads faster; FFmpeg saves more of cut-off FLAC and MP3.
    """
    try:
        with path.open("rb") as file:
            head = file.read(12)
        is_wav = head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE"
        return WavFile(path) if is_wav else None
    except (soundfile.SoundFileError, OSError):
        return None


class WavFile:
    """WAV and its wider relatives, read by libsndfile; it jumps to any sample exactly."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        # By its descriptor, so that no suffix is believed.
        self._bytes = path.open("rb", buffering=0)
        try:
            self._file = soundfile.SoundFile(self._bytes.fileno(), closefd=False)
            if self._file.format not in ("WAV", "WAVEX", "RF64"):
                raise soundfile.SoundFileRuntimeError(f"{self._file.format} is left to FFmpeg")
            self.rate_hz, self.channels = self._file.samplerate, self._file.channels
            self.exact = self._file.subtype in ("FLOAT", "DOUBLE")
            check_format(self.name, self.rate_hz, self.channels)
            if not self._file.frames:
                raise NoSound(f"{path} holds no sample")
            self._file.read(1)
        except BaseException:
            self._bytes.close()
            raise

    def blocks(self, first: int) -> Iterator[np.ndarray]:
        if first >= self._file.frames:
            return
        try:
            self._file.seek(first)
            while len(block := self._file.read(BLOCK, dtype="float32", always_2d=True)):
                yield block.T
        except soundfile.LibsndfileError:
            return  # what follows is cut off or damaged

    def end(self) -> int:
        last = self._file.frames - 1
        if next(self.blocks(last), None) is not None:
            return last + 1
        return sum(block.shape[1] for block in self.blocks(0))

    def stated_s(self) -> float:
        return self._file.frames / self.rate_hz

    def close(self) -> None:
        self._file.close()
        self._bytes.close()
