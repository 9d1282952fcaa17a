"""What all predictions have in common: where they come from, what they are based on, and their notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from affekt.core.answers.prediction import Moment, Prediction
from affekt.core.answers.trust import with_trust
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample
from affekt.core.task import Answerer
from affekt.media.features import words_of
from affekt.media.video import Video


def make_prediction(
    answerer: Answerer,
    task: str,
    sample: Sample,
    notes: tuple[str, ...],
    *,
    scores: Mapping[str, float],
    moments: tuple[Moment, ...] = (),
    modalities: tuple[str, ...] | None = None,
    **decided: Any,
) -> Prediction:
    """The answer to one sample.

    `box` and `trust` of `Sample.facts` are those of a face that was found in a picture: see
    `affekt.core.answers.trust`.

    Args:
        notes: Limitations of the input that were found while it was read.
        modalities: What the answer is based on; those of the sample's media if not given.
        decided: Fields that a task decides: `label`, `confidence`, `labels`, `segments`.
    """
    if modalities is None:
        modalities = tuple(name for name in answerer.preprocess.spec.modalities if name in sample.media)
    span_s = (moments[0].start_s, moments[-1].end_s) if moments else sample.span_s
    prediction = Prediction(
        id=sample.id,
        scores=scores,
        modality="+".join(modalities) or answerer.modality,
        provenance=answerer.provenance,
        span_s=span_s,
        moments=moments,
        notes=tuple(dict.fromkeys((*notes_of(sample), *notes))),
        task=task,
        text=words_of(sample.media.get("text")) or None,
        dialogue=sample.dialogue,
        turn=sample.turn,
        speaker=sample.speaker,
        box=sample.facts.get("box"),
        **decided,
    )
    return with_trust(prediction, sample.facts.get("trust", 1.0))


def notes_of(sample: Sample) -> tuple[str, ...]:
    """Limitations of a sample that are known before its answer is computed."""
    clip = sample.media.get("video")
    return (*sample.facts.get("notes", ()), *(clip.notes if isinstance(clip, Video) else ()))


def named(scores: np.ndarray, labels: LabelSet) -> dict[str, float]:
    """Scores (k,) by the names of the labels."""
    return {name: float(value) for name, value in zip(labels.names, scores, strict=True)}
