"""Folders of frames: 000001.jpg, 000002.jpg ..., or one name before all numbers, as in frame_0001.png."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from affekt.core.errors import MediaError
from affekt.media.image import SUFFIXES, read_image, resize

_NUMBERED = re.compile(r"(?P<name>.*?)(?P<number>[0-9]{1,12})")
COUNT_FILE = "n_frames"  # text file with the number of the last frame to use


class FolderSource:
    """The frames of a folder, one picture file each."""

    def __init__(self, folder: Path, files: list[Path], rate_hz: float, notes: list[str]) -> None:
        self._files = files
        self.name, self.notes = str(folder), notes
        self.times_s = np.arange(len(files)) / rate_hz
        self.end_s = len(files) / rate_hz
        self.sound_tracks = 0
        self.replacements: dict[int, int] = {}
        self._broken: dict[int, str] = {}
        self.height, self.width = self._picture(0).shape[:2]

    def pictures(self, numbers: Sequence[int], height: int, width: int) -> Iterator[tuple[int, np.ndarray]]:
        """Frames of increasing numbers; unreadable ones are replaced by their neighbours.

        Raises:
            MediaError: No picture of the folder can be read.
        """
        for number in numbers:
            picture = self._picture(number)
            yield number, picture if picture.shape[:2] == (height, width) else resize(picture, height, width)

    def _picture(self, number: int) -> np.ndarray:
        """The frame, or the nearest earlier, or else the nearest later frame that can be read."""
        for candidate in (*range(number, -1, -1), *range(number + 1, len(self._files))):
            if candidate in self._broken:
                continue
            try:
                picture = read_image(self._files[candidate])
            except MediaError as error:
                self._broken[candidate] = str(error)
                continue
            if candidate != number:
                self.replacements[number] = candidate
            return picture
        raise MediaError(f"{self.name} holds no picture that can be read: {self._broken[0]}")


def open_folder(folder: Path, rate_hz: float) -> FolderSource:
    """The frames of a folder, in order of their numbers.

    Raises:
        MediaError: The folder holds no frames, or no readable ones.
    """
    try:
        files = numbered_frames(folder.iterdir())
    except OSError as error:
        raise MediaError(f"{folder} cannot be read: {error.strerror}") from None
    if not files:
        raise MediaError(f"{folder} holds no frames: pictures named 000001.jpg, 000002.jpg ... are expected")
    first, last, notes = min(files), max(files), []
    stated = _stated(folder / COUNT_FILE)
    if isinstance(stated, str):
        notes.append(
            f"{COUNT_FILE} states {stated!r}, which is not a number: all {len(files)} files were used"
        )
    elif stated is not None and not first <= stated <= last:
        notes.append(
            f"{COUNT_FILE} states {stated}, but the files are numbered {first} to {last}: all were used"
        )
    elif stated is not None:
        last = stated
    span = range(first, last + 1)
    absent = len(span) - sum(number in span for number in files)
    if absent > len(files):
        raise MediaError(f"{folder} has frames numbered {first} to {last}, but {absent} of them are missing")
    if absent:
        notes.append(
            f"{absent} of {len(span)} frames are missing: they were replaced by the nearest earlier ones"
        )
    kept = [files[first]]
    for number in span[1:]:
        kept.append(files.get(number, kept[-1]))
    return FolderSource(folder, kept, rate_hz, notes)


def numbered_frames(files: Iterable[Path]) -> dict[int, Path]:
    """The frames among the files of one folder, by their numbers; empty if there are none.

    Frames have numbers for names; or, where no file has, the same name before the number throughout.
    """
    frames: dict[str, dict[int, Path]] = {}
    for file in sorted(files):
        found = _NUMBERED.fullmatch(file.stem) if file.suffix.lower() in SUFFIXES else None
        if found:
            frames.setdefault(found["name"], {})[int(found["number"])] = file
    if "" in frames:
        return frames[""]
    return next(iter(frames.values())) if len(frames) == 1 else {}


def is_folder_of_frames(folder: Path, files: Sequence[Path]) -> bool:
    """Whether the files of a folder are the frames of a clip: most of them are numbered, and there are two.

    Args:
        files: Directly in the folder.
    """
    frames = numbered_frames(files)
    return len(frames) > 1 and 2 * len(frames) > len([file for file in files if file.name != COUNT_FILE])


def _stated(file: Path) -> int | str | None:
    """Content of the count file: a number or other text; None without the file."""
    try:
        with file.open("rb") as stream:
            text = stream.read(40).decode("ascii", errors="replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        return str(error.strerror)
    try:
        return int(text)
    except ValueError:
        return text
