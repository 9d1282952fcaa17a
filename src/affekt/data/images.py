"""Your own pictures, in one of these layouts. Formats are those of `affekt.media.image`.

    DIR/happy/1.jpg                     a folder for each class; files may be deeper: happy/monday/2.png
        happy/sub-anna_3.png            a file name that starts with sub-NAME_ states the subject
        sad/4.webp

    DIR/train/happy/1.jpg               splits first, then classes; splits in any usual spelling: Training,
        val/sad/2.jpg                   train_set; valid, dev; testing. DIR may be the folder around them
        test/sad/3.jpg

    DIR/happy/train/1.jpg               classes first, then splits
        sad/test/2.jpg

    DIR/manifest.csv (or manifest.parquet)      where it exists, folder names are ignored
        path,label,subject,split,id             the last three are optional, as columns and in each row
        faces/0001.png,happy,anna,train,a-17

State subjects if you can: without them, pictures of one person may be in the training and the test split.
Class names in several spellings, names of splits among the classes, and pictures beside folders of splits are
errors that stop training; the options `merge_spellings`, `labels` and `splits` resolve them.
"""

from __future__ import annotations

from pathlib import Path

from affekt.core.dataset import Corpus, Dataset, OwnFiles
from affekt.data.layouts.custom_files import own_layout, read_custom_files
from affekt.data.layouts.label_names import FolderOptions
from affekt.data.layouts.pictures import picture_samples
from affekt.media.image import SUFFIXES


class ImagesOptions(FolderOptions):
    """How labels and splits are read; the attributes are those of `FolderOptions`."""


def read(root: Path, options: ImagesOptions) -> Corpus:
    """List every picture; other files and missing ones are skipped with the reason.

    Raises:
        DataError: The folder is empty, the manifest is wrong, pictures are beside folders of splits, or fewer
            than two classes are found.
    """
    own = read_custom_files(root, options, SUFFIXES, "picture")
    return own.corpus(*picture_samples(own.files))


DATASET = Dataset(
    title="Your own pictures: a folder per class, with or without folders of splits, or a manifest",
    modalities=("image",),
    licence="yours",
    cite="the authors of your pictures",
    options=ImagesOptions,
    read=read,
    own=OwnFiles({"pictures": ("image",)}, tuple(SUFFIXES), own_layout("1.jpg")),
)
