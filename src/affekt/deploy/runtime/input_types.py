"""Types of the inputs of `predict`: one input or several, each checked against the network's modality.

A path, an array, a picture, a sample or another decoded medium is one input. A list, tuple, set, generator or
column of a table of these is several.

For a network that reads words, a str is words or a path, never by chance: see `_words_or_path`.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

import numpy as np
from PIL import Image

from affekt.core.errors import MediaError, UsageError
from affekt.core.sample import Sample, Skipped
from affekt.media import image, skeleton, sound, text, video
from affekt.media.image.arrays import check_layout

if TYPE_CHECKING:

    class ArrayLike(Protocol):
        """A tensor of another library."""

        def __array__(self) -> np.ndarray: ...

    PredictInput = (
        str
        | os.PathLike[str]
        | Sample
        | skeleton.Skeleton
        | video.VideoFrames
        | video.Video
        | sound.Waveform
        | text.Text
        | np.ndarray
        | ArrayLike
        | Image.Image
        | image.ZippedImage
        | bytes
        | bytearray
        | memoryview
        | IO[bytes]
    )
else:
    PredictInput = Any  # `checked_input` checks it

# Decoded media by the modality that their type belongs to.
_DECODED: Mapping[type, str] = {
    skeleton.Skeleton: "skeleton",
    video.VideoFrames: "video",
    video.Video: "video",
    sound.Waveform: "audio",
    text.Text: "text",
    np.ndarray: "image",
    Image.Image: "image",
    image.ZippedImage: "image",
    bytes: "image",
}
# Inputs of a network of a modality besides paths and samples, and what to give in place of an array.
_ACCEPTED = {
    "image": "a picture of Pillow, an array (h, w, 3), the bytes of a picture file or an open binary file",
    "video": "a VideoFrames",
    "video+audio": "a VideoFrames",
    "skeleton": "a Skeleton",
    "audio": "a Waveform",
    "text": "words (a str, or affekt.media.text.Text)",
}
_INSTEAD_OF_ARRAY = {
    "video": "an array has no frame rate: give affekt.media.video.VideoFrames(pixels, times_s, end_s)",
    "video+audio": "an array has no frame rate: give affekt.media.video.VideoFrames(pixels, times_s, end_s)",
    "skeleton": "an array does not name its joints: give affekt.media.skeleton.Skeleton(positions, joints)",
    "audio": "an array has no sampling rate: give affekt.media.sound.Waveform(samples, rate_hz)",
    "text": "an array holds no words: give them as str",
}
# A Path has a single slash after the colon.
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):/|data:[a-z]+/", re.ASCII)
_LIVE = ("rtsp", "rtsps", "rtmp", "rtmps", "rtp", "udp", "srt", "mms")  # schemes of streams without an end
# A str without space that could be the name of a file: it has a suffix or a separator.
_LIKE_A_PATH = re.compile(r"\S*[/\\]\S*|\S+\.[A-Za-z][A-Za-z0-9]{0,4}|~\S*")
SHOWN = 80  # characters of a path in an error
MAX_PATH = 4096  # characters: a longer text is no path, and not shown whole


def inputs_of(given: Any, modality: str) -> Iterable[Any]:
    """The inputs in the argument of `predict`, each to be checked by `checked_input`.

    Raises:
        UsageError: There is none: its type or layout is not known, a path does not exist, or none of the
            inputs of a list can be used.
    """
    if not is_one(given):
        if hasattr(given, "columns"):
            raise UsageError(f"{_named(given)} is a table: give the column that holds the paths")
        if isinstance(given, Collection):  # which can be read twice
            _check_any(given, modality)
        return given
    numbers = _as_array(given)
    if numbers is not None and numbers.ndim == 4 and modality == "image" and len(numbers):
        checked_input(numbers[0], modality)
        return numbers
    return (checked_input(given, modality),)


def is_one(given: Any) -> bool:
    """Whether an argument is one input by its type, and not a collection or an iterator of inputs."""
    if isinstance(given, str | os.PathLike | Mapping | bytes | bytearray | memoryview):
        return True
    if isinstance(given, np.ndarray) and given.ndim == 0:
        return True
    is_medium = isinstance(given, (Sample, *_DECODED)) and not isinstance(given, np.ndarray)
    if is_medium or _is_open_file(given) or _as_array(given) is not None:
        return True
    return not isinstance(given, Iterable)


def checked_input(given: Any, modality: str) -> Any:
    """One input as a path that exists, a sample, or decoded media of the modality.

    Raises:
        UsageError: The path does not exist, or a network of this modality does not take such an input.
    """
    if isinstance(given, np.ndarray) and given.ndim == 0 and given.dtype.kind in "UO":
        given = given.item()  # a single string or object
    if isinstance(given, Sample):
        return given
    if isinstance(given, str) and reads_words(modality):
        return _words_or_path(given)
    if isinstance(given, str | os.PathLike):
        return checked_path(given)
    if isinstance(given, text.Text) and not given.words.strip():
        raise UsageError("the words are empty")
    if _is_open_file(given):
        given = _content(given, modality)
    if isinstance(given, bytearray | memoryview):
        given = bytes(given)
    numbers = None if isinstance(given, int | float | np.number) else _as_array(given)
    if numbers is not None:
        if modality in _INSTEAD_OF_ARRAY:
            raise UsageError(
                f"{_named(given)} is not an input of a network for {modality}: {_INSTEAD_OF_ARRAY[modality]}"
            )
        try:
            check_layout(numbers)
        except MediaError as error:
            raise UsageError(str(error)) from None
        return numbers
    kind = None if isinstance(given, np.ndarray) else modality_of(given)
    if kind is None or kind not in modality.split("+"):
        raise UsageError(
            f"{_named(given)} is not an input of a network for {modality}: give a path, a Sample"
            f"{', ' if modality == 'image' else ' or '}{_ACCEPTED.get(modality, 'decoded media')}"
        )
    return given


def reads_words(modality: str) -> bool:
    """Whether a network of a modality reads words, alone or with other media."""
    return "text" in modality.split("+")


def modality_of(given: Any) -> str | None:
    """The modality of decoded media; None for anything else."""
    return next((kind for known, kind in _DECODED.items() if isinstance(given, known)), None)


def each_checked(inputs: Iterable[Any], modality: str) -> Iterator[tuple[str, Any]]:
    """The name and the checked value of each input; one that cannot be used is `Skipped` with its reason."""
    for number, given in enumerate(inputs):
        name = f"input-{number}"
        try:
            found = checked_input(given, modality)
        except UsageError as error:
            if isinstance(given, str | os.PathLike):
                name = str(given)
            found = Skipped(name, str(error))
        yield name, found


def check_any_path(paths: Iterable[str | os.PathLike[str]]) -> None:
    """Refuse paths of which none exists.

    Raises:
        UsageError: With the reasons.
    """
    problems: list[str] = []
    for path in paths:
        try:
            checked_path(path)
        except UsageError as error:
            problems.append(str(error))
        else:
            return
    if problems:
        raise UsageError("; ".join(problems))


def _check_any(given: Collection[Any], modality: str) -> None:
    """Refuse a collection without any usable input: the caller meant something else."""
    first: UsageError | None = None
    for item in given:
        try:
            if not _is_open_file(item):  # which can be read only once
                checked_input(item, modality)
        except UsageError as error:
            first = first or error
        else:
            return
    if first is None:
        return
    if all(isinstance(item, int | float | np.number | list | tuple) for item in given):
        raise UsageError(
            f"a {type(given).__name__} of numbers or of lists is not an input: "
            "give one flat list of inputs, or pixels as an array (numpy.asarray(values, numpy.uint8))"
        )
    raise first if len(given) == 1 else UsageError(f"none of {len(given)} inputs can be used: {first}")


def _words_or_path(given: str) -> text.Text | Path:
    """A str for a network that reads words.

    It is a path if a file or folder of this name exists and it looks like a path: it ends in a suffix of
    files of lines, or has no space and a separator or any suffix. It is words if neither is the case.

    Raises:
        UsageError: Only one is the case, or it is empty.
    """
    if not given.strip():
        raise UsageError("the words are empty")
    try:
        exists = os.path.lexists(Path(given).expanduser() if given.startswith("~") else given)
    except (OSError, RuntimeError, ValueError):  # too long, an unknown user, a zero character
        exists = False
    like_a_path = bool(_LIKE_A_PATH.fullmatch(given)) or given.lower().endswith(text.SUFFIXES)
    if not exists and not like_a_path:
        return text.Text(given)
    if exists and like_a_path:
        return checked_path(given)
    shown = repr(given if len(given) <= SHOWN else f"{given[:SHOWN]}...")
    how = f"give affekt.media.text.Text({shown}) for words, pathlib.Path({shown}) for a file"
    if exists:
        raise UsageError(f"{shown} could be words, but a file or folder has this name: {how}")
    if _URL.match(given):
        return checked_path(given)  # raises
    raise UsageError(f"{shown} does not exist, though it looks like the name of a file: {how}")


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (OSError, ValueError):
        return False
    return True


def checked_path(given: str | os.PathLike[str]) -> Path:
    """A path that exists; `~` is expanded.

    Raises:
        UsageError: It does not exist, cannot be read, or is an address.
    """
    text = os.fsdecode(given)
    shown = text if len(text) <= MAX_PATH else f"{text[:SHOWN]}..."
    if not text:
        raise UsageError("a path is empty; a file or a folder was expected")
    path = Path(text)
    if (url := _URL.match(text)) and (isinstance(given, str) or not _exists(path)):
        live = (url["scheme"] or "").lower() in _LIVE
        what = "the address of a live stream" if live else "a URL"
        shown = re.sub(r"^([^/:]+):/(?!/)", r"\1://", shown)  # a Path drops a slash
        advice = "record a part of it into a file" if live else "download it, give its path"
        raise UsageError(f"{shown} is {what}, and affekt opens no network connection: {advice}")
    with suppress(RuntimeError):  # an unknown user
        path = path.expanduser() if text.startswith("~") and not os.path.lexists(text) else path
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{shown} does not exist") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{shown} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return path


def _content(stream: Any, modality: str) -> bytes:
    """The bytes of an open file, from its start if it can be rewound."""
    if modality != "image":
        raise UsageError(f"an open file is not an input of a network for {modality}: give its path")
    if isinstance(stream, io.TextIOBase):
        raise UsageError("a file opened as text is not an input: open pictures as binary, give paths as list")
    try:
        if stream.seekable():
            stream.seek(0)
        content = stream.read(image.MAX_BYTES + 1)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise UsageError(f"{_named(stream)} cannot be read: {error}") from None
    if not isinstance(content, bytes) or len(content) > image.MAX_BYTES:
        raise UsageError(
            f"{_named(stream)} does not hold the bytes of a picture, {image.MAX_BYTES / 2**20:.0f} MB at most"
        )
    return content


def _is_open_file(given: Any) -> bool:
    return hasattr(given, "read") and not isinstance(given, (Sample, *_DECODED))


def _as_array(given: Any) -> np.ndarray | None:
    """The numbers of an array, or of a tensor of another library; None for anything else."""
    if isinstance(given, str | bytes | Image.Image) or not hasattr(type(given), "__array__"):
        return None
    if not isinstance(given, np.ndarray):
        if type(given).__module__.partition(".")[0] == "pandas":
            return None  # a column of paths, or a table
        try:
            # A tensor may be on another device or part of a graph; torch itself is not imported here.
            given = np.asarray(given.detach().cpu() if hasattr(given, "detach") else given)
        except (TypeError, ValueError, RuntimeError) as error:
            raise UsageError(f"{_named(given)} cannot be read as an array: {error}") from None
    return given if given.dtype.kind in "buifc" else None


def _named(given: Any) -> str:
    kind = type(given)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    if isinstance(given, np.ndarray):
        return f"an array of {given.dtype} and shape {given.shape}"
    return f"{given!r} ({name})" if isinstance(given, int | float | None) else f"an object of type {name}"
