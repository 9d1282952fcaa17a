"""CAER: clips of television shows with their sound, seven classes (Lee et al., ICCV 2019).

    DIR/train/Anger/0001.avi        and Disgust Fear Happy Neutral Sad Surprise
        validation/Sad/0001.avi
        test/Happy/0002.avi

The splits are about 7:1:2. Studies with six classes exclude Neutral (`neutral = false`). Persons are not
identified. Stills of these clips are CAER-S (`caer_s`).
"""

from __future__ import annotations

from pathlib import Path

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError
from affekt.core.labels import label_set
from affekt.core.settings import Settings
from affekt.data.layouts.class_folders import published_layout
from affekt.data.layouts.clip_trees import CLIP_SUFFIXES, clip_samples
from affekt.data.layouts.pictures import with_class_names

ALL = label_set("caer-7")


class CaerOptions(Settings):
    """Which classes are read.

    Attributes:
        neutral: False excludes the neutral clips, without counting them as skipped.
    """

    neutral: bool = True


def read(root: Path, options: CaerOptions) -> Corpus:
    """List the clips of all splits; other files are skipped with the reason.

    Raises:
        DataError: There is no folder of a split, or the name of a folder is not that of a class.
    """
    layout = published_layout(root, CLIP_SUFFIXES, "clip")
    if not layout.files:
        raise DataError(
            f"{root} contains no clips in folders train, validation or test; CAER is read from "
            "train/Anger/0001.avi and so on"
        )
    files = with_class_names(root, layout.files, ALL, {})
    if not options.neutral:
        files = [file for file in files if file.label != "neutral"]
    samples, skipped = clip_samples(files)
    return Corpus(samples, ALL if options.neutral else label_set("caer-6"), [*layout.skipped, *skipped])


DATASET = Dataset(
    title="CAER, clips of television shows with sound, 6 or 7 emotions",
    modalities=("video", "audio"),
    licence="non-commercial research",
    cite="Lee et al., Context-Aware Emotion Recognition Networks, ICCV 2019",
    options=CaerOptions,
    read=read,
)
