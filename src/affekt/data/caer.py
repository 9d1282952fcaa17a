"""CAER: clips of television shows with their sound, seven classes (Lee et al., ICCV 2019).

    DIR/train/Anger/0001.avi        and Disgust Fear Happy Neutral Sad Surprise
        validation/Sad/0001.avi
        test/Happy/0002.avi

Parts are about 7:1:2. Studies with six classes leave Neutral out (`neutral = false`). Who is seen is not
said. Stills of these clips are CAER-S (`caer_s`).
"""

from __future__ import annotations

from pathlib import Path

from affekt.core.dataset import Corpus, Dataset
from affekt.core.errors import DataError
from affekt.core.labels import label_set
from affekt.core.settings import Settings
from affekt.data.layouts.clip_trees import CLIP_SUFFIXES, clip_samples
from affekt.data.layouts.folders import published_layout
from affekt.data.layouts.pictures import class_lines

ALL = label_set("caer-7")


class CaerOptions(Settings):
    """Which classes are read.

    Attributes:
        neutral: False leaves the neutral clips out, without counting them as skipped.
    """

    neutral: bool = True


def read(root: Path, options: CaerOptions) -> Corpus:
    """List the clips of all parts; a file that is none is skipped with the reason.

    Raises:
        DataError: There is no folder of a part, or a folder is called by no class.
    """
    layout = published_layout(root, CLIP_SUFFIXES, "clip")
    if not layout.lines:
        raise DataError(
            f"{root} holds no clips in folders train, validation or test; CAER is read from "
            "train/Anger/0001.avi and so on"
        )
    lines = class_lines(root, layout.lines, ALL, {})
    if not options.neutral:
        lines = [line for line in lines if line.label != "neutral"]
    samples, skipped = clip_samples(lines)
    return Corpus(samples, ALL if options.neutral else label_set("caer-6"), [*layout.skipped, *skipped])


DATASET = Dataset(
    title="CAER, clips of television shows with sound, 6 or 7 emotions",
    modalities=("video", "audio"),
    licence="non-commercial research",
    cite="Lee et al., Context-Aware Emotion Recognition Networks, ICCV 2019",
    options=CaerOptions,
    read=read,
)
