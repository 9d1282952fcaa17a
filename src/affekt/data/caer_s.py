"""CAER-S: frames of television shows, faces within their scene, seven classes (Lee et al., ICCV 2019).

    DIR/train/Anger/0001.png        and Disgust Fear Happy Neutral Sad Surprise
        test/Happy/0002.png         a folder valid is the test split if there is no folder test

The set has no validation split. Persons are not identified.
"""

from __future__ import annotations

from pathlib import Path

from affekt.core.dataset import Corpus, Dataset, NoOptions
from affekt.core.errors import DataError
from affekt.core.labels import label_set
from affekt.data.layouts.class_folders import published_layout
from affekt.data.layouts.pictures import picture_samples, with_class_names
from affekt.media.image import SUFFIXES

LABELS = label_set("caer-7")


def read(root: Path, options: NoOptions) -> Corpus:
    """List the pictures of both splits.

    Raises:
        DataError: There is no folder of a split, or the name of a folder is not that of a class.
    """
    layout = published_layout(root, SUFFIXES, "picture", validation_is_test=True)
    if not layout.files:
        raise DataError(
            f"{root} contains no folder train or test; CAER-S is read from train/Anger/0001.png and so on"
        )
    samples, skipped = picture_samples(with_class_names(root, layout.files, LABELS, {}))
    return Corpus(samples, LABELS, [*layout.skipped, *skipped])


DATASET = Dataset(
    title="CAER-S, faces in scenes of television shows, 7 emotions",
    modalities=("image",),
    licence="non-commercial research",
    cite="Lee et al., Context-Aware Emotion Recognition Networks, ICCV 2019",
    labels=LABELS,
    read=read,
)
