"""VideoEmotion-8: videos from the web with their sound, eight emotions (Jiang, Xu, Xue, AAAI 2014).

    DIR/VideoEmotion8--imgs/Joy/clip_a/000001.jpg       frames, and n_frames beside them: the last number
        VideoEmotion8--mp3/Joy/clip_a.mp3               sound; a clip without it is read as video alone

    DIR/img/Joy/clip_a/000001.jpg                       the same under shorter names; DIR may be the
        mp3/Joy/clip_a.mp3                              folder around it

    DIR/Joy/clip_a.mp4                                  or the clips, where there are no frames

    DIR/trainlist01.txt                                 lines such as: Joy/clip_a 5
        testlist01.txt                                  Fear/clip_b
        classInd.txt                                    1 Anger and so on, if there
    or  ve8_01.json                                     "clip_a": {"subset": "training",
                                                                   "annotations": {"label": "Joy"}}

Where both are there, lists win: in one place two classes have a clip of the same name, and the JSON file,
keyed by names alone, has lost one of the two. Read from it, that clip is reported as skipped. Samples are
called by class and clip.

Split 01 is that of the papers, about 2:1; what the JSON file calls validation is the part they report, so it
is the test part here, and validation data are taken from the training part. Who is seen is not said.
"""

from __future__ import annotations

from pathlib import Path

from affekt.core.dataset import Corpus, Dataset
from affekt.core.labels import label_set
from affekt.data.layouts.clip_lists import PublishedSplit, read_published

LABELS = label_set("videoemotion-8")


def read(root: Path, options: PublishedSplit) -> Corpus:
    """Read the clips of one published split; a clip without frames is skipped with the reason.

    Raises:
        DataError: There are no clips, no such split, or an annotation is wrong.
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
