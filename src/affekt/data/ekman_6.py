"""Ekman-6: videos from the web with their sound, six emotions (Xu et al., 2018).

    DIR/Ekman6--imgs/joy/1000/000001.jpg        frames, with a file n_frames: the number of the last frame
        Ekman6--mp3/joy/1000.mp3                sound; a clip without it is read as video only

    DIR/img/joy/1000/000001.jpg                 the same with shorter names; DIR may be the parent folder
        mp3/joy/1000.mp3

    DIR/joy/1000.mp4                            clip files, read if there are no frames

    DIR/trainlist01.txt                         lines such as: joy/1000 4
        testlist01.txt                          fear/1001
        classInd.txt                            1 anger and so on; optional
    or  ekman6_01.json                          "1000": {"subset": "training",
                                                        "annotations": {"label": "joy"}}

If both exist, the lists are used: the keys of the JSON file are names of clips, which two classes may share.
Sample ids are CLASS/CLIP.

Split 01 halves the set. Papers report what the JSON file calls validation: it is the test split here, and
validation data are taken from the training split. Persons are not identified.
"""

from __future__ import annotations

from pathlib import Path

from affekt.core.dataset import Corpus, Dataset
from affekt.core.labels import label_set
from affekt.data.layouts.split_lists import PublishedSplit, read_published

LABELS = label_set("ekman-6")


def read(root: Path, options: PublishedSplit) -> Corpus:
    """Read the clips of one published split; a clip without frames is skipped with the reason.

    Raises:
        DataError: There are no clips, the split does not exist, or an annotation is wrong.
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
