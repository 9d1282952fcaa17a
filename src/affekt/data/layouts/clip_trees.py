"""Folders of clips by class: parallel trees of frames, sound and text, or clip files; files to samples.

    DIR/NAME--imgs/Anger/clip_a/000001.jpg      frames; a file n_frames next to them states the last number
        NAME--mp3/Anger/clip_a.mp3              their sound, if there is any; also .wav and so on

    DIR/img/Anger/clip_a/000001.jpg             the same with shorter names; DIR may be the parent folder
        mp3/Anger/clip_a.mp3
        srt/Anger/clip_a.srt                    spoken words

    DIR/Anger/clip_a.mp4                        clips with their sound, read if there are no frames

Media are not opened here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Skipped, Split
from affekt.data.layouts.annotated_file import AnnotatedFile
from affekt.data.layouts.pictures import emotion_names, note_names
from affekt.data.layouts.split_names import splits_of
from affekt.data.layouts.tables import raise_problems
from affekt.media import image, sound, video
from affekt.media.files import has_suffix, is_hidden, kind_by_suffix, suffix_list
from affekt.media.video.folder import COUNT_FILE

CLIP_SUFFIXES = (*video.SUFFIXES, *(suffix for suffix in sound.SUFFIXES if suffix not in video.SUFFIXES))

_FRAMES = ("imgs", "img")
_SOUND = "mp3"
_TEXT = "srt"
_COUNT_BYTES = 40  # a frame number has about 4

PathsByClip = Mapping[str, Mapping[str, Path]]  # class, clip: file or folder


@dataclass(frozen=True)
class ClipTree:
    """The files of a clip set.

    Attributes:
        home: The folder that contains the trees of frames, sound and text.
        source: The folder whose class folders contain frames or clips.
        video: Folders of frames, or clip files, by class and clip.
        audio: Sound files; empty for clip files, which contain their sound.
        text: Spoken words.
        skipped: Other items in the class folders.
    """

    home: Path
    source: Path
    video: PathsByClip
    audio: PathsByClip = field(default_factory=dict)
    text: PathsByClip = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)

    def media(self, label: str, clip: str) -> dict[str, Path] | str:
        """References to the media of a clip, or the reason why it cannot be used."""
        path = self.video.get(label, {}).get(clip)
        if path is None:
            return f"{self.source} contains neither frames nor a clip called {clip} for {label}"
        found = media_of(path)
        if isinstance(found, dict):
            for modality, places in (("audio", self.audio), ("text", self.text)):
                beside = places.get(label, {}).get(clip)
                if beside is not None:
                    found.setdefault(modality, beside)
        return found


def media_of(path: Path) -> dict[str, Path] | str:
    """References to the media of a clip file, sound file or folder of frames, or why it cannot be used."""
    kind = path.suffix.lower()
    try:
        if path.is_dir():
            return _without_frames(path) or {"video": path}
        there = path.is_file()
    except OSError as error:  # a name that is too long for the system, or a folder without permission
        return f"{path} cannot be read: {error.strerror}"
    if kind not in CLIP_SUFFIXES:
        return f"{path} does not have the suffix of a clip ({suffix_list(CLIP_SUFFIXES)})"
    if not there:
        return f"{path} does not exist or is not a file"
    return {"video": path, "audio": path} if kind in video.SUFFIXES else {"audio": path}


def clip_samples(files: Iterable[AnnotatedFile]) -> tuple[list[Sample], list[Skipped]]:
    """A sample for each file with the suffix of a clip, and the files that cannot be used."""
    samples: list[Sample] = []
    skipped: list[Skipped] = []
    for file in files:
        media = media_of(file.path)
        if isinstance(media, str):
            skipped.append(Skipped(file.id, media, _kind_of(file.path)))
        else:
            samples.append(Sample(file.id, media, file.label, subject=file.subject, split=file.split))
    return samples, skipped


def _kind_of(path: Path) -> str:
    """The kind under which a skipped path is counted."""
    return "" if has_suffix(path, CLIP_SUFFIXES) or path.is_dir() else kind_by_suffix(path)


def visible_folders(folder: Path) -> list[Path]:
    """Folders in a folder, sorted, without hidden ones."""
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder")
    return [path for path in _visible(folder) if path.is_dir()]


def find_tree(root: Path, labels: LabelSet | None, *, names: Sequence[str] = ()) -> ClipTree:
    """The clips of a folder, or of a subfolder.

    Args:
        labels: Class folders have its names in any spelling; None: every folder is a class. Clip files are
            searched only if labels are given, because any folder could be a class otherwise.
        names: Names of the set, small letters and digits only; they identify it next to other sets.

    Raises:
        DataError: There are no clips, there are several sets, or the name of a folder is not that of a class.
    """
    found = [
        (home, folder, prefix)
        for home in (root, *visible_folders(root))
        if os.access(home, os.R_OK | os.X_OK)  # such as lost+found on a disk
        for folder in visible_folders(home)
        for prefix, _, kind in [folder.name.rpartition("--")]
        if kind in _FRAMES
    ]
    ours = [place for place in found if plain(place[2] or place[0].name) in names]
    if len(found) > 1 and len(ours) != 1:
        several = ", ".join(str(folder) for _, folder, _ in found)
        raise DataError(f"{root} contains the frames of several sets: {several}; give the folder of one")
    if found:
        home, frames, prefix = (ours or found)[0]
        return _frame_tree(home, frames, f"{prefix}--" if prefix else "", labels)
    tree = _clip_files(root, labels) if labels else None
    if tree is None:
        files = f", nor clips as {labels.names[0]}/clip_a.mp4" if labels else ""
        raise DataError(
            f"{root} contains neither img nor a folder called ...--imgs with frames by class and clip, as in "
            f"img/{labels.names[0] if labels else 'Happy'}/clip_a/000001.jpg{files}"
        )
    return tree


def find_split_trees(root: Path) -> list[tuple[str, Split | None, ClipTree]]:
    """Trees of frames by class: one for each folder of a split, or a single one without a split.

    Returns:
        Prefix of sample ids, split and tree.

    Raises:
        DataError: There are no frames, or folders are next to folders of splits.
    """
    around = splits_of([folder.name for folder in visible_folders(root)])
    if around and any(_has_frames(root / name) for name in around):
        return [
            (f"{name}/", split, find_tree(root / name, None))
            for name, split in around.items()
            if split != "ignore" and _has_frames(root / name)
        ]
    tree = find_tree(root, None)
    names = [folder.name for folder in visible_folders(tree.source)]
    splits = splits_of(names)
    # The folder of a clip contains frames; that of a split contains classes, which contain clips.
    inside = [name for name in splits if any(map(visible_folders, visible_folders(tree.source / name)))]
    if not inside:
        return [("", None, tree)]
    strays = [name for name in names if name not in inside and visible_folders(tree.source / name)]
    if strays:
        raise DataError(
            f"{tree.source}: folders {', '.join(strays)} are beside folders of splits ({', '.join(inside)}), "
            "so that their split is unknown: move them elsewhere, or into one of them"
        )
    prefix = tree.source.name.rpartition("--")[0]
    before = f"{prefix}--" if prefix else ""
    return [
        (f"{name}/", split, _frame_tree(tree.home, tree.source, before, None, below=name))
        for name, split in splits.items()
        if split != "ignore" and name in inside
    ]


def _has_frames(home: Path) -> bool:
    return any(folder.name.rpartition("--")[2] in _FRAMES for folder in visible_folders(home))


def _frame_tree(
    home: Path, frames: Path, before: str, labels: LabelSet | None, *, below: str = ""
) -> ClipTree:
    """The trees of frames, sound and text by class, each in its subfolder `below` if one is given."""
    skipped: list[Skipped] = []
    folders = _classes(frames / below, labels)
    return ClipTree(
        home,
        frames / below,
        {name: _frame_folders(folder, skipped) for name, folder in folders.items()},
        _accompanying(home / f"{before}{_SOUND}" / below, labels, sound.SUFFIXES),
        _accompanying(home / f"{before}{_TEXT}" / below, labels, (f".{_TEXT}",)),
        skipped,
    )


def plain(name: str) -> str:
    """A name in small letters and digits only."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _classes(tree: Path, labels: LabelSet | None, *, ignore_others: bool = False) -> dict[str, Path]:
    """Folder of each class.

    Raises:
        DataError: The name of a folder is not that of a class, or two folders have the same class.
    """
    folders = visible_folders(tree)
    if labels is None:
        return {folder.name: folder for folder in folders}
    names = emotion_names((folder.name for folder in folders), labels)
    found: dict[str, Path] = {}
    problems: list[str] = []
    for folder in folders:
        name = names.get(folder.name)
        if name is None:
            if not ignore_others:
                problems.append(f"folder {folder.name} is not a class; known: {', '.join(labels.names)}")
        elif name in found:
            problems.append(f"folders {found[name].name} and {folder.name} are both {name}")
        else:
            found[name] = folder
    raise_problems(tree, problems)
    note_names({folder.name: name for name, folder in found.items()})
    return {name: found[name] for name in labels.names if name in found}


