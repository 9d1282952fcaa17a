"""Clips of your own, videos or sounds. Formats are those of `affekt.media.video` and `affekt.media.sound`.

    DIR/happy/1.mp4                     a folder a class; files may lie deeper, as in happy/monday/2.mov
        happy/sub-anna_3.mp4            a file name that starts with sub-NAME_ states the subject
        sad/4.wav                       sound alone

    DIR/train/happy/1.mp4               parts first, then classes: where every folder of DIR names a part
        val/sad/2.mp4                   train; val, valid or validation; test
        test/sad/3.mp4

    DIR/manifest.csv (or manifest.parquet)      where it exists, folder names mean nothing
        path,label,subject,split,id             the last three may be left out, as columns or row by row
        clips/0001.mp4,happy,anna,train,a-17    a path may also be that of a folder of frames 000001.jpg ...

A video is taken to have sound; methods say what becomes of one that has none. Subjects matter: without them,
clips of one person may stand on both sides of a split. For folders of frames in class folders see
`emotion_clips`.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import field_validator

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError
from affekt.core.settings import Settings
from affekt.data._clip_trees import clip_samples
from affekt.data._manifest import check_label_names, find_manifest, make_label_set, read_manifest, walk_parts
from affekt.media import sound, video


class ClipsOptions(Settings):
    """How labels are read.

    Attributes:
        labels: Class names in the order of the network's outputs; the names found, sorted, if left out.
    """

    labels: tuple[str, ...] = ()

    _make_a_set = field_validator("labels")(check_label_names)


def read(root: Path, options: ClipsOptions) -> Corpus:
    """List every clip; a file that is none, or does not exist, is skipped with the reason.

    Raises:
        DataError: The folder is empty, the manifest is wrong, or fewer than two classes are found.
    """
    manifest = find_manifest(root)
    lines = read_manifest(manifest) if manifest else list(walk_parts(root))
    samples, skipped = clip_samples(lines)
    if not manifest and not samples:
        raise DataError(
            f"{root} holds neither manifest.csv nor a folder of clips for each class, as in happy/1.mp4 "
            f"or train/happy/1.mp4; clips are {', '.join((*video.SUFFIXES, *sound.SUFFIXES))}"
        )
    if not manifest:  # a folder without clips is no class
        used = {sample.id for sample in samples}
        lines = [line for line in lines if line.id in used]
    return Corpus(samples, make_label_set(root, lines, options.labels), skipped)


DATASET = Dataset(
    title="Clips of your own: a folder a class, parts of such folders, or a manifest",
    modalities=("video", "audio"),
    licence="yours",
    cite="whoever took your clips",
    options=ClipsOptions,
    read=read,
)
