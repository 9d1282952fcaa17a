"""Vectors without annotation; generated, no folder."""

from affekt.core.dataset import Corpus, Dataset
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample
from affekt.core.task import find_task
from tiny_data.vectors import vectors


def read(root, options):
    rows, subjects = vectors(64)
    samples = [
        Sample(f"v{number}", {"audio": row}, subject=subject)
        for number, (row, subject) in enumerate(zip(rows, subjects, strict=True))
    ]
    return Corpus(samples, LabelSet.of(), task=find_task("pretraining"))


DATASET = Dataset(
    title="Tiny unlabelled",
    modalities=("audio",),
    licence="none",
    cite="none",
    read=read,
    labels=LabelSet.of(),
    needs_root=False,
)
