"""Which media the inputs of `affekt analyze` stand for, and where their timelines go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from affekt.cli.results import check_results
from affekt.core.errors import UsageError
from affekt.deploy.runtime.conversations import subtitles_of
from affekt.media import image, sound, text, video
from affekt.media.files import has_suffix, walk
from affekt.media.video.folder import is_folder_of_frames

SUFFIXES = (*video.SUFFIXES, *sound.SUFFIXES, *image.SUFFIXES)
SEVERAL = (".html", ".json")  # what each of several media gets


def media_of(inputs: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """The media that paths stand for, and what folders hold besides, with reasons.

    A folder stands for all media below it, or is the frames of one video. Subtitles within a folder belong to
    the medium of their name.

    Raises:
        UsageError: A folder holds no medium.
    """
    found: list[Path] = []
    left_out: list[str] = []
    for path in inputs:
        if not path.is_dir():
            found.append(path)
            continue
        listing = walk(path)
        if is_folder_of_frames(path, [file for file in listing.files if file.parent == path]):
            found.append(path)
            continue
        media = [file for file in listing.files if has_suffix(file, SUFFIXES)]
        left_out += [f"{item.id}: {item.reason}" for item in listing.left_out]
        used = {*media, *(subtitles_of(medium) for medium in media)}
        for file in listing.files:
            if file not in used:
                is_text = has_suffix(file, text.SUFFIXES)
                why = "its name is that of no medium here" if is_text else "its suffix is that of no medium"
                left_out.append(f"{file}: {why}")
        if not media:
            raise UsageError(f"{path} holds no photo, video or sound")
        found += media
    return found, left_out


def places_of(
    media: Sequence[Path],
    output: Sequence[Path],
    video: Path | None,
    *,
    several: bool,
    subtitles: Path | None = None,
    rate_hz: float | None = None,
) -> dict[Path, list[Path]]:
    """The files of each medium's timeline, checked before anything is computed.

    Args:
        video: Of the only medium.
        subtitles: Its words, which are an input as well.
        rate_hz: Frames per second of a folder of frames.

    Raises:
        UsageError: A place cannot be written, is an input or would be taken for one, or several media would
            share one; or the medium has no picture of which a video could be made.
        AffektError: The medium of an annotated video cannot be read.
    """
    places = _places(media, output, several=several)
    results = [place for each in places.values() for place in each]
    results += [video] if video is not None else []
    check_results(results, media, [subtitles] if subtitles else [])
    if video is not None:
        _check_video(media[0], video, rate_hz)
    return places


def _check_video(medium: Path, video: Path, rate_hz: float | None) -> None:
    """Refuse an annotated video of a medium by its content: an animated picture is a video."""
    from affekt.analysis.medium import open_medium
    from affekt.report.story.video import check_annotated

    check_annotated(video, open_medium(medium, rate_hz=rate_hz).medium)


def _places(media: Sequence[Path], output: Sequence[Path], *, several: bool) -> dict[Path, list[Path]]:
    from affekt.report.story.write import check_story_suffix

    if not several:
        for place in output:
            check_story_suffix(place)
        return {media[0]: list(output)}
    if not output:
        return {medium: [] for medium in media}
    if len(output) > 1 or output[0].suffix:
        raise UsageError(f"for {len(media)} inputs --output is one folder, in which each gets its files")
    folder = output[0]
    folder.mkdir(parents=True, exist_ok=True)
    names = _names(media)
    places = {medium: [folder / f"{names[medium]}{suffix}" for suffix in SEVERAL] for medium in media}
    taken = Counter(place for each in places.values() for place in each)
    if twice := [place for place, count in taken.items() if count > 1]:
        raise UsageError(f"several inputs have the name of {twice[0].stem}: give them one by one")
    for each in places.values():
        for place in each:
            check_story_suffix(place)
    return places


def _names(media: Sequence[Path]) -> dict[Path, str]:
    """The stem of each medium; where several have it, the whole name, and then the folder as well."""
    stems = Counter(medium.stem for medium in media)
    whole = Counter(medium.name for medium in media)
    return {
        medium: medium.stem
        if stems[medium.stem] == 1
        else medium.name
        if whole[medium.name] == 1
        else f"{medium.parent.name}-{medium.name}"
        for medium in media
    }
