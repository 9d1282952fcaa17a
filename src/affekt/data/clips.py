"""Clips of your own, videos or sounds. Formats are those of `affekt.media.video` and `affekt.media.sound`.

    DIR/happy/1.mp4                     a folder for each class; files may lie deeper: happy/monday/2.mov
        happy/sub-anna_3.mp4            a file name that starts with sub-NAME_ states the subject
        sad/4.wav                       sound alone

    DIR/train/happy/1.mp4               splits first, then classes; splits in any usual spelling: Training,
        val/sad/2.mp4                   train_set; valid, dev; testing. DIR may be the folder around them
        test/sad/3.mp4

    DIR/happy/train/1.mp4               classes first, then splits
        sad/test/2.mp4

    DIR/manifest.csv (or manifest.parquet)      where it exists, folder names mean nothing
        path,label,subject,split,id             the last three may be left out, as columns or row by row
        clips/0001.mp4,happy,anna,train,a-17    a path may also be that of a folder of frames 000001.jpg ...

A video is taken to have sound; methods say what becomes of one that has none. Subjects matter: without them,
clips of one person may stand on both sides of a split. For folders of frames in class folders see
`emotion_clips`. Class names in several spellings, names of splits among the classes, and clips beside folders
of splits stop a training; the options `merge_spellings`, `labels` and `splits` settle them.
"""

from __future__ import annotations

from pathlib import Path

from affekt.core.dataset import Corpus, Dataset
from affekt.data.layouts.clip_trees import CLIP_SUFFIXES, clip_samples
from affekt.data.layouts.label_names import FolderOptions
from affekt.data.layouts.own_files import read_own_files


class ClipsOptions(FolderOptions):
    """How labels and splits are read; the attributes are those of `FolderOptions`."""


def read(root: Path, options: ClipsOptions) -> Corpus:
    """List every clip; a file that is none, or does not exist, is skipped with the reason.

    Raises:
        DataError: The folder is empty, the manifest is wrong, clips lie beside folders of splits, or fewer
            than two classes are found.
    """
    own = read_own_files(root, options, CLIP_SUFFIXES, "clip")
    return own.corpus(*clip_samples(own.lines))


DATASET = Dataset(
    title="Clips of your own: a folder a class, parts of such folders, or a manifest",
    modalities=("video", "audio"),
    licence="yours",
    cite="whoever took your clips",
    options=ClipsOptions,
    read=read,
)