def _frame_folders(folder: Path, skipped: list[Skipped]) -> dict[str, Path]:
    """Folders of frames of a class; files next to them are skipped."""
    found: dict[str, Path] = {}
    for path in _visible(folder, skipped):
        if path.is_dir():
            found[path.name] = path
        else:
            skipped.append(Skipped(f"{folder.name}/{path.name}", f"{path} is not a folder of frames"))
    return found


def _accompanying(tree: Path, labels: LabelSet | None, suffixes: Sequence[str]) -> PathsByClip:
    """Files of a tree that accompanies the clips, by class and clip; empty if there is no such tree."""
    if not tree.is_dir():
        return {}
    found: dict[str, dict[str, Path]] = {}
    for name, folder in _classes(tree, labels, ignore_others=True).items():
        files = found[name] = {}
        for path in _visible(folder):
            if path.suffix.lower() in suffixes and path.is_file():
                files.setdefault(path.stem, path)
    return found


def _clip_files(root: Path, labels: LabelSet) -> ClipTree | None:
    """Clips in class folders; None if there are none."""
    found: dict[str, dict[str, Path]] = {}
    skipped: list[Skipped] = []
    for name, folder in _classes(root, labels, ignore_others=True).items():
        clips = found[name] = {}
        for path in _visible(folder, skipped):
            if path.suffix.lower() not in video.SUFFIXES or not path.is_file():
                reason = f"{path} does not have the suffix of a clip ({suffix_list(video.SUFFIXES)})"
                skipped.append(Skipped(f"{name}/{path.name}", reason))
            elif path.stem in clips:
                reason = f"{path} has the same name as {clips[path.stem].name}, which is read instead"
                skipped.append(Skipped(f"{name}/{path.name}", reason))
            else:
                clips[path.stem] = path
    return ClipTree(root, root, found, skipped=skipped) if any(found.values()) else None


def _visible(folder: Path, skipped: list[Skipped] | None = None) -> list[Path]:
    """The items of a folder, sorted, without hidden ones.

    Raises:
        DataError: The folder cannot be read, and no list `skipped` takes the reason.
    """
    try:
        return sorted(path for path in folder.iterdir() if not is_hidden(path.name))
    except OSError as error:
        reason = f"{folder} cannot be read: {error.strerror}"
        if skipped is None:
            raise DataError(reason) from None
        skipped.append(Skipped(folder.name, reason, "folders that cannot be read"))
        return []


def _without_frames(folder: Path) -> str | None:
    """Why a folder has no frames; None if it has any. A few are enough: sampling repeats them."""
    count = folder / COUNT_FILE
    if count.is_file():
        with count.open("rb") as stream:
            stated = stream.read(_COUNT_BYTES).strip()
        # Any other text is checked when the frames are opened.
        if stated.isdigit() and int(stated) == 0:
            return f"{count} states 0 frames: the clip was too short for one snippet at extraction"
    if not any(
        path.suffix.lower() in image.SUFFIXES and path.stem.isascii() and path.stem.isdigit()
        for path in folder.iterdir()
    ):
        return f"{folder} contains no frame such as 000001.jpg"
    return None
