"""The words of one clip, as `affekt predict` is given them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from affekt.core.errors import UsageError
from affekt.deploy.runtime.scenes import StatedWords, reads_scenes
from affekt.media.files import has_suffix
from affekt.media.text import SUFFIXES


def clip_words(
    modality: str,
    files: Sequence[Path],
    texts: Sequence[str],
    transcript: Path | None,
    apart: Mapping[str, Path],
) -> StatedWords:
    """The words that belong to the one clip that is given; none if words alone are given.

    Args:
        modality: Of the bundle.
        files: Those that are to be answered.
        texts: Of `--text`.
        apart: Files of `--audio` and `--video`.

    Raises:
        UsageError: They belong to no clip, or there is more than one of either.
    """
    if transcript is None and not (texts and (files or apart)):
        return StatedWords()
    if transcript is not None and not transcript.is_file():
        raise UsageError(f"--transcript {transcript} does not exist, or is no file")
    if transcript is not None and texts:
        raise UsageError("--transcript and --text are given: the words of a clip are stated once")
    stated = "--transcript" if transcript is not None else "--text"
    if not reads_scenes(modality) or any(has_suffix(file, SUFFIXES) for file in files):
        shown = ", ".join(map(str, [*files, *apart.values()][:1])) or "no clip"
        raise UsageError(f"{stated} and {shown} are given: words or files, not both")
    if len(files) > 1 or not (files or apart):
        raise UsageError(f"{stated} states the words of one clip; {len(files)} are given")
    if len(texts) > 1:
        raise UsageError(f"--text is given {len(texts)} times: the words of a clip are stated once")
    return StatedWords(texts[0] if texts else "", transcript)
