"""Pictures of your own, in one of three layouts. Formats are those of `affekt.media.image`.

    DIR/happy/1.jpg                     a folder a class; files may lie deeper, as in happy/monday/2.png
        happy/sub-anna_3.png            a file name that starts with sub-NAME_ states the subject
        sad/4.webp

    DIR/train/happy/1.jpg               parts first, then classes: where every folder of DIR names a part
        val/sad/2.jpg                   train; val, valid or validation; test
        test/sad/3.jpg

    DIR/manifest.csv (or manifest.parquet)      where it exists, folder names mean nothing
        path,label,subject,split,id             the last three may be left out, as columns or row by row
        faces/0001.png,happy,anna,train,a-17

Subjects matter: without them, pictures of one person may stand on both sides of a split.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import field_validator

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError
from affekt.core.settings import Settings
from affekt.data._manifest import check_label_names, find_manifest, make_label_set, read_manifest, walk_parts
from affekt.data._pictures import picture_samples
from affekt.media.image import SUFFIXES


class ImagesOptions(Settings):
    """How labels are read.

    Attributes:
        labels: Class names in the order of the network's outputs; the names found, sorted, if left out.
    """

    labels: tuple[str, ...] = ()

    _make_a_set = field_validator("labels")(check_label_names)


def read(root: Path, options: ImagesOptions) -> Corpus:
    """List every picture; a file that is none, or does not exist, is skipped with the reason.

    Raises:
        DataError: The folder is empty, the manifest is wrong, or fewer than two classes are found.
    """
    manifest = find_manifest(root)
    lines = read_manifest(manifest) if manifest else list(walk_parts(root))
    found = picture_samples(lines)
    if not manifest and not found.samples:
        kinds = ", ".join(SUFFIXES)
        raise DataError(
            f"{root} holds neither manifest.csv nor a folder of pictures for each class, as in happy/1.jpg "
            f"or train/happy/1.jpg; pictures are {kinds}"
        )
    if not manifest:  # a folder without pictures is no class
        used = {sample.id for sample in found.samples}
        lines = [line for line in lines if line.id in used]
    return Corpus(found.samples, make_label_set(root, lines, options.labels), found.skipped)


DATASET = Dataset(
    title="Pictures of your own: a folder a class, parts of such folders, or a manifest",
    modalities=("image",),
    licence="yours",
    cite="whoever took your pictures",
    options=ImagesOptions,
    read=read,
)
