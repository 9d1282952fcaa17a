"""Vectors with ratings of valence and arousal; generated, no folder."""

import numpy as np

from affekt.core.dataset import Corpus, Dataset
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample
from affekt.core.task import find_task
from tiny_data.vectors import vectors

LABELS = LabelSet.of("valence", "arousal")


def read(root, options):
    rows, subjects = vectors(96)
    samples = [
        Sample(
            f"v{number}",
            {"audio": row},
            subject=subject,
            split="test" if subject in ("s6", "s7") else None,
            values={"valence": float(np.tanh(row[0])), "arousal": float(np.tanh(row[1] - row[2]))},
        )
        for number, (row, subject) in enumerate(zip(rows, subjects, strict=True))
    ]
    samples.append(Sample("unrated", {"audio": rows[0]}, subject="s0"))
    return Corpus(samples, LABELS, task=find_task("regression"))


DATASET = Dataset(
    title="Tiny ratings",
    modalities=("audio",),
    licence="none",
    cite="none",
    read=read,
    labels=LABELS,
    needs_root=False,
)
