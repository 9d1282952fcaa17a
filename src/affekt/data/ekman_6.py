"""Ekman-6: videos from the web with their sound, six emotions (Xu et al., 2018).

    DIR/Ekman6--imgs/joy/1000/000001.jpg        frames, and n_frames beside them: the last number
        Ekman6--mp3/joy/1000.mp3                sound; a clip without it is read as video alone

    DIR/img/joy/1000/000001.jpg                 the same under shorter names; DIR may be the folder around
        mp3/joy/1000.mp3

    DIR/joy/1000.mp4                            or the clips, where there are no frames

    DIR/trainlist01.txt                         lines such as: joy/1000 4
        testlist01.txt                          fear/1001
        classInd.txt                            1 anger and so on, if there
    or  ekman6_01.json                          "1000": {"subset": "training",
                                                        "annotations": {"label": "joy"}}

Where both are there, lists win: the JSON file is keyed by names alone, which two classes may share. Samples
are called by class and clip.

Split 01 halves the set; what the JSON file calls validation is the part that papers report, so it is the test
part here, and validation data are taken from the training part. Who is seen is not said.
"""

from __future__ import annotations

from pathlib import Path

from affekt.core.dataset import Corpus, Dataset
from affekt.core.labels import label_set
from affekt.data.layouts.clip_lists import PublishedSplit, read_published

LABELS = label_set("ekman-6")


def read(root: Path, options: PublishedSplit) -> Corpus:
    """Read the clips of one published split; a clip without frames is skipped with the reason.

    Raises:
        DataError: There are no clips, no such split, or an annotation is wrong.
    """
    return read_published(root, LABELS, options, names=("ekman6", "ek6"), example="ekman6_01.json")


DATASET = Dataset(
    title="Ekman-6, videos from the web with sound, 6 emotions",
    modalities=("video", "audio"),
    licence="research; rights stay with those who uploaded the videos",
    cite="Xu et al., Heterogeneous Knowledge Transfer in Video Emotion Recognition, Attribution and "
    "Summarization, IEEE Transactions on Affective Computing, 2018",
    labels=LABELS,
    options=PublishedSplit,
    read=read,
)
