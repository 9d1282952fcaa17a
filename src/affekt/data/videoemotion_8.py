"""VideoEmotion-8: videos from the web with their sound, eight emotions (Jiang, Xu, Xue, AAAI 2014).

    DIR/VideoEmotion8--imgs/Joy/clip_a/000001.jpg       frames, with a file n_frames: number of the last one
        VideoEmotion8--mp3/Joy/clip_a.mp3               sound; a clip without it is read as video only

    DIR/img/Joy/clip_a/000001.jpg                       the same with shorter names; DIR may be the
        mp3/Joy/clip_a.mp3                              parent folder

    DIR/Joy/clip_a.mp4                                  clip files, read if there are no frames

    DIR/trainlist01.txt                                 lines such as: Joy/clip_a 5
        testlist01.txt                                  Fear/clip_b
        classInd.txt                                    1 Anger and so on; optional
    or  ve8_01.json                                     "clip_a": {"subset": "training",
                                                                   "annotations": {"label": "Joy"}}

If both exist, the lists are used: two classes have a clip of the same name, and the JSON file, whose keys are
names of clips, contains only one of the two. If it is read, the other one is reported as skipped. Sample ids
are CLASS/CLIP.

Papers use split 01, about 2:1. They report what the JSON file calls validation: it is the test split here,
and validation data are taken from the training split. Persons are not identified.
"""

from __future__ import annotations

from pathlib import Path

from affekt.core.dataset import Corpus, Dataset
from affekt.core.labels import label_set
from affekt.data.layouts.split_lists import PublishedSplit, read_published

LABELS = label_set("videoemotion-8")


def read(root: Path, options: PublishedSplit) -> Corpus:
    """Read the clips of one published split; a clip without frames is skipped with the reason.

    Raises:
        DataError: There are no clips, the split does not exist, or an annotation is wrong.
    """
    return read_published(root, LABELS, options, names=("videoemotion8", "ve8"), example="ve8_01.json")


DATASET = Dataset(
    title="VideoEmotion-8, videos from the web with sound, 8 emotions",
    modalities=("video", "audio"),
    licence="research; rights stay with those who uploaded the videos",
    cite="Jiang, Xu, Xue, Predicting Emotions in User-Generated Videos, AAAI 2014",
    labels=LABELS,
    options=PublishedSplit,
    read=read,
)
