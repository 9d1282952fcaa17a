"""Your own clips, videos or sounds. Formats are those of `affekt.media.video` and `affekt.media.sound`.

    DIR/happy/1.mp4                     a folder for each class; files may be deeper: happy/monday/2.mov
        happy/sub-anna_3.mp4            a file name that starts with sub-NAME_ states the subject
        sad/4.wav                       sound only

    DIR/train/happy/1.mp4               splits first, then classes; splits in any usual spelling: Training,
        val/sad/2.mp4                   train_set; valid, dev; testing. DIR may be the folder around them
        test/sad/3.mp4

    DIR/happy/train/1.mp4               classes first, then splits
        sad/test/2.mp4

    DIR/manifest.csv (or manifest.parquet)      where it exists, folder names are ignored
        path,label,subject,split,id             the last three are optional, as columns and in each row
        clips/0001.mp4,happy,anna,train,a-17    a path may also be that of a folder of frames 000001.jpg ...

A video is assumed to have sound; each method defines how it handles a video without sound. State subjects if
you can: without them, clips of one person may be in the training and the test split. For folders of frames
in class folders see `emotion_clips`. Class names in several spellings, names of splits among the classes, and
clips beside folders of splits are errors that stop training; the options `merge_spellings`, `labels` and
`splits` resolve them.
"""

from __future__ import annotations

from pathlib import Path

from affekt.core.dataset import Corpus, Dataset, OwnFiles
from affekt.data.layouts.clip_trees import CLIP_SUFFIXES, clip_samples
from affekt.data.layouts.custom_files import own_layout, read_custom_files
from affekt.data.layouts.label_names import FolderOptions


class ClipsOptions(FolderOptions):
    """How labels and splits are read; the attributes are those of `FolderOptions`."""


def read(root: Path, options: ClipsOptions) -> Corpus:
    """List every clip; other files and missing ones are skipped with the reason.

    Raises:
        DataError: The folder is empty, the manifest is wrong, clips are beside folders of splits, or fewer
            than two classes are found.
    """
    own = read_custom_files(root, options, CLIP_SUFFIXES, "clip")
    return own.corpus(*clip_samples(own.files))


DATASET = Dataset(
    title="Your own clips: a folder per class, with or without folders of splits, or a manifest",
    modalities=("video", "audio"),
    licence="yours",
    cite="the authors of your clips",
    options=ClipsOptions,
    read=read,
    own=OwnFiles(
        {"clips": ("video", "audio"), "sounds": ("audio",)}, tuple(CLIP_SUFFIXES), own_layout("1.mp4")
    ),
)
