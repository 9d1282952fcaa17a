"""Vectors with an emotion and a rating of valence; generated, no folder."""

import numpy as np

from affekt.core.dataset import Corpus, Dataset
from affekt.core.labels import LabelSet
from affekt.core.sample import Annotation, Sample
from affekt.core.settings import Settings
from affekt.core.task import Head, find_task
from affekt.tasks.heads import Heads
from tiny_data.vectors import vectors

LABELS = LabelSet.of("anger", "happiness", "neutral", "sadness")


class Options(Settings):
    output: str = "valence"
    names: tuple[str, ...] = LABELS.names


def read(root, options):
    rows, subjects = vectors(96)
    samples = [
        Sample(
            f"v{number}",
            {"audio": row},
            options.names[2 * (row[0] > 0) + (row[1] > 0)],
            subject=subject,
            split="test" if subject in ("s6", "s7") else None,
            annotations={"rating": Annotation(values={"valence": float(np.tanh(row[2]))})},
        )
        for number, (row, subject) in enumerate(zip(rows, subjects, strict=True))
    ]
    samples.append(Sample("unrated", {"audio": rows[0]}, options.names[0], subject="s0"))
    labels = LabelSet.of(*options.names)
    task = Heads(
        Head("emotion", find_task("single_label"), labels, "logits"),
        Head("rating", find_task("regression"), LabelSet.of("valence"), options.output),
    )
    return Corpus(samples, labels, task=task)


DATASET = Dataset(
    title="Tiny two heads",
    modalities=("audio",),
    licence="none",
    cite="none",
    read=read,
    options=Options,
    needs_root=False,
)
