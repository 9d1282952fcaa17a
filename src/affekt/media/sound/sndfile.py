"""Sound files that libsndfile reads."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import soundfile

from affekt.core.errors import MediaError
from affekt.media.sound.sizes import held_share
from affekt.media.sound.tracks import BLOCK, NoSound, PassSummary, check_format

# First bytes of formats of which FFmpeg decodes at least as much: its error is final. MPEG audio begins with
# eleven set bits.
_FFMPEG_KNOWS = (b"fLaC", b"OggS", b"RIFX", b"ID3")
_MPEG = 0xFFE0
_PROBES, _PROBED = 16, 2**14  # number of probed positions, and samples at each
_MAX_PADDING_S = 0.2  # of the last block of a codec


def open_other(path: Path) -> SndfileTrack | None:
    """A file of a format that FFmpeg does not read, such as NIST SPHERE; None if libsndfile cannot read it.

    Raises:
        MediaError: It states an implausible rate or number of channels.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
        is_mpeg = int.from_bytes(head[:2], "big") & _MPEG == _MPEG
        if is_mpeg or head.startswith(_FFMPEG_KNOWS):
            return None
        track = SndfileTrack(path)
    except (soundfile.SoundFileError, OSError, NoSound):
        return None
    share = held_share(path)
    if share is not None and 0 < share < 1:
        track.set_stated(track.stated_s() / share)
    return track


class SndfileTrack:
    """A file that libsndfile reads; it seeks to any sample exactly if the codec allows it.

    Args:
        content: Read instead of the file, and closed with the track.

    Raises:
        soundfile.SoundFileError: It cannot be read.
        MediaError: It holds no sample, or states an implausible rate or number of channels.
    """

    def __init__(self, path: Path, content: io.RawIOBase | None = None) -> None:
        self.name, self._path = str(path), path
        # Opened by its descriptor, so that the suffix is ignored.
        self._bytes: io.RawIOBase = path.open("rb", buffering=0) if content is None else content
        self._has_content = content is not None
        try:
            self._file = self._opened()
            self._at = 0  # position of the next sample that libsndfile reads
            self.format = self._file.format
            self.rate_hz, self.channels = self._file.samplerate, self._file.channels
            self.exact = self._file.subtype in ("FLOAT", "DOUBLE")
            check_format(self.name, self.rate_hz, self.channels)
            self._frames: int = self._file.frames
            self._stated_s: float | None = None
            self._first = self._covered = 0
            if not self._frames:
                raise NoSound(f"{path} holds no sample")
            self._at = len(self._file.read(1))
            if not self._at:
                raise MediaError(f"{path} holds no sound that can be decoded")
        except BaseException:
            self._bytes.close()
            raise

    def _opened(self) -> soundfile.SoundFile:
        self._bytes.seek(0)
        if self._has_content:
            return soundfile.SoundFile(cast("BinaryIO", self._bytes), closefd=False)
        return soundfile.SoundFile(self._bytes.fileno(), closefd=False)

    def trim(self, frames: int | None) -> None:
        """Leave out the padding of a codec's last block, beyond the stated length of the file."""
        is_plain = self._file.subtype in _PLAIN
        if frames and not is_plain and 0 < self._frames - frames <= _MAX_PADDING_S * self.rate_hz:
            self._frames = frames

    def set_stated(self, seconds: float) -> None:
        """Set the duration that the header of a cut-off file states."""
        self._stated_s = seconds

    def blocks(self, first: int) -> Iterator[np.ndarray]:
        self._first = self._covered = first
        if first >= self._frames:
            return
        try:
            self._go_to(first)
            while self._at < self._frames:
                block = self._file.read(min(BLOCK, self._frames - self._at), dtype="float32", always_2d=True)
                if not len(block):
                    return
                self._at += len(block)
                self._covered = self._at
                yield block.T
        except soundfile.LibsndfileError:
            return  # the rest is cut off or damaged

    def _go_to(self, place: int) -> None:
        if place == self._at:
            return
        if self._file.seekable():
            self._at = self._file.seek(place)
            return
        if place < self._at:
            self._file.close()
            self._file, self._at = self._opened(), 0
        while self._at < place and (passed := len(self._file.read(min(BLOCK, place - self._at)))):
            self._at += passed

    def probe(self) -> np.ndarray:
        starts = np.linspace(0, max(0, self._frames - _PROBED), _PROBES, dtype=int)
        values: list[np.ndarray] = []
        try:
            for start in np.unique(starts):
                self._go_to(int(start))
                block = self._file.read(min(_PROBED, self._frames - self._at), dtype="float32")
                self._at += len(block)
                values.append(block.ravel())
        except soundfile.LibsndfileError:
            pass  # the rest is cut off; the values so far determine the range
        return np.concatenate(values) if values else np.zeros(0, np.float32)

    def summary(self, stop: int | None) -> PassSummary:
        end = self._covered if stop is None else min(stop, self._covered)
        is_at_end = self._covered >= self._frames and (stop is None or self._covered < stop)
        return PassSummary(
            covered_s=(end - self._first) / self.rate_hz,
            ends_s=end / self.rate_hz if is_at_end and self._stated_s is not None else None,
            stated_s=self._stated_s,
        )

    def end(self) -> int:
        last = self._frames - 1
        if next(self.blocks(last), None) is not None:
            return last + 1
        return sum(block.shape[1] for block in self.blocks(0))

    def stated_s(self) -> float:
        return self._frames / self.rate_hz

    def close(self) -> None:
        self._file.close()
        self._bytes.close()


# Codecs that store each sample separately, without padding.
_PLAIN = ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW")
