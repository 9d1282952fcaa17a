"""The answer to one clip as an ELAN document, for annotators."""

from __future__ import annotations

from pathlib import Path

from affekt.core.answers.prediction import Prediction
from affekt.report.annotations.eaf import Tier, write_tiers
from affekt.report.annotations.media import media_descriptor
from affekt.report.annotations.times import Annotation
from affekt.report.timeline.moments import (
    attention_of,
    key_spans,
    likeliest,
    percent,
    scored,
    without_overlaps,
)
from affekt.report.timeline.one_clip import check_moments, span_of


def write_eaf(path: Path, prediction: Prediction) -> None:
    """Write an ELAN document (EAF 3.0).

    For a localization answer it has a tier for each label, with the detected segments. Annotations of a tier
    must not overlap in ELAN, so of overlapping segments the one with the highest score is kept. For other
    answers it has three tiers: `emotion` holds the clip's answer over its span; `attention` the salient
    stretches, with their mean attention as a share of the clip's highest; `moments` the most likely label of
    each moment.

    Raises:
        UsageError: The answer has no moments.

    Source: EAF 3.0 schema and "ELAN Annotation Format" of the Max Planck Institute for Psycholinguistics.
    """
    check_moments(path, prediction)
    tiers = _moment_tiers(prediction) if prediction.segments is None else _label_tiers(prediction)
    media = Path(prediction.id)
    write_tiers(
        path,
        [Tier(name, annotations) for name, annotations in tiers.items()],
        facts=_facts(prediction),
        # ELAN cannot play decoded media or folders of frames.
        media=media_descriptor(path, media, kind="audio" if prediction.modality == "audio" else "video")
        if media.is_file()
        else None,
    )


def _label_tiers(prediction: Prediction) -> dict[str, list[Annotation]]:
    """Segments of each label; the tier of a label without segments is empty."""
    tiers: dict[str, list[Annotation]] = {name: [] for name in prediction.scores}
    for one in without_overlaps(prediction.segments or ()):
        tiers.setdefault(one.label, []).append((one.start_s, one.end_s, scored(one)))
    return tiers


def _moment_tiers(prediction: Prediction) -> dict[str, list[Annotation]]:
    spans, scores = key_spans(prediction)
    highest = attention_of(prediction).max() or 1.0
    return {
        "emotion": [(*span_of(prediction), f"{prediction.label} {percent(prediction.confidence)}")],
        "attention": [
            (float(start), float(end), f"{score / highest:.2f}")
            for (start, end), score in zip(spans, scores, strict=True)
        ],
        "moments": [
            (m.start_s, m.end_s, f"{likeliest(m)} {percent(m.scores[likeliest(m)])}")
            for m in prediction.moments
        ],
    }


def _facts(prediction: Prediction) -> dict[str, str]:
    return {
        "method": prediction.provenance.method,
        "weights_sha256": prediction.provenance.weights_sha256,
        "modality": prediction.modality,
        **{f"note {number}": note for number, note in enumerate(prediction.notes, 1)},
    }
