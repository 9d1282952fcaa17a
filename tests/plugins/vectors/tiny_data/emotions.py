"""Vectors of four emotions, under names that an option chooses; generated, no folder."""

from affekt.core.dataset import Corpus, Dataset
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample
from affekt.core.settings import Settings
from tiny_data.vectors import vectors


class Options(Settings):
    names: tuple[str, ...] = ("anger", "happiness", "neutral", "sadness")


def read(root, options):
    rows, subjects = vectors(96)
    samples = [
        Sample(
            f"v{number}",
            {"audio": row},
            options.names[2 * (row[0] > 0) + (row[1] > 0)],
            subject=subject,
            split="test" if subject in ("s6", "s7") else None,
        )
        for number, (row, subject) in enumerate(zip(rows, subjects, strict=True))
    ]
    return Corpus(samples, LabelSet.of(*options.names))


DATASET = Dataset(
    title="Tiny emotions",
    modalities=("audio",),
    licence="none",
    cite="none",
    read=read,
    options=Options,
    needs_root=False,
)
